"""The chat: a person's conversations, the question, the answer as it is made, and its citations.

Conversations live in the catalog; a page only draws them. Which one is open stands in the address (`?chat=`).
"""

from __future__ import annotations

import time
from contextlib import closing

import streamlit as st

from app.asker import Asker
from app.engine import Engine
from app.records import Answer, Delta, Finished, Retrieved, Turn, Waiting
from app.ui import current, identity, kept, narrow, source, thread, wording
from app.web import ledger, safe
from app.web.following import Following
from storage.accounts import User
from storage.conversations import Chat, Message
from storage.errors import NotPermitted, PremiseError, QuestionError, TooManyQuestions

DRAW_SECONDS = 0.06  # between two drawings of a growing answer
CHATS, MORE_CHATS = 15, 40  # that are listed, and with every "Show older"
LOOK_SECONDS = 0.25  # between two while nothing comes


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    chat = _open_chat(engine, user)
    with st.sidebar:
        narrow.panel(engine, user)
        _conversations(engine, user, chat)
    messages = engine.conversations.messages(user.name, chat.id) if chat else []
    withheld = kept.withheld(engine.catalog, user, messages)
    question = st.chat_input("Ask about your documents") or st.session_state.pop("suggested", None)
    if question:
        source.close()
    source.follow()
    opened = source.opened([message for message in messages if message.id not in withheld])
    if opened is None:
        with st.container(key="thread"):
            _talk(engine, user, chat, messages, withheld, question)
        return
    left, right = st.columns([11, 10], gap="medium")
    with left, st.container(key="thread_narrow"):
        _talk(engine, user, chat, messages, withheld, None)
    with right, st.container(key="source", border=True):
        source.panel(engine, user, opened)


def _open_chat(engine: Engine, user: User) -> Chat | None:
    wanted = st.query_params.get("chat")
    if not wanted:
        return None
    try:
        return engine.conversations.get(user.name, wanted)
    except NotPermitted:
        del st.query_params["chat"]
        st.toast("There is no such conversation.")
        return None


def _talk(
    engine: Engine,
    user: User,
    chat: Chat | None,
    messages: list[Message],
    withheld: frozenset[str],
    question: str | None,
) -> None:
    first = st.empty()  # a place of its own: it is cleared at once when the first question is asked
    if not messages and not question:
        with first.container():
            thread.welcome(engine, user)
        return
    if "answered" in st.session_state:
        told = safe.text_html(st.session_state.pop("answered"))
        first.html(f'<p class="unseen" role="alert">{told}</p>')
    earlier = kept.superseded(engine.catalog, messages)
    for message in messages:
        thread.show(engine, user, message, withheld=message.id in withheld, earlier=earlier)
    last = messages[-1] if messages else None
    if last and last.role != "user" and last.id not in withheld and not question and len(messages) > 1:
        thread.go_on(engine, user, [item.content for item in messages if item.role == "user"], last)
    if question:
        if question.strip():
            thread.question(question)
        _answer(engine, user, question, kept.turns(messages, withheld, earlier), chat, new=True)
    elif messages and messages[-1].role == "user":  # stopped, or the page was left, or an error came
        stopped = st.session_state.get("stopped") == messages[-1].id
        told = "You stopped this answer." if stopped else "There is no answer to this question yet."
        st.html(f'<p class="quiet">{told}</p>')
        with st.container(horizontal=True):
            st.button("Look again", icon=":material/refresh:")  # another window may be answering it: just draw anew
            again = st.button("Ask again", icon=":material/replay:")
        if again:
            _answer(engine, user, messages[-1].content, kept.turns(messages[:-1], withheld, earlier), chat)


# --- asking -----------------------------------------------------------------------------------------------------


def _answer(
    engine: Engine, user: User, question: str, history: list[Turn], chat: Chat | None, *, new: bool = False
) -> None:
    """Ask, keep the question when it can be asked, show the answer as it comes, keep it."""
    try:
        coming = ledger.ask(
            engine,
            question,
            asker=Asker(user.name),
            groups=user.all_groups,
            history=history,
            filters=narrow.current(),
        )
    except (QuestionError, TooManyQuestions) as error:
        st.error(safe.label(str(error), 500), icon=":material/edit_note:")
        return
    if chat is None:
        chat = engine.conversations.start(user.name, question)
        st.query_params["chat"] = chat.id
    if new:
        engine.conversations.add(user.name, chat.id, "user", question)
    asked = engine.conversations.messages(user.name, chat.id)[-1].id
    try:
        # the run ends at any drawing, when the person leaves or clicks: then nobody wants the answer any more
        with closing(coming), st.chat_message("assistant", avatar=thread.AVATAR):
            answer = _stream(engine, user, coming, asked)
    except PremiseError as error:
        st.error(safe.label(str(error), 500), icon=":material/error:")
        return
    if answer is not None:
        engine.conversations.add(user.name, chat.id, "assistant", answer.text, answer.as_json())
        st.session_state["answered"] = thread.spoken(answer)
        st.rerun()


def _stream(engine: Engine, user: User, coming: Following, asked: str) -> Answer | None:
    status, shown, button = st.empty(), st.empty(), st.empty()
    told = f"Searching {wording.count(thread.readable(engine, user), 'document')}…"
    text, drawn = "", 0.0
    status.html(f'<p class="working" role="status">{told}</p>')
    button.button(
        "Stop", icon=":material/stop_circle:", key="stop", on_click=st.session_state.update, args=({"stopped": asked},)
    )
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
            status.html(f'<p class="working" role="status">{told}</p>')
        elif not events or time.monotonic() - drawn > DRAW_SECONDS:
            if not drawn:
                status.empty()
            shown.html(f'<div class="answer growing">{safe.answer_html(text)}</div>')
            drawn = time.monotonic()
    return None


# --- the list of conversations ----------------------------------------------------------------------------------


def _conversations(engine: Engine, user: User, chat: Chat | None) -> None:
    if st.button("New chat", icon=":material/add:", width="stretch", key="new_chat"):
        _go(None)
    most = st.session_state.get("chats_shown", CHATS)
    chats = engine.conversations.all(user.name, most + 1)
    if chats:
        st.html('<p class="sidehead">Conversations</p>')
    with st.container(gap=None, key="chats"):
        for item in chats[:most]:
            _conversation(engine, user, item, now=chat is not None and item.id == chat.id)
        if len(chats) > most and st.button("Show older", icon=":material/history:", type="tertiary", key="older"):
            st.session_state["chats_shown"] = most + MORE_CHATS
            st.rerun()


def _conversation(engine: Engine, user: User, item: Chat, *, now: bool) -> None:
    with st.container(horizontal=True, gap=None, key=f"row_{'now_' if now else ''}{item.id}"):
        if st.button(safe.label(item.title, 60), key=f"open_{item.id}", type="tertiary", width="stretch"):
            _go(item.id)
        with st.popover(
            "Change this conversation", icon=":material/more_horiz:", type="tertiary", key=f"menu_{item.id}"
        ):
            _menu(engine, user, item, now)


def _menu(engine: Engine, user: User, item: Chat, now: bool) -> None:
    with st.form(f"rename_{item.id}", border=False):
        name = st.text_input("Name", item.title, max_chars=60)
        if st.form_submit_button("Rename", icon=":material/edit:") and name.strip():
            engine.conversations.rename(user.name, item.id, name.strip())
            st.rerun()
    if st.button("Delete conversation", icon=":material/delete:", key=f"delete_{item.id}"):
        engine.conversations.remove(user.name, item.id)
        _go(None) if now else st.rerun()


def _go(chat_id: str | None) -> None:
    source.close()
    if chat_id is None:
        st.query_params.clear()
    else:
        st.query_params["chat"] = chat_id
    st.rerun()
