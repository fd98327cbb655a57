"""The web server: the pages, the REST API, signing in and the probes as one ASGI app, behind one gate."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from app.ui import current
from app.ui.shell import inline_script_hashes, streamlit_app
from app.web import api, completions, metrics, signin
from app.web.gate import Gate
from app.web.replies import refusal
from storage.erasure import letting_go
from storage.errors import PremiseError

if TYPE_CHECKING:
    from app.engine import Engine

THREADS = 80  # blocking calls at once, besides the questions and pictures of app/web/api.py
STOP_SECONDS = 3
SWITCH_SECONDS = 0.0002  # Python's own 0.005 let each piece of an answer wait for that long behind others' searches
WEBSOCKET_BYTES = 16 * 1024 * 1024


def build_app(engine: Engine) -> ASGIApp:
    """The whole server as an ASGI app. One a process: Streamlit's pages find the engine through `app.ui.current`."""
    current.set_engine(engine)
    pages = streamlit_app(
        engine.settings,
        [*probes(engine), *signin.routes(engine), *api.routes(engine), *completions.routes(engine)],
        lifespan=_lifespan(engine),
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )
    return Gate(pages, engine, inline_script_hashes())


def serve(engine: Engine, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, once the models are loaded. Call it in the main thread."""
    sys.setswitchinterval(SWITCH_SECONDS)
    engine.prepare()
    if engine.models is not None:
        engine.models.look()
    server(engine, host, port).run()


def server(engine: Engine, host: str, port: int) -> uvicorn.Server:
    """The server, not yet running."""
    return uvicorn.Server(
        uvicorn.Config(
            build_app(engine),
            host=host,
            port=port,
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=STOP_SECONDS,
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1,::1",
            ws="websockets-sansio",
            ws_max_size=WEBSOCKET_BYTES,
            lifespan="on",
            use_colors=False,
        )
    )


def _lifespan(engine: Engine) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        with letting_go(engine.catalog):
            yield

    return lifespan


async def _refused(_request: Request, error: HTTPException) -> Response:
    return refusal(error.status_code, "refused", f"{error.detail}.", dict(error.headers or {}))


async def _broken(_request: Request, _error: Exception) -> Response:
    """The error itself goes on to the log."""
    return refusal(500, "failed", "Something went wrong inside Premise. Its log in the data folder says what.")


def probes(engine: Engine) -> list[BaseRoute]:
    """Whether it lives, whether it is ready, and numbers for Prometheus."""

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        problems = await run_in_threadpool(_not_ready, engine)
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    async def numbers(_request: Request) -> Response:
        counts = await run_in_threadpool(engine.catalog.counts)
        ratings = await run_in_threadpool(engine.conversations.ratings)
        metrics.searchers_replaced(engine.searching.replaced)
        for name, model in (engine.models.all() if engine.models is not None else {}).items():
            servers = {str(state["url"]): bool(state["up"]) for state in model.states()}
            metrics.language_model(name, *model.queue.load(), servers)
        return Response(metrics.exposition(counts, ratings), media_type=metrics.CONTENT_TYPE)

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", numbers)]


def _not_ready(engine: Engine) -> list[str]:
    """What does not answer. Names parts, not reasons: anybody may ask."""
    problems = []
    try:
        engine.catalog.fact("embedder")
    except PremiseError:
        problems.append("catalog")
    try:
        engine.indexes.vectors.ping()
    except PremiseError:
        problems.append("vector index")
    return problems
