"""What every element's text goes through. Knows Unicode; knows no file format."""

from __future__ import annotations

import re
import unicodedata

from storage.records import Element, Kind

# Control characters and characters that are drawn as nothing (a place to hide instructions to a language model).
# The zero width joiners stay: scripts need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)
# Of these, the ones that have no use in a text but to carry what nobody sees.
_HIDING = re.compile("[\u200b\u2060\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_SUSPECT = 10  # as many zero-width characters, or one of the invisible copies of ASCII, are no accident
_dropped: list[int] = []
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def normal(text: str) -> str:
    """NFC, one kind of line end, no invisible characters, no white space around. Inner spacing stays (code)."""
    if text.isascii() and text.isprintable():  # the common case, and much the quickest test
        return text.strip()
    if found := _HIDING.findall(text):
        _dropped.append(sum(1 if character < "\U000e0000" else 10 for character in found))
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def hidden_characters() -> bool:
    """Whether texts since the last call held characters that hide something. One file at a time: the child's life."""
    found = sum(_dropped)
    _dropped.clear()
    return found >= _SUSPECT


def flowing(text: str) -> str:
    """`normal` with runs of blanks folded into one space; line ends stay."""
    text = normal(text)
    text = "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def single_line(text: str) -> str:
    """`normal` with every run of white space, line ends included, folded into one space."""
    return " ".join(normal(text).split())


def prose(text: str, *, kind: Kind = Kind.TEXT, page: int | None = None) -> list[Element]:
    """No element or one of flowing text."""
    text = flowing(text)
    return [Element(kind=kind, text=text, page=page)] if text else []


def heading(text: str, level: int, *, page: int | None = None, sheet: str | None = None) -> list[Element]:
    """No element or one heading, on one line."""
    text = single_line(text)
    level = max(1, level)
    return [Element(kind=Kind.HEADING, text=text, level=level, page=page, sheet=sheet)] if text else []


def paragraphs(text: str) -> list[Element]:
    """The blocks of a plain text, parted by blank lines."""
    blocks = re.split(r"\n[^\S\n]*\n\s*", _LINE_ENDS.sub("\n", text))
    return [element for block in blocks for element in prose(block)]


def first_heading(elements: list[Element]) -> str | None:
    """The first of the highest headings near the top, as a title; None if there is none."""
    early = [element for element in elements[:5] if element.kind is Kind.HEADING]
    return min(early, key=lambda element: element.level).text[:300] if early else None
