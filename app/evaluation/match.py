"""When an answer, an evidence passage or a file of a question set counts as found. Pure functions on text."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_MARK = re.compile(r"\s*\[\d+\??\]")  # citation marks are not part of what an answer says


def normalised(text: str) -> str:
    """Words in lower case with single spaces; Chinese, Japanese and Korean characters each a word."""
    return " ".join(_words(text))


def contains(text: str, wanted: str) -> bool:
    """Whether the words of `wanted` stand in `text`, in one piece. Case, punctuation and white space do not count."""
    words = normalised(wanted)
    return bool(words) and f" {words} " in f" {normalised(_MARK.sub('', text))} "


def words_found(wanted: str, text: str) -> float:
    """The largest part of the words of `wanted` that stand in `text` in the same order, 0 to 1.

    Longest common subsequence by bit parallelism (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").
    """
    pattern = _words(wanted)
    if not pattern:
        return 0.0
    places: dict[str, int] = {}
    for place, word in enumerate(pattern):
        places[word] = places.get(word, 0) | 1 << place
    every = (1 << len(pattern)) - 1
    row = every
    for word in _words(text):
        match = row & places.get(word, 0)
        row = ((row + match) | (row - match)) & every
    return (len(pattern) - row.bit_count()) / len(pattern)


def same_file(path: str, named: str) -> bool:
    """Whether two relative paths mean one file: equal, or one is the end of the other at a folder's border."""
    one, other = PurePosixPath(path).parts, PurePosixPath(named).parts
    shorter = min(len(one), len(other))
    return shorter > 0 and one[-shorter:] == other[-shorter:]


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
