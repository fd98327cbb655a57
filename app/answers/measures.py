"""In what a thing is measured that a question asks the size of: weight in kilograms, a price in euros, a time in days.

A table of what asks for a measure and what gives it. Words only; knows no passage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.answers.signs import NUMBER_WORDS

NUMBER = rf"(?:\d[\d.,]*|\b(?:{NUMBER_WORDS})\b)"
NO_MEASURE = 0.1  # is left to a number that is surely of another measure
OTHER_NUMBER = 0.3  # to one that may count something else
_MONEY = r"(?:[€$£¥]|\b(?:eur|usd|cny|gbp|chf)\b):?\s?\d"
_SO_MUCH = rf"{NUMBER}(?: (?:million|billion|trillion|thousand|hundred))?\s?"
# "32 hours a week" is no time that something lasts
_LASTS = (
    rf"{NUMBER}[- ](?:\w+ )?(?:(?:hours?|minutes?)(?! (?:an?|per|each|every) \w)|seconds?|days?|weeks?|months?|years?|"
    r"decades?|centur\w+|semesters?|stunden?|minuten?|sekunden?|tagen?|wochen?|monaten?|jahren?)\b"
)
_REACHES = (
    rf"{NUMBER}[- ](?:\w+ )?(?:characters?|letters|digits|words|pages|zeichen|seiten|"
    r"(?:kilo|centi|milli)?met(?:re|er)s?|[kcm]?m|miles?|feet|foot|inch(?:es)?)\b"
)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A kind of size."""

    asks: re.Pattern[str]  # in a question
    gives: re.Pattern[str]  # in a sentence or row
    otherwise: float  # how well another number does
    bare: bool = True  # a number by itself in a cell may be one, whose unit stands above the table


def _measure(asks: str, gives: str, otherwise: float, *, bare: bool = True) -> Measure:
    return Measure(
        asks=re.compile(asks, re.IGNORECASE), gives=re.compile(gives, re.IGNORECASE), otherwise=otherwise, bare=bare
    )


_MEASURES = (
    _measure(
        r"\bhow (?:long|soon|quickly)\b|\bwhat(?:['’]s| is| was) (?:\w+ ){0,3}(?:duration|period)\b|"
        r"\b(?:with)?in (?:what|which) time\b|\bwie lange\b",
        rf"{_LASTS}|{_REACHES}|\b(?:1\d|20)\d\d\b",
        NO_MEASURE,
    ),
    _measure(
        r"\bhow (?:far|long) (?:ahead|before|in advance)\b|\bhow (?:much|many \w+) (?:ahead|in advance|notice)\b",
        _LASTS,
        NO_MEASURE,
    ),
    _measure(
        r"\bhow heavy\b|\bhow much (?:do|does|did) (?:[\w-]+ ){1,6}weigh\b|\bweight\b|\bwie schwer\b",
        rf"{_SO_MUCH}(?:kg|g|lbs?|t|pounds?|tons?|tonnes?|kilos?|(?:kilo|milli)?grams?|ounces?)\b|"
        r"\b(?:weights?|gewicht)\b[^|:]*: ?\d",
        NO_MEASURE,
        bare=False,
    ),
    _measure(
        r"\b(?:what|how much) (?:do|does|did|will|would) (?:[\w-]+ ){1,6}costs?\b|\b(?:was|wie ?viel) kostet\b|"
        r"\b(?:what|which)(?:['’]s| is| are| was| were)? (?:\w+ ){0,3}"
        r"(?:price|cost|fee|budget|allowance|stipend|salary|premium)s?\b",
        rf"{_MONEY}|{_SO_MUCH}(?:[€$£¥]|(?:eur|usd|cny|gbp|chf|euros?|dollars?|pounds?|yuan)\b)",
        NO_MEASURE,
    ),
    _measure(
        r"\bhow much\b|\bwie ?viel\b",
        rf"{_MONEY}|{_SO_MUCH}(?:[%€$£¥]|percent|per cent|prozent|euros?|dollars?|pounds?|yuan|tons?|tonnes?|acres|"
        r"hours|days|weeks|months|times|kg|lit(?:re|er)s?)",
        OTHER_NUMBER,
    ),
    _measure(
        r"\bhow (?:hot|cold|warm)\b|\btemperature\b|\bwie (?:heiß|kalt|warm)\b",
        r"\d ?(?:°|degrees?\b|grad\b|celsius\b|fahrenheit\b)|\btemperature\b[^|:]*: ?-?\d",
        OTHER_NUMBER,
    ),
)


def measure_of(question: str) -> Measure | None:
    """What a question asks the size of a thing in; None where any number will do.

    >>> measure_of("How heavy is the pump?").gives.search("It weighs 12 kg.") is not None
    True
    """
    return next((measure for measure in _MEASURES if measure.asks.search(question)), None)
