"""The documents page: what a person may read."""

from __future__ import annotations

import streamlit as st

from app import safe
from app.ui import current, identity, wording
from app.ui.thread import readable
from storage.records import Document

ROWS = 50  # a page of the table


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    documents = readable(engine, user)
    st.html(
        f'<div class="pagehead"><h1>Documents</h1><p>{wording.count(len(documents), "document")} '
        "that you may read, and that answers are made of.</p></div>"
    )
    with st.container(horizontal=True, key="documents_filter"):
        wanted = st.text_input(
            "Search titles and paths", placeholder="Search titles and paths", label_visibility="collapsed"
        ).casefold()
        kinds = sorted({_kind(document) for document in documents})
        kind = st.selectbox("Type", kinds, index=None, placeholder="All types", label_visibility="collapsed")
    chosen = [
        document
        for document in documents
        if wanted in f"{document.title} {document.path}".casefold() and kind in (None, _kind(document))
    ]
    if not chosen:
        st.info("No document matches." if documents else "There is no document for you to read yet.")
        return
    pages = -(-len(chosen) // ROWS)
    shown = st.number_input("Page", 1, pages) if pages > 1 else 1
    _table(chosen[(shown - 1) * ROWS : shown * ROWS])


def _kind(document: Document) -> str:
    name = document.path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].upper() if "." in name else "—"


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
    return (
        f'<tr><td><span class="title">{safe.text_html(title)}</span> {state}<br>'
        f'<span class="path">{safe.text_html(document.path)}</span></td><td>{safe.text_html(_kind(document))}</td>'
        f"<td>{document.pages or '—'}</td><td>{groups}</td><td>{identity.local(document.indexed)}</td>"
        f'<td>{wording.size(document.size)}</td><td><a class="download" download '
        f'href="/api/v1/revisions/{safe.text_html(document.revision or "")}/original">Download</a></td></tr>'
    )
