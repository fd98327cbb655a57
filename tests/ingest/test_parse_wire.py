"""Parsed files cross the pipe unchanged, and nothing malformed is believed."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from ingest.parse.wire import WireError, parsed_from_plain, parsed_to_plain, read_message, write_message
from storage.elements import ROWS, elements_from_json, elements_to_json, headings_in
from storage.records import Element, Kind, Line, Parsed, Row

PARSED = Parsed(
    elements=(
        Element(
            kind=Kind.TEXT, text="Größe 😀", page=3, lines=(Line(start=0, end=5, page=3, box=(0.1, 0.25, 0.5, 0.375)),)
        ),
        Element(kind=Kind.HEADING, text="T", level=2),
        Element(
            kind=Kind.TABLE,
            text="a: 1",
            sheet="S",
            header=("a", "b"),
            rows=(Row(start=0, end=4, cells=("1", ""), address="A2:B2"),),
        ),
    ),
    title="x",
    created=datetime(2024, 1, 2, tzinfo=UTC),
    pages=4,
    flags=("hidden text on page 3",),
    warnings=("w",),
)


def test_round_trip() -> None:
    pipe = io.BytesIO()
    write_message(pipe, {"parsed": parsed_to_plain(PARSED)})
    pipe.seek(0)
    message = read_message(pipe)
    assert message is not None
    assert parsed_from_plain(message["parsed"]) == PARSED
    assert read_message(pipe) is None
    for elements in ((), PARSED.elements, (*PARSED.elements, long_table(2 * ROWS + 1), long_table(ROWS))):
        written = b"".join(elements_to_json(elements))
        assert elements_from_json(written) == elements
        assert max(map(len, elements_to_json(elements))) < 100 * ROWS  # however long a table is


def test_headings_are_told_from_texts_that_look_like_one() -> None:
    texts = ('{"k":"heading","t":"A text"}', 'Quoted "so", \\"\nnext line', "Größe 😀")
    elements = [Element(kind=kind, text=text, level=1) for kind in (Kind.TEXT, Kind.HEADING) for text in texts[1:]]
    elements.append(Element(kind=Kind.TEXT, text=texts[0]))
    written = b"".join(elements_to_json(elements))
    assert headings_in(written) == {'Quoted "so", \\" next line', "Größe 😀"}
    assert headings_in(b"[]") == frozenset()


def long_table(rows: int) -> Element:
    cells = tuple(Row(start=0, end=1, cells=("a €", str(number)), address=f"A{number}") for number in range(rows))
    return Element(kind=Kind.TABLE, text="a table", header=("what", "number"), rows=cells)


@pytest.mark.parametrize(
    "element",
    [
        "text",
        {"k": "text"},
        {"k": "evil", "t": "x"},
        {"k": "text", "t": 5},
        {"k": "text", "t": "x", "l": "1"},
        {"k": "text", "t": "x", "b": [[0, 9, 1, 0, 0, 1, 1]]},
        {"k": "text", "t": "x", "b": [[0, 1, 1, 0, 0, 1]]},
        {"k": "text", "t": "x", "r": [[1, 0, [], None]]},
        {"k": "text", "t": "x", "r": [[0, 1, [1], None]]},
    ],
)
def test_malformed_elements_are_refused(element: object) -> None:
    with pytest.raises(ValueError):
        elements_from_json(json.dumps([element]).encode())
    with pytest.raises(WireError):
        parsed_from_plain({"elements": [element]})


def test_truncated_message() -> None:
    assert read_message(io.BytesIO(b"\0\0\0\x05{}")) is None
    with pytest.raises(WireError):
        read_message(io.BytesIO(b"\0\0\0\x02[]"))
