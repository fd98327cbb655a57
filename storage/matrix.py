"""The vector matrix: every chunk's vector, and its signs, in files that all processes map into memory.

One process writes (the holder of the ingest lock), any number read; `state` is replaced in one step at commit, and what
lies in the files beyond it does not count. Rows are added at the end and marked when taken out; when a quarter is
marked the files are written anew. Derived from the catalog. storage/scan.py searches it; knows no Chroma.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from storage import recollection
from storage.catalog import Vector
from storage.keywords import IndexHit
from storage.scan import Sorted, signs

ROW = np.dtype([("id", "S48"), ("label", "<i4")])
FILES = ("rows", "bits", "vectors", "alive")
TAIL = 0.1  # rows added since the last sort, as part of all: more, and everything is sorted anew
TAIL_ROWS = 20_000  # fewer are never worth it
DEAD_PART = 0.25  # of the rows taken out: more, and the files are written anew
COPIED = 50_000  # rows copied at once then


@dataclass(frozen=True, kw_only=True)
class _State:
    """What counts of the files of one generation."""

    rows: int
    dimension: int
    epoch: int  # part of the files' names; another one after they were written anew
    changes: int  # one more with each commit, so that readers notice rows that were only taken out


class Matrix:
    """A folder with a folder a generation. Safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[str, _Writer] = {}
        self._readers: dict[str, _Reader] = {}
        self._lock = threading.Lock()
        recollection.keep(self.let_go)

    # --- writing -----------------------------------------------------------------------------------------------

    def put(self, generation: str, label: int, ids: Sequence[str], vectors: Vector) -> None:
        """Add chunks, or replace those with the same id. Visible after commit."""
        self._writer(generation, vectors.shape[1]).put(label, ids, vectors)

    def drop(self, generation: str, label: int, ids: Sequence[str]) -> None:
        """Take chunks of this label out; those that are not there are left alone."""
        if self.has(generation) or generation in self._writers:
            self._writer(generation, None).drop(label, ids)

    def commit(self, generation: str) -> None:
        """Make the changes visible and lasting; an empty generation too. The next writer may be another process."""
        self._writer(generation, None).commit()
        self._writers.pop(generation).close()

    def release(self) -> None:
        """Forget what was not committed."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def remove_generations(self, *, keep: Sequence[str]) -> None:
        """Delete every other generation. Who reads one at this moment reads to the end."""
        self.release()
        for folder in self.folder.glob("*"):
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)
        self.let_go()

    # --- reading -----------------------------------------------------------------------------------------------

    def has(self, generation: str) -> bool:
        """Whether this generation was committed."""
        return (self.folder / generation / "state").exists()

    def search(self, generation: str, vector: Vector, *, labels: frozenset[int], k: int) -> list[IndexHit]:
        """The k nearest chunks that `labels` may read; the score is the cosine."""
        return self._reader(generation).search(vector, labels=labels, k=k)

    def ids(self, generation: str) -> dict[int, NDArray[Any]]:
        """The chunks of each label: their ids, as bytes."""
        return self._reader(generation).ids()

    def larger(self, generation: str, labels: frozenset[int], *, than: int) -> frozenset[int]:
        """Those of the labels of which more rows than that are looked at in a search."""
        return self._reader(generation).larger(labels, than)

    def let_go(self) -> None:
        """Hold no generation that was deleted: its files stay on the disk as long as somebody maps them."""
        with self._lock:
            self._let_go()

    # --- inside ------------------------------------------------------------------------------------------------

    def _writer(self, generation: str, dimension: int | None) -> _Writer:
        if generation not in self._writers:
            self._writers[generation] = _Writer(self.folder / generation)
        writer = self._writers[generation]
        if dimension is not None:
            writer.open(dimension)
        return writer

    def _reader(self, generation: str) -> _Reader:
        with self._lock:
            if generation not in self._readers:
                self._let_go()  # another process made this one, and has deleted those before
                self._readers[generation] = _Reader(self.folder / generation)
            return self._readers[generation]

    def _let_go(self) -> None:
        self._readers = {name: reader for name, reader in self._readers.items() if self.has(name)}


class _Writer:
    """The end of one generation's files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._state = _read(folder) or _State(rows=0, dimension=0, epoch=0, changes=0)
        self._rows = self._state.rows
        self._dimension = self._state.dimension
        self._files: dict[str, Any] = {}
        self._known = _Known(_map(self._folder, "rows", self._state)["id"])
        if self._dimension:
            self.open(self._dimension)

    def open(self, dimension: int) -> None:
        """Open the files where they end. `dimension` must be that of the rows before."""
        if self._files:
            return
        self._dimension = dimension
        widths = _widths(dimension)
        for name in FILES:
            path = _path(self._folder, name, self._state.epoch)
            file = _create(path)
            file.truncate(self._state.rows * widths[name])  # what a crash left beyond the last commit
            file.seek(0, os.SEEK_END)
            self._files[name] = file

    def put(self, label: int, ids: Sequence[str], vectors: Vector) -> None:
        rows = np.array([(name.encode("ascii"), label) for name in ids], dtype=ROW)
        self._mark(self._places(rows["id"]))
        values = np.ascontiguousarray(vectors, dtype="<f4")
        for name, data in (("rows", rows), ("bits", signs(values)), ("vectors", values)):
            self._files[name].write(data.tobytes())
        self._files["alive"].write(b"\1" * len(rows))
        self._known.add(rows["id"], self._rows)
        self._rows += len(rows)

    def drop(self, label: int, ids: Sequence[str]) -> None:
        self._mark(self._places(np.array([name.encode("ascii") for name in ids], dtype="S48"), label))

    def commit(self) -> None:
        """The last thing a writer does: the files may have been written anew after it."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        state = _State(
            rows=self._rows, dimension=self._dimension, epoch=self._state.epoch, changes=self._state.changes + 1
        )
        _write(self._folder, state)
        self._state = state
        alive = _map(self._folder, "alive", state)
        if (len(alive) - int(np.count_nonzero(alive))) > max(TAIL_ROWS, DEAD_PART * len(alive)):
            self._compact(alive.astype(bool))

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _places(self, ids: NDArray[Any], label: int | None = None) -> list[int]:
        """Where these ids stand now, of this label alone when one is named."""
        candidates = self._known.places(ids)
        if not len(candidates):
            return []
        self._files["rows"].flush()
        names = set(ids.tolist())
        now = _State(rows=self._rows, dimension=self._dimension, epoch=self._state.epoch, changes=0)
        rows = _map(self._folder, "rows", now)[candidates]
        return [
            int(place)
            for place, row in zip(candidates, rows, strict=True)
            if row["id"] in names and (label is None or row["label"] == label)
        ]

    def _mark(self, places: Sequence[int]) -> None:
        """Taken out at once, committed or not: the catalog does not know these chunks any more."""
        file = self._files.get("alive")
        if file is None or not places:
            return
        for place in places:
            file.seek(place)
            file.write(b"\0")
        file.seek(0, os.SEEK_END)

    def _compact(self, alive: NDArray[np.bool_]) -> None:
        """Write the files anew without what was taken out, under other names; readers keep the old ones they have."""
        old, kept = self._state, np.flatnonzero(alive)
        new = _State(rows=len(kept), dimension=old.dimension, epoch=old.epoch + 1, changes=old.changes + 1)
        for name in FILES:
            values = _map(self._folder, name, old)
            with _create(_path(self._folder, name, new.epoch)) as file:
                for start in range(0, len(kept), COPIED):
                    file.write(np.ascontiguousarray(values[kept[start : start + COPIED]]).tobytes())
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        _write(self._folder, new)
        for name in FILES:
            _path(self._folder, name, old.epoch).unlink(missing_ok=True)


class _Known:
    """Where ids may stand, found without looking at all of them. Those added since the last sort are looked up one by
    one; when they are as many as a tenth of the others, all are sorted anew, so that a million cost a million's work.
    """

    def __init__(self, ids: NDArray[Any]) -> None:
        self._keys = _keys(ids)  # in the order of the rows until the first look
        self._order: NDArray[np.int64] | None = None
        self._since: dict[int, list[int]] = {}

    def add(self, ids: NDArray[Any], first: int) -> None:
        """More rows, from place `first` on."""
        for place, key in enumerate(_keys(ids).tolist(), first):
            self._since.setdefault(key, []).append(place)

    def places(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Every place, in order, whose id may be one of these: equal ids have equal keys, others hardly ever."""
        order, wanted = self._order, np.unique(_keys(ids))
        if order is None or len(self._since) > max(TAIL_ROWS, TAIL * len(self._keys)):
            order = self._order = self._sort()
        first, last = (np.searchsorted(self._keys, wanted, side=side) for side in ("left", "right"))
        found = [order[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True) if a < b]
        since = [place for key in wanted.tolist() for place in self._since.get(key, ())]
        return np.sort(np.concatenate([*found, np.array(since, dtype=np.int64)]))

    def _sort(self) -> NDArray[np.int64]:
        since = [(key, place) for key, places in self._since.items() for place in places]
        places = np.arange(len(self._keys)) if self._order is None else self._order
        keys = np.concatenate([self._keys, np.array([key for key, _ in since], dtype=np.uint64)])
        places = np.concatenate([places, np.array([place for _, place in since], dtype=np.int64)])
        by_key = np.argsort(keys, kind="stable")
        self._keys, self._since = keys[by_key], {}
        return places[by_key]


@dataclass(frozen=True, kw_only=True)
class _Snapshot:
    """One committed moment of the files: most rows sorted, those added since in a second, smaller part."""

    state: _State
    sorted_rows: int
    parts: tuple[Sorted, ...]
    rows: NDArray[Any]
    vectors: Vector


class _Reader:
    """The newest committed moment of one generation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._snapshot: _Snapshot | None = None

    def search(self, vector: Vector, *, labels: frozenset[int], k: int) -> list[IndexHit]:
        snapshot = self._current()
        if snapshot is None or not snapshot.state.rows:
            return []
        vector = vector.astype(np.float32)
        places = np.concatenate([part.nearest(vector, labels) for part in snapshot.parts])
        scores = snapshot.vectors[places] @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        names = snapshot.rows["id"][places[best]]
        hits = [
            IndexHit(id=name.decode("ascii"), score=float(scores[at])) for at, name in zip(best, names, strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def ids(self) -> dict[int, NDArray[Any]]:
        snapshot = self._current()
        if snapshot is None or not snapshot.state.rows:
            return {}
        alive = np.concatenate([part.rows[part.alive] for part in snapshot.parts])
        labels = snapshot.rows["label"][alive]
        return {int(label): snapshot.rows["id"][alive[labels == label]] for label in np.unique(labels)}

    def larger(self, labels: frozenset[int], than: int) -> frozenset[int]:
        snapshot = self._current()
        if snapshot is None or snapshot.state.rows <= than:
            return frozenset()
        spans = {label: [part.spans.get(label, (0, 0)) for part in snapshot.parts] for label in labels}
        return frozenset(label for label, found in spans.items() if sum(end - start for start, end in found) > than)

    def _current(self) -> _Snapshot | None:
        """The snapshot, brought up to date when another commit was made."""
        try:
            status = (self._folder / "state").stat()
        except FileNotFoundError:
            return None
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp == self._stamp:
            return self._snapshot
        with self._lock:
            if stamp != self._stamp:
                self._snapshot = self._load(self._snapshot)
                self._stamp = stamp
            return self._snapshot

    def _load(self, before: _Snapshot | None) -> _Snapshot | None:
        while (state := _read(self._folder)) is not None:
            try:
                return self._loaded(state, before)
            except FileNotFoundError:  # written anew between reading the state and opening the files
                continue
        return None

    def _loaded(self, state: _State, before: _Snapshot | None) -> _Snapshot:
        rows, bits = _map(self._folder, "rows", state), _map(self._folder, "bits", state)
        alive = _map(self._folder, "alive", state).astype(bool)
        done = before.sorted_rows if before is not None and before.state.epoch == state.epoch else 0
        if before is None or not done or state.rows - done > max(TAIL_ROWS, TAIL * state.rows):
            done = state.rows
            parts = [_sorted(rows, bits, alive, 0, done)]
        else:
            base = before.parts[0]
            same = Sorted(rows=base.rows, bits=base.bits, alive=alive[base.rows], spans=base.spans)
            parts = [same, _sorted(rows, bits, alive, done, state.rows)]
        return _Snapshot(
            state=state,
            sorted_rows=done,
            parts=tuple(parts),
            rows=rows,
            vectors=_map(self._folder, "vectors", state),
        )


def _sorted(rows: NDArray[Any], bits: NDArray[Any], alive: NDArray[np.bool_], first: int, last: int) -> Sorted:
    part = slice(first, last)
    return Sorted.of(np.arange(first, last), rows["label"][part], np.asarray(bits[part]), alive[part])


def _keys(ids: NDArray[Any]) -> NDArray[np.uint64]:
    """A number for each id, equal for equal ids, to find them among a million."""
    words = np.ascontiguousarray(ids, dtype="S48").view(np.uint64).reshape(len(ids), 6)
    factors = np.array([3, 5, 7, 11, 13, 17], dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys: NDArray[np.uint64] = (words * factors).sum(axis=1, dtype=np.uint64)
    return keys


def _widths(dimension: int) -> dict[str, int]:
    """Bytes of one row in each file."""
    return {"rows": ROW.itemsize, "bits": 8 * -(-dimension // 64), "vectors": 4 * dimension, "alive": 1}


def _map(folder: Path, name: str, state: _State) -> NDArray[Any]:
    """The committed rows of a file, mapped and not read."""
    kind: Any = {"rows": ROW, "bits": np.uint64, "vectors": np.dtype("<f4"), "alive": np.uint8}[name]
    width = _widths(state.dimension)[name] // np.dtype(kind).itemsize
    shape = (state.rows,) if name in ("rows", "alive") else (state.rows, width)
    if not state.rows:
        return np.empty(shape, dtype=kind)
    mapped = np.memmap(_path(folder, name, state.epoch), dtype=kind, mode="r", shape=shape)
    return mapped.view(np.ndarray)  # the same memory; numpy's subclass takes a part of a millisecond at every step


def _path(folder: Path, name: str, epoch: int) -> Path:
    return folder / f"{name}-{epoch}"


def _create(path: Path) -> BinaryIO:
    """Open for writing, without touching what is there; a new file is for this account alone."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def _read(folder: Path) -> _State | None:
    try:
        return _State(**json.loads((folder / "state").read_text(encoding="ascii")))
    except FileNotFoundError:
        return None


def _write(folder: Path, state: _State) -> None:
    new = folder / "state.new"
    with _create(new) as file:
        file.write(json.dumps(asdict(state)).encode("ascii"))
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / "state")
