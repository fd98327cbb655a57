"""What the benchmarks hold Premise against: each leg alone, and plain reciprocal-rank fusion of the two."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.evaluation.questions import Question
from app.records import Hit
from storage.keywords import IndexHit
from storage.store import Store

LEG = 60  # hits of each leg for the fusion
RRF = 60  # its constant, as in Cormack et al. 2009

Leg = Callable[[Question], list[IndexHit]]
Search = Callable[[Question], Sequence[Hit]]


class Legs:
    """Searches of one store for one person. They see the last turn only."""

    def __init__(self, store: Store, labels: frozenset[int]) -> None:
        self._store = store
        self._labels = labels

    def meaning(self, question: Question) -> list[IndexHit]:
        """The nearest vectors."""
        vector = self._store.embedder.encode_questions([question.text])[0]
        return self._store.indexes.search_vectors(vector, labels=self._labels, k=LEG)

    def words(self, question: Question) -> list[IndexHit]:
        """BM25."""
        return self._store.indexes.search_keywords(question.text, labels=self._labels, k=LEG)

    def ranks(self, question: Question) -> list[IndexHit]:
        """Both, by reciprocal rank."""
        scores: dict[str, float] = {}
        for leg in (self.meaning(question), self.words(question)):
            for place, hit in enumerate(leg, 1):
                scores[hit.id] = scores.get(hit.id, 0.0) + 1 / (RRF + place)
        return [IndexHit(id=name, score=score) for name, score in sorted(scores.items(), key=lambda item: -item[1])]

    def loaded(self, found: Sequence[IndexHit]) -> list[Hit]:
        """As hits, in this order."""
        items = self._store.catalog.chunks_by_id([hit.id for hit in found], labels=self._labels)
        return [Hit(rank=rank, score=max(0.0, hit.score), found=items[hit.id]) for rank, hit in enumerate(found, 1)]

    def first(self, leg: Leg, k: int) -> Search:
        """The k best of a leg."""
        return lambda question: self.loaded(leg(question)[:k])
