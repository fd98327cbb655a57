"""The records that PDF pages are taken apart into, and put together from: pieces of lines, and blocks of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Piece(NamedTuple):
    """Text that stands together on one line. Points from the visible page's top left corner.

    A tuple: there is one for every line, and a frozen dataclass takes three times as long to be made.
    """

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    size: float  # of the font, as drawn
    bold: bool
    turned: bool  # runs up or down the page
    width: float  # of the page
    height: float
    turn: int = 0  # degrees clockwise by which a scanned page was turned to be read, then by `skew` straightened;
    skew: float = 0.0  # the places are those on the page so turned
    paragraph: int = 0  # of a scan: lines of one paragraph have one number
    lines: tuple[Piece, ...] = ()  # the lines of a table's cell, where it has several

    @property
    def parts(self) -> tuple[Piece, ...]:
        """The single lines."""
        return self.lines or (self,)


@dataclass(kw_only=True)
class Block:
    """Lines that make a paragraph, or rows that make a table."""

    lines: list[Piece]
    rows: list[list[Piece | None]] = field(default_factory=list)  # tables: cells by column
    names: int | None = None  # tables: how many rows at the top name the columns; None: not known
    heading: bool = False  # is one, whatever its size and weight
    ruled: bool = False  # tables: lines are drawn between the cells

    @property
    def left(self) -> float:
        return min(piece.left for piece in self.lines)

    @property
    def right(self) -> float:
        return max(piece.right for piece in self.lines)

    @property
    def top(self) -> float:
        return min(piece.top for piece in self.lines)

    @property
    def bottom(self) -> float:
        return max(piece.bottom for piece in self.lines)
