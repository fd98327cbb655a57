"""What a person's next questions are narrowed to: a panel beside the conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from app.engine import Engine
from app.web import safe
from storage.accounts import User
from storage.filters import FAMILIES, Filters

TYPES = ("pdf", *FAMILIES)


def current() -> Filters:
    """What is chosen in the panel."""
    author = str(_chosen("author") or "").strip()
    after, before = _chosen("after"), _chosen("before")
    return Filters(
        types=tuple(_chosen("types") or ()),
        folders=tuple(_chosen("folders") or ()),
        authors=(author,) if author else (),
        documents=tuple(_chosen("documents") or ()),
        after=after if isinstance(after, date) else None,
        before=before if isinstance(before, date) else None,
    )


def _chosen(name: str) -> Any:
    return st.session_state.get(f"narrow_{name}")


def panel(engine: Engine, user: User) -> None:
    """A button that says whether the search is narrowed, and opens the choice."""
    label = "Search is narrowed" if current() else "All documents"
    with st.popover(label, icon=":material/filter_alt:", width="stretch", key="narrow"):
        paths = [item.path for item in engine.catalog.documents(labels=engine.catalog.labels_of(user.all_groups))]
        folders = sorted({folder for path in paths if (folder := path.rpartition("/")[0])})
        _several("Only these documents", "documents", paths)
        _several("Only these folders", "folders", folders)
        _several("Only these kinds", "types", TYPES)
        st.text_input("Author", max_chars=100, key="narrow_author")
        left, right = st.columns(2)
        left.date_input("Changed from", None, key="narrow_after")
        right.date_input("until", None, key="narrow_before")


def _several(label: str, name: str, values: Sequence[str]) -> None:
    st.multiselect(label, values, format_func=lambda value: safe.plain(value)[:120], key=f"narrow_{name}")
