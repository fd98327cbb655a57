"""Elements to compact JSON and back: how the catalog keeps them and how they cross from the parsing process.

A list rather than an object for each line and row, because a PDF has thousands. Reading checks every value's type:
what arrives may come from a process that is not trusted. Raises ValueError for anything malformed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from storage.records import Element, Kind, Line, Row

ROWS = 1000  # of a table, written at once
# how a heading begins there; a quotation mark inside a text stands behind a backslash
_HEADING = re.compile(rb'\{"k":"' + Kind.HEADING.value.encode() + rb'","t":("(?:[^"\\]|\\.)*+")')
BOX_DIGITS = 5  # a thousandth of a millimetre on an A4 page is not needed


def elements_to_json(elements: Sequence[Element]) -> Iterator[bytes]:
    """Compact UTF-8 JSON, piece by piece: a sheet is one element of a hundred thousand rows."""
    yield b"["
    for number, element in enumerate(elements):
        head = _json(element_to_plain(replace(element, rows=()) if element.rows else element))
        yield b"," + head[:-1] if number else head[:-1]
        for start in range(0, len(element.rows), ROWS):
            rows = _json([_row_to_plain(row) for row in element.rows[start : start + ROWS]])
            yield (b"," if start else b',"r":[') + rows[1:-1]
        yield b"]}" if element.rows else b"}"
    yield b"]"


def _json(plain: object) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def elements_from_json(data: bytes) -> tuple[Element, ...]:
    """What the pieces of `elements_to_json` are together."""
    return elements_from_plain(json.loads(data))


def headings_in(data: bytes) -> frozenset[str]:
    """The headings among elements as they are kept, each on one line, without reading the rest of them."""
    return frozenset(" ".join(str(json.loads(found)).split()) for found in _HEADING.findall(data))


def element_to_plain(element: Element) -> dict[str, Any]:
    """One element as JSON values; what has its default is left out."""
    plain: dict[str, Any] = {"k": element.kind.value, "t": element.text}
    if element.level:
        plain["l"] = element.level
    if element.page is not None:
        plain["p"] = element.page
    if element.sheet is not None:
        plain["s"] = element.sheet
    if element.header:
        plain["h"] = element.header
    if element.lines:
        plain["b"] = [
            [line.start, line.end, line.page, *(round(value, BOX_DIGITS) for value in line.box)]
            for line in element.lines
        ]
    if element.rows:
        plain["r"] = [_row_to_plain(row) for row in element.rows]
    return plain


def _row_to_plain(row: Row) -> list[Any]:
    return [row.start, row.end, row.cells, row.address]


def elements_from_plain(plain: object) -> tuple[Element, ...]:
    """Elements from JSON values, each value checked."""
    return tuple(_element(item) for item in _list(plain))


def _element(plain: object) -> Element:
    if not isinstance(plain, dict):
        raise ValueError("an element is not an object")
    text = _text(plain.get("t"))
    return Element(
        kind=Kind(_text(plain.get("k"))),
        text=text,
        level=_whole(plain.get("l", 0)),
        page=None if plain.get("p") is None else _whole(plain["p"]),
        sheet=None if plain.get("s") is None else _text(plain["s"]),
        header=tuple(_text(name) for name in _list(plain.get("h", []))),
        lines=tuple(_line(line, len(text)) for line in _list(plain.get("b", []))),
        rows=tuple(_row(row, len(text)) for row in _list(plain.get("r", []))),
    )


def _line(plain: object, length: int) -> Line:
    values = _list(plain)
    if len(values) != 7:
        raise ValueError("a line does not have seven values")
    start, end = _span(values, length)
    left, top, right, bottom = (_fraction(value) for value in values[3:])
    return Line(start=start, end=end, page=_whole(values[2]), box=(left, top, right, bottom))


def _row(plain: object, length: int) -> Row:
    values = _list(plain)
    if len(values) != 4:
        raise ValueError("a row does not have four values")
    start, end = _span(values, length)
    address = None if values[3] is None else _text(values[3])
    return Row(start=start, end=end, cells=tuple(_text(cell) for cell in _list(values[2])), address=address)


def _span(values: list[Any], length: int) -> tuple[int, int]:
    start, end = _whole(values[0]), _whole(values[1])
    if not 0 <= start <= end <= length:
        raise ValueError(f"a span {start}-{end} lies outside its text of {length} characters")
    return start, end


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list was expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text was expected")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("a whole number was expected")
    return value


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number was expected")
    return float(value)
