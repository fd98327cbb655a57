"""Asking from the command line: through the running service when there is one, else by opening the data here.

Both give the same JSON objects. Knows HTTP and the operator's token; knows nothing of how an answer is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from storage.datafolder import DataFolder, Running
from storage.errors import PremiseError, QuestionError, ServiceError
from storage.filters import Filters
from storage.settings import Settings

if TYPE_CHECKING:
    from app.engine import Engine

CONNECT_SECONDS = 5.0
MARGIN_SECONDS = 60.0  # over the limits of the queue and of the language model

History = Sequence[dict[str, str]]  # [{"role": …, "content": …}]


class Asking(Protocol):
    """What the command line asks."""

    def search(
        self, question: str, *, groups: Sequence[str], k: int, history: History, filters: Filters
    ) -> dict[str, Any]:
        """The object of `premise search --json`."""

    def ask(self, question: str, *, groups: Sequence[str], history: History, filters: Filters) -> dict[str, Any]:
        """The object of `premise ask --json`."""


@contextmanager
def remote_or_local(settings: Settings) -> Iterator[Asking]:
    """The running service, or the data opened here. Raises: DataFolderError, ServiceError …"""
    folder = DataFolder(settings.data)
    running = folder.running()
    if running is not None:
        yield _Remote(settings, folder, running)
        return
    from app.engine import Engine

    with Engine.open(settings) as engine:
        yield _Local(engine)


class _Local:
    """The data, opened in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def search(
        self, question: str, *, groups: Sequence[str], k: int, history: History, filters: Filters
    ) -> dict[str, Any]:
        """See Asking."""
        started = time.perf_counter()
        found = self._engine.search_noted(question, groups=groups, k=k, history=_turns(history), filters=filters)
        return {
            "hits": [hit.as_json() for hit in found.hits],
            "seconds": round(time.perf_counter() - started, 4),
            "notes": list(found.notes),
        }

    def ask(self, question: str, *, groups: Sequence[str], history: History, filters: Filters) -> dict[str, Any]:
        """See Asking."""
        return self._engine.answer(question, groups=groups, history=_turns(history), filters=filters).as_json()


class _Remote:
    """The running service, as the operator."""

    def __init__(self, settings: Settings, folder: DataFolder, running: Running) -> None:
        self._address = running.address
        self._client = httpx.Client(
            base_url=f"{running.address}/api/v1",
            headers={"Authorization": f"Bearer {folder.operator_token()}"},
            timeout=httpx.Timeout(_patience(settings), connect=CONNECT_SECONDS),
            trust_env=False,  # a proxy is for other hosts
        )

    def search(
        self, question: str, *, groups: Sequence[str], k: int, history: History, filters: Filters
    ) -> dict[str, Any]:
        """See Asking."""
        return self._post("search", _body(question, groups, history, filters) | {"k": k})

    def ask(self, question: str, *, groups: Sequence[str], history: History, filters: Filters) -> dict[str, Any]:
        """See Asking."""
        return self._post("ask", _body(question, groups, history, filters) | {"stream": False})

    def _post(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.post(what, json=body)
            value: dict[str, Any] = answer.json()
        except httpx.HTTPError as error:
            raise ServiceError(f"Premise at {self._address} does not answer: {error}") from error
        except ValueError as error:
            raise ServiceError(f"Premise at {self._address} answered {answer.status_code} without JSON.") from error
        if answer.is_success:
            return value
        message = str(value.get("error", {}).get("message", f"status {answer.status_code}"))
        raise _error(answer.status_code, message)


def _patience(settings: Settings) -> float:
    return settings.llm_wait_seconds + settings.llm_total_seconds + MARGIN_SECONDS


def _error(status: int, message: str) -> PremiseError:
    return QuestionError(message) if status in (400, 413, 422) else ServiceError(message)


def _body(question: str, groups: Sequence[str], history: History, filters: Filters) -> dict[str, Any]:
    narrowed = {
        name: value.isoformat() if isinstance(value, date) else list(value)
        for name, value in asdict(filters).items()
        if value
    }
    return {"question": question, "groups": list(groups), "history": list(history), "filters": narrowed}


def _turns(history: History) -> list[Any]:
    from app.records import Turn

    return [Turn(role=turn["role"], content=turn["content"]) for turn in history]
