"""Rows of cells to a table element. Knows nothing of where the cells came from.

A row reads "Column: value | Column: value", so that any piece of the table keeps its header. Without a header the
values alone are joined.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.parse.text import single_line
from storage.records import Element, Kind, Row

_NUMBER = re.compile(r"^[\W_]*\d[\d\s.,:/%'’+-]*\W*\w{0,3}$")
_YEAR = re.compile(r"(19|20)\d\d")
_LONGEST_NAME = 80  # characters; what is longer is a sentence, not the name of a column


def is_number(cell: str) -> bool:
    """True for numbers, dates, amounts and percentages."""
    return bool(_NUMBER.match(cell))


def is_year(cell: str) -> bool:
    """True for what names a column although it is a number."""
    return bool(_YEAR.fullmatch(cell))


def guess_header(rows: Sequence[Sequence[str]]) -> int:
    """How many rows at the top are column names: 0 or 1. For tables that do not mark them."""
    if len(rows) < 2:
        return 0
    first = [cell for cell in rows[0] if cell]
    if len(first) < 2 or len(first) * 2 < len(rows[0]) or len(set(first)) < len(first):
        return 0
    if any(is_number(cell) and not is_year(cell) for cell in first):
        return 0
    if all(re.fullmatch(r"\d{4}", cell) for cell in first) or max(map(len, first)) > _LONGEST_NAME:
        return 0
    if first[0].endswith(":"):  # a form: names on the left, values on the right
        return 0
    return 1


def _names_in_two_rows(grid: Sequence[Sequence[str]]) -> bool:
    """Whether groups of columns stand over their names, as cells made one show: "Limit" over "Day" and "Night".

    Some column is named by the first row alone, which the second repeats or leaves empty, and some by both, with
    nothing in the first over its last. Words only, and numbers below. The last column is named by the first row alone
    only where the second repeats it, or leaves the first column empty too.
    """
    if len(grid) < 3 or len(grid[0]) != len(grid[1]) or not grid[0][0]:
        return False
    above, below = grid[0], grid[1]
    alone = [bool(one) and other in ("", one) for one, other in zip(above, below, strict=True)]
    under = [not one and bool(other) for one, other in zip(above, below, strict=True)]
    whole = all(one or other for one, other in zip(above, below, strict=True))
    words = not any(is_number(cell) for row in (above, below) for cell in row if not is_year(cell))
    followed = any(is_number(cell) for row in grid[2:5] for cell in row)
    last = not alone[-1] or bool(below[-1]) or not below[0]
    return whole and any(alone) and any(under) and last and words and followed


def _spread(above: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    """The first row of names, with each group's over all of its columns."""
    spread: list[str] = []
    for one, other in zip(above, below, strict=True):
        spread.append(one or (spread[-1] if other else ""))
    return tuple(spread)


def title_over(rows: Sequence[Sequence[str]]) -> str:
    """What the first row says of the whole table: one cell over three columns or more, with names below."""
    first = rows[0] if rows else ()
    alone = len(first) > 2 and bool(first[0]) and not any(first[1:])
    return first[0] if alone and guess_header(rows[1:]) else ""


def joined_header(rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """Several header rows as one: the names above each other, each once."""
    columns = ([row[i] for row in rows if i < len(row) and row[i]] for i in range(width))
    return tuple(" ".join(dict.fromkeys(names)) for names in columns)


def table(
    rows: Sequence[Sequence[str]],
    *,
    header_rows: int | None = None,
    addresses: Sequence[str | None] = (),
    page: int | None = None,
    sheet: str | None = None,
) -> list[Element]:
    """No element or one table. `header_rows` None: guess. `addresses`, if given, one for each of `rows`."""
    cleaned = [tuple(single_line(cell) for cell in row) for row in rows]
    kept = [(row, addresses[i] if addresses else None) for i, row in enumerate(cleaned) if any(row)]
    if not kept:
        return []
    grid = [row for row, _ in kept]
    names = guess_header(grid) if header_rows is None else min(header_rows, len(grid))
    if names <= 1 and header_rows != 0 and _names_in_two_rows(grid):
        names, grid[0] = 2, _spread(grid[0], grid[1])
    if names >= len(grid):  # nothing but names: they are all the text there is
        names = 0
    width = max(len(row) for row in grid)
    header = joined_header(grid[:names], width) if names else ()
    if not any(header):
        header = ()
    texts: list[str] = []
    records: list[Row] = []
    position = 0
    for row, address in kept[names:]:
        text = row_text(row, header)
        records.append(Row(start=position, end=position + len(text), cells=row, address=address))
        texts.append(text)
        position += len(text) + 1
    return [Element(kind=Kind.TABLE, text="\n".join(texts), page=page, sheet=sheet, header=header, rows=tuple(records))]


def row_text(row: Sequence[str], header: Sequence[str]) -> str:
    """One row in words; empty cells are left out. Without names of columns, a cell that ends with a colon names the
    next, as in forms."""
    parts: list[str] = []
    named = False
    for i, cell in enumerate(row):
        name = header[i].removesuffix(":") if i < len(header) else ""
        if cell and named:
            parts[-1] = f"{parts[-1]} {cell}"
        elif cell:
            parts.append(f"{name}: {cell}" if name else cell)
        named = bool(cell) and not header and not named and cell.endswith(":")
    return " | ".join(parts)
