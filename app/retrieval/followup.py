"""What a question stands for in its conversation: its own words and, more faintly, the person's earlier ones.

A follow-up ("and for part-time staff?") leaves out what was said; a question that stands alone loses little by the
faint echo, and turns that spoke of something else are left out. Only the person's turns are carried: an answer repeats
the documents, right or wrong, and would pull the next search towards what was already shown. Knows no index and no
model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.records import Turn
from app.retrieval.subject import subject
from app.retrieval.synonyms import NONE, Instead, Synonyms
from storage.catalog import Vector
from storage.words import Run, question_terms, unspaced_share

# Measured on multi-turn questions; flat between half and twice these values.
TERM_ECHO = (0.4, 0.2, 0.1)  # weight of the telling terms of the turn before, and of the ones before that
MEANING_ECHO = (0.4, 0.28, 0.15)  # weight of their vectors
UNSPACED = 0.3  # of a question's letters
REFERRING = 1.5  # both, when it refers to what was said: "how do I renew it?"
RESTATED = 0.5  # both, when the question names again what was spoken of: who repeats the topic leaves less unsaid
ANSWERED = (0.4, 0.7)  # cosine of the question by itself with the nearest passage, from where and to where they fade …
FADED = 0.6  # … to this share: what some passage answers as it stands leaves nothing unsaid
NEAR = 0.2  # cosine with an earlier turn from which on a question may go on from it …
ENOUGH = 2  # … asked where it has so many telling terms of its own

_CONTINUES = re.compile(
    r"^\W*(?:and|then|so|but|or|also|(?:what|how) about|und|oder|aber|dann|auch|et|ou|mais|alors|puis|y|o|pero|"
    r"entonces)\b|^\W*[那还又]",
    re.IGNORECASE,
)

_REFERS = re.compile(
    r"\b(?:it|its|they|them|their|that|this|those|these|ones?|there|he|she|him|her|such|both|else|others?|another)\b"
    r"|\b(?:er|sie|es|ihn|ihm|ihr|ihnen|das|dies\w*|jene\w*|dort|dazu|davon|dafür)\b"
    r"|\b(?:ils?|elles?|ça|cela|ce|celui|celle|ceux|lui|leur|ello|ellos|ellas|eso|esto|este|esta|esos|esas)\b"
    r"|[它他她]们?|这|那|其",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A question as both legs take it."""

    text: str
    terms: dict[str, float]  # index terms and how much each counts, the question's own ones first, in its order
    own: int  # how many of them are the question's own
    echoes: tuple[tuple[str, float], ...]  # earlier turns of the person, latest first, and how much each counts
    instead: tuple[Instead, ...] = ()  # words of these, and what documents may say for them

    def by_term(self) -> dict[str, tuple[Run, ...]]:
        """By a telling term the runs that stand for it."""
        return {term: tuple(one.others) for one in reversed(self.instead) for term in one.telling}

    def faded(self, nearest: float) -> float:
        """The share of the earlier turns that is left, given the cosine of the question alone with what is nearest."""
        start, end = ANSWERED
        return 1.0 - (1.0 - FADED) * min(1.0, max(0.0, (nearest - start) / (end - start)))

    @property
    def spoken(self) -> tuple[Turn, ...]:
        """The earlier turns, oldest first."""
        return tuple(Turn(role="user", content=text) for text, _ in reversed(self.echoes))

    def without_other_subjects(self, texts: Vector) -> tuple[Asking, Vector]:
        """The same without the turns that were of something else: those far from it in meaning.

        `texts`: its vector and those of the echoes, one a row; given back without theirs. A question that refers to
        what was said, goes on or says little by itself keeps all; so do zeros, of an embedder that does not answer.
        """
        goes_on = self.own < ENOUGH or _REFERS.search(self.text) or _CONTINUES.search(self.text)
        far = texts[1:] @ texts[0] < NEAR
        if goes_on or not texts.any() or not far.any():
            return self, texts
        spoken = [turn for turn, other in zip(self.spoken, far[::-1], strict=True) if not other]
        left = asking(self.text, spoken)
        return replace(left, instead=_of(self.instead, left.terms)), texts[np.append(True, ~far)]


def is_unspaced_question(text: str) -> bool:
    """Whether a question is mostly in a script written without spaces."""
    return unspaced_share(text) > UNSPACED


def asking(question: str, history: Sequence[Turn], synonyms: Synonyms = NONE) -> Asking:
    """The question with what it inherits from the conversation."""
    question = subject(question)
    script = is_unspaced_question(question)
    earlier = [turn.content for turn in reversed(history) if turn.role == "user"][: len(TERM_ECHO)]
    # who changes from English to Chinese asks anew: the earlier words, all of them rare there, would drown the question
    earlier = [text for text in earlier if is_unspaced_question(text) == script]
    inherited = [question_terms(text) for text in earlier]
    terms = dict.fromkeys(question_terms(question), 1.0)
    own = len(terms)
    share = RESTATED if any(term in terms for turn in inherited for term in turn) else 1.0
    share *= REFERRING if _REFERS.search(question) else 1.0
    for turn, weight in zip(inherited, TERM_ECHO, strict=False):
        for term in turn:
            terms.setdefault(term, share * weight)
    echoes = tuple((text, share * weight) for text, weight in zip(earlier, MEANING_ECHO, strict=False))
    others = {one.run: one for text in (question, *earlier) for one in synonyms.instead(text)}
    return Asking(text=question, terms=terms, own=own, echoes=echoes, instead=_of(others.values(), terms))


def _of(instead: Iterable[Instead], terms: Mapping[str, float]) -> tuple[Instead, ...]:
    """Those of which every telling term is among these."""
    return tuple(one for one in instead if terms.keys() >= set(one.telling))
