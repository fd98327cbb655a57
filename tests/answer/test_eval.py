"""The promise of a citation, over real articles: every quote is the revision's text, word for word, in every answer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.engine import Engine
from app.evaluation.match import contains
from app.records import Answer
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.embedder import Embedder
from storage.settings import load_settings
from storage.store import open_store

SETS = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[3] / "shared" / "eval")
FILES = 6  # articles of each set; all of them take minutes to embed
LONGEST = {"squad": 120, "zh": 240}  # words, characters

pytestmark = [
    pytest.mark.eval,
    pytest.mark.slow,
    pytest.mark.skipif(not SETS.is_dir(), reason=f"the question sets are not at {SETS} (PREMISE_EVAL_DIR)"),
]


@pytest.fixture(scope="module", params=["squad", "zh"])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, sandbox: Sandbox
) -> Iterator[tuple[str, Engine, list[tuple[dict[str, object], Answer]]]]:
    """A few articles with the answers to their questions."""
    root = SETS / request.param
    settings = load_settings(tmp_path_factory.mktemp(request.param) / "data", settle_seconds=0.0)
    lines = [json.loads(line) for line in (root / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    sizes = {file: (root / file).stat().st_size for line in lines for file in line["files"] if line["answerable"]}
    files = sorted(sizes, key=lambda file: (sizes[file], file))[:FILES]
    for file in files:
        target = settings.inbox_folder / "everyone" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((root / file).read_bytes())
    with open_store(settings) as opened:
        store = replace(opened, embedder=embedder)
        pipeline = Pipeline(settings, store.indexes, store.originals, embedder, sandbox)
        pipeline.reconcile(store.catalog.source(str(settings.inbox_folder), None))
        pipeline.work([store.catalog.source(str(settings.inbox_folder), None)])
        engine = Engine(store)
        mine = [line for line in lines if set(line["files"]) <= set(files)][:40]
        yield request.param, engine, [(line, engine.answer(line["question"], groups=["everyone"])) for line in mine]


def test_every_quote_is_verbatim_and_every_answer_short(
    asked: tuple[str, Engine, list[tuple[dict[str, object], Answer]]],
) -> None:
    name, engine, answers = asked
    labels = engine.catalog.labels_of(["everyone"])
    assert answers
    for _, answer in answers:
        assert answer.citations
        for citation in answer.citations:
            revision = engine.catalog.revision(citation.revision, labels=labels)
            assert citation.quote == revision.text[citation.start : citation.end]
        said = "".join(sentence.text for sentence in answer.sentences)
        length = len(said.replace(" ", "")) if name == "zh" else len(said.split())
        assert length <= LONGEST[name] or len(answer.sentences) == 1


def test_most_answers_hold_what_was_asked(asked: tuple[str, Engine, list[tuple[dict[str, object], Answer]]]) -> None:
    _, _, answers = asked
    right = [
        any(contains(answer.text, str(wanted)) for wanted in line["answers"])  # type: ignore[attr-defined]
        for line, answer in answers
        if line["answerable"]
    ]
    assert sum(right) >= 0.75 * len(right)
