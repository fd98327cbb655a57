"""The ruled tables of a page: lines drawn around cells, and the pieces of text between them. Pure geometry.

A grid is what lines that touch each other enclose. A cell is what two neighbouring lines of each direction enclose,
however many lines its text is wrapped over. Knows no PDF library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.parse.pdf_piece import Block, Piece

NEAR = 3.0  # points between lines that touch
THIN = 3.0  # points; a drawn shape that is thinner is a line
MOST_LINES = 3000  # of a page; a drawing has more
NARROW = 12.0  # points; an empty column of this width is the gap between two lines
LEAST_CELL = 5.0  # points across or down


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line, or the box around one. Points from the visible page's top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def level(self) -> bool:
        """True for a horizontal one."""
        return self.right - self.left >= self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: the places of its lines."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]

    def holds(self, piece: Piece) -> bool:
        """True when the middle of the piece is inside."""
        x, y = (piece.left + piece.right) / 2, (piece.top + piece.bottom) / 2
        return self.xs[0] - 1 <= x <= self.xs[-1] + 1 and self.ys[0] - 1 <= y <= self.ys[-1] + 1


def edges(shapes: Sequence[tuple[float, float, float, float]]) -> list[Rule]:
    """The lines of drawn shapes (left, top, right, bottom): thin ones are lines, of others the four edges."""
    rules = []
    for left, top, right, bottom in shapes:
        wide, high = right - left, bottom - top
        if wide < THIN or high < THIN:
            if max(wide, high) >= LEAST_CELL:
                rules.append(Rule(left, top, right, bottom))
        elif wide > 2 * LEAST_CELL and high > LEAST_CELL:
            rules += [Rule(left, top, right, top), Rule(left, bottom, right, bottom)]
            rules += [Rule(left, top, left, bottom), Rule(right, top, right, bottom)]
    return rules


def grids(rules: Sequence[Rule]) -> list[Grid]:
    """The grids of at least two columns that these lines make."""
    if not 4 <= len(rules) <= MOST_LINES:
        return []
    level = merged([rule for rule in rules if rule.level], level=True)
    upright = merged([rule for rule in rules if not rule.level], level=False)
    found = []
    for group in _touching([*level, *upright]):
        flat = [rule for rule in group if rule.level]
        tall = [rule for rule in group if not rule.level]
        if len(flat) < 2 or len(tall) < 2:
            continue
        wide = max(rule.right for rule in flat) - min(rule.left for rule in flat)
        levels = distinct([rule.top for rule in flat if rule.right - rule.left > 0.3 * wide])
        for ys in _stacked(levels, tall):
            high = ys[-1] - ys[0]
            inside = [rule for rule in tall if rule.top < ys[-1] - NEAR and rule.bottom > ys[0] + NEAR]
            xs = distinct([rule.left for rule in inside if rule.bottom - rule.top > 0.15 * high])
            if len(xs) >= 3:
                found.append(Grid(tuple(xs), tuple(_closed(ys, tall))))
    return _apart(found)


def merged(rules: list[Rule], *, level: bool) -> list[Rule]:
    """Lines that go on from each other, as the borders of neighbouring cells do, as one."""
    turned = [rule if level else Rule(rule.top, rule.left, rule.bottom, rule.right) for rule in rules]
    turned.sort(key=lambda rule: (round((rule.top + rule.bottom) / 2 / NEAR), rule.left))
    merged: list[Rule] = []
    for rule in turned:
        last = merged[-1] if merged else None
        if last and abs(rule.top - last.top) < NEAR and last.left - NEAR <= rule.left <= last.right + NEAR:
            merged[-1] = Rule(last.left, last.top, max(last.right, rule.right), last.bottom)
        else:
            merged.append(rule)
    return merged if level else [Rule(rule.top, rule.left, rule.bottom, rule.right) for rule in merged]


def _touching(rules: list[Rule]) -> list[list[Rule]]:
    """Groups of lines that reach each other."""
    group = list(range(len(rules)))

    def first(number: int) -> int:
        while group[number] != number:
            group[number] = group[group[number]]
            number = group[number]
        return number

    order = sorted(range(len(rules)), key=lambda number: rules[number].top)
    open_ones: list[int] = []
    for number in order:
        rule = rules[number]
        open_ones = [other for other in open_ones if rules[other].bottom >= rule.top - NEAR]
        for other in open_ones:
            if rules[other].left <= rule.right + NEAR and rule.left <= rules[other].right + NEAR:
                group[first(number)] = first(other)
        open_ones.append(number)
    found: dict[int, list[Rule]] = {}
    for number in range(len(rules)):
        found.setdefault(first(number), []).append(rules[number])
    return list(found.values())


def distinct(values: Sequence[float]) -> list[float]:
    """Distinct places, those within a cell's least size as one."""
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > LEAST_CELL:
            places.append(value)
    return places


def _stacked(levels: list[float], tall: Sequence[Rule]) -> Iterator[list[float]]:
    """The levels parted where no upright line goes from one to the next: tables close below each other."""
    part = levels[:1]
    for above, below in pairwise(levels):
        middle = (above + below) / 2
        if sum(rule.top < middle < rule.bottom for rule in tall) < 2:
            if len(part) > 1:
                yield part
            part = []
        part.append(below)
    if len(part) > 1:
        yield part


def _closed(levels: list[float], tall: Sequence[Rule]) -> list[float]:
    """The levels, and where the upright lines end above and below them: of a row that the page's end broke, the line
    there is not drawn.
    """
    above = [rule.top for rule in tall if rule.top < levels[0] - LEAST_CELL and rule.bottom > levels[0] - NEAR]
    below = [rule.bottom for rule in tall if rule.bottom > levels[-1] + LEAST_CELL and rule.top < levels[-1] + NEAR]
    first, last = ([median(ends)] if _in_line(ends) else [] for ends in (above, below))
    return [*first, *levels, *last]


def _in_line(ends: Sequence[float]) -> bool:
    return len(ends) > 2 and max(ends) - min(ends) < NEAR


def _apart(found: list[Grid]) -> list[Grid]:
    """Without grids inside larger ones."""
    found.sort(key=lambda grid: -(grid.xs[-1] - grid.xs[0]) * (grid.ys[-1] - grid.ys[0]))
    kept: list[Grid] = []
    for grid in found:
        if not any(
            other.xs[0] - 1 <= grid.xs[0] <= other.xs[-1] and other.ys[0] - 1 <= grid.ys[0] <= other.ys[-1]
            for other in kept
        ):
            kept.append(grid)
    return kept


def ruled_table(grid: Grid, pieces: Sequence[Piece]) -> Block | None:
    """The table in a grid; None when its text does not fill it as a table's does."""
    columns, rows = len(grid.xs) - 1, len(grid.ys) - 1
    cells: list[list[list[Piece]]] = [[[] for _ in range(columns)] for _ in range(rows)]
    for piece in pieces:
        row = _between(grid.ys, _height(piece, grid))
        column = _between(grid.xs, min(piece.left + piece.size, (piece.left + piece.right) / 2))
        cells[row][column].append(piece)
    filled = [[_cell(cell) if cell else None for cell in row] for row in cells]
    whole = [row for row in filled if any(row)]
    if sum(sum(map(bool, row)) >= 2 for row in whole) < max(1, 0.4 * len(whole)):
        return None
    wide = [after - before > NARROW for before, after in pairwise(grid.xs)]
    used = [column for column in range(columns) if wide[column] or any(row[column] for row in whole)]
    if len(used) < 2:
        return None
    table = [[row[column] for column in used] for row in whole]
    return Block(lines=[cell for row in table for cell in row if cell], rows=table, ruled=True)


def _height(piece: Piece, grid: Grid) -> float:
    """Where a piece stands. What a line would run through is in a cell over both rows, and is said in the upper one."""
    middle, margin = (piece.top + piece.bottom) / 2, (piece.bottom - piece.top) / 4
    return next((y - margin for y in grid.ys[1:-1] if abs(y - middle) < margin), middle)


def _between(places: Sequence[float], value: float) -> int:
    return max(0, min(sum(place <= value for place in places) - 1, len(places) - 2))


def _cell(pieces: list[Piece]) -> Piece:
    """The lines of a cell as one piece, from top to bottom."""
    if len(pieces) == 1:
        return pieces[0]
    size = median(piece.size for piece in pieces)
    ordered = sorted(pieces, key=lambda piece: piece.baseline)
    lines: list[list[Piece]] = []
    for piece in ordered:
        if lines and piece.baseline - lines[-1][0].baseline < 0.5 * size:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    flat = [piece for line in lines for piece in sorted(line, key=lambda piece: piece.left)]
    return flat[0]._replace(
        text=" ".join(piece.text for piece in flat),
        left=min(piece.left for piece in flat),
        right=max(piece.right for piece in flat),
        top=min(piece.top for piece in flat),
        bottom=max(piece.bottom for piece in flat),
        bold=all(piece.bold for piece in flat),
        lines=tuple(flat),
    )
