"""One score from what the legs know of a candidate. Pure functions; knows no index and no model.

Scores, not ranks: a rank says nothing of how good a hit is, so a leg that knows nothing (a model that never saw the
question's language) would count as much as one that knows everything. Each part is brought to 0..1 by what it could be
at best, so that scores of different questions can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from storage.words import is_unspaced

BM25_CEILING = 2.2  # k1 + 1: what one term can add at most, times its rarity
_YEAR = re.compile(r"(?:19|20)\d\d")
_QUARTERS = frozenset({"q1", "q2", "q3", "q4"})
CLOSE = 2  # words apart: counts as said together
NEAR = 5  # words apart: counts half


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for a candidate, each 0 to 1."""

    meaning: float  # cosine with the question
    keyword: float  # BM25 as part of the most the question can get
    phrase: float | None  # part of the question's neighbouring terms that stand together; None: it has no two of them
    coverage: float = 0.0  # part of the question's telling weight that it holds


MEANING = 0.5  # share of meaning that the weights beside it were fitted with: neither leg is better everywhere
PHRASE = 0.25  # of the words' share
# What is weighed beside both legs. Fitted on half of the questions of squad and mtrag, checked on the other half.
MORE_MEANING, MORE_PHRASE, MORE_COVERAGE = 0.1, 0.1, 0.05
DOCUMENT = 0.2  # the mean of the document's best passages: what several places speak of is its subject
BEST_PASSAGES = 3
FOLDER = 0.2  # the mean of the folder's best documents: people file together what belongs together
BEST_DOCUMENTS = 5
NAMED = 0.2  # part of the telling weight that is names and stands in the document's title and path: which one is meant
PERIOD = 0.1  # the document says it is of another year than the question: an annual report, a policy of its year
NEXT = 0.5  # of that, where it is of the next year, or of a quarter of the year that is asked for
CODE = 0.2  # of its score is lost by what lacks a code of the question that another has: "HF-210", "INC-2026-0517"


def fused(evidence: Evidence, *, trust: float, share: float = MEANING) -> float:
    """The score, 0 to 1. `trust`: how far the embedder knows the question's language; `share`: of meaning; 0 to 1."""
    words, meaning = evidence.keyword, max(0.0, evidence.meaning)
    if evidence.phrase is not None:
        words += PHRASE * (evidence.phrase - words)
    parts = [
        (1.0, words + share * trust * (meaning - words)),
        (MORE_MEANING * trust * share / MEANING, meaning),
        (MORE_PHRASE if evidence.phrase is not None else 0.0, evidence.phrase or 0.0),
        (MORE_COVERAGE, evidence.coverage),
    ]
    total = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
    return min(1.0, max(0.0, total))


def with_company(scores: Sequence[float], paths: Sequence[str], *, trust: float) -> list[float]:
    """Each passage's score with what its document's other passages and its folder's other documents say for it, 0 to 1.

    Not where the embedder knows nothing: then words decide, and they are rare enough to need no company.
    """
    by_document = _grouped(scores, paths)
    documents = {path: fmean(found[:BEST_PASSAGES]) for path, found in by_document.items()}
    weight = DOCUMENT * trust
    scores = [(score + weight * documents[path]) / (1 + weight) for score, path in zip(scores, paths, strict=True)]
    best = {path: found[0] for path, found in _grouped(scores, paths).items()}
    by_folder = _grouped(list(best.values()), [_folder(path) for path in best])
    folders = {folder: sum(found[:BEST_DOCUMENTS]) / BEST_DOCUMENTS for folder, found in by_folder.items()}
    weight = FOLDER * trust
    most = max(folders.values(), default=0.0)  # taken off elsewhere rather than added here: scores stay as high
    return [max(0.0, s - weight * (most - folders[_folder(path)])) for s, path in zip(scores, paths, strict=True)]


def _grouped(scores: Sequence[float], names: Sequence[str]) -> dict[str, list[float]]:
    """The scores by name, the best first."""
    found: dict[str, list[float]] = {}
    for score, name in sorted(zip(scores, names, strict=True), key=lambda item: -item[0]):
        found.setdefault(name, []).append(score)
    return found


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def with_names(
    scores: Sequence[float],
    called: Sequence[frozenset[str]],
    weights: Mapping[str, float],
    *,
    names: frozenset[str],
    held: frozenset[str],
) -> list[float]:
    """Each passage's score by what its document is `called`: the names of the question, and the years.

    Taken off the others rather than added, so that scores stay as high. `held`: terms of any candidate; what stands
    nowhere tells none from another.
    """
    total = sum(weight for term, weight in weights.items() if term in held) or 1.0
    shares = [sum(weights[term] for term in names & own & weights.keys()) / total for own in called]
    apart = [_periods_apart(weights.keys(), own) for own in called]
    most = max(shares, default=0.0)
    return [
        max(0.0, score - NAMED * (most - share) - PERIOD * other)
        for score, share, other in zip(scores, shares, apart, strict=True)
    ]


def _periods_apart(asked: Collection[str], called: frozenset[str]) -> float:
    """How far a document is from being of the period that a question asks for, 0 to 1; 0 where one of them has none."""
    years = {int(term) for term in asked if _YEAR.fullmatch(term)}
    own = {int(term) for term in called if _YEAR.fullmatch(term)}
    if not years or not own:
        return 0.0
    if years & own:  # the report of a quarter does not speak of the year
        return NEXT if not _QUARTERS.isdisjoint(called) and _QUARTERS.isdisjoint(asked) else 0.0
    return NEXT if {year + 1 for year in years} & own else 1.0  # what is shown beside the next year's figures


def with_codes(scores: Sequence[float], said: Sequence[float]) -> list[float]:
    """Each score, less by as much as the best says more of the codes of the question."""
    most = max(said, default=0.0)
    return [score * (1.0 - CODE * (most - share)) for score, share in zip(scores, said, strict=True)]


def with_quotes(scores: Sequence[float], said: Sequence[float]) -> list[float]:
    """Each score, after how much of what is quoted stands there: nothing makes up for that. As they were if nowhere."""
    if not any(said):
        return list(scores)
    return [(share + score) / 2 for score, share in zip(scores, said, strict=True)]


def part_said(wanted: Sequence[Sequence[str]], *texts: Sequence[str]) -> float:
    """The part of these runs of terms that stand in one of the texts as they are, 0 to 1."""
    whole = [f" {' '.join(text)} " for text in texts]
    return sum(any(f" {' '.join(run)} " in text for text in whole) for run in wanted) / len(wanted) if wanted else 0.0


def ceiling(weights: Mapping[str, float]) -> float:
    """The most BM25 a question of these telling weights can get from one field."""
    return BM25_CEILING * sum(weights.values()) or 1.0


def coverage(weights: Mapping[str, float], found: frozenset[str]) -> float:
    """The part of the telling weight that `found` holds, 0 to 1."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0


def phrase(weights: Mapping[str, float], body: Sequence[str]) -> float | None:
    """How far terms that follow each other in the question stand together in `body` too, 0 to 1; None without such.

    A pair weighs as much as the more common of its two terms. Pairs of characters of unspaced script overlap, and one
    of them is as good as a phrase already: two of them that follow each other tell nothing new.
    """
    said = weights.keys() & body
    total = found = 0.0
    for one, other in pairwise(weights):
        if is_unspaced(one) or is_unspaced(other):
            continue
        weight = min(weights[one], weights[other])
        total += weight
        if one in said and other in said:
            gap = min(abs(a - b) for a in _places(one, body) for b in _places(other, body))
            found += weight * (1.0 if gap <= CLOSE else 0.5 if gap <= NEAR else 0.0)
    return found / total if total else None


def _places(term: str, body: Sequence[str]) -> list[int]:
    places = [body.index(term)]
    for _ in range(body.count(term) - 1):
        places.append(body.index(term, places[-1] + 1))
    return places
