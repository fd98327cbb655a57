"""JSON and JSON Lines as tables, and text files whose lines are written in two encodings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from storage.failures import Code, ParseFailure
from storage.records import Kind, Parsed


def test_each_record_reads_by_itself(tmp_path: Path) -> None:
    records = [
        {"id": 1, "who": {"name": "Mia", "city": "Köln"}, "tags": ["a", "b"]},
        {"id": 2, "note": "late", "who": {"name": "Tom"}, "empty": None},
    ]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, "no JSON here", ""]))
    found = parse(tmp_path / "a.jsonl", suffix=".jsonl", limits=ParseLimits())
    table, rest = found.elements
    assert table.text.split("\n") == [
        "id: 1 | who.name: Mia | who.city: Köln | tags: a, b",
        "id: 2 | who.name: Tom | note: late",
    ]
    assert (table.kind, rest.text) == (Kind.TABLE, "no JSON here")


def test_a_file_of_more_values_than_allowed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps({f"key{n}": n}) for n in range(200)))
    with pytest.raises(ParseFailure) as caught:
        parse(tmp_path / "a.ndjson", suffix=".ndjson", limits=replace(ParseLimits(), max_cells=5000))
    assert caught.value.code is Code.TOO_LARGE


def test_nesting_without_end_ends_in_a_state(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a":' * 100_000 + "1" + "}" * 100_000 + '\n{"b": "fine"}\n')
    found = parse(tmp_path / "a.jsonl", suffix=".jsonl", limits=ParseLimits())
    assert found.elements[0].text == "b: fine"


def test_lines_in_two_encodings_are_each_read_in_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes("Grüße aus Köln\n".encode() * 3 + "Grüße aus Mainz\n".encode("cp1252"))
    found = parse(tmp_path / "a.log", suffix=".log", limits=ParseLimits())
    assert found.elements[0].text.split("\n") == [*["Grüße aus Köln"] * 3, "Grüße aus Mainz"]


def test_lists_of_objects_in_a_json_file_are_tables(tmp_path: Path) -> None:
    people = [{"name": "Mia", "office": {"city": "Köln"}}, {"name": "Tom", "room": 7}]
    (tmp_path / "a.json").write_text(json.dumps(people))
    (only,) = parse(tmp_path / "a.json", suffix=".json", limits=ParseLimits()).elements
    assert (only.kind, only.text) == (Kind.TABLE, "name: Mia | office.city: Köln\nname: Tom | room: 7")
    (tmp_path / "b.json").write_text(json.dumps({"total": 2, "data": {"people": people, "page": 1}}))
    rest, name, people_again = parse(tmp_path / "b.json", suffix=".json", limits=ParseLimits()).elements
    assert (name.kind, name.text, people_again.text) == (Kind.HEADING, "data.people", only.text)
    assert '"total": 2' in rest.text and '"page": 1' in rest.text and "Mia" not in rest.text


@pytest.mark.parametrize(
    "source", ['{\n  "name": "pump",\n  "scripts": {"run": "x"}\n}', '{"open": [', "[[1, 2], [3, 4]]"]
)
def test_other_json_stays_as_it_is_written(tmp_path: Path, source: str) -> None:
    (tmp_path / "a.json").write_text(source)
    (only,) = parse(tmp_path / "a.json", suffix=".json", limits=ParseLimits()).elements
    assert (only.kind, only.text) == (Kind.CODE, source)


def test_xml_of_records_is_rows_that_read_by_themselves(tmp_path: Path) -> None:
    parsed = read_xml(
        tmp_path,
        """<?xml version="1.0" encoding="ISO-8859-1"?>
        <!-- made every night -->
        <o:orders xmlns:o="urn:x" branch="Graz">
          <o:contact><o:name>Mia Berg</o:name><o:phone>4711</o:phone></o:contact>
          <o:order id="SO-1"><o:customer>Hansa &amp; Co</o:customer><o:net currency="EUR">12.50</o:net></o:order>
          <o:order id="SO-2"><o:customer>Alpina</o:customer><o:net currency="CHF">99.00</o:net></o:order>
        </o:orders>""",
    )
    table = next(element for element in parsed.elements if element.rows)
    assert table.text.split("\n") == [
        "id: SO-1 | customer: Hansa & Co | net: 12.50 | net.currency: EUR",
        "id: SO-2 | customer: Alpina | net: 99.00 | net.currency: CHF",
    ]
    texts = [element.text for element in parsed.elements]
    assert "XML version: 1.0\norders.branch: Graz\norders.contact.name: Mia Berg\norders.contact.phone: 4711" in texts
    assert "orders.order" in texts  # heads the table


@pytest.mark.parametrize(
    "source",
    [
        "<note>Read <b>this</b> first, and <b>that</b> later.</note>",
        "<settings><port>8080</port><host>here</host></settings>",
        '<!DOCTYPE a [<!ENTITY x "secret">]><a><r><n>&x;</n><m>1</m></r><r><n>2</n></r></a>',
        "<broken><a></broken>",
    ],
    ids=["mixed", "no records", "entities", "malformed"],
)
def test_other_xml_stays_as_it_is_written(tmp_path: Path, source: str) -> None:
    parsed = read_xml(tmp_path, source)
    assert [element.text for element in parsed.elements] == [source]
    assert parsed.elements[0].kind is Kind.CODE


def read_xml(folder: Path, source: str) -> Parsed:
    file = folder / "data.xml"
    file.write_text(source, encoding="utf-8")
    return parse(file, suffix=".xml", limits=ParseLimits())
