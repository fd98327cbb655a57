"""The documents page: what a person may read."""

from __future__ import annotations

import streamlit as st

from app.engine import Engine
from app.ui import current, identity, visit, wording
from app.web import safe
from app.web.pages import is_drawn
from storage.catalog import Filter
from storage.database import suffix
from storage.records import Document

ROWS = 50  # a page of the table
NEWEST = "Newest first"
ORDERS = ("By folder", NEWEST)
LOOKS = {  # which family of files looks how in the list
    **dict.fromkeys(("doc", "docx", "odt", "rtf"), "words"),
    **dict.fromkeys(("xls", "xlsx", "ods", "csv", "tsv"), "sheet"),
    **dict.fromkeys(("ppt", "pptx", "odp"), "slides"),
    **dict.fromkeys(("eml", "msg", "mbox"), "mail"),
    **dict.fromkeys(("pdf",), "print"),
}


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    labels = engine.catalog.labels_of(user.all_groups)
    every = engine.catalog.count_documents(Filter(), labels=labels)
    newest = engine.catalog.documents_page(Filter(newest_first=True), labels=labels, limit=1)
    last = f" The last one was indexed on {identity.local(newest[0].indexed)}." if newest else ""
    st.html(
        f'<div class="pagehead"><h1>Documents</h1><p>{wording.count(every, "document")} '
        f"that you may read, and that answers are made of.{last}</p></div>"
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
        order = st.selectbox("Order", ORDERS, label_visibility="collapsed")
    which = Filter(containing=wanted, suffix=kind, newest_first=order == NEWEST)
    found = every if not wanted and kind is None else engine.catalog.count_documents(which, labels=labels)
    if not found:
        st.info("No document matches." if every else "There is no document for you to read yet.")
        return
    pages = -(-found // ROWS)
    shown = 1
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="bottom", key="documents_pages"):
            shown = int(st.number_input(f"Page (of {pages:,})", 1, pages, width=170))
            told = f"{(shown - 1) * ROWS + 1:,} to {min(shown * ROWS, found):,} of {found:,}"
            st.html(f'<p class="pagenumber">{told}</p>')
    _table(engine.catalog.documents_page(which, labels=labels, limit=ROWS, offset=(shown - 1) * ROWS))


def _suffixes(engine: Engine, labels: frozenset[int]) -> list[str]:
    """The types there are. Kept for a minute."""
    return visit.kept("suffixes", labels, lambda: engine.catalog.suffixes(labels=labels))


def _kind(suffix: str) -> str:
    return suffix[1:].upper() or "—"


def _picture(document: Document) -> str:
    """What a document looks like: its first page where that can be drawn, and its type."""
    kind = suffix(document.path)
    name = safe.text_html(_kind(kind)[:5])
    badge = f'<span class="kind {LOOKS.get(kind[1:], "plain")}">{name}</span>'
    if not (document.revision and document.pages and is_drawn(kind)):
        return f'<div class="look">{badge}</div>'
    address = f"/api/v1/revisions/{safe.text_html(document.revision)}/pages/1.png?width="
    return (
        f'<a class="look" href="{address}1600" target="_blank" title="Open the first page">{badge}'
        f'<img src="{address}200" alt="" loading="lazy"></a>'
    )


def _table(documents: list[Document]) -> None:
    names = (_unseen("First page"), "Document", "Pages", "Read by", "Indexed", "Size", _unseen("Original"))
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(_row(document) for document in documents)
    st.html(
        f'<div class="scroll"><table class="documents"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _unseen(name: str) -> str:
    return f'<span class="unseen">{name}</span>'


def _row(document: Document) -> str:
    groups = "".join(f'<span class="chip plain">{safe.text_html(group)}</span>' for group in document.groups)
    title = document.title or document.path.rsplit("/", 1)[-1]
    state = "" if document.state.value == "indexed" else f'<span class="chip medium">{document.state.value}</span>'
    told = wording.noticed(document.flags)
    noticed = f'<br><span class="noticed">{safe.text_html(told)}</span>' if told else ""
    return (
        f'<tr><td>{_picture(document)}</td><td><span class="title">{safe.text_html(title)}</span> {state}<br>'
        f'<span class="path">{safe.text_html(document.path)}</span>{noticed}</td>'
        f"<td>{document.pages or '—'}</td><td>{groups}</td><td>{identity.local(document.indexed)}</td>"
        f'<td>{wording.size(document.size)}</td><td><a class="download" download '
        f'href="/api/v1/revisions/{safe.text_html(document.revision or "")}/original">Download'
        f"{_unseen(f' {safe.text_html(title)}')}</a></td></tr>"
    )
