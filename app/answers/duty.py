"""Whether a sentence lets people do what a span forbids, demands what it leaves to them, or the other way round.

"Must" for "may", "allowed" for "a breach", "required" for "not required". Deterministic, by tables of words; knows no
passage and no model.
"""

from __future__ import annotations

import re

from app.answers.signs import DENIAL, denies
from storage.words import question_terms, terms

_DUTY = re.compile(
    r"\b(?:must|shall|require[sd]?|mandatory|compulsory|obliged|ha(?:ve|s) to|needs?|only|müssen|muss)\b|必须|须", re.I
)
_CHOICE = re.compile(
    r"\b(?:may|might|can|could)\b(?! no\b)|\b(?:optional(?:ly)?|voluntary|(?:are|feel) free to|"
    r"if you(?: would|['’]d)? (?:like|want|wish)|"
    r"können|kann|darf|dürfen)\b|可以",
    re.I,
)
_FORBIDDEN = re.compile(
    r"\b(?:breach|violation|offence|illegal|prohibited|forbidden|banned|unlawful|verstoß|verboten|untersagt|unzulässig)\b"
    r"|禁止|不得|不准",
    re.I,
)
_ALLOWED = re.compile(
    r"\b(?:may|can|allowed|permitted|fine|free to|kann|können|darf|dürfen|erlaubt|zulässig|gestattet)\b|可以|允许", re.I
)
_EVEN_IF = re.compile(r"\beven (?:if|when|though)\b|\bauch wenn\b|即使", re.I)
IF = re.compile(r"\b(?:if|when|provided|wenn|falls|sofern)\b|如果|只要", re.I)
_NOT_TO = re.compile(
    r"(?:^|[.:;(] )\W*(?:please |but )?(?:never|do not|don['’]t|avoid|refrain)\b(?! (?:forget|hesitate|worry))"
    r"|\b(?:please |to |should |must )avoid\b",
    re.I,
)
_CLAUSE_STARTS = re.compile(r"[.,;:(\n]")
_NEEDED = re.compile(
    r"\s*(?:required|necessary|needed|mandatory|need|have to|obliged|erforderlich|nötig|notwendig)\b", re.I
)


def ruled_otherwise(claim: str, near: str, span: str) -> bool:
    """Whether the claim demands, allows or tells to do something otherwise than `span` does, or `near`, the sentence of
    it that is closest to the claim."""
    return (
        _demanded(claim, near)
        or _allowed(claim, near)
        or _needless(claim, span)
        or _told_not_to(claim, near)
        or _on_condition(claim, near)
    )


def other_duty(claim: str, span: str) -> bool:
    """Whether one says that something must be, the other only that it may."""
    return any(
        _DUTY.search(one) and not _DUTY.search(other) and _CHOICE.search(other)
        for one, other in ((claim, span), (span, claim))
    )


def _demanded(claim: str, near: str) -> bool:
    """Whether the claim says that something must be, and the sentence lets people choose to do it."""
    if not _DUTY.search(claim) or _DUTY.search(near):
        return False
    wanted = frozenset(terms(claim))
    for found in _CHOICE.finditer(near):
        following = question_terms(near[found.end() : found.end() + 60])[:2]
        if not following or wanted.issuperset(following):
            return True
    return False


def _allowed(claim: str, near: str) -> bool:
    """Whether the claim allows something, and the sentence forbids."""
    forbidden = _FORBIDDEN.search(near) and not _FORBIDDEN.search(claim)
    return bool(forbidden and _ALLOWED.search(claim)) and not denies(claim)


def _on_condition(claim: str, near: str) -> bool:
    """Whether what the sentence says also for a case ("even if") is said for that case alone ("if")."""
    also = _EVEN_IF.search(near) and not _EVEN_IF.search(claim)
    return bool(also and IF.search(claim)) and not denies(claim)


def _needless(claim: str, span: str) -> bool:
    """Whether the claim says that something must be of which the span says that it need not."""
    if not _DUTY.search(claim) or denies(claim):
        return False
    wanted = frozenset(question_terms(claim))
    for found in DENIAL.finditer(span):
        before = question_terms(_CLAUSE_STARTS.split(span[: found.start()])[-1])
        if before and before[-1] in wanted and _NEEDED.match(span, found.end()):
            return True
    return False


def _told_not_to(claim: str, near: str) -> bool:
    """Whether the claim tells to do, or says that one does, what the sentence tells not to do."""
    return bool(_NOT_TO.search(near)) and not denies(claim) and not _NOT_TO.search(claim)
