"""Units of time by their words, and how often something is: day, week, jour; daily, every week.

One table, in the languages that answers have most. Knows no sentence.
"""

from __future__ import annotations

import re

from storage.words import is_unspaced

NAMES: dict[str, tuple[str, ...]] = {  # unit: the words for it
    words.split()[0]: tuple(words.split())
    for words in (
        "second seconds sekunde sekunden seconde secondes 秒",
        "minute minutes min minuten 分钟",
        "hour hours hr hrs stunde stunden heure heures 小时",
        "day days tag tage tagen jour jours 天",
        "night nights nacht nächte nächten nuit nuits",
        "week weeks woche wochen semaine semaines 周 星期",
        "month months monat monate monaten mois 个月",
        "quarter quarters quartal quartale quartalen trimestre trimestres 季度",
        "year years jahr jahre jahren an ans année années 年",
        "decade decades jahrzehnt jahrzehnte jahrzehnten",
        "century centuries jahrhundert jahrhunderte jahrhunderten",
    )
}
OFTEN: dict[str, tuple[str, ...]] = {  # unit: the words for once in each
    unit: tuple(words.split())
    for unit, words in (
        ("hour", "hourly stündlich"),
        ("day", "daily täglich quotidien quotidienne quotidiennement"),
        ("night", "nightly"),
        ("week", "weekly wöchentlich hebdomadaire"),
        ("month", "monthly monatlich mensuel mensuelle mensuellement"),
        ("quarter", "quarterly vierteljährlich trimestriel trimestrielle trimestriellement"),
        ("year", "annually annual yearly jährlich annuel annuelle annuellement"),
    )
}
_BESIDES = {  # what else speaks of a unit, as patterns
    "day": ("diem",),
    "week": (r"\w+weekly", r"fortnight\w*"),
    "month": (r"\w+monthly",),
    "year": ("annum", r"anniversar\w+", "jahres"),
}
_EACH_SIGN = {"day": "天日", "week": "周", "month": "月", "quarter": "季", "year": "年"}  # behind 每
_AMBIGUOUS = frozenset(["an", "hr", "min", "second"])  # mean something else where no number stands before them
WORDS: dict[str, tuple[str, ...]] = {  # unit: the words for it that mean it wherever they stand, of spaced scripts
    unit: tuple(word for word in words if word not in _AMBIGUOUS and not is_unspaced(word))
    for unit, words in NAMES.items()
}
_SPOKEN = {
    unit: re.compile(rf"\b(?:{'|'.join([*words, *OFTEN.get(unit, ()), *_BESIDES.get(unit, ())])})\b", re.IGNORECASE)
    for unit, words in WORDS.items()
}
_HOW_OFTEN = {
    unit: re.compile(
        rf"\b(?:(?:every|each|per|jede[nrs]?|pro|je|chaque|par) (?:working )?(?:{'|'.join(WORDS[unit])})"
        rf"|{'|'.join(words)})\b|每(?:{'|'.join([*_EACH_SIGN.get(unit, ''), *NAMES[unit]])})",
        re.IGNORECASE,
    )
    for unit, words in OFTEN.items()
}


def spoken_of(text: str) -> frozenset[str]:
    """The units of time that a text speaks of.

    >>> sorted(spoken_of("Ten days a year, paid monthly"))
    ['day', 'month', 'year']
    """
    return frozenset(unit for unit, words in _SPOKEN.items() if words.search(text))


def how_often(text: str) -> frozenset[str]:
    """The units of time in each of which something is, as a text says.

    >>> how_often("The alarm is tested every week for an hour.")
    frozenset({'week'})
    """
    return frozenset(unit for unit, words in _HOW_OFTEN.items() if words.search(text))


def unit_of_time(word: str) -> str | None:
    """The unit that a word speaks of.

    >>> unit_of_time("annum")
    'year'
    """
    return next((unit for unit, words in _SPOKEN.items() if words.fullmatch(word)), None)
