"""One page's pieces of text to blocks in reading order: paragraphs and tables. Pure geometry; knows no PDF library.

The order of the file is kept, as most programs write in reading order; only where it jumps upwards over its own column
are the blocks put in order by cutting the page along its white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median

from ingest.parse.pdf_order import in_order
from ingest.parse.pdf_piece import Block, Piece
from ingest.parse.pdf_rules import Grid, ruled_table
from ingest.parse.pdf_statement import statement
from ingest.parse.table import is_number

_MARK = re.compile(r"^(\(?[\da-zA-Z]{1,3}[.)]|\d{1,2}(\.\d{1,2}){0,4}\.?|[•▪◦‣●○■□–—\-*\uf0b7\uf0a7\uf0d8])$")
BULLET = re.compile(r"^([•▪◦‣●○■□\uf0b7\uf0a7\uf0d8]|[–—\-*](?=\s))\s*")
NUMBERED = re.compile(r"^\(?(\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s")
_SENTENCE_END = (".", "!", "?", ":", "。", "！", "？", "：")


def page_blocks(pieces: list[Piece], tables: Sequence[Grid] = ()) -> list[Block]:
    """The blocks of one page, its ruled tables among them."""
    for grid in tables:
        inside = [piece for piece in pieces if not piece.turned and grid.holds(piece)]
        block = ruled_table(grid, inside) if len(inside) >= 2 else None
        if block:
            before, after = _around(pieces, inside)
            rest = tables[tables.index(grid) + 1 :]
            return in_order([*page_blocks(before, rest), block, *page_blocks(after, rest)])
    upright = [piece for piece in pieces if not piece.turned]
    turned = [piece for piece in pieces if piece.turned]
    if all(below.baseline - above.baseline > 0.7 * max(above.size, below.size) for above, below in pairwise(upright)):
        return _paragraphs(upright) + [Block(lines=[piece]) for piece in turned]  # nothing stands beside anything
    found = statement(upright)
    if found:
        before, after = _around(upright, found.pieces)
        return in_order([*page_blocks(before), *found.blocks, *page_blocks(after)]) + [
            Block(lines=[piece]) for piece in turned
        ]
    blocks: list[Block] = []
    loose: list[Piece] = []
    rows = list(_rows(_cells(upright)))
    position = 0
    while position < len(rows):
        length = _table_length(rows, position)
        if length:
            blocks += _paragraphs(loose)
            loose = []
            blocks.append(_table(rows[position : position + length]))
        else:
            length = _column_length(rows, position)
            if length:
                for column in (0, 1):
                    loose += [part for row in rows[position : position + length] for part in row[column].parts]
            else:
                length = 1
                loose += rows[position][0].parts if len(rows[position]) == 1 else [_joined(rows[position])]
        position += length
    blocks += _paragraphs(loose)
    return in_order(blocks) + [Block(lines=[piece]) for piece in turned]


def _around(pieces: Sequence[Piece], taken: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """What comes before the first of those taken, and what of the others comes after."""
    ids = set(map(id, taken))
    first = next(at for at, piece in enumerate(pieces) if id(piece) in ids)
    return list(pieces[:first]), [piece for piece in pieces[first:] if id(piece) not in ids]


def _cells(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Lines that follow each other straight below, as the lines of a table's cell do, as one piece."""
    cell: list[Piece] = []
    for piece in pieces:
        if cell and not _is_below(cell[-1], piece):
            yield _stacked(cell)
            cell = []
        cell.append(piece)
    if cell:
        yield _stacked(cell)


def _is_below(above: Piece, below: Piece) -> bool:
    tight = 0.8 * above.size < below.baseline - above.baseline < 1.6 * above.size
    centred = abs((above.left + above.right) - (below.left + below.right)) < above.size
    aligned = abs(above.left - below.left) < 0.5 * above.size or centred
    return tight and aligned and abs(above.size - below.size) < 0.1 * above.size


def _stacked(lines: Sequence[Piece]) -> Piece:
    return lines[0] if len(lines) == 1 else _joined(lines)._replace(left=min(p.left for p in lines), lines=tuple(lines))


def _rows(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces that follow each other on one level, from left to right; a list mark joins its item."""
    row: list[Piece] = []
    for piece in pieces:
        level = row and any(_same_level(piece, other) for other in row)
        if level and piece.left >= row[-1].right - 0.2 * piece.size:
            row.append(piece)
            continue
        if row:
            yield _with_marks(row)
        row = [piece]
    if row:
        yield _with_marks(row)


def _same_level(one: Piece, other: Piece) -> bool:
    if len(one.parts) == len(other.parts) == 1:
        return abs(one.baseline - other.baseline) < 0.35 * max(one.size, other.size)
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > 0.5 * min(one.bottom - one.top, other.bottom - other.top)


def _with_marks(row: list[Piece]) -> list[Piece]:
    if len(row) == 2 and _MARK.match(row[0].text) and not is_number(row[1].text):
        near = row[1].left - row[0].right < 5 * row[0].size
        if near and len(row[1].parts) > 1:
            first = _joined([row[0], row[1].parts[0]])
            return [_stacked([first, *row[1].parts[1:]])]
        return [_joined(row)] if near else row
    return row


def _joined(row: Sequence[Piece]) -> Piece:
    """One line of all."""
    if len(row) == 1:
        return row[0]
    return row[0]._replace(
        text=" ".join(piece.text for piece in row),
        right=max(piece.right for piece in row),
        top=min(piece.top for piece in row),
        bottom=max(piece.bottom for piece in row),
        bold=all(piece.bold for piece in row),
        lines=(),
    )


def _table_length(rows: Sequence[list[Piece]], start: int) -> int:
    """How many rows from `start` are plainly a table: cells under each other in two columns or more; 0 if none."""
    end = start
    while end < len(rows) and len(rows[end]) >= 2 and (end == start or _near(rows[end - 1], rows[end])):
        end += 1
    for last in range(end, start + 1, -1):
        columns = _columns(rows[start:last])
        if columns and last - start >= (2 if len(columns) >= 3 else 3):
            return 0 if _is_prose(rows[start:last]) else last - start
    return 0


def _near(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    distance = min(piece.top for piece in below) - max(piece.bottom for piece in above)
    return -0.5 * above[0].size < distance < 3 * max(above[0].size, below[0].size)


def _columns(rows: Sequence[Sequence[Piece]]) -> list[tuple[float, float]]:
    """The columns as (left, right), or none when the cells do not stand under each other."""
    spans: list[tuple[float, float]] = []
    for left, right in sorted((piece.left, piece.right) for row in rows for piece in row):
        if spans and left < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], right))
        else:
            spans.append((left, right))
    widest = max(len(row) for row in rows)
    return spans if widest >= 2 and len(spans) == widest else []


def _is_prose(rows: Sequence[Sequence[Piece]]) -> bool:
    """Two columns of running text that were written line by line across the page."""
    if max(len(row) for row in rows) != 2:
        return False
    return all(median(len(row[column].text) for row in rows) > 35 for column in (0, 1))


def _column_length(rows: Sequence[list[Piece]], start: int) -> int:
    end = start
    while end < len(rows) and len(rows[end]) == 2 and (end == start or _near(rows[end - 1], rows[end])):
        end += 1
    run = rows[start:end]
    return end - start if len(run) >= 3 and _columns(run) and _is_prose(run) else 0


def _table(rows: Sequence[list[Piece]]) -> Block:
    columns = _columns(rows)
    grid: list[list[Piece | None]] = []
    for row in rows:
        cells: list[Piece | None] = [None] * len(columns)
        for piece in row:
            cells[next(i for i, (left, right) in enumerate(columns) if left <= piece.left <= right)] = piece
        grid.append(cells)
    return Block(lines=[piece for row in rows for piece in row], rows=grid)


def _paragraphs(lines: Sequence[Piece]) -> list[Block]:
    """Lines to paragraphs, by distance, size, weight, indent and marks."""
    pitches = [
        pitch
        for before, after in pairwise(lines)
        if 0.9 < (pitch := (after.baseline - before.baseline) / before.size) < 2.2
        and abs(before.size - after.size) < 0.5
    ]
    pitch = median(pitches) if pitches else 1.2
    edge = max((piece.right for piece in lines), default=0.0)
    blocks: list[Block] = []
    for line in lines:
        if blocks and _continues(blocks[-1].lines, line, pitch, edge):
            blocks[-1].lines.append(line)
        else:
            blocks.append(Block(lines=[line]))
    return blocks


def _continues(paragraph: list[Piece], line: Piece, pitch: float, edge: float) -> bool:
    last = paragraph[-1]
    distance = line.baseline - last.baseline
    if not 0.3 * last.size < distance < 1.3 * pitch * last.size:
        return False
    if abs(line.size - last.size) > 0.1 * last.size or line.bold != last.bold:
        return False
    if line.left >= last.right or line.right <= last.left:
        return False
    if BULLET.match(line.text) or (NUMBERED.match(line.text) and line.left <= paragraph[0].left + line.size):
        return False
    ended = last.text.endswith(_SENTENCE_END)
    if line.paragraph != last.paragraph and (ended or last.right < line.left + 0.8 * (edge - line.left)):
        return False
    outdented = line.left <= paragraph[0].left - 0.3 * line.size
    listed = (outdented or ended) and bool(BULLET.match(paragraph[0].text) or NUMBERED.match(paragraph[0].text))
    return not ((outdented and listed) or (ended and _may_end(paragraph, line, edge, listed)))


def _may_end(paragraph: list[Piece], line: Piece, edge: float, listed: bool) -> bool:
    """Whether a paragraph whose last line ends a sentence may end there, by the places of this line and the next."""
    last = paragraph[-1]
    indented = line.left - last.left > 0.8 * line.size and not (len(paragraph) == 1 and listed)
    widest = max(piece.right for piece in paragraph)
    short = last.right < paragraph[0].left + 0.75 * (widest - paragraph[0].left)
    right_edge = max(edge if len(paragraph) == 1 else 0.0, widest)
    stops_early = last.right < paragraph[0].left + 0.6 * (right_edge - paragraph[0].left)
    return indented or short or (stops_early and line.right > last.right)
