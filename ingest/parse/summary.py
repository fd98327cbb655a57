"""A long table in one paragraph: how many rows, and of each column what is in it. Knows cells as text only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import fsum

from storage.records import Element, Kind

FEWEST = 100  # rows of a table that is summed up
MOST_COLUMNS = 40
_NUMBER = re.compile(r"^([€£¥₹$]?\s?)([+-]?(?:0|[1-9]\d*)(?:\.\d+)?)(\s?[^\d\s]{0,4})$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d")


def summary(table: Element) -> list[Element]:
    """No element for a short table or one without names of columns, else one that sums it up."""
    if len(table.rows) < FEWEST or not table.header:
        return []
    where = f"The sheet {table.sheet}" if table.sheet else "The table"
    lines = [f"{where} has {len(table.rows):,} rows and {len(table.header)} columns."]
    for number, name in enumerate(table.header[:MOST_COLUMNS]):
        cells = [row.cells[number] for row in table.rows if number < len(row.cells) and row.cells[number]]
        if name and cells:
            lines.append(f"{name}: {_column(cells)}")
    return [Element(kind=Kind.NOTE, text="\n".join(lines), sheet=table.sheet)]


def _column(cells: Sequence[str]) -> str:
    said = f"{len(cells):,} values"
    matches = [_NUMBER.match(cell) for cell in cells]
    units = {(match[1].strip(), match[3].strip()) for match in matches if match}
    if all(matches) and len(units) == 1:
        values = [float(match[2]) for match in matches if match]
        before, after = units.pop()
        unit = after or before
        low, high, mean, total = map(_plain, (min(values), max(values), fsum(values) / len(values), fsum(values)))
        unit = f" {unit}" if unit else ""
        if unit == " %":
            return f"{said}, from {low} to {high}{unit}, average {mean}{unit}"
        return f"{said}, from {low} to {high}{unit}, average {mean}{unit}, total (sum) {total}{unit}"
    if all(_DATE.match(cell) for cell in cells):
        return f"{said}, from {min(cells)} to {max(cells)}"
    counts = Counter(cells)
    if len(counts) == len(cells):
        return f"{said}, all different, such as {', '.join(cell[:60] for cell in cells[:3])}"
    most = ", ".join(f"{cell[:60]} ({count:,})" for cell, count in counts.most_common(8))
    return f"{said}, {len(counts):,} different; most often {most}"


def _plain(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
