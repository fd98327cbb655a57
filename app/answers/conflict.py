"""Passages of different documents that answer one question with different values, and which of the documents is newer.

Deterministic: two likely answers that say nearly the same, in nearly the same words, but for a number or a date. Knows
no model; what is only worded differently is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.answers import namesakes
from app.answers.amounts import measures, numbers, words_of
from app.answers.cite import Citations, readable
from app.answers.extract import Candidate
from app.answers.phrases import language_of, phrases
from app.answers.quote import Piece, cells_of
from app.records import Sentence
from app.retrieval.asked import Asked, Expected, term_set
from app.retrieval.newest import changed, dated
from storage.words import question_terms, terms

LOOKED_AT = 12  # of the likeliest candidates
# of the best candidate's probability: what one side needs, or the documents differ about something else than what is
# asked, and the other one, which may say the same in words further from the question's
LIKELY, LIKELY_OTHER = 0.5, 0.05
# part of the fewer telling terms of the two, numbers left out, that both have, and how many these are at least: of
# documents whose titles have a word in common, and of others
ALIKE, SHARED = 0.4, 3
ALIKE_APART, SHARED_APART = 0.7, 4
ALIKE_LONGER = 0.3  # part of the more terms of the two
VALUES = (Expected.NUMBER, Expected.OFTEN, Expected.WHEN, Expected.WHETHER)

_CODE = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[\w-]+")  # "R1977"; no plain number
_NAME = re.compile(rf"(?<=[\w,;:’'\")] )[A-ZÀ-Þ][\w’'-]+|{_CODE.pattern}")


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the documents that differ."""

    candidate: Candidate
    when: str  # when its document is from, as far as it can be told: "2026-03-01", "2026", ""
    said: bool  # whether the document says so itself; else it is when its file was changed
    newer: bool


def conflict(asked: Asked, ranked: Sequence[Candidate]) -> tuple[Side, ...]:
    """Two sides, the newer or else the likelier first; nothing where the documents agree."""
    if not ranked or asked.expected not in VALUES:
        return ()
    likely = [item for item in ranked[:LOOKED_AT] if item.score >= LIKELY_OTHER * ranked[0].score]
    leading = [item for item in likely if not (item.leads or item.unasked or item.elsewhere)]
    named = _named(asked.question, language_of(asked.question))
    of_it = frozenset[str]().union(*(term_set(item.text) for item in leading)) & named
    for at, one in enumerate(leading):
        if one.score < LIKELY * ranked[0].score:
            break
        for other in leading[at + 1 :]:
            if of_it - term_set(f"{_about(one)} {_about(other)}"):
                continue  # another one says it of what the question names
            if _differ(asked, one, other) and not any(
                _of_another(asked.question, ranked[0], side) for side in (one, other)
            ):
                return _sides(one, other)
    return ()


def _about(item: Candidate) -> str:
    """A sentence with what stands above it."""
    return f"{item.passage.chunk_from(item.start).chunk.header} {item.text}"


def _differ(asked: Asked, one: Candidate, other: Candidate) -> bool:
    if one.passage.first.document_id == other.passage.first.document_id:
        return False
    if one.is_row or other.is_row:
        return _rows_differ(one, other)
    known = numbers(asked.question)
    values, others = numbers(one.text) - known, numbers(other.text) - known
    if not values or not others or len(values) > 3 or len(others) > 3:
        return False
    if both := values & others:  # one of several may differ: within 30 days, or 60, on form 17
        values, others = values - both, others - both
        if len(values) != 1 or len(others) != 1:
            return False
    apart = _of_its_own(asked, one, other) or _of_its_own(asked, other, one)
    if apart or not _comparable(one.text, values, other.text, others):
        return False
    terms, other_terms = _telling(one.text), _telling(other.text)
    shared = terms & other_terms
    together = _telling(one.passage.first.title) & _telling(other.passage.first.title)
    alike, least = (ALIKE, SHARED) if together else (ALIKE_APART, SHARED_APART)
    of_question = shared & (asked.weights.keys() | asked.of_others)
    sizes = sorted((len(terms), len(other_terms)))
    return bool(of_question) and len(shared) >= max(least, alike * sizes[0], ALIKE_LONGER * sizes[1])


def _of_its_own(asked: Asked, one: Candidate, other: Candidate) -> bool:
    """Whether a sentence names what its document is about by its title, and nothing of the other and of the question
    does: "medical leave" in the policy of medical leave, "parental leave" in that of parental leave."""
    title = other.passage.first.title
    own = _telling(one.text) & _telling(one.passage.first.title)
    return bool(own - term_set(f"{title} {other.text}") - asked.weights.keys() - asked.of_others)


def _of_another(question: str, best: Candidate, other: Candidate) -> bool:
    """Whether the best says it of what the question names ("room R12") and the other of something else ("room R14")."""
    passage = other.passage
    its = term_set(f"{passage.first.chunk.header} {passage.first.title} {passage.text}")
    language = language_of(question)
    missing = (_named(question, language) & term_set(best.text)) - its
    return bool(missing) and bool(_named(other.text, language) - term_set(best.text))


def _named(text: str, language: str) -> frozenset[str]:
    """The terms of names inside its sentences and of codes; in German, where every noun is large, of codes alone."""
    pattern = _CODE if language == "de" else _NAME
    return frozenset(term for name in pattern.findall(text) for term in terms(name))


def _comparable(text: str, values: frozenset[str], other: str, others: frozenset[str]) -> bool:
    """Whether a number of each is of the same unit: 20 percent is not another value than 5.60 euros."""
    units, other_units = (
        frozenset(unit for number, found in measures(said).items() if number in mine for unit in found)
        for said, mine in ((text, values), (other, others))
    )
    return not units or not other_units or bool(units & other_units)


def _rows_differ(one: Candidate, other: Candidate) -> bool:
    """Rows are of different things unless they are alike in all but one of at least two cells."""
    cells, others = (dict(cells_of(item.text)) for item in (one, other))
    if len(cells) < 2 or cells.keys() != others.keys():
        return False
    different = [name for name in cells if cells[name] != others[name]]
    return len(different) == 1 and bool(numbers(cells[different[0]])) and bool(numbers(others[different[0]]))


def _telling(text: str) -> frozenset[str]:
    """What a text is about, its values and their units left out."""
    units = frozenset[str]().union(*measures(text).values())
    found = (term for term in question_terms(text) if not any(sign.isdigit() for sign in term))
    return frozenset(found) - words_of(units)


def _sides(one: Candidate, other: Candidate) -> tuple[Side, ...]:
    """Both, the newer first: by what the documents say of themselves, or by when the files were changed where neither
    says anything. The one against the other tells nothing: a copy of an old file is new."""
    firsts = [item.passage.first for item in (one, other)]
    said = [dated(first) for first in firsts]
    first, second = said if any(said) else map(changed, firsts)
    size = min(len(first), len(second))  # a year says nothing of the days in it
    newer = first[:size] > second[:size], second[:size] > first[:size]
    sides = [
        Side(candidate=item, when=when or changed(item.passage.first), said=bool(when), newer=is_newer)
        for item, when, is_newer in zip((one, other), said, newer, strict=True)
    ]
    return tuple(sorted(sides, key=lambda side: not side.newer))


def disagreement(question: str, sides: Sequence[Side], citations: Citations) -> Iterator[Piece]:
    """That the documents differ, in the question's language, and what each says, cited; the newer is marked as such."""
    said = phrases(question)
    yield Piece(text=f"{said.differ}\n", sentences=())
    firsts = [side.candidate.passage.first for side in sides]
    beside = namesakes.apart((readable(first.title), first.path) for first in firsts)
    for side in sides:
        item = side.candidate
        n = citations.add(item.passage, item.start, item.end)
        sentence = Sentence(text=readable(item.text), citations=(n,), supported=True)
        about = readable(item.passage.first.title).replace("*", "")
        where = readable(beside.get(item.passage.first.path, "")).replace("*", "")
        when = side.when if side.said or not side.when else said.changed.format(when=side.when)
        marks = ", ".join(part for part in (where, said.newer if side.newer else "", when) if part)
        yield Piece(
            text=f"\n- **{about}**{f' ({marks})' if marks else ''}: {sentence.text} [{n}]", sentences=(sentence,)
        )
