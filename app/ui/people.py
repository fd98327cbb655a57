"""People, for the administrator: accounts, their groups, passwords, and who may not sign in."""

from __future__ import annotations

import streamlit as st

from app.engine import Engine
from app.ui import identity, wording
from app.web import safe
from storage.accounts import User, new_password
from storage.audit import Event
from storage.errors import AccountError

WIDTHS = {"Role": 115, "Groups": 180}  # in pixels, for both to be seen on a narrow screen


def people(engine: Engine, admin: User) -> None:
    """The whole tab."""
    told = st.session_state.pop("people_told", None)
    if told:
        st.success(told)
    everybody = engine.accounts.all()
    st.dataframe(
        [
            {
                "Name": user.name,
                "Role": role(user),
                "Groups": ", ".join(user.groups) or "—",
                "Since": identity.local(user.created),
            }
            for user in everybody
        ],
        hide_index=True,
        key="people",
        column_config={name: st.column_config.TextColumn(width=width) for name, width in WIDTHS.items()},
    )
    st.caption(wording.count(len(everybody), "account"))
    known = sorted(engine.catalog.groups() | {group for user in everybody for group in user.groups})
    known = [group for group in known if group != "everyone"]
    left, right = st.columns(2)
    with left:
        _add(engine, admin, known)
    with right:
        _change(engine, admin, everybody, known)


def role(user: User) -> str:
    """What sets an account apart, in words."""
    said = ["administrator"] * user.admin + ["may not sign in"] * user.disabled
    return ", ".join(said) or "—"


def _add(engine: Engine, admin: User, known: list[str]) -> None:
    added = st.session_state.get("people_added", 0)  # what was typed stays until somebody was added
    with st.form(f"add_person_{added}"):
        st.html('<h2 class="small">Add a person</h2>')
        name = st.text_input("User name", max_chars=64, key=f"add_name_{added}")
        groups = st.multiselect("Groups", known, accept_new_options=True, key=f"add_groups_{added}")
        is_admin = st.checkbox("Administrator", key=f"add_admin_{added}")
        if st.form_submit_button("Add"):
            password = new_password()
            try:
                user = engine.accounts.add(name.strip().lower(), password, groups, admin=is_admin)
            except AccountError as error:
                st.error(safe.label(str(error), 300))
                return
            engine.audit.record(admin.name, Event.USER_ADDED, user.name)
            st.session_state["people_added"] = added + 1
            _tell(f"{safe.label(user.name)} can sign in with the password `{password}`. It is shown this once.")


def _change(engine: Engine, admin: User, everybody: list[User], known: list[str]) -> None:
    with st.container(border=True):
        st.html('<h2 class="small">Change a person</h2>')
        name = st.selectbox(
            "Person", [user.name for user in everybody], index=None, key="person", placeholder="Choose a person"
        )
        user = next((user for user in everybody if user.name == name), None)
        if user is None:
            return
        own = user.name == admin.name
        changed = st.session_state.get("people_changed", 0)  # a box that was ticked does not stay so for the next time
        with st.form(f"change_{user.name}_{changed}", border=False):
            groups = st.multiselect(
                "Groups",
                sorted({*known, *user.groups}),
                list(user.groups),
                accept_new_options=True,
                key=f"groups_{user.name}_{changed}",
            )
            is_admin = st.checkbox("Administrator", user.admin, disabled=own, key=f"admin_{user.name}_{changed}")
            disabled = st.checkbox(
                "May not sign in", user.disabled, disabled=own, key=f"disabled_{user.name}_{changed}"
            )
            reset = st.checkbox("Give a new password", key=f"reset_{user.name}_{changed}")
            if st.form_submit_button("Save"):
                _save(engine, admin, user, groups, is_admin or (own and user.admin), disabled and not own, reset)


def _save(
    engine: Engine, admin: User, user: User, groups: list[str], is_admin: bool, disabled: bool, reset: bool
) -> None:
    password = new_password() if reset else None
    try:
        engine.accounts.change(user.name, password=password, groups=groups, admin=is_admin, disabled=disabled)
    except AccountError as error:
        st.error(safe.label(str(error), 300))
        return
    engine.audit.record(admin.name, Event.USER_CHANGED, user.name)
    st.session_state["people_changed"] = st.session_state.get("people_changed", 0) + 1
    said = f" The new password is `{password}`. It is shown this once." if password else ""
    _tell(f"{safe.label(user.name)} is changed.{said}")


def _tell(text: str) -> None:
    st.session_state["people_told"] = text
    st.rerun()
