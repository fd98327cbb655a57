"""What a question says word for word, and what that may also be called: phrases, codes, slips, abbreviations.

Everything is read from passages that the person may read, when they ask, so that nothing can tell of other people's
documents. Knows no index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from storage.words import is_unspaced, question_terms, terms

MISSPELT = 5  # letters: shorter words have too many that look alike
_SHORT = re.compile(r"\b[A-Z][A-Za-z]?[A-Z]{1,6}s?\b")
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]{2,200})[\"“”]|«([^»]{2,200})»|「([^」]{2,200})」|『([^』]{2,200})』")
_DECADE = r"(?:(?:early|mid|late|pre|post)-)?(?:\d{4}[/-])?(?:\d\d)?\d0(?:s|er[ns]?)"  # mid-1980s, 1980-90s, 1980er
_PERIOD = rf"FY\W?\d+|Q[1-4]|[1-4]Q|\d+(?:st|nd|rd|th)s?|{_DECADE}"
_CODE = re.compile(  # letters and digits: HF-210, v6.15.0; not FY2022, Q3, 3rd, 1980s
    rf"(?<![\w./-])(?!(?:{_PERIOD})(?:\W|\d|$))(?=[\w./-]*\d)(?=[\w./-]*[^\W\d_])\w+(?:[./-]\w+)*",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?:[A-ZÀ-ÖØ-Þ]\w*|\w*\d\w*)\b")


def quoted(question: str) -> list[list[str]]:
    """What a question quotes, as runs of index terms.

    >>> quoted('Where does it say "net of tax"?')
    [['net', 'of', 'tax']]
    """
    found = ("".join(match.groups(default="")) for match in _QUOTED.finditer(question))
    return [run for text in found if (run := terms(text))]


def codes(question: str) -> list[list[str]]:
    """Its identifiers, as runs of index terms.

    >>> codes("What does E14 mean on the HF-210?")
    [['e14'], ['hf', '210']]
    >>> codes("Which HF-210 were sold in the late 1970s, the mid-1980s, the 1980-90s, the '90s and the 21st century?")
    [['hf', '210']]
    >>> codes("Die 1980er und die 90er Jahre, mit A380s und 747-400s")
    [['a380'], ['747', '400s']]
    """
    return [terms(match.group()) for match in _CODE.finditer(question)]


def label_of(line: str) -> str:
    """What a row of a table is about, its first cell without the column's name; the whole of another line.

    >>> label_of("Code: HF-210-050 | Price: 1340")
    'HF-210-050'
    """
    first, row, _ = line.partition(" | ")
    return first.rpartition(": ")[2] if row else line


def begins(text: Sequence[str], code: Sequence[str]) -> bool:
    """Whether a text, as index terms, begins with a code: HF-210-050 is one of the HF-210."""
    return tuple(text[: len(code)]) == tuple(code)


def is_called(code: Sequence[str], name: str) -> bool:
    """Whether a name has the code as a whole, not that of a member of its family.

    >>> is_called(["hf", "210"], "HF-210-manual.docx"), is_called(["hf", "210"], "Offer for HF-210-050")
    (True, False)
    """
    parts = r"[\W_]?".join(map(re.escape, code))
    return re.search(rf"(?<![^\W_]){parts}(?![^\W_]|[-./_]\d)", name, re.IGNORECASE) is not None


def names_in(question: str) -> list[str]:
    """The index terms of its names: words with a capital letter, and whatever has a digit. Not of unspaced script.

    >>> names_in("How much debt did Acme have in 2022?")
    ['acm', '2022']
    """
    found = _NAME.findall(question)
    return [term for term in question_terms(" ".join(found)) if not is_unspaced(term)] if found else []


def other_names(question: str, defined: Iterable[Mapping[str, str]]) -> list[str]:
    """What the question's abbreviations stand for, and abbreviations of what it spells out, as texts `defined` them."""
    asked = {match.group().removesuffix("s").upper() for match in _SHORT.finditer(question)}
    own = terms(question)
    names: list[str] = []
    for own_words in defined:
        for short, long in own_words.items():
            if short.upper() in asked:
                names.append(long)
            elif _holds(own, terms(long)):
                names.append(short)
    return list(dict.fromkeys(names))


def _holds(own: list[str], wanted: list[str]) -> bool:
    size = len(wanted)
    return size > 1 and any(own[start : start + size] == wanted for start in range(len(own) - size + 1))


def may_be_misspelt(term: str) -> bool:
    """Whether a term that no passage holds is worth looking for in another spelling."""
    return len(term) >= MISSPELT and term.isascii() and term.isalpha()


def nearest(term: str, texts: Iterable[str]) -> str | None:
    """The index term of `texts` that is the fewest slips of the keys away, the most frequent of several; or None."""
    most = 2 if len(term) >= 8 else 1
    found: dict[str, int] = {}
    for text in texts:
        for other in terms(text):
            if abs(len(other) - len(term)) <= most and other[0] == term[0]:
                found[other] = found.get(other, 0) + 1
    scored = [(slips, -count, other) for other, count in found.items() if (slips := _slips(term, other)) <= most]
    return min(scored)[2] if scored else None


def _slips(one: str, other: str) -> int:
    """Letters added, left out, changed or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
