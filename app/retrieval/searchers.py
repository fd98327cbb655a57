"""Who searches: this process, or several beside it, so that twenty people keep all processors busy.

Python judges on one processor at a time, whatever the number of threads. The processes beside (search_process.py) are
given a question with its vectors and give passages in order; what has to be embedded meanwhile they ask for. One that
ends, for want of memory or killed, is replaced and its question asked again. Knows no index.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from threading import Lock
from typing import Protocol

from app.retrieval.distinct import Ranked
from app.retrieval.search import Encode, Wanted, search
from app.retrieval.turns import Turns, processors
from storage.errors import SearchFailed
from storage.indexes import Indexes
from storage.settings import PREFIX
from storage.store import Store

log = logging.getLogger("premise.search")

MOST = 16  # processes, unless the settings say more: each holds some 70 MB
ATTEMPTS = 2
LONGEST = 60.0  # seconds without a word from a process, after which it is taken for dead
STOP_SECONDS = 2.0
PROGRAM = "app.retrieval.search_process"


class Searching(Protocol):
    """Whoever searches. Safe to use from many threads."""

    replaced: int  # processes that ended and whose place others took

    def search(self, wanted: Wanted, encode: Encode, *, labels: frozenset[int]) -> list[Ranked]:
        """As app.retrieval.search. Raises: SearchFailed, and what the catalog raises."""


class Here:
    """This process, in as many threads as there are processors and one."""

    def __init__(self, indexes: Indexes) -> None:
        self._indexes = indexes
        self._turns = Turns()
        self.replaced = 0

    def search(self, wanted: Wanted, encode: Encode, *, labels: frozenset[int]) -> list[Ranked]:
        """See Searching."""
        with self._turns:
            return search(wanted, self._indexes, encode, labels=labels)


@contextmanager
def searching(store: Store) -> Iterator[Searching]:
    """As many processes as the settings say, until the context is left; this one where they say one."""
    count = store.settings.search_processes or min(MOST, processors())
    if count == 1:
        yield Here(store.indexes)
        return
    beside = Beside(store, count)
    try:
        yield beside
    finally:
        beside.close()


class Beside:
    """Processes that search. They are started at once, and are ready within a second or so."""

    def __init__(self, store: Store, count: int) -> None:
        running = store.folder.running()
        chroma = [running.chroma_host, str(running.chroma_port)] if running is not None else []
        self._arguments = [str(store.folder.root), *chroma]
        self._turns = Turns(count)
        self._counting = Lock()
        self.replaced = 0
        self._free = deque(_Process(self._arguments) for _ in range(count))  # one for each place

    def search(self, wanted: Wanted, encode: Encode, *, labels: frozenset[int]) -> list[Ranked]:
        """See Searching."""
        with self._turns:
            process = self._free.pop()  # the last one used: what it has read is still near
            try:
                for _ in range(ATTEMPTS):
                    if not process.usable:
                        process = self._started()
                    try:
                        return process.search(wanted, encode, labels)
                    except (EOFError, OSError):
                        status = process.end()
                        log.warning("A process that searches ended (exit status %s); another takes its place.", status)
            finally:
                self._free.append(process)
        raise SearchFailed("The search was ended twice by the system. If it happens again, see the log.")

    def _started(self) -> _Process:
        try:
            started = _Process(self._arguments)
        except OSError as error:
            raise SearchFailed(f"The process that searches cannot be started: {error.strerror}.") from error
        with self._counting:
            self.replaced += 1
        return started

    def close(self) -> None:
        """End them; those that are at work end by themselves, when they find nobody to answer."""
        for process in self._free:
            process.end()


class _Process:
    """One of them, and the socket to speak with it."""

    def __init__(self, arguments: list[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment["OPENBLAS_NUM_THREADS"] = "1"  # else it holds memory for threads that storage/scan.py never uses
        mine, its = socket.socketpair()
        with mine, its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", PROGRAM, str(its.fileno()), *arguments],
                stdin=subprocess.DEVNULL,
                env=environment,
                pass_fds=[its.fileno()],
            )
            self._connection = Connection(mine.detach())
        self.usable = True

    def search(self, wanted: Wanted, encode: Encode, labels: frozenset[int]) -> list[Ranked]:
        """Raises: EOFError or OSError when it ended, and what the search raised there."""
        self.usable = False  # until it has answered
        self._connection.send((wanted, labels))
        while True:
            if not self._connection.poll(LONGEST):
                raise EOFError
            texts, found, error = self._connection.recv()
            if texts is None:
                break
            self._connection.send(encode(texts))
        self.usable = True
        if error is not None:
            raise error
        answer: list[Ranked] = found
        return answer

    def end(self) -> int:
        """End it; its exit status."""
        self.usable = False
        self._connection.close()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
