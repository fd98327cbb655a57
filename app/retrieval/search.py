"""One question on its way through both indexes: what meaning finds and what words find, each judged by both.

Takes the question's vectors and gives passages in order, without their texts: app/retrieval/retrieve.py embeds before
and reads after, so that this can be done in a process of its own (app/retrieval/searchers.py). Every search names
`labels` (who may read), and every candidate is read from the catalog, which knows what is current and permitted at this
moment: what an index still says of a deleted or re-permissioned document goes no further than here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from app.retrieval.distinct import ALIKE, Ranked, chosen, without_repeats
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
from app.retrieval.followup import Asking
from app.retrieval.fuse import (
    with_codes,
    with_company,
    with_names,
    with_quotes,
    with_titles,
)
from app.retrieval.judge import Candidates, Judge, Judged, vectors_of
from app.retrieval.named import Named, as_one, named, without
from app.retrieval.newest import asks_for_now, newer_first, newest_version_first
from app.retrieval.steadfast import unit
from app.retrieval.synonyms import SHARE
from app.retrieval.weighing import Weighing
from storage.catalog import Candidate, Vector
from storage.errors import IndexUnavailable
from storage.filters import Filters
from storage.indexes import Indexes
from storage.recollection import remembered
from storage.records import StoredChunk
from storage.said import Wording, terms_of
from storage.sections import innermost
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
UNKNOWN_TERM = "\x00"  # stands in no document: as rare as a term can be
_COMPARES = re.compile(
    r"\b(?:compar\w*|versus|vs\.?|differ\w*|between|vergleich\w*|unterschied\w*|zwischen|différence|entre|diferencia)\b"
    r"|比较|区别|不同|差异|对比",
    re.IGNORECASE,
)
# Who looks for meaning while words are looked for: both indexes leave Python to others for most of their time.
_BESIDE = ThreadPoolExecutor(thread_name_prefix="meaning")

Encode = Callable[[Sequence[str]], Vector]  # texts to vectors, one a row


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A question, and what has to be known of it to search without the embedding model."""

    asked: Asking
    texts: Vector  # of the question and of earlier turns, one a row; zeros where the embedder's server does not answer
    trust: float  # how far the embedder knows the question's words, 0 to 1
    filters: Filters
    weighing: Weighing
    comparing: bool  # it asks how several differ
    k: int | None  # how many are shown; None: all of them in order, for a reranker

    def mixed(self, share: float = 1.0) -> Vector:
        """The question's vector with the faint ones of earlier turns, `share` of their weight."""
        return mixed(self.texts, self.asked, share)


def search(wanted: Wanted, indexes: Indexes, encode: Encode, *, labels: frozenset[int]) -> list[Ranked]:
    """The passages that answer best of what `labels` may read, best first. `encode`: questions to vectors."""
    one = _Search(wanted, indexes, encode, labels)
    ranked = without_repeats(one.ranked(), one.alike(), one.bodies, _terms_of)
    return ranked if wanted.k is None else chosen(ranked, wanted.k, comparing=wanted.comparing)


def mixed(texts: Vector, asked: Asking, share: float = 1.0) -> Vector:
    """The question's vector with the faint ones of earlier turns, `share` of their weight."""
    return unit(texts.T @ np.array([1.0, *(share * weight for _, weight in asked.echoes)], dtype=np.float32))


def compares(question: str) -> bool:
    """Whether it asks how several differ."""
    return _COMPARES.search(question) is not None


def wording_first(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Where the question quotes, what says so word for word comes before all else."""
    if not any(item.quoted for item in ranked):
        return list(ranked)
    scores = with_quotes([item.score for item in ranked], [item.quoted for item in ranked])
    scored = [replace(item, score=score) for item, score in zip(ranked, scores, strict=True)]
    return sorted(scored, key=lambda item: -item.score)


class _Search:
    """One question on its way through both indexes."""

    def __init__(self, wanted: Wanted, indexes: Indexes, encode: Encode, labels: frozenset[int]) -> None:
        self._wanted = wanted
        self._weighing = wanted.weighing
        self._indexes = indexes
        self._labels = labels
        self._filters = wanted.filters
        self._asked = wanted.asked
        self._vector = wanted.mixed()
        self._meant = bool(self._vector.any())  # else the embedder's server does not answer (steadfast.py)
        self._encode = encode
        self._quoted, self._codes = quoted(wanted.asked.text), codes(wanted.asked.text)
        self._also_called = also_called(wanted.asked.text)
        self._instead = {one.run: tuple(one.others) for one in wanted.asked.instead}
        self._found: dict[str, Candidate] = {}
        self._vectors: Vector = np.zeros((0, 0), dtype=np.float32)  # of all that was found

    def ranked(self) -> list[Ranked]:
        """Every candidate, best first."""
        labels = self._labels
        meaning = _BESIDE.submit(self._by_meaning)
        wanted, rarity = self._spelt(self._asked.terms)
        by_word = self._by_word(wanted)
        by_meaning, mark = meaning.result()
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
            vector=self._wanted.mixed(left),
            trust=self._wanted.trust,
            share=self._weighing.meaning,
        )
        judged, scores, bm25 = self._judged(judge, wanted, by_word)
        found = list(self._found.values())
        scores = with_company(scores, [item.path for item in found], trust=self._wanted.trust)
        if asks_for_now(self._asked.text):
            scores = newer_first(scores, [item.modified for item in found])
            scores = newest_version_first(scores, [item.path for item in found])
        if self._codes:
            texts = self._read(list(self._found))
            wordings = [(run, Wording([run])) for run in self._codes]
            scores = with_codes(scores, [_told(item, texts.get(item.id), wordings) for item in found])
        quotes = Wording(self._quoted)
        meaning, coverage = judged.meaning.tolist(), judged.coverage.tolist()
        ranked = [
            Ranked(
                id=item.id,
                document_id=item.document_id,
                path=item.path,
                pages=item.pages,
                score=scores[at],
                quoted=quotes.part_said(item.said_terms, item.path),
                legs={"vector": meaning[at], "keyword": bm25[at], "coverage": coverage[at]} | mark,
            )
            for at, item in sorted(enumerate(found), key=lambda pair: (-scores[pair[0]], pair[1].id))
        ]
        return wording_first(ranked)

    def _judged(
        self, judge: Judge, wanted: Mapping[str, float], by_word: Mapping[str, float]
    ) -> tuple[Judged, list[float], list[float]]:
        """Every candidate by itself; its score by what its document and its table are called too; and its BM25."""
        names, runs = frozenset(names_in(self._asked.text)), as_one(self._asked.text)
        called = self._called(runs)
        meant = named(called, names, judge.weights) if names else None
        judge = replace(judge, vector=self._asking_for(meant, judge.vector))
        inside, by_word_inside = self._inside(meant, wanted, judge) if meant else (judge, {})
        found = list(self._found.values())
        candidates = Candidates(found, list(judge.weights), self._asked.by_term())
        self._vectors = candidates.vectors
        documents = [candidate.document_id for candidate in found]
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
            called = self._called(runs) if meant else called
            held = candidates.held() | (inside.given if meant else frozenset())
            scores = with_names(scores, documents, called, judge.weights, names=names, held=held)
        if asked := statements(self._asked.text):
            titles = [_terms_of(innermost(candidate.section)) for candidate in found]
            scores = with_titles(scores, [is_titled(title, asked) for title in titles])
        return judged, scores, bm25

    def _called(self, runs: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
        """What the documents of the candidates are called, as index terms; names in one word apart too."""
        called = {}
        for found in self._found.values():
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
        if self._also_called:
            texts[" ".join(dict.fromkeys(" ".join(self._also_called).split()))] = STATED
        if not texts or not self._meant:
            return vector
        return unit(vector + self._encode(list(texts)).T @ np.array(list(texts.values()), dtype=np.float32))

    def _inside(self, meant: Named, wanted: Mapping[str, float], judge: Judge) -> tuple[Judge, dict[str, float]]:
        """How passages of the documents that the question names are judged: by the rest of it. Looks for more there."""
        rest = {term: weight for term, weight in wanted.items() if term not in meant.terms}
        revisions = {found.revision_id for found in self._found.values() if found.document_id in meant.documents}
        weights = self._weighing.keywords
        hits = self._indexes.keywords.search(
            rest, labels=self._labels, k=INSIDE, weights=weights, within=revisions, instead=self._instead, share=SHARE
        )
        self._load([hit.id for hit in hits])
        given = meant.terms & judge.weights.keys()
        return replace(judge, given=given), {hit.id: hit.score for hit in hits}

    def alike(self) -> dict[str, set[str]]:
        """For each candidate that has some, the other candidates that are nearly the same in meaning."""
        names, vectors = list(self._found), self._vectors
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
            instead=self._instead,
            share=SHARE,
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
        return self._asked.faded(float((vectors_of(list(self._found.values())) @ self._wanted.texts[0]).max()))

    def _load(self, names: Sequence[str] | Mapping[str, float]) -> None:
        missing = [name for name in dict.fromkeys(names) if name not in self._found]
        self._found |= self._indexes.catalog.candidates(missing, labels=self._labels)

    def bodies(self, names: Sequence[str]) -> dict[str, str]:
        """The texts of candidates, by id."""
        return {name: item.chunk.body for name, item in self._read(names).items()}

    def _read(self, names: Sequence[str]) -> dict[str, StoredChunk]:
        return self._indexes.catalog.chunks_by_id(names, labels=self._labels)

    def _spelt(self, wanted: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
        """The terms and how rare they are; those that stand in no document, in the spelling that some document has."""
        keywords, labels = self._indexes.keywords, self._labels
        rarity = keywords.rarity([*wanted, UNKNOWN_TERM], labels=labels)
        known = {term for run in self._instead for term in run}
        unknown = [t for t in wanted if t not in known and rarity[t] >= rarity[UNKNOWN_TERM] and may_be_misspelt(t)]
        corrected = {}
        for term in unknown:
            alike = keywords.resembling(term, labels=labels, k=READ_FOR_SPELLING)
            texts = self._read([hit.id for hit in alike]).values()
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
        names += self._also_called
        return {term: OTHER_NAME for name in names for term in question_terms(name) if term not in wanted}

    def _defined(self) -> list[dict[str, str]]:
        """The abbreviations that candidates define."""
        return [candidate.said.definitions() for candidate in self._found.values() if candidate.defines]


@remembered(20_000)
def _name_of(text: str) -> frozenset[str]:
    return frozenset(terms_of(text))


def _told(item: Candidate, found: StoredChunk | None, codes: Sequence[tuple[Sequence[str], Wording]]) -> float:
    """How far a passage tells of codes; more where it is called so, or has a line that begins with one."""
    if found is None:  # gone meanwhile
        return 0.0
    name, lines = f"{found.chunk.header} {found.path}", found.chunk.body.split("\n")
    shares = []
    for run, wording in codes:
        said = wording.part_said(item.said_terms, item.path)
        about = is_called(run, name) or (said and any(begins(_terms_of(label_of(line)), run) for line in lines))
        shares.append(ABOUT if about else said)
    return sum(shares) / len(shares)


@remembered(20_000)  # the same text has the same terms
def _terms_of(text: str) -> tuple[str, ...]:
    return tuple(terms_of(text))
