"""Finding passages: the question is embedded, searched for (app/retrieval/search.py), put in order by a reranker where
there is one, and what is shown is read from the catalog: permitted and current at that moment. Writes no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import perf_counter

from app.records import Hit, Turn
from app.retrieval.distinct import Ranked, chosen
from app.retrieval.followup import Asking, asking
from app.retrieval.rerank import Reranker
from app.retrieval.search import Wanted, compares, mixed, wording_first
from app.retrieval.searchers import Here, Searching
from app.retrieval.synonyms import Synonyms
from app.retrieval.trust import trust
from app.retrieval.weighing import Weighing
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.errors import ServiceError
from storage.filters import Filters
from storage.indexes import NO_FILTERS, Indexes
from storage.keywords import IndexHit

TRIAL = "warm up"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found, and how."""

    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()  # for the person: such as that the reranker was too slow
    timings: dict[str, float] = field(default_factory=dict)  # seconds by stage
    spoken: tuple[Turn, ...] = ()  # what of the conversation was searched for too


class Retriever:
    """Hybrid search over what `labels` may read."""

    def __init__(
        self,
        indexes: Indexes,
        embedder: Embedder,
        reranker: Reranker | None = None,
        weighing: Callable[[], Weighing] = Weighing,
        searching: Searching | None = None,
        synonyms: Callable[[], Synonyms] = Synonyms,
    ) -> None:
        """`searching`: who searches; this process, unless said."""
        self._synonyms = synonyms
        self._weighing = weighing
        self._indexes = indexes
        self._embedder = embedder
        self._reranker = reranker
        self._searching = Here(indexes) if searching is None else searching

    def prepare(self) -> None:
        """Load the models. A reranker's server may still be down: each question asks it anew."""
        self._embedder.encode_questions([TRIAL])
        if self._reranker is not None:
            with suppress(ServiceError):
                self._reranker.scores(TRIAL, [TRIAL])

    def search(
        self,
        question: str,
        *,
        labels: frozenset[int],
        k: int,
        history: Sequence[Turn] = (),
        filters: Filters = NO_FILTERS,
    ) -> list[Hit]:
        """The k best passages, best first."""
        return list(self.search_noted(question, labels=labels, k=k, history=history, filters=filters).hits)

    def search_noted(
        self,
        question: str,
        *,
        labels: frozenset[int],
        k: int,
        history: Sequence[Turn] = (),
        filters: Filters = NO_FILTERS,
    ) -> Found:
        """The k best passages, best first, with what is to be said of the search.

        Raises: SearchFailed; DataFolderError.
        """
        if not labels:
            return Found(hits=())
        started = perf_counter()
        wanted = self._understood(question, k, history, filters)
        ranked = self._searching.search(wanted, self._embedder.encode_questions, labels=labels)
        timings = {"search": perf_counter() - started}
        notes: tuple[str, ...] = ()
        if self._reranker is not None:
            began = perf_counter()
            ranked, notes = self._reranked(self._reranker, question, ranked, labels=labels)
            ranked = chosen(wording_first(ranked), k, comparing=wanted.comparing)
            timings["rerank"] = perf_counter() - began
        return Found(hits=self._read(ranked, labels=labels), notes=notes, timings=timings, spoken=wanted.asked.spoken)

    def _understood(self, question: str, k: int, history: Sequence[Turn], filters: Filters) -> Wanted:
        asked, texts = self._asked(question, history)
        return Wanted(
            asked=asked,
            texts=texts,
            trust=trust(asked.text, self._embedder) if texts.any() else 0.0,
            filters=filters,
            weighing=self._weighing(),
            comparing=compares(question),
            k=k if self._reranker is None else None,
        )

    def _asked(self, question: str, history: Sequence[Turn]) -> tuple[Asking, Vector]:
        """The question with what of the conversation belongs to it, and the vectors of both, one a row."""
        asked = asking(question, history, self._synonyms())
        texts = self._embedder.encode_questions([asked.text, *(text for text, _ in asked.echoes)])
        return asked.without_other_subjects(texts)

    def _reranked(
        self, reranker: Reranker, question: str, ranked: Sequence[Ranked], *, labels: frozenset[int]
    ) -> tuple[list[Ranked], tuple[str, ...]]:
        """The first passages in the reranker's order, the others behind; or as they were, with a note of why."""
        found = self._indexes.catalog.chunks_by_id([item.id for item in ranked[: reranker.passages]], labels=labels)
        first = [item for item in ranked[: reranker.passages] if item.id in found]
        if len(first) < 2:
            return list(ranked), ()
        chunks = [found[item.id].chunk for item in first]
        try:
            scores = reranker.scores(question, [f"{chunk.header}\n{chunk.body}" for chunk in chunks])
        except ServiceError as error:
            return list(ranked), (str(error),)
        judged = [
            replace(item, score=score, legs=item.legs | {"fused": item.score, "rerank": score})
            for item, score in zip(first, scores, strict=True)
        ]
        judged.sort(key=lambda item: (-item.score, -item.legs["fused"], item.id))
        last = judged[-1].score
        rest = ranked[reranker.passages :]
        return [*judged, *(replace(item, score=last * item.score) for item in rest)], ()

    def _read(self, ranked: Sequence[Ranked], *, labels: frozenset[int]) -> tuple[Hit, ...]:
        """With their texts; what has gone meanwhile is left out."""
        items = self._indexes.catalog.chunks_by_id([item.id for item in ranked], labels=labels)
        there = (item for item in ranked if item.id in items)
        return tuple(
            Hit(rank=rank, score=item.score, found=items[item.id], legs=item.legs, also=item.also)
            for rank, item in enumerate(there, 1)
        )

    def search_legs(
        self, question: str, *, labels: frozenset[int], k: int, history: Sequence[Turn] = ()
    ) -> dict[str, list[Hit]]:
        """What each leg finds alone, to compare the fusion with: by meaning and by words."""
        asked, texts = self._asked(question, history)
        vector = mixed(texts, asked)
        legs = {
            "meaning": self._indexes.search_vectors(vector, labels=labels, k=k) if vector.any() else [],
            "words": self._indexes.search_keywords(asked.terms, labels=labels, k=k),
        }
        return {name: self._loaded(found, labels) for name, found in legs.items()}

    def _loaded(self, found: Sequence[IndexHit], labels: frozenset[int]) -> list[Hit]:
        items = self._indexes.catalog.chunks_by_id([hit.id for hit in found], labels=labels)
        return [
            Hit(rank=rank, score=hit.score, found=items[hit.id])
            for rank, hit in enumerate((hit for hit in found if hit.id in items), 1)
        ]
