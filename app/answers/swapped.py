"""Whether the likeliest sentence says in the question's words something of another: "Newton's law" for "Hooke's law".

Such a sentence is close in words and in meaning, and yet no answer. Deterministic, and only where the two stand in the
same place of the same words; knows no index and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from storage.recollection import remembered
from storage.words import STOP_WORDS, terms

LEAST = 4  # letters of a word that may be negated
_NAME = r"[A-ZÀ-Þ][\w-]+"
_OWNED = re.compile(rf"\b({_NAME})[’']s ([\w-]+)")
_PLACED = re.compile(rf"\b([a-zà-ÿ]{{4,}}) (in|of|by|from|to|at|for) (?:the )?({_NAME})")
_CALLED = re.compile(rf"(?<=[\w,;:’')] )({_NAME}) ([\w-]{{3,}})")
_NEGATED = re.compile(r"\b(?:non|not)-(\w+)|\b(?:un|non|dis)(\w+)", re.IGNORECASE)


def swapped(question: str, sentence: str, everything: str) -> bool:
    """Whether the sentence puts another name where the question has one that `everything` never puts there, or the
    question asks for the negation ("unconnected") of what is said and `everything` never says it.

    >>> swapped("What does Hooke's law state?", "Newton's law states that it falls.", "Newton's law states that.")
    True
    """
    said = set(_frames(everything))
    own = set(_frames(sentence))
    for frame, name in _frames(question):
        others = {other for where, other in own if where == frame}
        if others and name not in others and (frame, name) not in said and name not in _words(sentence):
            return True
    words = _words(everything)
    return any(
        len(base) >= LEAST and base in words and negated not in words
        for negated, base in _negations(question.casefold())
    )


def triples(question: str) -> list[tuple[str, str, str]]:
    """Three telling words side by side: what they name together is another thing when the middle one is another."""
    words = re.findall(r"[\w’'-]+|[^\w\s]", question.casefold())
    side_by_side = zip(words, words[1:], words[2:], strict=False)
    return [three for three in side_by_side if all(word.isalpha() and word not in STOP_WORDS for word in three)]


def names_another(near: Sequence[tuple[str, str, str]], text: str) -> bool:
    """Whether a sentence has the first and the last word of such three, and between them one that is not asked for."""
    if not near:
        return False
    words = re.findall(r"[\w’'-]+", text.casefold())
    return any(
        (first, last) == (one, other) and middle not in words
        for one, _, other in zip(words, words[1:], words[2:], strict=False)
        for first, middle, last in near
    )


@remembered(5_000)
def _frames(text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Names with the words beside them: "Hooke's law", "law of Hooke", "Hooke law"."""
    return tuple(_framed(text))


def _framed(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for found in _OWNED.finditer(text):
        yield from _frame("'s", found[2], found[1])
    for found in _PLACED.finditer(text):
        yield from _frame(found[2], found[1], found[3])
    for found in _CALLED.finditer(text):
        yield from _frame("", found[2], found[1])


def _frame(kind: str, word: str, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
    if word.casefold() not in STOP_WORDS and name.casefold() not in STOP_WORDS and not name.isupper():  # "EU" is short
        yield (kind, *terms(word)), " ".join(terms(name))


def _negations(question: str) -> Iterator[tuple[str, str]]:
    for found in _NEGATED.finditer(question):
        yield " ".join(terms(found[0])), " ".join(terms(found[1] or found[2]))


def _words(text: str) -> frozenset[str]:
    return frozenset(terms(text)) | frozenset(" ".join(terms(found[0])) for found in _NEGATED.finditer(text))
