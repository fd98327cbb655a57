"""Annual and quarterly reports, page by page: `python tests/benchmarks/reports.py [--data DIR] [--details FILE]`.

Fifteen reports of 28 to 59 pages as PDF, made on the spot (tests/benchmarks/filings.py), are indexed and asked what
analysts ask. A question is right when a passage of a page that answers it, in the report it means, is among the first
five. With --data the index stays, and the next run uses it; --details says of each question what was found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from statistics import mean

from filings import ASKED, Filing, write_filings  # beside this file
from legs import Legs, Search

from app.evaluation.measures import DEPTH, of_hits
from app.evaluation.questions import Question
from app.records import Hit
from app.retrieval.retrieve import Retriever
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.keywords import IndexHit
from storage.settings import load_settings
from storage.store import Store, open_store

ASKED_OF_EACH = 8  # questions


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder for the index; kept and used again")
    parser.add_argument("--details", type=Path, help="file for a line of JSON a question: what Premise found")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        data = chosen.data or Path(made)
        settings = load_settings(data, settle_seconds=0.0)
        folder = settings.inbox_folder / "everyone"
        known = (data / "done").exists()
        filings = write_filings(Path(made) / "again" if known else folder)
        with open_store(settings) as store:
            if not known:
                print("indexing …", file=sys.stderr)
                with Sandbox(ParseLimits()) as sandbox:
                    pipeline = Pipeline(settings, store.indexes, store.originals, store.embedder, sandbox)
                    pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
                    pipeline.work([store.catalog.source(str(settings.inbox_folder), None)])
                (data / "done").touch()
            _print(store, _questions(filings), chosen.details)


def _questions(filings: Sequence[Filing]) -> list[tuple[str, Question]]:
    """Some of each report, every kind about as often; each with the kind of page that it asks for."""
    wordings = {kind: cycle(asked) for kind, asked in ASKED.items()}
    kinds = cycle(wordings)
    found = []
    for filing in filings:
        taken = 0
        while taken < ASKED_OF_EACH:
            kind = next(kinds)
            pages = tuple(page for name in kind.split() for page in filing.pages.get(name, ()))
            if pages:
                text = next(wordings[kind]).format(c=filing.company, y=filing.period)
                found.append((kind, _question(text, filing.file, pages)))
                taken += 1
    return found


def _question(text: str, file: str, pages: tuple[int, ...]) -> Question:
    return Question(
        set="reports",
        text=text,
        files=(file,),
        answers=(),
        evidence=(),
        pages=pages,
        answerable=True,
        history=(),
        groups=None,
    )


def _ways(store: Store) -> dict[str, Search]:
    labels = store.catalog.labels_of(["everyone"])
    retriever, legs = Retriever(store.indexes, store.embedder), Legs(store, labels)

    def told(question: Question) -> list[IndexHit]:
        """Plain fusion, told which document is meant."""
        return [hit for hit in legs.ranks(question) if legs.loaded([hit])[0].found.path.endswith(question.files[0])]

    return {
        "meaning": legs.first(legs.meaning, DEPTH),
        "words": legs.first(legs.words, DEPTH),
        "plain RRF": legs.first(legs.ranks, DEPTH),
        "RRF, told": legs.first(told, DEPTH),
        "Premise": lambda question: retriever.search(question.text, labels=labels, k=DEPTH),
    }


def _print(store: Store, questions: Sequence[tuple[str, Question]], details: Path | None) -> None:
    print(f"{len(questions)} questions\n{'way':12}{'file hit@1':>12}{'page hit@5':>12}")
    by_kind: dict[str, list[float]] = {}
    lines = []
    for way, search in _ways(store).items():
        file_hits, page_hits = [], []
        for kind, question in questions:
            hits = search(question)
            found = of_hits(question, hits)
            file_hits.append(found["file_hit_1"] or 0.0)
            page_hits.append(found["page_hit_5"] or 0.0)
            if way == "Premise":
                by_kind.setdefault(kind, []).append(page_hits[-1])
                lines.append(_line(kind, question, hits, right=bool(page_hits[-1])))
        print(f"{way:12}{mean(file_hits):12.3f}{mean(page_hits):12.3f}", flush=True)
    print("  ".join(f"{kind} {sum(found):.0f}/{len(found)}" for kind, found in by_kind.items()))
    if details:
        details.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def _line(kind: str, question: Question, hits: Sequence[Hit], *, right: bool) -> dict[str, object]:
    return {
        "kind": kind,
        "question": question.text,
        "file": question.files[0],
        "pages": question.pages,
        "right": right,
        "hits": [
            {
                "path": hit.found.path,
                "pages": hit.found.chunk.pages,
                "score": round(hit.score, 3),
                "header": hit.found.chunk.header,
                "body": hit.found.chunk.body[:300],
            }
            for hit in hits
        ],
    }


if __name__ == "__main__":
    main()
