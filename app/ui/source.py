"""The source panel: the page with the cited lines marked, or the passage in its surroundings.

Opens only what the person may read now: a citation of a document that has since been taken away shows nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import streamlit as st

from app.answers.verbatim import otherwise
from app.engine import Engine
from app.ui import wording
from app.web import safe
from app.web.pages import Passage, TablePart, is_drawn, passage
from storage.accounts import User
from storage.audit import Event
from storage.conversations import Message
from storage.errors import NotPermitted
from storage.injection import FLAG, flag
from storage.records import Revision
from storage.sections import names_in

OPENED, PAGE = "source_opened", "source_page"
NEAR = 300  # characters before a passage that are seen with it, at most
_BEGINS = re.compile(r"\n+|(?<=[.!?])\s+|(?<=[。！？])")
DIFFERENT = "Compare the two: words in bold stand there otherwise, or not at all."
ALIKE = "Compare the two: the words stand there, and what stands between or beside them may change what they say."
INSTRUCTIONS = (
    "There are instructions to a language model around this passage. Premise quotes none of them as an answer and "
    "follows none. Take care with what this document says."
)
PERHAPS_INSTRUCTIONS = (
    "Something around this passage is worded as instructions to a language model are. Premise follows none. If it is "
    "not meant for people, take care with what this document says."
)
WIDTH = 1100  # pixels of a page picture; shown smaller


def open_citation(message_id: str, number: int) -> None:
    """Show a citation of a message in the panel."""
    st.session_state[OPENED] = (message_id, number)
    st.session_state.pop(PAGE, None)
    st.session_state["source_new"] = True
    st.rerun()


def link(chat: str | None, message_id: str) -> str | None:
    """The address that opens a citation of a message, but for the citation's number."""
    return f"/?chat={quote(chat)}&cite={quote(message_id)}." if chat else None


def follow() -> None:
    """Open the citation that the address names, as the marks in an answer do."""
    message_id, _, number = str(st.query_params.get("cite") or "").rpartition(".")
    if "cite" in st.query_params:
        del st.query_params["cite"]
    if message_id and number.isdecimal() and len(number) <= 3:
        st.session_state[OPENED] = (message_id, int(number))
        st.session_state["source_new"] = True


def is_open(message_id: str, number: int) -> bool:
    """Whether this citation is in the panel."""
    return st.session_state.get(OPENED) == (message_id, number)


def close() -> None:
    """Close the panel."""
    st.session_state.pop(OPENED, None)
    st.session_state.pop(PAGE, None)


def opened(messages: list[Message]) -> tuple[dict[str, Any], dict[str, str] | None] | None:
    """The place that is open, if it belongs to this conversation. Where it only comes near, the sentences that it
    stands behind too, each with all that is quoted for it; None where it confirms what it stands behind."""
    message_id, number = st.session_state.get(OPENED, (None, 0))
    for message in messages:
        if message.id == message_id and message.answer:
            near = {item["n"]: item for item in message.answer.get("near", [])}
            if number not in near:
                cited = {item["n"]: item for item in message.answer.get("citations", [])}
                return (cited[number], None) if number in cited else None
            said = {
                item["text"]: "\n".join(str(near[n].get("quote") or "") for n in item["near"] if n in near)
                for item in message.answer.get("sentences", [])
                if number in item.get("near", [])
            }
            return near[number], said
    return None


def panel(engine: Engine, user: User, citation: dict[str, Any], said: dict[str, str] | None) -> None:
    """Everything about one place. `said`: as `opened` gives it."""
    name, start, end = str(citation["revision"]), int(citation["start"]), int(citation["end"])
    labels = engine.catalog.labels_of(user.all_groups)
    try:
        revision = engine.catalog.revision(name, labels=labels)
        _, suffix, _ = engine.catalog.original_of(name, labels=labels)
        found = passage(revision, start, end)
    except NotPermitted:
        _head("")  # nothing of the citation: its title and path are the document's too
        st.info("This document is no longer there, or no longer for you to read.", icon=":material/block:")
        return
    number = f"{int(citation['n'])}{'' if said is None else '?'}"
    _head(f'<sup class="cite">{number}</sup> {safe.text_html(wording.title(citation))}')
    if st.session_state.pop("source_new", False):
        engine.audit.record(user.name, Event.OPENED, revision.path)
    _about(revision, found)
    if said is not None:
        _compare(said)
    if is_drawn(suffix) and revision.pages:
        _picture(revision, found, start, end, said is None)
    elif found.table is not None:
        _table(found.table, said is None)
    else:
        _text(found, said is None)


def _compare(said: dict[str, str]) -> None:
    """What the answer says, beside a place that comes near and does not confirm it; bold what is not so there."""
    places = {text: otherwise(text, quoted) for text, quoted in said.items()}
    told = DIFFERENT if any(places.values()) else ALIKE
    lines = "<br>".join(_in_bold(text, found) for text, found in places.items())
    st.html(
        '<p class="about">Not confirmed, so nothing is highlighted: the line stands beside what comes nearest. '
        f'{told} The answer says:</p><div class="compare">{lines}</div>'
    )


def _in_bold(text: str, places: Sequence[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in places:
        parts += [safe.text_html(text[at:start]), f"<strong>{safe.text_html(text[start:end])}</strong>"]
        at = end
    return "".join([*parts, safe.text_html(text[at:])])


def _head(title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="source_head"):
        st.html(f'<p class="sourcetitle">{title}</p>')
        if st.button("Close", icon=":material/close:", type="tertiary", key="source_close"):
            close()
            st.rerun()


def _about(revision: Revision, found: Passage) -> None:
    lines = [f'<span class="path">{safe.text_html(revision.path)}</span>']
    if found.section:
        lines.append(safe.text_html(" › ".join(names_in(found.section))))
    if revision.flags:
        lines.append(f'<span class="noticed">{safe.text_html(wording.noticed(revision.flags))}</span>')
    st.html(f'<p class="about">{"<br>".join(lines)}</p>')
    if aimed := flag(f"{found.before}{found.passage}{found.after}"):
        st.warning(INSTRUCTIONS if aimed == FLAG else PERHAPS_INSTRUCTIONS, icon=":material/report:")
    if not revision.current:
        st.warning(
            "A newer version of this document exists. You see the version that the answer quotes.",
            icon=":material/history:",
        )
    st.html(
        f'<p class="about"><a class="download" href="/api/v1/revisions/{safe.text_html(revision.id)}/original" '
        "download>Download the document</a></p>"
    )


def _picture(revision: Revision, found: Passage, start: int, end: int, close: bool) -> None:
    last = revision.pages or 1
    first = found.pages[0] if found.pages else 1
    page = min(max(int(st.session_state.get(PAGE, first)), 1), last)
    with st.container(horizontal=True, vertical_alignment="center", key="source_pages"):
        if st.button("Previous", icon=":material/chevron_left:", disabled=page <= 1, key="page_back"):
            st.session_state[PAGE] = page - 1
            st.rerun()
        if st.button("Next", icon=":material/chevron_right:", disabled=page >= last, key="page_on"):
            st.session_state[PAGE] = page + 1
            st.rerun()
        where = "" if page in found.pages else f" · cited: {', '.join(str(number) for number in found.pages)}"
        st.html(f'<p class="pagenumber">Page {page} of {last}{where}</p>')
    span = f"start={start}&amp;end={end}" + ("" if close else "&amp;beside=true")
    address = f"/api/v1/revisions/{revision.id}/pages/{page}.png?{span}&amp;width="
    told = "the cited passage marked" if close else "a line beside the nearest passage"
    st.html(
        f'<a href="{address}2000" target="_blank" title="Open larger"><img class="page" src="{address}{WIDTH}" '
        f'alt="Page {page}, {told}"></a>'
    )
    with st.expander("The passage as text"):
        _text(found, close)


def near_and_far(before: str) -> tuple[str, str]:
    """What stands before a passage: what is seen with it, from a line's or a sentence's beginning, and what is above:
    with all of it the passage itself would not be in sight."""
    if len(before) <= NEAR:
        return before, ""
    begins = _BEGINS.search(before, len(before) - NEAR)
    at = begins.end() if begins else len(before) - NEAR
    return before[at:], before[:at]


def _text(found: Passage, close: bool) -> None:
    near, far = near_and_far(found.before)
    above = f'<details class="above"><summary>What stands above</summary>{safe.text_html(far)}</details>' if far else ""
    said = safe.text_html(found.passage)
    place = f"<mark>{said}</mark>" if close else f'<span class="nearest">{said}</span>'
    st.html(
        f'<div class="passage">{above}<span class="around">{safe.text_html(near)}</span>'
        f'{place}<span class="around">{safe.text_html(found.after)}</span></div>'
    )


def _table(table: TablePart, close: bool) -> None:
    columns = max([len(table.header), *(len(row) for row in table.rows)])

    def cells(row: tuple[str, ...], tag: str) -> str:
        return "".join(f"<{tag}>{safe.text_html(cell)}</{tag}>" for cell in (*row, *[""] * (columns - len(row))))

    def left_out(number: int) -> str:
        rows = wording.count(number, "row")
        return f'<tr class="left"><td colspan="{columns}">… {rows} …</td></tr>' if number else ""

    looks = " class=cited" if close else " class=nearest"
    body = "".join(
        f"<tr{looks if cited else ''}>{cells(row, 'td')}</tr>"
        for row, cited in zip(table.rows, table.cited, strict=True)
    )
    where = f'<p class="about">{safe.text_html(table.where)}</p>' if table.where else ""
    head = f"<thead><tr>{cells(table.header, 'th')}</tr></thead>" if table.header else ""
    st.html(
        f'{where}<div class="scroll"><table class="rows">{head}<tbody>{left_out(table.before)}{body}'
        f"{left_out(table.after)}</tbody></table></div>"
    )
