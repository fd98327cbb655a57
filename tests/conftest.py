"""What most tests need: the real embedder, a real data folder with Chroma in process, the real pipeline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.catalog import Source
from storage.embedder import Embedder, LocalEmbedder
from storage.settings import Settings, load_settings
from storage.store import Store, open_store


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings must not decide a test."""
    for name in list(os.environ):
        if name.startswith("PREMISE_") and name != "PREMISE_EVAL_DIR":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The bundled model, loaded once."""
    return LocalEmbedder.from_settings(Settings())


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One parsing child for the whole run; it is replaced when a test breaks it."""
    with Sandbox(ParseLimits()) as made:
        yield made


@dataclass
class Place:
    """A data folder with its inbox, and short ways to use them."""

    settings: Settings
    store: Store
    pipeline: Pipeline

    @property
    def inbox(self) -> Path:
        return self.settings.inbox_folder

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.inbox / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def source(self) -> Source:
        return self.store.catalog.source(str(self.inbox), None)

    def ingest(self) -> None:
        source = self.source()
        self.pipeline.reconcile(source)
        self.pipeline.work([self.source()])

    def found(self, question: str, *groups: str) -> list[str]:
        """Paths that both legs find for a person of these groups, after the catalog's check."""
        labels = self.store.catalog.labels_of(groups)
        vector = self.store.embedder.encode_questions([question])[0]
        hits = self.store.indexes.search_keywords(question, labels=labels, k=20)
        hits += self.store.indexes.search_vectors(vector, labels=labels, k=20)
        chunks = self.store.catalog.chunks_by_id([hit.id for hit in hits], labels=labels)
        return sorted({chunk.path for chunk in chunks.values()})

    def states(self) -> dict[str, str]:
        return {
            document.path: document.code or document.state.value
            for document in self.store.catalog.documents(labels=None)
        }


@pytest.fixture
def place_at(embedder: Embedder, sandbox: Sandbox) -> Iterator[Callable[..., Place]]:
    """Makes a Place in a folder; several opens of one folder follow each other as restarts do."""
    with ExitStack() as closing:

        def make(data: Path, **settings: object) -> Place:
            closing.pop_all().close()  # the one before has stopped
            made = load_settings(data, settle_seconds=0.0, **settings)
            made.inbox_folder.mkdir(parents=True, exist_ok=True)
            store = replace(closing.enter_context(open_store(made)), embedder=embedder)
            pipeline = Pipeline(made, store.indexes, store.originals, embedder, sandbox)
            return Place(settings=made, store=store, pipeline=pipeline)

        yield make


@pytest.fixture
def place(place_at: Callable[..., Place], tmp_path: Path) -> Place:
    """A new, empty data folder."""
    return place_at(tmp_path / "data")
