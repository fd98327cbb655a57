"""A data folder with its inbox, as most tests use it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.pipeline import Pipeline
from storage.catalog import Source
from storage.settings import Settings
from storage.store import Store


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
