"""What a question is about, which documents it names, and what figures are called in statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place

from app.retrieval.expand import names_in
from app.retrieval.figures import also_called, is_titled, statements
from app.retrieval.named import MOST, as_one, named, without
from app.retrieval.retrieve import Retriever
from app.retrieval.subject import subject
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.embedder import Embedder
from storage.settings import load_settings
from storage.store import open_store
from storage.words import terms


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("What was the debt of Acme? Answer in USD millions.", "What was the debt of Acme?"),
        ("What is its margin? Round your answer to 1.5 percent.", "What is its margin?"),
        ("What did Acme pay? If it is not available, please say so.", "What did Acme pay?"),
        (
            "What did Acme invest? Give a response to the question by relying on the details shown in the notes.",
            "What did Acme invest? the notes.",
        ),
        ("Assume that you are an analyst. Did sales grow (in EUR thousands)?", "Did sales grow?"),
        ("Wie hoch ist die Miete? Falls das nicht dasteht, sag es.", "Wie hoch ist die Miete?"),
    ],
)
def test_how_to_answer_is_not_searched_for(question: str, about: str) -> None:
    assert subject(question) == about


@pytest.mark.parametrize(
    "question",
    [
        "If my badge is lost, who do I tell?",
        "If the printer is not ready, how long do I wait?",
        "How do I answer the phone in German?",
        "Please state the refund policy.",
        "Using a VPN at home, is that allowed?",
        "Answer in one word.",
        "在上海的办公室几点开门？",
    ],
)
def test_a_question_that_says_nothing_of_its_answer_stays_as_it_is(question: str) -> None:
    assert subject(question) == question


def test_the_documents_with_most_of_the_names_are_meant() -> None:
    called = {
        "a": frozenset({"acm", "2021", "report"}),
        "b": frozenset({"acm", "2022", "report"}),
        "c": frozenset({"helvar", "2022", "report"}),
    }
    weights = {"debt": 2.0, "acm": 3.0, "2022": 1.0}
    meant = named(called, frozenset({"acm", "2022"}), weights)
    assert meant is not None
    assert meant.documents == {"b"}
    assert meant.terms == {"acm", "2022"}
    assert named(called, frozenset({"zeta"}), weights) is None
    assert named(called, frozenset({"acm"}), {"acm": 1.0}) is None  # nothing else is asked
    many = {str(number): frozenset({"acm"}) for number in range(MOST + 1)}
    assert named(many, frozenset({"acm"}), weights) is None


def test_names_written_as_one_word_are_found_apart() -> None:
    assert as_one("What did Acme Water Works earn?")["acmewaterwork"] == ("acm", "water", "work")
    assert as_one("how deep is the water?") == {}
    assert without("What is Acme's FY2018 net PP&E?", frozenset({"acm", "2018"})) == "What is net PP&E?"


def test_chinese_words_beside_a_number_are_no_names() -> None:
    assert names_in("AM1470在每周的什么时间广播？") == ["am1470"]


def test_figures_are_looked_for_as_statements_call_them() -> None:
    assert "purchases of property plant and equipment" in also_called("What is the capex of Acme?")[0]
    assert "financial position" in also_called("Net PP&E of Acme?")[0]
    assert also_called("What was the revenue in FY2022?") == ["net sales"]
    assert also_called("Who looks after revenue recognition?") == []
    assert also_called("What does the HF-210 cost?") == ["price"]
    assert also_called("How many days of leave do I have?") == []
    assert also_called("When did the committee set sail?") == []


@pytest.mark.parametrize(
    ("question", "title", "right"),
    [
        (
            "What was the capex of Acme?",
            "ACME AND SUBSIDIARIES CONSOLIDATED STATEMENT OF CASH FLOWS (in millions)",
            True,
        ),
        ("What was the capex of Acme?", "Consolidated Balance Sheets", False),
        ("What is its net PP&E?", "Consolidated Statements of Financial Position", True),
        ("From the P&L statement: what is its EBIT?", "Consolidated Statements of Earnings", True),
        ("From the P&L statement: what is its EBIT?", "Consolidated Statements of Comprehensive Income", False),
        ("From the balance sheet: its debt?", "Supplemental Balance Sheet Information, a note", False),
        ("Who sued Acme?", "Consolidated Statements of Earnings", False),
    ],
)
def test_the_statement_that_holds_a_figure_is_known_by_its_title(question: str, title: str, right: bool) -> None:
    assert is_titled(terms(title), statements(question)) is right


@pytest.fixture
def reports(embedder: Embedder, sandbox: Sandbox, tmp_path: Path) -> Iterator[Place]:
    settings = load_settings(tmp_path, settle_seconds=0.0)
    settings.inbox_folder.mkdir()
    with open_store(settings) as opened:
        store = replace(opened, embedder=embedder)
        pipeline = Pipeline(settings, store.indexes, store.originals, embedder, sandbox)
        yield Place(settings=settings, store=store, pipeline=pipeline)


def test_inside_a_document_that_is_named_its_name_tells_nothing(reports: Place) -> None:
    filler = "The board meets in spring. Its members are named in the proxy statement of the year.\n\n" * 4
    for company in ("Acme Steel", "Helvar Foods", "Quintus Stores"):
        for year in (2021, 2022):
            name = f"{company.replace(' ', '').upper()}_{year}_report.txt"
            signed = f"Signed for {company}, {year}: {company} by its president. " * 6
            lawsuits = "A customer has sued over a defective product; the court will decide next spring. " * 4
            reports.write(f"everyone/{name}", f"{filler}\n\n{lawsuits}\n\n{filler}\n\n{signed}\n")
    reports.ingest()
    retriever = Retriever(reports.store.indexes, reports.store.embedder)
    labels = reports.store.catalog.labels_of(["everyone"])
    best = retriever.search("Is there a lawsuit against Acme Steel in 2022?", labels=labels, k=3)[0].found
    assert Path(best.path).name == "ACMESTEEL_2022_report.txt"
    assert "sued" in best.chunk.body
