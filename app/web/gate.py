"""What every request passes before anything answers it: host, origin, size, who it is; and the headers on every reply.

Pure ASGI, so that WebSockets and streamed answers pass the same gate. Knows sessions and the operator's token; knows
nothing of what is asked. What an address needs is decided here and nowhere else:

    /healthz /readyz          nothing                     (probes come by IP address: any host name)
    /metrics                  the operator's token (any host name), or a direct connection from this host
    /signin                   an own origin for POST
    /api/ /v1/                a session, the operator's token, or a person's (which administers nothing)
    the Streamlit WebSocket   a session, and an own origin
    everything else           a session
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.replies import refusal
from storage.accounts import User

if TYPE_CHECKING:
    from app.engine import Engine

COOKIE = "premise_session"
BODY_BYTES = 1_000_000
OPEN = frozenset({"/healthz", "/readyz", "/signin"})
ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})
TOKEN_PREFIXES = ("/api/", "/v1/")
WEBSOCKET = "/_stcore/stream"
# parts of Streamlit's server that Premise does not use
CLOSED = (
    "/_stcore/metrics",
    "/_stcore/agent",
    "/_stcore/upload_file",
    "/_stcore/script-health",
    "/component",
    "/auth",
    "/oauth2callback",
    "/app/static",
)
ADMINISTRATION = "/administration"
PAGES = frozenset({"/", "/documents", ADMINISTRATION, "/about"})  # of app/ui/main.py; elsewhere Streamlit's is empty
NO_PAGES = ("/api/", "/v1/", "/_stcore/", "/static/", "/media/")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY_VIOLATION = 1008  # WebSocket close code


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who a request comes from."""

    name: str
    groups: frozenset[str]  # empty for the operator, who names groups in the request
    admin: bool
    operator: bool = False


OPERATOR = Caller(name="operator", groups=frozenset(), admin=True, operator=True)


def caller_of(user: User) -> Caller:
    """A signed-in person as a caller."""
    return Caller(name=user.name, groups=user.all_groups, admin=user.admin)


class Gate:
    """Lets through what may pass, with the caller in the scope as `premise.caller`."""

    def __init__(self, app: ASGIApp, engine: Engine, hashes: tuple[str, ...]) -> None:
        """`hashes`: of the inline scripts that the pages may run, as the content security policy names them."""
        self._app = app
        self._engine = engine
        self._headers = _security_headers(hashes)
        # the address it listens on is one under which it is reached; 0.0.0.0 is none, and no browser sends it
        self._hosts = tuple(host.lower().rstrip(".") for host in (*engine.settings.allowed_hosts, engine.settings.host))
        self._token = engine.folder.operator_token()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        send = self._with_headers(send)
        answer = await self._refused(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        await _limited(self._app, scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        allowed = (
            scope["path"] == WEBSOCKET
            and self._host_known(connection.headers)
            and _own_origin(connection.headers)
            and await self._person(connection) is not None
        )
        if allowed:
            await self._app(scope, receive, send)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    async def _refused(self, scope: Scope) -> Response | None:
        """Why the request may not pass; None when it may."""
        connection = HTTPConnection(scope)
        path, headers = scope["path"], connection.headers
        wrong = self._wrong_form(path, headers)
        if wrong is not None or path == "/metrics":
            return wrong or self._metrics_refused(scope, headers)
        if path.startswith(TOKEN_PREFIXES) and "authorization" in headers:
            return await self._by_token(scope, headers)
        if scope["method"] not in READING and not _own_origin(headers):
            return refusal(403, "origin", "The request does not come from a page of Premise.")
        if path in OPEN:
            return None
        person = await self._person(connection)
        if person is None:
            return _to_sign_in(scope, headers)
        scope["premise.caller"] = caller_of(person)
        return RedirectResponse("/", 303) if _lost(scope, headers, person) else None

    def _wrong_form(self, path: str, headers: Headers) -> Response | None:
        """What is wrong with the request whoever sent it."""
        if path not in ANY_HOST and not self._host_known(headers):
            return _unknown_host()
        if int(headers.get("content-length") or 0) > BODY_BYTES:
            return _too_large()
        return refusal(404, "not_found", "There is nothing here.") if path.startswith(CLOSED) else None

    def _metrics_refused(self, scope: Scope, headers: Headers) -> Response | None:
        proxied = any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
        client = scope.get("client")
        if self._is_operator(headers):
            return None
        if not self._host_known(headers):  # else a page of another site could read them through this host's browser
            return _unknown_host()
        if not proxied and client is not None and client[0] in ("127.0.0.1", "::1"):
            return None
        return refusal(
            401, "sign_in", "The metrics are for the operator's token, or for a direct connection from this host."
        )

    async def _person(self, connection: HTTPConnection) -> User | None:
        token = connection.cookies.get(COOKIE)
        return await run_in_threadpool(self._engine.accounts.session, token) if token else None

    async def _by_token(self, scope: Scope, headers: Headers) -> Response | None:
        if self._is_operator(headers):
            scope["premise.caller"] = OPERATOR
            return None
        person = await run_in_threadpool(self._engine.tokens.person, _bearer(headers))
        if person is None:
            return refusal(401, "token", "The token is not known, has ended, or was revoked.")
        scope["premise.caller"] = replace(caller_of(person), admin=False)
        return None

    def _is_operator(self, headers: Headers) -> bool:
        return secrets.compare_digest(_bearer(headers).encode(), self._token.encode())

    def _host_known(self, headers: Headers) -> bool:
        try:
            host = (urlsplit(f"//{headers.get('host', '')}").hostname or "").rstrip(".")
        except ValueError:
            return False
        for known in self._hosts:
            if known in ("*", host, f"[{host}]") or (known.startswith("*.") and host.endswith(known[1:])):
                return bool(host)
        return False

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return sending


def _security_headers(hashes: tuple[str, ...]) -> dict[str, str]:
    scripts = " ".join(["'self'", *(f"'{name}'" for name in hashes)])
    policy = (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-src 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # not no-referrer: with it browsers send "Origin: null" from our own forms, which the origin check refuses
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Robots-Tag": "noindex, nofollow",
    }


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _own_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    if not origin:
        return False
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == headers.get("host", "").lower()


def _lost(scope: Scope, headers: Headers, person: User) -> bool:
    """Whether a browser asks for a page that is not there, or not for this person."""
    if scope["method"] != "GET" or "text/html" not in headers.get("accept", "") or scope["path"].startswith(NO_PAGES):
        return False
    path = scope["path"].rstrip("/") or "/"
    return path not in PAGES or (path == ADMINISTRATION and not person.admin)


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    path = scope["path"]
    if scope["method"] != "GET" or path.startswith(TOKEN_PREFIXES) or "text/html" not in headers.get("accept", ""):
        return refusal(401, "sign_in", "Sign in first.", {"WWW-Authenticate": "Bearer"})
    query = scope.get("query_string", b"").decode("latin-1")
    wanted = path + ("?" + query if query else "")
    if headers.get("sec-fetch-site") == "cross-site":
        # A link from another site: the browser keeps a SameSite=Strict cookie back. Coming again from our own page
        # it sends it, so a person who is signed in need not sign in anew.
        return HTMLResponse('<!doctype html><meta http-equiv="refresh" content="0"><title>Premise</title>')
    return RedirectResponse("/signin" + ("" if wanted == "/" else "?" + urlencode({"next": wanted})), 303)


def _unknown_host() -> Response:
    return refusal(400, "host", "This host name is not among allowed_hosts in the settings of Premise.")


def _too_large() -> Response:
    return refusal(413, "too_large", f"The request is too large; {BODY_BYTES:,} bytes are the most.")


class _TooLarge(Exception):
    """The body went over the limit while it was read."""


async def _limited(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app with a body of at most BODY_BYTES, whatever the Content-Length says."""
    taken = 0
    begun = False

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_BYTES:
            raise _TooLarge
        return message

    async def sending(message: Message) -> None:
        nonlocal begun
        if taken <= BODY_BYTES:  # else this is what the app makes of _TooLarge; the answer to that is ours
            begun = True
            await send(message)

    try:
        await app(scope, receiving, sending)
    except _TooLarge:
        if not begun:
            await _too_large()(scope, receive, send)


def caller(scope: Scope) -> Caller:
    """Who the request comes from. Only for addresses that the gate lets nobody reach without signing in."""
    found: Caller = scope["premise.caller"]
    return found
