"""Sections and documents that are alike but for a name ("Leave in Spain", "Leave in Italy"): which of them is meant.

What holds in Italy the section of Spain says in the words of the question too, and often in more of them. Told by
headings, titles, file names and the columns of tables; knows nothing of how well a sentence answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

from app.answers.quotable import Found, path
from app.retrieval.asked import Asked, term_set
from app.retrieval.expand import names_in
from app.retrieval.forms import other_forms

LONGEST = 3  # terms in which two names differ, at most


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A section, or a document."""

    names: tuple[str, ...]  # outermost first
    places: tuple[int, ...]  # of its sentences
    columns: frozenset[tuple[str, ...]]  # of its tables


def of_others(asked: Asked, found: Sequence[Found]) -> set[int]:
    """The places of what stands in a section or document beside the one that the question names, without naming it."""
    own = asked.of_others.union(asked.weights, *(other_forms(term) for term in asked.weights))
    first, _, rest = asked.question.partition(" ")
    names = frozenset(names_in(rest if first[1:].islower() else asked.question))  # every question begins with a capital
    left: set[int] = set()
    for one, other, apart in _pairs(found):
        for meant, passed in ((one, other), (other, one)):
            mine, its = (term_set(part.names[apart]) for part in (meant, passed))
            more, less = mine - its, its - mine
            alike = bool(mine & its) or apart < len(meant.names) - 1 or bool(meant.columns & passed.columns)
            chosen = 0 < len(more) <= LONGEST and more <= (own if alike else names) and not less & own
            if chosen and len(less) <= LONGEST:
                left.update(at for at in passed.places if not more <= term_set(found[at].text))
    return left


def _pairs(found: Sequence[Found]) -> Iterator[tuple[_Part, _Part, int]]:
    """Sections of a document, and documents, whose names differ at one place, with that place."""
    sections: dict[tuple[str, ...], list[int]] = {}
    files: dict[tuple[str, ...], list[int]] = {}
    titles: dict[tuple[str, ...], list[int]] = {}
    for at, item in enumerate(found):
        first = item.passage.first
        sections.setdefault((item.passage.revision, *path(item)), []).append(at)
        files.setdefault(PurePosixPath(first.path).with_suffix("").parts, []).append(at)
        titles.setdefault((first.title,), []).append(at)
    for groups in (sections, files, titles):
        parts = [
            _Part(
                names=names,
                places=tuple(places),
                columns=frozenset(map(_columns, (found[at].text for at in places))) - {()},
            )
            for names, places in groups.items()
        ]
        for one, other in combinations(parts, 2):
            if len(one.names) == len(other.names):
                apart = [at for at, names in enumerate(zip(one.names, other.names, strict=True)) if len(set(names)) > 1]
                if len(apart) == 1:
                    yield one, other, apart[0]


def _columns(row: str) -> tuple[str, ...]:
    """The names of a row's columns; nothing of another line."""
    return tuple(cell.partition(": ")[0] for cell in row.split(" | ")) if " | " in row else ()
