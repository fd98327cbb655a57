"""What a process keeps of documents' text in memory to be quick, and lets go of once a document is forgotten.

Whatever keeps text, or what was made of it, for longer than a question takes says here how it is emptied. Knows nothing
of what is kept, nor when it is time (storage/erasure.py). Memory that becomes free is used again, not overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from types import MethodType
from typing import TypeVar
from weakref import WeakMethod

Found = TypeVar("Found")

_kept: list[Callable[[], Callable[[], object] | None]] = []
_times = 0


def keep(empty: Callable[[], object]) -> None:
    """Something keeps text, and `empty`, called from any thread, has it keep none. A method: while its object lives."""
    _kept.append(WeakMethod(empty) if isinstance(empty, MethodType) else lambda: empty)


keep(re.purge)  # patterns made of names and codes


def remembered(maxsize: int) -> Callable[[Callable[..., Found]], Callable[..., Found]]:
    """As functools.lru_cache, for a function of text."""

    def remembering(function: Callable[..., Found]) -> Callable[..., Found]:
        cached = lru_cache(maxsize)(function)
        keep(cached.cache_clear)
        return cached

    return remembering


def let_go() -> None:
    """Empty everything."""
    global _times  # noqa: PLW0603 - of the process, as what is kept
    _times += 1
    for kept in _kept.copy():
        empty = kept()
        if empty is None:
            _kept.remove(kept)
        else:
            empty()


def times() -> int:
    """How often that was: what cannot be emptied from here is not used any more when it is another number."""
    return _times
