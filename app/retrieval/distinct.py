"""Which of the ranked passages are shown: one of several that say the same, not all from one document or one page.

Pure functions; knows no index and no question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

ALIKE = 0.8  # cosine and above: worth comparing word for word; headers differ, and are part of the vectors
SAME = 0.9  # of the terms of both, and every number: says the same
FIRST = 5  # places that the ranking alone decides
SHARE = 0.4  # of the places: the most that one document gets while others have something
COMPARING = 0.2  # the same, when the question compares
AGAIN = 0.85  # of its score is left to a passage for every better one of its page: they come along in the context
_NUMBER = re.compile(r"\d+")

Terms = Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A passage with its score, before its text is read."""

    id: str  # of the chunk
    document_id: str
    path: str
    pages: tuple[int, ...]
    score: float  # 0 to 1
    quoted: float  # part of what the question quotes that it says word for word
    legs: dict[str, float]  # as in Hit
    also: tuple[str, ...] = ()  # paths of others that say the same


def without_repeats(
    ranked: Sequence[Ranked],
    alike: Mapping[str, Collection[str]],
    read: Callable[[Sequence[str]], Mapping[str, str]],
    terms: Terms,
) -> list[Ranked]:
    """The passages, those of other documents that say the same as a better one left out and named in its `also`.

    `alike`: for each that has some, by id, those whose cosine with it is ALIKE or more. `read`: bodies by id.
    """
    document = {item.id: item.document_id for item in ranked}
    others = {name: [other for other in near if document[other] != document[name]] for name, near in alike.items()}
    bodies = read([name for name, near in others.items() if near]) if any(others.values()) else {}
    kept: list[Ranked] = []
    places: dict[str, int] = {}  # in `kept`, by id
    for item in ranked:
        near = [places[other] for other in others.get(item.id, ()) if other in places]
        place = next((at for at in sorted(near) if _repeats(kept[at].id, item.id, bodies, terms)), None)
        if place is None:
            places[item.id] = len(kept)
            kept.append(item)
        elif item.path not in kept[place].also:
            kept[place] = replace(kept[place], also=(*kept[place].also, item.path))
    return kept


def _repeats(one: str, other: str, bodies: Mapping[str, str], terms: Terms) -> bool:
    if one not in bodies or other not in bodies:  # gone meanwhile
        return False
    first, second = bodies[one], bodies[other]
    if _NUMBER.findall(first) != _NUMBER.findall(second):
        return False  # two years' reports differ in little else
    mine, its = set(terms(first)), set(terms(second))
    return len(mine & its) >= SAME * len(mine | its)


def chosen(ranked: Sequence[Ranked], k: int, *, comparing: bool) -> list[Ranked]:
    """The k that are shown, best first."""
    return spread(over_pages(ranked), k, comparing=comparing)


def over_pages(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The passages, best first, those on a page that a better one is on with less of their score."""
    shown: Counter[tuple[str, int]] = Counter()
    judged = []
    for item in ranked:
        if not item.pages:
            judged.append(item)
            continue
        pages = [(item.document_id, page) for page in item.pages]
        seen = max((shown[page] for page in pages), default=0)
        shown.update(pages)
        judged.append(replace(item, score=item.score * AGAIN**seen) if seen else item)
    return sorted(judged, key=lambda item: -item.score)


def spread(ranked: Sequence[Ranked], k: int, *, comparing: bool) -> list[Ranked]:
    """The k best, but after the first few no document takes more than its share while others have something."""
    most = max(2, round(k * (COMPARING if comparing else SHARE)))
    taken: list[int] = []
    left: list[int] = []
    counts: dict[str, int] = {}
    for at, item in enumerate(ranked):
        name = item.document_id
        if len(taken) < k and (len(taken) < FIRST or counts.get(name, 0) < most):
            taken.append(at)
            counts[name] = counts.get(name, 0) + 1
        else:
            left.append(at)
    return [ranked[at] for at in sorted([*taken, *left[: k - len(taken)]])]
