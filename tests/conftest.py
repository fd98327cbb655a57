"""What most tests need: the real embedder, a real data folder with Chroma in process, the real pipeline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place

from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.embedder import Embedder, LocalEmbedder
from storage.settings import Settings, load_settings
from storage.store import open_store


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
