"""The reading order of a page's blocks. Knows their places only."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ingest.parse.pdf_piece import Block


def in_order(blocks: list[Block]) -> list[Block]:
    """The order of the file, unless it jumps upwards within a column."""
    places = [(block.left, block.top, block.right, block.bottom) for block in blocks]
    for (left, top, right, _), (left2, _, right2, bottom2) in pairwise(places):
        if bottom2 <= top + 1 and min(right, right2) - max(left, left2) > 0.5 * min(right - left, right2 - left2):
            return _cut(blocks, 0)
    return blocks


def _cut(blocks: list[Block], depth: int) -> list[Block]:
    """Columns where a gutter runs through, otherwise bands from top to bottom."""
    if len(blocks) < 2 or depth > 8:
        return sorted(blocks, key=lambda block: (block.top, block.left))
    columns = _split(blocks, lambda block: (block.left, block.right))
    if len(columns) > 1:
        return [block for column in columns for block in _cut(column, depth + 1)]
    bands = _split(blocks, lambda block: (block.top, block.bottom))
    if len(bands) == 1:
        return sorted(blocks, key=lambda block: (block.top, block.left))
    groups: list[list[Block]] = []
    for band in bands:  # bands that share a gutter stay together, so that columns are not read across
        joined = [*groups[-1], *band] if groups else band
        side_by_side = len(_split(joined, lambda block: (block.left, block.right))) > 1
        if groups and side_by_side:
            groups[-1] = joined
        else:
            groups.append(band)
    return [block for group in groups for block in (_cut(group, depth + 1) if len(groups) > 1 else _flat(group))]


def _flat(blocks: list[Block]) -> list[Block]:
    return sorted(blocks, key=lambda block: (block.top, block.left))


def _split(blocks: list[Block], extent: Callable[[Block], tuple[float, float]]) -> list[list[Block]]:
    """Groups of blocks with white space between them in one direction."""
    groups: list[list[Block]] = []
    reach = float("-inf")
    for block in sorted(blocks, key=lambda block: extent(block)[0]):
        start, end = extent(block)
        if groups and start < reach - 1:
            groups[-1].append(block)
        else:
            groups.append([block])
        reach = max(reach, end)
    return groups
