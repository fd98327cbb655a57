"""What tells documents of the same title apart: the file's name, or else the folder. Nothing where titles differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def apart(documents: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """For the paths among these (title, path) whose title another path has too, what to say beside it."""
    paths: dict[str, set[str]] = {}
    for title, path in documents:
        paths.setdefault(" ".join(title.split()).casefold(), set()).add(path)
    return {path: _telling(path, alike) for alike in paths.values() if len(alike) > 1 for path in alike}


def _telling(path: str, alike: set[str]) -> str:
    folder, _, name = path.rpartition("/")
    return folder or path if sum(other.rpartition("/")[2] == name for other in alike) > 1 else name
