"""Answers that were quoted because the language model did not write them: how many of late, and why. Kept in memory.

For administrators: people are told that it is so, not what to do about it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

OF_LATE = timedelta(hours=1)
MOST = 1000  # that are counted


@dataclass(frozen=True, kw_only=True)
class Missed:
    """What became of the answers of late."""

    count: int  # that were quoted instead of written
    last: datetime  # when the latest was
    why: str  # and what it was for
    over: bool  # an answer was written since


class Misses:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._moments: deque[datetime] = deque(maxlen=MOST)
        self._why = ""
        self._over = False

    def add(self, why: str) -> None:
        """An answer was quoted instead of written."""
        with self._lock:
            self._moments.append(datetime.now(UTC))
            self._why, self._over = why, False

    def written(self) -> None:
        """An answer was written."""
        with self._lock:
            self._over = True

    def of_late(self) -> Missed | None:
        """None where all that should be written was."""
        since = datetime.now(UTC) - OF_LATE
        with self._lock:
            while self._moments and self._moments[0] < since:
                self._moments.popleft()
            if not self._moments:
                return None
            return Missed(count=len(self._moments), last=self._moments[-1], why=self._why, over=self._over)
