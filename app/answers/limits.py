"""Whether a sentence gives a number another limit, period or time than the span that it is closest to.

"After 10:00" for "before 10:00", a number with another's year, monthly for yearly, a time counted from something else.
Deterministic, by tables of words; knows no passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.answers.amounts import numbers
from app.answers.crossed import IDLE_TERMS
from app.answers.times import how_often, spoken_of, unit_of_time
from storage.words import question_terms, terms

# what is said before a number, or after it: that is the least, or the most
_MOST = (
    "at most|maximum|up to|(?:no|not) (?:more|longer|later|higher) than|(?:less|fewer|lower|shorter|earlier) than|"
    "under|below|before|until|till|within|(?:not|never) exceed|höchstens|maximal|bis|unter|weniger als|vor|innerhalb|"
    "binnen|moins de|au plus|avant"
)
_LEAST = (
    "at least|minimum|(?:no|not) (?:less|fewer|earlier|lower) than|(?:more|longer|later|higher|greater) than|over|"
    "above|after|beyond|exceed\\w*|from|starting|mindestens|über|mehr als|nach|ab|plus de|au moins|après|à partir de"
)
_FILL = rf"(?:(?!(?:{_MOST}|{_LEAST})\b)[^\W\d]+ |[€$£¥] ?){{0,2}}"  # "carried over until 31 March" is no least
_LIMITS = re.compile(
    rf"(?:(?P<most>\b(?:{_MOST})\b ?{_FILL}|不超过|不得超过|最多|至多|少于|低于)"
    rf"|(?P<least>\b(?:{_LEAST})\b ?{_FILL}|超过|至少|不少于|不低于|高于))(?P<number>\d[\d.:]*)",
    re.IGNORECASE,
)
_LIMITS_AFTER = re.compile(
    r"(?P<number>\d[\d.:]*) ?[^\W\d]{0,12} ?"
    r"(?:(?P<least>or (?:more|longer|later|above|over)|and (?:more|above|over)|以上|之后)"
    r"|(?P<most>or (?:less|fewer|below|under|earlier)|and (?:less|below|under)|以下|以内|之前))",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"(?P<number>\d[\d.:]*)(?: ?[^\W\d]+| ?%)?,? (?:in|of|for|im|für|en|au|aux) (?:the )?"
    r"(?P<beside>(?:19|20)\d\d|[A-ZÄÖÜ][\w-]+)"
)
_BOUND = re.compile(
    r"\b(by|from|to|until|since|before|after|bis|ab|seit|vor|nach|von) (?:EUR |USD |GBP |[€$£] ?)?(\d[\d.:]*)", re.I
)
_OF_SPAN = re.compile(
    r"\b(?:(?P<within>in|during|within|während|innerhalb)|(?P<after>after|nach)|(?P<before>before|vor)) "
    r"(?:the|den|der|dem|de[sn]) (?P<end>first|last|ersten|letzten) (?P<number>\d+)",
    re.I,
)
_ONE = re.compile(
    r"\b(?:one|1|a single|ein(?:e[nmrs]?)?|une?) (?:(?:full|working|calendar) )?(?P<word>[^\W\d_]{3,})"
    r"|(?<![每同另任某])一个?(?P<sign>工作日|小时|星期|[月年周天次人])"
)
_OF_ONE = re.compile(
    r"\b(?:a|an|one|1|each|every|per|ein(?:e[nmrs]?)?|une?) (?:(?:full|working|calendar) )?([^\W\d_]{3,})"
    r"|(?:一个?|每个?)(工作日|小时|星期|[月年周天次人])",
    re.I,
)
_OF_MANY = re.compile(
    r"(?<![\d.])(?!1(?!\d))\d[\d.]* (?:(?:full|working|calendar) )?([^\W\d_]{3,})"
    r"|(?!1[^\d])\d+个?(工作日|小时|星期|[月年周天次人])"
)
_COUNTED_FROM = re.compile(
    r"(?P<number>\d[\d.]*)\)? (?:(?:full|working|calendar|business) )?(?P<unit>[^\W\d_]+) "
    r"(?:from|after|before|since|prior to|following|of|ab|nach|vor|seit) (?P<start>"
    r"(?:(?!(?:to|unless|for|if|when|and|or|but|zu|und|oder)\b)[\w’'-]+(?: |(?=\W|$))){1,8})",
    re.I,
)
_POINT = frozenset(terms("date day time point moment tag datum zeit zeitpunkt"))
_RATE = re.compile(r"\d(?: [\w-]+)? (?:per|each|every|an?|pro|je) (?P<unit>[^\W\d_]+)", re.I)


def limited_otherwise(claim: str, near: str, span: str) -> bool:
    """Whether the claim gives a limit, period or time otherwise than `span` does, or `near`, the sentence of it that is
    closest to the claim. All three with their numbers in digits."""
    return (
        other_limit(claim, near)
        or other_limit(claim, span)
        or other_period(claim, near)
        or _beside_other(claim, span)
        or _other_bound(claim, span)
        or _other_side(claim, span)
        or _one_of_many(claim, near)
        or _other_start(claim, near)
        or _other_time(claim, near, span)
    )


def other_limit(claim: str, span: str) -> bool:
    """Whether a number is the least here and the most there."""
    told = list(_limits(span))
    for number, least in _limits(claim):
        directions = {other for same, other in told if same == number}
        if directions and least not in directions:
            return True
    return False


def _limits(text: str) -> Iterator[tuple[str, bool]]:
    for pattern in (_LIMITS, _LIMITS_AFTER):
        for found in pattern.finditer(text):
            yield found["number"].rstrip(".:"), found["least"] is not None


def other_period(claim: str, near: str) -> bool:
    """Whether both say how often, and never as often: monthly and on an annual basis."""
    said, told = how_often(claim), how_often(near)
    return bool(said and told) and said.isdisjoint(told)


def _beside_other(claim: str, span: str) -> bool:
    """Whether a number stands with a year or place that stands with another number in the span."""
    told = [(found["number"], found["beside"]) for found in _BESIDE.finditer(span)]
    for found in _BESIDE.finditer(claim):
        number, beside = found["number"], found["beside"]
        own = {other for same, other in told if same == number}
        if own and beside not in own and any(other == beside for _, other in told):
            return True
    return False


def _other_bound(claim: str, span: str) -> bool:
    """Whether "by 2023" stands where the span has "by 2028", and 2023 somewhere else."""
    told = [(found[1].casefold(), found[2].rstrip(".:")) for found in _BOUND.finditer(span)]
    figures = numbers(claim)
    for found in _BOUND.finditer(claim):
        word, number = found[1].casefold(), found[2].rstrip(".:")
        own = [other for same, other in told if same == word]
        elsewhere = number in numbers(span) and figures.intersection(own)
        if own and number not in own and (elsewhere or any(other == number for _, other in told)):
            return True
    return False


def _other_side(claim: str, span: str) -> bool:
    """Whether "in the first 6 months" stands for "after the first 6 months"."""
    told = {(found["end"].casefold(), found["number"]): _side(found) for found in _OF_SPAN.finditer(span)}
    return any(
        told.get((found["end"].casefold(), found["number"]), _side(found)) != _side(found)
        for found in _OF_SPAN.finditer(claim)
    )


def _side(found: re.Match[str]) -> str:
    return next(side for side in ("within", "after", "before") if found[side])


def _one_of_many(claim: str, span: str) -> bool:
    """Whether the claim says one of what the span says two or more of, and never one."""
    asked = {word for found in _ONE.finditer(claim) for word in terms(found["word"] or found["sign"])}
    if not asked:
        return False
    many = {word for found in _OF_MANY.finditer(span) for word in terms(found[1] or found[2])}
    single = {word for found in _OF_ONE.finditer(span) for word in terms(found[1] or found[2])}
    return bool(asked & many - single)


def _other_start(claim: str, near: str) -> bool:
    """Whether a time is counted from something else: "10 days after the order" for "10 days after the delivery"."""
    told = [_counted(found) for found in _COUNTED_FROM.finditer(near)]
    for found in _COUNTED_FROM.finditer(claim):
        number, unit, said = _counted(found)
        starts = [start for *same, start in told if same == [number, unit]]
        if unit and said and starts and all(start and said.isdisjoint(start) for start in starts):
            return True
    return False


def _counted(found: re.Match[str]) -> tuple[str, str | None, frozenset[str]]:
    return found["number"], unit_of_time(found["unit"]), frozenset(question_terms(found["start"])) - _POINT - IDLE_TERMS


def _other_time(claim: str, near: str, span: str) -> bool:
    """Whether the claim speaks of a year where the sentence speaks of a month, or gives a rate for a day and no day is
    spoken of."""
    said = spoken_of(claim)
    new = said - spoken_of(span)
    rates = {unit_of_time(found["unit"]) for found in _RATE.finditer(claim)}
    return bool(new and spoken_of(near) - said) or not new.isdisjoint(rates)
