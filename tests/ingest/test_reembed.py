"""From one embedding model to another and back, with a second model made on the spot."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_embedder
from place import Place
from sqlalchemy import func, select

from app.engine import Engine
from ingest.pipeline import Pipeline
from ingest.reembed import confirm, switch
from storage.catalog import EMBEDDER, Vector
from storage.catalog.facts import PREVIOUS
from storage.embedder import LocalEmbedder
from storage.erasure import scrub
from storage.errors import EmbedderMismatch, ModelError
from storage.following import FollowingEmbedder
from storage.schema import embeddings
from storage.settings import load_settings

NOTES = [f"# Note {number}\n\nThe number of the house is {number}." for number in range(5)]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> LocalEmbedder:
    """The model to go over to."""
    return _opened(tiny_embedder.make(tmp_path_factory.mktemp("models") / "tiny"))


def _opened(folder: Path) -> LocalEmbedder:
    return LocalEmbedder(folder, name=folder.name, languages=("*",), dtype="float32", device="cpu", made=folder)


@pytest.fixture
def office(place: Place) -> Place:
    """A few notes, and an embedder that follows the catalog as the services do."""
    made = filled(place)
    made.ingest()
    return made


def filled(place: Place) -> Place:
    store = replace(place.store, embedder=FollowingEmbedder(place.store.catalog, place.settings))
    pipeline = Pipeline(place.settings, store.indexes, store.originals, store.embedder, place.pipeline.sandbox)
    made = Place(settings=place.settings, store=store, pipeline=pipeline)
    for number, text in enumerate(NOTES):
        made.write(f"everyone/note {number}.md", text)
    return made


def moved(office: Place, other: LocalEmbedder) -> int:
    return switch(office.store.indexes, other, ingesting=nullcontext)


def vectors(office: Place) -> dict[str, Vector]:
    """Of every chunk, as retrieval compares them."""
    labels = office.store.catalog.labels_of(["everyone"])
    ids = [row.chunk.id for rows in office.store.catalog.index_rows() for row in rows]
    return {name: found.vector for name, found in office.store.catalog.candidates(ids, labels=labels).items()}


def kept_beside(office: Place) -> int:
    with office.store.database.read() as connection:
        return connection.execute(select(func.count()).select_from(embeddings)).scalar_one()


def test_questions_are_answered_by_the_old_model_until_the_switch_and_by_the_new_one_after(
    office: Place, other: LocalEmbedder
) -> None:
    engine = Engine(office.store)
    old = office.store.catalog.fact(EMBEDDER)
    seen: list[str] = []

    @contextmanager
    def ingesting() -> Iterator[None]:
        assert kept_beside(office) == 5  # all are made before ingestion has to wait
        seen.append(office.store.embedder.name)
        assert len(engine.search("the number of the house", groups=["everyone"])) == 5
        yield

    assert switch(office.store.indexes, other, ingesting=ingesting) == 5
    assert seen == ["all-MiniLM-L6-v2"]
    assert office.store.embedder.name == "tiny"  # followed, in a process that knew nothing of it
    assert office.store.catalog.fact(EMBEDDER) == other.model != old
    assert {vector.shape for vector in vectors(office).values()} == {(32,)}
    assert len(engine.search("the number of the house", groups=["everyone"])) == 5
    assert len(office.found("the number of the house", "everyone")) == 5
    assert office.store.indexes.check().ok


def test_the_way_back_needs_only_what_came_since(office: Place, other: LocalEmbedder) -> None:
    before = vectors(office)
    old = LocalEmbedder.from_settings(office.settings)
    moved(office, other)
    office.write("everyone/new.md", "# New\n\nThis came after the switch.")
    office.ingest()
    assert {vector.shape for vector in vectors(office).values()} == {(32,)}
    assert moved(office, old) == 1
    after = vectors(office)
    assert all(after[name].tolist() == vector.tolist() for name, vector in before.items())
    assert {vector.shape for vector in after.values()} == {(384,)}
    assert len(office.found("the number of the house", "everyone")) == 6
    assert office.store.indexes.check().ok


def test_vectors_made_beside_go_with_what_they_were_made_of(office: Place, other: LocalEmbedder) -> None:
    moved(office, other)
    gone = office.store.catalog.documents(labels=None)[0]
    office.store.catalog.delete_documents([gone.id])
    scrub(office.store.indexes, office.store.originals)
    assert kept_beside(office) == 4
    assert office.store.indexes.check().ok


def test_once_confirmed_the_old_vectors_are_gone(office: Place, other: LocalEmbedder) -> None:
    moved(office, other)
    new = vectors(office)
    assert confirm(office.store.indexes, ingesting=nullcontext) == 5
    assert kept_beside(office) == 0
    assert all(vectors(office)[name].tolist() == vector.tolist() for name, vector in new.items())
    assert moved(office, other) == 0  # each knows now which model its vector is by
    with pytest.raises(ModelError, match="no switch"):
        confirm(office.store.indexes, ingesting=nullcontext)


KILLED = """
import os, signal, sys
from contextlib import nullcontext
from pathlib import Path
from ingest import reembed
from storage.embedder import LocalEmbedder
from storage.settings import load_settings
from storage.store import open_store

data, model, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
reembed.BATCH = 2
batches = []

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(LocalEmbedder):
    def encode_documents(self, texts):
        if moment == "embedding" and len(batches) == 2:
            die()
        batches.append(texts)
        return super().encode_documents(texts)

with open_store(load_settings(data)) as store:
    if moment == "switching":
        store.indexes.catalog.switch_model = die
    other = Dying(model, name=model.name, languages=("*",), dtype="float32", device="cpu", made=model)
    reembed.switch(store.indexes, other, ingesting=nullcontext)
"""


def test_what_a_kill_interrupts_goes_on_where_it_was(
    place_at: Callable[..., Place], other: LocalEmbedder, tmp_path: Path
) -> None:
    """While vectors are made, and with the new index whole beside the old: nothing of it counts before the switch."""
    for moment, left in (("embedding", 4), ("switching", 5)):
        office = filled(place_at(tmp_path / "data"))
        office.ingest()
        old = office.store.catalog.fact(EMBEDDER)
        place_at(tmp_path / "elsewhere")  # the data folder is closed
        program = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(other.directory), moment]
        assert subprocess.run(program, check=False, timeout=200).returncode == -signal.SIGKILL
        office = filled(place_at(tmp_path / "data"))
        assert kept_beside(office) == left
        assert office.store.catalog.fact(EMBEDDER) == old
        assert office.store.embedder.name == "all-MiniLM-L6-v2"
        assert len(office.found("the number of the house", "everyone")) == 5
    assert moved(office, other) == 0  # all vectors are there
    assert office.store.embedder.name == "tiny"
    assert {vector.shape for vector in vectors(office).values()} == {(32,)}
    assert len(office.found("the number of the house", "everyone")) == 5
    assert office.store.indexes.check().ok
    assert len(list(office.store.folder.matrix.iterdir())) == 1  # the index that was never switched to is gone


def test_a_model_that_reads_less_than_the_chunks_is_refused(office: Place, tmp_path: Path) -> None:
    office.write("everyone/long.md", "# Long\n\n" + "A sentence of eight words stands here again. " * 10)
    office.ingest()
    short = _opened(tiny_embedder.make(tmp_path / "short", tokens=40))
    with pytest.raises(ModelError, match="reads 38 tokens"):
        moved(office, short)
    assert office.store.embedder.name == "all-MiniLM-L6-v2"
    assert office.store.indexes.check().ok


def test_the_settings_may_name_the_new_model_before_the_switch(
    office: Place, other: LocalEmbedder, place_at: Callable[..., Place]
) -> None:
    catalog = office.store.catalog
    wanted = load_settings(office.settings.data, embedder=other.directory)
    following = FollowingEmbedder(catalog, wanted)
    assert following.name == "all-MiniLM-L6-v2"  # goes on answering
    moved(office, other)
    assert following.name == "tiny"
    assert FollowingEmbedder(catalog, office.settings).name == "tiny"  # the settings still name the old one
    assert catalog.fact(PREVIOUS)
    catalog.set_fact(EMBEDDER, "gone 0123")
    with pytest.raises(EmbedderMismatch, match="reindex --embed"):
        FollowingEmbedder(catalog, wanted)
