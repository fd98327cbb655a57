"""Words of a question that no passage says, and the words of the passages that mean nearly the same: boss, manager.

People ask in their own words. What a sentence covers of a question then counts a word near in meaning in part. Knows
the embedder; knows no sentence. Names, numbers and times stand for nothing but themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.answers.amounts import weekdays
from app.answers.context import Passage
from app.answers.signs import NUMBER_WORDS
from app.answers.times import NAMES
from app.retrieval.asked import Asked
from app.retrieval.forms import other_forms
from storage.embedder import Embedder
from storage.words import is_unspaced, question_terms, terms

# How far the cosine of two words stands above that of the question's word and the passages' words in general, in
# standard deviations of these: models differ in what they call alike. With all-MiniLM: dog and pet 7, mail and email 5,
# freelancers and contractor 4, boss and manager 4; course and must 3, closed and removed 3
FAR, NEAR = 2.0, 5.0  # up to the one they are no substitute for each other, from the other on a full one
AKIN = 0.8  # of a word's weight that a full substitute counts
TINY = 1e-6  # where the passages have one word

_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(NUMBER_WORDS, re.IGNORECASE)
_TIMES = frozenset(word for words in NAMES.values() for word in words)


def in_other_words(asked: Asked, passages: Sequence[Passage], embedder: Embedder) -> Asked:
    """The question, with the words of the passages that may stand for those of it which none of them says."""
    text = "\n".join(f"{passage.first.chunk.header}\n{passage.text}" for passage in passages)
    found = _words(text)
    said_there = asked.with_own(asked.terms_in(text)) & asked.weights.keys() | found.keys()
    unsaid = {
        term: word
        for term, word in _words(asked.question).items()
        if term in asked.weights and said_there.isdisjoint([term, *other_forms(term)]) and _has_others(word, asked)
    }
    said = {term: word.casefold() for term, word in found.items() if not _is_itself(word)}
    if not unsaid or not said:
        return asked
    own = embedder.encode_documents([word.casefold() for word in unsaid.values()])
    cosines = own @ embedder.encode_documents(list(said.values())).T
    above = (cosines - cosines.mean(axis=1, keepdims=True)) / (cosines.std(axis=1, keepdims=True) + TINY)
    shares = (AKIN * ((above - FAR) / (NEAR - FAR)).clip(0, 1)).tolist()
    akin = {
        term: {other: share for other, share in zip(said, row, strict=True) if share}
        for term, row in zip(unsaid, shares, strict=True)
    }
    return replace(asked, akin=akin)


def _words(text: str) -> dict[str, str]:
    """The telling words of a text by their index terms; of several forms of one word the first."""
    words: dict[str, str] = {}
    for word in _WORD.findall(text):
        own = terms(word)
        if len(own) == 1 and not is_unspaced(own[0]):
            words.setdefault(own[0], word)
    telling = question_terms(text)
    return {term: words[term] for term in telling if term in words}


def _has_others(word: str, asked: Asked) -> bool:
    """Whether another word may say the same: it is no name or abbreviation, no number and no time."""
    named = word[0].isupper() and not asked.question.lstrip().startswith(word)
    return not named and not word.isupper() and not _is_itself(word)


def _is_itself(word: str) -> bool:
    """Whether it is a number or a time."""
    return bool(_NUMBER.fullmatch(word) or word.casefold() in _TIMES or weekdays(word))
