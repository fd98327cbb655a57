"""Who asks, and whether they still want the answer. Safe to use from many threads; knows nothing of the question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OPERATOR = "operator"  # whoever runs commands on this host


class Asker:
    """One person's one question. `stop` may be called by any thread, at any time, more than once."""

    def __init__(self, person: str = OPERATOR) -> None:
        self.person = person
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._calls: dict[object, Callable[[], None]] = {}

    def stop(self) -> None:
        """The answer is not wanted any more: whatever waits for it is woken."""
        with self._lock:
            self._stopped.set()
            calls = tuple(self._calls.values())
        for call in calls:
            call()

    @property
    def stopped(self) -> bool:
        """Whether the answer is not wanted any more."""
        return self._stopped.is_set()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Meanwhile `stop` calls this too; at once when it was called before."""
        key = object()
        with self._lock:
            self._calls[key] = call
            stopped = self.stopped
        try:
            if stopped:
                call()
            yield
        finally:
            with self._lock:
                del self._calls[key]
