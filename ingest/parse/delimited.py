"""CSV and TSV to elements. Read with Python's csv: unstructured builds one HTML table of the whole file through
pandas."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator

from ingest.parse.grid import GridRow, grid_elements
from ingest.parse.limits import ParseLimits
from ingest.parse.text import normal, paragraphs
from storage.failures import Code, ParseFailure
from storage.records import Parsed

_DELIMITERS = ",;\t|"
_SAID = re.compile(r'"?sep=(.)"?\r?\n')  # a first line that tells Excel the delimiter
_SAMPLE = 32_000  # characters that the dialect is told from


def parse_delimited(source: str, *, suffix: str, limits: ParseLimits) -> Parsed:
    """A delimited file. Raises ParseFailure(TOO_LARGE) beyond `limits.max_cells`."""
    csv.field_size_limit(min(sys.maxsize, 10_000_000))
    said = _SAID.match(source)
    if said:
        source = source[said.end() :]
    try:
        rows = list(_rows(source, said[1] if said else _delimiter(source[:_SAMPLE], suffix), limits))
    except csv.Error:
        return Parsed(
            elements=tuple(paragraphs(source)),
            warnings=("The file is not regular CSV (a quote is never closed); it is read as plain text.",),
        )
    return Parsed(elements=tuple(grid_elements(rows, sheet=None, addresses=False)))


def _rows(source: str, delimiter: str, limits: ParseLimits) -> Iterator[GridRow]:
    left = limits.max_cells
    reader = csv.reader(source.splitlines(keepends=True), delimiter=delimiter, strict=False)
    for number, row in enumerate(reader, 1):
        cells = tuple(normal(cell) for cell in row)
        if any(cells):
            left -= len(cells)
            if left < 0:
                raise ParseFailure(
                    Code.TOO_LARGE, f"The file has more than {limits.max_cells:,} cells (limit max_cells)."
                )
            yield GridRow(number=number, cells=cells)


def _delimiter(sample: str, suffix: str) -> str:
    """The delimiter that gives most lines the same number of columns; csv.Sniffer is slow and often wrong."""
    if suffix == ".tsv":
        return "\t"
    lines = [line for line in sample.splitlines()[:50] if line.strip()]
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        if not widths:
            continue
        width = max(set(widths), key=widths.count)
        score = (widths.count(width) / len(widths)) * min(width, 50) if width > 1 else 0.0
        if score > most:
            best, most = delimiter, score
    return best
