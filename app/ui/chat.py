"""The chat: a person's conversations, and the questions and answers of the one that is open.

Conversations live in the catalog; a page only draws them. Which one is open stands in the address (`?chat=`).
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.engine import Engine
from app.ui import asking, current, growing, identity, kept, narrow, source, thread, wording
from app.ui.growing import Growing
from app.web import safe
from storage.accounts import User
from storage.conversations import Chat, Message
from storage.errors import NotPermitted

DRAWN, SECOND_PLACE = "chat_drawn", "chat_second_place"
CHATS, MORE_CHATS = 15, 40  # that are listed, and with every "Show older"


def page() -> None:
    """The whole page."""
    engine, user = current.engine(), identity.person()
    chat = _open_chat(engine, user)
    with st.sidebar:
        narrow.panel(engine, user)
        _conversations(engine, user, chat)
    coming = growing.under_way(chat.id) if chat else {}  # first: what is there meanwhile is among the messages
    messages = engine.conversations.messages(user.name, chat.id) if chat else []
    withheld = kept.withheld(engine.catalog, user, messages)
    question = st.chat_input("Ask about your documents") or st.session_state.pop("suggested", None)
    if question:
        source.close()
    source.follow()
    opened = source.opened([message for message in messages if message.id not in withheld])
    with _place(chat, beside=opened is not None):
        if opened is None:
            with st.container(key="thread"):
                _talk(engine, user, chat, messages, withheld, coming, question)
        else:
            left, right = st.columns([11, 10], gap="medium")
            with left, st.container(key="thread_narrow"):
                _talk(engine, user, chat, messages, withheld, coming, None)
            with right, st.container(key="source", border=True):
                source.panel(engine, user, *opened)
    st.session_state[DRAWN] = (st.query_params.get("chat"), opened is not None)  # one that was begun is no other


def come_back() -> None:
    """From another page: to the conversation that was open."""
    was, _ = st.session_state.get(DRAWN, (None, False))
    if was and "chat" not in st.query_params:
        st.query_params["chat"] = was


def _place(chat: Chat | None, *, beside: bool) -> DeltaGenerator:
    """Where the conversation is drawn: for another one, or with a source `beside` it or without, another place than
    before. What stood in one place stays in it until a run ends, and one that shows a growing answer takes its time."""
    drawn = (chat.id if chat else None, beside)
    if st.session_state.get(DRAWN) != drawn:
        st.session_state[DRAWN] = drawn
        st.session_state[SECOND_PLACE] = not st.session_state.get(SECOND_PLACE, False)
    second = st.session_state[SECOND_PLACE]
    with st.container(gap=None):
        if second:
            st.empty()
        place = st.container()
        if not second:
            st.empty()
    return place


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
    coming: dict[str, Growing],
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
    for at, message in enumerate(messages):
        thread.show(engine, user, message, withheld=message.id in withheld, earlier=earlier)
        if message.role != "user" or (at + 1 < len(messages) and messages[at + 1].role != "user"):
            continue
        if message.id in coming:
            asking.show(coming[message.id])
        elif at + 1 < len(messages) or question:
            st.html(f'<p class="quiet">{_unanswered(message)}</p>')
    last = messages[-1] if messages else None
    if last and last.role != "user" and last.id not in withheld and not question and len(messages) > 1:
        thread.go_on(engine, user, [item.content for item in messages if item.role == "user"], last)
    if question:
        if question.strip():
            thread.question(question)
        asking.ask(engine, user, chat, question)
    elif chat and last and last.role == "user" and last.id not in coming:
        _without_answer(engine, user, chat, last)


def _unanswered(message: Message) -> str:
    return "You stopped this answer." if st.session_state.get("stopped") == message.id else wording.UNANSWERED


def _without_answer(engine: Engine, user: User, chat: Chat, last: Message) -> None:
    """Of a question that was stopped, whose page was closed, or that failed."""
    st.html(f'<p class="quiet">{_unanswered(last)}</p>')
    if st.button("Ask again", icon=":material/replay:"):
        asking.answer(engine, user, chat, last.id)
        st.rerun()


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
        renamed = st.session_state.get(f"renamed_{item.id}", 0)  # another key is another menu, and that is closed
        with st.popover(
            "Change this conversation", icon=":material/more_horiz:", type="tertiary", key=f"menu_{item.id}_{renamed}"
        ):
            _menu(engine, user, item, now, renamed)


def _menu(engine: Engine, user: User, item: Chat, now: bool, renamed: int) -> None:
    with st.form(f"rename_{item.id}_{renamed}", border=False):
        name = st.text_input("Name", item.title, max_chars=60)
        if st.form_submit_button("Rename", icon=":material/edit:") and name.strip():
            engine.conversations.rename(user.name, item.id, name.strip())
            st.session_state[f"renamed_{item.id}"] = renamed + 1
            st.rerun()
    address = f"/api/v1/conversations/{safe.text_html(item.id)}"
    st.html(f'<a class="download save" href="{address}" download>Save as a file</a>')
    with st.expander("Delete conversation", icon=":material/delete:"):
        st.write("Its questions and answers go for good.")
        if st.button("Delete for good", type="primary", key=f"delete_{item.id}"):
            for one in growing.under_way(item.id).values():
                one.stop()
            engine.conversations.remove(user.name, item.id)
            _go(None) if now else st.rerun()


def _go(chat_id: str | None) -> None:
    source.close()
    if chat_id is None:
        st.query_params.clear()
    else:
        st.query_params["chat"] = chat_id
    st.rerun()
