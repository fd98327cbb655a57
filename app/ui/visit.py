"""What a person's visit keeps: for a minute what the catalog says to them, and what was made of documents for them.

None of it is used any more once a document was forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from storage import recollection

KEPT_SECONDS = 60
Read = TypeVar("Read")


def kept(name: str, labels: frozenset[int], read: Callable[[], Read]) -> Read:
    """What `read` gave a minute ago or less, to a person of the same labels."""
    mark = (labels, recollection.times())
    last = st.session_state.get(name)
    if last is None or last[0] != mark or time.monotonic() - last[1] > KEPT_SECONDS:
        last = st.session_state[name] = (mark, time.monotonic(), read())
    found: Read = last[2]
    return found


def found(name: str, labels: frozenset[int]) -> dict[Any, list[Any]]:
    """What was found for this visit, by whatever it was found for, as long as the person's labels are the same."""
    mark = (labels, recollection.times())
    last = st.session_state.get(name)
    if last is None or last[0] != mark:
        last = st.session_state[name] = (mark, {})
    things: dict[Any, list[Any]] = last[1]
    return things
