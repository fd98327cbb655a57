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
from time import perf_counter

import numpy as np

from app.records import Hit, Turn
from app.retrieval.distinct import ALIKE, over_pages, spread, without_repeats
from app.retrieval.expand import (
    begins,
    codes,
    is_called,
    label_of,
    may_be_misspelt,
    names_in,
    nearest,
    other_names,
    quoted,
)
from app.retrieval.figures import also_called, is_titled, statements
from app.retrieval.followup import Asking, asking
from app.retrieval.fuse import (
    part_said,
    with_codes,
    with_company,
    with_names,
    with_quotes,
    with_titles,
)
from app.retrieval.judge import Candidates, Judge, Judged
from app.retrieval.named import Named, as_one, named, without
from app.retrieval.rerank import Reranker
from app.retrieval.steadfast import unit
from app.retrieval.trust import trust
from app.retrieval.turns import Turns
from app.retrieval.weighing import Weighing
from storage.catalog import Candidate, Vector
from storage.embedder import Embedder
from storage.errors import IndexUnavailable, ServiceError
from storage.filters import Filters
from storage.indexes import NO_FILTERS, Indexes
from storage.keywords import IndexHit
from storage.recollection import remembered
from storage.records import StoredChunk
from storage.said import terms_of
from storage.words import question_terms

log = logging.getLogger("premise.search")

WORDS_ONLY = "words_only"  # among a hit's legs when the vector index did not answer
ABOUT = 1.4  # what being about a code is worth, against mentioning it
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
        self._found: dict[str, Candidate] = {}

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
        if not self._found:
            return []
        left = self._left_of_echoes()
        echoed = set(list(self._asked.terms)[self._asked.own :])
        judge = Judge(
            weights={t: weight * rarity[t] * (left if t in echoed else 1.0) for t, weight in wanted.items()},
            vector=_mixed(self._texts, self._asked, left),
            trust=self._trust,
            share=self._weighing.meaning,
        )
        judged, scores, bm25 = self._judged(judge, wanted, by_word)
        found = [candidate.found for candidate in self._found.values()]
        scores = with_company(scores, [item.path for item in found], trust=self._trust)
        if _NOW.search(self._asked.text):
            scores = _newer_first(scores, [item.modified for item in found])
        if self._codes:
            scores = with_codes(scores, [_told(item, self._codes) for item in found])
        meaning, coverage = judged.meaning.tolist(), judged.coverage.tolist()
        hits = [
            Hit(
                rank=0,
                score=scores[at],
                found=found[at],
                legs={"vector": meaning[at], "keyword": bm25[at], "coverage": coverage[at]} | mark,
            )
            for at in sorted(range(len(found)), key=lambda at: (-scores[at], found[at].chunk.id))
        ]
        return self.wording_first(hits)

    def _judged(
        self, judge: Judge, wanted: Mapping[str, float], by_word: Mapping[str, float]
    ) -> tuple[Judged, list[float], list[float]]:
        """Every candidate by itself; its score by what its document and its table are called too; and its BM25."""
        names, runs = frozenset(names_in(self._asked.text)), as_one(self._asked.text)
        called = self._called(runs)
        meant = named(called, names, judge.weights) if names else None
        judge = replace(judge, vector=self._asking_for(meant, judge.vector))
        inside, by_word_inside = self._inside(meant, wanted, judge) if meant else (judge, {})
        candidates = Candidates(list(self._found.values()), list(judge.weights))
        documents = [candidate.found.document_id for candidate in self._found.values()]
        bm25 = [by_word.get(name, 0.0) for name in self._found]
        judged = judge.judged(candidates, bm25)
        if meant:
            chosen = [document in meant.documents for document in documents]
            bm25 = [
                by_word_inside.get(name, 0.0) if own else score
                for name, own, score in zip(self._found, chosen, bm25, strict=True)
            ]
            judged = judged.but(inside.judged(candidates, bm25), np.array(chosen))
        scores: list[float] = judged.scores.tolist()
        if names or any(term.isdigit() for term in judge.weights):  # else no name and no year tells documents apart
            called = self._called(runs)
            held = candidates.held() | (inside.given if meant else frozenset())
            scores = with_names(scores, documents, called, judge.weights, names=names, held=held)
        if asked := statements(self._asked.text):
            sections = [candidate.found.chunk.section for candidate in self._found.values()]
            titles = [_terms_of(section.rpartition(" > ")[2]) for section in sections]
            scores = with_titles(scores, [is_titled(title, asked) for title in titles])
        return judged, scores, bm25

    def _called(self, runs: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
        """What the documents of the candidates are called, as index terms; names in one word apart too."""
        called = {}
        for found, _, _ in self._found.values():
            if found.document_id not in called:
                own = _name_of(f"{found.title} {found.path}")
                split = [runs[run] for run in runs.keys() & own]
                called[found.document_id] = own.union(*split) if split else own
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

    def _inside(self, meant: Named, wanted: Mapping[str, float], judge: Judge) -> tuple[Judge, dict[str, float]]:
        """How passages of the documents that the question names are judged: by the rest of it. Looks for more there."""
        rest = {term: weight for term, weight in wanted.items() if term not in meant.terms}
        every = (candidate.found for candidate in self._found.values())
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
        scores = with_quotes([hit.score for hit in hits], [_said(hit.found, self._quoted) for hit in hits])
        hits = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        return sorted(hits, key=lambda hit: -hit.score)

    def alike(self) -> dict[str, set[str]]:
        """For each candidate that has some, the other candidates that are nearly the same in meaning."""
        if not self._found:
            return {}
        names = list(self._found)
        vectors = np.concatenate([candidate.vector for candidate in self._found.values()]).reshape(len(names), -1)
        found: dict[str, set[str]] = {}
        for one, other in np.argwhere(vectors @ vectors.T >= ALIKE).tolist():
            if one < other:
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
        return self._asked.faded(max(float(candidate.vector @ self._texts[0]) for candidate in self._found.values()))

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
        names = other_names(self._asked.text, self._defined())
        names += also_called(self._asked.text)
        return {term: OTHER_NAME for name in names for term in question_terms(name) if term not in wanted}

    def _defined(self) -> list[dict[str, str]]:
        """The abbreviations that candidates define."""
        return [candidate.said.definitions() for candidate in self._found.values() if candidate.said.defines]


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


@remembered(20_000)
def _name_of(text: str) -> frozenset[str]:
    return frozenset(terms_of(text))


def _said(found: StoredChunk, runs: Sequence[Sequence[str]]) -> float:
    return part_said(runs, _terms_of(found.chunk.body), _terms_of(f"{found.chunk.header} {found.path}"))


def _told(found: StoredChunk, codes: Sequence[Sequence[str]]) -> float:
    """How far a passage tells of codes; more where it is called so, or has a line that begins with one."""
    starts = [_terms_of(label_of(line)) for line in found.chunk.body.split("\n")]
    body, name = _terms_of(found.chunk.body), f"{found.chunk.header} {found.path}"
    shares = [
        ABOUT
        if is_called(run, name) or any(begins(start, run) for start in starts)
        else part_said([run], body, _terms_of(name))
        for run in codes
    ]
    return sum(shares) / len(shares)


@remembered(20_000)  # the same text has the same terms
def _terms_of(text: str) -> tuple[str, ...]:
    return tuple(terms_of(text))
