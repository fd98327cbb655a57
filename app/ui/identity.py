"""Who looks at the page: looked up anew in every run, so that signing out or disabling an account counts at once."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.ui import current
from app.web.gate import COOKIE
from storage.accounts import User


def person() -> User:
    """The signed-in person; without one the page ends here."""
    user = current.engine().accounts.session(st.context.cookies.get(COOKIE))
    if user is None:
        chat = st.query_params.get("chat")
        back = f"/signin?next={quote(f'/?chat={quote(chat)}')}" if chat else "/signin"
        st.html(
            '<div class="ended" role="alert"><h2>Your session has ended</h2>'
            f'<p><a href="{back}" target="_self">Sign in again</a></p></div>'
        )
        st.stop()
    return user


def local(moment: datetime | None) -> str:
    """A time as the person's browser would tell it."""
    if moment is None:
        return "—"
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    there = moment.astimezone(zone)
    return f"{there.day} {there:%b %Y, %H:%M}"
