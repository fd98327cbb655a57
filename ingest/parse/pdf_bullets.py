"""The marks of lists that a page draws instead of writing them, as browsers do, put before the lines they stand by.

Without them the items of a list are one paragraph. Pure geometry; knows no PDF library.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from ingest.parse.pdf_frame import Corners
from ingest.parse.pdf_piece import Piece

MARK = "• "
INDENTED = 1.2  # of the font size: lists stand further right than other text
LEAST, MOST = 0.15, 0.65  # of the font size: a mark's width and height
NEAREST, FURTHEST = 0.1, 2.0  # of the font size: from a mark to its line


def may_list(pieces: Sequence[Piece]) -> bool:
    """Whether anything stands further right than the rest."""
    edge = min((piece.left for piece in pieces), default=0.0)
    return any(piece.left > edge + INDENTED * piece.size for piece in pieces)


def with_bullets(pieces: list[Piece], dots: Sequence[Corners]) -> list[Piece]:
    """The pieces, with a mark before each that has one dot beside it; several are a border."""
    if not dots:
        return pieces
    by_height = sorted(range(len(pieces)), key=lambda at: pieces[at].baseline)
    heights = [pieces[at].baseline for at in by_height]
    highest = max((piece.size for piece in pieces), default=0.0)
    beside: dict[int, list[Corners]] = defaultdict(list)
    for dot in dots:
        middle = (dot[1] + dot[3]) / 2
        level = by_height[bisect_right(heights, middle) : bisect_right(heights, middle + highest)]
        near = [(pieces[at].left - dot[2], at) for at in level if _stands_by(pieces[at], dot)]
        if near:
            beside[min(near)[1]].append(dot)
    marked = list(pieces)
    for at, found in beside.items():
        if len(found) == 1:
            marked[at] = pieces[at]._replace(text=f"{MARK}{pieces[at].text}", left=found[0][0])
    return marked


def _stands_by(piece: Piece, dot: Corners) -> bool:
    left, top, right, bottom = dot
    size = piece.size
    beside = NEAREST * size < piece.left - right < FURTHEST * size
    level = piece.baseline - 0.9 * size < (top + bottom) / 2 < piece.baseline
    return (
        beside
        and level
        and not piece.turned
        and all(LEAST * size < x < MOST * size for x in (right - left, bottom - top))
    )
