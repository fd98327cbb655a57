"""Rows of tables as their document has them: the columns, the row's cells, the rows beside it. Knows no question.

A row's text does not tell them: a column may be called "Germany: company pension", and empty cells are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.records import ELEMENT_SEPARATOR, Revision


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A row and where its text stands in the revision's."""

    start: int
    end: int
    cells: tuple[str, ...]  # one for each column, empty ones included


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table whose columns have names."""

    start: int  # in the revision's text
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]

    def row_at(self, start: int) -> TableRow | None:
        """The row that begins there."""
        return next((row for row in self.rows if row.start == start), None)


def table_at(revision: Revision, place: int) -> Table | None:
    """The table at a place of the revision's text; None where there is none, or its columns have no names."""
    offset = 0
    for element in revision.elements:
        if offset <= place < offset + len(element.text):
            if not any(element.header):
                return None
            width = max(len(element.header), *(len(row.cells) for row in element.rows))
            return Table(
                start=offset,
                columns=_filled(element.header, width),
                rows=tuple(
                    TableRow(start=offset + row.start, end=offset + row.end, cells=_filled(row.cells, width))
                    for row in element.rows
                ),
            )
        offset += len(element.text) + len(ELEMENT_SEPARATOR)
    return None


def _filled(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return cells + ("",) * (width - len(cells))
