"""What a model thinks aloud, taken off its answer while that comes, however it is cut into pieces.

Servers that know their model send thoughts apart; this is for those that do not. Knows the signs that models put around
thoughts; knows no model and no server.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import cache
from itertools import chain

_WORDS = ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think")
_PAIRS = {f"<{word}>": f"</{word}>" for word in _WORDS} | {
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
    "<|channel|>commentary<|message|>": "<|channel|>final<|message|>",
    "<|channel>thought": "<channel|>",
}
# the last: of a server that leaves out the signs of channels, and keeps their names
_ENDS = tuple(dict.fromkeys([*_PAIRS.values(), "assistantfinal"]))
_ALL = (*_PAIRS, *_ENDS)
_QUOTED = dict(zip("`\"'“„‘«‹(「（", "`\"'”“’»›)」）", strict=True))
_CLOSING = frozenset(",;:.!?)，。、；：！？）")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # no letter becomes two, as in str.lower


def without_thoughts(pieces: Iterator[str], *, begun: bool = False) -> Generator[str | None, None, bool]:
    """What is said, and None where all before it was a thought that nobody began: some chat templates do that.

    Returns whether that was so. `begun`: the model's answers begin so. Then nothing is said until the thought ends;
    where none does, all of it was the answer. Signs that the text speaks of are text; a thought without an end is lost.
    """
    held, last = "", ""  # not looked through yet; the character before it
    ends: tuple[str, ...] = _ENDS if begun else ()  # what ends the thought we are in; nothing: we are in none
    unended, ended = "", False
    for piece in chain(pieces, (None,)):
        whole = piece is None
        held += piece or ""
        while True:
            tags = ends or _ALL
            found = _first(held, last, tags, thought=bool(ends))
            if found is None or (not whole and _is_spoken_of(held, found, last, thought=bool(ends)) is None):
                break
            tag = found.group().translate(_LOWER)
            if not ends and found.start() and tag in _PAIRS:
                yield held[: found.start()]
            elif not ends and tag not in _PAIRS:
                yield None
            ended = ended or (tag not in _PAIRS and (not ends or begun))
            ends = (_PAIRS[tag],) if tag in _PAIRS else ()
            held, last, unended = held[found.end() :], found.group()[-1], ""
        keep = len(held) - found.start() if found else 0 if whole and not ends else _begins(held, tags)
        told, held = held[: len(held) - keep], held[len(held) - keep :]
        last = told[-1:] or last
        if not ends and told:
            yield told
        elif begun and not ended:
            unended += told
    if begun and not ended:
        yield unended + held
    return ended


def _first(text: str, last: str, tags: tuple[str, ...], *, thought: bool) -> re.Match[str] | None:
    """The first of these signs that the text does not speak of, as far as what follows it is there."""
    found = _signs(tags).finditer(text)
    return next((tag for tag in found if not _is_spoken_of(text, tag, last, thought=thought)), None)


def _is_spoken_of(text: str, tag: re.Match[str], last: str, *, thought: bool) -> bool | None:
    """Whether a sign stands in `code` or quotation marks, or in the middle of a sentence (in a thought that counts for
    nothing: what ends it is better seen once too often). None: what follows it does not say yet."""
    before = text[tag.start() - 1] if tag.start() else last
    after = text[tag.end() : tag.end() + 2]
    if before in _QUOTED:
        return after[0] in _QUOTED[before] if after else None
    if thought or before != " ":
        return False
    if after in ("", " "):
        return None
    return after[0] in _CLOSING or (after[0] == " " and after[1].islower())


def _begins(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end of a text may be the beginning of one of these signs."""
    beginnings = _beginnings(tags)
    end = text[-max(map(len, tags)) :].translate(_LOWER)
    return next((len(end) - at for at in range(len(end)) if end[at:] in beginnings), 0)


@cache
def _signs(tags: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, tags)), re.IGNORECASE)


@cache
def _beginnings(tags: tuple[str, ...]) -> frozenset[str]:
    return frozenset(tag[:size] for tag in tags for size in range(1, len(tag)))
