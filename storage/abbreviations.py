"""Abbreviations that a text defines by its own words: "Paid Time Off (PTO)". Regular expressions; knows no index."""

from __future__ import annotations

import re

_IN_BRACKETS = re.compile(r"\(([A-Z][A-Za-z]?[A-Z]{0,6}s?)\)")  # Paid Time Off (PTO)
_BEFORE = re.compile(r"(?:\b[\w'’-]+[ \u00a0]){1,9}$")
_BEFORE_CHARACTERS = 200
_SHORT_LONG = re.compile(r"\b([A-Z]{2,8})\s?\(([^()]{4,80})\)")  # PTO (paid time off)
_SMALL = frozenset("and of the for to in on a an und der die das für von et de la le les des du y".split())


def definitions(text: str) -> dict[str, str]:
    """Abbreviations that a text defines, by its own words.

    >>> definitions("Staff have Paid Time Off (PTO). The SLA (service level agreement) holds.")
    {'PTO': 'Paid Time Off', 'SLA': 'service level agreement'}
    """
    found: dict[str, str] = {}
    after, before = _capitals_at_brackets(text)
    for match in _IN_BRACKETS.finditer(text) if after else ():
        short = match.group(1).removesuffix("s")
        words = _BEFORE.search(text, max(0, match.start() - _BEFORE_CHARACTERS), match.start())
        if words and (long := _spelt_out(short, words.group().split())):
            found.setdefault(short, long)
    for match in _SHORT_LONG.finditer(text) if before else ():
        if long := _spelt_out(match.group(1), match.group(2).split()):
            found.setdefault(match.group(1), long)
    return found


def _capitals_at_brackets(text: str) -> tuple[bool, bool]:
    """Whether a capital letter stands after an opening bracket, and before one. Most texts have neither."""
    after = before = False
    place = text.find("(")
    while place >= 0:
        after = after or text[place + 1 : place + 2].isupper()
        before = before or text[max(0, place - 2) : place].rstrip()[-1:].isupper()
        place = text.find("(", place + 1)
    return after, before


def _spelt_out(short: str, words: list[str]) -> str | None:
    """The last words whose initials are the abbreviation; small words may be passed over."""
    wanted = short.lower()
    for start in range(len(words) - 1, -1, -1):
        mine = words[start:]
        for initials in (mine, [word for word in mine if word.lower() not in _SMALL]):
            letters = [piece[0].lower() for word in initials for piece in word.split("-") if piece]
            if "".join(letters) == wanted and len(initials) > 1:
                return " ".join(mine)
    return None
