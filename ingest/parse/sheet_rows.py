"""The rows of one worksheet that hold anything, and which of their cells nobody sees. Knows openpyxl's reader.

Empty cells and rows, of which a sheet may have a million, are taken out of the XML before it is parsed. What a filter
or a collapsed group folds away counts as seen: it is one click away, and the sheet shows that it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from typing import IO, Any

from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.workbook import Workbook
from openpyxl.worksheet._reader import WorkSheetParser

BLOCK = 4_000_000  # bytes that are filtered at once
_EMPTY_CELL = re.compile(rb'<c\s[^<>]*\br="[A-Z]+\d+"[^<>]*(?:/>|>\s*</c>)')
_EMPTY_ROW = re.compile(rb'<row\s[^<>]*\br="\d+"[^<>]*(?:/>|>\s*</row>)')
_NOT_CALCULATED = re.compile(rb"(?:</f>|<f(?:\s[^>]*)?/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_SHOWS_NOTHING = re.compile(r"^;;;?$")  # a number format
_WHITE = ("FFFFFFFF", "00FFFFFF")
_PAPER = 0  # the colour of a workbook's theme that its cells lie on


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a value."""

    column: int  # counting from 0
    value: object
    shape: str  # the number format
    white: bool  # white letters on no ground


class SheetRows:
    """One pass over a worksheet: iterate first, then ask."""

    def __init__(self, sheet: Any, book: Workbook) -> None:
        self._sheet = sheet
        self._book: Any = book
        self._source: _Filled | None = None
        self._parser: Any = None
        self._styles: dict[int, tuple[str, bool]] = {}

    def __iter__(self) -> Iterator[tuple[int, list[Cell]]]:
        """Row numbers, counting from 1, with the cells that have a value."""
        book = self._book
        with self._sheet._get_source() as part:
            self._source = _Filled(part)
            self._parser = WorkSheetParser(
                self._source,
                self._sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            for number, cells in self._parser.parse():
                yield (
                    number,
                    [
                        Cell(cell["column"] - 1, cell["value"], *self._style(cell["style_id"]))
                        for cell in cells
                        if cell["value"] is not None
                    ],
                )

    def _style(self, number: int) -> tuple[str, bool]:
        """The number format of a style, and whether it writes white on nothing."""
        if number not in self._styles:
            book = self._book
            style = book._cell_styles[number]
            kind = style.numFmtId
            own = kind - 164
            shape = book._number_formats[own] if own >= 0 else BUILTIN_FORMATS.get(kind, "General")
            colour = book._fonts[style.fontId].color
            fill = book._fills[style.fillId]
            bare = getattr(fill, "fill_type", "gradient") is None
            self._styles[number] = shape, bare and colour is not None and _is_white(colour)
        return self._styles[number]

    @property
    def uncalculated(self) -> int:
        """Formulas that were never calculated: openpyxl gives no value for them and no sign."""
        return self._source.uncalculated if self._source else 0

    @property
    def hidden_rows(self) -> frozenset[int]:
        """Rows that are hidden, counting from 1."""
        rows = {int(float(row)): own for row, own in self._parser.row_dimensions.items() if _is_hidden(own)}
        first, last = self._filtered()
        return frozenset(row for row in rows if not first <= row <= last)

    @property
    def hidden_columns(self) -> frozenset[int]:
        """Columns that are hidden, counting from 0."""
        found: set[int] = set()
        for own in self._parser.column_dimensions.values():
            if _is_hidden(own):
                found.update(range(int(own["min"]) - 1, int(own["max"])))
        return frozenset(found)

    @property
    def coloured_otherwise(self) -> bool:
        """Whether grounds may come from elsewhere than the cells' own styles."""
        pictured = self._source is not None and self._source.pictured
        return bool(self._parser.formatting or self._parser.tables.tablePart or pictured)

    def _filtered(self) -> tuple[int, int]:
        """First and last row of a filter that is in force."""
        chosen = getattr(self._parser, "auto_filter", None)
        if chosen is None or not chosen.ref or not chosen.filterColumn:
            return 0, -1
        numbers = [int(number) for number in re.findall(r"\d+", chosen.ref)]
        return (min(numbers), max(numbers)) if numbers else (0, -1)


def _is_hidden(own: dict[str, str]) -> bool:
    hidden = own.get("hidden") in ("1", "true")
    return hidden and int(own.get("outlineLevel") or 0) == 0


def _is_white(colour: Any) -> bool:
    if colour.type == "theme":
        return bool(colour.theme == _PAPER and not colour.tint)
    return bool(colour.type == "rgb" and colour.rgb in _WHITE)


def shows_nothing(shape: str) -> bool:
    """Whether a number format draws no value."""
    return bool(_SHOWS_NOTHING.match(shape))


class _Filled(RawIOBase):
    """The XML of a worksheet without its empty cells and rows, a block at a time."""

    def __init__(self, part: IO[bytes]) -> None:
        self._part = part
        self._kept = b""  # the beginning of a row whose end is in the next block
        self._ready = memoryview(b"")
        self.uncalculated = 0
        self.pictured = False  # the sheet has a picture as its ground

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            block = self._part.read(BLOCK)
            if not block and not self._kept:
                return 0
            self._ready = memoryview(self._filtered(block))
        taken = self._ready[: len(buffer)]
        buffer[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        return len(taken)

    def _filtered(self, block: bytes) -> bytes:
        data = self._kept + block
        cut = data.rfind(b"<row") if block else -1
        if cut < 0 or len(data) > 4 * BLOCK:  # no row begins here, or one has no end
            cut = len(data)
        data, self._kept = data[:cut], data[cut:]
        self.uncalculated += len(_NOT_CALCULATED.findall(data))
        self.pictured = self.pictured or b"<picture" in data
        return _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", data))
