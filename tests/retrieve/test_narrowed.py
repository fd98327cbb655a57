"""Searches narrowed by filters, and what a search makes of slips, abbreviations, copies and dates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from place import Place

from app.retrieval.retrieve import Retriever
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage import indexes
from storage.embedder import Embedder
from storage.filters import Filters
from storage.settings import load_settings
from storage.store import open_store

SAME = "Reimbursement of travel expenses takes two weeks from the day on which every receipt has reached the office."
FILES = {
    "everyone/policies/leave 2022.md": "# Leave\n\nEmployees accrue Paid Time Off (PTO) of 25 days in each year.",
    "everyone/policies/leave 2024.txt": "Employees accrue Paid Time Off of 28 days in each year of work.",
    "everyone/benefits/carry over.md": "# Carry over\n\nAt most five days of PTO are carried over to March.",
    "everyone/travel/expenses.html": "<html><head><meta name='author' content='Maria MÜLLER'><title>Expenses</title>"
    f"</head><body><p>{SAME}</p></body></html>",
    "everyone/travel/copy of expenses.md": f"# Copy\n\n{SAME}",
    "hr/secret.md": "# Leave of directors\n\nThe board's Very Special Leave (VSL) is 60 days. Zylinderkopf.",
}


@pytest.fixture(scope="module")
def office(embedder: Embedder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = load_settings(tmp_path_factory.mktemp("narrowed"), settle_seconds=0.0)
    with open_store(settings) as opened:
        store = replace(opened, embedder=embedder)
        pipeline = Pipeline(settings, store.indexes, store.originals, embedder, sandbox)
        made = Place(settings=settings, store=store, pipeline=pipeline)
        for path, text in FILES.items():
            file = made.write(path, text)
            year = 2022 if "2022" in path else 2024
            moment = datetime(year, 6, 1, tzinfo=UTC).timestamp()
            os.utime(file, (moment, moment))
        made.ingest()
        yield made


def paths(office: Place, question: str, *groups: str, **filters: object) -> list[str]:
    retriever = Retriever(office.store.indexes, office.store.embedder)
    labels = office.store.catalog.labels_of(groups or ("everyone",))
    hits = retriever.search(question, labels=labels, k=10, filters=Filters(**filters))  # type: ignore[arg-type]
    return [hit.found.path.split("/", 1)[1] for hit in hits]


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"types": ("text",)}, {"policies/leave 2022.md", "policies/leave 2024.txt", "benefits/carry over.md"}),
        ({"types": (".TXT",)}, {"policies/leave 2024.txt"}),
        ({"types": ("html", "pdf")}, {"travel/expenses.html"}),
        ({"folders": ("policies",)}, {"policies/leave 2022.md", "policies/leave 2024.txt"}),
        ({"folders": ("everyone/policies/",)}, {"policies/leave 2022.md", "policies/leave 2024.txt"}),
        ({"folders": ("polic%",)}, set()),
        ({"authors": ("müller",)}, {"travel/expenses.html"}),
        ({"authors": ("MÜLLER",)}, {"travel/expenses.html"}),
        ({"authors": ("m%r",)}, set()),
        ({"after": date(2023, 1, 1), "folders": ("policies",)}, {"policies/leave 2024.txt"}),
        ({"before": date(2022, 6, 1)}, {"policies/leave 2022.md"}),
        ({"before": date(2022, 5, 31)}, set()),
        ({"after": date(2022, 6, 1), "before": date(2022, 6, 1)}, {"policies/leave 2022.md"}),
        ({"documents": ("everyone/benefits/carry over.md",)}, {"benefits/carry over.md"}),
        ({"documents": ("hr/secret.md",)}, set()),  # a filter opens nothing
    ],
)
def test_only_what_the_filter_leaves_is_found(office: Place, filters: dict[str, object], left: set[str]) -> None:
    found = set(paths(office, "How many days of paid time off in each year?", **filters))
    found -= {"travel/copy of expenses.md"}
    assert found == left if left else not found


def test_a_filter_that_leaves_much_is_met_by_the_nearest(office: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    narrowed = {"folders": ("policies",)}
    exact = paths(office, "days of paid time off", **narrowed)
    monkeypatch.setattr(indexes, "COMPARED_ONE_BY_ONE", 0)
    assert paths(office, "days of paid time off", **narrowed) == exact


def test_a_slip_of_the_keys_is_forgiven(office: Place) -> None:
    assert paths(office, "reimbrusement", "everyone")[0].startswith("travel/")
    words = office.store.indexes.keywords
    everyone, hr = (office.store.catalog.labels_of([group]) for group in ("everyone", "hr"))
    assert not words.resembling("zylinderkopp", labels=everyone, k=5)
    assert words.resembling("zylinderkopp", labels=hr, k=5)


def test_an_abbreviation_finds_what_it_stands_for_where_a_readable_text_says_so(office: Place) -> None:
    assert "policies/leave 2024.txt" in paths(office, "PTO")[:3]  # it never says PTO
    retriever = Retriever(office.store.indexes, office.store.embedder)
    labels = office.store.catalog.labels_of(["everyone"])
    hits = {hit.found.path: hit for hit in retriever.search("paid time off", labels=labels, k=10)}
    assert hits["everyone/benefits/carry over.md"].legs["coverage"] > 0  # it says PTO alone
    assert "secret.md" not in paths(office, "VSL")


def test_the_same_text_is_found_once_and_names_its_copy(office: Place) -> None:
    retriever = Retriever(office.store.indexes, office.store.embedder)
    labels = office.store.catalog.labels_of(["everyone"])
    hits = retriever.search("Reimbursement of travel expenses", labels=labels, k=10)
    both = {"everyone/travel/expenses.html", "everyone/travel/copy of expenses.md"}
    assert {hits[0].found.path, *hits[0].also} == both
    assert not any(hit.found.path in both for hit in hits[1:])


def test_the_newer_of_two_is_preferred_where_the_present_is_asked_for(office: Place) -> None:
    retriever = Retriever(office.store.indexes, office.store.embedder)
    labels = office.store.catalog.labels_of(["everyone"])

    def lead(question: str) -> float:
        hits = retriever.search(question, labels=labels, k=10, filters=Filters(folders=("policies",)))
        scores = {("2024" if "2024" in hit.found.path else "2022"): hit.score for hit in hits}
        return scores["2024"] - scores["2022"]

    assert lead("What is the current paid time off?") > lead("What is the granted paid time off?") + 0.02
