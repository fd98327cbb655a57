"""The REST API under /api/v1: ask, search, conversations, documents, what citations point to, and administration.

Who may come in is decided by app/web/gate.py; what a caller may read, by the labels of their groups. What is
missing and what is forbidden get the same answer. The operator (a command on this host, by its token) names groups
in the request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from app.asker import Asker
from app.operations import filing
from app.records import Turn
from app.ui import kept
from app.web import ledger, replies, saved
from app.web.bodies import (
    AskBody,
    BadRequest,
    ConfirmBody,
    FeedbackBody,
    IdsBody,
    ListQuery,
    RetryBody,
    SearchBody,
    SpanQuery,
    TurnBody,
    read_body,
    read_query,
)
from app.web.gate import Caller, caller
from app.web.pages import PagePictures, boxes_by_page, is_drawn, passage
from app.web.replies import Forbidden
from storage.audit import Event
from storage.catalog import Filter
from storage.errors import NotPermitted, PremiseError
from storage.records import Document, State

if TYPE_CHECKING:
    from app.engine import Engine

# Threads of their own: what else is asked never waits behind them. A question that waits for the language model holds
# one, so there are many more than are answered at a time.
QUESTIONS_AT_ONCE, PICTURES_AT_ONCE = 256, 4
Handler = Callable[[Request], Awaitable[Response]]


def routes(engine: Engine) -> list[BaseRoute]:
    """Everything under /api/v1."""
    api = _Api(engine)
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/ask", api.ask),
        ("POST", "/search", api.search),
        ("GET", "/documents", api.documents),
        ("POST", "/feedback", api.feedback),
        ("GET", "/conversations/{chat}", api.conversation),
        ("GET", "/revisions/{revision}/pages/{page:int}.png", api.picture),
        ("GET", "/revisions/{revision}/passage", api.passage),
        ("GET", "/revisions/{revision}/original", api.original),
        ("GET", "/admin/files", api.files),
        ("POST", "/admin/retry", api.retry),
        ("POST", "/admin/ignore", api.ignore),
        ("POST", "/admin/unignore", api.unignore),
        ("POST", "/admin/forget", api.forget),
        ("POST", "/admin/confirm-deletions", api.confirm_deletions),
        ("*", "/{rest:path}", _nothing),
    ]
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    found = [
        Route(path, _guarded(handler), methods=[method] if method != "*" else every) for method, path, handler in table
    ]
    return [Mount("/api/v1", routes=found), Route("/api/{rest:path}", _guarded(_nothing), methods=every)]


class _Api:
    """The handlers. Blocking work runs in threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pictures = PagePictures()
        self.asking = CapacityLimiter(QUESTIONS_AT_ONCE)
        self.drawing = CapacityLimiter(PICTURES_AT_ONCE)

    # --- questions ---------------------------------------------------------------------------------------------

    async def ask(self, request: Request) -> Response:
        """An answer: as server-sent events, or whole when `stream` is false."""
        body, who = await read_body(request, AskBody), caller(request.scope)
        groups, history = _groups(who, body.groups), _turns(body.history)
        answer = await to_thread.run_sync(
            lambda: ledger.ask(
                self.engine,
                body.question,
                asker=Asker(who.name),
                groups=groups,
                history=history,
                filters=body.filters.narrow(),
            ),
            limiter=self.asking,
        )
        if not body.stream:
            whole = await replies.while_there(request.receive, answer, partial(replies.whole, answer), self.asking)
            return JSONResponse(whole.as_json())
        # what fails before the first event gets its status, not a stream
        first = await replies.while_there(request.receive, answer, answer.get, self.asking)
        return StreamingResponse(
            replies.streamed(first or (), answer, operator=who.operator),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def search(self, request: Request) -> Response:
        """Passages only."""
        body, who = await read_body(request, SearchBody), caller(request.scope)
        groups, history = _groups(who, body.groups), _turns(body.history)

        def searching() -> dict[str, Any]:
            found, seconds = ledger.search(
                self.engine,
                body.question,
                person=who.name,
                groups=groups,
                k=body.k,
                history=history,
                filters=body.filters.narrow(),
            )
            return {
                "hits": replies.hits(found.hits, operator=who.operator),
                "seconds": round(seconds, 4),
                "notes": list(found.notes),
            }

        return JSONResponse(await to_thread.run_sync(searching, limiter=self.asking))

    async def feedback(self, request: Request) -> Response:
        """Rate an answer of one's own conversations."""
        body, who = await read_body(request, FeedbackBody), caller(request.scope)
        if who.operator:
            raise Forbidden("Answers are rated by the person who asked.")
        await run_in_threadpool(self.engine.conversations.rate, who.name, body.message, body.rating, body.comment)
        return JSONResponse({"rated": True})

    async def conversation(self, request: Request) -> Response:
        """One of one's own conversations as a file. Always a download, as documents are."""
        who, name = caller(request.scope), request.path_params["chat"]
        if who.operator:
            raise Forbidden("Conversations are for the person who asked.")

        def saving() -> tuple[str, str]:
            user, chat = self.engine.accounts.get(who.name), self.engine.conversations.get(who.name, name)
            messages = self.engine.conversations.messages(who.name, name)
            withheld = kept.withheld(self.engine.catalog, user, messages)
            earlier = kept.superseded(self.engine.catalog, messages)
            self.engine.audit.record(who.name, Event.SAVED)
            return saved.file_name(chat), saved.page(
                chat, messages, person=who.name, withheld=withheld, earlier=earlier
            )

        called, text = await run_in_threadpool(saving)
        return Response(
            text,
            media_type="text/html",
            headers={
                "Cache-Control": "private, no-store",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(called)}",
            },
        )

    # --- documents ---------------------------------------------------------------------------------------------

    async def documents(self, request: Request) -> Response:
        """What the caller may read, a part at a time."""
        labels, query = await self._labels(request), read_query(request, ListQuery)
        if query.state is not None:
            raise BadRequest("state: administrators name it, in admin/files.")
        found = await run_in_threadpool(self._listed, query, labels)
        following = replies.cursor(self.engine.catalog.place(found[-1].id)) if len(found) == query.limit else None
        return JSONResponse({"documents": [replies.document(document) for document in found], "next": following})

    def _listed(self, query: ListQuery, labels: frozenset[int] | None) -> list[Document]:
        return self.engine.catalog.documents_page(
            Filter(states=_states(query.state), containing=query.containing),
            labels=labels,
            limit=query.limit,
            after=replies.after(query.cursor) if query.cursor else None,
        )

    async def picture(self, request: Request) -> Response:
        """A page of a PDF or of a picture with the lines of a span marked, or with a line beside them."""
        labels, query = await self._labels(request), read_query(request, SpanQuery)
        name, page = request.path_params["revision"], request.path_params["page"]

        def drawing() -> bytes:
            content, suffix, _ = self.engine.catalog.original_of(name, labels=labels)
            if not is_drawn(suffix):
                raise NotPermitted("There is no such page.")
            boxes = []
            if query.end > query.start:
                revision = self.engine.catalog.revision(name, labels=labels)
                boxes = boxes_by_page(revision, query.start, query.end).get(page, [])
            return self.pictures.picture(
                self.engine.originals.path(content), page, boxes, query.width, beside=query.beside
            )

        drawn = await to_thread.run_sync(drawing, limiter=self.drawing)
        # a revision never changes, but who may read it does
        return Response(drawn, media_type="image/png", headers={"Cache-Control": "private, no-cache"})

    async def passage(self, request: Request) -> Response:
        """A span of a revision with what stands around it."""
        labels, query = await self._labels(request), read_query(request, SpanQuery)

        def reading() -> dict[str, Any]:
            revision = self.engine.catalog.revision(request.path_params["revision"], labels=labels)
            found = passage(revision, query.start, query.end)
            return {
                "before": found.before,
                "passage": found.passage,
                "after": found.after,
                "title": revision.title,
                "path": revision.path,
                "pages": list(found.pages),
                "section": found.section,
                "current": revision.current,
            }

        return JSONResponse(await run_in_threadpool(reading))

    async def original(self, request: Request) -> Response:
        """The file as it was. Always a download: no browser shows it as a page of ours."""
        labels, name = await self._labels(request), request.path_params["revision"]
        content, _, path = await run_in_threadpool(lambda: self.engine.catalog.original_of(name, labels=labels))
        kept = self.engine.originals.path(content)
        if not await run_in_threadpool(kept.is_file):
            raise NotPermitted("There is no such document, or it is not for you to read.")
        await run_in_threadpool(self.engine.audit.record, caller(request.scope).name, Event.OPENED, path)
        return FileResponse(
            kept,
            media_type="application/octet-stream",
            filename=PurePosixPath(path).name,
            content_disposition_type="attachment",
            headers={"Cache-Control": "private, no-store"},
        )

    async def _labels(self, request: Request) -> frozenset[int]:
        named = request.query_params.get("groups")
        groups = _groups(caller(request.scope), tuple(named.split(",")) if named else None)
        return await run_in_threadpool(self.engine.catalog.labels_of, groups)

    # --- administration ----------------------------------------------------------------------------------------

    async def files(self, request: Request) -> Response:
        """Every file, whatever became of it, a part at a time."""
        _administrator(request)
        query = read_query(request, ListQuery)
        found = await run_in_threadpool(self._listed, query, None)
        following = replies.cursor(self.engine.catalog.place(found[-1].id)) if len(found) == query.limit else None
        counts = await run_in_threadpool(self.engine.catalog.counts)
        return JSONResponse(
            {"files": [replies.file(document) for document in found], "next": following, "counts": counts}
        )

    async def retry(self, request: Request) -> Response:
        """Put failed files back to waiting."""
        who, body = _administrator(request), await read_body(request, RetryBody)
        ids = None if body.ids == "all" else list(body.ids)
        count = await run_in_threadpool(lambda: filing.retry(self.engine.catalog, ids, person=who.name))
        return JSONResponse({"retried": count})

    async def ignore(self, request: Request) -> Response:
        """Take files out of every answer, and pass them over from now on."""
        who, body = _administrator(request), await read_body(request, IdsBody)
        count = await run_in_threadpool(lambda: filing.ignore(self.engine.catalog, body.ids, person=who.name))
        return JSONResponse({"ignored": count})

    async def unignore(self, request: Request) -> Response:
        """Have files read again that a person had ignored or forgotten."""
        who, body = _administrator(request), await read_body(request, IdsBody)
        count = await run_in_threadpool(lambda: filing.unignore(self.engine.catalog, body.ids, person=who.name))
        return JSONResponse({"unignored": count})

    async def forget(self, request: Request) -> Response:
        """Erase documents with every trace. Out of every answer now; the ingest service then removes the bytes."""
        who, body = _administrator(request), await read_body(request, IdsBody)
        forgotten = await run_in_threadpool(lambda: filing.forget(self.engine.catalog, body.ids, person=who.name))
        return JSONResponse({"forgotten": list(forgotten.paths), "answers": forgotten.answers})

    async def confirm_deletions(self, request: Request) -> Response:
        """Say that the files held back as missing are really gone."""
        who, body = _administrator(request), await read_body(request, ConfirmBody)
        sources = await run_in_threadpool(self.engine.catalog.sources)
        source = next((item for item in sources if item.id == body.source), None)
        if source is None:
            raise NotPermitted("There is no such source folder.")
        await run_in_threadpool(self.engine.catalog.confirm_deletions, source.id)
        await run_in_threadpool(self.engine.audit.record, who.name, Event.CONFIRMED_DELETIONS, source.root)
        return JSONResponse({"confirmed": source.id})


# --- requests ---------------------------------------------------------------------------------------------------


def _guarded(handler: Handler) -> Handler:
    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except PremiseError as error:
            return replies.failure(error)

    return answering


async def _nothing(_request: Request) -> Response:
    raise NotPermitted("There is nothing here. The README lists what the API answers.")


def _groups(who: Caller, named: tuple[str, ...] | None) -> frozenset[str]:
    if not who.operator:
        if named is not None:
            raise Forbidden("groups: only the operator names groups; for everybody else their own count.")
        return who.groups
    if not named:
        raise BadRequest("groups: name the groups of the person to answer for, such as everyone.")
    return frozenset(named)


def _administrator(request: Request) -> Caller:
    who = caller(request.scope)
    if not who.admin:
        raise Forbidden("This is for administrators.")
    return who


def _states(named: str | None) -> tuple[State, ...]:
    try:
        return tuple(State(name) for name in (named or "").split(",") if name)
    except ValueError as error:
        raise BadRequest(f"state: the states are {', '.join(State)}.") from error


def _turns(history: tuple[TurnBody, ...]) -> tuple[Turn, ...]:
    return tuple(Turn(role=turn.role, content=turn.content) for turn in history)
