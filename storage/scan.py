"""Searching the vector matrix: a bit for each number first, then the exact product over the best of that. Pure numpy.

A vector's signs, one bit a number, are compared by counting the bits that differ: a hundredth of a millisecond for a
thousand chunks. The nearest by that are compared exactly. Of many chunks more are taken, and which of them are compared
exactly is told by the question's own numbers against the signs: nearer the truth than counting, and a fifth of the
time of reading as many vectors. Chunks lie sorted by access label, so what a person may not read is not looked at,
rather than looked at and filtered. Knows arrays; knows no file and no catalog.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from storage.catalog import Vector

# The products of a search are small. Shared among threads they take longer, since these wait for each other spinning:
# on a busy host 16 ms instead of 0.3, and with many people at once the processor time of others.
threadpool_limits(limits=1, user_api="blas")

RESCORE = 1000  # chunks compared exactly; up to as many are compared exactly anyway
MANY = 50_000  # chunks: of more, more are nearly as near
WEIGHED_PART = 25  # one in so many of them, nearest by counting, is weighed by the question's numbers
WEIGHED_MOST = 5000  # about 1.3 ms
BLOCK = 16_384  # chunks whose bits are counted at once: what fits the processor's second cache
DEAD = np.iinfo(np.uint16).max  # the distance of a chunk that was taken out

Bits = NDArray[np.uint64]
Places = NDArray[np.int64]


def signs(vectors: Vector) -> Bits:
    """One bit a number, set where it is positive: (rows, dimension) to (rows, words of 64 bits)."""
    packed = np.packbits(vectors > 0, axis=1)
    words = -(-packed.shape[1] // 8)
    padded = np.zeros((len(packed), words * 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """Rows of the matrix in the order of their labels, ready to be searched."""

    rows: Places  # places in the matrix, by label
    bits: Bits  # (words, rows): each word of all rows lies together
    alive: NDArray[np.bool_]
    spans: dict[int, tuple[int, int]]  # label: where its rows are in `rows`, half open
    whole: bool = field(init=False)  # nothing was taken out

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", bool(self.alive.all()))

    @classmethod
    def of(cls, rows: Places, labels: NDArray[np.int32], bits: Bits, alive: NDArray[np.bool_]) -> Sorted:
        """Sort. `labels`, `bits` (rows, words) and `alive` are those of `rows`, in the same order."""
        order = np.argsort(labels, kind="stable")
        found, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
        spans = {
            int(label): (int(start), int(start + count))
            for label, start, count in zip(found, starts, counts, strict=True)
        }
        return cls(rows=rows[order], bits=np.ascontiguousarray(bits[order].T), alive=alive[order], spans=spans)

    def nearest(self, vector: Vector, labels: Iterable[int]) -> Places:
        """Places in the matrix of the chunks of these labels that are worth comparing exactly, RESCORE at most."""
        runs = _merged(sorted(self.spans[label] for label in set(labels) & self.spans.keys()))
        total = sum(end - start for start, end in runs)
        if total <= RESCORE:
            return np.concatenate([self.rows[start:end][self.alive[start:end]] for start, end in runs] or [_NOTHING])
        bits = signs(vector[None, :])[0]
        distances = np.empty(total, dtype=np.uint16)
        done = 0
        for start, end in runs:
            self._count(bits, start, end, distances[done : done + end - start])
            done += end - start
        weighed = min(WEIGHED_MOST, total // WEIGHED_PART) if total > MANY else RESCORE
        places = _places(_smallest(distances, weighed), runs)
        if len(places) > RESCORE:
            sums = _sums(vector, self.bits[:, places])
            places = places[np.sort(np.argpartition(-sums, RESCORE - 1)[:RESCORE])]
        return self.rows[places]

    def _count(self, bits: Bits, first: int, last: int, into: NDArray[np.uint16]) -> None:
        for start in range(first, last, BLOCK):
            block = self.bits[:, start : min(last, start + BLOCK)]
            counted = into[start - first : start - first + block.shape[1]]
            counted[:] = np.bitwise_count(block[0] ^ bits[0])
            for word, own in zip(bits[1:], block[1:], strict=True):
                counted += np.bitwise_count(own ^ word)
        if not self.whole:
            into[~self.alive[first:last]] = DEAD


_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)  # the bits of each
_NOTHING: Places = np.empty(0, dtype=np.int64)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring spans as one: a person of many labels costs no more than one of few."""
    runs: list[tuple[int, int]] = []
    for start, end in spans:
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _sums(vector: Vector, bits: Bits) -> Vector:
    """What the numbers of `vector` come to where each chunk's sign is set: nearer the exact product than counting.

    A table holds that for each byte there can be. `bits` is (words, chunks).
    """
    signed = np.ascontiguousarray(bits.T).view(np.uint8).T  # (bytes, chunks)
    padded = np.zeros(signed.shape[0] * 8, dtype=np.float32)
    padded[: len(vector)] = vector
    tables = padded.reshape(-1, 8) @ _BYTES.T
    sums = np.zeros(signed.shape[1], dtype=np.float32)
    for table, column in zip(tables, np.ascontiguousarray(signed), strict=True):
        sums += table.take(column)
    return sums


def _smallest(distances: NDArray[np.uint16], count: int) -> Places:
    """Where the `count` smallest distances are, in order of place; of equal ones at the border any."""
    cut = np.partition(distances, count - 1)[count - 1]
    if cut == DEAD:
        return np.flatnonzero(distances < DEAD)
    found = np.flatnonzero(distances <= cut)
    border = np.flatnonzero(distances[found] == cut)
    return np.delete(found, border[len(border) - (len(found) - count) :])


def _places(chosen: Places, runs: list[tuple[int, int]]) -> Places:
    """Places among the runs laid end to end, as places in what they were cut from."""
    starts = np.array([start for start, _ in runs])
    lengths = np.array([end - start for start, end in runs])
    ends = np.cumsum(lengths)
    which = np.searchsorted(ends, chosen, side="right")
    places: Places = starts[which] + chosen - (ends[which] - lengths[which])
    return places
