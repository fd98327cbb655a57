"""Questions on their way, by conversation: one is answered at a time, the others of other windows wait in line.

Kept in this process, which is the only one that serves pages. Safe to use from many threads; knows no question's text.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """A question's place in the line of its conversation."""

    chat: str
    question: str  # its id
    window: str  # of the browser, in which it was asked


_lines: dict[str, list[Place]] = {}
_lock = threading.Lock()


@contextmanager
def stand_in(chat: str, question: str, window: str) -> Iterator[Place]:
    """Stand at the end of the line, until the answer is there or not wanted any more."""
    place = Place(chat=chat, question=question, window=window)
    with _lock:
        _lines.setdefault(chat, []).append(place)
    try:
        yield place
    finally:
        with _lock:
            _lines[chat].remove(place)
            if not _lines[chat]:
                del _lines[chat]


def ahead(place: Place) -> list[Place]:
    """Who comes before."""
    with _lock:
        line = _lines[place.chat]
        return line[: line.index(place)]


def elsewhere(chat: str, question: str, window: str) -> bool:
    """Whether another window waits for the answer to this question."""
    with _lock:
        return any(place.question == question and place.window != window for place in _lines.get(chat, ()))
