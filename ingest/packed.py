"""The chunks of a document while they wait: compressed, some hundred at a time, and read again as they are needed.

A large sheet waits for the embedder for a quarter of an hour, with tens of thousands of chunks. Knows no file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from typing import overload

from storage.records import Chunk

TOGETHER = 256  # chunks
_FIELDS = tuple(field.name for field in fields(Chunk))


class Packed(Sequence[Chunk]):
    """Chunks in their order, as a list has them. Reading one keeps those that are packed with it open."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        left, self._blocks, self._length = iter(chunks), list[bytes](), 0
        self._open: tuple[int, list[Chunk]] = (-1, [])
        while block := list(islice(left, TOGETHER)):
            self._blocks.append(_packed(block))
            self._length += len(block)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Chunk]:
        for block in self._blocks:
            yield from _unpacked(block)

    @overload
    def __getitem__(self, at: int) -> Chunk: ...

    @overload
    def __getitem__(self, at: slice) -> list[Chunk]: ...

    def __getitem__(self, at: int | slice) -> Chunk | list[Chunk]:
        if isinstance(at, slice):
            return [self[position] for position in range(*at.indices(self._length))]
        position = range(self._length)[at]
        block, place = divmod(position, TOGETHER)
        number, chunks = self._open
        if number != block:
            chunks = _unpacked(self._blocks[block])
            self._open = (block, chunks)
        return chunks[place]


def _packed(chunks: Sequence[Chunk]) -> bytes:
    return zlib.compress(json.dumps([[getattr(one, name) for name in _FIELDS] for one in chunks]).encode(), 1)


def _unpacked(block: bytes) -> list[Chunk]:
    named = (dict(zip(_FIELDS, values, strict=True)) for values in json.loads(zlib.decompress(block)))
    return [Chunk(**values | {"pages": tuple(values["pages"])}) for values in named]
