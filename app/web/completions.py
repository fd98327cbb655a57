"""OpenAI's protocol, spoken to others: `/v1/chat/completions` and `/v1/models`, for programs that know nothing else.

The last user message is the question, the turns before it the conversation; other roles are passed over, since the
rules for answers are ours. Such a program cannot take back what it has shown, so text is sent when it has been checked,
never before. An answer ends with how sure it is and its sources as a numbered list; `premise` holds it whole, as
`premise ask --json`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from app.asker import Asker
from app.records import Answer, Citation, Finished, Turn, Waiting, level
from app.web import ledger, replies
from app.web.bodies import LONGEST_TURN, MOST_TURNS, BadRequest, Question, read_body
from app.web.following import Following
from app.web.gate import Caller, caller
from app.web.replies import Forbidden
from app.web.safe import plain
from storage.errors import NotPermitted, PremiseError

if TYPE_CHECKING:
    from app.engine import Engine

MODEL = "premise"
QUESTIONS_AT_ONCE = 256  # threads of their own, as in app/web/api.py
ALIVE_SECONDS = 5.0  # a comment is sent this often while nothing comes, so that nobody takes the connection for dead


class Part(BaseModel):
    """A piece of a message."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    type: str
    text: str = ""


class MessageBody(BaseModel):
    """A message as OpenAI's clients send it."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Question | tuple[Part, ...] | None = None

    @property
    def text(self) -> str:
        """Its text. Raises: BadRequest for pictures and the like."""
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        if any(part.type != "text" for part in self.content):
            raise BadRequest("messages: only text can be asked about.")
        return "\n".join(part.text for part in self.content)


class CompletionBody(BaseModel):
    """`POST /v1/chat/completions`. What else clients send (temperature, max_tokens …) has no meaning here."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    messages: tuple[MessageBody, ...] = Field(min_length=1, max_length=4 * MOST_TURNS)
    model: str = MODEL
    stream: bool = False
    n: int = Field(1, ge=1, le=1)
    groups: tuple[str, ...] | None = None  # the operator's, as in /api/v1/ask

    def asked(self) -> tuple[str, tuple[Turn, ...]]:
        """The question, and the conversation before it. Raises: BadRequest."""
        said = [message for message in self.messages if message.role in ("user", "assistant")]
        if not said or said[-1].role != "user":
            raise BadRequest("messages: the last one must be the user's.")
        # a longer turn than app/web/bodies.py takes is cut: its beginning says enough
        turns = [Turn(role=item.role, content=item.text[: LONGEST_TURN[item.role]]) for item in said[:-1][-MOST_TURNS:]]
        return said[-1].text, tuple(turns)


def routes(engine: Engine) -> list[BaseRoute]:
    """Everything under /v1."""
    limiter = CapacityLimiter(QUESTIONS_AT_ONCE)

    async def models(_request: Request) -> Response:
        entry = {"id": MODEL, "object": "model", "created": 0, "owned_by": "premise"}
        return JSONResponse({"object": "list", "data": [entry]})

    async def completions(request: Request) -> Response:
        try:
            body, who = await read_body(request, CompletionBody), caller(request.scope)
            if body.model != MODEL:
                raise NotPermitted(f"There is no model {plain(body.model)[:80]}; the one here is {MODEL}.")
            question, history = body.asked()
            groups = _groups(who, body.groups)
            answer = await to_thread.run_sync(
                lambda: ledger.ask(engine, question, asker=Asker(who.name), groups=groups, history=history),
                limiter=limiter,
            )
            if not body.stream:
                work = partial(replies.whole, answer)
                return JSONResponse(_whole(await replies.while_there(request.receive, answer, work, limiter)))
        except PremiseError as error:
            return replies.failure(error)
        return StreamingResponse(
            _streamed(answer, limiter),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def nothing(_request: Request) -> Response:
        return replies.failure(NotPermitted("There is nothing here. The README lists what the API answers."))

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    return [
        Route("/v1/models", models, methods=["GET"]),
        Route("/v1/chat/completions", completions, methods=["POST"]),
        Route("/v1/{rest:path}", nothing, methods=every),
    ]


def _groups(who: Caller, named: tuple[str, ...] | None) -> frozenset[str]:
    if who.operator and not named:
        raise BadRequest("groups: name the groups of the person to answer for, such as everyone.")
    if not who.operator and named is not None:
        raise Forbidden("groups: only the operator names groups; for everybody else their own count.")
    return frozenset(named or ()) if who.operator else who.groups


def _whole(answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": _told(answer)}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    # tokens are not ours to count: the model's work is done by another server
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    return _envelope("chat.completion", [choice]) | {"usage": usage, "premise": answer.as_json()}


async def _streamed(answer: Following, limiter: CapacityLimiter) -> AsyncGenerator[str, None]:
    """Chunks as OpenAI's clients read them, with comments while nothing can be sent yet."""
    envelope = _envelope("chat.completion.chunk", [])

    def chunk(delta: dict[str, str], finished: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finished, "logprobs": None}
        return f"data: {json.dumps(envelope | {'choices': [choice]} | more, ensure_ascii=False)}\n\n"

    with closing(answer):
        yield chunk({"role": "assistant", "content": ""})
        while True:
            try:
                events = await to_thread.run_sync(answer.get, ALIVE_SECONDS, abandon_on_cancel=True, limiter=limiter)
            except PremiseError as error:
                told = {"error": {"code": "failed", "message": str(error)}}
                yield f"data: {json.dumps(told, ensure_ascii=False)}\n\n"
                return
            if events is None:
                break
            yield f": {_comment(events)}\n\n"
            for event in events:
                if isinstance(event, Finished):
                    yield chunk({"content": _told(event.answer)})
                    yield chunk({}, "stop", premise=event.answer.as_json())
        yield "data: [DONE]\n\n"


def _comment(events: list[Any]) -> str:
    ahead = next((event.ahead for event in reversed(events) if isinstance(event, Waiting)), None)
    return "working" if ahead is None else f"busy, {ahead} ahead"


def _envelope(kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    name = f"chatcmpl-{uuid.uuid4().hex}"
    return {"id": name, "object": kind, "created": int(time.time()), "model": MODEL, "choices": choices}


def _told(answer: Answer) -> str:
    """The answer with its notice before it, and how sure it is and its sources after it."""
    unfound = [sentence.text for sentence in answer.sentences if not sentence.found]
    parts = [f"({answer.notice})"] if answer.notice else []
    parts.append(_inert(answer.text))
    if unfound:
        parts.append("Not found in the documents: " + " ".join(f"“{_inert(text)}”" for text in unfound))
    if answer.sentences and not answer.refused:
        sure = f"Confidence: {level(answer.confidence).value}."
        parts.append(f"{sure} {_inert(answer.reason)}" if answer.reason else sure)
    if answer.citations:
        head = "Nearest passages:" if answer.refused else "Sources:"
        parts.append("\n".join([head, *(f"[{item.n}] {_source(item)}" for item in answer.citations)]))
    if answer.near:
        lines = (f"[{item.n}?] {_source(item)}" for item in answer.near)
        parts.append("\n".join(["Nearest places, not confirmed:", *lines]))
    return "\n\n".join(parts)


def _source(citation: Citation) -> str:
    pages = citation.pages
    where = f", p. {pages[0]}" + (f"–{pages[-1]}" if len(pages) > 1 else "") if pages else ""
    title = " ".join(_inert(citation.title or citation.path).split())
    return f"{title}{where} ({_inert(citation.path)})"


def _inert(text: str) -> str:
    """Text that draws no picture, leads nowhere and is no HTML in a program that shows Markdown."""
    text = plain(text).replace("<", "‹").replace("![", "! [")
    return text.replace("](", "] (").replace("][", "] [").replace("]:", "] :")
