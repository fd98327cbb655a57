"""What the REST API answers, as JSON and as server-sent events. Every error is `{"error": {"code", "message"}}`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import closing, suppress
from typing import Any, TypeVar

from anyio import CapacityLimiter, create_task_group, to_thread
from starlette.responses import JSONResponse
from starlette.types import Receive

from app.records import Answer, AnswerEvent, Delta, Finished, Hit, Retrieved, Waiting
from app.web.bodies import BadRequest
from app.web.following import Following
from app.web.pages import PageError
from storage.errors import (
    AccountError,
    IndexUnavailable,
    InsideContainer,
    NotPermitted,
    PremiseError,
    QuestionError,
    ServiceError,
    Stopped,
    TooManyQuestions,
)
from storage.failures import advice
from storage.records import Document

T = TypeVar("T")


class Forbidden(PremiseError):
    """Not for this caller."""


FAILURES: tuple[tuple[type[PremiseError], int, str], ...] = (
    (BadRequest, 400, "request"),
    (Forbidden, 403, "forbidden"),
    (QuestionError, 400, "question"),
    (AccountError, 400, "account"),
    (NotPermitted, 404, "not_found"),
    (InsideContainer, 409, "inside_container"),
    (PageError, 422, "page"),
    (IndexUnavailable, 503, "unavailable"),
    (TooManyQuestions, 429, "too_many"),
    (Stopped, 499, "stopped"),  # nobody is there to read it
    (ServiceError, 503, "unavailable"),
)


def refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error."""
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


def failure(error: PremiseError) -> JSONResponse:
    """An error that was raised on purpose: its message is for people."""
    status, code = _status(error)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooManyQuestions) else None
    return refusal(status, code, str(error), headers)


def _status(error: PremiseError) -> tuple[int, str]:
    for kind, status, code in FAILURES:
        if isinstance(error, kind):
            return status, code
    return 500, "failed"


def whole(answer: Following) -> Answer:
    """The answer alone, once it is finished."""
    while (events := answer.get()) is not None:
        for event in events:
            if isinstance(event, Finished):
                return event.answer
    raise ServiceError("The answer ended before it was finished. Ask again.")


def hits(found: Iterable[Hit], *, operator: bool) -> list[dict[str, Any]]:
    """Passages. Exact numbers are the operator's: they depend a little on documents that the caller may not read."""
    every = [hit.as_json() for hit in found]
    return every if operator else [hit | {"score": round(hit["score"], 2), "legs": {}} for hit in every]


async def streamed(
    first: Iterable[AnswerEvent], answer: Following, *, operator: bool = False
) -> AsyncGenerator[str, None]:
    """The events as server-sent events. A caller who goes away stops the work.

    No thread waits for what comes next: handing every token of many answers from thread to thread costs more than all
    else that is done with it. What comes while others are served goes out together.
    """
    loop, came = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        if not came.is_set():
            with suppress(RuntimeError):  # the loop has ended: so does the server
                loop.call_soon_threadsafe(came.set)

    with closing(answer), answer.telling(tell):
        events: Iterable[AnswerEvent] | None = first
        while events is not None:
            if events:
                yield "".join(_sent(event, operator=operator) for event in events)
            else:
                await came.wait()
                came.clear()
            try:
                events = answer.get(timeout=0)
            except PremiseError as error:
                yield _sent(error, operator=operator)
                return


async def while_there(receive: Receive, answer: Following, work: Callable[[], T], limiter: CapacityLimiter) -> T:
    """Do `work` in a thread; a caller who goes away meanwhile stops the answer. Raises what the work raises."""
    done: list[T] = []
    failed: list[Exception] = []

    async def watching() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        answer.close()

    async with create_task_group() as group:
        group.start_soon(watching)
        try:
            done.append(await to_thread.run_sync(work, limiter=limiter))
        except Exception as error:  # noqa: BLE001  raised below: a task group would wrap it
            failed.append(error)
        group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return done[0]


def _sent(event: AnswerEvent | PremiseError, *, operator: bool) -> str:
    data: dict[str, Any]
    if isinstance(event, Retrieved):
        name, data = "retrieved", {"hits": hits(event.hits, operator=operator), "question": event.question}
    elif isinstance(event, Waiting):
        name, data = "waiting", {"ahead": event.ahead}
    elif isinstance(event, Delta):
        name, data = "delta", {"text": event.text} | ({"anew": True} if event.anew else {})
    elif isinstance(event, Finished):
        name, data = "finished", event.answer.as_json()
    else:
        name, data = "error", {"code": _status(event)[1], "message": str(event)}
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def cursor(place: tuple[int, str] | None) -> str | None:
    """Where a list goes on, for its next part."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode() if place else None


def after(given: str) -> tuple[int, str]:
    """The place that a cursor names. Raises: BadRequest."""
    try:
        source, path = json.loads(base64.urlsafe_b64decode(given.encode()))
        return int(source), str(path)
    except (ValueError, TypeError) as error:
        raise BadRequest("cursor: give `next` of the reply before, or none to begin.") from error


def document(found: Document) -> dict[str, Any]:
    """A document, for those who may read it."""
    return {
        "id": found.id,
        "path": found.path,
        "title": found.title,
        "state": found.state.value,
        "pages": found.pages,
        "size": found.size,
        "groups": list(found.groups),
        "revision": found.revision,
        "indexed": found.indexed.isoformat() if found.indexed else None,
        "flags": list(found.flags),
    }


def file(found: Document) -> dict[str, Any]:
    """A file with whatever became of it, for administrators."""
    return document(found) | {
        "source": found.source,
        "code": found.code,
        "reason": found.reason,
        "advice": advice(found.code),
        "attempts": found.attempts,
        "retry": found.retry.isoformat() if found.retry else None,
        "chunks": found.chunks,
        "changed": found.changed.isoformat(),
    }
