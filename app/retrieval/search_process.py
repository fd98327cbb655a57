"""A process that searches, as a program of its own: started by app/retrieval/searchers.py, ended by closing its socket.

Opens the catalog and both indexes for itself, and has no embedding model: what has to be embedded it asks for. What is
deleted or re-permissioned is so here with the catalog's commit, as everywhere, and what is forgotten goes from memory.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from app.retrieval.search import search
from storage.catalog import Vector
from storage.erasure import letting_go
from storage.errors import PremiseError
from storage.indexes import Indexes
from storage.outgoing import allow
from storage.store import open_indexes

RATHER = 300  # of 1000: where memory runs out, Linux ends this process rather than the web server


def serve(connection: Connection, indexes: Indexes) -> None:
    """Answer questions until nobody asks any more. Each message from here is (texts to embed, found, error)."""

    def encode(texts: Sequence[str]) -> Vector:
        connection.send((texts, None, None))
        vectors: Vector = connection.recv()
        return vectors

    with letting_go(indexes.catalog), suppress(EOFError, ConnectionError):
        while True:
            wanted, labels = connection.recv()
            try:
                found, failed = search(wanted, indexes, encode, labels=labels), None
            except PremiseError as error:
                found, failed = None, error
            connection.send((None, found, failed))


def main(arguments: list[str]) -> int:
    """Limit this process, then answer."""
    for name in (signal.SIGINT, signal.SIGTERM):  # meant for the web server, which closes the socket in its own time
        signal.signal(name, signal.SIG_IGN)
    allow(())  # this host, where Chroma's server is
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(RATHER), encoding="ascii")
    descriptor, root, *chroma = arguments
    with open_indexes(Path(root), (chroma[0], int(chroma[1])) if chroma else None) as indexes:
        serve(Connection(int(descriptor)), indexes)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
