"""Text that is struck through, which people write where something no longer holds: what a line reads as without it.

Knows pieces of text only; which of them are struck through, each format's own module tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CLOSING = re.compile(r"\s*[.,;:!?)\]](?!\w)")
_LEADING = re.compile(r"\A\s*[.,;:!?)\]]*(?!\w)\s*")
_WORD = re.compile(r"\w")
_BOX = re.compile(r"\[[ xX]?\]")  # of a task that is done, as Markdown writes it


def flag(where: str = "") -> str:
    """What a reader of answers should know of the document: `where` is "", or a place in it."""
    return f"text that was struck through{where} was left out"


STRUCK = flag()


def says_anything(text: str) -> bool:
    """Whether there is a word in it, or a number; the box of a task is none."""
    return bool(_WORD.search(_BOX.sub("", text)))


def joined(before: str, gone: str, after: str, *, first: bool = False, last: bool = False) -> tuple[str, str]:
    """What stands before and behind a struck-through text, as it is written without it.

    One blank, none before a full stop or a comma; these once, none at the beginning (`first`: nothing stands before the
    text), and no comma at the end (`last`); no empty brackets.
    """
    if first and not before.strip():
        return "", _LEADING.sub("", after)
    if last and not after.strip():
        return before.rstrip().rstrip(",;"), ""
    if before.rstrip().endswith("(") and after.lstrip().startswith(")"):
        before, after = before.rstrip()[:-1], after.lstrip()[1:]
    if _CLOSING.match(after):
        before, after = before.rstrip(), after.lstrip()
        if before.endswith((",", ";", ":")):
            before = before[:-1]
        elif before.endswith((".", "!", "?")) and not after.startswith((")", "]")):
            after = after[1:]
    elif not before[-1:].isspace() and not after[:1].isspace() and gone != gone.strip():
        before += " "  # the only blank between the words was struck through with them
    return before, after


def left(pieces: Sequence[tuple[str, bool]]) -> list[str]:
    """The texts of a line's pieces, of which some are struck through (True): these are empty, the others fit together.

    All are empty where no word is left.
    """
    texts = ["" if struck else text for text, struck in pieces]
    at, begun = 0, False
    while at < len(pieces):
        end = at + 1
        begun = begun or bool(texts[at].strip())
        if pieces[at][1]:
            while end < len(pieces) and pieces[end][1]:
                end += 1
            gone = "".join(text for text, _ in pieces[at:end])
            before, after = texts[at - 1] if at else "", texts[end] if end < len(texts) else ""
            before, after = joined(before, gone, after, first=not begun, last=end == len(texts))
            if at:
                texts[at - 1] = before
            if end < len(texts):
                texts[end] = after
        at = end
    return texts if says_anything("".join(texts)) else [""] * len(texts)
