"""How fast one person may ask: so many questions in any minute. Counted in memory, in this process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from storage.errors import TooManyQuestions

MINUTE = 60.0


class Rate:
    """Safe to use from many threads."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute`: 0 for no limit."""
        self._most = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[str, deque[float]] = {}  # person -> when, within the last minute

    def take(self, person: str) -> None:
        """Count a question. Raises: TooManyQuestions; then it is not counted."""
        if not self._most:
            return
        now = self._clock()
        with self._lock:
            self._forget(now)
            mine = self._asked.setdefault(person, deque())
            if len(mine) < self._most:
                mine.append(now)
                return
            seconds = int(mine[0] + MINUTE - now) + 1
        raise TooManyQuestions(
            f"You asked {self._most} questions within a minute, the most that is allowed. Ask again in {seconds} "
            f"second{'s' if seconds > 1 else ''}.",
            seconds,
        )

    def _forget(self, now: float) -> None:
        for person, moments in list(self._asked.items()):
            while moments and moments[0] <= now - MINUTE:
                moments.popleft()
            if not moments:
                del self._asked[person]
