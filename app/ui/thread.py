"""One message of a conversation, as it is drawn: questions, answers with citations and thumbs, the empty first page."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from app.answers.namesakes import apart
from app.answers.related import openers, related, still_offered
from app.engine import Engine
from app.records import Answer, Mode
from app.ui import kept, source, visit, wording
from app.web import safe
from app.web.safe import CITATION
from storage.accounts import User
from storage.catalog import Filter
from storage.conversations import Message
from storage.records import places_of

AVATAR = ":material/article:"
PERSON = ":material/person:"
SCROLLED = 1000  # characters of a question that may not all be seen at once
SPOKEN = 300  # characters of an answer that screen readers say at once


def show(
    engine: Engine, user: User, message: Message, *, withheld: bool, earlier: frozenset[str] = frozenset()
) -> None:
    """A kept message; of a withheld answer (app/ui/kept.py) nothing but that it is withheld.

    `earlier`: revisions that are no longer current.
    """
    if message.role == "user":
        question(message.content)
        return
    with st.chat_message("assistant", avatar=AVATAR):
        if withheld:
            st.html(f'<p class="notice withheld">{kept.WITHHELD}</p>')
            return
        answer(message.id, message.answer or {"answer": message.content}, earlier=earlier)
        _thumbs(engine, user, message)


def question(text: str) -> None:
    """What a person asked."""
    by_keyboard = ' tabindex="0"' if len(text) > SCROLLED else ""
    with st.chat_message("user", avatar=PERSON):  # whole, also one that was too long to be asked: it is nowhere else
        st.html(f'<div class="question"{by_keyboard}>{safe.text_html(text)}</div>')


def answer(message_id: str, found: dict[str, Any], *, earlier: frozenset[str] = frozenset()) -> None:
    """A whole answer: text, notices, how sure and how made, citations."""
    places = places_of(found)
    sentences = wording.sentences(found)
    text = safe.answer_html(
        str(found.get("answer", "")),
        sentences=sentences,
        known=frozenset(item["n"] for item in places),
        link=source.link(st.query_params.get("chat"), message_id),
    )
    refused = bool(found.get("refused"))
    looks = " refused" if refused else " quoted" if found.get("mode") == Mode.EXTRACTIVE else ""
    if found.get("notice"):
        st.html(f'<p class="notice">{safe.text_html(str(found["notice"]))}</p>')
    st.html(f'<div class="answer{looks}">{text}</div>')
    for told in wording.marked(sentences):
        st.html(f'<p class="quiet">{told}</p>')
    _chips(found, refused)
    if any(item["revision"] in earlier for item in places):
        st.html(f'<p class="notice earlier">{wording.EARLIER}</p>')
    beside = apart((wording.title(item), str(item.get("path", ""))) for item in places)
    hidden: list[int] = []
    for head, sign, items in wording.sources(found):
        st.html(f'<p class="citehead">{head}</p>')
        with st.container(horizontal=True, gap="small", key=f"cites_{message_id}_{items[0]['n']}"):
            for together in _by_place(items):
                _chip(message_id, together, sign, beside.get(str(together[0].get("path", "")), ""))
                hidden += [int(item["n"]) for item in together[1:]]
    if hidden:
        with st.container(key=f"marks_{message_id}"):  # not seen: what their marks in the text press (marks.js)
            for number in hidden:
                if st.button(f"Source {number}", key=f"mark_{message_id}_{number}"):
                    source.open_citation(message_id, number)


def spoken(found: Answer) -> str:
    """What screen readers say when an answer has come: its beginning, without marks of citations and tables."""
    bare = " ".join(re.sub(r"[*|]", " ", CITATION.sub("", found.text)).split())
    bare = bare if len(bare) <= SPOKEN else f"{bare[:SPOKEN].rstrip()}…"
    marks = {mark for _, mark in wording.sentences(found.as_json())}
    if safe.UNSUPPORTED in marks:
        return f"Not all of this was found in the documents: {bare}"
    return f"Not all of this is confirmed: {bare}" if marks - {""} else bare


def go_on(engine: Engine, user: User, asked: list[str], message: Message) -> None:
    """Questions that the documents can answer next. Found once a message: they take a few searches.

    `asked`: the questions of the conversation, the message's own last.
    """
    if (message.answer or {}).get("refused"):
        return
    known = visit.found("related", engine.catalog.labels_of(user.all_groups))
    if message.id not in known:
        answer = message.answer or {}
        known[message.id] = related(engine, asked[-1], answer, groups=user.all_groups, before=asked[:-1])
    offered = still_offered(engine, known[message.id], groups=user.all_groups)
    if not offered:
        return
    with st.container(gap=None, key=f"next_{message.id}"):
        st.html('<p class="citehead">Ask next</p>')
        for place, text in enumerate(offered):
            if st.button(safe.label(text), key=f"next_{message.id}_{place}", type="tertiary"):
                st.session_state["suggested"] = text
                st.rerun()


def _chips(found: dict[str, Any], refused: bool) -> None:
    chips = []
    if not refused and "confidence" in found:
        sure = float(found["confidence"])
        word, meaning = wording.confidence(sure)
        told = f"{word} confidence{wording.caution(sure)}"
        chips.append(f'<span class="chip {word.lower()}" title="{safe.text_html(meaning)}">{told}</span>')
    if not refused and "mode" in found:
        chips.append(f'<span class="chip" title="{safe.text_html(wording.made(found))}">{wording.mode(found)}</span>')
    seconds = (found.get("timings") or {}).get("total")
    if seconds is not None and not refused:
        chips.append(f'<span class="chip plain">{float(seconds):.1f} s</span>')
    told = safe.text_html(str(found.get("reason") or ""))
    why = f'<span class="why">{told}</span>' if told else ""
    if chips or why:
        st.html(f'<p class="chips">{"".join(chips)}{why}</p>')
    if found.get("searched"):
        told = safe.text_html(str(found["searched"]))
        st.html(
            f'<details class="quiet searched"><summary>Searched for a fuller question</summary><p>{told}</p></details>'
        )


def _by_place(citations: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Citations of one page or section together: each has its own mark in the text, one button is enough below it."""
    places: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for citation in citations:
        places.setdefault((citation["revision"], wording.place(citation)), []).append(citation)
    return list(places.values())


def _chip(message_id: str, together: list[dict[str, Any]], sign: str, beside: str) -> None:
    """A button that opens the first of the citations of one place. `sign`: behind their numbers. `beside`: what tells
    its title from others alike."""
    first, where = together[0], wording.place(together[0])
    numbers = [int(citation["n"]) for citation in together]
    text = f"{', '.join(f'{n}{sign}' for n in numbers)} · {safe.label(wording.title(first), 60)}"
    text += f" ({safe.label(beside, 40)})" if beside else ""
    text += f" — {safe.label(where, 40)}" if where else ""
    now = any(source.is_open(message_id, number) for number in numbers)
    if st.button(text, key=f"cite_{message_id}_{numbers[0]}", type="primary" if now else "secondary"):
        source.open_citation(message_id, numbers[0])


def _thumbs(engine: Engine, user: User, message: Message) -> None:
    key = f"rate_{message.id}"
    given = {1: 1, -1: 0, None: None}[message.rating]

    def rated() -> None:
        value = st.session_state[key]
        engine.conversations.rate(user.name, message.id, {1: 1, 0: -1, None: None}[value], message.comment)

    st.feedback("thumbs", key=key, default=given, on_change=rated)
    if message.rating == -1:
        with st.form(f"why_{message.id}", border=False):
            comment = st.text_input("What was wrong?", message.comment or "", max_chars=500)
            if st.form_submit_button("Send"):
                engine.conversations.rate(user.name, message.id, -1, comment.strip() or None)
                st.toast("Thank you.")


# --- the empty first page ---------------------------------------------------------------------------------------


def readable(engine: Engine, user: User) -> int:
    """How many documents a person may read. Kept for a minute."""
    labels = engine.catalog.labels_of(user.all_groups)
    return visit.kept("readable", labels, lambda: engine.catalog.count_documents(Filter(), labels=labels))


def welcome(engine: Engine, user: User) -> None:
    """A greeting, what can be searched, and questions to begin with."""
    number = readable(engine, user)
    told = (
        f"{wording.count(number, 'document')} can be searched for you. "
        "Every answer names its sources, so you can check it."
        if number
        else "No document can be searched for you yet. Your administrator sees why."
    )
    st.html(f'<div class="welcome"><h1>What would you like to know?</h1><p>{told}</p></div>')
    known = visit.found("openers", engine.catalog.labels_of(user.all_groups))
    if number not in known:
        known[number] = openers(engine, groups=user.all_groups)
    for place, text in enumerate(still_offered(engine, known[number], groups=user.all_groups)):
        if st.button(safe.label(text), key=f"example_{place}", width="stretch"):
            st.session_state["suggested"] = text
            st.rerun()
