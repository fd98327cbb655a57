"""Which of several documents is newer: by the year in its name, else by its day. Knows no index and no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from storage.records import StoredChunk

RECENT = 0.04  # of the score: what the newest candidate gets more than the oldest, where the present is asked for
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NOW = re.compile(
    r"\b(?:current(?:ly)?|latest|newest|most recent(?:ly)?|now(?:adays)?|today|these days|up[- ]to[- ]date|at present|"
    r"aktuell\w*|derzeit\w*|neueste\w*|jetzt|heute|actuel\w*|dernière?|aujourd'hui|actual(?:mente)?|último|hoy)\b"
    r"|最新|目前|现在|现行|当前|如今",
    re.IGNORECASE,
)


def asks_for_now(question: str) -> bool:
    """Whether it asks for what holds at present."""
    return _NOW.search(question) is not None


def names_of(found: StoredChunk) -> tuple[str, str]:
    """What a document is called: its title, and its file name without the suffix."""
    return found.title, PurePosixPath(found.path).stem


def year_in(name: str) -> str:
    """The last year in a name; "" where there is none."""
    return max(YEAR.findall(name), default="")


def dated(found: StoredChunk) -> str:
    """When a document says it is from: the last year in its title or file name, else the day when it was written."""
    years = (year for name in names_of(found) if (year := year_in(name)))
    return next(years, f"{found.made:%Y-%m-%d}" if found.made else "")


def changed(found: StoredChunk) -> str:
    """The day when it was changed, by its own data, else by the file's time: that of a copy may be the copying's."""
    return f"{found.modified:%Y-%m-%d}" if found.modified else ""


def newer_first(scores: Sequence[float], moments: Sequence[datetime | None]) -> list[float]:
    """Gently: between passages that answer alike the newer one, by where it stands between the oldest and newest."""
    known = [moment.timestamp() for moment in moments if moment is not None]
    if not known or min(known) == max(known):
        return list(scores)
    oldest, span = min(known), max(known) - min(known)
    shares = [(moment.timestamp() - oldest) / span if moment is not None else 0.0 for moment in moments]
    return [(1 - RECENT) * score + RECENT * share for score, share in zip(scores, shares, strict=True)]


def newest_version_first(scores: Sequence[float], paths: Sequence[str]) -> list[float]:
    """The same between files that are called alike but for the year, by that: who copies them makes all of them new.

    Taken off the older ones; a year that no other file of the name differs in says what a file is about.
    """
    years = [int(year_in(path) or 0) for path in paths]
    names = [YEAR.sub("", path) for path in paths]
    known: dict[str, set[int]] = {}
    for name, year in zip(names, years, strict=True):
        known.setdefault(name, set()).add(year)
    result = []
    for score, name, year in zip(scores, names, years, strict=True):
        first, last = min(known[name]), max(known[name])
        older = (last - year) / (last - first) if first and first < last else 0.0
        result.append(max(0.0, score - RECENT * older))
    return result
