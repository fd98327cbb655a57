"""Whether a sentence tells of one thing what a passage tells of another beside it: one definition under another's name.

In a list and in sentences that are built alike, each begins with what it is about, and a line that ends in a colon says
what all below it is about. Who gives a thing's description the name of the next one has only words of the passage, and
yet says what is not there. Deterministic; knows no passage and no model.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from app.answers.quotable import ITEM, goes_back
from storage.recollection import remembered
from storage.sentences import sentence_spans
from storage.words import question_terms

_ABOUT = re.compile(
    r"\W*(?P<thing>[^\n:：|.;]{1,50}?)\**(?:[:：]| (?:is|are|was|were|means?|refers?|measures?|describes?|has|have|"
    r"gets?|ist|sind|war|waren|hat|haben|bedeutet|bezeichnet|est|sont|signifie|es|son)\b)"
)
_EXAMPLE = re.compile(r"\W*(?:for (?:example|instance)|e\.g\.|examples?|zum beispiel|z\. ?b\.|par exemple)\b", re.I)
TOLD = 2  # terms of a line that leads, to count as named
ABOUT = 4  # telling terms of what a sentence is about, at most


class _Line(NamedTuple):
    about: frozenset[str]  # terms of what it begins with, or of what the one before does that it goes back to
    under: str  # the line that leads to it


def of_another(claim: str, near: str, text: str) -> bool:
    """Whether the claim says of another thing in `text` what `near`, the sentence of it closest to the claim, says.

    >>> of_another("A lynx is a fish.", "A pike is a fish.", "A lynx is a cat. A pike is a fish.")
    True
    """
    lines = _lines(text)
    own = lines.get(near)
    if own is None:
        return False
    said, told = frozenset(question_terms(claim)), frozenset(question_terms(near))
    subject = _about(claim) or said
    levels = (
        (own.about, {line.about for line in lines.values()}, told - own.about, ABOUT),
        (_terms(own.under), {_terms(line.under) for line in lines.values() if own.under}, told, TOLD),
    )
    for mine, others, rest, named in levels:
        for other in others:
            own_terms, theirs = mine - other, other - mine - told
            if (
                own_terms
                and theirs
                and len(theirs & said) >= min(named, len(theirs))
                and said.isdisjoint(own_terms - rest)
                and subject.isdisjoint(own_terms)
            ):
                return True
    return False


def led(near: str, text: str) -> str:
    """A sentence of `text` behind the line that leads to it: "Prices per month: - Pool: EUR 40"."""
    line = _lines(text).get(near)
    return f"{line.under} {near}" if line and line.under else near


def _terms(text: str) -> frozenset[str]:
    return frozenset(question_terms(text)) if text else frozenset()


def _about(sentence: str) -> frozenset[str]:
    """The terms of what a sentence begins with, where it is short."""
    thing = _ABOUT.match(sentence)
    found = _terms(thing["thing"]) if thing else frozenset()
    return found if len(found) <= ABOUT else frozenset()


@remembered(128)
def _lines(text: str) -> dict[str, _Line]:
    """The sentences of a text, each with what it is about."""
    found: dict[str, _Line] = {}
    about, under = frozenset[str](), ""
    for start, end in sentence_spans(text):
        line = text[start:end]
        if not goes_back(line) and not _EXAMPLE.match(line):
            about = _about(line)
        leads = line.endswith((":", "："))
        if not ITEM.match(line) and not leads:
            under = ""
        found.setdefault(line, _Line(about=about, under=under))
        if leads:
            under = line
    return found
