"""The language model: a server on the premises that speaks OpenAI's protocol. The only owner of llama-index's client.

Messages in, pieces of text out. Knows no question and no document. Reaches the configured address and no other: no
proxy of the environment, no redirects. Makes no connection before it is asked something.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any

import httpx

from app.records import Turn
from storage.errors import ServiceError
from storage.settings import Settings

REST_SECONDS = 15  # after a failure the server is left alone for so long, so that questions are not slowed
UNKNOWN_CONTEXT = 8192  # tokens, where neither settings nor server say
TEMPERATURE = 0.0  # the same question gets the same answer
OUR_FAULT = frozenset({400, 413, 422})  # the server is well, the request was not


@dataclass(frozen=True, kw_only=True)
class Model:
    """What the server serves."""

    name: str
    context: int  # tokens of prompt and answer together


class LanguageModel:
    """Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        if settings.llm_url is None:
            raise ValueError("a language model needs llm_url")  # the client's own default is an address on the internet
        self._settings = settings
        self._url = settings.llm_url
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._rest_until = 0.0

    def available(self) -> bool:
        """Whether the server answers now: for status pages. Takes as long as a connection may take, at most."""
        try:
            with self._client(self._settings.llm_connect_seconds) as client:
                self._ask_model(client)
        except ServiceError:
            self._failed()
            return False
        self._rest_until = 0.0
        return True

    def resting(self) -> bool:
        """Whether the server failed so recently that it is not tried."""
        return monotonic() < self._rest_until

    def model(self) -> Model:
        """Name and context, asked once. Raises: ServiceError."""
        with self._lock:
            if self._model is None:
                self._refuse_while_resting()
                try:
                    with self._client(self._settings.llm_first_token_seconds) as client:
                        self._model = self._ask_model(client)
                except ServiceError:
                    self._failed()
                    raise
            return self._model

    def prepare(self) -> None:
        """Import the client, which takes seconds, before the first question does."""
        _imports()

    def stream(self, messages: Sequence[Turn], *, answer_tokens: int) -> Iterator[str]:
        """Pieces of the answer as they come; closing the iterator ends the request.

        Raises: ServiceError, at the first piece or later: refused, too slow, an error, or broken off.
        """
        model = self.model()
        self._refuse_while_resting()
        deadline = _Deadline(self._settings.llm_first_token_seconds)
        try:
            # a client per answer: nothing of one answer's time limit can reach another's
            with self._client(self._settings.llm_first_token_seconds, deadline) as client:
                yield from self._pieces(client, model, messages, answer_tokens, deadline)
        except ServiceError:
            self._failed()
            raise
        except _failures() as error:
            if getattr(error, "status_code", None) not in OUR_FAULT:
                self._failed()
            raise ServiceError(self._in_words(error)) from error

    def _pieces(
        self, client: httpx.Client, model: Model, messages: Sequence[Turn], answer_tokens: int, deadline: _Deadline
    ) -> Iterator[str]:
        chat_message, open_ai_like = _imports()
        llm = open_ai_like(
            model=model.name,
            api_base=self._url,
            api_key=self._settings.llm_key() or "none",
            is_chat_model=True,
            context_window=model.context,
            max_tokens=answer_tokens,
            temperature=TEMPERATURE,
            max_retries=0,
            timeout=self._settings.llm_first_token_seconds,
            http_client=client,
        )
        finished = None
        for part in llm.stream_chat([chat_message(role=turn.role, content=turn.content) for turn in messages]):
            if part.raw.choices:
                finished = part.raw.choices[0].finish_reason or finished
            if part.delta:
                deadline.extend(self._settings.llm_total_seconds)
                yield part.delta
        if finished is None:
            raise ServiceError("The language model broke off its answer.")

    def _client(self, read: float, deadline: _Deadline | None = None) -> httpx.Client:
        return httpx.Client(
            timeout=httpx.Timeout(read, connect=self._settings.llm_connect_seconds),
            transport=_TimedTransport(self._tls, self._settings.llm_connect_seconds, deadline),
            trust_env=False,
            follow_redirects=False,
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # the system's authorities, where a company's own one is

    def _ask_model(self, client: httpx.Client) -> Model:
        key = self._settings.llm_key()
        try:
            answer = client.get(f"{self._url}/models", headers={"Authorization": f"Bearer {key}"} if key else {})
            answer.raise_for_status()
            served = answer.json()["data"]
            wanted = self._settings.llm_model
            entry: dict[str, Any] = next((item for item in served if wanted in (None, item["id"])), {})
            name = wanted or entry["id"]
            said = entry.get("max_model_len") or (entry.get("meta") or {}).get("n_ctx_train")  # vLLM, llama.cpp
        except httpx.HTTPError as error:
            raise ServiceError(self._in_words(error)) from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ServiceError(f"The language model server at {self._url} names no model. Set llm_model.") from error
        return Model(name=name, context=self._settings.llm_context or int(said or UNKNOWN_CONTEXT))

    def _refuse_while_resting(self) -> None:
        if self.resting():
            raise ServiceError(f"The language model server at {self._url} failed a moment ago and is left alone.")

    def _failed(self) -> None:
        self._rest_until = monotonic() + REST_SECONDS

    def _in_words(self, error: Exception) -> str:
        status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
        if status in (401, 403):
            return f"The language model server at {self._url} refused the key. Check llm_api_key_file."
        if status == 404:
            return f"The language model server at {self._url} knows no such model. Check llm_url and llm_model."
        if status is not None:
            return f"The language model server at {self._url} answered with status {status}."
        cause = error.__cause__ if type(error).__module__.startswith("openai") and error.__cause__ else error
        if isinstance(cause, httpx.TimeoutException):
            return f"The language model server at {self._url} is too slow."
        return f"The language model server at {self._url} does not answer ({type(cause).__name__})."


class _Deadline:
    """The moment by which something has to have come: first the first piece, then the whole answer."""

    def __init__(self, first_seconds: float) -> None:
        self._started = monotonic()
        self._at = self._started + first_seconds

    def extend(self, total_seconds: float) -> None:
        """The first piece is there: the limit is now that of the whole."""
        self._at = self._started + total_seconds

    def check(self) -> None:
        """Raises: httpx.ReadTimeout when it is past."""
        if monotonic() > self._at:
            raise httpx.ReadTimeout("the answer takes too long")


class _TimedTransport(httpx.HTTPTransport):
    """A transport that looks at a deadline with every piece of a body: httpx limits only the wait between pieces.

    The limit for connecting is set here because the OpenAI client has one number for all its limits.
    """

    def __init__(self, tls: ssl.SSLContext, connect_seconds: float, deadline: _Deadline | None) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._connect_seconds = connect_seconds
        self._deadline = deadline

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] = request.extensions.get("timeout", {}) | {"connect": self._connect_seconds}
        response = super().handle_request(request)
        if self._deadline is not None and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _TimedStream(response.stream, self._deadline)
        return response


class _TimedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            self._deadline.check()
            yield piece

    def close(self) -> None:
        self._stream.close()


def _imports() -> tuple[Any, Any]:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    return ChatMessage, OpenAILike


def _failures() -> tuple[type[Exception], ...]:
    """What the client raises when the server is gone, slow, or answers with an error or with nonsense."""
    from openai import OpenAIError

    return (OpenAIError, httpx.HTTPError, httpx.StreamError, json.JSONDecodeError)
