"""Jupyter notebooks (nbformat 3 and 4): their text as Markdown, their code, and what it printed. Runs nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ingest.parse.html import parse_html
from ingest.parse.markdown import parse_markdown
from ingest.parse.text import normal
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

_LONGEST_OUTPUT = 4000  # characters of what one cell printed


def parse_notebook(source: str) -> Parsed:
    """A whole notebook. Raises ParseFailure(CORRUPT)."""
    try:
        read = json.loads(source)
    except ValueError as error:
        raise ParseFailure(Code.CORRUPT, f"The file is damaged: a notebook is JSON ({error}).") from error
    if not isinstance(read, dict):
        raise ParseFailure(Code.CORRUPT, "The file is JSON, but no notebook: it has no cells.")
    sheets = read.get("worksheets")
    cells = read.get("cells") or [cell for sheet in sheets or [] for cell in sheet.get("cells", [])]
    parts = [part for cell in cells if isinstance(cell, dict) for part in _cell(cell)]
    title = next((part.title for part in parts if part.title), None)
    flags = tuple(dict.fromkeys(flag for part in parts for flag in part.flags))
    return Parsed(elements=tuple(element for part in parts for element in part.elements), title=title, flags=flags)


def _cell(cell: dict[str, Any]) -> list[Parsed]:
    kind, text = cell.get("cell_type"), _joined(cell.get("source", cell.get("input", "")))
    if kind == "markdown":
        return [parse_markdown(text)]
    if kind == "heading":  # nbformat 3
        return [parse_markdown(f"{'#' * int(cell.get('level', 1))} {text}")]
    if kind != "code":
        return [_code(text)]
    return [_code(text), *(_output(output) for output in cell.get("outputs", []) if isinstance(output, dict))]


def _output(output: dict[str, Any]) -> Parsed:
    """What a cell showed: a table where it is one, else its text. Pictures and errors' traces are left out."""
    data = output.get("data", output)
    table = _joined(data.get("text/html", data.get("html", "")))
    if "<table" in table.lower():
        found = parse_html(table)
        tables = tuple(element for element in found.elements if element.kind is Kind.TABLE)
        if tables:
            return replace(found, elements=tables, title=None)
    return _code(_joined(data.get("text/plain", output.get("text", "")))[:_LONGEST_OUTPUT])


def _code(text: str) -> Parsed:
    text = normal(text)
    return Parsed(elements=(Element(kind=Kind.CODE, text=text),) if text else ())


def _joined(value: object) -> str:
    """Text, which notebooks hold whole or as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
