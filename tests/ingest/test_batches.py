"""Batches over documents, several parsers, and how far the work has come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from place import Place
from sqlalchemy import func, select

from app.operations.condition import condition, in_words
from ingest import progress as module
from ingest.batches import BATCH, Batches
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.progress import Progress, Reported
from ingest.sandbox import Sandbox
from storage.catalog import Catalog, Vector
from storage.catalog.facts import INGESTING
from storage.database import Database
from storage.records import Chunk
from storage.schema import embeddings


class Lengths:
    """An embedder whose vectors say how long the text is. Remembers what it was given."""

    name, revision, languages, dimension, max_tokens = "lengths", "1", ("*",), 2, 100

    def __init__(self) -> None:
        self.given: list[list[str]] = []

    def encode_documents(self, texts: Sequence[str]) -> Vector:
        self.given.append(list(texts))
        return np.array([[len(text), 0] for text in texts], dtype=np.float32)

    encode_questions = encode_documents

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]


def wait_for(met: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not met():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    database = Database.open(tmp_path / "catalog.sqlite")
    yield Catalog(database)
    database.close()


def pieces(*bodies: str) -> list[Chunk]:
    return [
        Chunk(
            id=f"r:{n}",
            revision_id="r",
            position=n,
            start=0,
            end=1,
            header="",
            body=body,
            section="",
            pages=(),
            tokens=1,
        )
        for n, body in enumerate(bodies)
    ]


def test_batches_are_filled_across_documents_and_small_ones_do_not_wait(catalog: Catalog) -> None:
    embedder = Lengths()
    batches: Batches[str] = Batches(embedder, catalog)
    batches.add("large", pieces(*(f"large {n:04}" for n in range(2 * BATCH))))
    assert batches.step() == []
    batches.add("small", pieces("one", "three"))  # comes late
    assert batches.chunks == BATCH + 2
    whole = batches.step()
    assert [item.item for item in whole] == ["small"]
    assert whole[0].vectors[:, 0].tolist() == [3, 5]
    assert [len(given) for given in embedder.given] == [BATCH, BATCH]  # the rest of it was the large one's
    whole = batches.step()
    assert [(item.item, len(item.vectors)) for item in whole] == [("large", 2 * BATCH)]
    assert not batches


def test_equal_text_on_its_way_is_embedded_once(catalog: Catalog) -> None:
    embedder = Lengths()
    batches: Batches[str] = Batches(embedder, catalog)
    batches.add("a", pieces("same", "own", "same"))
    batches.add("b", pieces("same"))
    batches.add("nothing", pieces())
    whole = {item.item: item.vectors for item in batches.step()}
    assert sorted(text for given in embedder.given for text in given) == ["own", "same"]
    assert whole["a"][:, 0].tolist() == [4, 3, 4]
    assert whole["b"][:, 0].tolist() == [4]
    assert whole["nothing"].shape == (0, 2)


def test_several_parsers_index_what_one_does(place: Place) -> None:
    for number in range(12):
        place.write(f"everyone/note {number}.md", f"# Note {number}\n\nThe number is {number}.")
    place.write("everyone/empty.md", "")
    shown: list[tuple[int, int]] = []

    def show(progress: Progress) -> None:
        shown.append((progress.done, progress.total))

    with Sandbox(ParseLimits()) as second, Sandbox(ParseLimits()) as third:
        store = place.store
        pipeline = Pipeline(
            place.settings, store.indexes, store.originals, store.embedder, place.pipeline.sandbox, second, third
        )
        pipeline.reconcile(place.source())
        done = pipeline.work([place.source()], progress=show)
        assert second.pid is not None
    assert (done.indexed, done.failed, done.done, done.total) == (12, 1, 13, 13)
    assert [done for done in dict.fromkeys(shown) if done[0]] == [(number, 13) for number in range(1, 14)]
    assert done.chunks_per_second > 0
    assert done.seconds_left == 0
    assert store.indexes.check().ok


def test_small_files_are_parsed_while_others_are_embedded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.pipeline.EMBED_AT", 1)
    for number in range(20):
        place.write(f"everyone/note {number}.md", f"# Note {number}\n\nThe number is {number}.")
    place.pipeline.reconcile(place.source())
    real, store = place.store.embedder, place.store
    ready: list[int] = []

    class Slow(Lengths):
        dimension = real.dimension

        def encode_documents(self, texts: Sequence[str]) -> Vector:
            until = time.monotonic() + 30
            while store.catalog.counts()["embedding"] < 15 and time.monotonic() < until and not ready:
                time.sleep(0.05)
            ready.append(store.catalog.counts()["embedding"])
            return real.encode_documents(texts)

        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            return real.count_tokens(texts)

    Pipeline(place.settings, store.indexes, store.originals, Slow(), place.pipeline.sandbox).work([place.source()])
    assert ready[0] >= 15
    assert set(place.states().values()) == {"indexed"}


def test_a_file_that_changes_while_it_is_embedded_is_looked_at_again(place: Place) -> None:
    file = place.write("everyone/leave.md", "# Leave\n\nEmployees have 30 days of leave.")
    place.pipeline.reconcile(place.source())
    real = place.store.embedder

    class Slow(Lengths):
        dimension = real.dimension

        def encode_documents(self, texts: Sequence[str]) -> Vector:
            if "30 days" in texts[0]:
                file.write_text("# Leave\n\nEmployees have 33 days of leave, as was decided.")
                place.pipeline.reconcile(place.source(), tell=False)
            return real.encode_documents(texts)

        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            return real.count_tokens(texts)

    store = place.store
    pipeline = Pipeline(place.settings, store.indexes, store.originals, Slow(), place.pipeline.sandbox)
    pipeline.work([place.source()])
    labels = store.catalog.labels_of(["everyone"])
    hits = store.indexes.search_keywords("leave", labels=labels, k=5)
    found = store.catalog.chunks_by_id([hit.id for hit in hits], labels=labels)
    assert ["33 days" in item.chunk.body for item in found.values()] == [True]
    assert place.states() == {"everyone/leave.md": "indexed"}


def test_how_far_it_has_come_is_seen_from_outside(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", -1.0)
    place.write("everyone/one.md", "# One\n\nFirst.")
    place.write("everyone/two.md", "# Two\n\nSecond, and longer.")
    place.pipeline.reconcile(place.source())
    seen = []
    place.pipeline.work([place.source()], progress=lambda _: seen.append(place.store.catalog.ingesting()))
    assert (2, 1) in [(kept["files"], kept["done"]) for kept in seen if kept]
    assert place.store.catalog.ingesting() is None  # it has ended


@pytest.mark.parametrize(("seconds", "first_told"), [(0.0, 10), (3600.0, 12)])
def test_the_time_left_is_told_once_it_can_be_known(
    place: Place, monkeypatch: pytest.MonkeyPatch, seconds: float, first_told: int
) -> None:
    monkeypatch.setattr(module, "TOLD_SECONDS", seconds)
    shown: list[float | None] = []
    reported = Reported(place.store.catalog, Progress(total=12), lambda state: shown.append(state.seconds_left))
    for number in range(12):
        reported.finished(f"{number}.md")
    assert [left is not None for left in shown] == [number >= first_told for number in range(1, 13)]
    assert shown[-1] == 0


def test_status_says_how_far_it_has_come(place_at: Callable[..., Place], tmp_path: Path) -> None:
    place = place_at(tmp_path / "data")
    work = {"files": 2000, "done": 500, "failed": 0, "chunks": 9, "chunks_per_second": 4.5, "seconds_left": 300}
    work |= {"chunks_waiting": 1350, "at": datetime.now(UTC).isoformat()}
    place.store.catalog.set_fact(INGESTING, json.dumps(work))
    place_at(tmp_path / "other")  # closes the first
    result = condition(place.settings)
    assert result["ingesting"]["done"] == 500
    waiting = "1,350 chunks of files that were read wait"
    assert f"ingesting  500 of 2,000 files, 4.5 chunks/s, {waiting}, about 300 s left" in in_words(result)


def test_a_large_file_lets_small_ones_by_and_a_crash_costs_one_batch(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.batches.BATCH", 2)
    monkeypatch.setattr("ingest.batches.LARGE", 4)
    monkeypatch.setattr("ingest.pipeline.EMBED_AT", 2)
    monkeypatch.setattr("ingest.pipeline.CHUNKS_AHEAD", 4)
    monkeypatch.setattr("ingest.upcoming.LIST_SECONDS", 0.0)
    rows = "".join(f"| thing {number} | {'colour ' * 60} |\n" for number in range(30))
    place.write("everyone/large.md", f"# Large\n\n| Thing | Colours |\n| --- | --- |\n{rows}")
    place.pipeline.reconcile(place.source())
    real, store = place.store.embedder, place.store
    given: list[list[str]] = []
    small = "everyone/small.md"

    class Falls(Lengths):
        dimension = real.dimension
        falls = True

        def encode_documents(self, texts: Sequence[str]) -> Vector:
            given.append(list(texts))
            if self.falls and len(given) == 2:
                place.write(small, "# Small\n\nThe number is 7.")
                place.pipeline.reconcile(place.source(), tell=False)
            if self.falls and len(given) >= 3:
                wait_for(lambda: place.states()[small] in ("embedding", "indexed"))
            if self.falls and len(given) >= 5:
                wait_for(lambda: place.states()[small] == "indexed")
                raise RuntimeError("the power fails")
            return real.encode_documents(texts)

        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            return real.count_tokens(texts)

    pipeline = Pipeline(place.settings, store.indexes, store.originals, Falls(), place.pipeline.sandbox)
    with pytest.raises(RuntimeError, match="power"):
        pipeline.work([place.source()])
    assert place.states() == {"everyone/large.md": "embedding", small: "indexed"}
    first = {text for texts in given[:-1] for text in texts}
    given.clear()
    Falls.falls = False
    seen: list[tuple[int, int]] = []
    pipeline.work([place.source()], progress=lambda state: seen.append((state.embedded, state.waiting)))
    assert set(place.states().values()) == {"indexed"}
    assert first.isdisjoint(text for texts in given for text in texts)  # what had vectors is not embedded again
    assert [embedded for embedded, _ in seen] == sorted(embedded for embedded, _ in seen)
    assert seen[0][1] > seen[-1][1] == 0
    with store.catalog.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(embeddings)).scalar() == 0


def test_the_time_left_counts_what_waits_of_a_large_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOLD_SECONDS", 0.0)
    state = Progress(total=1)
    reported = Reported(place.store.catalog, state, lambda _: None)
    reported.begins()
    time.sleep(0.05)
    reported.embedded(256, waiting=2560, files=1)
    assert state.seconds_left is not None
    assert state.seconds_left == pytest.approx(10 * 256 / state.chunks_per_second, rel=0.2)
    reported.finished("a small file that came later.md")
    assert (state.done, state.total) == (1, 2)
    assert state.seconds_left > 0.4
    reported.embedded(2560, waiting=0, files=0)
    reported.finished("the large one.xlsx")
    assert (state.done, state.total, state.seconds_left) == (2, 2, 0)
