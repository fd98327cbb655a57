"""XLSX workbooks to elements, with the values as they were last calculated and the range of every row.

Read with openpyxl and not through unstructured, which gives neither sheet ranges nor readable dates and numbers.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from ingest.parse.grid import GridRow, grid_elements
from ingest.parse.limits import ParseLimits
from ingest.parse.properties import office_properties
from ingest.parse.text import heading, normal
from storage.failures import Code, ParseFailure
from storage.records import Element, Parsed

_NOT_CALCULATED = re.compile(rb"(?:</f>|<f(?:\s[^>]*)?/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_NAMED_BY_PROGRAM = re.compile(r"(sheet|tabelle|feuil|hoja|foglio|blad|лист|工作表)\s*\d*", re.IGNORECASE)
_CURRENCY = re.compile(r'\[\$([^\]\-]+)|"?([€£¥₹])"?|"(\$|[A-Z]{3}|kr|zł|Fr\.?)"|\\?(\$)(?!\-)')


def parse_sheet(path: Path, *, limits: ParseLimits) -> Parsed:
    """A workbook. Raises ParseFailure(TOO_LARGE) beyond `limits.max_cells`."""
    warnings = list(_uncalculated(path))
    # an open file rather than its path: an original is kept without its suffix, which openpyxl insists on
    file = path.open("rb")
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    elements: list[Element] = []
    budget = _Budget(limits.max_cells)
    try:
        for sheet in book.worksheets:
            found = grid_elements(_rows(sheet, budget), sheet=sheet.title)
            if not found:
                continue
            if sheet.sheet_state != "visible":
                warnings.append(
                    f"The sheet {sheet.title} is hidden in the workbook; its text is searched all the same."
                )
            if not _NAMED_BY_PROGRAM.fullmatch(sheet.title):
                elements += heading(sheet.title, 1, sheet=sheet.title)
            elements += found
    finally:
        book.close()
        file.close()
    return _parsed(path, book, elements, warnings)


def _parsed(path: Path, book: Workbook, elements: list[Element], warnings: list[str]) -> Parsed:
    known = office_properties(path, book.properties)
    return Parsed(
        elements=tuple(elements),
        title=known.title,
        author=known.author,
        created=known.created,
        modified=known.modified,
        warnings=tuple(warnings),
    )


class _Budget:
    """Counts cells down."""

    def __init__(self, cells: int) -> None:
        self.allowed = self.left = cells

    def spend(self, cells: int) -> None:
        self.left -= cells
        if self.left < 0:
            raise ParseFailure(
                Code.TOO_LARGE, f"The workbook has more than {self.allowed:,} cells with values (limit max_cells)."
            )


def _rows(sheet: Any, budget: _Budget) -> Iterator[GridRow]:
    sheet.reset_dimensions()  # what a file says of its own size is often wrong
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [cell_text(cell.value, cell.number_format) if cell.value is not None else "" for cell in row]
        filled = sum(map(bool, cells))
        if filled:
            budget.spend(filled)
            yield GridRow(number=number, cells=tuple(cells))


def cell_text(value: object, number_format: str | None) -> str:
    """A value as a person writes it: ISO dates, numbers without noise, per cent and currency from the cell's format."""
    shape = number_format or ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number_text(value, shape)
    if isinstance(value, datetime):
        whole_day = value.time() == time(0)
        return value.date().isoformat() if whole_day else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return normal(str(value))


def _number_text(value: float, shape: str) -> str:
    if "%" in shape:
        return f"{_plain(value * 100)}%"
    text = _plain(value)
    currency = _CURRENCY.search(shape)
    symbol = next((group for group in currency.groups() if group), "").strip() if currency else ""
    return f"{text} {symbol}" if symbol else text


def _plain(value: float) -> str:
    """Digits without an exponent where that is readable, and without the noise of binary fractions."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    if "e" in text and 1e-12 < abs(value) < 1e15:
        text = f"{value:.15f}".rstrip("0").rstrip(".")
    return text


def _uncalculated(path: Path) -> Iterator[str]:
    """A warning for formulas that were never calculated: openpyxl gives no value for them and no sign."""
    with zipfile.ZipFile(path) as container:
        parts = [name for name in container.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        count = sum(len(_NOT_CALCULATED.findall(container.read(name))) for name in parts)
    if count:
        yield f"{count} formulas have no calculated value and are left out. Open the workbook and save it again."
