"""The embedding model as questions use it: where a server computes it and does not answer, they go on by their words.

Vectors of nothing but zeros stand for that; whoever compares meanings then finds all of them equally far. Ingestion
does not use this: there a vector is kept, so it waits for the server instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic

import numpy as np

from storage.catalog import Vector
from storage.embedder import Embedder
from storage.errors import ServiceError

PAUSE = 10.0  # seconds before a server that failed is asked again: an answer asks several times, each to its time-out

log = logging.getLogger("premise.search")


class SteadfastEmbedder:
    """An embedder that never fails because its server does. Safe to use from many threads."""

    def __init__(self, embedder: Embedder, clock: Callable[[], float] = monotonic) -> None:
        self._embedder = embedder
        self._clock = clock
        self._again = -np.inf  # when it may be asked again

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def revision(self) -> str:
        return self._embedder.revision

    @property
    def languages(self) -> tuple[str, ...]:
        """What it knows at the moment: nothing while its server does not answer."""
        return self._embedder.languages if self._clock() >= self._again else ()

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        return self._embedder.max_tokens

    def encode_documents(self, texts: Sequence[str]) -> Vector:
        """As Embedder; zeros while the server does not answer."""
        return self._or_nothing(self._embedder.encode_documents, texts)

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        """As Embedder; zeros while the server does not answer."""
        return self._or_nothing(self._embedder.encode_questions, texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As Embedder: the tokenizer is always here."""
        return self._embedder.count_tokens(texts)

    def _or_nothing(self, encode: Callable[[Sequence[str]], Vector], texts: Sequence[str]) -> Vector:
        if self._clock() >= self._again:
            try:
                return encode(texts)
            except ServiceError as error:
                self._again = self._clock() + PAUSE
                log.warning("%s Passages are found by words alone.", error)
        return np.zeros((len(texts), self.dimension), dtype=np.float32)


def unit(vector: Vector) -> Vector:
    """The vector at length one; one of zeros as it is."""
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
