"""Signing in and out: the only page that is shown to nobody in particular. Plain HTML, no script.

Knows local accounts and the session cookie. Wrong tries are counted in memory by person and address, before the
password is looked at, so that trying many at once gains nothing. The counters that people share make nobody wait long:
else anybody could keep a person, or everybody behind one address, out.
"""

from __future__ import annotations

import html
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import anyio
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.web.gate import COOKIE, caller
from storage.audit import Event

if TYPE_CHECKING:
    from app.engine import Engine
    from storage.accounts import User

FREE_TRIES = 5  # wrong passwords of one person from one address before they have to wait
FREE_TRIES_SHARED = 30  # of one address for all names, and of one name from all addresses
LONGEST_WAIT = 300.0  # seconds, of one person at one address
LONGEST_WAIT_SHARED = 5.0
FORGET = 1800.0  # seconds without a try after which the count starts anew
REMEMBERED = 10_000  # counters kept at most
CHECKS_AT_ONCE = 2  # argon2 takes 64 MB and a core each time
LONGEST_NAME, LONGEST_PASSWORD = 64, 1024
WRONG = "The user name or the password is not right."


class Tries:
    """Counts tries to sign in, and says how long to wait before the next."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, address: str) -> float:
        """Begin a try, counted as wrong until `right`. Returns seconds to wait; over 0 it is not begun."""
        now = self._clock()
        keys = self._keys(name, address)
        with self._lock:
            wait = max(self._wait(key, free, now) for key, free in keys)
            if wait > 0:
                return wait
            for key, _ in keys:
                count, last = self._counts.pop(key, (0, now))
                self._counts[key] = (count + 1 if now - last < FORGET else 1, now)
            while len(self._counts) > REMEMBERED:
                self._counts.popitem(last=False)
        return 0.0

    def right(self, name: str, address: str) -> None:
        """The try was right after all: this person starts anew, and the shared counters do not count it."""
        with self._lock:
            for key, free in self._keys(name, address):
                count, last = self._counts.pop(key, (0, 0.0))
                if free == FREE_TRIES_SHARED and count > 1:
                    self._counts[key] = (count - 1, last)

    def _wait(self, key: tuple[str, str], free: int, now: float) -> float:
        count, last = self._counts.get(key, (0, now))
        if count < free:
            return 0.0
        pause = min(2.0 ** min(count - free, 20), LONGEST_WAIT_SHARED if free == FREE_TRIES_SHARED else LONGEST_WAIT)
        return max(0.0, last + pause - now)

    @staticmethod
    def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        return (((name, address), FREE_TRIES), (("", address), FREE_TRIES_SHARED), ((name, ""), FREE_TRIES_SHARED))


def routes(engine: Engine) -> list[BaseRoute]:
    """`/signin` and `/signout`."""
    tries = Tries()
    limiter = CapacityLimiter(CHECKS_AT_ONCE)
    page = Template((Path(__file__).parents[1] / "ui" / "signin.html").read_text(encoding="utf-8"))

    def form(wanted: str, name: str = "", problem: str = "", status: int = 200) -> HTMLResponse:
        shown = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
        at_name, at_password = ("", " autofocus") if name else (" autofocus", "")  # what is to be typed next
        body = page.substitute(
            next=html.escape(wanted), name=html.escape(name), problem=shown, at_name=at_name, at_password=at_password
        )
        return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})

    async def show(request: Request) -> Response:
        wanted = local_path(request.query_params.get("next", "/"))
        token = request.cookies.get(COOKIE)
        user = await anyio.to_thread.run_sync(engine.accounts.session, token)
        if user is not None:
            return RedirectResponse(wanted, 303)
        return form(wanted)

    async def sign_in(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=5) as fields:
            name = str(fields.get("name", "")).strip().lower()
            password = str(fields.get("password", ""))
            wanted = local_path(str(fields.get("next", "/")))
        if not name or not password:
            return form(wanted, name, "Type your user name and your password.", 400)
        if len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
            return form(wanted, "", WRONG, 401)
        address = request.client.host if request.client else ""
        wait = tries.take(name, address)
        if wait > 0:
            seconds = int(wait) + 1
            answer = form(wanted, name, f"Too many wrong tries. Wait {seconds} seconds, then try again.", 429)
            answer.headers["Retry-After"] = str(seconds)
            return answer
        user = await anyio.to_thread.run_sync(engine.accounts.check, name, password, limiter=limiter)
        if user is None:
            await anyio.to_thread.run_sync(engine.audit.record, name, Event.SIGN_IN_REFUSED, address)
            return form(wanted, name, WRONG, 401)
        tries.right(name, address)
        return await anyio.to_thread.run_sync(_signed_in, engine, user, request.cookies.get(COOKIE), wanted)

    async def sign_out(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        await anyio.to_thread.run_sync(engine.accounts.sign_out, token)
        await anyio.to_thread.run_sync(engine.audit.record, caller(request.scope).name, Event.SIGNED_OUT)
        answer = RedirectResponse("/signin", 303)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=engine.settings.secure_cookies)
        return answer

    return [
        Route("/signin", show, methods=["GET"]),
        Route("/signin", sign_in, methods=["POST"]),
        Route("/signout", sign_out, methods=["POST"]),
    ]


def _signed_in(engine: Engine, user: User, old: str | None, wanted: str) -> Response:
    if old:
        engine.accounts.sign_out(old)  # whoever used this browser before
    token = engine.accounts.sign_in(user.name, engine.settings.session_hours)
    engine.audit.record(user.name, Event.SIGNED_IN)
    answer = RedirectResponse(wanted, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(engine.settings.session_hours * 3600),
        path="/",
        httponly=True,
        samesite="strict",
        secure=engine.settings.secure_cookies,
    )
    return answer


def local_path(wanted: str) -> str:
    """The address to go to after signing in, if it is one of ours, else the first page."""
    ours = (
        wanted.startswith("/")
        and not wanted.startswith("//")
        and len(wanted) < 2000
        and "\\" not in wanted
        and all(32 < ord(character) < 127 for character in wanted)
    )
    return wanted if ours and not wanted.startswith(("/signin", "/signout", "/api/")) else "/"
