"""The rows of one worksheet that hold anything, and which of their cells nobody sees or are struck through. Knows
openpyxl's reader.

Empty cells and rows, of which a sheet may have a million, are taken out of the XML before it is parsed. What a filter
or a collapsed group folds away counts as seen: it is one click away, and the sheet shows that it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import (
    CF_TAG,
    COL_TAG,
    FILTER_TAG,
    INLINE_STRING,
    MERGE_TAG,
    ROW_TAG,
    TABLE_TAG,
    WorkSheetParser,
)
from openpyxl.xml.constants import SHEET_MAIN_NS

from ingest.parse.sheet_struck import rest_of

BLOCK = 4_000_000  # bytes that are filtered at once
_EMPTY_CELL = re.compile(rb'<c\s[^<>]*\br="[A-Z]+\d+"[^<>]*(?:/>|>\s*</c>)')
_EMPTY_ROW = re.compile(rb'<row\s[^<>]*\br="\d+"[^<>]*(?:/>|>\s*</row>)')
_NOT_CALCULATED = re.compile(rb"(?:</f>|<f(?:\s[^>]*)?/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_SHOWS_NOTHING = re.compile(r"^;;;?$")  # a number format
_PICTURE = f"{{{SHEET_MAIN_NS}}}picture"  # the sheet's ground
_STRUCK_RUN = f"{{{SHEET_MAIN_NS}}}r/{{{SHEET_MAIN_NS}}}rPr/{{{SHEET_MAIN_NS}}}strike"
_WHITE = ("FFFFFFFF", "00FFFFFF")
_PAPER = 0  # the colour of a workbook's theme that its cells lie on


# Without: a sheet that does not say how large it is would be parsed twice, the first time to find out.
setattr(ReadOnlyWorksheet, "_get_size", lambda _sheet: None)  # noqa: B010  (stubs leave it out)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a value."""

    column: int  # counting from 0
    value: object
    shape: str  # the number format
    white: bool  # white letters on no ground
    indent: int  # steps, as pivot tables and statements set labels under those they belong to
    struck: bool  # the whole cell is struck through


class SheetRows:
    """One pass over a worksheet: iterate first, then ask."""

    def __init__(self, sheet: Any, book: Workbook) -> None:
        self._sheet = sheet
        self._book: Any = book
        self._source: _Filled | None = None
        self._rows: dict[str, dict[str, str]] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._filter: tuple[int, int] = (0, -1)  # first and last row of a filter that is in force
        self._styles: dict[int, tuple[str, bool, int, bool]] = {}
        self.merged: dict[int, list[tuple[int, int]]] = {}  # by column, from 0: first and last row of cells made one
        self.across: dict[int, list[tuple[int, int]]] = {}  # by row: first and last column of cells made one, from 0
        self.coloured_otherwise = False  # grounds may come from elsewhere than the cells' own styles

    def __iter__(self) -> Iterator[tuple[int, list[Cell]]]:
        """Row numbers, counting from 1, with the cells that have a value."""
        book = self._book
        with self._sheet._get_source() as part:
            self._source = _Filled(part)
            reader = _Cells(
                self._source,
                self._sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            self._rows, self._columns = reader.row_dimensions, reader.column_dimensions
            # lxml's: openpyxl's own, with defusedxml installed, is Python for every tag, four times as slow
            tags = (ROW_TAG, COL_TAG, FILTER_TAG, MERGE_TAG, CF_TAG, TABLE_TAG, _PICTURE)
            for _, element in etree.iterparse(self._source, tag=tags, resolve_entities=False, no_network=True):
                if element.tag == ROW_TAG:
                    number, cells = reader.parse_row(element)
                    yield (
                        number,
                        [
                            Cell(cell["column"] - 1, cell["value"], *self._style(cell["style_id"]))
                            for cell in cells
                            if cell["value"] is not None
                        ],
                    )
                    element.clear()
                    while element.getprevious() is not None:  # else a long sheet's rows all stay in memory
                        del element.getparent()[0]
                elif element.tag == COL_TAG:
                    reader.parse_column_dimensions(element)
                elif element.tag == MERGE_TAG:
                    self._note_merged(element)
                elif element.tag == FILTER_TAG:
                    self._filter = _filtered(element)
                else:
                    self.coloured_otherwise = True

    def _style(self, number: int) -> tuple[str, bool, int, bool]:
        """The number format of a style, whether it writes white on nothing, how far it is indented, and whether it is
        struck through."""
        if number not in self._styles:
            book = self._book
            style = book._cell_styles[number]
            kind = style.numFmtId
            own = kind - 164
            shape = book._number_formats[own] if own >= 0 else BUILTIN_FORMATS.get(kind, "General")
            font = book._fonts[style.fontId]
            colour = font.color
            fill = book._fills[style.fillId]
            bare = getattr(fill, "fill_type", "gradient") is None
            white = bare and colour is not None and _is_white(colour)
            indent = int(book._alignments[style.alignmentId].indent or 0)
            self._styles[number] = shape, white, indent, bool(font.strike)
        return self._styles[number]

    def _note_merged(self, element: Any) -> None:
        for cells in element:
            first, _, last = (cells.get("ref") or "").partition(":")
            if not last:
                continue
            (top, left), (bottom, right) = coordinate_to_tuple(first), coordinate_to_tuple(last)
            if right > left:
                self.across.setdefault(top, []).append((left - 1, right - 1))
            if bottom > top:
                self.merged.setdefault(left - 1, []).append((top, bottom))

    @property
    def uncalculated(self) -> int:
        """Formulas that were never calculated: openpyxl gives no value for them and no sign."""
        return self._source.uncalculated if self._source else 0

    @property
    def hidden_rows(self) -> frozenset[int]:
        """Rows that are hidden, counting from 1."""
        first, last = self._filter
        rows = {int(float(row)) for row, own in self._rows.items() if _is_hidden(own)}
        return frozenset(row for row in rows if not first <= row <= last)

    @property
    def hidden_columns(self) -> frozenset[int]:
        """Columns that are hidden, counting from 0."""
        found: set[int] = set()
        for own in self._columns.values():
            if _is_hidden(own):
                found.update(range(int(own["min"]) - 1, int(own["max"])))
        return frozenset(found)


class _Cells(WorkSheetParser):
    """openpyxl's reading of a cell; text that stands in the cell itself without a class for each of its parts."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """See WorkSheetParser."""
        cell: dict[str, Any] = super().parse_cell(element) if element.get("t") != "inlineStr" else self._inline(element)
        return cell

    def _inline(self, element: Any) -> dict[str, Any]:
        spot = element.get("r")
        row, column = coordinate_to_tuple(spot) if spot else (self.row_counter, self.col_counter + 1)
        self.col_counter = column
        held = element.find(INLINE_STRING)
        parts = held.iterfind(f"{{{SHEET_MAIN_NS}}}t") if held is not None else ()
        runs = held.iterfind(f"{{{SHEET_MAIN_NS}}}r/{{{SHEET_MAIN_NS}}}t") if held is not None else ()
        text = "".join(part.text or "" for part in (*parts, *runs))
        rest = rest_of(held) if held is not None and held.find(_STRUCK_RUN) is not None else None
        value = (text or None) if rest is None else rest
        style = int(element.get("s", 0))
        return {"row": row, "column": column, "value": value, "data_type": "s", "style_id": style}


def _filtered(element: Any) -> tuple[int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", element.get("ref") or "")]
    return (min(numbers), max(numbers)) if numbers and len(element) else (0, -1)


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
        return _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", data))
