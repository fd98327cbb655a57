"""The retrieval figures of the README: `python tests/benchmarks/retrieval.py [--sets squad,zh] [--data DIR]`.

Prints, for every question set in PREMISE_EVAL_DIR (default ../shared/eval), what each leg finds alone, what plain
reciprocal-rank fusion makes of the two, what Premise finds, and what it finds when three questions about something
else were asked before; once in an index of that set, once in one index of all sets and the handbook. Indexes are made
by the product's own ingest; with --data they stay, and the next run uses them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

from legs import Legs, Search  # beside this file

from app.answers.context import build_context
from app.evaluation.match import same_file
from app.evaluation.measures import CONTEXT_TOKENS, DEPTH, has_evidence, of_context
from app.evaluation.questions import Question, read_questions
from app.records import Hit, Turn
from app.retrieval.retrieve import Retriever
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.embedder import Embedder, LocalEmbedder
from storage.settings import Settings, load_settings
from storage.store import Store, open_store

NOISE = "handbook"
READERS = "everyone"


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", default="squad,zh,mtrag", help="question sets, with commas between")
    parser.add_argument("--data", type=Path, help="folder for the indexes; kept and used again")
    parser.add_argument("--alone", action="store_true", help="leave out the index of everything together")
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    sets = [name for name in chosen.sets.split(",") if _there(root / name)]
    if not sets:
        print(f"skipped: no question set in {root}")
        return
    with tempfile.TemporaryDirectory() as made:
        data = chosen.data or Path(made)
        embedder = LocalEmbedder.from_settings(_settings(data, sets[0]))
        print(f"{'set':8}{'index':10}{'way':12}{'hit@1':>8}{'hit@5':>8}{'mrr@10':>8}{'evidence':>10}{'ms':>8}")
        for name in sets:
            _index(data, name, [root / name / "docs"], embedder)
            _measure(data, name, root, [name], embedder)
        if not chosen.alone:
            folders = [root / name / "docs" for name in sets] + [root / NOISE] * (root / NOISE).is_dir()
            _index(data, "together", folders, embedder)
            _measure(data, "together", root, sets, embedder)


def _there(folder: Path) -> bool:
    found = (folder / "questions.jsonl").is_file()
    if not found:
        print(f"skipped: {folder} is not there", file=sys.stderr)
    return found


def _settings(data: Path, index: str) -> Settings:
    return load_settings(data / index, settle_seconds=0.0)


def _index(data: Path, index: str, folders: Sequence[Path], embedder: Embedder) -> None:
    """Ingest the folders, unless an earlier run did."""
    settings = _settings(data, index)
    if (settings.data / "done").exists():
        return
    inbox = settings.inbox_folder / READERS
    for folder in folders:
        shutil.copytree(folder, inbox / folder.parent.name / folder.name, dirs_exist_ok=True)
    print(f"indexing {index} …", file=sys.stderr)
    with open_store(settings) as store, Sandbox(ParseLimits()) as sandbox:
        pipeline = Pipeline(settings, store.indexes, store.originals, embedder, sandbox)
        pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
        pipeline.work([store.catalog.source(str(settings.inbox_folder), None)])
    (settings.data / "done").touch()


def _measure(data: Path, index: str, root: Path, sets: Sequence[str], embedder: Embedder) -> None:
    with open_store(_settings(data, index)) as opened:
        store = replace(opened, embedder=embedder)
        for name in sets:
            questions = [item for item in read_questions(root / name / "questions.jsonl") if item.files]
            for way, search in _ways(store).items():
                row = _row(store, questions, search)
                print(f"{name:8}{index if index == 'together' else 'alone':10}{way:12}" + row, flush=True)
            if not any(item.history for item in questions):
                row = _row(store, _after_others(questions), _ways(store)["Premise"])
                print(f"{name:8}{index if index == 'together' else 'alone':10}{'new subject':12}" + row, flush=True)


def _after_others(questions: Sequence[Question]) -> list[Question]:
    """Each question after three about one other document, as in a conversation whose subject changes."""
    about: dict[str, list[Question]] = {}
    for item in questions:
        about.setdefault(item.files[0], []).append(item)
    names = list(about)
    result = []
    for at, item in enumerate(questions):
        others = about[names[(names.index(item.files[0]) + 1 + at % (len(names) - 1)) % len(names)]]
        spoken = [others[(at + step) % len(others)].text for step in range(3)]
        result.append(replace(item, history=tuple(Turn(role="user", content=text) for text in spoken)))
    return result


def _ways(store: Store) -> dict[str, Search]:
    labels = store.catalog.labels_of([READERS])
    retriever, legs = Retriever(store.indexes, store.embedder), Legs(store, labels)

    def premise(question: Question) -> list[Hit]:
        return retriever.search(question.text, labels=labels, k=DEPTH, history=question.history)

    return {
        "meaning": legs.first(legs.meaning, DEPTH),
        "words": legs.first(legs.words, DEPTH),
        "plain RRF": legs.first(legs.ranks, DEPTH),
        "Premise": premise,
    }


def _row(store: Store, questions: Sequence[Question], search: Search) -> str:
    first, five, reciprocal, evidence, seconds = [], [], [], [], []
    for question in questions:
        started = time.perf_counter()
        hits = search(question)
        seconds.append(time.perf_counter() - started)
        paths = list(dict.fromkeys(hit.found.path for hit in hits))
        right = [any(same_file(path, file) for file in question.files) for path in paths]
        first.append(any(right[:1]))
        five.append(any(right[:5]))
        reciprocal.append(1 / (right.index(True) + 1) if True in right else 0.0)
        if question.answerable and has_evidence(question):
            evidence.append(_evidence(store, question, hits))
    return (
        f"{mean(first):8.3f}{mean(five):8.3f}{mean(reciprocal):8.3f}{mean(evidence or [0.0]):10.3f}"
        f"{median(seconds) * 1000:8.1f}"
    )


def _evidence(store: Store, question: Question, hits: Sequence[Hit]) -> float:
    """The part of the evidence that stands in the context an answer would be given."""
    labels = store.catalog.labels_of([READERS])
    passages = build_context(hits, store.catalog, labels=labels, budget=CONTEXT_TOKENS)
    context = "\n".join(passage.text for passage in passages)
    return of_context(question, context) or 0.0


if __name__ == "__main__":
    main()
