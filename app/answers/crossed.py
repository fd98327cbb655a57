"""Whether a sentence puts together what a passage says of two different things: one row's label with another's value.

A row has cells, a sentence such as "EUR 0.38 for a car, EUR 0.15 for a bicycle" has parts; who takes one slot from one
of them alone, and another from another alone, says of the first what stands about the second. Deterministic; knows no
passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from app.answers.amounts import UNIT_TERMS, in_digits, numbers, weekdays, without_weekdays
from app.answers.phrases import idle_words
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms, terms

CELLS = " | "
A_PART = 0.34  # of what a part of a sentence or a cell says, that has to be taken for it to count
HALF = 0.5  # the same of a cell's name and value
TOLD = 2  # terms of it that count, whatever part they are
LABELLED = 3  # parts of a sentence from which on the first word of each is taken for what it is about

IDLE_TERMS = frozenset(
    term for language in ("de", "fr", "es", "it", "pt", "nl") for word in idle_words(language) for term in terms(word)
)
_OPEN, _CLOSED = "([（", ")]）"
_PART = re.compile(r"[;；，、]|, |,\n| (?:and|but|while|or|und|aber|oder|et|mais) ")
_CLAUSE = re.compile(r"[;；]\s*")
_LEAD = re.compile(r"：|: ")
_FIGURE = re.compile(r"\d+(?:[.,:/]\d+)*")
_BETWEEN = re.compile(r"\b(between|zwischen|entre) (\S+(?: \S+)?) (?:and|und|et) ", re.IGNORECASE)
_LABELLED = re.compile(r"\W*([^\W\d_][^:：|.。]{0,40})[:：] ?(.*\d.*)", re.DOTALL)
_COUNTED_THING = re.compile(r"(?<![\d.])(\d[\d.]*) (?:(?:EUR|USD|CNY|GBP|percent) )?(?!per\b|pro\b)([^\W\d_]{3,})")
Part = tuple[frozenset[str], ...]  # the terms in each of its slots


def crossed(claim: str, near: str, text: str) -> bool:
    """Whether the claim crosses parts of `near`, the sentence closest to it in `text`, or cells of rows in `text`.

    >>> crossed("A bicycle is EUR 0.38.", "It is EUR 0.38 for a car, EUR 0.15 for a bicycle.", "")
    True
    """
    said = [_slot(part) for part in numbered_parts(in_digits(claim))]
    if CELLS in near:
        row, rows, named = _values(near), [_values(other) for other in _rows(text, near)], _named(near)
        pairs = [pair for other in rows for pair in ((row, other), (other, row))]
        return any(_crosses(terms, one, other, least=A_PART) for terms in said for one, other in pairs) or any(
            _crosses(terms, one, other, least=HALF) for terms in said for one, other in permutations(named, 2)
        )
    told = _LEAD.split(in_digits(near), maxsplit=1)[-1]
    counted = [(_figures(part), _telling(part)) for part in numbered_parts(told) if _figures(part)]
    each = map(question_terms, _CLAUSE.split(told))
    parts = [(frozenset(terms[:1]), frozenset(terms[1:])) for terms in each if terms]
    if len(parts) < LABELLED:
        parts = []
    return any(
        any(_crosses(terms, one, other, least=A_PART) for one, other in permutations(counted, 2) if _differ(one, other))
        or any(_mixes(terms, one, other) for (one, _), (other, _) in combinations(counted, 2))
        or any(_crosses(terms, one, other) for one, other in permutations(parts, 2))
        or any(_crosses(terms, one, other) for one, other in _lines(near, text))
        for terms in said
    ) or _counts_another(in_digits(claim), told)


def _crosses(said: frozenset[str], one: Part, other: Part, *, least: float = 0.0) -> bool:
    """Whether one slot is taken from one alone, another from the other alone, though the one has something there.

    `least`: of a slot's terms, to count as taken.
    """
    if len(one) != len(other):
        return False
    in_one, in_other = frozenset().union(*one), frozenset().union(*other)
    slots = [(mine - in_other, theirs - in_one) for mine, theirs in zip(one, other, strict=True)]
    return any(_taken(said, mine, least) and not said & theirs for mine, theirs in slots) and any(
        _taken(said, theirs, least) and mine and not said & mine for mine, theirs in slots
    )


def _mixes(said: frozenset[str], one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether some of one's numbers, and not all, stand with some of the other's, and not all."""
    return all(said & own and not own <= said for own in (one - other, other - one))


def _counts_another(claim: str, told: str) -> bool:
    """Whether "20 seats" is said where there are 60 seats, and 20 desks."""
    pairs = [(number, *question_terms(thing)) for number, thing in _COUNTED_THING.findall(told)]
    for number, thing in _COUNTED_THING.findall(claim):
        terms = question_terms(thing)
        if UNIT_TERMS.issuperset(terms) or STOP_WORDS.issuperset(terms) or (number, *terms) in pairs:
            continue
        if any(pair[0] == number for pair in pairs) and any(list(pair[1:]) == terms for pair in pairs):
            return True
    return False


def labelled(text: str) -> list[str]:
    """The sentences of a text that are a label with numbers: "Durham: 20 days"."""
    return [found[0] for found in _labelled(text)]


def _labelled(text: str) -> list[re.Match[str]]:
    each = (_LABELLED.fullmatch(text[start:end]) for start, end in sentence_spans(text))
    return [found for found in each if found is not None and CELLS not in found[0]]


def _lines(near: str, text: str) -> list[tuple[Part, Part]]:
    """The sentence with a label and numbers, such as "Durham: 20 days", beside each of its like in the text."""
    own = _LABELLED.fullmatch(near)
    if own is None:
        return []
    lines = [_line(other) for other in _labelled(text) if other[0] != near]
    return [pair for other in lines for pair in ((_line(own), other), (other, _line(own)))]


def _line(found: re.Match[str]) -> Part:
    return frozenset(question_terms(found[1])), _figures(in_digits(found[2]))


def _taken(said: frozenset[str], slot: frozenset[str], least: float) -> bool:
    return not said.isdisjoint(slot) and len(said & slot) >= min(TOLD, least * len(slot))


def _differ(one: Part, other: Part) -> bool:
    """Whether each has something in every slot that the other has not."""
    return all(mine - theirs and theirs - mine for mine, theirs in zip(one, other, strict=True))


def numbered_parts(text: str) -> list[str]:
    """A text's parts, each with numbers: cut between what is outside brackets, parts without a number joined."""
    found: list[str] = []
    for part in _cut(text):
        if found and not (_figures(found[-1]) and _figures(part)):
            found[-1] = f"{found[-1]}, {part}"
        else:
            found.append(part)
    return found


def _cut(text: str) -> Iterator[str]:
    text, start = _BETWEEN.sub(r"\1 \2 to ", text), 0
    for sign in _PART.finditer(text):
        before = text[: sign.start()]
        if sum(map(before.count, _OPEN)) <= sum(map(before.count, _CLOSED)):
            yield text[start : sign.start()]
            start = sign.end()
    yield text[start:]


def _telling(text: str) -> frozenset[str]:
    """The terms of a text without its numbers, their units, and days of the week."""
    return frozenset(question_terms(_FIGURE.sub(" ", without_weekdays(text)))) - UNIT_TERMS - IDLE_TERMS


def _figures(text: str) -> frozenset[str]:
    return numbers(text) | weekdays(text)


def _slot(text: str) -> frozenset[str]:
    told = in_digits(text)
    return _telling(told) | _figures(told)


def _rows(text: str, near: str) -> list[str]:
    """The other rows with the same columns."""
    lines = (text[start:end] for start, end in sentence_spans(text))
    columns = _columns(near)
    return [line for line in lines if CELLS in line and line != near and _columns(line) == columns]


def _columns(row: str) -> tuple[str, ...]:
    return tuple(cell.partition(": ")[0] if ": " in cell else "" for cell in row.split(CELLS))


def _values(row: str) -> Part:
    cells = (cell.partition(": ") for cell in row.split(CELLS))
    return tuple(_slot(value or name) for name, _, value in cells)


def _named(row: str) -> list[Part]:
    """The cells of a row but the first, which tells what all of it is about: what is in no other's name, and in no
    other's value."""
    cells = [cell.partition(": ") for cell in row.split(CELLS)[1:] if ": " in cell]
    names = _apart([frozenset(question_terms(name)) - IDLE_TERMS | _figures(name) for name, _, _ in cells])
    return list(zip(names, _apart([_slot(value) for _, _, value in cells]), strict=True))


def _apart(each: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    return [
        mine - frozenset().union(*(theirs for at, theirs in enumerate(each) if at != place))
        for place, mine in enumerate(each)
    ]
