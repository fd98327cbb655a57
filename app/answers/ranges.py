"""Ranges that texts state ("1–3 years", "up to 500 EUR", "50 or more") and which of them hold an amount of a question.

"I have been here for two years" is answered by the row of "1–3 years", whose words say no more of the question than
those of the rows beside it. Regular expressions over numbers in one form (app/answers/amounts.py); knows no passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.answers.amounts import UNIT_TERMS, in_digits, unit_of
from storage.recollection import remembered
from storage.words import question_terms, terms

DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
WORDS_BEFORE = 2  # of a number may say what it counts: "levels above 6"
KINDS = ("time", "money", "length", "weight", "share")  # of units whose amounts can be compared

_AMOUNT = re.compile(
    r"(?:(?<!\w)(?P<before>EUR|USD|GBP|CHF|CNY|[€$£¥]) ?)?(?<![\w./:,])(?<![A-Za-z]-)(?P<number>\d+(?:\.\d+)?)"
    r"(?P<plus>\+)?(?![\d.,]*[/:]\d)(?:[ -]?(?P<after>[€$£¥%]|[^\W\d_]+))?",
    re.IGNORECASE,
)
_TO = re.compile(r" ?(?:[–—-]|\b(?:to|through|bis)\b) ?", re.IGNORECASE)
_AND = re.compile(r" ?(?:and|und) ?", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|zwischen) ?$", re.IGNORECASE)
_BOUNDS = tuple(  # what stands before the number; whether it is the upper end, and whether the number belongs to it
    (re.compile(rf"(?:{words}) ?$", re.IGNORECASE), upper, belongs)
    for words, upper, belongs in (
        (r"\b(?:up to|at most|(?:no|not) (?:more|longer) than|maximum of|max\.?|bis(?: zu)?|höchstens)|≤|<=", 1, 1),
        (r"\b(?:under|below|(?:less|fewer|shorter|younger) than|unter|weniger als)|<", 1, 0),
        (r"\b(?:over|above|(?:more|longer|older) than|exceeding|über|mehr als)|>", 0, 0),
        (r"\b(?:at least|from|starting (?:at|from|with)|minimum of|min\.?|ab|mindestens)|≥|>=", 0, 1),
    )
)
_MORE = re.compile(
    r",? (?:or|and|oder|und) (?:more|above|over|longer|older|up(?! to)|mehr|länger|darüber)\b", re.IGNORECASE
)
_LESS = re.compile(r",? (?:or|and|oder|und) (?:less|fewer|below|under|younger|weniger|darunter)\b", re.IGNORECASE)
_ONE = re.compile(r"\b(?:one|eine?[mnr]?) (?=(?:minute|hour|day|week|month|year|stunde|tag|woche|monat|jahr)\b)", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORD = re.compile(r"[^\W\d_]+|[€$£¥%]")


@dataclass(frozen=True, kw_only=True)
class Range:
    """From where to where; an amount is a range of one number."""

    low: float  # an end that does not belong to it is the next number
    high: float
    unit: str = ""  # "year", "eur"; "": none that is known
    things: frozenset[str] = frozenset()  # terms of what is counted or measured, as far as they stand with the number

    def holds(self, other: Range) -> bool:
        """Whether all of the other lies in it, a time in whatever unit."""
        size = DAYS.get(self.unit, 1.0) if self.unit and other.unit else 1.0
        its = DAYS.get(other.unit, 1.0) if self.unit and other.unit else 1.0
        return self.low * size <= other.low * its and other.high * its <= self.high * size


def cases(question: str, own: frozenset[str], texts: Sequence[str]) -> list[bool | None]:
    """Of texts beside each other whether each is for the case that a question names: its range holds the amounts.

    None for what states no range of the kind, and for all where none holds them. `own`: the question's terms.

    >>> cases("May I carry 12 kg?", frozenset(), ["up to 8 kg: yes", "8 to 20 kg: against a fee", "Bags are marked."])
    [False, True, None]
    """
    told: list[bool | None] = [None] * len(texts)
    holding: list[list[Range]] = [[] for _ in texts]
    for amount in amounts(question):
        for at, text in enumerate(texts):
            meant = [item for item in ranges(text) if _comparable(amount, item, own)]
            around = [item for item in meant if item.holds(amount)]
            holding[at] += around
            if meant:
                told[at] = bool(around) and told[at] is not False
    right = [at for at, value in enumerate(told) if value]
    # "5 years or more" is meant, not "2 years or more", where both hold six
    about = {at: frozenset(terms(texts[at])) & own - UNIT_TERMS for at in right}
    for at in right:
        if any(_narrower(holding[other], holding[at]) for other in right if about[other] == about[at]):
            told[at] = False
    return told if any(told) else [None] * len(texts)


def _narrower(ones: Sequence[Range], others: Sequence[Range]) -> bool:
    return any(other.holds(one) and not one.holds(other) for one in ones for other in others)


def _comparable(amount: Range, item: Range, own: frozenset[str]) -> bool:
    if amount.unit and item.unit:
        return amount.unit == item.unit or (amount.unit in DAYS and item.unit in DAYS)
    return not item.things.isdisjoint(amount.things | own if amount.unit else amount.things)


def amounts(question: str) -> list[Range]:
    """The amounts that a question names: each a number, "over 500" a little more than it. No years, and no ranges.

    >>> [amount.low for amount in amounts("Who approves orders of 700 EUR in 2026?")]
    [700.0]
    """
    found = []
    for item in _stated(_ONE.sub("1 ", question)):
        ends = [end for end in (item.low, item.high) if math.isfinite(end)]
        year = not item.unit and _YEAR.fullmatch(f"{ends[0]:g}")
        if not year and (len(ends) == 1 or item.low == item.high):
            found.append(replace(item, low=ends[0], high=ends[0]))
    return found


def amount_terms(question: str) -> frozenset[str]:
    """The terms with which a question names its amounts: a range that holds them says so in others."""
    found = amounts(question)
    numbers = (term for term in terms(question) if term.isdigit() and not _YEAR.fullmatch(term))
    return frozenset(numbers).union(*(item.things & UNIT_TERMS for item in found)) if found else frozenset()


@remembered(4096)
def ranges(text: str) -> tuple[Range, ...]:
    """The ranges that a sentence or row states, those of a column in its unit; a number by itself is none.

    >>> [(found.low, found.high, found.unit) for found in ranges("Years: 1 - 3 | Leave: 25 days")]
    [(1.0, 3.0, 'year')]
    """
    found = []
    for cell in text.split(" | "):
        name, colon, value = cell.partition(": ") if " | " in text else ("", "", cell)
        unit = next((unit for word in _WORD.findall(name) if (unit := _unit(word))), "") if colon else ""
        for item in _joined(value if colon else cell):
            if item.low < item.high:
                things = item.things | frozenset(question_terms(name))
                found.append(replace(item, unit=item.unit or unit, things=things))
    return tuple(found)


def _joined(text: str) -> Iterator[Range]:
    """The ranges of a text, "more than 2, up to 5 years" as one."""
    before: Range | None = None
    for item in _stated(text):
        if before is not None and before.high == math.inf and item.low == -math.inf and before.low < item.high:
            before = replace(item, low=before.low, things=item.things | before.things)
            continue
        if before is not None:
            yield before
        before = item
    if before is not None:
        yield before


def _stated(text: str) -> Iterator[Range]:
    """The ranges of a text in its order, each number that belongs to none as one by itself."""
    plain = in_digits(" ".join(text.split()))
    found = list(_AMOUNT.finditer(plain))
    ends = {one.end(): other for one, other in pairwise(found) if _reach(plain, one, other)}
    taken = {other.start() for other in ends.values()}
    for one in found:
        if one.start() in taken:
            continue
        other = ends.get(one.end())
        words = [item[side] for item in (one, other) if item for side in ("before", "after") if item[side]]
        unit = next((unit for word in words if (unit := _unit(word))), "")
        beside = [*_WORD.findall(plain[: one.start()])[-WORDS_BEFORE:], *words]
        low, high = _ends(plain, one, other)
        if low <= high:
            yield Range(low=low, high=high, unit=unit, things=frozenset(question_terms(" ".join(beside))))


def _reach(plain: str, one: re.Match[str], other: re.Match[str]) -> bool:
    """Whether two numbers are the ends of a range. What follows the first may be no unit but the word between them."""
    between = plain[one.end("number") : other.start()]
    if one["after"] and _unit(one["after"]):
        between = plain[one.end() : other.start()]
    joins = _TO.fullmatch(between) or (_AND.fullmatch(between) and _BETWEEN.search(plain[: one.start()]))
    return bool(joins) and float(one["number"]) < float(other["number"])


def _ends(plain: str, one: re.Match[str], other: re.Match[str] | None) -> tuple[float, float]:
    number = float(one["number"])
    if other is not None:
        return number, float(other["number"])
    after = plain[one.end() if one["after"] and _unit(one["after"]) else one.end("number") :]
    if one["plus"] or _MORE.match(after) or _MORE.match(plain[one.end() :]):
        return number, math.inf
    if _LESS.match(after) or _LESS.match(plain[one.end() :]):
        return -math.inf, number
    before = plain[: one.start()]
    for words, upper, belongs in _BOUNDS:
        if words.search(before):
            end = number if belongs else math.nextafter(number, -math.inf if upper else math.inf)
            return (-math.inf, end) if upper else (end, math.inf)
    return number, number


def _unit(word: str) -> str:
    """A unit in one form, "" for another word."""
    form, kind = unit_of(word) or ("", "")
    return form if kind in KINDS else ""
