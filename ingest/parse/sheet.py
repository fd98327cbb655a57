"""XLSX workbooks to elements, with the values as they were last calculated and the range of every row.

Read with openpyxl and not through unstructured, which gives neither sheet ranges nor readable dates and numbers.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from ingest.parse.grid import GridRow, grid_elements
from ingest.parse.limits import ParseLimits
from ingest.parse.properties import office_properties
from ingest.parse.sheet_comments import comments
from ingest.parse.sheet_rows import Cell, SheetRows, shows_nothing
from ingest.parse.sheet_struck import Rest, strike_shared
from ingest.parse.struck import flag
from ingest.parse.table import is_number
from ingest.parse.text import heading, normal
from storage.failures import Code, ParseFailure
from storage.records import Element, Parsed

_NAMED_BY_PROGRAM = re.compile(r"(sheet|tabelle|feuil|hoja|foglio|blad|лист|工作表)\s*\d*", re.IGNORECASE)
_TOTAL = re.compile(r"(sub|grand |gesamt|zwischen)?(total|summe|ergebnis)|gesamt|sum\b|somme", re.IGNORECASE)
_LONGEST_LABEL = 100  # characters; what is longer is prose
_ZEROS = re.compile(r"00+")  # postal codes, numbers of accounts and articles
_CURRENCY = re.compile(r'\[\$([^\]\-]+)|"?([€£¥₹])"?|"(\$|[A-Z]{3}|kr|zł|Fr\.?)"|\\?(\$)(?!\-)')


def parse_sheet(path: Path, *, limits: ParseLimits) -> Parsed:
    """A workbook, without what is hidden in it or struck through.

    Raises ParseFailure(TOO_LARGE) beyond `limits.max_cells`.
    """
    # an open file rather than its path: an original is kept without its suffix, which openpyxl insists on
    file = path.open("rb")
    container = zipfile.ZipFile(file)
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    elements: list[Element] = []
    flags: list[str] = []
    uncalculated = 0
    budget = _Budget(limits.max_cells)
    try:
        strike_shared(container, book)
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                if any(cells for _, cells in SheetRows(sheet, book)):
                    flags.append(f"the hidden sheet {sheet.title} was left out")
                continue
            source = SheetRows(sheet, book)
            seen = _rows(source, budget)
            uncalculated += source.uncalculated
            if seen.hides:
                flags.append(f"hidden cells of the sheet {sheet.title} were left out")
            if seen.strikes:
                flags.append(flag(f" on the sheet {sheet.title}"))
            found = grid_elements(seen.rows, sheet=sheet.title)
            found += comments(
                container,
                str(getattr(sheet, "_worksheet_path", "")),  # of openpyxl's read-only sheets
                sheet=sheet.title,
                hidden_rows=source.hidden_rows,
                hidden_columns=source.hidden_columns,
            )
            if found and not _NAMED_BY_PROGRAM.fullmatch(sheet.title):
                elements += heading(sheet.title, 1, sheet=sheet.title)
            elements += found
    finally:
        book.close()
        container.close()
        file.close()
    if flags and not elements:
        raise ParseFailure(Code.EMPTY, f"There is no text left in it: {'; '.join(flags)}.")
    return _parsed(path, book, elements, uncalculated, flags)


def _parsed(path: Path, book: Workbook, elements: list[Element], uncalculated: int, flags: list[str]) -> Parsed:
    known = office_properties(path, book.properties)
    missing = f"{uncalculated} formulas have no calculated value and are left out. Open the workbook and save it again."
    return Parsed(
        elements=tuple(elements),
        title=known.title,
        author=known.author,
        created=known.created,
        modified=known.modified,
        flags=tuple(flags),
        warnings=(missing,) if uncalculated else (),
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


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """The rows of a sheet as they are seen."""

    rows: list[GridRow]
    hides: bool  # something in them is not seen
    strikes: bool  # something is struck through


def _rows(source: SheetRows, budget: _Budget) -> _Seen:
    rows: list[GridRow] = []
    white: dict[int, set[int]] = {}  # by row: columns
    hides = strikes = False
    indents: dict[int, int] = {}  # by row, of its label
    last, skipped = 0, 0  # the last row that is struck through as a whole, and how many right above each other
    for number, cells in source:
        budget.spend(len(cells))
        shown = [c for c in cells if not (c.struck or c.value.__class__ is Rest or shows_nothing(c.shape))]
        if len(shown) < len(cells):
            drawn = [cell for cell in cells if not shows_nothing(cell.shape)]
            shown = [cell for cell in drawn if not _is_struck(cell)]
            hides = hides or len(drawn) < len(cells)
            strikes = strikes or any(cell.struck or isinstance(cell.value, Rest) for cell in drawn)
            if drawn and not shown:
                last, skipped = number, skipped + 1 if number == last + 1 else 1
        if shown:
            rows.append(GridRow(number=number, cells=_texts(shown), skipped=skipped if number == last + 1 else 0))
            if shown[0].indent:
                indents[number] = shown[0].indent
        if any(cell.white for cell in shown):
            white[number] = {cell.column for cell in shown if cell.white}
    if source.coloured_otherwise:
        white = {}
    gone, columns = source.hidden_rows, source.hidden_columns
    if not (gone or columns or white):
        return _Seen(rows=_under_labels(_filled_down(rows, source), indents), hides=hides, strikes=strikes)
    seen = [_without(row, columns | white.get(row.number, set())) for row in rows if row.number not in gone]
    hides = hides or sum(len(row.filled) for row in seen) < sum(len(row.filled) for row in rows)
    rows = _under_labels(_filled_down([row for row in seen if row.filled], source), indents)
    return _Seen(rows=rows, hides=hides, strikes=strikes)


def _is_struck(cell: Cell) -> bool:
    """Whether nothing of a cell is left."""
    return cell.struck or (isinstance(cell.value, Rest) and not cell.value)


def _under_labels(rows: list[GridRow], indents: dict[int, int]) -> list[GridRow]:
    """The rows with the labels that theirs is indented under: "Germany: Berlin". Totals say what they are of.

    `indents` by row, counting from 1, of those that are indented.
    """
    if not indents:
        return rows
    named: list[GridRow] = []
    above: list[tuple[int, str]] = []  # how far indented, and what it says
    before = 0
    for row in rows:
        first, *others = row.filled
        began, before = row.number > before + 1 + row.skipped, row.number
        if began or not all(is_number(row.cells[column]) for column in others):
            above.clear()  # a title, names of columns, or no row of amounts
            named.append(row)
            continue
        text, indent = row.cells[first], indents.get(row.number, 0)
        above = [(outer, label) for outer, label in above if outer < indent]
        whole = text if _TOTAL.match(text) else ": ".join([*(label for _, label in above), text])
        if len(text) <= _LONGEST_LABEL:
            above.append((indent, text.removesuffix(":")))
        named.append(replace(row, cells=(*row.cells[:first], whole, *row.cells[first + 1 :])))
    return named


def _filled_down(rows: list[GridRow], source: SheetRows) -> list[GridRow]:
    """The rows with what a cell over several of them says in each, so that each reads by itself."""
    if source.across:
        rows = [replace(row, across=tuple(source.across.get(row.number, ()))) for row in rows]
    if not source.merged:
        return rows
    numbers = [row.number for row in rows]
    cells = [list(row.cells) for row in rows]
    for column, spans in source.merged.items():
        for top, bottom in spans:
            first = bisect_left(numbers, top)
            if first == len(numbers) or numbers[first] != top or len(cells[first]) <= column:
                continue
            for texts in cells[first + 1 : bisect_right(numbers, bottom)]:
                texts.extend([""] * (column + 1 - len(texts)))
                texts[column] = texts[column] or cells[first][column]
    return [replace(row, cells=tuple(filled)) for row, filled in zip(rows, cells, strict=True)]


def _without(row: GridRow, columns: Set[int]) -> GridRow:
    if columns.isdisjoint(row.filled):
        return row
    return replace(row, cells=tuple("" if column in columns else text for column, text in enumerate(row.cells)))


def _texts(cells: Sequence[Cell]) -> tuple[str, ...]:
    """From column A to the last that holds anything."""
    texts = [""] * (max(cell.column for cell in cells) + 1)
    for cell in cells:
        texts[cell.column] = cell_text(cell.value, cell.shape)
    return tuple(texts)


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
        minutes, seconds = divmod(abs(round(value.total_seconds())), 60)
        sign = "-" if value < timedelta(0) else ""
        return f"{sign}{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return normal(str(value))


def _number_text(value: float, shape: str) -> str:
    if "%" in shape:
        return f"{_plain(value * 100)}%"
    if _ZEROS.fullmatch(shape) and float(value).is_integer():
        return f"{int(value):0{len(shape)}}"
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
