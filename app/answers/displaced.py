"""Whether a sentence gives something a reason, a time or a doer that the passage gives to something else.

A fluent sentence may have only words of a passage and yet put together what stands apart there: another purpose, the
steps of a list in another order, one's work as another's. Deterministic; knows no passage and no model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from app.answers.amounts import in_digits
from storage.recollection import remembered
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms

_WHY = re.compile(r"\b(?:in order to|so that|so as to|damit)\b(?P<why>.+)", re.IGNORECASE | re.DOTALL)
_ORDER = re.compile(
    r"^(?P<one>.+?),? (?P<word>after|once|before|nachdem|sobald|bevor) (?P<other>[^,]+)|"
    r"^(?P<word2>After|Once|Before|Nachdem|Sobald|Bevor) (?P<other2>[^,]+), (?P<one2>.+)",
)
_AFTER = frozenset(["after", "once", "nachdem", "sobald"])
_STEP = re.compile(r"\W*\d{1,2}[.)] ")
_DOES = re.compile(
    r"\W*(?:\d{1,2}[.)] )?(?:The |Your |Our )?(?P<doer>[A-Z][\w-]+(?: [a-z]+)?) [a-z]{2,}(?:s|will|must|can)\b"
)
_CLAUSE = re.compile(r"[;,]? (?:and|while|whereas|but|und|während|aber) |[;；]")
SAID = 0.5  # of the telling terms of a reason, beside what it is the reason of; of a step, in the step
FOUND = 0.6  # of what a clause says, in the sentence that it was made of
LEAST = 3  # telling terms of a clause


class _Sentence(NamedTuple):
    terms: frozenset[str]
    doer: frozenset[str]  # terms of who does what it tells: "The cook completes …"
    step: bool  # of a numbered list


def displaced(claim: str, text: str) -> bool:
    """Whether the claim gives something in `text` the reason, the time or the doer of something else there.

    >>> displaced("The key is kept after the guest leaves.", "1. Keep the key of the guest.\\n2. The guest leaves.")
    True
    """
    said, sentences = in_digits(claim), _sentences(text)
    told = [sentence.terms for sentence in sentences]
    return _other_reason(said, told) or _other_order(said, sentences, told) or _other_doer(said, sentences, told)


@remembered(128)
def _sentences(text: str) -> tuple[_Sentence, ...]:
    found = [in_digits(text[start:end]) for start, end in sentence_spans(text)]
    return tuple(
        _Sentence(frozenset(question_terms(each)), _doer(each), _STEP.match(each) is not None) for each in found
    )


def _doer(sentence: str) -> frozenset[str]:
    found = _DOES.match(sentence)
    return frozenset(question_terms(found["doer"])) - STOP_WORDS if found else frozenset()


def _other_reason(claim: str, told: Sequence[frozenset[str]]) -> bool:
    """Whether what it gives as a reason stands in no sentence beside the one that the rest was made of."""
    found = _WHY.search(claim)
    if found is None or not told:
        return False
    main, why = (frozenset(question_terms(part)) for part in (claim[: found.start()], found["why"]))
    at, why = _nearest(main, told), why - main
    beside = frozenset().union(*told[max(0, at - 1) : at + 2])
    return len(why & beside) < SAID * len(why)


def _other_order(claim: str, sentences: Sequence[_Sentence], told: Sequence[frozenset[str]]) -> bool:
    """Whether of two steps of a list the later is said to come first."""
    found = _ORDER.match(claim)
    if found is None:
        return False
    one, other = (frozenset(question_terms(found[name] or found[f"{name}2"])) for name in ("one", "other"))
    word = (found["word"] or found["word2"]).casefold()
    one, other = one - other, other - one
    first, then = _nearest(one, told), _nearest(other, told)
    if any(len(wanted & told[at]) < SAID * len(wanted) for wanted, at in ((one, first), (other, then)) if told):
        return False
    if first == then or not (sentences[first].step and sentences[then].step):
        return False
    return (then > first) == (word in _AFTER)


def _other_doer(claim: str, sentences: Sequence[_Sentence], told: Sequence[frozenset[str]]) -> bool:
    """Whether a clause begins with what another sentence begins with, and goes on as one that begins otherwise."""
    for clause in _CLAUSE.split(claim):
        doer, *rest = question_terms(clause) or [""]
        if len(rest) < LEAST or not any(doer in each.doer for each in sentences):
            continue
        at = _nearest(frozenset(rest), told)
        same, own = told[at].intersection(rest), sentences[at].doer
        if len(same) >= FOUND * len(rest) and doer not in told[at] and own and own.isdisjoint(rest):
            return True
    return False


def _nearest(wanted: frozenset[str], told: Sequence[frozenset[str]]) -> int:
    return max(range(len(told)), key=lambda at: len(wanted & told[at]), default=0)
