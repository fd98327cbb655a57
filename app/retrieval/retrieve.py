"""Finding passages: what meaning finds and what words find, each candidate then judged by both (app/retrieval/fuse.py).

Every search names `labels` (who may read), and every candidate is loaded from the catalog, which knows what is current
and permitted at this moment: what an index still says of a deleted or re-permissioned document goes no further than
here. Writes no answer.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from time import perf_counter

import numpy as np

from app.records import Hit, Turn
from app.retrieval.distinct import ALIKE, over_pages, spread, without_repeats
from app.retrieval.expand import codes, may_be_misspelt, names_in, nearest, other_names, quoted
from app.retrieval.figures import also_called, is_titled, statements
from app.retrieval.followup import Asking, asking
from app.retrieval.fuse import (
    Evidence,
    ceiling,
    coverage,
    fused,
    part_said,
    phrase,
    with_codes,
    with_company,
    with_names,
    with_quotes,
    with_titles,
)
from app.retrieval.named import Named, as_one, named, without
from app.retrieval.rerank import Reranker
from app.retrieval.steadfast import unit
from app.retrieval.trust import trust
from app.retrieval.turns import Turns
from app.retrieval.weighing import Weighing
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.errors import IndexUnavailable, ServiceError
from storage.filters import Filters
from storage.indexes import NO_FILTERS, Indexes
from storage.keywords import IndexHit
from storage.records import StoredChunk
from storage.words import question_terms, terms

log = logging.getLogger("premise.search")

WORDS_ONLY = "words_only"  # among a hit's legs when the vector index did not answer
EXACT = 10  # passages that say a quoted phrase or a code as it is, however little else speaks for them
CORRECTED = 0.8  # weight of a word in the spelling that the documents have
OTHER_NAME = 0.5  # of the words of an abbreviation, or the abbreviation of words
READ_FOR_SPELLING = 10  # passages
INSIDE = 50  # passages that words find in the documents which a question names
STATED = 0.5  # of what the statements of a company say for what is asked: how much their meaning counts
RECENT = 0.04  # of the score: what the newest candidate gets more than the oldest, where the present is asked for
UNKNOWN_TERM = "\x00"  # stands in no document: as rare as a term can be
_COMPARES = re.compile(
    r"\b(?:compar\w*|versus|vs\.?|differ\w*|between|vergleich\w*|unterschied\w*|zwischen|différence|entre|diferencia)\b"
    r"|比较|区别|不同|差异|对比",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:current(?:ly)?|latest|newest|most recent(?:ly)?|now(?:adays)?|today|these days|up[- ]to[- ]date|at present|"
    r"aktuell\w*|derzeit\w*|neueste\w*|jetzt|heute|actuel\w*|dernière?|aujourd'hui|actual(?:mente)?|último|hoy)\b"
    r"|最新|目前|现在|现行|当前|如今",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found, and how."""

    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()  # for the person: such as that the reranker was too slow
    timings: dict[str, float] = field(default_factory=dict)  # seconds by stage


class Retriever:
    """Hybrid search over what `labels` may read."""

    def __init__(
        self,
        indexes: Indexes,
        embedder: Embedder,
        reranker: Reranker | None = None,
        weighing: Callable[[], Weighing] = Weighing,
    ) -> None:
        self._weighing = weighing
        self._indexes = indexes
        self._embedder = embedder
        self._reranker = reranker
        self._turns = Turns()

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
        """The k best passages, best first, with what is to be said of the search."""
        if not labels:
            return Found(hits=())
        started = perf_counter()
        asked = asking(question, history)
        search = _Search(self._indexes, self._embedder, asked, labels, filters, self._weighing())
        with self._turns:  # not while the question is embedded, which a slow server may do
            hits = without_repeats(search.ranked(), search.alike(), _terms_of)
        timings = {"search": perf_counter() - started}
        notes: tuple[str, ...] = ()
        if self._reranker is not None and len(hits) > 1:
            began = perf_counter()
            hits, notes = _reranked(self._reranker, question, hits)
            hits = search.wording_first(hits)
            timings["rerank"] = perf_counter() - began
        hits = spread(over_pages(hits), k, comparing=_COMPARES.search(question) is not None)
        return Found(
            hits=tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, 1)), notes=notes, timings=timings
        )

    def search_legs(
        self, question: str, *, labels: frozenset[int], k: int, history: Sequence[Turn] = ()
    ) -> dict[str, list[Hit]]:
        """What each leg finds alone, to compare the fusion with: by meaning and by words."""
        asked = asking(question, history)
        vector = _mixed(_texts(self._embedder, asked), asked)
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


class _Search:
    """One question on its way through both indexes."""

    def __init__(
        self,
        indexes: Indexes,
        embedder: Embedder,
        asked: Asking,
        labels: frozenset[int],
        filters: Filters,
        weighing: Weighing,
    ) -> None:
        self._weighing = weighing
        self._indexes = indexes
        self._labels = labels
        self._filters = filters
        self._asked = asked
        self._texts = _texts(embedder, asked)
        self._vector = _mixed(self._texts, asked)
        self._meant = bool(self._vector.any())  # else the embedder's server does not answer (steadfast.py)
        self._trust = trust(asked.text, embedder) if self._meant else 0.0
        self._encode = embedder.encode_questions
        self._quoted, self._codes = quoted(asked.text), codes(asked.text)
        self._found: dict[str, tuple[StoredChunk, Vector]] = {}

    def ranked(self) -> list[Hit]:
        """Every candidate, best first."""
        labels = self._labels
        wanted, rarity = self._spelt(self._asked.terms)
        by_word = self._by_word(wanted)
        by_meaning, mark = self._by_meaning()
        self._load([*by_word, *by_meaning, *self._by_wording()])
        if more := self._other_names(wanted):
            rarity |= self._indexes.keywords.rarity([*more, UNKNOWN_TERM], labels=labels)
            wanted |= {term: weight for term, weight in more.items() if rarity[term] < rarity[UNKNOWN_TERM]}
            by_word = self._by_word(wanted)
            self._load(by_word)
        left = self._left_of_echoes()
        echoed = set(list(self._asked.terms)[self._asked.own :])
        judge = _Judge(
            weights={t: weight * rarity[t] * (left if t in echoed else 1.0) for t, weight in wanted.items()},
            vector=_mixed(self._texts, self._asked, left),
            trust=self._trust,
            share=self._weighing.meaning,
        )
        hits, scores = self._judged(judge, wanted, by_word)
        scores = with_company(scores, [hit.found.path for hit in hits], trust=self._trust)
        if _NOW.search(self._asked.text):
            scores = _newer_first(scores, [hit.found.modified for hit in hits])
        if self._codes:
            scores = with_codes(scores, [_said(hit, self._codes) for hit in hits])
        hits = [replace(hit, score=score, legs=hit.legs | mark) for hit, score in zip(hits, scores, strict=True)]
        return self.wording_first(sorted(hits, key=lambda hit: (-hit.score, hit.found.chunk.id)))

    def _judged(
        self, judge: _Judge, wanted: Mapping[str, float], by_word: Mapping[str, float]
    ) -> tuple[list[Hit], list[float]]:
        """Every candidate by itself, and its score by what its document and its table are called too."""
        names, runs = frozenset(names_in(self._asked.text)), as_one(self._asked.text)
        meant = named(self._called(runs), names, judge.weights) if names else None
        judge = replace(judge, vector=self._asking_for(meant, judge.vector))
        inside, by_word_inside = self._inside(meant, wanted, judge) if meant else (judge, {})
        hits = [
            inside.hit(found, own, by_word_inside.get(name, 0.0))
            if meant and found.document_id in meant.documents
            else judge.hit(found, own, by_word.get(name, 0.0))
            for name, (found, own) in self._found.items()
        ]
        scores = [hit.score for hit in hits]
        if names or any(term.isdigit() for term in judge.weights):  # else no name and no year tells documents apart
            called = self._called(runs)
            mine = [called[hit.found.document_id] for hit in hits]
            scores = with_names(scores, mine, judge.weights, names=names, held=frozenset(judge.held))
        if asked := statements(self._asked.text):
            titles = [_terms_of(hit.found.chunk.section.rpartition(" > ")[2]) for hit in hits]
            scores = with_titles(scores, [is_titled(title, asked) for title in titles])
        return hits, scores

    def _called(self, runs: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
        """What the documents of the candidates are called, as index terms; names in one word apart too."""
        called = {}
        for found, _ in self._found.values():
            if found.document_id not in called:
                own = frozenset(_terms_of(f"{found.title} {found.path}"))
                called[found.document_id] = own.union(*(parts for run, parts in runs.items() if run in own))
        return called

    def _asking_for(self, meant: Named | None, vector: Vector) -> Vector:
        """The question's vector with what it asks of the documents it names, and what statements say for that."""
        texts: dict[str, float] = {}
        if meant is not None:
            texts[without(self._asked.text, meant.terms)] = 1.0
        if also := also_called(self._asked.text):
            texts[" ".join(dict.fromkeys(" ".join(also).split()))] = STATED
        if not texts or not self._meant:
            return vector
        return unit(vector + self._encode(list(texts)).T @ np.array(list(texts.values()), dtype=np.float32))

    def _inside(self, meant: Named, wanted: Mapping[str, float], judge: _Judge) -> tuple[_Judge, dict[str, float]]:
        """How passages of the documents that the question names are judged: by the rest of it. Looks for more there."""
        rest = {term: weight for term, weight in wanted.items() if term not in meant.terms}
        every = (found for found, _ in self._found.values())
        revisions = {found.chunk.revision_id for found in every if found.document_id in meant.documents}
        weights = self._weighing.keywords
        hits = self._indexes.keywords.search(rest, labels=self._labels, k=INSIDE, weights=weights, within=revisions)
        self._load([hit.id for hit in hits])
        given = meant.terms & judge.weights.keys()
        return replace(judge, given=given), {hit.id: hit.score for hit in hits}

    def wording_first(self, hits: list[Hit]) -> list[Hit]:
        """Where the question quotes, what says so word for word comes before all else."""
        if not self._quoted:
            return hits
        scores = with_quotes([hit.score for hit in hits], [_said(hit, self._quoted) for hit in hits])
        hits = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        return sorted(hits, key=lambda hit: -hit.score)

    def alike(self) -> dict[str, set[str]]:
        """For each candidate that has some, the other candidates that are nearly the same in meaning."""
        if not self._found:
            return {}
        names = list(self._found)
        vectors = np.stack([vector for _, vector in self._found.values()])
        found: dict[str, set[str]] = {}
        for one, other in np.argwhere(np.triu(vectors @ vectors.T >= ALIKE, 1)).tolist():
            found.setdefault(names[one], set()).add(names[other])
            found.setdefault(names[other], set()).add(names[one])
        return found

    def _by_word(self, wanted: Mapping[str, float]) -> dict[str, float]:
        hits = self._indexes.search_keywords(
            wanted,
            labels=self._labels,
            k=self._weighing.candidates,
            weights=self._weighing.keywords,
            filters=self._filters,
        )
        return {hit.id: hit.score for hit in hits}

    def _by_wording(self) -> list[str]:
        runs = [*self._quoted, *self._codes]
        return [
            hit.id for hit in self._indexes.search_wording(runs, labels=self._labels, k=EXACT, filters=self._filters)
        ]

    def _by_meaning(self) -> tuple[list[str], dict[str, float]]:
        """What is near in meaning; nothing, with a mark for the hits, when embedder or vector index do not answer."""
        if not self._meant:
            return [], {WORDS_ONLY: 1.0}
        try:
            hits = self._indexes.search_vectors(
                self._vector, labels=self._labels, k=self._weighing.candidates, filters=self._filters
            )
        except IndexUnavailable as error:
            log.warning("%s Passages are found by words alone.", error)
            return [], {WORDS_ONLY: 1.0}
        return [hit.id for hit in hits], {}

    def _left_of_echoes(self) -> float:
        """How much of the earlier turns counts, once it is known how well the question does by itself."""
        if not self._asked.echoes or not self._found:
            return 1.0
        return self._asked.faded(max(float(own @ self._texts[0]) for _, own in self._found.values()))

    def _load(self, names: Sequence[str] | Mapping[str, float]) -> None:
        missing = [name for name in dict.fromkeys(names) if name not in self._found]
        self._found |= self._indexes.catalog.candidates(missing, labels=self._labels)

    def _spelt(self, wanted: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
        """The terms and how rare they are; those that stand in no document, in the spelling that some document has."""
        keywords, labels = self._indexes.keywords, self._labels
        rarity = keywords.rarity([*wanted, UNKNOWN_TERM], labels=labels)
        unknown = [t for t in wanted if rarity[t] >= rarity[UNKNOWN_TERM] and may_be_misspelt(t)]
        corrected = {}
        for term in unknown:
            alike = keywords.resembling(term, labels=labels, k=READ_FOR_SPELLING)
            texts = self._indexes.catalog.chunks_by_id([hit.id for hit in alike], labels=labels).values()
            other = nearest(term, (f"{item.title} {item.path} {item.chunk.header} {item.chunk.body}" for item in texts))
            if other is not None and other not in wanted:
                corrected[term] = other
        if not corrected:
            return wanted, rarity
        spelt = {
            corrected.get(term, term): weight * (CORRECTED if term in corrected else 1.0)
            for term, weight in wanted.items()
        }
        return spelt, rarity | keywords.rarity(list(corrected.values()), labels=labels)

    def _other_names(self, wanted: Mapping[str, float]) -> dict[str, float]:
        names = other_names(self._asked.text, (found.chunk.body for found, _ in self._found.values()))
        names += also_called(self._asked.text)
        return {term: OTHER_NAME for name in names for term in question_terms(name) if term not in wanted}


def _texts(embedder: Embedder, asked: Asking) -> Vector:
    """The vectors of the question and of earlier turns, one a row."""
    return embedder.encode_questions([asked.text, *(text for text, _ in asked.echoes)])


def _mixed(texts: Vector, asked: Asking, share: float = 1.0) -> Vector:
    """The question's vector with the faint ones of earlier turns, `share` of their weight."""
    return unit(texts.T @ np.array([1.0, *(share * weight for _, weight in asked.echoes)], dtype=np.float32))


def _newer_first(scores: Sequence[float], changed: Sequence[datetime | None]) -> list[float]:
    """Gently: between passages that answer alike the newer one, by where it stands between the oldest and newest."""
    known = [moment.timestamp() for moment in changed if moment is not None]
    if not known or min(known) == max(known):
        return list(scores)
    oldest, span = min(known), max(known) - min(known)
    shares = [(moment.timestamp() - oldest) / span if moment is not None else 0.0 for moment in changed]
    return [(1 - RECENT) * score + RECENT * share for score, share in zip(scores, shares, strict=True)]


def _reranked(reranker: Reranker, question: str, hits: list[Hit]) -> tuple[list[Hit], tuple[str, ...]]:
    """The first hits in the reranker's order, the others behind; or as they were, with a note of why."""
    first, rest = hits[: reranker.passages], hits[reranker.passages :]
    try:
        scores = reranker.scores(question, [f"{hit.found.chunk.header}\n{hit.found.chunk.body}" for hit in first])
    except ServiceError as error:
        return hits, (str(error),)
    judged = [
        replace(hit, score=score, legs=hit.legs | {"fused": hit.score, "rerank": score})
        for hit, score in zip(first, scores, strict=True)
    ]
    judged.sort(key=lambda hit: (-hit.score, -hit.legs["fused"], hit.found.chunk.id))
    last = judged[-1].score
    return [*judged, *(replace(hit, score=last * hit.score) for hit in rest)], ()


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """What a question asks for, and how well a candidate gives it."""

    weights: dict[str, float]  # how much each term of the question tells, in its order
    vector: Vector
    trust: float  # how far the embedder knows the question's words, 0 to 1
    share: float  # of meaning
    given: frozenset[str] = frozenset()  # of its terms, those that choose the document and are said by all of it
    held: set[str] = field(default_factory=set)  # of its terms, those that some candidate has

    @cached_property
    def _given(self) -> tuple[float, dict[str, float]]:
        """The share of the weights that is given, and the others."""
        return coverage(self.weights, self.given), {t: w for t, w in self.weights.items() if t not in self.given}

    def hit(self, found: StoredChunk, own: Vector, bm25: float) -> Hit:
        """The candidate with its own score, not yet ranked. `bm25`: 0 where the words did not find it."""
        header, body = _terms_of(f"{found.chunk.header} {found.path}"), _terms_of(found.chunk.body)
        said = self.given | (self.weights.keys() & header) | (self.weights.keys() & body)
        self.held.update(said)
        share, rest = self._given
        evidence = Evidence(
            meaning=float(own @ self.vector),
            keyword=share + (1.0 - share) * min(1.0, bm25 / ceiling(rest)),
            phrase=phrase(rest, body),
            coverage=coverage(self.weights, frozenset(said)),
        )
        legs = {"vector": evidence.meaning, "keyword": bm25, "coverage": evidence.coverage}
        return Hit(rank=0, score=fused(evidence, trust=self.trust, share=self.share), found=found, legs=legs)


def _said(hit: Hit, runs: Sequence[Sequence[str]]) -> float:
    chunk = hit.found.chunk
    return part_said(runs, _terms_of(chunk.body), _terms_of(f"{chunk.header} {hit.found.path}"))


@lru_cache(maxsize=20_000)  # chunks never change: the same text has the same terms
def _terms_of(text: str) -> tuple[str, ...]:
    return tuple(terms(text.replace("_", " ")))
