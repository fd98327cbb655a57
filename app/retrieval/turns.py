"""Whose search is next: so many at once, in the order in which they came. Knows no search.

More searches at once than there are processors only take each other's time, and Python's semaphore lets those who come
pass those who wait: with twenty people asking some waited ten times as long as others.
"""

from __future__ import annotations

import os
from collections import deque
from threading import Lock
from types import TracebackType

BESIDES = 1  # more than there are processors: one waits for the disk now and then


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


class Turns:
    """A context that at most `places` threads are in. Who leaves hands the place to who has waited longest."""

    def __init__(self, places: int | None = None) -> None:
        """`places`: one for each processor and BESIDES, unless said."""
        self._free = processors() + BESIDES if places is None else places
        self._waiting: deque[Lock] = deque()
        self._lock = Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # until it is released by who leaves

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
