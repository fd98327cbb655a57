"""The vector matrix: what is found, by whom, after which changes, and by another process."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from storage import matrix as module
from storage.catalog import Vector
from storage.errors import IndexUnavailable
from storage.matrix import Matrix
from storage.scan import MANY, RESCORE
from storage.vectors import VectorIndex

DIMENSION = 100  # not a multiple of 64: the last word of the signs is only partly used


def some(count: int, seed: int = 0) -> Vector:
    made = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    rows: Vector = made / np.linalg.norm(made, axis=1, keepdims=True)
    return rows


def names(count: int, mark: str = "a") -> list[str]:
    return [f"{mark * 32}:{number}" for number in range(count)]


def found(matrix: Matrix, vector: Vector, *labels: int, k: int = 5) -> list[str]:
    return [hit.id for hit in matrix.search("g", vector, labels=frozenset(labels), k=k)]


def mapped(folder: Path) -> list[str]:
    """Files below the folder that were deleted and that this process has in memory all the same."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return [line for line in lines if str(folder) in line and line.endswith("(deleted)")]


def test_the_nearest_of_the_permitted_are_found_exactly(tmp_path: Path) -> None:
    matrix, vectors = Matrix(tmp_path), some(300)
    for label in range(3):
        matrix.put("g", label, names(100, "abc"[label]), vectors[label * 100 : label * 100 + 100])
    matrix.commit("g")
    every = [name for label in range(3) for name in names(100, "abc"[label])]
    for asked in some(5, seed=1):
        for labels in ({0}, {0, 2}, {0, 1, 2}, {1, 99}):
            allowed = [place for place in range(300) if place // 100 in labels]
            best = sorted(allowed, key=lambda place: -float(vectors[place] @ asked))[:5]
            assert found(matrix, asked, *labels) == [every[place] for place in best]
    assert found(matrix, vectors[0]) == []
    assert matrix.search("g", vectors[7], labels=frozenset([0]), k=1)[0].score == pytest.approx(1.0)
    assert {label: sorted(ids) for label, ids in matrix.ids("g").items()} == {
        label: sorted(name.encode() for name in names(100, "abc"[label])) for label in range(3)
    }


@pytest.mark.parametrize("count", [6 * RESCORE, 2 * MANY])
def test_among_more_than_are_compared_exactly_the_nearest_is_still_found(tmp_path: Path, count: int) -> None:
    matrix, vectors = Matrix(tmp_path), some(count)
    labels = np.arange(len(vectors)) % 3
    ids = np.array(names(len(vectors)))
    for label in range(3):
        matrix.put("g", label, ids[labels == label].tolist(), vectors[labels == label])
    matrix.drop("g", 1, [ids[4]])
    matrix.commit("g")
    for place in range(0, 300, 3):
        near = vectors[place] + 0.2 * some(1, seed=place)[0]
        assert found(matrix, near, 0, 2, k=1) == [ids[place]]
        assert ids[place] not in found(matrix, near, 1, 2)
    assert ids[4] not in found(matrix, vectors[4], 0, 1, 2)  # taken out
    assert found(matrix, vectors[7], 0, 1, 2, k=1) == [ids[7]]


def test_changes_are_seen_by_another_process_once_committed(tmp_path: Path) -> None:
    writer, reader = Matrix(tmp_path), Matrix(tmp_path)
    vectors = some(4)
    assert not reader.has("g")
    assert found(reader, vectors[0], 1) == []
    writer.put("g", 1, names(2), vectors[:2])
    assert found(reader, vectors[0], 1) == []
    writer.commit("g")
    assert found(reader, vectors[0], 1) == names(2)
    writer.put("g", 1, [names(1)[0]], vectors[2:3])  # replaced
    writer.put("g", 2, names(1, "b"), vectors[3:4])
    writer.drop("g", 1, [names(2)[1]])
    writer.drop("g", 2, [names(1)[0]])  # is not of this label: left alone
    writer.commit("g")
    assert found(reader, vectors[2], 1, 2, k=1) == [names(1)[0]]
    assert sorted(found(reader, vectors[0], 1, 2)) == sorted([names(1)[0], *names(1, "b")])
    assert {label: ids.tolist() for label, ids in reader.ids("g").items()} == {
        1: [names(1)[0].encode()],
        2: [names(1, "b")[0].encode()],
    }


def test_what_was_not_committed_is_as_if_it_had_never_been_put(tmp_path: Path) -> None:
    vectors = some(6)
    matrix = Matrix(tmp_path)
    matrix.put("g", 1, names(2), vectors[:2])
    matrix.commit("g")
    matrix.put("g", 1, names(2, "b"), vectors[2:4])
    matrix.release()  # as a kill: bytes may have reached the files
    again = Matrix(tmp_path)
    again.put("g", 1, names(2, "c"), vectors[4:6])
    again.commit("g")
    assert sorted(found(again, vectors[0], 1, k=9)) == sorted([*names(2), *names(2, "c")])
    assert found(again, vectors[4], 1, k=1) == [names(1, "c")[0]]


def test_files_are_written_anew_when_much_was_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAIL_ROWS", 10)
    vectors = some(60)
    matrix, reader = Matrix(tmp_path), Matrix(tmp_path)
    matrix.put("g", 1, names(60), vectors)
    matrix.commit("g")
    assert len(found(reader, vectors[0], 1, k=99)) == 60
    matrix.drop("g", 1, names(40))
    matrix.commit("g")
    assert len(list((tmp_path / "g").iterdir())) == 5
    assert (tmp_path / "g" / "alive-1").stat().st_size == 20
    assert found(reader, vectors[50], 1, k=1) == [names(60)[50]]
    matrix.put("g", 1, names(30), vectors[:30])  # a tail beside the sorted rows, and again too long for one
    matrix.commit("g")
    assert len(found(reader, vectors[0], 1, k=99)) == 50
    assert found(reader, vectors[3], 1, k=1) == [names(60)[3]]


def test_ids_are_found_again_whenever_they_were_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAIL_ROWS", 7)  # ids are sorted again and again while rows are added
    matrix, vectors, every = Matrix(tmp_path), some(140), names(60)
    for start in range(0, 60, 5):
        matrix.put("g", 1, every[start : start + 5], vectors[start : start + 5])
        replaced = np.arange(0, start + 5, 9)
        matrix.put("g", 1, [every[place] for place in replaced], vectors[replaced + 70])
        matrix.drop("g", 1, [every[start + 1]])
    matrix.commit("g")
    left = sorted(place for place in range(60) if place % 5 != 1 or (place % 9 == 0 and place < 55))
    assert sorted(found(matrix, vectors[0], 1, k=999)) == sorted(every[place] for place in left)
    for place in left:
        asked = vectors[place + 70 if place % 9 == 0 else place]
        hit = matrix.search("g", asked, labels=frozenset([1]), k=1)[0]
        assert (hit.id, hit.score) == (every[place], pytest.approx(1.0))


def test_other_generations_are_deleted(tmp_path: Path) -> None:
    matrix = Matrix(tmp_path)
    for generation in ("old", "new"):
        matrix.put(generation, 1, names(1), some(1))
        matrix.commit(generation)
    other = Matrix(tmp_path)  # as another process has it
    other.search("old", some(1)[0], labels=frozenset([1]), k=1)
    matrix.remove_generations(keep=["new"])
    assert [folder.name for folder in tmp_path.iterdir()] == ["new"]
    assert matrix.search("old", some(1)[0], labels=frozenset([1]), k=1) == []
    assert mapped(tmp_path)  # and so stays on the disk
    other.search("new", some(1)[0], labels=frozenset([1]), k=1)
    gc.collect()
    assert not mapped(tmp_path)


def test_labels_too_large_to_scan_are_asked_of_chroma_and_scanned_when_it_is_away(tmp_path: Path) -> None:
    vectors = some(40)
    index = VectorIndex.local(tmp_path / "chroma", Matrix(tmp_path / "matrix"))
    index.put("g", 1, names(30), vectors[:30])
    index.put("g", 2, names(10, "b"), vectors[30:])
    index.commit("g")
    small = VectorIndex.local(tmp_path / "chroma", Matrix(tmp_path / "matrix"))
    graph = VectorIndex(index._connect, Matrix(tmp_path / "matrix"), graph_over=20)
    away = VectorIndex(_away, Matrix(tmp_path / "matrix"), graph_over=20)
    lost = VectorIndex(index._connect, Matrix(tmp_path / "lost"))  # as of version 0.1.0: no matrix
    for asked in some(5, seed=3):
        for labels in ({1}, {2}, {1, 2}):
            results = [
                [hit.id for hit in one.search("g", asked, labels=frozenset(labels), k=4)]
                for one in (small, graph, away, lost)
            ]
            assert results[0] == results[1] == results[2] == results[3]
    with pytest.raises(IndexUnavailable):
        VectorIndex(_away, Matrix(tmp_path / "lost")).search("g", vectors[0], labels=frozenset([1]), k=4)
    for one in (index, small, graph, away, lost):
        one.close()


def _away() -> NoReturn:
    raise IndexUnavailable("nobody listens")
