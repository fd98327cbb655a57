"""Tables whose rows are parted by lines or grounds from edge to edge, and whose columns by white space alone.

So most word processors and reports draw them. A row is what two neighbouring lines enclose, however many lines its
cells are wrapped over; a column begins where white space runs down through nearly all rows. Lines that enclose whole
paragraphs, or many rows at once, make no such table. Pure geometry; knows no PDF library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ingest.parse.pdf_amounts import begins_with_amount
from ingest.parse.pdf_piece import Piece
from ingest.parse.pdf_rules import MOST_LINES, NEAR, Grid, Rule, distinct, merged

LEAST_WIDTH = 100.0  # points across
LEAST_ROWS = 3  # with the names of the columns
HIGHEST_ROW = 90.0  # points
LEAST_GAP = 4.0  # points of white space between two columns
CROSSED = 0.25  # of the rows may reach over that space: text that stands so close that it was taken for one
CROSSED_ALIGNED, ALIGNED = 0.45, 0.5  # or so many, where half of the rows have something that begins right behind it
FULL = 0.6  # of the rows have at least two cells
PACKED = 0.3  # of the rows, at most, that seem to be several

MOST_BEFORE = 2  # rows between a line at the head of a page and a table

Row = list[Piece]
Band = tuple[float, float, Row]  # top and bottom, and what stands between


def banded(rules: Sequence[Rule], pieces: Sequence[Piece], known: Sequence[Grid]) -> list[Grid]:
    """The tables that level lines of one width make with what stands between them, besides those `known`."""
    if not LEAST_ROWS < len(rules) <= MOST_LINES:
        return []
    upright = [piece for piece in pieces if not piece.turned]
    found = []
    for left, right, tops in _stacks(merged([rule for rule in rules if rule.level], level=True)):
        inside = [piece for piece in upright if piece.left > left - NEAR and piece.right < right + NEAR]
        bands = [
            (above, below, [piece for piece in inside if above <= (piece.top + piece.bottom) / 2 < below])
            for above, below in pairwise(tops)
        ]
        for part in _parted(bands):
            grid = next(filter(None, (_table(left, right, within) for within in _within(part))), None)
            if grid is not None and not any(_meet(grid, other) for other in known):
                found.append(grid)
    return found


def _within(part: list[Band]) -> Iterator[list[Band]]:
    """All of it, and less: lines at the head and the foot of a page may be as wide as a table between them."""
    for last in (len(part), len(part) - 1):
        for first in range(MOST_BEFORE + 1):
            if last - first >= LEAST_ROWS:
                yield part[first:last]


def _table(left: float, right: float, bands: Sequence[Band]) -> Grid | None:
    rows = [row for _, _, row in bands]
    grid = Grid((left, *_begins(rows), right), (bands[0][0], *(below for _, below, _ in bands)))
    return grid if _is_table(grid, rows) else None


def _stacks(level: Sequence[Rule]) -> Iterator[tuple[float, float, list[float]]]:
    """Left, right and the tops of lines of one width that stand no further apart than a high row."""
    groups: list[list[Rule]] = []
    for rule in level:
        if rule.right - rule.left < LEAST_WIDTH:
            continue
        group = next((g for g in groups if abs(g[0].left - rule.left) < NEAR > abs(g[0].right - rule.right)), None)
        if group is None:
            groups.append([rule])
        else:
            group.append(rule)
    for group in groups:
        tops = distinct([(rule.top + rule.bottom) / 2 for rule in group])
        part = tops[:1]
        for above, below in pairwise(tops):
            if below - above > HIGHEST_ROW:
                yield group[0].left, group[0].right, part
                part = []
            part.append(below)
        yield group[0].left, group[0].right, part


def _parted(bands: Sequence[Band]) -> Iterator[list[Band]]:
    """The bands parted where nothing stands between two lines, and where a line alone is followed by names in bold:
    tables close below each other, with a caption between them."""
    part: list[Band] = []
    for number, band in enumerate(bands):
        after = bands[number + 1][2] if number + 1 < len(bands) else []
        caption = len(band[2]) == 1 and not band[2][0].bold and len(after) > 1 and all(p.bold for p in after)
        if band[2] and not caption:
            part.append(band)
            continue
        if len(part) >= LEAST_ROWS:
            yield part
        part = []
    if len(part) >= LEAST_ROWS:
        yield part


def _begins(rows: Sequence[Row]) -> list[float]:
    """Where columns begin, but for the first: right of white space that nearly no row reaches over, or that more do,
    and half of the rows begin right behind it."""
    certain = _gaps(rows, CROSSED)
    lefts = [{piece.left for piece in row} for row in rows]
    aligned = [
        begin
        for begin in _gaps(rows, CROSSED_ALIGNED)
        if all(abs(begin - other) > LEAST_GAP for other in certain)
        and sum(any(begin < left < begin + LEAST_GAP for left in row) for row in lefts) >= ALIGNED * len(rows)
    ]
    return sorted([*certain, *aligned])


def _gaps(rows: Sequence[Row], crossed: float) -> list[float]:
    ends = sorted({place for row in rows for piece in row for place in (piece.left, piece.right)})
    begins, since = [], None
    for before, after in pairwise(ends):
        middle = (before + after) / 2
        over = sum(any(piece.left < middle < piece.right for piece in row) for row in rows)
        if over <= crossed * len(rows):
            since = before if since is None else since
        elif since is not None:
            if before - since >= LEAST_GAP:
                begins.append(before - min(2.0, (before - since) / 2))
            since = None
    return begins


def _is_table(grid: Grid, rows: Sequence[Row]) -> bool:
    if len(grid.xs) < 3 or not _names_columns(rows):
        return False
    cells = [_cells(row, grid.xs) for row in rows]
    full = sum(len(row) >= 2 for row in cells)
    packed = sum(len(row) >= 2 and min(map(_lines, row)) > (1 if number else 2) for number, row in enumerate(cells))
    return full >= max(LEAST_ROWS, FULL * len(rows)) and packed <= PACKED * len(rows)


def _names_columns(rows: Sequence[Row]) -> bool:
    """Whether the first row names columns: in bold, or in words above amounts."""
    if all(piece.bold for piece in rows[0]):
        return True
    amounts = sum(begins_with_amount(piece.text) for row in rows[1:] for piece in row)
    return amounts >= len(rows) - 1 and not any(begins_with_amount(piece.text) for piece in rows[0])


def _cells(row: Row, xs: Sequence[float]) -> list[Row]:
    columns = [[p for p in row if before <= min(p.left + p.size, p.right) < after] for before, after in pairwise(xs)]
    return [column for column in columns if column]


def _lines(cell: Row) -> int:
    return len(distinct([piece.baseline for piece in cell]))


def _meet(one: Grid, other: Grid) -> bool:
    return (
        one.ys[0] < other.ys[-1] and other.ys[0] < one.ys[-1] and one.xs[0] < other.xs[-1] and other.xs[0] < one.xs[-1]
    )
