"""Chunks that wait to be embedded: batches filled across documents, small documents first, equal text once.

A batch is what the embedder is given at once; it sorts it by length. A document is finished when all of its chunks have
vectors, so a small one that comes late does not wait for a large one. Vectors of a large one are kept in the catalog as
they come, so that a crash costs one batch and not all of them. Knows no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

import numpy as np

from ingest.chunk import embedding_text
from storage.catalog import Catalog, Vector
from storage.embedder import Embedder
from storage.records import Chunk

BATCH = 256  # chunks embedded at once; more sort better and hold a small new document up for longer
LARGE = 4 * BATCH  # a document of more chunks takes a while

Item = TypeVar("Item")


def vector_key(model: str, text: str) -> str:
    """What names a vector: the model that made it, and of which text."""
    return sha256(f"{model}\n{text}".encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Embedded(Generic[Item]):
    """A document with its vectors."""

    item: Item
    keys: list[str]  # of each chunk: what its vector was made of, and by which model
    vectors: Vector  # (chunks, dimension)


@dataclass(kw_only=True)
class _Waiting(Generic[Item]):
    item: Item
    document: str
    keys: list[str]
    texts: dict[str, str]  # by key: what has no vector yet
    have: dict[str, Vector]


class Batches(Generic[Item]):
    """Documents on their way through the embedder. One thread."""

    def __init__(self, embedder: Embedder, catalog: Catalog) -> None:
        self._embedder = embedder
        self._catalog = catalog
        self._waiting: list[_Waiting[Item]] = []

    @property
    def chunks(self) -> int:
        """How many chunks wait."""
        return sum(len(waiting.texts) for waiting in self._waiting)

    @property
    def chunks_of_small(self) -> int:
        """How many chunks of documents that are not large wait."""
        return sum(len(waiting.texts) for waiting in self._waiting if len(waiting.keys) <= LARGE)

    @property
    def large(self) -> int:
        """How many large documents wait."""
        return sum(len(waiting.keys) > LARGE for waiting in self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, item: Item, pieces: Sequence[Chunk], *, document: str = "") -> None:
        """A document, by its id where it is on its way. Text that was embedded before has its vector in the catalog."""
        texts = [embedding_text(piece) for piece in pieces]
        model = f"{self._embedder.name} {self._embedder.revision}"
        keys = [vector_key(model, text) for text in texts]
        have = self._catalog.vectors_of(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in have}
        self._waiting.append(_Waiting(item=item, document=document, keys=keys, texts=missing, have=have))

    def step(self) -> list[Embedded[Item]]:
        """Embed one batch, of the documents that miss the least first. Returns those that are whole now."""
        self._waiting.sort(key=lambda waiting: len(waiting.texts))
        batch: dict[str, str] = {}
        for waiting in self._waiting:
            for key, text in waiting.texts.items():
                if len(batch) == BATCH:
                    break
                batch[key] = text
        made = dict(zip(batch, self._embedder.encode_documents(list(batch.values())), strict=True)) if batch else {}
        for waiting in self._waiting:
            for key in made.keys() & waiting.texts.keys():
                waiting.have[key] = made[key]
                del waiting.texts[key]
        whole = [waiting for waiting in self._waiting if not waiting.texts]
        self._waiting = [waiting for waiting in self._waiting if waiting.texts]
        large = [waiting for waiting in self._waiting if len(waiting.keys) > LARGE]
        early = {key: (one.document, made[key]) for one in large for key in made.keys() & one.have.keys()}
        if early:
            self._catalog.keep_early(early)
        return [self._embedded(waiting) for waiting in whole]

    def _embedded(self, waiting: _Waiting[Item]) -> Embedded[Item]:
        vectors = np.zeros((len(waiting.keys), self._embedder.dimension), dtype=np.float32)
        for row, key in enumerate(waiting.keys):
            vectors[row] = waiting.have[key]
        return Embedded(item=waiting.item, keys=waiting.keys, vectors=vectors)
