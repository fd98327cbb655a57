"""The answer figures of the README: `python tests/benchmarks/answers.py --data DIR [--sets squad,zh] [--every 3]`.

Asks, over indexes of single sets (those that tests/benchmarks/retrieval.py --data DIR makes; `sample`, the company of
the first run, is made here), every set's own questions and those of the other sets, whose documents are not there. No
language model.
Prints how many answers hold an accepted one, how long they are, whether every quote is verbatim in its revision and
on its page, what is refused, the refusal curve, and how often answers of each level of confidence are right.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import mean

from app.answers.cite import pages_of
from app.engine import Engine
from app.evaluation.evaluate import reliability
from app.evaluation.match import contains
from app.evaluation.questions import Question, read_questions
from app.evaluation.refusal import Judged, Kind, calibration, curve
from app.records import Answer
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.embedder import Embedder, LocalEmbedder
from storage.settings import Settings, load_settings
from storage.store import open_store

PROJECT = Path(__file__).parents[2]
READERS = ("everyone", "engineering", "finance", "hr", "sales")
SHORT_WORDS, SHORT_CHARACTERS = 60, 120
FOREIGN = 4  # of the other sets' questions every so many-th is asked


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with an index for each set")
    parser.add_argument("--sets", default="sample,squad,zh,mtrag", help="with commas between")
    parser.add_argument("--every", type=int, default=1, help="ask every so many-th question")
    chosen = parser.parse_args()
    sets = {name: found for name in chosen.sets.split(",") if (found := _questions(name))}
    if not sets:
        print("skipped: no question set is there")
        return
    judged: list[Judged] = []
    print(
        f"{'index':8}{'asked':8}{'questions':>10}{'match':>8}{'short':>8}{'length':>8}{'verbatim':>10}{'refused':>20}"
    )
    for index, own in sets.items():
        settings = load_settings(chosen.data / index, settle_seconds=0.0)
        embedder = LocalEmbedder.from_settings(settings)
        if index == "sample":
            _ingest(settings, embedder)
        if not (settings.data / "catalog.sqlite").is_file():
            print(f"skipped: there is no index in {settings.data}", file=sys.stderr)
            continue
        with open_store(settings) as opened:
            engine = Engine(replace(opened, embedder=embedder))
            judged += _measure(engine, index, index, own[:: chosen.every])
            for other, questions in sets.items():
                if other != index:
                    judged += _measure(engine, index, other, questions[:: FOREIGN * chosen.every])
    print("\nrefuse_below  " + "  ".join(kind.value for kind in Kind))
    for point in curve(judged):
        cells = [f"{point[f'refused_{kind.value}'] or 0:.3f}".rjust(len(kind.value)) for kind in Kind]
        print(f"{point['refuse_below']:>12}  " + "  ".join(cells))
    print("\n" + "\n".join(reliability(calibration(judged))))


def _questions(name: str) -> list[Question]:
    file = PROJECT / "deploy/samples/questions.jsonl" if name == "sample" else _root() / name / "questions.jsonl"
    return read_questions(file) if file.is_file() else []


def _root() -> Path:
    return Path(os.environ.get("PREMISE_EVAL_DIR") or PROJECT / "../shared/eval").resolve()


def _ingest(settings: Settings, embedder: Embedder) -> None:
    """The sample company, unless an earlier run did."""
    if (settings.data / "catalog.sqlite").is_file():
        return
    shutil.copytree(PROJECT / "deploy/samples/inbox", settings.inbox_folder)
    with open_store(settings) as store, Sandbox(ParseLimits()) as sandbox:
        pipeline = Pipeline(settings, store.indexes, store.originals, embedder, sandbox)
        pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
        pipeline.work([store.catalog.source(str(settings.inbox_folder), None)])


def _measure(engine: Engine, index: str, asked: str, questions: Sequence[Question]) -> list[Judged]:
    judged, match, short, lengths, verbatim = [], [], [], [], []
    for question in questions:
        groups = question.groups if index == "sample" and question.groups else READERS
        answer = engine.answer(question.text, groups=groups, history=question.history)
        verbatim += _verbatim(engine, answer)
        kind = Kind.FOREIGN if index != asked else Kind.ANSWERABLE if question.answerable else Kind.UNANSWERABLE
        right = None if kind is Kind.ANSWERABLE else False
        said = " ".join(sentence.text for sentence in answer.sentences)
        if kind is Kind.ANSWERABLE:
            lengths.append(len(said.replace(" ", "")) if asked == "zh" else len(said.split()))
        told = [item for item in question.answers if any(contains(text, item) for text in _texts(asked, question))]
        if kind is Kind.ANSWERABLE and told:
            right = any(contains(said, item) for item in told)
            match.append(right)
            short.append(any(contains(_shortened(said, asked), item) for item in told))
        judged.append(Judged(kind=kind, confidence=answer.confidence, right=None if answer.refused else right))
    refused = {kind: [item.confidence for item in judged if item.kind is kind] for kind in Kind}
    below = engine.settings.refuse_below
    parts = " ".join(
        f"{kind.value} {mean(value < below for value in values):.3f}" for kind, values in refused.items() if values
    )
    figures = [
        f"{mean(values):{width}}" if values else "–".rjust(8)
        for values, width in ((match, "8.3f"), (short, "8.3f"), (lengths, "8.0f"))
    ]
    print(f"{index:8}{asked:8}{len(questions):10}{''.join(figures)}{mean(verbatim or [1]):10.3f}  {parts}", flush=True)
    return judged


@cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _texts(name: str, question: Question) -> list[str]:
    """What holds the answer, as text; an answer in other words can be found in no quotation."""
    if name == "sample":
        return list(question.answers)  # in PDF and Office files, word for word
    return [_text(_root() / name / file) for file in question.files]


def _shortened(text: str, name: str) -> str:
    return text.replace(" ", "")[:SHORT_CHARACTERS] if name == "zh" else " ".join(text.split()[:SHORT_WORDS])


def _verbatim(engine: Engine, answer: Answer) -> list[bool]:
    """Whether each quote is the revision's text, and its pages those on which that text stands."""
    labels = engine.catalog.all_labels()
    found = []
    for item in answer.places:
        revision = engine.catalog.revision(item.revision, labels=labels)
        same = item.quote == revision.text[item.start : item.end] and bool(item.quote)
        found.append(same and item.pages == pages_of(revision, item.start, item.end))
    return found


if __name__ == "__main__":
    main()
