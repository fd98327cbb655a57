"""Putting passages in order by reading each with the question: a cross-encoder in a local directory, or a server's.

Scores from 0 to 1, or none when it takes too long or fails: whoever asks keeps the order they have. Knows no index. The
only owner of sentence-transformers besides storage/embedder.py. (Its CrossEncoder directly: llama-index's wrapper is a
package of its own, and gives neither batches that can be stopped nor Qwen3's template.)
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import httpx

from storage.errors import ModelError, ServiceError
from storage.settings import Settings

log = logging.getLogger("premise.rerank")

BATCH = 8  # pairs between two looks at the clock
REST_SECONDS = 15  # after a failure a server is left alone for so long
SLOW = "Putting the passages in order took too long; they stand as meaning and words found them."
FAILED = "The reranker does not answer at the moment; the passages stand as meaning and words found them."

# Qwen3-Reranker's own prompt, from its model card; without it the model's scores mean nothing
_INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
_BEFORE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
_AFTER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
_CONTENT = "(message.content if message.content is string else message.content[0].text)"
_TEMPLATE = (
    _BEFORE
    + "<Instruct>: "
    + _INSTRUCTION
    + "\n{% for message in messages %}{% if message.role == 'query' %}<Query>: {{ "
    + _CONTENT
    + " }}\n{% elif message.role == 'document' %}<Document>: {{ "
    + _CONTENT
    + " }}{% endif %}{% endfor %}"
    + _AFTER
)


class TooSlow(ServiceError):
    """The passages were not put in order in the time that was given."""


class Reranker(Protocol):
    """What retrieval knows of a reranker."""

    passages: int  # how many it wants at most

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers, 0 to 1. Raises: TooSlow, ServiceError."""


def open_reranker(settings: Settings) -> Reranker | None:
    """The configured one. Raises: ModelError, SettingError."""
    if settings.reranker is not None:
        return LocalReranker(settings)
    return ServedReranker(settings) if settings.reranker_url is not None else None


class LocalReranker:
    """A cross-encoder in this process: one question at a time, and whoever waits too long goes without."""

    def __init__(self, settings: Settings) -> None:
        self.passages = settings.rerank_passages
        self._seconds = settings.rerank_seconds
        self._settings = settings
        self._directory = Path(str(settings.reranker))
        self._loading = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="rerank")
        if not (self._directory / "config.json").is_file():
            raise ModelError(f"reranker: {self._directory} is no model directory (it has no config.json).")

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """See Reranker. Loading the model, once, does not count as time."""
        with self._loading:
            model = self._model
        stop = threading.Event()
        work: Future[list[float]] = self._pool.submit(_predict, model, question, list(passages), stop)
        try:
            return work.result(self._seconds)
        except TimeoutError as error:
            stop.set()
            work.cancel()
            raise TooSlow(SLOW) from error
        except (RuntimeError, ValueError, IndexError) as error:
            raise ServiceError(f"reranker: {self._directory} fails: {error}") from error

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder

        dtype, device = self._settings.embedder_dtype, self._settings.embedder_device
        try:
            return CrossEncoder(
                str(self._directory),
                device=None if device == "auto" else device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": "auto" if dtype == "int8" else dtype, "use_safetensors": True},
                processor_kwargs={"chat_template": _TEMPLATE} if self._needs_template() else None,
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(f"reranker: {self._directory} cannot be loaded: {error}") from error

    def _needs_template(self) -> bool:
        """Whether it is a generative model such as Qwen3-Reranker, whose own template does not know of documents."""
        config = json.loads((self._directory / "config.json").read_text(encoding="utf-8"))
        if not any(name.endswith("ForCausalLM") for name in config.get("architectures") or ()):
            return False
        own = [self._directory / "chat_template.jinja", self._directory / "tokenizer_config.json"]
        return not any(file.is_file() and "<Document>" in file.read_text(encoding="utf-8") for file in own)


def _predict(model: Any, question: str, passages: list[str], stop: threading.Event) -> list[float]:
    import numpy as np

    scores: list[float] = []
    for start in range(0, len(passages), BATCH):
        if stop.is_set():
            return []
        pairs = [(question, text) for text in passages[start : start + BATCH]]
        scores += np.asarray(model.predict(pairs, batch_size=BATCH, show_progress_bar=False), dtype=float).tolist()
    return _to_unit(scores)


class ServedReranker:
    """A server that speaks /v1/rerank, as vLLM does. Reaches the configured address and no other."""

    def __init__(self, settings: Settings) -> None:
        self.passages = settings.rerank_passages
        self._settings = settings
        self._url = str(settings.reranker_url)
        self._rest_until = 0.0
        self._name: str | None = settings.reranker_model
        self._key = settings.reranker_key()

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """See Reranker."""
        if monotonic() < self._rest_until:
            raise ServiceError(FAILED)
        until = monotonic() + self._settings.rerank_seconds
        try:
            with self._client() as client:
                if self._name is None:
                    self._name = str(self._read(client, "GET", "models", until)["data"][0]["id"])
                query, documents = self._dressed(question, passages)
                body = {"model": self._name, "query": query, "documents": documents}
                return _in_order(self._read(client, "POST", "rerank", until, body), len(passages))
        except httpx.TimeoutException as error:
            self._rest_until = monotonic() + REST_SECONDS
            raise TooSlow(SLOW) from error
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
            self._rest_until = monotonic() + REST_SECONDS
            log.warning("The reranker at %s failed: %s", self._url, error)
            raise ServiceError(FAILED) from error

    def _client(self) -> httpx.Client:
        return httpx.Client(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=self._settings.rerank_seconds,
            trust_env=False,
            follow_redirects=False,
        )

    def _read(
        self, client: httpx.Client, method: str, what: str, until: float, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The server's answer, piece by piece, so that one that trickles is noticed too."""
        with client.stream(method, f"{self._url}/{what}", json=body) as answer:
            answer.raise_for_status()
            pieces = []
            for piece in answer.iter_bytes():
                if monotonic() > until:
                    raise httpx.ReadTimeout("the scores take too long")
                pieces.append(piece)
        return dict(json.loads(b"".join(pieces)))

    def _dressed(self, question: str, passages: Sequence[str]) -> tuple[str, list[str]]:
        if self._settings.reranker_template != "qwen3":
            return question, list(passages)
        query = f"{_BEFORE}<Instruct>: {_INSTRUCTION}\n<Query>: {question}\n"
        return query, [f"<Document>: {text}{_AFTER}" for text in passages]


def _in_order(answer: dict[str, Any], count: int) -> list[float]:
    """The scores in the order of the passages. Raises: ValueError when one is missing."""
    found = {int(item["index"]): float(item["relevance_score"]) for item in answer["results"]}
    if set(found) != set(range(count)):
        raise ValueError(f"the server scored {len(found)} of {count} passages")
    return _to_unit([found[index] for index in range(count)])


def _to_unit(scores: list[float]) -> list[float]:
    """Models give probabilities or logits; logits, told by any that is no probability, become probabilities.

    Raises: ValueError for what is no number.
    """
    if not all(math.isfinite(score) for score in scores):
        raise ValueError("a score is no number")
    if all(0.0 <= score <= 1.0 for score in scores):
        return scores
    return [1 / (1 + math.exp(-max(-60.0, min(60.0, score)))) for score in scores]
