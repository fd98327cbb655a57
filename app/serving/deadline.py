"""The time one answer may take, down to its connection: until the first piece, until the last, and hanging up at once.

Knows sockets and httpcore; knows no protocol of language models.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import httpcore
import httpx

TOGETHER = 0.05  # of the time since the first piece: what comes in it is read at once
MOST_TOGETHER = 0.05  # seconds, of that at most


class Deadline:
    """The moment by which something has to have come: first the first piece, then the whole answer."""

    def __init__(self, first_seconds: float, several: Callable[[], bool]) -> None:
        """`several`: whether other answers are read beside this one."""
        self._several = several
        self._started = monotonic()
        self._at = self._started + first_seconds
        self._hung_up = False
        self._socket: socket.socket | None = None
        self._first: float | None = None  # when the first piece was there

    def extend(self, total_seconds: float) -> None:
        """The first piece is there: the limit is now that of the whole."""
        self._at = self._started + total_seconds
        self._first = self._first or monotonic()

    @property
    def begun(self) -> bool:
        """Whether the first piece is there."""
        return self._first is not None

    def together(self) -> float:
        """The seconds in which pieces are read together: none where nobody else needs the time."""
        if self._first is None or not self._several():
            return 0.0
        return min(TOGETHER * (monotonic() - self._first), MOST_TOGETHER)

    def check(self) -> None:
        """Raises: httpcore.ReadTimeout when it is past."""
        if monotonic() > self._at:
            raise httpcore.ReadTimeout("the answer takes too long")

    def hang_up(self) -> None:
        """End the connection from another thread: whoever reads from it is woken, and the server gives up too."""
        self._hung_up = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def connected(self, stream: httpcore.NetworkStream) -> None:
        """Keep the connection's socket, for `hang_up`."""
        self._socket = stream.get_extra_info("socket")
        if self._hung_up:
            self.hang_up()


class TimedTransport(httpx.HTTPTransport):
    """A transport that looks at a deadline with whatever it reads: httpx limits only the wait between two pieces.

    The limit for connecting is set here because the OpenAI client has one number for all its limits.
    """

    def __init__(self, connect_seconds: float, deadline: Deadline, authorities: ssl.SSLContext) -> None:
        super().__init__(verify=authorities, trust_env=False)
        backend = _TimedBackend(connect_seconds, deadline)
        self._pool = httpcore.ConnectionPool(ssl_context=authorities, network_backend=backend)


class _TimedBackend(httpcore.SyncBackend):
    def __init__(self, connect_seconds: float, deadline: Deadline) -> None:
        self._connect_seconds = connect_seconds
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any
    ) -> httpcore.NetworkStream:
        stream = super().connect_tcp(host, port, self._connect_seconds, *rest, **options)
        return _TimedStream(stream, self._connect_seconds, self._deadline)


class _TimedStream(httpcore.NetworkStream):
    """A connection. What follows the first piece of an answer is read some pieces at a time: most of what a token takes
    is waking up for it, and that time is missing where many answers are written at once."""

    def __init__(self, stream: httpcore.NetworkStream, connect_seconds: float, deadline: Deadline) -> None:
        self._stream = stream
        self._connect_seconds = connect_seconds
        self._deadline = deadline
        self._last = 0.0  # when it was read from
        deadline.connected(stream)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if (wait := self._last + self._deadline.together() - monotonic()) > 0:
            sleep(wait)
        found = self._stream.read(max_bytes, timeout)
        self._last = monotonic()
        self._deadline.check()
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._connect_seconds)
        return _TimedStream(stream, self._connect_seconds, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
