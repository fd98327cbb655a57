"""JSON and JSON Lines to tables: a row a record, a column a field, so that each record reads by itself.

Of a JSON file every list of objects is a table, named after where it stands; what else is in it stays as it is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.parse.limits import ParseLimits
from ingest.parse.plain import parse_plain
from ingest.parse.summary import summary
from ingest.parse.table import table
from ingest.parse.text import heading, normal, paragraphs
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

FEWEST = 2  # objects of a list that is a table
DEEPEST = 6  # objects within objects in which lists are looked for
PLACE = "(the table {name} below)"  # stands for it in what is around it


def parse_json(source: str, *, limits: ParseLimits) -> Parsed:
    """A JSON file; one that holds no list of objects, or is none, as source text. Raises ParseFailure(TOO_LARGE)."""
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return parse_plain(source, suffix=".json")
    found: list[tuple[str, list[dict[str, Any]]]] = []
    rest = without_records("", value, found, 0)
    if not found:
        return parse_plain(source, suffix=".json")
    elements = _source(rest)
    for name, records in found:
        elements += [*heading(name, 2), *records_table([dict(fields("", record)) for record in records], limits)]
    return Parsed(elements=tuple(elements))


def parse_json_lines(source: str, *, limits: ParseLimits) -> Parsed:
    """A file of records. Lines that are no JSON object are kept as text. Raises ParseFailure(TOO_LARGE)."""
    records: list[dict[str, str]] = []
    rest: list[str] = []
    left = limits.max_cells
    for line in filter(str.strip, source.split("\n")):
        record = _record(line)
        if record is None:
            rest.append(line)
            continue
        left -= len(record)
        if left < 0:
            raise ParseFailure(Code.TOO_LARGE, f"The file has more than {limits.max_cells:,} values (limit max_cells).")
        records.append(record)
    return Parsed(elements=(*records_table(records, limits), *paragraphs("\n".join(rest))))


def records_table(records: Sequence[dict[str, str]], limits: ParseLimits) -> list[Element]:
    """The table of some records, after what sums it up where it is long."""
    names = list(dict.fromkeys(name for record in records for name in record))
    if len(names) * len(records) > limits.max_cells:
        raise ParseFailure(Code.TOO_LARGE, f"The file has more than {limits.max_cells:,} cells (limit max_cells).")
    rows = [names, *([record.get(name, "") for name in names] for record in records)]
    found = table(rows, header_rows=1) if records and names else []
    return [*summary(found[0]), *found] if found else []


def without_records(name: str, value: object, found: list[tuple[str, list[dict[str, Any]]]], depth: int) -> object:
    """A value with each list of records put into `found` and its name in its place."""
    if isinstance(value, list) and len(value) >= FEWEST and all(isinstance(item, dict) and item for item in value):
        found.append((name, value))
        return PLACE.format(name=name)
    if isinstance(value, dict) and depth < DEEPEST:
        return {
            key: without_records(f"{name}.{key}" if name else key, inner, found, depth + 1)
            for key, inner in value.items()
        }
    return value


def _source(rest: object) -> list[Element]:
    """What is in no table, as JSON."""
    if not isinstance(rest, dict):
        return []  # the file is one table
    return [Element(kind=Kind.CODE, text=normal(json.dumps(rest, ensure_ascii=False, indent=2)))]


def _record(line: str) -> dict[str, str] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return dict(fields("", value)) if isinstance(value, dict) else None


def fields(name: str, value: object) -> Iterator[tuple[str, str]]:
    """The fields of an object, those of objects in it by their path: "address.city"."""
    if isinstance(value, dict) and (value or not name):
        for key, inner in value.items():
            yield from fields(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        yield name, ", ".join(map(str, value))
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        yield name, "; ".join(", ".join(f"{key} {text}" for key, text in fields("", item)) for item in value)
    elif value is not None:
        yield name, json.dumps(value, ensure_ascii=False)
