"""A question on its way: kept, its turn waited for, its answer shown as it comes and kept where it belongs.

Questions of one conversation, whatever windows they come from, are answered one after the other: each knows what was
answered before it.
"""

from __future__ import annotations

import time
import uuid
from contextlib import closing

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.asker import Asker
from app.engine import Engine
from app.records import Answer, Delta, Finished, Retrieved, Waiting
from app.ui import kept, line, narrow, thread, wording
from app.web import ledger, safe
from app.web.following import Following
from storage.accounts import User
from storage.conversations import Chat
from storage.errors import NotPermitted, PremiseError, QuestionError

DRAW_SECONDS = 0.06  # between two drawings of a growing answer
LOOK_SECONDS = 0.25  # between two while nothing comes


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
    answer(engine, user, chat, engine.conversations.add(user.name, chat.id, "user", question).id)


def answer(engine: Engine, user: User, chat: Chat, asked: str) -> None:
    """Answer a kept question, named by its id, when those before it in the conversation are answered."""
    here = st.empty()
    try:
        # the run ends at any drawing, when the person leaves or clicks: then nobody wants the answer any more
        with (
            line.stand_in(chat.id, asked, window()) as place,
            here.container(),
            st.chat_message("assistant", avatar=thread.AVATAR),
        ):
            found = _answered(engine, user, chat, place)
            if found is not None:
                engine.conversations.add(user.name, chat.id, "assistant", found.text, found.as_json(), to=asked)
    except NotPermitted:  # another window deleted the conversation
        st.query_params.clear()
        st.rerun()
    except PremiseError as error:
        here.empty()
        st.error(safe.label(str(error), 500), icon=":material/error:")
        return
    if found is not None:
        st.session_state["answered"] = thread.spoken(found)
        st.rerun()


def window() -> str:
    """The name of the browser window that is drawn."""
    return str(st.session_state.setdefault("window", uuid.uuid4().hex))


def _answered(engine: Engine, user: User, chat: Chat, place: line.Place) -> Answer | None:
    status, shown, button = st.empty(), st.empty(), st.empty()
    stopped = {"stopped": place.question}
    button.button("Stop", icon=":material/stop_circle:", key="stop", on_click=st.session_state.update, args=(stopped,))
    told = f"Searching {wording.count(thread.readable(engine, user), 'document')}…"
    while ahead := line.ahead(place):
        others = any(other.window != place.window for other in ahead)
        _tell(status, wording.ELSEWHERE_FIRST if others else told)
        time.sleep(LOOK_SECONDS)
    _tell(status, told)
    messages = engine.conversations.messages(user.name, chat.id)
    at = next(at for at, message in enumerate(messages) if message.id == place.question)
    before = messages[:at]
    coming = ledger.ask(
        engine,
        messages[at].content,
        asker=Asker(user.name),
        groups=user.all_groups,
        history=kept.turns(
            before, kept.withheld(engine.catalog, user, before), kept.superseded(engine.catalog, before)
        ),
        filters=narrow.current(),
    )
    with closing(coming):
        return _stream(coming, told, status, shown)


def _stream(coming: Following, told: str, status: DeltaGenerator, shown: DeltaGenerator) -> Answer | None:
    text, drawn = "", 0.0
    while (events := coming.get(timeout=LOOK_SECONDS)) is not None:
        for event in events:
            if isinstance(event, Retrieved):
                told = f"Reading {wording.count(len(event.hits), 'passage')}…"
            elif isinstance(event, Waiting):
                told = wording.busy(event.ahead)
            elif isinstance(event, Delta):
                text = event.text if event.anew else text + event.text
            elif isinstance(event, Finished):
                return event.answer
        # Something is drawn every time, whether or not it is new: only then does Streamlit tell us that we are to stop.
        if not text:
            _tell(status, told)
        elif not events or time.monotonic() - drawn > DRAW_SECONDS:
            if not drawn:
                status.empty()
            shown.html(f'<div class="answer growing">{safe.answer_html(text)}</div>')
            drawn = time.monotonic()
    return None


def _tell(status: DeltaGenerator, told: str) -> None:
    status.html(f'<p class="working" role="status">{told}</p>')
