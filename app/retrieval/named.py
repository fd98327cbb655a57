"""Which documents a question names, and what it asks of them.

Names and years in a document's title and path choose among documents. Inside one they tell nothing: the page that says
the company's name most often is that with the signatures. Pure functions on index terms; knows no index and no model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from storage.words import terms

MOST = 4  # documents: a name of more of them chooses none
LONGEST_RUN = 4  # words that may be written as one
_WORD = re.compile(r"\S+")
_PIECE = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Named:
    """Documents that a question names."""

    documents: frozenset[str]  # ids
    terms: frozenset[str]  # the names and years, as index terms


def named(called: Mapping[str, frozenset[str]], names: frozenset[str], weights: Mapping[str, float]) -> Named | None:
    """Those that have the most of the names in what they are `called` (id to terms).

    None: no few of them stand out, or the question says nothing else.
    """
    shares = {name: sum(weights.get(term, 0.0) for term in names & own) for name, own in called.items()}
    most = max(shares.values(), default=0.0)
    chosen = frozenset(name for name, share in shares.items() if share >= most)
    if not most or len(chosen) > MOST:
        return None
    said: frozenset[str] = names & frozenset[str]().union(*(called[name] for name in chosen))
    return Named(documents=chosen, terms=said) if weights.keys() - said else None


def without(question: str, said: frozenset[str]) -> str:
    """The question without its words of these index terms.

    >>> without("What was Acme's debt in FY2018?", frozenset({"acm", "2018"}))
    'What was debt in'
    """
    return " ".join(word for word in _WORD.findall(question) if not _is_said(word, said))


def _is_said(word: str, said: frozenset[str]) -> bool:
    mine = [term for term in terms(word) if term not in ("s", "fy")]
    return bool(mine) and said.issuperset(mine)


def as_one(question: str) -> dict[str, tuple[str, ...]]:
    """Names of several words as they are in file names, and the terms of the words.

    >>> as_one("Did Acme Steel grow?")["acmesteel"]
    ('acm', 'steel')
    """
    found: dict[str, tuple[str, ...]] = {}
    words = _PIECE.findall(question)
    for start, word in enumerate(words):
        if not word[:1].isupper():
            continue
        for end in range(start + 2, min(start + LONGEST_RUN, len(words)) + 1):
            run = words[start:end]
            if len(together := terms("".join(run))) == 1:
                found[together[0]] = tuple(term for piece in run for term in terms(piece))
    return found
