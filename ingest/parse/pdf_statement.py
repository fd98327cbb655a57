"""Tables of numbers without rules, as financial statements are: a label, then amounts under each other. Pure geometry.

Their rows are indented, wrapped and parted by rows that are labels alone, their columns named by years above them and
their amounts written in parts ("$", "12,345", ")"). Each row becomes one that reads by itself: what it stands under is
said before its label. What stands right above (title, unit) becomes the heading. Knows pieces of lines only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.parse.pdf_amounts import Line, begins_with_amount, joined, levels, line_of, taken_apart
from ingest.parse.pdf_piece import Block, Piece

LEAST_ROWS = 3  # with amounts
LEAST_COLUMNS = 2
APART = 3.5  # of the font size: more white space between two rows ends a table
HEADER_LINES = 6
TITLE_LINES = 4
_YEAR = re.compile(r"^(?:FY|fiscal )?(?:19|20)\d\d[AEF]?$", re.IGNORECASE)
_UNIT = re.compile(r"\b(thousands?|millions?|billions?|mio|mrd|tsd|teur|tausend|millionen|milliarden)\b", re.IGNORECASE)
_BEGINNING = re.compile(rf",$|^\(.*\)$|{_UNIT.pattern}", re.IGNORECASE)  # of "December 31, | 2023 | 2022", or a unit


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A table found on a page."""

    pieces: tuple[Piece, ...]  # what it is made of, and its title
    blocks: tuple[Block, ...]  # its heading, where it has one, and the table


def statement(pieces: Sequence[Piece]) -> Statement | None:
    """The first table of amounts among the upright pieces of a page."""
    if sum(begins_with_amount(piece.text) for piece in pieces) < LEAST_ROWS:
        return None
    lines = [line_of(level) for level in levels(pieces)]
    at = 0
    while at < len(lines):
        if len(lines[at].amounts) < LEAST_COLUMNS or not lines[at].plain:
            at += 1
            continue
        end = _end(lines, at)
        columns = _columns(lines[at:end])
        if columns:
            return _statement(lines, at, end, columns)
        at = end
    return None


# --- where a table begins and ends ---------------------------------------------------------------------------------


def _end(lines: Sequence[Line], start: int) -> int:
    """The line after the last that belongs to the table: amounts, or labels alone that reach under no amount."""
    edge = lines[start].amounts[0].left
    end, last = start, start
    while end < len(lines) and lines[end].plain and (end == start or _near(lines[end - 1], lines[end])):
        line = lines[end]
        if line.amounts:
            if line.label is not None and line.label.right > line.amounts[0].left:
                break
            edge, last = min(edge, line.amounts[0].left), end
        elif line.label is not None and line.label.right > edge:
            break
        elif last == end - 1 and line.label is not None and line.label.text[:1].islower():
            last = end  # the label of the row above goes on
        end += 1
    return last + 1


def _near(above: Line, below: Line) -> bool:
    return below.top - above.bottom < APART * max(above.size, below.size)


def _columns(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Left and right of the columns of amounts; none where this is no table."""
    rows = [line for line in lines if line.amounts]
    if len(rows) < LEAST_ROWS or not any(line.label for line in rows):
        return []
    margin = min(line.label.left for line in rows if line.label)
    spans: list[tuple[float, float]] = []
    amounts = (amount for line in rows for amount in _of_columns(line, margin))
    for left, right in sorted((amount.left, amount.right) for amount in amounts):
        if spans and left < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], right))
        else:
            spans.append((left, right))
    full = sum(len(_of_columns(line, margin)) >= 2 for line in rows)
    most = max(len(_of_columns(line, margin)) for line in rows)
    return spans if most == len(spans) >= LEAST_COLUMNS and full >= LEAST_ROWS else []


def _of_columns(line: Line, margin: float) -> tuple[Piece, ...]:
    """The amounts of a line but for one that stands where labels do, as the years of a schedule."""
    leading = line.label is None and len(line.amounts) > 1 and line.amounts[0].left < margin + 2 * line.size
    return line.amounts[1:] if leading else line.amounts


# --- from lines to a table -----------------------------------------------------------------------------------------


def _statement(lines: Sequence[Line], start: int, end: int, columns: list[tuple[float, float]]) -> Statement | None:
    body = list(lines[start:end])
    named: list[Line] = []
    while body and body[0].amounts and all(_YEAR.match(amount.text) for amount in body[0].amounts):
        named.append(body.pop(0))
    first = start
    while not named and first > 0 and start - first < TITLE_LINES and _is_section(lines, first - 1, columns):
        first -= 1  # rows of labels alone between the names of columns and the first amounts
    above = first
    while above > 0 and first - above < HEADER_LINES and _names_columns(lines[above - 1], lines[above], columns):
        above -= 1
    if above == first and not named:
        first = start if start == first or not _ends_open(lines[start - 1]) else start - 1
        above = first
    sections, header = list(lines[first:start]), [*lines[above:first], *named]
    rows = list(_rows([*sections, *body], columns))
    if len(rows) < LEAST_ROWS:
        return None
    title = _title(lines, above)
    said = [line.pieces[0] for line in title]
    used = tuple(piece for line in (*title, *lines[above:end]) for piece in line.pieces)
    while len(header) > 1 and _stands_over_all(header[0], columns):
        said.append(header.pop(0).pieces[0])  # once, with the title, and not in every row for every column
    names = _header(header, columns)
    if names and names[0] is not None and _BEGINNING.search(names[0].text):
        said.append(names[0])
        names[0] = None
    cells = [names, *rows] if names else rows
    block = Block(lines=[cell for row in cells for cell in row if cell], rows=cells, names=1 if names else 0)
    return Statement(pieces=used, blocks=(*([Block(lines=said, heading=True)] if said else []), block))


def _is_section(lines: Sequence[Line], at: int, columns: Sequence[tuple[float, float]]) -> bool:
    line = lines[at]
    alone = line.plain and not line.amounts and line.label is not None
    return alone and line.label is not None and line.label.right < columns[0][0] and _near(line, lines[at + 1])


def _ends_open(line: Line) -> bool:
    return line.label is not None and line.label.text.endswith(":")


def _names_columns(line: Line, below: Line, columns: Sequence[tuple[float, float]]) -> bool:
    """True when words stand over the columns, and none of them reaches over the labels."""
    over = [piece for piece in line.pieces if piece.right > columns[0][0]]
    aside = [piece for piece in line.pieces if piece.right <= columns[0][0]]
    starts = columns[0][0] - 3 * line.size
    short = all(len(piece.text) < 60 for piece in line.pieces)
    return bool(over) and len(aside) <= 1 and short and all(p.left > starts for p in over) and _near(line, below)


def _stands_over_all(line: Line, columns: Sequence[tuple[float, float]]) -> bool:
    """True for one text in the middle over all columns, such as "Years ended December 31,"."""
    left, right = columns[0][0], columns[-1][1]
    middle = (line.pieces[0].left + line.pieces[0].right) / 2
    return len(line.pieces) == 1 and abs(middle - (left + right) / 2) < 0.15 * (right - left)


def _header(lines: Sequence[Line], columns: Sequence[tuple[float, float]]) -> list[Piece | None]:
    """The names of the columns, what stands over several of them said of each; empty without any."""
    found: list[list[Piece]] = [[] for _ in range(len(columns) + 1)]
    for number, line in enumerate(lines):
        parts = [part for piece in line.pieces for part in taken_apart(piece)]
        found[0] += [part for part in parts if part.right <= columns[0][0]]
        over = [part for part in parts if part.right > columns[0][0]]
        grouping = number + 1 < len(lines) and len(over) > 1 and len(columns) % len(over) == 0
        each = len(columns) // len(over) if grouping else 1
        for column, span in enumerate(columns):
            found[column + 1] += [over[column // each]] if grouping else _over(over, span, columns[column + 1 :])
    if not any(found[1:]):
        return []
    return [joined(parts, " ") if parts else None for parts in found]


def _over(parts: Sequence[Piece], column: tuple[float, float], later: Sequence[tuple[float, float]]) -> list[Piece]:
    """What of a line stands over a column: over its middle, or ending with it, as numbers do."""
    left, right = column
    end = (right + later[0][0]) / 2 if later else float("inf")
    return [part for part in parts if part.left < (left + right) / 2 < part.right or left <= part.right - 1 < end]


def _rows(lines: Sequence[Line], columns: Sequence[tuple[float, float]]) -> Iterator[list[Piece | None]]:
    """The rows, each label with what it stands under. Labels alone that nothing stands under are rows of their own."""
    margin = min((line.label.left for line in lines if line.label), default=0.0)
    open_sections: list[tuple[Piece, bool]] = []  # and whether anything under it was indented
    waiting: list[Piece] = []  # the lines of a label that has come to no amounts yet
    at = 0
    while at < len(lines):
        line = lines[at]
        amounts = _of_columns(line, margin)
        label = line.label or (line.amounts[0] if len(amounts) < len(line.amounts) else None)
        if not amounts and label is not None:
            if _wraps(lines, at, columns):
                waiting.append(label)
            else:
                open_sections = [*_still_open(open_sections, label), (joined((*waiting, label), " "), False)]
                waiting = []
            at += 1
            continue
        parts = [*waiting, *([label] if label else [])]
        waiting = []
        while at + 1 < len(lines) and _goes_on(lines[at + 1], lines[at + 2 : at + 3]):
            at += 1
            rest = lines[at].label
            parts += [rest] if rest else []
        name = joined(parts, " ") if parts else None
        if name is not None:
            open_sections = _still_open(open_sections, parts[0])
            over = ": ".join(section.text.rstrip(":") for section, _ in open_sections)
            total = name.text.lower().startswith("total")
            name = name._replace(text=f"{over}: {name.text}") if over and not total else name
            if total and open_sections and not open_sections[-1][1]:
                open_sections.pop()
        cells: list[Piece | None] = [name, *[None] * len(columns)]
        for amount in amounts:
            middle = (amount.left + amount.right) / 2
            column = next(n for n, (left, right) in enumerate(columns, 1) if left <= middle <= right)
            taken = cells[column]
            cells[column] = joined((taken, amount), " ") if taken else amount
        yield cells
        at += 1


def _still_open(sections: Sequence[tuple[Piece, bool]], label: Piece) -> list[tuple[Piece, bool]]:
    """The sections that a label stands under, by how far it is indented."""
    kept: list[tuple[Piece, bool]] = []
    for section, indented in sections:
        deeper = label.left > section.left + 0.3 * label.size
        if deeper or (not indented and abs(label.left - section.left) <= 0.3 * label.size):
            kept.append((section, indented or deeper))
    return kept


def _wraps(lines: Sequence[Line], at: int, columns: Sequence[tuple[float, float]]) -> bool:
    """True when a label alone is the first line of the next row's label."""
    label, after = lines[at].label, lines[at + 1] if at + 1 < len(lines) else None
    if label is None or after is None or after.label is None or label.text.endswith(":"):
        return False
    tight = after.pieces[0].baseline - lines[at].pieces[0].baseline < 1.6 * label.size
    small = after.label.text[:1].islower() or label.text.endswith((",", "-", " and", " of", " or", " the", " to"))
    long = label.right - label.left > 0.6 * (columns[0][0] - label.left)
    return tight and (small or (long and after.label.left > label.left + 0.3 * label.size))


def _goes_on(line: Line, after: Sequence[Line]) -> bool:
    """True when a line is the rest of the label above it."""
    if line.amounts or line.label is None or not line.label.text[:1].islower():
        return False
    return not (after and after[0].label is not None and after[0].label.text[:1].islower() and after[0].amounts)


def _title(lines: Sequence[Line], above: int) -> list[Line]:
    """The lines right above that are its title and unit: short, alone, no sentence, in the middle or bold."""
    found: list[Line] = []
    at = above
    while at > 0 and len(found) < TITLE_LINES and len(lines[at - 1].pieces) == 1 and _near(lines[at - 1], lines[at]):
        piece = lines[at - 1].pieces[0]
        centred = abs((piece.left + piece.right) / 2 - piece.width / 2) < 0.03 * piece.width
        unit = bool(_UNIT.search(piece.text)) and len(piece.text) < 90
        if len(piece.text) > 100 or piece.text.endswith((".", ";", ",")) or not (centred or piece.bold or unit):
            break
        found.insert(0, lines[at - 1])
        at -= 1
    return found if any(re.search(r"[^\W\d_]{3}", line.pieces[0].text) for line in found) else []
