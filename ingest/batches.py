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
    pieces: Sequence[Chunk]
    keys: list[str]
    missing: dict[str, list[int]]  # by key: the chunks that have no vector yet
    vectors: Vector  # those of the others


class Batches(Generic[Item]):
    """Documents on their way through the embedder. One thread."""

    def __init__(self, embedder: Embedder, catalog: Catalog) -> None:
        self._embedder = embedder
        self._catalog = catalog
        self._waiting: list[_Waiting[Item]] = []

    @property
    def chunks(self) -> int:
        """How many chunks wait."""
        return sum(len(waiting.missing) for waiting in self._waiting)

    @property
    def chunks_of_small(self) -> int:
        """How many chunks of documents that are not large wait."""
        return sum(len(waiting.missing) for waiting in self._waiting if len(waiting.keys) <= LARGE)

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
        model = f"{self._embedder.name} {self._embedder.revision}"
        keys = [vector_key(model, embedding_text(piece)) for piece in pieces]
        vectors = np.zeros((len(keys), self._embedder.dimension), dtype=np.float32)
        missing: dict[str, list[int]] = {}
        for start in range(0, len(keys), LARGE):
            some = keys[start : start + LARGE]
            have = self._catalog.vectors_of(some)
            for row, key in enumerate(some, start):
                if key in have:
                    vectors[row] = have[key]
                else:
                    missing.setdefault(key, []).append(row)
        self._waiting.append(
            _Waiting(item=item, document=document, pieces=pieces, keys=keys, missing=missing, vectors=vectors)
        )

    def step(self) -> list[Embedded[Item]]:
        """Embed one batch, of the documents that miss the least first. Returns those that are whole now."""
        self._waiting.sort(key=lambda waiting: len(waiting.missing))
        batch: dict[str, str] = {}
        for waiting in self._waiting:
            for key, rows in waiting.missing.items():
                if len(batch) == BATCH:
                    break
                batch[key] = embedding_text(waiting.pieces[rows[0]])
        made = dict(zip(batch, self._embedder.encode_documents(list(batch.values())), strict=True)) if batch else {}
        early: dict[str, tuple[str, Vector]] = {}
        for waiting in self._waiting:
            for key in made.keys() & waiting.missing.keys():
                waiting.vectors[waiting.missing.pop(key)] = made[key]
                if len(waiting.keys) > LARGE:
                    early[key] = waiting.document, made[key]
        whole = [waiting for waiting in self._waiting if not waiting.missing]
        self._waiting = [waiting for waiting in self._waiting if waiting.missing]
        if early:
            self._catalog.keep_early(early)
        return [Embedded(item=waiting.item, keys=waiting.keys, vectors=waiting.vectors) for waiting in whole]
