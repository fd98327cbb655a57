"""The cells of a sheet to titles and tables. Knows where tables begin and what their headers are; knows no file format.

Rows between empty rows are a block. Lone cells on top of a block are its title. The first row that is mostly words
and is followed by data is the header, with the names of groups that span its columns above it; a block without a header
of its own goes on under the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from openpyxl.utils import get_column_letter

from ingest.parse.summary import summary
from ingest.parse.table import guess_header, is_number, is_year, joined_header, table
from ingest.parse.text import heading, prose, single_line
from storage.records import Element

MOST_GROUPS = 3  # rows of groups above the names of columns


@dataclass(frozen=True, kw_only=True)
class GridRow:
    """One row that is not empty."""

    number: int  # counting from 1, as the sheet shows it
    cells: tuple[str, ...]  # from column A on
    across: tuple[tuple[int, int], ...] = ()  # first and last column of cells over several, counting from 0
    skipped: int = 0  # rows right above it that are no gap, though they were left out

    @property
    def filled(self) -> list[int]:
        """The columns that have a value, counting from 0."""
        return [i for i, cell in enumerate(self.cells) if cell]


@dataclass(frozen=True, kw_only=True)
class _Header:
    names: tuple[str, ...]
    first: int
    last: int


def grid_elements(rows: Iterable[GridRow], *, sheet: str | None, addresses: bool = True) -> list[Element]:
    """Titles, texts and tables of one sheet. `rows` in order, the empty ones left out."""
    elements: list[Element] = []
    header: _Header | None = None
    for block in _blocks(rows):
        for part in _beside(block):
            found, header = _block_elements(part, header, sheet, addresses)
            elements += found
    return elements


def _blocks(rows: Iterable[GridRow]) -> Iterator[list[GridRow]]:
    block: list[GridRow] = []
    for row in rows:
        if block and row.number > block[-1].number + 1 + row.skipped:
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _beside(block: list[GridRow]) -> list[list[GridRow]]:
    """The tables of a block that stand beside each other: two empty columns or more part them, and each has a header.

    One empty column parts nothing: many a table has one before its totals.
    """
    columns = sorted({column for row in block for column in row.filled})
    starts = [0, *(after for before, after in pairwise(columns) if after - before > 2)]
    if len(starts) == 1 or len(block) < 2 or any(row.across for row in block):
        return [block]
    parts = []
    for start, end in zip(starts, [*starts[1:], columns[-1] + 1], strict=True):
        cut = [replace(row, cells=("",) * start + row.cells[start:end]) for row in block]
        parts.append([row for row in cut if row.filled])
    named = all(
        len(part[0].filled) > 1 and _header_rows([_slice(row, *_reach(part)) for row in part]) for part in parts
    )
    return parts if named else [block]


def _reach(block: Sequence[GridRow]) -> tuple[int, int]:
    """The first and last column of a block."""
    return min(row.filled[0] for row in block), max(row.filled[-1] for row in block)


def _block_elements(
    block: list[GridRow], above: _Header | None, sheet: str | None, addresses: bool
) -> tuple[list[Element], _Header | None]:
    elements: list[Element] = []
    if max(len(row.filled) for row in block) == 1:
        single = [row.cells[row.filled[0]] for row in block]
        if len({row.filled[0] for row in block}) == 1 and len(single) > 2:
            return _tables(block, 0, above, sheet, addresses)  # a list in one column
        return [element for text in single for element in _title(text, not elements, sheet)], above
    start = 0
    while len(block[start].filled) == 1:
        elements += _title(block[start].cells[block[start].filled[0]], start == 0, sheet)
        start += 1
    found, header = _tables(block[start:], None, above, sheet, addresses)
    return elements + found, header


def _title(text: str, first: bool, sheet: str | None) -> list[Element]:
    if first and len(text) <= 120 and not is_number(single_line(text)) and not text.rstrip().endswith((".", "。")):
        return heading(text, 2, sheet=sheet)
    return [Element(kind=element.kind, text=element.text, sheet=sheet) for element in prose(text)]


def _tables(
    block: list[GridRow], names: int | None, above: _Header | None, sheet: str | None, addresses: bool
) -> tuple[list[Element], _Header | None]:
    first, last = _reach(block)
    cells = [_slice(row, first, last) for row in block]
    groups = _group_rows(block, cells, first) if names is None else 0
    if groups:
        names = groups + 1
        cells[:groups] = [_spread(row, texts, first) for row, texts in zip(block[:groups], cells, strict=False)]
    elif names is None:
        names = _header_rows(cells)
    spots: list[str | None] = [
        f"{get_column_letter(first + 1)}{row.number}:{get_column_letter(last + 1)}{row.number}" for row in block
    ]
    header = None
    if names:
        header = _Header(names=joined_header(cells[:names], last - first + 1), first=first, last=last)
    elif above and above.first <= first and last <= above.last:
        header = above
        carried = above.names[first - above.first : last - above.first + 1]
        cells, spots, names = [carried, *cells], [None, *spots], 1
    found = table(cells, header_rows=names, addresses=spots if addresses else (), sheet=sheet)
    return [*summary(found[0]), *found] if found else [], header


def _slice(row: GridRow, first: int, last: int) -> tuple[str, ...]:
    return tuple(single_line(row.cells[i]) if i < len(row.cells) else "" for i in range(first, last + 1))


def _group_rows(block: Sequence[GridRow], cells: Sequence[Sequence[str]], first: int) -> int:
    """How many rows at the top name groups of columns: cells over several, with a name below for each of these.

    Not without numbers in what follows the names: the words below may be data already.
    """
    count = 0
    for row, after, texts in zip(block[:MOST_GROUPS], block[1:], cells[1:], strict=False):
        below = _spread(after, texts, first)
        spans = _groups(row, first, len(below))
        if not spans or not all(all(below[left : right + 1]) for left, right in spans) or not _names_only(below):
            break
        count += 1
    data = [cell for row in cells[count + 1 : count + 4] for cell in row if cell]
    return count if any(map(is_number, data)) else 0


def _groups(row: GridRow, first: int, width: int) -> list[tuple[int, int]]:
    """The cells over several columns that say something: first and last column, from the table's first."""
    filled = [(left, right) for left, right in row.across if first <= left < len(row.cells) and row.cells[left]]
    return [(left - first, min(right - first, width - 1)) for left, right in filled if left - first < width - 1]


def _spread(row: GridRow, texts: Sequence[str], first: int) -> tuple[str, ...]:
    """A row of groups with each group's name over all of its columns, as what comes before theirs."""
    named = list(texts)
    for left, right in _groups(row, first, len(texts)):
        named[left : right + 1] = [f"{texts[left].removesuffix(':')}:"] * (right - left + 1)
    return tuple(named)


def _names_only(row: Sequence[str]) -> bool:
    return all(not is_number(cell) or is_year(cell) for cell in row if cell)


def _header_rows(cells: Sequence[Sequence[str]]) -> int:
    """0, 1, or 2 where a row of groups stands over the row of names."""
    if len(cells) >= 3 and _words_only(cells[0]) and _words_only(cells[1]):
        gaps = sum(not cell for cell in cells[0]) > 0
        if gaps and all(cells[1]) and any(is_number(cell) for cell in cells[2]):
            return 2
    if guess_header(cells):
        return 1
    filled = [cell for cell in cells[0] if cell]
    words = sum(not is_number(cell) for cell in filled)
    followed = len(cells) > 1 and any(is_number(cell) for row in cells[1:4] for cell in row)
    mostly = len(filled) >= 2 and words * 2 > len(filled) and max(map(len, filled)) <= 80
    form = bool(filled) and filled[0].endswith(":")  # names on the left, values on the right
    return int(mostly and followed and not form and not is_number(filled[0]))


def _words_only(row: Sequence[str]) -> bool:
    return all(not is_number(cell) for cell in row if cell)
