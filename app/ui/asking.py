"""A question on its way: kept, its answer begun (app/ui/growing.py), and shown as it comes.

A run of the page that shows a growing answer ends at any click, and the next one takes the answer up again: a source is
opened, a document looked at, while it grows. It ends by "Stop", and when the page is closed that shows it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import StopException

from app.asker import Asker
from app.engine import Engine
from app.records import Retrieved, Waiting
from app.ui import growing, kept, narrow, thread, wording
from app.ui.growing import Growing
from app.web import ledger, safe
from app.web.following import Following
from storage.accounts import User
from storage.conversations import Chat
from storage.errors import NotPermitted, PremiseError, QuestionError

DRAW_SECONDS = 0.06  # between two drawings of a growing answer
LOOK_SECONDS = 0.25  # between two while nothing comes
SHOWN = "growing_shown"


@dataclass(kw_only=True)
class _Shown:
    """A growing answer and its place on the page."""

    growing: Growing
    here: DeltaGenerator
    status: DeltaGenerator
    text: DeltaGenerator
    drawn: str = ""
    at: float = 0.0  # when it was drawn, of time.monotonic


def ask(engine: Engine, user: User, chat: Chat | None, question: str) -> None:
    """A new question: kept if it can be asked, then answered."""
    try:
        ledger.check(engine, question)
    except QuestionError as error:
        st.error(safe.label(str(error), 500), icon=":material/edit_note:")
        return
    if chat is None:
        chat = engine.conversations.start(user.name, question)
        st.query_params["chat"] = chat.id
    asked = engine.conversations.add(user.name, chat.id, "user", question).id
    answer(engine, user, chat, asked)
    if (one := growing.under_way(chat.id).get(asked)) is not None:
        show(one)


def answer(engine: Engine, user: User, chat: Chat, asked: str) -> None:
    """Begin to answer a kept question, named by its id."""
    narrowed = narrow.current()

    def begin() -> Following:
        messages = engine.conversations.messages(user.name, chat.id)
        at = next(at for at, message in enumerate(messages) if message.id == asked)
        before = messages[:at]
        return ledger.ask(
            engine,
            messages[at].content,
            asker=Asker(user.name),
            groups=user.all_groups,
            history=kept.turns(
                before, kept.withheld(engine.catalog, user, before), kept.superseded(engine.catalog, before)
            ),
            filters=narrowed,
        )

    growing.start(
        chat.id,
        asked,
        begin,
        lambda found: engine.conversations.add(user.name, chat.id, "assistant", found.text, found.as_json(), to=asked),
    )


def show(one: Growing) -> None:
    """A place for a growing answer; `follow` fills it."""
    here = st.empty()
    with here.container(), st.chat_message("assistant", avatar=thread.AVATAR):
        status, text = st.empty(), st.empty()
        st.button("Stop", icon=":material/stop_circle:", key=f"stop_{one.question}", on_click=_stop, args=(one,))
    st.session_state[SHOWN].append(_Shown(growing=one, here=here, status=status, text=text))


def _stop(one: Growing) -> None:
    one.stop()
    st.session_state["stopped"] = one.question


def begin_run() -> None:
    """Before anything is drawn: no growing answer is on the page."""
    st.session_state[SHOWN] = []


def follow(engine: Engine, user: User) -> None:
    """When all else is drawn: the growing answers as they come, until one of them is there."""
    shown: list[_Shown] = st.session_state[SHOWN]
    try:
        while shown:
            for item in list(shown):
                item.growing.seen()
                if item.growing.ended:
                    shown.remove(item)
                    _end(item)
                else:
                    _draw(engine, user, item)
            time.sleep(DRAW_SECONDS)
    except StopException:  # the page was closed or is loaded anew; any click is another exception
        for item in shown:
            item.growing.left()
        raise


def _end(item: _Shown) -> None:
    """An answer is there, or there will be none."""
    failure = item.growing.failure
    if isinstance(failure, NotPermitted):  # another window deleted the conversation
        st.query_params.clear()
    elif isinstance(failure, PremiseError):
        item.here.error(safe.label(str(failure), 500), icon=":material/error:")
        return
    elif failure is not None:
        raise failure
    if item.growing.answer is not None:
        st.session_state["answered"] = thread.spoken(item.growing.answer)
    st.rerun()


def _draw(engine: Engine, user: User, item: _Shown) -> None:
    """Something is drawn now and then, be it new or not: only then does Streamlit tell us that we are to stop."""
    text, now = item.growing.text, time.monotonic()
    if text == item.drawn and now - item.at < LOOK_SECONDS:
        return
    if not text:
        item.status.html(f'<p class="working" role="status">{_told(engine, user, item.growing)}</p>')
    else:
        if not item.drawn:
            item.status.empty()
        item.text.html(f'<div class="answer growing">{safe.answer_html(text)}</div>')
    item.drawn, item.at = text, now


def _told(engine: Engine, user: User, one: Growing) -> str:
    if one.ahead():
        return wording.NEXT
    if isinstance(one.step, Retrieved):
        return f"Reading {wording.count(len(one.step.hits), 'passage')}…"
    if isinstance(one.step, Waiting):
        return wording.busy(one.step.ahead)
    return f"Searching {wording.count(thread.readable(engine, user), 'document')}…"
