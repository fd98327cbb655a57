"""The administrator's page: every file with state and reason, held deletions, people, the audit trail."""

from __future__ import annotations

import streamlit as st

from app import safe
from app.engine import Engine
from app.ui import current, identity, people, wording
from storage.accounts import User
from storage.audit import Event
from storage.failures import advice
from storage.records import Document, State

RUNNING = (State.WAITING, State.PARSING, State.EMBEDDING)
REFRESH_SECONDS = 4
COLUMNS = {name: st.column_config.TextColumn(width="large") for name in ("Path", "Why", "What to do")}


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    if not user.admin:
        st.error("This page is for administrators.")
        st.stop()
    st.html('<div class="pagehead"><h1>Administration</h1></div>')
    files, persons, audit = st.tabs(["Files", "People", "Audit trail"])
    with files:
        _numbers()
        _held(engine, user)
        _files(engine, user)
    with persons:
        people.people(engine, user)
    with audit:
        _audit(engine)


@st.fragment(run_every=REFRESH_SECONDS)
def _numbers() -> None:
    """Counts and progress, kept fresh by themselves."""
    engine = current.engine()
    if not identity.person().admin:
        return
    counts = engine.catalog.counts()
    running = sum(counts[state] for state in RUNNING)
    shown = [
        ("Indexed", counts[State.INDEXED]),
        ("In work", running),
        ("Failed", counts[State.FAILED]),
        ("Ignored", counts[State.IGNORED]),
        ("Read by nobody", counts["unlabelled"]),
        ("Passages", counts["chunks"]),
    ]
    cells = "".join(f'<div class="number"><b>{number:,}</b><span>{name}</span></div>' for name, number in shown)
    st.html(f'<div class="numbers">{cells}</div>')
    total = counts[State.INDEXED] + running
    if running:
        st.progress(counts[State.INDEXED] / total, f"Ingest is running: {wording.count(running, 'file')} to go")


def _held(engine: Engine, user: User) -> None:
    for source in engine.catalog.sources():
        if source.held is None:
            continue
        with st.container(border=True, key=f"held_{source.id}"):
            st.warning(safe.label(source.held, 500), icon=":material/warning:")
            st.html(f'<p class="path">{safe.text_html(source.root)}</p>')
            if source.confirmed:
                st.info("Confirmed. The files leave the answers with the next pass.")
            elif st.button("The files are really gone: delete them", key=f"confirm_{source.id}"):
                engine.catalog.confirm_deletions(source.id)
                engine.audit.record(user.name, Event.CONFIRMED_DELETIONS, source.root)
                st.rerun()


def _files(engine: Engine, user: User) -> None:
    documents = engine.catalog.documents(labels=None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        states = st.multiselect("State", [state.value for state in State], placeholder="All states", key="states")
        wanted = st.text_input("Path contains", key="paths").casefold()
        unread = st.toggle("Read by nobody", key="unread")
    chosen = [
        document
        for document in documents
        if (not states or document.state.value in states)
        and wanted in document.path.casefold()
        and not (unread and document.groups)
    ]
    chosen.sort(key=lambda document: (document.state is not State.FAILED, bool(document.groups), document.path))
    event = st.dataframe(
        [_row(document) for document in chosen],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="files",
        height=min(560, 80 + 35 * max(len(chosen), 2)),
        column_config=COLUMNS,
    )
    picked = [chosen[row].id for row in event.selection.rows if row < len(chosen)]
    failed = sum(document.state is State.FAILED for document in documents)
    with st.container(horizontal=True):
        if st.button(f"Retry selected ({len(picked)})", disabled=not picked, key="retry_selected"):
            _retry(engine, user, picked)
        if st.button(f"Retry all failed ({failed})", disabled=not failed, key="retry_all"):
            _retry(engine, user, None)
    _reasons([document for document in chosen if document.state is State.FAILED][:20])


def _row(document: Document) -> dict[str, object]:
    return {
        "Path": safe.plain(document.path),
        "State": document.state.value,
        "Read by": ", ".join(document.groups) or "⚠ nobody",
        "Why": safe.plain(document.reason or ""),
        "What to do": advice(document.code) if document.state is State.FAILED else "",
        "Code": document.code or "",
        "Tries": document.attempts,
        "Passages": document.chunks,
        "Size": wording.size(document.size),
        "Indexed": identity.local(document.indexed),
    }


def _reasons(failed: list[Document]) -> None:
    """The reasons in full: a table cell cuts them."""
    if not failed:
        return
    items = "".join(
        f'<li><span class="path">{safe.text_html(document.path)}</span><br>{safe.text_html(document.reason or "")}'
        f' <span class="chip plain">{safe.text_html(document.code or "")}</span></li>'
        for document in failed
    )
    st.html(f'<h3>Why files failed</h3><ul class="reasons">{items}</ul>')


def _retry(engine: Engine, user: User, ids: list[str] | None) -> None:
    count = engine.catalog.retry(ids)
    engine.audit.record(user.name, Event.RETRIED, wording.count(count, "file"))
    st.toast(f"{wording.count(count, 'file')} will be tried again.")
    st.rerun()


def _audit(engine: Engine) -> None:
    entries = engine.audit.newest(500)
    st.dataframe(
        [
            {
                "When": identity.local(entry.at),
                "Who": safe.plain(entry.actor),
                "What": entry.event.value,
                "About": safe.plain(entry.subject),
                "Seconds": "" if entry.seconds is None else f"{entry.seconds:.2f}",
            }
            for entry in entries
        ],
        hide_index=True,
        height=560,
        key="audit",
        column_config={"About": st.column_config.TextColumn(width="large")},
    )
