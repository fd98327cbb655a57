"""Which of the ranked passages are shown: one of several that say the same, not all from one document or one page.

Pure functions on hits; knows no index and no question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from app.records import Hit

ALIKE = 0.8  # cosine and above: worth comparing word for word; headers differ, and are part of the vectors
SAME = 0.9  # of the terms of both, and every number: says the same
FIRST = 5  # places that the ranking alone decides
SHARE = 0.4  # of the places: the most that one document gets while others have something
COMPARING = 0.2  # the same, when the question compares
AGAIN = 0.85  # of its score is left to a passage for every better one of its page: they come along in the context
_NUMBER = re.compile(r"\d+")

Terms = Callable[[str], Sequence[str]]


def without_repeats(hits: Sequence[Hit], alike: Mapping[str, Collection[str]], terms: Terms) -> list[Hit]:
    """The hits, those of other documents that say the same as a better one left out and named in its `also`.

    `alike`: for each chunk that has some, by id, the chunks whose cosine with it is ALIKE or more.
    """
    kept: list[Hit] = []
    for hit in hits:
        near = alike.get(hit.found.chunk.id, ())
        place = (
            next(
                (n for n, other in enumerate(kept) if other.found.chunk.id in near and _repeats(other, hit, terms)),
                None,
            )
            if near
            else None
        )
        if place is None:
            kept.append(hit)
        elif hit.found.path not in kept[place].also:
            kept[place] = replace(kept[place], also=(*kept[place].also, hit.found.path))
    return kept


def _repeats(one: Hit, other: Hit, terms: Terms) -> bool:
    if one.found.document_id == other.found.document_id:
        return False
    first, second = one.found.chunk.body, other.found.chunk.body
    if _NUMBER.findall(first) != _NUMBER.findall(second):
        return False  # two years' reports differ in little else
    mine, its = set(terms(first)), set(terms(second))
    return len(mine & its) >= SAME * len(mine | its)


def over_pages(hits: Sequence[Hit]) -> list[Hit]:
    """The hits, best first, those on a page that a better one is on with less of their score."""
    shown: Counter[tuple[str, int]] = Counter()
    judged = []
    for hit in hits:
        if not hit.found.chunk.pages:
            judged.append(hit)
            continue
        pages = [(hit.found.document_id, page) for page in hit.found.chunk.pages]
        seen = max((shown[page] for page in pages), default=0)
        shown.update(pages)
        judged.append(replace(hit, score=hit.score * AGAIN**seen) if seen else hit)
    return sorted(judged, key=lambda hit: -hit.score)


def spread(hits: Sequence[Hit], k: int, *, comparing: bool) -> list[Hit]:
    """The k best, but after the first few no document takes more than its share while others have something."""
    most = max(2, round(k * (COMPARING if comparing else SHARE)))
    taken: list[Hit] = []
    left: list[Hit] = []
    counts: dict[str, int] = {}
    for hit in hits:
        name = hit.found.document_id
        if len(taken) < k and (len(taken) < FIRST or counts.get(name, 0) < most):
            taken.append(hit)
            counts[name] = counts.get(name, 0) + 1
        else:
            left.append(hit)
    chosen = {id(hit) for hit in [*taken, *left[: k - len(taken)]]}
    return [hit for hit in hits if id(hit) in chosen]
