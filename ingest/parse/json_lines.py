"""JSON Lines to a table: a row a line, a column a field, so that each record reads by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ingest.parse.limits import ParseLimits
from ingest.parse.table import table
from ingest.parse.text import paragraphs
from storage.failures import Code, ParseFailure
from storage.records import Parsed


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
    names = list(dict.fromkeys(name for record in records for name in record))
    if len(names) * len(records) > limits.max_cells:
        raise ParseFailure(Code.TOO_LARGE, f"The file has more than {limits.max_cells:,} cells (limit max_cells).")
    rows = [names, *([record.get(name, "") for name in names] for record in records)]
    found = table(rows, header_rows=1) if records and names else []
    return Parsed(elements=(*found, *paragraphs("\n".join(rest))))


def _record(line: str) -> dict[str, str] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return dict(_fields("", value)) if isinstance(value, dict) else None


def _fields(name: str, value: object) -> Iterator[tuple[str, str]]:
    """The fields of an object, those of objects in it by their path: "address.city"."""
    if isinstance(value, dict) and (value or not name):
        for key, inner in value.items():
            yield from _fields(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        yield name, ", ".join(map(str, value))
    elif isinstance(value, list) and all(isinstance(item, dict) for item in value):
        yield name, "; ".join(", ".join(f"{key} {text}" for key, text in _fields("", item)) for item in value)
    elif value is not None:
        yield name, json.dumps(value, ensure_ascii=False)
