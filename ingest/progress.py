"""How far the work has come: files, chunks a second, time left. For the terminal, `premise status` and the page.

What is shown elsewhere goes through the catalog, since the service and the web server are two processes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from storage.catalog import Catalog
from storage.catalog.facts import INGESTING

KEPT_SECONDS = 2.0  # between two writings to the catalog
TOLD_SECONDS, TOLD_FILES = 10.0, 10  # before the time left can be told: the first files wait for a whole batch


@dataclass(kw_only=True)
class Progress:
    """Where `work` stands; also what it ended with."""

    total: int = 0  # files
    done: int = 0
    indexed: int = 0
    failed: int = 0
    chunks: int = 0  # embedded or re-used
    path: str = ""  # the file just finished
    chunks_per_second: float = 0.0
    seconds_left: float | None = None  # None: nobody can say yet. Small files come first: it errs to the hopeful side
    timings: dict[str, float] = field(default_factory=lambda: {"parse": 0.0, "embed": 0.0, "store": 0.0})


class Reported:
    """A progress that is shown as it grows. Used by the thread that parses and the one that stores."""

    def __init__(self, catalog: Catalog, state: Progress, show: Callable[[Progress], None]) -> None:
        self.state = state
        self._catalog = catalog
        self._show = show
        self._started = time.monotonic()
        self._kept = 0.0
        self._lock = threading.Lock()

    def finished(self, path: str) -> None:
        """One file more has come to its end."""
        with self._lock:
            state, seconds = self.state, max(time.monotonic() - self._started, 1e-3)
            state.done += 1
            state.total = max(state.total, state.done)
            state.path = path
            state.chunks_per_second = state.chunks / seconds
            left = state.total - state.done
            told = not left or (seconds >= TOLD_SECONDS and state.done >= TOLD_FILES)
            state.seconds_left = seconds / state.done * left if told else None
            self._show(state)
            if seconds > self._kept + KEPT_SECONDS:
                self._kept = seconds
                self._keep()

    def ended(self) -> None:
        """Nothing is on its way any more."""
        if self._kept:
            self._catalog.set_fact(INGESTING, "")

    def _keep(self) -> None:
        state = self.state
        left = round(state.seconds_left) if state.seconds_left is not None else None
        kept = {
            "files": state.total,
            "done": state.done,
            "failed": state.failed,
            "chunks": state.chunks,
            "chunks_per_second": round(state.chunks_per_second, 1),
            "seconds_left": left,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._catalog.set_fact(INGESTING, json.dumps(kept))
