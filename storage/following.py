"""The embedding model in use, followed: when the catalog switches to another, so does every process that asks.

The settings say which model is wanted; until `premise reindex --embed` has made its vectors, the one that made those
in use goes on. Knows where the catalog says that one lies.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from storage.catalog import EMBEDDER, Catalog, Vector
from storage.catalog.facts import EMBEDDER_AT
from storage.embedder import Embedder, LocalEmbedder
from storage.errors import EmbedderMismatch, ModelError
from storage.settings import Settings

log = logging.getLogger("premise.embedder")


class FollowingEmbedder:
    """An Embedder that is always the one in use. Whatever begins a piece of work looks whether it still is."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._wanted = LocalEmbedder.from_settings(settings)
        self._lock = threading.Lock()
        self._in_use: LocalEmbedder = self._found(catalog.fact(EMBEDDER))

    def _found(self, model: str | None) -> LocalEmbedder:
        """The model of this name. Raises: EmbedderMismatch when it is not where it was."""
        at = self._catalog.fact(EMBEDDER_AT)
        if model is None or model == self._wanted.model:
            if at != self._wanted.at():
                self._catalog.set_fact(EMBEDDER_AT, self._wanted.at())
            return self._wanted
        try:
            found = LocalEmbedder.from_place(at, self._settings) if at else None
        except ModelError:
            found = None
        if found is None or found.model != model:
            self._catalog.check_embedder(self._wanted.name, self._wanted.revision)
            raise EmbedderMismatch(f"The embedding model {model} is not where it was.")
        log.warning(
            "The settings name the embedding model %s; the index was made with %s, which goes on answering. "
            "`premise reindex --embed` makes the vectors of the new one.",
            self._wanted.model,
            model,
        )
        return found

    def _looked(self) -> Embedder:
        """The one in use at this moment."""
        model = self._catalog.fact(EMBEDDER)
        if model is not None and model != self._in_use.model:
            with self._lock:
                if model != self._in_use.model:
                    self._in_use = self._found(model)
        return self._in_use

    @property
    def name(self) -> str:
        return self._looked().name

    @property
    def revision(self) -> str:
        return self._looked().revision

    @property
    def languages(self) -> tuple[str, ...]:
        return self._in_use.languages

    @property
    def dimension(self) -> int:
        return self._in_use.dimension

    @property
    def max_tokens(self) -> int:
        return self._in_use.max_tokens

    def encode_documents(self, texts: Sequence[str]) -> Vector:
        """See Embedder."""
        return self._in_use.encode_documents(texts)

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        """See Embedder."""
        return self._looked().encode_questions(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See Embedder."""
        return self._in_use.count_tokens(texts)
