"""What a person's next questions are narrowed to: a panel beside the conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from app.engine import Engine
from app.ui import visit
from app.web import safe
from storage.accounts import User
from storage.filters import FAMILIES, Filters

CHOSEN = "narrowed"  # of this visit: Streamlit forgets what a page's own elements hold when another page is shown
TYPES = ("pdf", *FAMILIES)
MOST = 300  # documents that are offered at once; of more one says first what their paths hold
_last: dict[str, Filters] = {}  # by person: a mark in an answer is a link, and with it a new visit begins


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
    _take_up(user.name)
    label = "Search is narrowed" if current() else "All documents"
    with st.popover(label, icon=":material/filter_alt:", width="stretch", key="narrow"):
        paths = _paths(engine, user)
        if len(paths) > MOST:
            wanted = st.text_input("Find documents and folders", max_chars=100, key="narrow_find").casefold()
            paths = [path for path in paths if wanted in path.casefold()]
        folders = sorted({folder for path in paths if (folder := path.rpartition("/")[0])})
        _several("Only these documents", "documents", paths)
        _several("Only these folders", "folders", folders)
        _several("Only these kinds", "types", TYPES)
        st.text_input("Author", max_chars=100, key="narrow_author")
        left, right = st.columns(2)
        left.date_input("Changed from", None, key="narrow_after")
        right.date_input("until", None, key="narrow_before")


def _several(label: str, name: str, values: Sequence[str]) -> None:
    """A choice of several; what is chosen stays in it, whatever else is looked for."""
    offered = list(dict.fromkeys([*(_chosen(name) or ()), *values[:MOST]]))
    st.multiselect(label, offered, format_func=lambda value: safe.plain(value)[:120], key=f"narrow_{name}")


def _paths(engine: Engine, user: User) -> list[str]:
    """The paths that a person may read. Kept for a minute."""
    labels = engine.catalog.labels_of(user.all_groups)
    return visit.kept("readable_paths", labels, lambda: engine.catalog.readable_paths(labels=labels))


def _take_up(name: str) -> None:
    """What the person had chosen, back from another page or when a mark in an answer loaded the page anew."""
    last = st.session_state.get(CHOSEN) or (_last.get(name) if "cite" in st.query_params else None)
    if last is not None and "narrow_types" not in st.session_state:
        for part in ("types", "folders", "documents"):
            st.session_state[f"narrow_{part}"] = list(getattr(last, part))
        st.session_state["narrow_author"] = "".join(last.authors)
        st.session_state["narrow_after"], st.session_state["narrow_before"] = last.after, last.before
    _last[name] = st.session_state[CHOSEN] = current()
