"""The reading order of a page's blocks. Knows their places only."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from ingest.parse.pdf_piece import Block

_Extent = Callable[["_Placed"], tuple[float, float]]


class _Placed(NamedTuple):
    """A block and its place, which takes a look at all of its lines to know."""

    left: float
    top: float
    right: float
    bottom: float
    block: Block


def in_order(blocks: list[Block]) -> list[Block]:
    """The order of the file, unless it jumps upwards within a column."""
    placed = [_Placed(block.left, block.top, block.right, block.bottom, block) for block in blocks]
    for (left, top, right, _, _), (left2, _, right2, bottom2, _) in pairwise(placed):
        if bottom2 <= top + 1 and min(right, right2) - max(left, left2) > 0.5 * min(right - left, right2 - left2):
            return [one.block for one in _cut(placed, 0)]
    return blocks


def _cut(blocks: list[_Placed], depth: int) -> list[_Placed]:
    """Columns where a gutter runs through, otherwise bands from top to bottom."""
    if len(blocks) < 2 or depth > 8:
        return _flat(blocks)
    columns = _split(blocks, _across)
    if len(columns) > 1:
        return [block for column in columns for block in _cut(column, depth + 1)]
    bands = _split(blocks, _down)
    if len(bands) == 1:
        return _flat(blocks)
    groups: list[list[_Placed]] = []
    for band in bands:  # bands that share a gutter stay together, so that columns are not read across
        joined = [*groups[-1], *band] if groups else band
        side_by_side = len(_split(joined, _across)) > 1
        if groups and side_by_side:
            groups[-1] = joined
        else:
            groups.append(band)
    return [block for group in groups for block in (_cut(group, depth + 1) if len(groups) > 1 else _flat(group))]


def _flat(blocks: list[_Placed]) -> list[_Placed]:
    return sorted(blocks, key=lambda block: (block.top, block.left))


def _across(block: _Placed) -> tuple[float, float]:
    return block.left, block.right


def _down(block: _Placed) -> tuple[float, float]:
    return block.top, block.bottom


def _split(blocks: list[_Placed], extent: _Extent) -> list[list[_Placed]]:
    """Groups of blocks with white space between them in one direction."""
    groups: list[list[_Placed]] = []
    reach = float("-inf")
    for block in sorted(blocks, key=lambda block: extent(block)[0]):
        start, end = extent(block)
        if groups and start < reach - 1:
            groups[-1].append(block)
        else:
            groups.append([block])
        reach = max(reach, end)
    return groups
