"""Near-identical reports told apart: `python tests/benchmarks/reports.py`. Makes, indexes and asks them.

Thirty annual and quarterly reports as PDF, made on the spot: every company's says the same on the same pages, in the
same words, with its own numbers; company and period stand in the file's name and on the first page alone. A question is
right when a passage of the right page of the right report is among the first five.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from app.evaluation.measures import of_hits
from app.evaluation.questions import Question
from app.records import Hit
from app.retrieval.retrieve import Retriever
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.keywords import IndexHit
from storage.settings import load_settings
from storage.store import Store, open_store

COMPANIES = ("Northwind", "Borealis", "Acme", "Helvar", "Quintus", "Marlowe")
PERIODS = (  # as a file's name says it, as the first page says it, as people ask for it
    ("FY2021", "Annual report for the fiscal year ended December 31, 2021", "in fiscal year 2021"),
    ("2022_10K", "Annual report for the fiscal year ended December 31, 2022", "in FY2022"),
    ("annual-report-2023", "Annual report for the fiscal year ended December 31, 2023", "in 2023"),
    ("Q2_2022", "Quarterly report for the quarter ended June 30, 2022", "in the second quarter of 2022"),
    ("2023Q3", "Quarterly report for the quarter ended September 30, 2023", "in Q3 2023"),
)
# page by page: what it says, with its number; and how that is asked, in other words
PAGES = (
    ("Total net revenue amounted to {} million dollars, driven by volume and price.", "What were the sales of {} {}?"),
    ("Research and development expenses were {} million dollars.", "How much did {} spend on R&D {}?"),
    ("The effective tax rate was {} percent.", "What tax rate did {} pay {}?"),
    ("Net cash provided by operating activities was {} million dollars.", "What was the operating cash flow of {} {}?"),
    ("We had {} thousand employees at the end of the period.", "How many people worked for {} {}?"),
    (
        "Long-term debt stood at {} million dollars, maturing until the end of the decade.",
        "How much debt did {} have {}?",
    ),
    (
        "Capital expenditures for property, plant and equipment were {} million dollars.",
        "What did {} invest in plants {}?",
    ),
    ("Diluted earnings per share were {} dollars.", "What were the earnings per share of {} {}?"),
)
FILLER = (
    "The discussion below should be read together with the consolidated financial statements and related notes. "
    "It contains forward-looking statements that involve risks and uncertainties; results may differ materially. "
    "Management believes that these measures are useful to investors, and uses them to assess performance. Amounts may "
    "not add up because of rounding. Comparative figures were reclassified to conform to the present presentation. "
)


def main() -> None:
    """Run."""
    with tempfile.TemporaryDirectory() as made:
        settings = load_settings(Path(made), settle_seconds=0.0)
        questions = _make(settings.inbox_folder / "everyone")
        with open_store(settings) as store, Sandbox(ParseLimits()) as sandbox:
            pipeline = Pipeline(settings, store.indexes, store.originals, store.embedder, sandbox)
            pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
            pipeline.work([store.catalog.source(str(settings.inbox_folder), None)])
            _print(store, questions)


def _make(folder: Path) -> list[Question]:
    """The reports, written; a question for every page of every second one."""
    folder.mkdir(parents=True)
    numbers = random.Random(7)  # noqa: S311 - the same reports every time
    styles = getSampleStyleSheet()
    questions = []
    for company in COMPANIES:
        for name, period, asked in PERIODS:
            file = f"{company}_{name}.pdf" if "-" not in name else f"{company.lower()}-{name}.pdf"
            story = [Paragraph(company, styles["Title"]), Paragraph(period, styles["Heading2"])]
            story += [Paragraph(FILLER, styles["BodyText"]), PageBreak()]
            for page, (says, asks) in enumerate(PAGES, 2):
                said = says.format(numbers.randint(10, 9999) / 10)
                story += [Paragraph(FILLER + said + " " + FILLER * 2, styles["BodyText"]), PageBreak()]
                questions.append(_question(asks.format(company, asked), file, page))
            SimpleDocTemplate(str(folder / file), pagesize=A4, title="Report").build(story)
    return questions[::2]


def _question(text: str, file: str, page: int) -> Question:
    return Question(
        set="reports",
        text=text,
        files=(file,),
        answers=(),
        evidence=(),
        pages=(page,),
        answerable=True,
        history=(),
        groups=None,
    )


def _print(store: Store, questions: Sequence[Question]) -> None:
    labels = store.catalog.labels_of(["everyone"])
    retriever = Retriever(store.indexes, store.embedder)

    def loaded(found: Sequence[IndexHit]) -> list[Hit]:
        items = store.catalog.chunks_by_id([hit.id for hit in found], labels=labels)
        return [Hit(rank=rank, score=hit.score, found=items[hit.id]) for rank, hit in enumerate(found, 1)]

    def meaning(text: str) -> list[Hit]:
        vector = store.embedder.encode_questions([text])[0]
        return loaded(store.indexes.search_vectors(vector, labels=labels, k=10))

    def words(text: str) -> list[Hit]:
        return loaded(store.indexes.search_keywords(text, labels=labels, k=10))

    ways: dict[str, Callable[[str], Sequence[Hit]]] = {
        "meaning": meaning,
        "words": words,
        "Premise": lambda text: retriever.search(text, labels=labels, k=10),
    }
    print(f"{len(questions)} questions\n{'way':12}{'file hit@1':>12}{'page hit@5':>12}")
    for way, search in ways.items():
        found = [of_hits(question, search(question.text)) for question in questions]
        print(
            f"{way:12}"
            + "".join(f"{mean(item[name] or 0.0 for item in found):12.3f}" for name in ("file_hit_1", "page_hit_5"))
        )


if __name__ == "__main__":
    main()
