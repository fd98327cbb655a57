"""The numbers behind a chart of an Office file, as a table. Reads DrawingML; knows no file format."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from ingest.parse.table import table
from ingest.parse.text import prose, single_line
from storage.records import Element

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
MOST_POINTS = 10_000  # of a series


def chart_elements(chart: Any, *, page: int | None = None) -> list[Element]:
    """Title and table of a `c:chartSpace`: a row a category, a column a series, as last stored in the file."""
    title = chart.find(f"{_CHART}chart/{_CHART}title")
    named = prose(single_line(" ".join(title.itertext(_TEXT))), page=page) if title is not None else []
    series = list(chart.iter(f"{_CHART}ser"))
    labels: list[str] = []
    columns: list[list[str]] = []
    for one in series:
        labels = labels or _points(one, "cat") or _points(one, "xVal")
        columns.append(_points(one, "val") or _points(one, "yVal"))
    names = ["", *(" ".join(_points(one, "tx")) for one in series)]
    rows = [list(row) for row in zip_longest(labels, *columns, fillvalue="")]
    return [*named, *(table([names, *rows], header_rows=1 if any(names) else 0, page=page) if rows else [])]


def _points(series: Any, role: str) -> list[str]:
    """The values of one part of a series, at their places."""
    part = series.find(f"{_CHART}{role}")
    found: dict[int, str] = {}
    for point in part.iter(f"{_CHART}pt") if part is not None else ():
        at = point.get("idx", "")
        if at.isdigit() and int(at) < MOST_POINTS:
            found[int(at)] = single_line(point.findtext(f"{_CHART}v") or "")
    return [found.get(at, "") for at in range(max(found, default=-1) + 1)]
