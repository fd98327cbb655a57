"""An embedding model that a server computes, such as vLLM's /v1/embeddings: texts to vectors over the wire.

Several servers that serve the same model may be named: when one fails the next is asked, and kept. Reaches the
configured addresses and no other. Knows no tokenizer, no prompt and no limit of the model: storage/embedder.py does.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from storage import unreachable
from storage.catalog import Vector
from storage.errors import ServiceError

CONNECT_SECONDS = 2.0
READ_SECONDS = 120.0  # for one request; a batch takes a processor so long at the worst
TEXTS = 64  # in one request

log = logging.getLogger("premise.embedder")


class EmbeddingServer:
    """Safe to use from many threads."""

    def __init__(self, urls: Sequence[str], model: str, key: str | None) -> None:
        """`urls`: each ending in /v1. `model`: its name there."""
        self._urls = tuple(urls)
        self._model = model
        self._first = 0  # which of them answered last
        self._lock = threading.Lock()
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
            follow_redirects=False,
        )
        weakref.finalize(
            self, self._client.close
        )  # connections are kept between questions, and nobody closes an embedder

    def vectors(self, texts: Sequence[str]) -> Vector:
        """(len(texts), dimension), float32, as the server made them. Raises: ServiceError."""
        parts = [self._asked(texts[start : start + TEXTS]) for start in range(0, len(texts), TEXTS)]
        try:
            return np.concatenate(parts)
        except ValueError as error:
            raise ServiceError(f"embedder_url: {self._model} gave vectors of several lengths.") from error

    def _asked(self, texts: Sequence[str]) -> Vector:
        with self._lock:
            first = self._first
        failure: ServiceError | None = None
        for step in range(len(self._urls)):
            number = (first + step) % len(self._urls)
            try:
                found = self._one(self._urls[number], texts)
            except ServiceError as error:
                log.warning("%s", error)
                failure = failure or error
                continue
            with self._lock:
                self._first = number
            return found
        raise failure or ServiceError("embedder_url names no server.")

    def _one(self, url: str, texts: Sequence[str]) -> Vector:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        try:
            answer = self._client.post(f"{url}/embeddings", json=body)
            if answer.status_code != httpx.codes.OK:
                raise ServiceError(
                    f"The embedding server at {url} refuses {self._model} (status {answer.status_code}: "
                    f"{answer.text[:200].strip()}). See embedder_model, embedder_api_key_file and the server's log."
                )
            return _in_order(answer.json(), len(texts))
        except httpx.HTTPError as error:
            raise ServiceError(
                f"The embedding server at {url} does not answer. {unreachable.in_words(error, url, 'embedder_url')}"
            ) from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ServiceError(
                f"The embedding server at {url} answers what is no list of vectors ({error})."
            ) from error


def _in_order(answer: dict[str, Any], count: int) -> Vector:
    """The vectors in the order of the texts. Raises: ValueError when one is missing, or holds what is no number."""
    found = {int(item["index"]): item["embedding"] for item in answer["data"]}
    if set(found) != set(range(count)):
        raise ValueError(f"{len(found)} vectors for {count} texts")
    vectors: Vector = np.array([found[index] for index in range(count)], dtype=np.float32)
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("a vector holds what is no number")
    return vectors
