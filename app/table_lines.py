"""Lines of tables as Markdown writes them: cells with bars between, a bar inside a cell behind a backslash."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OUTER = re.compile(r"^\|+|(?<!\\)\|+$")
_BETWEEN = re.compile(r"(?<!\\)\|")


def cells_of(line: str) -> tuple[str, ...]:
    """What stands in the cells of a line."""
    return tuple(cell.strip().replace("\\|", "|") for cell in _BETWEEN.split(_OUTER.sub("", line.strip())))


def between_bars(cells: Iterable[str]) -> str:
    """The cells as a line, without the bars at its ends."""
    return " | ".join(cell.replace("|", "\\|") for cell in cells)
