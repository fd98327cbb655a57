"""Waiting files, prepared ahead of the embedder. Knows neither what preparing a file is nor what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from types import TracebackType
from typing import Generic, TypeVar

from ingest.batches import BATCH
from storage.catalog import Waiting

FILES_AHEAD = 4  # of every parser
BYTES_AHEAD = 1_000_000  # more files than that, if so small together: they are parsed while others are embedded
LISTED = 200  # waiting files fetched at once
LIST_SECONDS = 2.0  # and again after this long: a small new file goes before the large ones that waited

Prepared = TypeVar("Prepared")


class Upcoming(Generic[Prepared]):
    """Waiting files, parsed ahead of the embedder: a few at once, so that memory stays bounded; small ones first."""

    def __init__(
        self,
        waiting: Callable[[int], list[Waiting]],
        prepare: Callable[[Waiting], Prepared],
        *,
        parsers: int,
        pause: Callable[[], bool],
    ) -> None:
        """`waiting`: so many of the files that wait, small ones first; `parsers`: how many are prepared at once."""
        self._waiting = waiting
        self._prepare = prepare
        self._parsers = parsers
        self._pause = pause
        self._pool = ThreadPoolExecutor(parsers, thread_name_prefix="parse")
        self._futures: dict[Future[Prepared], Waiting] = {}
        self._taken: set[str] = set()  # ids of files on their way
        self._listed: list[Waiting] = []
        self._listed_at = 0.0

    def __enter__(self) -> Upcoming[Prepared]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __bool__(self) -> bool:
        return bool(self._futures)

    def fill(self, *, room: bool, most: int | None = None) -> bool:
        """Hand files to the parsers, when there is room for what they yield; of `most` bytes. Whether any is parsed."""
        while room and self._may_take_more() and not self._pause():
            known = self._next(most)
            if known is None:
                break
            self._taken.add(known.id)
            self._futures[self._pool.submit(self._prepare, known)] = known
        return bool(self._futures)

    def _may_take_more(self) -> bool:
        if len(self._futures) < FILES_AHEAD * self._parsers:
            return True
        return len(self._futures) < BATCH and sum(known.size for known in self._futures.values()) < BYTES_AHEAD

    def finished(self, *, wait: bool) -> list[tuple[Waiting, Prepared]]:
        """What parsing has ended; with `wait`, at least one file's, when any is being parsed."""
        done, _ = wait_for(self._futures, timeout=None if wait else 0, return_when=FIRST_COMPLETED)
        return [(self._futures.pop(future), future.result()) for future in done]

    def forget(self, known: Waiting) -> None:
        """A file has come to its end; should it change again, it is another file."""
        self._taken.discard(known.id)

    def _next(self, most: int | None) -> Waiting | None:
        """The smallest file that waits, if it has no more than `most` bytes."""
        if not self._listed or time.monotonic() > self._listed_at + LIST_SECONDS:
            taken = set(self._taken)  # before the catalog is asked: who comes to an end meanwhile is not taken twice
            waiting = self._waiting(LISTED + len(taken))
            self._listed = [known for known in reversed(waiting) if known.id not in taken]
            self._listed_at = time.monotonic()
        if not self._listed or (most is not None and self._listed[-1].size > most):
            return None
        return self._listed.pop()
