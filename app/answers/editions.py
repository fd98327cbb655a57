"""Which of the passages stand in an older edition of a document whose newer one is there too: "Travel policy 2024".

Told by the names alone: two documents are called the same but for a year or a version. A company keeps its old editions
on its share; what only they say is still said, but never as if it held now. Knows no question's answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from app.answers.context import Passage
from app.answers.extract import Candidate
from app.answers.weak import OF_THE_PAST
from app.retrieval.newest import YEAR, names_of, year_in
from storage.records import StoredChunk
from storage.words import question_terms

SAME_WORDS = 0.6  # of the words of two sentences, numbers left out: both say the same thing, in one way or another
OLDER = 0.6  # of its probability is left to what an older edition says
UNASKED = 0.3  # to what the edition of another year says than the question names
ALIKE = 2  # words that two names have in common, unless they are the same
MORE = 1  # words that one of them has besides
_VERSION = re.compile(
    r"(?<![^\W_])(?:v|ver|version|rev|revision|fassung)[ ._-]?(\d{1,3}(?:\.\d{1,3})*)(?!\d)", re.IGNORECASE
)
_DAY = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}|\d{4}([-._])\d{1,2}\1\d{1,2}")  # of minutes and the like: no edition
_OF_EDITIONS = frozenset({"v", "ver", "version", "rev", "revision", "edition", "fassung", "draft", "final"})


@dataclass(frozen=True, kw_only=True)
class Editions:
    """Revisions among the passages that are editions of one document, with the year or version of each."""

    older: dict[str, str]  # those of which a newer one is there
    unasked: frozenset[str]  # those of another year than the question names, where the one of that year is there
    newer: dict[str, str]  # those that hold now, as far as is known
    replaced: dict[str, frozenset[str]]  # what these replace


def aged(ranked: Sequence[Candidate], passages: Sequence[Passage], question: str) -> list[Candidate]:
    """The candidates, best first: those of older editions, and of a year not asked for, marked so and less likely.

    Where the likeliest is of an older edition, what the newer one says in nearly the same words is as likely.
    """
    told = editions(passages, question)
    if not told.older and not told.unasked:
        return list(ranked)
    result = []
    likeliest, words = ranked[0], _words(ranked[0])
    for item in ranked:
        revision = item.passage.revision
        unasked = revision in told.unasked
        left = UNASKED if unasked else OLDER if revision in told.older else 1.0
        replaces = told.replaced.get(revision, frozenset())
        holds = likeliest.passage.revision in replaces and not unasked and _alike(_words(item), words)
        marked = replace(
            item,
            score=likeliest.score if holds else left * item.score,
            outdated=told.older.get(revision, ""),
            unasked=unasked,
            edition=told.newer.get(revision, ""),
            replaces=replaces,
        )
        result.append(marked)
    return sorted(result, key=lambda item: (-item.score, item.passage.n, item.index))


def _words(item: Candidate) -> frozenset[str]:
    return frozenset(term for term in question_terms(item.text) if not any(sign.isdigit() for sign in term))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= max(ALIKE, SAME_WORDS * max(len(one), len(other)))


def older(passages: Sequence[Passage], question: str) -> dict[str, str]:
    """Revisions of older editions, each with its year or version."""
    return editions(passages, question).older


def editions(passages: Sequence[Passage], question: str) -> Editions:
    """What is known of them. Nothing where the question names a version, or asks what was.

    Where it names a year and an edition of that year is there, that one is meant; else the newest.
    """
    found = Editions(older={}, unasked=frozenset(), newer={}, replaced={})
    if _VERSION.search(question) or OF_THE_PAST.search(question):
        return found
    firsts = {passage.revision: passage.first for passage in passages}
    told = {revision: _edition(first) for revision, first in firsts.items()}
    years = set(YEAR.findall(question))
    for one, other in permutations(told, 2):
        for kind in told[one][1].keys() & told[other][1].keys():
            mine, its = told[one][1][kind], told[other][1][kind]
            if mine == its or not _same(told[one][0], told[other][0]):
                continue
            if its in years and mine not in years:
                found = replace(found, unasked=found.unasked | {one})
            if _number(mine) < _number(its) and mine not in years:
                found.older[one] = mine
                found.newer[other] = its
                found.replaced[other] = found.replaced.get(other, frozenset()) | {one}
    meant = {revision: told for revision, told in found.newer.items() if revision not in found.older}
    return replace(found, newer=meant)


def _edition(found: StoredChunk) -> tuple[frozenset[str], dict[str, str]]:
    """The words of a document's name, and its year and version as far as title or file name tell."""
    for name in names_of(found):
        kinds = {"year": year_in(_DAY.sub(" ", name)), "version": "".join(_VERSION.findall(name)[-1:])}
        if any(kinds.values()):
            words = (term for term in question_terms(name) if not any(sign.isdigit() for sign in term))
            return frozenset(words) - _OF_EDITIONS, {kind: value for kind, value in kinds.items() if value}
    return frozenset(), {}


def _same(name: frozenset[str], other: frozenset[str]) -> bool:
    less, more = sorted((name, other), key=len)
    return bool(less) and (less == more or (less < more and len(less) >= ALIKE and len(more) - len(less) <= MORE))


def _number(told: str) -> tuple[int, ...]:
    return tuple(int(part) for part in told.split("."))
