"""The queue before the language model: a fair share for every person, and how many are ahead of whom.

Whose answer is next: of the people who wait, one with the fewest answers under way, and of these the one whose last
turn is longest ago. So whoever asks twenty questions at once holds up their own, and nobody else's. Knows people by
name; knows no question and no server.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count


class Queue:
    """So many at once; the others wait. Safe to use from many threads."""

    def __init__(self, at_once: int) -> None:
        self._places = at_once
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[Ticket]] = {}
        self._last: dict[str, int] = {}  # person -> when their last turn came, of those who run or wait
        self._moment = count(1)

    @contextmanager
    def ticket(self, person: str) -> Iterator[Ticket]:
        """A place in the queue, and then at the model, until the context ends."""
        ticket = Ticket(self, person)
        with self._lock:
            self._waiting.setdefault(person, deque()).append(ticket)
            self._last.setdefault(person, 0)
            self._grant()
        try:
            yield ticket
        finally:
            self._leave(ticket)

    def load(self) -> tuple[int, int]:
        """How many are answered now, and how many wait."""
        with self._lock:
            return self._running.total(), sum(len(line) for line in self._waiting.values())

    def ahead(self, ticket: Ticket) -> int:
        """How many come before this one as things stand; 0 when it is next, or has its turn."""
        with self._lock:
            if ticket.granted.is_set():
                return 0
            lines = {person: deque(line) for person, line in self._waiting.items()}
            running, last, moment = Counter(self._running), dict(self._last), 1 << 60
            for before in count():
                person = _next(lines, running, last)
                if lines[person].popleft() is ticket:
                    return before
                if not lines[person]:
                    del lines[person]
                running[person] += 1
                last[person] = moment + before
        raise AssertionError("a ticket waits until it is granted or left")

    def _grant(self) -> None:
        while self._waiting and self._running.total() < self._places:
            person = _next(self._waiting, self._running, self._last)
            ticket = self._waiting[person].popleft()
            if not self._waiting[person]:
                del self._waiting[person]
            self._running[person] += 1
            self._last[person] = next(self._moment)
            ticket.granted.set()

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            person = ticket.person
            if ticket.granted.is_set():
                self._running[person] -= 1
            else:
                self._waiting[person].remove(ticket)
                if not self._waiting[person]:
                    del self._waiting[person]
            if not self._running[person]:
                del self._running[person]
                if person not in self._waiting:
                    del self._last[person]
            self._grant()


class Ticket:
    """A place in the queue."""

    def __init__(self, queue: Queue, person: str) -> None:
        self.person = person
        self.granted = threading.Event()
        self._queue = queue

    def wait(self, seconds: float) -> bool:
        """Whether the turn has come, within so many seconds."""
        return self.granted.wait(seconds)

    def ahead(self) -> int:
        """How many come before."""
        return self._queue.ahead(self)


def _next(waiting: Mapping[str, deque[Ticket]], running: Mapping[str, int], last: Mapping[str, int]) -> str:
    return min(waiting, key=lambda person: (running.get(person, 0), last[person]))
