"""The entry of the pages: what every page shares. Streamlit runs this file for every visit and every click."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.ui import about, admin, asking, chat, current, documents, identity, shell
from app.web import safe

HERE = Path(__file__).parent
PAGE = "page"  # the title of the one that was shown last


def _account(name: str) -> None:
    """Who is signed in, and the way out: a form of its own, since signing out is a POST."""
    st.html(
        f'<div class="account"><span class="who" title="Signed in as {safe.text_html(name)}">{safe.text_html(name)}'
        '</span><form method="post" action="/signout"><button type="submit">Sign out</button></form></div>'
    )


def main() -> None:
    """The frame, then the page."""
    st.set_page_config(page_title="Premise", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "style.css")
    user = identity.person()
    asking.begin_run()
    pages = [
        st.Page(chat.page, title="Ask", icon=":material/chat:", url_path="ask", default=True),
        st.Page(documents.page, title="Documents", icon=":material/folder_open:", url_path="documents"),
    ]
    if user.admin:
        pages.append(st.Page(admin.page, title="Administration", icon=":material/settings:", url_path="administration"))
    pages.append(st.Page(about.page, title="About", icon=":material/info:", url_path="about"))
    st.logo(str(HERE / "logo.svg"), size="large")
    chosen = st.navigation(pages)
    if chosen is pages[0] and st.session_state.get(PAGE, chosen.title) != chosen.title:
        chat.come_back()
    st.session_state[PAGE] = chosen.title
    chosen.run()
    with st.sidebar:
        _account(user.name)
        st.html(f"<script>{shell.MARKS}</script>", unsafe_allow_javascript=True)
    asking.follow(current.engine(), user)


main()
