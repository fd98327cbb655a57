"""The administrator's page: every file with state and reason, held deletions, people, the audit trail."""

from __future__ import annotations

import streamlit as st

from app.answers.prompt_files import changed_since
from app.engine import Engine
from app.operations import filing
from app.retrieval.synonyms import synonyms_problem
from app.ui import current, identity, language_models, people, wording
from app.web import safe
from storage.accounts import User
from storage.audit import Event
from storage.catalog import Filter
from storage.catalog.facts import PARSER_NETWORK
from storage.errors import InsideContainer
from storage.failures import BY_PERSON, Rule, advice
from storage.records import Document, State

RUNNING = (State.WAITING, State.PARSING, State.EMBEDDING)
REFRESH_SECONDS = 4
PACE_SECONDS = 300.0  # that the rate is measured over
NOBODY = "Put it into a group's folder, or name its readers in an access.toml above it."
ROWS = 200  # a page of the table
EVENTS = 500  # of the audit trail, that are shown
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
        _network(engine)
        language_models.page_part()
        _prompts(engine)
        _synonyms(engine)
        _rules(engine)
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
        ("Indexed", counts[State.INDEXED], "indexed"),
        ("In work", running, "running"),
        ("Failed", counts[State.FAILED], "failed"),
        ("Ignored", counts[State.IGNORED], "ignored"),
        ("Read by nobody", counts["unlabelled"], ""),
        ("Passages", counts["chunks"], ""),
    ]
    cells = "".join(
        f'<div class="number {look}"><b>{number:,}</b><span>{name}</span></div>' for name, number, look in shown
    )
    parts = "".join(
        f'<i class="{look}" style="flex-grow:{number}" title="{name}: {number:,}"></i>'
        for name, number, look in shown
        if look and number
    )
    st.html(f'<div class="numbers">{cells}</div><div class="states">{parts}</div>')
    total = counts[State.INDEXED] + running
    if running:
        pace = engine.catalog.pace(PACE_SECONDS)
        st.progress(counts[State.INDEXED] / total, wording.progress(running, pace, engine.catalog.ingesting()))
        if pace.now:
            st.caption(safe.label(f"Now: {', '.join(pace.now[:3])}", 300))


def _network(engine: Engine) -> None:
    if engine.catalog.fact(PARSER_NETWORK) == "open":
        st.warning(
            "Files are parsed in a process that has a network: this system lets it neither leave nor forbid itself "
            "sockets. A hostile file that broke the parser could reach other hosts. Allow user namespaces or seccomp, "
            "or run Premise as its systemd unit does.",
            icon=":material/warning:",
        )


def _prompts(engine: Engine) -> None:
    if engine.models is not None and (told := changed_since(engine.prompts, engine.folder.root)):
        st.warning(safe.label(told, 500), icon=":material/warning:")


def _synonyms(engine: Engine) -> None:
    if told := synonyms_problem(engine.folder.root):
        st.warning(safe.label(told, 500), icon=":material/warning:")


def _rules(engine: Engine) -> None:
    for problem in engine.catalog.rule_problems():
        st.warning(safe.label(problem, 500), icon=":material/warning:")


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
    with st.container(horizontal=True, vertical_alignment="bottom"):
        states = st.multiselect("State", [state.value for state in State], placeholder="All states", key="states")
        wanted = st.text_input("Path or title contains", key="paths")
        unread = st.toggle("Read by nobody", key="unread")
    which = Filter(
        states=tuple(State(state) for state in states), containing=wanted, read_by_nobody=unread, failed_first=True
    )
    total = engine.catalog.count_documents(which, labels=None)
    pages = max(1, -(-total // ROWS))
    page = int(st.number_input(f"Page (of {pages:,})", 1, pages, key="files_page")) if pages > 1 else 1
    shown = engine.catalog.documents_page(which, labels=None, limit=ROWS, offset=(page - 1) * ROWS)
    event = st.dataframe(
        filled([_row(document) for document in shown]),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"files_{hash(tuple(document.id for document in shown))}",  # other rows: nothing is selected
        height=_height(len(shown)),
        column_config=COLUMNS,
    )
    st.caption(f"{wording.count(total, 'file')}")
    picked = [shown[row] for row in event.selection.rows if row < len(shown)]
    _actions(engine, user, picked)
    _reasons([document for document in shown if document.state is State.FAILED][:20])


def _height(rows: int) -> int:
    """Of a table of so many, in pixels: it scrolls beyond."""
    return min(560, 80 + 35 * max(rows, 2))


def _actions(engine: Engine, user: User, picked: list[Document]) -> None:
    """What can be done about the files that are selected."""
    failed = engine.catalog.count_documents(Filter(states=(State.FAILED,)), labels=None)
    to_retry = [document.id for document in picked if document.state is State.FAILED]
    passed_over = [document.id for document in picked if document.code in BY_PERSON]
    to_ignore = [document.id for document in picked if document.state is not State.IGNORED]
    to_forget = [document.id for document in picked if document.code != Rule.FORGOTTEN]
    with st.container(horizontal=True):
        if st.button(f"Retry selected ({len(to_retry)})", disabled=not to_retry, key="retry_selected"):
            _done(filing.retry(engine.catalog, to_retry, person=user.name), "will be tried again")
        if st.button(f"Retry all failed ({failed})", disabled=not failed, key="retry_all"):
            _done(filing.retry(engine.catalog, None, person=user.name), "will be tried again")
        if st.button(f"Ignore ({len(to_ignore)})", disabled=not to_ignore, key="ignore_selected"):
            _done(filing.ignore(engine.catalog, to_ignore, person=user.name), "will be passed over")
        if st.button(f"Unignore ({len(passed_over)})", disabled=not passed_over, key="unignore_selected"):
            _done(filing.unignore(engine.catalog, passed_over, person=user.name), "will be read again")
        erased = st.session_state.get("times_erased", 0)  # another key is another menu, and that is closed
        with st.popover(f"Erase ({len(to_forget)})", disabled=not to_forget, key=f"erase_{erased}"):
            st.write("Erases text, passages, originals and the answers in stored chats that quote them, for good.")
            st.write("The files themselves stay where they lie, and are not read again. Backups keep what they have.")
            if st.button("Erase with every trace", key="forget_selected", type="primary", disabled=not to_forget):
                _erase(engine, user, to_forget)


def _erase(engine: Engine, user: User, ids: list[str]) -> None:
    try:
        erased = filing.forget(engine.catalog, ids, person=user.name)
    except InsideContainer as error:
        st.error(safe.plain(str(error)))
        return
    st.session_state["times_erased"] = st.session_state.get("times_erased", 0) + 1
    _done(len(erased.paths), "erased")


def _done(count: int, what: str) -> None:
    st.toast(f"{wording.count(count, 'file')} {what}.")
    st.rerun()


def _row(document: Document) -> dict[str, object]:
    return {
        "State": document.state.value,  # first: a path may take all of a narrow screen
        "Path": safe.plain(document.path),
        "Read by": ", ".join(document.groups) or ("" if document.state is State.IGNORED else "⚠ nobody"),
        "Why": safe.plain(document.reason or ""),
        "What to do": _advice(document),
        "Noticed": safe.plain("; ".join(document.flags)),
        "Code": document.code or "",
        "Tries": document.attempts,
        "Tried again": identity.local(document.retry) if document.state is State.FAILED else "",
        "Passages": document.chunks,
        "Size": wording.size(document.size),
        "Indexed": identity.local(document.indexed),
    }


def _advice(document: Document) -> str:
    if document.state is State.FAILED:
        return advice(document.code)
    return "" if document.groups or document.state is State.IGNORED else NOBODY


def filled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows without the columns that none of them has anything in."""
    used = {name for row in rows for name, value in row.items() if value}
    return [{name: value for name, value in row.items() if name in used} for row in rows]


def _reasons(failed: list[Document]) -> None:
    """The reasons in full: a table cell cuts them."""
    if not failed:
        return
    items = "".join(
        f'<li><span class="path">{safe.text_html(document.path)}</span><br>{safe.text_html(document.reason or "")}'
        f' <span class="chip plain">{safe.text_html(document.code or "")}</span>'
        f"<br>{safe.text_html(advice(document.code))}</li>"
        for document in failed
    )
    st.html(f'<h2 class="small">Why files failed, and what to do</h2><ul class="reasons">{items}</ul>')


def _audit(engine: Engine) -> None:
    entries = engine.audit.newest(EVENTS)
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
        height=_height(len(entries)),
        key="audit",
        column_config={"About": st.column_config.TextColumn(width="large")},
    )
    newest = f"The newest {EVENTS}; older ones are kept in the catalog" if len(entries) == EVENTS else ""
    st.caption(newest or wording.count(len(entries), "event"))
