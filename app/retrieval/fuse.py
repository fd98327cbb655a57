"""One score from what the legs know of a candidate. Pure functions; knows no index and no model.

Scores, not ranks: a rank says nothing of how good a hit is, so a leg that knows nothing (a model that never saw the
question's language) would count as much as one that knows everything. Each part is brought to 0..1 by what it could be
at best, so that scores of different questions can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from app.retrieval.newest import YEAR
from storage.keywords import BM25_CEILING

_QUARTERS = frozenset({"q1", "q2", "q3", "q4"})
CLOSE = 2  # words apart: counts as said together
NEAR = 5  # words apart: counts half


Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for each candidate, 0 to 1."""

    meaning: Numbers  # cosine with the question
    keyword: Numbers  # BM25 as part of the most the question can get
    phrase: Numbers | None  # part of the question's neighbouring terms that stand together; None: it has no two of them
    coverage: Numbers  # part of the question's telling weight that it holds


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
TITLED = 0.1  # the page is no statement of those that hold what is asked for, where there is one
NEXT = 0.5  # of that, where it is of the next year, or of a quarter of the year that is asked for
CODE = 0.2  # of its score is lost by what lacks a code of the question that another has: "HF-210", "INC-2026-0517"


def fused(evidence: Evidence, *, trust: float, share: float = MEANING) -> Numbers:
    """The scores, 0 to 1. `trust`: how far the embedder knows the question's language; `share`: of meaning; 0 to 1."""
    words, meaning = evidence.keyword, np.maximum(0.0, evidence.meaning)
    phrased: list[tuple[float, Numbers]] = []
    if evidence.phrase is not None:
        words = words + PHRASE * (evidence.phrase - words)
        phrased.append((MORE_PHRASE, evidence.phrase))
    parts = [
        (1.0, words + share * trust * (meaning - words)),
        (MORE_MEANING * trust * share / MEANING, meaning),
        *phrased,
        (MORE_COVERAGE, evidence.coverage),
    ]
    total = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
    return np.clip(total, 0.0, 1.0)


def with_company(scores: Sequence[float], paths: Sequence[str], *, trust: float) -> list[float]:
    """Each passage's score with what its document's other passages and its folder's other documents say for it, 0 to 1.

    Not where the embedder knows nothing: then words decide, and they are rare enough to need no company.
    """
    documents = {path: fmean(found[:BEST_PASSAGES]) for path, found in _grouped(scores, paths).items()}
    weight = DOCUMENT * trust
    scores = [(score + weight * documents[path]) / (1 + weight) for score, path in zip(scores, paths, strict=True)]
    best: dict[str, float] = {}
    for score, path in zip(scores, paths, strict=True):
        best[path] = max(score, best.get(path, 0.0))
    folder = {path: path.rpartition("/")[0] for path in best}
    by_folder = _grouped(list(best.values()), [folder[path] for path in best])
    folders = {name: sum(found[:BEST_DOCUMENTS]) / BEST_DOCUMENTS for name, found in by_folder.items()}
    weight = FOLDER * trust
    most = max(folders.values(), default=0.0)  # taken off elsewhere rather than added here: scores stay as high
    return [max(0.0, s - weight * (most - folders[folder[path]])) for s, path in zip(scores, paths, strict=True)]


def _grouped(scores: Sequence[float], names: Sequence[str]) -> dict[str, list[float]]:
    """The scores by name, the best first."""
    found: dict[str, list[float]] = {}
    for score, name in zip(scores, names, strict=True):
        found.setdefault(name, []).append(score)
    for own in found.values():
        own.sort(reverse=True)
    return found


def with_names(
    scores: Sequence[float],
    documents: Sequence[str],
    called: Mapping[str, frozenset[str]],
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
    telling, years = names & weights.keys(), _years(weights)
    shares = {name: sum(weights[term] for term in telling & own) / total for name, own in called.items()}
    quarters = not _QUARTERS.isdisjoint(weights)
    apart = {name: _periods_apart(years, own, quarters=quarters) for name, own in called.items()} if years else {}
    most = max((shares[name] for name in documents), default=0.0)
    return [
        max(0.0, score - NAMED * (most - shares[name]) - PERIOD * apart.get(name, 0.0))
        for score, name in zip(scores, documents, strict=True)
    ]


def _years(terms: Iterable[str]) -> set[int]:
    return {int(term) for term in terms if term.isdigit() and YEAR.fullmatch(term)}


def _periods_apart(years: set[int], called: frozenset[str], *, quarters: bool) -> float:
    """How far a document is from being of the years that a question asks for, 0 to 1; 0 where it is of none."""
    own = _years(called)
    if not own:
        return 0.0
    if years & own:  # the report of a quarter does not speak of the year
        return NEXT if not quarters and not _QUARTERS.isdisjoint(called) else 0.0
    return NEXT if {year + 1 for year in years} & own else 1.0  # what is shown beside the next year's figures


def with_titles(scores: Sequence[float], titled: Sequence[bool]) -> list[float]:
    """Each score, less where the title of the table is not the one that is asked for and another's is."""
    most = max(titled, default=False)
    return [max(0.0, score - TITLED * (most - right)) for score, right in zip(scores, titled, strict=True)]


def with_codes(scores: Sequence[float], said: Sequence[float]) -> list[float]:
    """Each score, less by as much as the best says more of the codes of the question."""
    most = max(said, default=0.0)
    return [score * (1.0 - CODE * (most - share)) for score, share in zip(scores, said, strict=True)]


def with_quotes(scores: Sequence[float], said: Sequence[float]) -> list[float]:
    """Each score, after how much of what is quoted stands there: nothing makes up for that. As they were if nowhere."""
    if not any(said):
        return list(scores)
    return [(share + score) / 2 for score, share in zip(scores, said, strict=True)]


def ceiling(weights: Mapping[str, float]) -> float:
    """The most BM25 a question of these telling weights can get from one field."""
    return BM25_CEILING * sum(weights.values()) or 1.0


def coverage(weights: Mapping[str, float], found: frozenset[str]) -> float:
    """The part of the telling weight that `found` holds, 0 to 1."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0
