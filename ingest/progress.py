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
    chunks: int = 0  # of the files that were indexed
    embedded: int = 0  # chunks that have their vectors, those of files that are not whole yet too
    waiting: int = 0  # chunks of files that were parsed, without vectors yet
    path: str = ""  # the file just finished
    chunks_per_second: float = 0.0
    seconds_left: float | None = None  # None: nobody can say yet. Small files come first: it errs to the hopeful side
    timings: dict[str, float] = field(default_factory=lambda: {"parse": 0.0, "embed": 0.0, "store": 0.0})


class Reported:
    """A progress that is shown as it grows. Used by the thread that embeds and the one that stores."""

    def __init__(self, catalog: Catalog, state: Progress, show: Callable[[Progress], None]) -> None:
        self.state = state
        self._catalog = catalog
        self._show = show
        self._started = time.monotonic()
        self._embedding = 0.0  # since when
        self._parsed = 0  # files that wait for the embedder
        self._kept = 0.0
        self._lock = threading.Lock()

    def finished(self, path: str) -> None:
        """One file more has come to its end."""
        with self._lock:
            self.state.done += 1
            self.state.path = path
            self._told()

    def begins(self) -> None:
        """The embedder is given something."""
        self._embedding = self._embedding or time.monotonic()

    def embedded(self, chunks: int, *, waiting: int, files: int) -> None:
        """So many chunks more have vectors; so many of so many parsed files have none yet."""
        with self._lock:
            self.state.embedded += chunks
            self.state.waiting, self._parsed = waiting, files
            self._told()

    def _told(self) -> None:
        state, seconds = self.state, max(time.monotonic() - self._started, 1e-3)
        state.total = max(state.total, state.done + self._parsed)  # some came after the work began
        state.chunks_per_second = self._rate()
        state.seconds_left = self._left(seconds)
        self._show(state)
        if seconds > self._kept + KEPT_SECONDS:
            self._kept = seconds
            self._keep()

    def _rate(self) -> float:
        """Chunks a second, since the first were embedded: a large file is read for a while before that."""
        return self.state.embedded / max(time.monotonic() - self._embedding, 1e-3) if self._embedding else 0.0

    def _left(self, seconds: float) -> float | None:
        """By the chunks that wait, and for files that are still to be read by those of the files before them."""
        state = self.state
        left = state.total - state.done
        unread = max(left - self._parsed, 0)
        if not left:
            return 0.0
        if seconds < TOLD_SECONDS or (unread and state.done < TOLD_FILES):
            return None
        by_files = seconds / max(state.done, 1) * unread
        rate = self._rate()
        return max(by_files, (state.waiting + unread * state.chunks / max(state.done, 1)) / rate) if rate else by_files

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
            "chunks": state.embedded,
            "chunks_waiting": state.waiting,
            "chunks_per_second": round(state.chunks_per_second, 1),
            "seconds_left": left,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._catalog.set_fact(INGESTING, json.dumps(kept))
