"""The embedding model as questions use it: where a server computes it and does not answer, they go on by their words.

Vectors of nothing but zeros stand for that; whoever compares meanings then finds all of them equally far. Ingestion
does not use this: there a vector is kept, so it waits for the server instead.

The sentences of passages are embedded here to judge them, which is most of what an answer costs. Other questions lead
to the same passages, and a question is embedded to search and again to judge what was found, so the last vectors are
remembered, by hashes of the text.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Lock
from time import monotonic

import numpy as np

from storage import recollection
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.errors import ServiceError

PAUSE = 10.0  # seconds before a server that failed is asked again: an answer asks several times, each to its time-out

REMEMBERED = 20_000  # vectors of sentences, words and questions: 30 MB of 384 numbers each

log = logging.getLogger("premise.search")


class SteadfastEmbedder:
    """An embedder that never fails because its server does. Safe to use from many threads."""

    def __init__(self, embedder: Embedder, clock: Callable[[], float] = monotonic) -> None:
        self._embedder = embedder
        self._clock = clock
        self._again = -np.inf  # when it may be asked again
        self._lock = Lock()
        self._remembered: OrderedDict[bytes, Vector] = OrderedDict()  # the last used at the end
        recollection.keep(self.let_go)

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
        return self._recalled("document", self._embedder.encode_documents, texts)

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        """As Embedder; zeros while the server does not answer."""
        return self._recalled("question", self._embedder.encode_questions, texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As Embedder: the tokenizer is always here."""
        return self._embedder.count_tokens(texts)

    def let_go(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._remembered.clear()

    def _recalled(self, kind: str, encode: Callable[[Sequence[str]], Vector], texts: Sequence[str]) -> Vector:
        """The vectors of these texts, embedded as one kind: those that are remembered, and the others by `encode`."""
        model = f"{self.name} {self.revision}"
        keys = [sha256(f"{model}\n{kind}\n{text}".encode()).digest() for text in texts]
        with self._lock:
            known = {key: self._remembered[key] for key in keys if key in self._remembered}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        made = self._or_nothing(encode, list(missing.values())) if missing else ()
        if f"{self.name} {self.revision}" != model:  # switched meanwhile: these vectors are not all of one model
            return self._or_nothing(encode, texts)
        known |= zip(missing, made, strict=True)
        with self._lock:
            for key in keys:
                if known[key].any():  # else it is not known
                    self._remembered[key] = known[key]
                    self._remembered.move_to_end(key)
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return np.array([known[key] for key in keys], dtype=np.float32).reshape(len(keys), self.dimension)

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
