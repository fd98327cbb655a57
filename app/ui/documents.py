"""The documents page: what a person may read."""

from __future__ import annotations

import time

import streamlit as st

from app.engine import Engine
from app.ui import current, identity, wording
from app.ui.thread import READABLE_SECONDS
from app.web import safe
from storage.catalog import Filter
from storage.database import suffix
from storage.records import Document

ROWS = 50  # a page of the table


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    labels = engine.catalog.labels_of(user.all_groups)
    every = engine.catalog.count_documents(Filter(), labels=labels)
    st.html(
        f'<div class="pagehead"><h1>Documents</h1><p>{wording.count(every, "document")} '
        "that you may read, and that answers are made of.</p></div>"
    )
    with st.container(horizontal=True, key="documents_filter"):
        wanted = st.text_input(
            "Search titles and paths", placeholder="Search titles and paths", label_visibility="collapsed"
        )
        kind = st.selectbox(
            "Type",
            _suffixes(engine, labels),
            index=None,
            placeholder="All types",
            label_visibility="collapsed",
            format_func=_kind,
        )
    which = Filter(containing=wanted, suffix=kind)
    found = every if which == Filter() else engine.catalog.count_documents(which, labels=labels)
    if not found:
        st.info("No document matches." if every else "There is no document for you to read yet.")
        return
    pages = -(-found // ROWS)
    shown = st.number_input("Page", 1, pages) if pages > 1 else 1
    _table(engine.catalog.documents_page(which, labels=labels, limit=ROWS, offset=(int(shown) - 1) * ROWS))


def _suffixes(engine: Engine, labels: frozenset[int]) -> list[str]:
    """The types there are. Kept for a minute."""
    last = st.session_state.get("suffixes")
    if last is None or last[0] != labels or time.monotonic() - last[1] > READABLE_SECONDS:
        last = (labels, time.monotonic(), engine.catalog.suffixes(labels=labels))
        st.session_state["suffixes"] = last
    found: list[str] = last[2]
    return found


def _kind(suffix: str) -> str:
    return suffix[1:].upper() or "—"


def _table(documents: list[Document]) -> None:
    head = "".join(f"<th>{name}</th>" for name in ("Document", "Type", "Pages", "Read by", "Indexed", "Size", ""))
    body = "".join(_row(document) for document in documents)
    st.html(
        f'<div class="scroll"><table class="documents"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _row(document: Document) -> str:
    groups = "".join(f'<span class="chip plain">{safe.text_html(group)}</span>' for group in document.groups)
    title = document.title or document.path.rsplit("/", 1)[-1]
    state = "" if document.state.value == "indexed" else f'<span class="chip medium">{document.state.value}</span>'
    kind = _kind(suffix(document.path))
    told = wording.noticed(document.flags)
    noticed = f'<br><span class="noticed">{safe.text_html(told)}</span>' if told else ""
    return (
        f'<tr><td><span class="title">{safe.text_html(title)}</span> {state}<br>'
        f'<span class="path">{safe.text_html(document.path)}</span>{noticed}</td><td>{safe.text_html(kind)}</td>'
        f"<td>{document.pages or '—'}</td><td>{groups}</td><td>{identity.local(document.indexed)}</td>"
        f'<td>{wording.size(document.size)}</td><td><a class="download" download '
        f'href="/api/v1/revisions/{safe.text_html(document.revision or "")}/original">Download</a></td></tr>'
    )
