"""How sure an answer is, as one number from 0 to 1. Knows what was found; writes nothing.

A logistic regression over what retrieval and extraction say of the best evidence (`Evidence`), fitted so that the
default of `refuse_below`, 0.35, refuses about one answerable question in thirty. Measured with the bundled embedder, in
a way that `premise eval FILE --groups everyone --answers` repeats (refused_answerable, refused_unanswerable):

    indexed   asked                                        refused
    squad     its answerable questions, not fitted on       1.7%
    zh        its answerable questions                      3.4%
    mtrag     its answerable questions, with history        3.7%
    squad     questions of mtrag                           97.2%
    mtrag     questions of squad                           98.7%
    squad     its own, their article hidden                91%
    zh        its own, their article hidden                70%   similar articles remain, no embedder for the language
    mtrag     its unanswerable questions                   26%   about documents that are there
    squad     its unanswerable questions                    7%   as above: an answer of the expected kind stands near

What is asked about documents that are there, but not said in them, words and vectors cannot tell; a language model can.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from app.asked import Asked, term_set
from app.context import Passage
from app.extract import Candidate
from app.records import Hit


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for an answer, each 0 to 1."""

    similarity: float  # best cosine of question and sentence among the best candidates
    passage_similarity: float  # best cosine of question and chunk, from retrieval
    sentence_terms: float  # telling weight of the question in the best sentence
    passage_terms: float  # the same in the best passage with its header
    context_terms: float  # the same in the whole context
    best: float  # the best candidate's probability


WEIGHTS = Evidence(
    similarity=6.4, passage_similarity=6.0, sentence_terms=2.8, passage_terms=1.4, context_terms=1.6, best=2.7
)
BIAS = -9.25
# without an embedder that knows the language
WEIGHTS_TERMS = Evidence(
    similarity=0.0, passage_similarity=0.0, sentence_terms=3.5, passage_terms=3.5, context_terms=3.2, best=2.8
)
BIAS_TERMS = -3.7


def confidence(evidence: Evidence, *, embedded: bool) -> float:
    """0 to 1. `embedded`: whether cosines mean anything for the question's language."""
    weights, bias = (WEIGHTS, BIAS) if embedded else (WEIGHTS_TERMS, BIAS_TERMS)
    total = bias + sum(w * f for w, f in zip(astuple(weights), astuple(evidence), strict=True))
    return 1 / (1 + math.exp(-total))


def evidence_of(
    asked: Asked, hits: Sequence[Hit], passages: Sequence[Passage], ranked: Sequence[Candidate]
) -> Evidence:
    """What the passages and their sentences, the likeliest first, say."""
    sets = [term_set(f"{passage.first.chunk.header} {passage.text}") for passage in passages]
    leading = ranked[:3]
    similarity = max((item.features.similarity for item in leading), default=0.0)
    passage_similarity = max((hit.legs.get("vector", 0.0) for hit in hits), default=0.0)
    return Evidence(
        similarity=similarity,
        # retrieval compares with a question that says too little, extraction also with the turn before
        passage_similarity=max(passage_similarity, similarity) if asked.borrowed else passage_similarity,
        sentence_terms=max((item.features.terms for item in leading), default=0.0),
        passage_terms=max((asked.covered(item) for item in sets), default=0.0),
        context_terms=asked.covered(frozenset().union(*sets)),
        best=ranked[0].score if ranked else 0.0,
    )
