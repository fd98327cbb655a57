"""What a person's visit keeps for a minute: what the catalog says to those who may read what this person may."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

KEPT_SECONDS = 60
Read = TypeVar("Read")


def kept(name: str, labels: frozenset[int], read: Callable[[], Read]) -> Read:
    """What `read` gave a minute ago or less, to a person of the same labels."""
    last = st.session_state.get(name)
    if last is None or last[0] != labels or time.monotonic() - last[1] > KEPT_SECONDS:
        last = st.session_state[name] = (labels, time.monotonic(), read())
    found: Read = last[2]
    return found
