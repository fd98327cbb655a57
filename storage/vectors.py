"""The vector index: one Chroma collection an access label, and the matrix. The only owner of chromadb.

Access is the shape of the index: a search names labels and looks at those and no other, because Chroma's `where` takes
a hundred milliseconds on a large collection. The chunks of a label are scanned in the matrix (storage/matrix.py); only
labels of more than GRAPH_OVER chunks are asked of Chroma's graph, whose time hardly grows. Holds ids and vectors, no
text. Derived from the catalog. A generation is one complete index; storage/indexes.py builds a new one beside the old
and switches.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from numpy.typing import NDArray

from storage.catalog import Vector
from storage.errors import IndexUnavailable
from storage.keywords import IndexHit
from storage.matrix import Matrix

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH = 1000  # vectors a request; Chroma takes 5,461 at most
LISTED = 20_000  # ids a request
PARALLEL = 4  # collections searched at once
GRAPH_OVER = 500_000  # chunks of one label: scanning them takes as long as asking a Chroma server (5 ms)
HNSW = {"space": "cosine", "ef_construction": 128, "max_neighbors": 16, "ef_search": 128}


class VectorIndex:
    """Chroma, in this process or as a server, and the matrix beside it."""

    def __init__(
        self, connect: Callable[[], ClientAPI], matrix: Matrix, *, graph_over: int = GRAPH_OVER, here: bool = False
    ) -> None:
        """`here`: what `connect` gives is Chroma itself, in this process."""
        self._connect = connect
        self._here = here
        self._chroma: ClientAPI | None = None
        self._lock = threading.Lock()
        self._matrix = matrix
        self._graph_over = graph_over
        self._collections: dict[str, Collection] = {}
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="vectors")

    @classmethod
    def local(cls, folder: Path, matrix: Matrix) -> VectorIndex:
        """Open the folder in this process. The caller holds the data folder's service lock."""

        def connect() -> ClientAPI:
            from chromadb import PersistentClient

            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return PersistentClient(str(folder), settings=_client_settings())

        return cls(connect, matrix, here=True)

    @classmethod
    def server(cls, host: str, port: int, matrix: Matrix) -> VectorIndex:
        """Speak to a Chroma server, from the first time it is needed: questions can do without."""

        def connect() -> ClientAPI:
            os.environ.setdefault("NO_PROXY", "localhost,127.0.0.1")
            from chromadb import HttpClient

            gone: tuple[type[Exception], ...] = (*_failures(), ValueError)  # ValueError: nobody listens there
            try:
                return HttpClient(host, port, settings=_client_settings())
            except gone as error:
                raise IndexUnavailable(f"The vector index at {host}:{port} does not answer: {error}") from error

        return cls(connect, matrix)

    @classmethod
    def elsewhere(cls, matrix: Matrix) -> VectorIndex:
        """Without Chroma, which another process has open: the matrix is searched."""

        def connect() -> ClientAPI:
            raise IndexUnavailable("The vector index is open in another process.")

        return cls(connect, matrix)

    # --- writing -----------------------------------------------------------------------------------------------

    def put(self, generation: str, label: int, ids: Sequence[str], vectors: Vector) -> None:
        """Add chunks, or replace those with the same id. `vectors` is (len(ids), dimension)."""
        for start in range(0, len(ids), BATCH):
            part = slice(start, start + BATCH)
            self._call(generation, label, "upsert", make=True, ids=list(ids[part]), embeddings=vectors[part])
        self._matrix.put(generation, label, ids, vectors)

    def drop(self, generation: str, label: int, ids: Sequence[str]) -> None:
        """Take chunks out; those that are not there are left alone."""
        self._matrix.drop(generation, label, ids)
        for start in range(0, len(ids), BATCH):
            self._call(generation, label, "delete", ids=list(ids[start : start + BATCH]))

    def commit(self, generation: str) -> None:
        """Make what was put and dropped lasting, and seen by every process."""
        self._matrix.commit(generation)

    def release(self) -> None:
        """Forget what was not committed."""
        self._matrix.release()

    def has_matrix(self, generation: str) -> bool:
        """Whether the matrix of this generation is there. Data folders of version 0.1.0 have none."""
        return self._matrix.has(generation)

    def put_matrix(self, generation: str, label: int, ids: Sequence[str], vectors: Vector) -> None:
        """Add chunks to the matrix alone, when Chroma has them."""
        self._matrix.put(generation, label, ids, vectors)

    def remove_generations(self, *, keep: Sequence[str]) -> None:
        """Delete everything of other generations."""
        for name in self._names():
            if name.rsplit("-", 1)[0] not in keep:
                self._guard(self._client.delete_collection, name)
                self._collections.pop(name, None)
        self._matrix.remove_generations(keep=keep)

    # --- reading -----------------------------------------------------------------------------------------------

    def search(self, generation: str, vector: Vector, *, labels: frozenset[int], k: int) -> list[IndexHit]:
        """The k nearest chunks that `labels` may read; the score is the cosine. Raises: IndexUnavailable."""
        if not self._matrix.has(generation):
            return _best(self._search_graphs(generation, vector, labels=labels, k=k), k)
        large = self._matrix.larger(generation, labels, than=self._graph_over)
        hits: list[IndexHit] = []
        if large:
            try:
                hits = self._search_graphs(generation, vector, labels=large, k=k)
            except IndexUnavailable:
                large = frozenset()  # slower, and right
        hits += self._matrix.search(generation, vector, labels=labels - large, k=k)
        return _best(hits, k)

    def _search_graphs(self, generation: str, vector: Vector, *, labels: frozenset[int], k: int) -> list[IndexHit]:
        """The k nearest of each label."""
        wanted = sorted(labels)
        if len(wanted) < 2:
            results = [self._search_one(generation, label, vector, k) for label in wanted]
        else:
            results = list(self._pool.map(lambda label: self._search_one(generation, label, vector, k), wanted))
        return [hit for result in results for hit in result]

    def ids(self, generation: str) -> Iterator[tuple[int, str]]:
        """Every chunk that the collections of a generation hold: its label and its id."""
        for name in self._names():
            if not name.startswith(f"{generation}-"):
                continue
            label = int(name.rsplit("-", 1)[1])
            for offset in count(0, LISTED):
                found = self._call(generation, label, "get", include=[], limit=LISTED, offset=offset)
                yield from ((label, one) for one in (found["ids"] if found else ()))
                if not found or len(found["ids"]) < LISTED:
                    break

    def matrix_ids(self, generation: str) -> dict[int, NDArray[Any]]:
        """Every chunk that the matrix of a generation holds: ids, as bytes, by label."""
        return self._matrix.ids(generation)

    def ping(self) -> None:
        """Raises: IndexUnavailable when Chroma does not answer."""
        self._guard(self._client.heartbeat)

    def close(self) -> None:
        """End the threads, and Chroma when it is in this process."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._collections.clear()
        if self._here and self._chroma is not None:
            cast("Client", self._chroma).close()  # which the interface lacks; without it every file stays open
            self._chroma = None
        self._matrix.release()

    # --- inside ------------------------------------------------------------------------------------------------

    @property
    def _client(self) -> ClientAPI:
        with self._lock:
            if self._chroma is None:
                self._chroma = self._connect()
            return self._chroma

    def _search_one(self, generation: str, label: int, vector: Vector, k: int) -> list[IndexHit]:
        found = self._call(
            generation, label, "query", query_embeddings=vector[None, :], n_results=k, include=["distances"]
        )
        if not found:
            return []
        return [
            IndexHit(id=name, score=1.0 - float(distance))
            for name, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def _call(self, generation: str, label: int, method: str, *, make: bool = False, **arguments: Any) -> Any:
        """Call a method of a label's collection; None when there is no such collection and it is not to be made."""
        from chromadb.errors import NotFoundError

        name = f"{generation}-{label}"
        for _ in range(2):  # a handle kept from before the collection was deleted and made again fails once
            collection = self._collection(name, make=make)
            if collection is None:
                return None
            try:
                return self._guard(getattr(collection, method), **arguments)
            except NotFoundError:
                self._collections.pop(name, None)
        return None

    def _collection(self, name: str, *, make: bool) -> Collection | None:
        from chromadb.errors import NotFoundError

        if name not in self._collections:
            try:
                if make:
                    self._collections[name] = self._guard(
                        self._client.get_or_create_collection,
                        name,
                        embedding_function=None,
                        configuration={"hnsw": HNSW},
                    )
                else:
                    self._collections[name] = self._guard(self._client.get_collection, name, embedding_function=None)
            except NotFoundError:
                return None
        return self._collections[name]

    def _names(self) -> list[str]:
        return [collection.name for collection in self._guard(self._client.list_collections, limit=100_000)]

    def _guard(self, call: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except _failures() as error:
            raise IndexUnavailable(f"The vector index does not answer: {error}") from error


def _best(hits: Iterable[IndexHit], k: int) -> list[IndexHit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]


def _failures() -> tuple[type[Exception], ...]:
    """What Chroma's client raises when the server is gone; everything else is a mistake of ours."""
    import httpx
    from chromadb.errors import InternalError

    return (httpx.HTTPError, ConnectionError, InternalError)


def _client_settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)
