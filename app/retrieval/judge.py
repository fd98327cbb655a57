"""How well candidates give what a question asks for, all of them at once: numbers by the row, not objects one by one.

Knows what each candidate says (storage/said.py) and its vector; knows no index and no other candidate's document.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.retrieval.fuse import CLOSE, NEAR, Evidence, Numbers, ceiling, coverage, fused
from app.retrieval.synonyms import SHARE
from storage.catalog import Candidate, Vector
from storage.said import NO_OTHERS, Occurrences
from storage.words import Run, is_unspaced


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What each candidate got by itself, in their order."""

    scores: Numbers  # 0 to 1
    meaning: Numbers  # cosine with the question
    coverage: Numbers  # part of the question's telling weight that it holds

    def but(self, other: Judged, chosen: NDArray[np.bool_]) -> Judged:
        """The chosen ones as the other judge has them."""
        return Judged(
            scores=np.where(chosen, other.scores, self.scores),
            meaning=np.where(chosen, other.meaning, self.meaning),
            coverage=np.where(chosen, other.coverage, self.coverage),
        )


def vectors_of(candidates: Sequence[Candidate]) -> Vector:
    """A vector a row."""
    joined = b"".join([candidate.embedding for candidate in candidates])
    return np.frombuffer(joined, dtype="<f4").reshape(len(candidates), -1)


class Candidates:
    """Candidates as arrays, and where the terms of a question stand in them."""

    def __init__(
        self, candidates: Sequence[Candidate], terms: Sequence[str], instead: Mapping[str, Collection[Run]] = NO_OTHERS
    ) -> None:
        """`instead`: by a term what stands for it, for SHARE of it."""
        self.terms = {term: place for place, term in enumerate(terms)}
        self.vectors = vectors_of(candidates)
        self._found = Occurrences(
            terms,
            [candidate.said_terms for candidate in candidates],
            [candidate.path for candidate in candidates],
            instead=instead,
            share=SHARE,
        )

    def held(self) -> frozenset[str]:
        """The terms that stand in any of them."""
        having = self._found.held.sum(axis=0)
        return frozenset(term for term, place in self.terms.items() if having[place])

    def coverage(self, weights: dict[str, float], given: frozenset[str]) -> Numbers:
        """The part of the telling weight that each holds, 0 to 1; what is `given` is held by all."""
        total = sum(weights.values())
        if not total:
            return np.zeros(len(self.vectors))
        places = [self.terms[term] for term in weights]
        held = np.maximum(self._found.held[:, places], [float(term in given) for term in weights])
        part: Numbers = (held * np.array(list(weights.values()))).sum(axis=1) / total
        return part

    def phrase(self, weights: dict[str, float]) -> Numbers | None:
        """How far terms that follow each other in the question stand together in each body, 0 to 1; None without such.

        A pair weighs as much as the more common of its two terms. Pairs of characters of unspaced script overlap, and
        one of them is as good as a phrase already: two of them that follow each other tell nothing new.
        """
        total, found = 0.0, np.zeros(len(self.vectors))
        for one, other in pairwise(weights):
            if is_unspaced(one) or is_unspaced(other):
                continue
            weight = min(weights[one], weights[other])
            total += weight
            found += weight * self._together(self.terms[one], self.terms[other])
        return found / total if total else None

    def _together(self, one: int, other: int) -> Numbers:
        """1 for each candidate whose body has two terms close to each other, 0.5 near to each other."""
        together = np.zeros(len(self.vectors))
        _, places = self._found.in_bodies(one)
        rows, others = self._found.in_bodies(other)
        if not len(places) or not len(others):
            return together
        after = np.searchsorted(places, others)
        gaps = np.minimum(
            np.abs(others - places[np.maximum(after - 1, 0)]),
            np.abs(places[np.minimum(after, len(places) - 1)] - others),
        )
        together[rows[gaps <= NEAR]] = 0.5
        together[rows[gaps <= CLOSE]] = 1.0
        return together


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What a question asks for."""

    weights: dict[str, float]  # how much each term of the question tells, in its order
    vector: Vector
    trust: float  # how far the embedder knows the question's words, 0 to 1
    share: float  # of meaning
    given: frozenset[str] = frozenset()  # of its terms, those that choose the document and are said by all of it

    def judged(self, candidates: Candidates, bm25: Sequence[float]) -> Judged:
        """Each candidate by itself. `bm25`: 0 where the words did not find it."""
        share = coverage(self.weights, self.given)
        rest = {term: weight for term, weight in self.weights.items() if term not in self.given}
        keyword = np.minimum(1.0, np.array(bm25, dtype=np.float64) / ceiling(rest))
        evidence = Evidence(
            meaning=np.einsum("ij,j->i", candidates.vectors, self.vector).astype(np.float64),
            keyword=share + (1.0 - share) * keyword,
            phrase=candidates.phrase(rest),
            coverage=candidates.coverage(self.weights, self.given),
        )
        scores = fused(evidence, trust=self.trust, share=self.share)
        return Judged(scores=scores, meaning=evidence.meaning, coverage=evidence.coverage)
