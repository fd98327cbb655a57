"""Finding passages: what meaning finds and what words find, each candidate then judged by both (app/fuse.py).

Every search names `labels` (who may read), and every candidate is loaded from the catalog, which knows what is current
and permitted at this moment: what an index still says of a deleted or re-permissioned document goes no further than
here. Writes no answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from app.followup import Asking, asking
from app.fuse import Evidence, ceiling, coverage, fused, phrase
from app.records import Hit, Turn
from app.trust import trust
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.errors import IndexUnavailable
from storage.indexes import Indexes
from storage.keywords import IndexHit
from storage.records import StoredChunk
from storage.words import terms

log = logging.getLogger("premise.search")

WORDS_ONLY = "words_only"  # among a hit's legs when the vector index did not answer
DEPTH = 30  # hits asked of each leg; 20 to 50 find the same, and each costs a row of the catalog


class Retriever:
    """Hybrid search over what `labels` may read."""

    def __init__(self, indexes: Indexes, embedder: Embedder) -> None:
        self._indexes = indexes
        self._embedder = embedder

    def search(self, question: str, *, labels: frozenset[int], k: int, history: Sequence[Turn] = ()) -> list[Hit]:
        """The k best passages, best first."""
        if not labels:
            return []
        asked = asking(question, history)
        by_word = {hit.id: hit.score for hit in self._indexes.search_keywords(asked.terms, labels=labels, k=DEPTH)}
        vector = self._meaning(asked)
        by_meaning, note = self._near(vector, labels)
        names = list(dict.fromkeys([*by_word, *by_meaning]))
        candidates = self._indexes.catalog.candidates(names, labels=labels)
        rarity = self._indexes.keywords.rarity(asked.terms, labels=labels)
        judge = _Judge(
            weights={term: weight * rarity[term] for term, weight in asked.terms.items()},
            vector=vector,
            trust=trust(question, self._embedder),
        )
        hits = [judge.hit(found, own, by_word.get(name, 0.0)) for name, (found, own) in candidates.items()]
        hits = [replace(hit, legs=hit.legs | note) for hit in hits] if note else hits
        hits.sort(key=lambda hit: (-hit.score, hit.found.chunk.id))
        return [replace(hit, rank=rank) for rank, hit in enumerate(hits[:k], 1)]

    def search_legs(
        self, question: str, *, labels: frozenset[int], k: int, history: Sequence[Turn] = ()
    ) -> dict[str, list[Hit]]:
        """What each leg finds alone, to compare the fusion with: by meaning and by words."""
        asked = asking(question, history)
        legs = {
            "meaning": self._indexes.search_vectors(self._meaning(asked), labels=labels, k=k),
            "words": self._indexes.search_keywords(asked.terms, labels=labels, k=k),
        }
        return {name: self._loaded(found, labels) for name, found in legs.items()}

    def _loaded(self, found: Sequence[IndexHit], labels: frozenset[int]) -> list[Hit]:
        items = self._indexes.catalog.chunks_by_id([hit.id for hit in found], labels=labels)
        return [
            Hit(rank=rank, score=hit.score, found=items[hit.id])
            for rank, hit in enumerate((hit for hit in found if hit.id in items), 1)
        ]

    def _near(self, vector: Vector, labels: frozenset[int]) -> tuple[list[str], dict[str, float]]:
        """What is near in meaning; nothing, with a mark for the hits, when the vector index does not answer."""
        try:
            return [hit.id for hit in self._indexes.search_vectors(vector, labels=labels, k=DEPTH)], {}
        except IndexUnavailable as error:
            log.warning("%s Passages are found by words alone.", error)
            return [], {WORDS_ONLY: 1.0}

    def _meaning(self, asked: Asking) -> Vector:
        """The question's vector with the faint ones of earlier turns."""
        vectors = self._embedder.encode_questions([asked.text, *(text for text, _ in asked.echoes)])
        mixed: Vector = vectors.T @ np.array([1.0, *(weight for _, weight in asked.echoes)], dtype=np.float32)
        return mixed / np.linalg.norm(mixed)


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """What a question asks for, and how well a candidate gives it."""

    weights: dict[str, float]  # how much each term of the question tells, in its order
    vector: Vector
    trust: float  # how far the embedder knows the question's words, 0 to 1

    def hit(self, found: StoredChunk, own: Vector, bm25: float) -> Hit:
        """The candidate with its score, not yet ranked. `bm25`: 0 where the words did not find it."""
        header, body = _terms_of(f"{found.chunk.header} {found.path}"), _terms_of(found.chunk.body)
        evidence = Evidence(
            meaning=float(own @ self.vector),
            keyword=min(1.0, bm25 / ceiling(self.weights)),
            phrase=phrase(self.weights, body),
        )
        legs = {
            "vector": evidence.meaning,
            "keyword": bm25,
            "coverage": coverage(self.weights, frozenset(header).union(body)),
        }
        return Hit(rank=0, score=fused(evidence, trust=self.trust), found=found, legs=legs)


@lru_cache(maxsize=20_000)  # chunks never change: the same text has the same terms
def _terms_of(text: str) -> tuple[str, ...]:
    return tuple(terms(text.replace("_", " ")))
