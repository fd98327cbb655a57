"""Numbers, units, dates and times of a text in one form, however they are written: "9 am" and "09:00", "thirty" and 30.

Regular expressions and tables of words in the languages that answers have most; knows no document and no question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from app.answers.times import NAMES
from storage.recollection import remembered
from storage.words import is_unspaced, terms

REMEMBERED = 4096  # texts: an answer's check asks for the same sentences and spans many times

_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)|\d+(?:[.,:/’']\d+)*")
_THOUSANDS = re.compile(r"[,.’' ](?=\d{3}(?!\d))")
_SHORT_SCALE = re.compile(r"((?:EUR|USD|GBP|CHF|CNY|[€$£¥]) ?\d[\d.,]*) ?(k|mn?|bn)\b")
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion"}
_MONTHS = "January February March April May June July August September October November December".split()
_ISO_DAY = re.compile(r"\b((?:19|20)\d\d)-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])\b")
_DOTTED_DAY = re.compile(r"\b(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)\b")
_SLASHED_DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)\b")
_CHINESE_DAY = re.compile(r"(?:((?:19|20)\d\d) ?年 ?)?(?<!\d)(1[0-2]|0?[1-9]) ?月 ?(0?[1-9]|[12]\d|3[01]) ?[日号]")
_CLOCK = re.compile(
    r"\b(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d))? ?(?:(?P<half>[ap])\.?m\b\.?|Uhr\b|o['’]clock\b|h\b)"
    r"|\b(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)(?!\d)",
    re.IGNORECASE,
)

_TEENS_EN = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_SMALL = {
    "en": f"zero one two three four five six seven eight nine ten eleven twelve {_TEENS_EN}",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf "
    "dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante",
}
_ORDINALS = {
    word: value
    for words in (
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
        "zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte",
        "zweiten dritten vierten fünften sechsten siebten achten neunten zehnten elften zwölften",
        "deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième douzième",
    )
    for word, value in zip(words.split(), count(2), strict=False)
}
_NOT_ALONE = frozenset({"one", "un"})  # a pronoun, an article


def _number_words() -> Iterator[tuple[str, int]]:
    for words in _SMALL.values():
        yield from zip(words.split(), count(), strict=False)
    for language, words in _TENS.items():
        units = _SMALL[language].split()[1:10]
        for ten, word in zip(range(20, 100, 10), words.split(), strict=False):
            yield word, ten
            for unit, name in enumerate(units, 1):
                joined = "ein" if name == "eins" else name
                yield f"{joined}und{word}" if language == "de" else f"{word}-{name}", ten + unit
    yield from (("dreissig", 30), ("einhundert", 100), ("hundert", 100), ("cent", 100))


_WORDS = {word: value for word, value in _number_words() if word not in _NOT_ALONE} | _ORDINALS
_SPELLED = re.compile(r"(?<!\d )\b[^\W\d_]+(?:-[^\W\d_]+)?")
_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)
_HUNDREDS = re.compile(r"\b(?:(?P<times>a|one|\d) )hundred(?: and (?P<rest>\d{1,2})\b)?", re.IGNORECASE)
_TIMES = {"twice": "times", "zweimal": "mal"}
_TWICE = re.compile(rf"\b(?:{'|'.join(_TIMES)})\b", re.IGNORECASE)
_CHINESE_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_CHINESE_PLACES = {"十": 10, "百": 100, "千": 1000}
_CHINESE_NUMBER = re.compile(r"第一|(?<![期拜周])(?!十分|百姓|千万)[〇零一二两三四五六七八九十百千]+(?=[一-鿿])")

_UNITS: dict[str, tuple[str, str]] = {  # word: (its one form, the kind of thing it measures)
    word: (words.split()[0], kind)
    for kind, lines in {
        "share": ("percent % per-cent prozent pct pourcent porcento",),
        "money": (
            "eur € euro euros 欧元",
            "usd $ dollar dollars 美元",
            "gbp £ pound pounds 英镑",
            "cny ¥ yuan rmb 元 人民币",
        ),
        "time": [" ".join(words) for words in NAMES.values()],
        "length": (
            "kilometre km kilometres kilometer kilometers",
            "metre m metres meter meters",
            "mile miles",
        ),
        "weight": ("kilogram kg kilograms",),
        "scale": (
            "thousand tausend",
            "million millions mio millionen",
            "billion billions bn milliarden milliarde",
        ),
        "month": (
            "january jan januar janvier",
            "february feb februar février",
            "march mar märz mars",
            "april apr avril",
            "may mai",
            "june jun juni juin",
            "july jul juli juillet",
            "august aug août",
            "september sep sept septembre",
            "october oct oktober octobre",
            "november nov novembre",
            "december dec dezember décembre",
            "月",  # without a day: 9月
        ),
    }.items()
    for words in lines
    for word in words.split()
}
_RATES = {
    word: f"a {form}" for word, (form, kind) in _UNITS.items() if kind == "time"
}  # word: what a sum is for each of
_KIND_OF = dict(_UNITS.values()) | dict.fromkeys(_RATES.values(), "rate")
UNIT_TERMS = frozenset(term for word in _UNITS for term in terms(word))
_SCALE = "|".join(word for word, (_, kind) in _UNITS.items() if kind == "scale")
_SIGNS = "|".join(sorted((word for word in _UNITS if is_unspaced(word)), key=len, reverse=True))
_MEASURED = re.compile(
    r"(?P<before>[€$£¥]|\b[A-Za-z]{3,9}\.?)? ?(?P<number>\d+(?:[.,:/]\d+)*)(?:st|nd|rd|th|\.)?(?: |-)?"
    rf"(?:(?P<scale>(?:{_SCALE})\b)\.? ?)?"
    r"(?:(?:business|working|calendar|full|consecutive|additional|more|further|volle|weitere) )?"
    rf"(?P<after>[€$£¥%]|(?!(?:per|an?|each|every|pro|je|par)\b)[A-Za-zäöüéû]+|{_SIGNS})?"
    rf"(?:(?: ?/ ?| ?\b(?:per|an?|each|every|pro|je|im|par) )(?P<rate>{'|'.join(_RATES)})\b)?",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day(?=s?\b)|\b(?:noon|midnight|mittags?|mitternachts?)\b|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b"
    r"|(?:星期|礼拜|周)(?:[一二三四五六日]|天(?!内))",
    re.IGNORECASE,
)
_ONE_FORM = re.compile("礼拜|周")


@remembered(REMEMBERED)
def in_digits(text: str) -> str:
    """The text with its numbers, days and times written in one way.

    >>> in_digits("Thirty-one days before 9 am, from the fourth day on, until 2026-03-31")
    '31 days before 9, from the 4 day on, until 31 March 2026'
    """
    text = _SPELLED.sub(_in_figures, _PER_CENT.sub("percent", text))  # "cent" is a hundred in French
    if _DIGIT.search(text):
        text = _ISO_DAY.sub(lambda day: _day(day[3], day[2], day[1]), text)
        text = _DOTTED_DAY.sub(lambda day: _day(*day.groups()), text)
        text = _SLASHED_DAY.sub(_slashed, text)
        text = _CHINESE_DAY.sub(_chinese_day, text)
        text = _CLOCK.sub(_time, text)
        text = _SHORT_SCALE.sub(lambda sum_: f"{sum_[1]} {_SCALES[sum_[2]]}", text)
    text = _TWICE.sub(lambda word: f"2 {_TIMES[word[0].casefold()]}", text)
    text = _HUNDREDS.sub(_hundreds, text)
    text = _CHINESE_NUMBER.sub(_chinese, text)
    return _NUMBER.sub(lambda number: _plain(number[0]), text)


def numbers(text: str) -> frozenset[str]:
    """Every number of a text, in digits."""
    return frozenset(_NUMBER.findall(in_digits(text)))


def measures(text: str) -> dict[str, frozenset[str]]:
    """The units, currencies and months that stand beside each number, in one form each, and for how long it is."""
    found: dict[str, set[str]] = {}
    for match in _MEASURED.finditer(in_digits(text)):
        units = [_UNITS.get((match[side] or "").casefold().rstrip(".")) for side in ("before", "scale", "after")]
        own = found.setdefault(match["number"], set())
        own.update(unit[0] for unit in units if unit)
        own.update(_RATES[word.casefold()] for word in [match["rate"]] if word)
    return {number: frozenset(units) for number, units in found.items()}


def other_units(claimed: frozenset[str], said: frozenset[str]) -> bool:
    """Whether units of the same kind differ, or none is of the same kind: "days" and "weeks", "EUR" and "million".

    Of a sum of money the scale counts too: EUR 15 are not EUR 15 million.
    """
    if not claimed or not said:
        return False
    kinds = {_KIND_OF[unit] for unit in claimed} & {_KIND_OF[unit] for unit in said}
    if any(not {unit for unit in claimed & said if _KIND_OF[unit] == kind} for kind in kinds):
        return True
    if not kinds:  # who does not say for how long says nothing else
        return all({_KIND_OF[unit] for unit in units} - {"rate"} for units in (claimed, said))
    return "money" in kinds and _scaled(claimed) != _scaled(said)


def unit_of(word: str) -> tuple[str, str] | None:
    """A unit in its one form and the kind of thing that it measures; None for another word.

    >>> unit_of("Euros")
    ('eur', 'money')
    """
    return _UNITS.get(word.casefold())


def weekdays(text: str) -> frozenset[str]:
    """Days of the week, noon and midnight."""
    return frozenset(_ONE_FORM.sub("星期", day.casefold()).replace("天", "日") for day in _WEEKDAY.findall(text))


def without_weekdays(text: str) -> str:
    """The text without its days of the week."""
    return _WEEKDAY.sub(" ", text)


def words_of(units: frozenset[str]) -> frozenset[str]:
    """Every word, as a term, for these units."""
    return frozenset(term for word, (form, _) in _UNITS.items() if form in units for term in terms(word))


def _in_figures(found: re.Match[str]) -> str:
    """A number in words, also the first word of "ten-minute"."""
    word = found[0].casefold()
    first, hyphen, rest = word.partition("-")
    if word in _WORDS or first not in _WORDS:
        return str(_WORDS.get(word, found[0]))
    return f"{_WORDS[first]}{hyphen}{rest}"


def _scaled(units: frozenset[str]) -> bool:
    return any(_KIND_OF[unit] == "scale" for unit in units)


def _day(day: str, month: str, year: str) -> str:
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}"


def _chinese_day(found: re.Match[str]) -> str:
    return f" {int(found[3])} {_MONTHS[int(found[2]) - 1]} {found[1] or ''} "


def _slashed(found: re.Match[str]) -> str:
    """A day as Europe or America write it, where only one of them can be meant."""
    first, second = int(found[1]), int(found[2])
    if 12 < first <= 31 and 0 < second <= 12:
        return _day(found[1], found[2], found[3])
    if 12 < second <= 31 and 0 < first <= 12:
        return _day(found[2], found[1], found[3])
    return f"{first} {second} {found[3]}"


def _time(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"] or found["hours"]), int(found["minute"] or found["minutes"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].casefold() == "p" else 0)
    return f"{hour}:{minute:02}" if minute else str(hour)


def _hundreds(found: re.Match[str]) -> str:
    times = int(found["times"]) if found["times"].isdigit() else 1
    return str(100 * times + int(found["rest"] or 0))


def _chinese(found: re.Match[str]) -> str:
    """十五 as 15. What is only 一 stays, but for 第一: it mostly says "a"."""
    if found[0] in {"一", "第一"}:
        return found[0].replace("第一", "第1")
    if not any(digit in _CHINESE_PLACES for digit in found[0]):
        return "".join(str(_CHINESE_DIGITS[digit]) for digit in found[0])
    total, digit = 0, 0
    for character in found[0]:
        if character in _CHINESE_PLACES:
            total, digit = total + (digit or 1) * _CHINESE_PLACES[character], 0
        else:
            digit = _CHINESE_DIGITS[character]
    return str(total + digit)


def _plain(number: str) -> str:
    """Digits without separators of thousands and with a point before decimals: 2,500 and 2.500 as 2500, 0,50 as 0.5."""
    if ":" in number or "/" in number or re.fullmatch(r"0[.,]\d{3}", number):
        return number.replace(",", ".")
    plain = _THOUSANDS.sub("", number).replace(",", ".")
    if plain.count(".") == 1:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0" if plain.isdigit() else plain
