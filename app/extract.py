"""Answers without a language model: the sentences of the passages that answer, best first, quoted whole.

Every sentence or table row of the context is a candidate. What it says of the question is measured in a few numbers
(`Features`), and a logistic regression over them, fitted on questions whose answers are known, ranks the candidates.
Knows the embedder and how rare terms are; knows no language model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from app.asked import Asked, fits, term_set
from app.context import Passage
from app.phrases import language_of
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.sentences import sentence_spans
from storage.words import unspaced_share

MOST_EMBEDDED = 40  # candidates that are embedded
MOST_WORDS = 115  # of an answer, unless its one sentence is longer
NEAR_SHARE, FAR_SHARE = 0.15, 0.35  # of the best candidate's probability that another one needs, by where it stands
UNSPACED = 0.2  # text with this share of unspaced script is counted in characters
CHARACTERS_PER_WORD = 2  # of Chinese: 120 to 240 characters say what 60 to 120 words say


@dataclass(frozen=True, kw_only=True)
class Features:
    """What is known of a candidate, each about 0 to 1."""

    similarity: float  # cosine of question and sentence; 0 when the embedder does not know the language
    passage: float  # the passage's score, relative to the best one's
    first: float  # 1 / rank of the passage
    terms: float  # telling weight of the question in the sentence
    around: float  # the same in the sentence, its two neighbours, the section and the title
    fits: float  # names the kind of thing that is asked for
    short: float  # 1 for the shortest sentences, falling to 0 at 12 words: fragments and captions


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A sentence or table row of a passage."""

    passage: Passage
    index: int  # among the candidates of its passage, in the document's order
    start: int  # in the revision's text
    end: int
    text: str
    features: Features
    score: float  # probability that it answers

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return " | " in self.text

    @property
    def words(self) -> float:
        """Its length in words; two Chinese characters count as one."""
        return length(self.text)


# Logistic regression on the sentences of half of squad's and of zh's answerable questions, rounded. On the other half
# of squad 93.0% of the answers hold an accepted string (88.6% in their first 60 words), 89 words on average; zh 89.0%.
# `premise eval ../shared/eval/squad/questions.jsonl --groups everyone --answers`
WEIGHTS = Features(similarity=1.8, passage=2.4, first=0.7, terms=3.4, around=1.8, fits=0.9, short=0.0)
BIAS = -8.4
# without an embedder that knows the language
WEIGHTS_TERMS = Features(similarity=0.0, passage=4.5, first=3.0, terms=6.4, around=1.4, fits=1.2, short=0.0)
BIAS_TERMS = -12.4


def length(text: str) -> float:
    """Length in words; of text without spaces, half the number of characters."""
    if unspaced_share(text) > UNSPACED:
        return len("".join(text.split())) / CHARACTERS_PER_WORD
    return len(text.split())


def knows(embedder: Embedder, question: str) -> bool:
    """Whether the embedder was trained on the question's language, as far as its words tell."""
    return "*" in embedder.languages or language_of(question) in embedder.languages


def candidates(asked: Asked, passages: Sequence[Passage], embedder: Embedder) -> list[Candidate]:
    """Every sentence and table row of the passages, best first."""
    found = [item for passage in passages for item in _of_passage(passage)]
    if not found:
        return []
    sets = [term_set(text) for _, _, _, _, text in found]
    own = [asked.covered(item) for item in sets]
    around = [_around(asked, found, sets, at) for at in range(len(found))]
    embedded = knows(embedder, asked.question)
    cosines = _cosines(asked, [item[4] for item in found], own, around, embedder) if embedded else [0.0] * len(found)
    best = max(passage.score for passage in passages) or 1.0
    result = []
    for at, (passage, index, start, end, text) in enumerate(found):
        features = Features(
            similarity=cosines[at],
            passage=passage.score / best,
            first=1 / passage.n,
            terms=own[at],
            around=around[at],
            fits=fits(asked, text),
            short=max(0.0, 1 - length(text) / 12),
        )
        result.append(
            Candidate(
                passage=passage,
                index=index,
                start=start,
                end=end,
                text=text,
                features=features,
                score=probability(features, embedded=embedded),
            )
        )
    return sorted(result, key=lambda item: (-item.score, item.passage.n, item.index))


def probability(features: Features, *, embedded: bool) -> float:
    """How likely a candidate with these features answers."""
    weights, bias = (WEIGHTS, BIAS) if embedded else (WEIGHTS_TERMS, BIAS_TERMS)
    total = bias + sum(w * f for w, f in zip(astuple(weights), astuple(features), strict=True))
    return 1 / (1 + math.exp(-total))


_Found = tuple[Passage, int, int, int, str]


def _of_passage(passage: Passage) -> list[_Found]:
    spans = sentence_spans(passage.text)
    # a sentence too long for one chunk is cut; what is here of it is not a sentence
    if passage.cut_before and len(spans) > 1:
        spans = spans[1:]
    if passage.cut_after and len(spans) > 1:
        spans = spans[:-1]
    names = {passage.first.title.casefold()}
    for item in passage.chunks:
        names.update(part.casefold() for part in item.chunk.section.split(" > "))
    texts = [(start, end, passage.text[start:end]) for start, end in spans]
    said = [item for item in texts if " ".join(item[2].split()).casefold() not in names] or texts
    return [
        (passage, index, passage.start + start, passage.start + end, text)
        for index, (start, end, text) in enumerate(said)
    ]


def _same(found: Sequence[_Found], at: int, other: int) -> bool:
    return 0 <= other < len(found) and found[other][0] is found[at][0]


def _around(asked: Asked, found: Sequence[_Found], sets: Sequence[frozenset[str]], at: int) -> float:
    passage, _, start, _, _ = found[at]
    together = sets[at] | term_set(passage.chunk_from(start).chunk.header)
    for other in (at - 1, at + 1):
        if _same(found, at, other):
            together |= sets[other]
    return asked.covered(together)


def _cosines(
    asked: Asked, texts: Sequence[str], own: Sequence[float], around: Sequence[float], embedder: Embedder
) -> list[float]:
    """Cosines of the most promising candidates; the others get the lowest of them."""
    order = sorted(range(len(texts)), key=lambda at: (-(own[at] + around[at]), at))[:MOST_EMBEDDED]
    vectors = embedder.encode_documents([texts[at] for at in order])
    cosines = (vectors @ _meanings(asked, embedder)).max(axis=1).tolist()
    result = [min(cosines)] * len(texts)
    for at, cosine in zip(order, cosines, strict=True):
        result[at] = cosine
    return result


def _meanings(asked: Asked, embedder: Embedder) -> Vector:
    """The question's meanings as columns: with its echoes, and where it says too little also with the turn before."""
    earlier = [text for text, _ in asked.echoes]
    texts = [asked.question, *earlier, *([f"{earlier[0]} {asked.question}"] if asked.borrowed else [])]
    vectors = embedder.encode_questions(texts)
    shares = np.array([1.0, *(weight for _, weight in asked.echoes)], dtype=np.float32)
    mixed = vectors[: len(shares)].T @ shares
    return np.column_stack([mixed / np.linalg.norm(mixed), *vectors[len(shares) :]])


def select(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The candidates to answer with, in the order in which they are shown: the likeliest first.

    The others come along while there is room and they are not much less likely; from another document only when they
    are nearly as likely. What only announces something ("Laptops:") and what was said already is left out.
    """
    chosen: list[Candidate] = []
    said: set[str] = set()
    words = 0.0
    for item in [item for item in ranked if not item.text.endswith((":", "："))] or ranked:
        plain = " ".join(item.text.casefold().split())
        if plain in said:
            continue
        if chosen:
            near = item.passage.revision == chosen[0].passage.revision
            least = (NEAR_SHARE if near else FAR_SHARE) * chosen[0].score
            if item.score < least or words + item.words > MOST_WORDS:
                continue
        chosen.append(item)
        said.add(plain)
        words += item.words
    return chosen
