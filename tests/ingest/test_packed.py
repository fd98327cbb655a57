"""Chunks that wait packed are the chunks they were, and take a fraction of the memory."""

from __future__ import annotations

import tracemalloc

import pytest

from ingest.packed import TOGETHER, Packed
from storage.records import Chunk


def chunk(number: int) -> Chunk:
    return Chunk(
        id=f"r:{number}",
        revision_id="r",
        position=number,
        start=number * 10,
        end=number * 10 + 9,
        header="Orders > Sheet 1",
        body=f"Order: SO-{number} | Net amount: {number}.50 € | Said: a lone half \ud83d, a “quote”\n" * 8,
        section="Sheet 1",
        pages=(number, number + 1),
        cells=f"Sheet 1!A{number}:F{number}" if number % 2 else None,
        tokens=80,
        language="en" if number % 3 else None,
    )


def test_every_chunk_comes_back_as_it_was() -> None:
    count = 2 * TOGETHER + 3
    packed = Packed(chunk(number) for number in range(count))
    assert len(packed) == count
    assert list(packed) == [chunk(number) for number in range(count)]
    places = (0, count - 1, TOGETHER - 1, TOGETHER, -1)
    assert [packed[place].position for place in places] == [0, count - 1, TOGETHER - 1, TOGETHER, count - 1]
    assert [one.position for one in packed[TOGETHER - 1 : TOGETHER + 2]] == [TOGETHER - 1, TOGETHER, TOGETHER + 1]
    with pytest.raises(IndexError):
        packed[count]


def test_none_are_none() -> None:
    assert list(Packed([])) == []
    assert not Packed([])


def test_what_waits_takes_a_fraction_of_the_memory() -> None:
    def held(kind: type[list[Chunk] | Packed]) -> int:
        before = tracemalloc.get_traced_memory()[0]
        kept = kind(chunk(number) for number in range(4 * TOGETHER))
        assert len(kept) == 4 * TOGETHER
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        assert held(Packed) < held(list) / 10
    finally:
        tracemalloc.stop()
