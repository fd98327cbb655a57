"""How sure an answer is, as one number from 0 to 1 and the reason in words. Knows what was found; writes nothing.

Two logistic regressions over what retrieval and extraction say of the best evidence (`Evidence`): whether the documents
speak of what is asked at all, which decides below `SAID` and so what is refused; and, above it, how often an answer on
such evidence is right. What is refused and how often an answer of each level is right: `python
tests/benchmarks/answers.py`, and `premise eval FILE --answers`.

What is asked about documents that are there, but not said in them, words and vectors can hardly tell; a language model
can.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from app.answers.context import Passage
from app.answers.extract import Candidate
from app.answers.phrases import language_of
from app.answers.ranges import amount_terms
from app.answers.signs import SAYING, denies
from app.answers.swapped import swapped
from app.records import Hit
from app.retrieval.asked import Asked, Expected, term_set
from app.retrieval.forms import has_kin
from app.retrieval.synonyms import as_said, run_in, run_of
from storage.words import terms, unspaced_share

OPEN = (Expected.ANY, *SAYING)  # kinds of which nearly any sentence may be
LEADING = 3  # candidates that are looked at
SAME = 5  # hits of which those in one document are counted
FAINT = 0.25  # a part of the question's weight that is worth a word when it is nowhere


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for an answer, and what against it, each 0 to 1."""

    similarity: float  # best cosine of question and sentence among the leading candidates
    passage_similarity: float  # best cosine of question and chunk, from retrieval
    ahead: float  # how far that one is above the average of the hits
    passage_terms: float  # telling weight of the question in the best passage with its header
    context_terms: float  # the same in the whole context
    score: float  # of the best hit
    spread: float  # how far the best hit's score is above the last one's
    best: float  # the best candidate's probability
    fits: float  # whether a leading candidate names the kind of thing that is asked for
    agree: float  # 1 when meaning and words find the same document first
    same: float  # part of the first hits that are of the first one's document
    names_missing: float  # weight of the question's names, codes and numbers that the best candidate's passage lacks
    names_nowhere: float  # the same that the whole context lacks
    codes_nowhere: float  # 1 when the question names a code ("E27", "HG-80") and no passage does
    unsaid: float = 0.0  # the weightiest word of the question of which no passage has any form
    opposed: float = 0.0  # 1 when the leading candidates say the opposite of what the question takes for granted


# at most this where the question names a code that no passage does, or asks for the opposite of what is said: the
# passages speak of something else
ELSEWHERE = 0.3
# from this part of the question's weight on one word that no passage says makes a confidence low: "How is it taxed?"
UNSAID, MOST_UNSAID = 0.25, 0.5
WORDS_ALONE = 0.5  # at most this where only words were compared, and nothing of the kind asked for stands with them
SAID = 0.35  # from here on the documents are taken to speak of it, and the number says how likely the answer is right
# whether they speak of it
WEIGHTS = Evidence(
    similarity=2.0,
    passage_similarity=4.3,
    ahead=0.8,
    passage_terms=1.3,
    context_terms=0.5,
    score=2.8,
    spread=1.5,
    best=1.0,
    fits=0.3,
    agree=0.5,
    same=-0.3,
    names_missing=-0.7,
    names_nowhere=-1.0,
    codes_nowhere=0.0,
)
BIAS = -5.15
# how likely an answer is right where they do: fitted on answers to squad's and the sample company's questions, those to
# unanswerable and foreign ones counted as wrong; of the half of squad that it was not fitted on, the answers from .35,
# .5, .6, .7, .8 and .85 on were right in .46 .59 .70 .77 .82 and .95
WEIGHTS_RIGHT = Evidence(
    similarity=1.5,
    passage_similarity=0.0,
    ahead=0.0,
    passage_terms=0.0,
    context_terms=0.0,
    score=0.7,
    spread=0.0,
    best=1.9,
    fits=0.7,
    agree=0.5,
    same=0.0,
    names_missing=-0.3,
    names_nowhere=0.0,
    codes_nowhere=0.0,
)
BIAS_RIGHT = -2.65
# whether they speak of it, and how likely it is right, without an embedder that knows the language
WEIGHTS_TERMS = Evidence(
    similarity=0.0,
    passage_similarity=0.0,
    ahead=0.0,
    passage_terms=3.2,
    context_terms=3.7,
    score=1.6,
    spread=0.0,
    best=1.7,
    fits=0.0,
    agree=0.0,
    same=0.0,
    names_missing=0.0,
    names_nowhere=0.0,
    codes_nowhere=0.0,
)
BIAS_TERMS = -1.9
# how likely it is right then: fitted on answers to the Chinese set's questions, all of which its documents answer; 0.75
# less than that gave, since a person's may not be
WEIGHTS_RIGHT_TERMS = Evidence(
    similarity=0.0,
    passage_similarity=0.0,
    ahead=0.0,
    passage_terms=0.55,
    context_terms=0.0,
    score=0.0,
    spread=0.0,
    best=1.6,
    fits=0.0,
    agree=0.0,
    same=0.0,
    names_missing=0.0,
    names_nowhere=0.0,
    codes_nowhere=0.0,
)
BIAS_RIGHT_TERMS = -0.35

# a word with a capital letter inside a sentence, an abbreviation, or anything with a digit
# (of letters that are written with spaces between words: in "城巴E23P线" only the code is one)
_NAME = re.compile(
    r"(?<=[\w,;:’'\")] )[A-ZÄÖÜÉ][\w’'&.-]*|"
    r"(?<![A-Za-zÀ-ÿ0-9])[A-Za-zÀ-ÿ]*\d[A-Za-zÀ-ÿ0-9-]*|\b[A-Z]{2,}[A-Za-zÀ-ÿ0-9]*"
)
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]*\d)[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")


# "Which costs are not refunded?" asks for what is denied; "I do not know how …", "Why can't I …" do not
_ASKS_NOT = re.compile(
    r"^(?:what|which|who|whom|whose|welche\w*|wer|wen|was)\b(?! about\b)"
    r"(?:(?!\b(?:if|when|because|while|although|since|why|how|wenn|weil|warum)\b)[^,;.?!])*?"
    r"(?:\b(?:not|never|nicht|keine?[mnrs]?|nie|niemals)\b|n['’]t\b)",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\b(?:only|solely|exclusively|nur|ausschließlich)\b", re.IGNORECASE)  # and nobody else
_PAIRS = (
    "east west|eastern western|north south|northern southern|increase decrease|increased decreased|largest smallest|"
    "biggest smallest|highest lowest|best worst|minimum maximum|longest shortest|oldest youngest|oldest newest|"
    "richest poorest|import export|imports exports|buyer seller|legal illegal|male female|men women|indoor outdoor|"
    "upper lower|heaviest lightest|fastest slowest|größte kleinste|höchste niedrigste|beste schlechteste|"
    "längste kürzeste|erhöhung senkung"
)
_ONE_WAY = frozenset((terms(one)[0], terms(other)[0]) for one, other in map(str.split, _PAIRS.split("|")))
_OPPOSITES = _ONE_WAY | {(other, one) for one, other in _ONE_WAY}


def confidence(evidence: Evidence, *, embedded: bool) -> float:
    """0 to 1. `embedded`: whether cosines mean anything for the question's language."""
    said = _probability(evidence, *((WEIGHTS, BIAS) if embedded else (WEIGHTS_TERMS, BIAS_TERMS)))
    if evidence.codes_nowhere or evidence.opposed:
        return min(said, ELSEWHERE)
    if said < SAID:
        return said
    if embedded:
        right = max(SAID, _probability(evidence, WEIGHTS_RIGHT, BIAS_RIGHT))
    else:
        right = max(SAID, _probability(evidence, WEIGHTS_RIGHT_TERMS, BIAS_RIGHT_TERMS))
        right = right if evidence.fits else min(right, WORDS_ALONE)
    return min(right, MOST_UNSAID) if evidence.unsaid >= UNSAID else right


def _probability(evidence: Evidence, weights: Evidence, bias: float) -> float:
    total = bias + sum(w * f for w, f in zip(astuple(weights), astuple(evidence), strict=True))
    return 1 / (1 + math.exp(-total))


def evidence_of(
    asked: Asked, hits: Sequence[Hit], passages: Sequence[Passage], ranked: Sequence[Candidate]
) -> Evidence:
    """What the passages and their sentences, the likeliest first, say."""
    texts = [f"{passage.first.chunk.header} {passage.first.path} {passage.text}" for passage in passages]
    sets = [asked.with_own(asked.terms_in(text)) for text in texts]
    if ranked:
        sets[ranked[0].passage.n - 1] |= _held(asked, ranked)
    everything = frozenset().union(*sets)
    leading = ranked[:LEADING]
    similarity = max((item.features.similarity for item in leading), default=0.0)
    cosines = [hit.legs.get("vector", 0.0) for hit in hits]
    nearest = max(cosines, default=0.0)
    first = hits[0].found.chunk.revision_id
    named = _weights_of_names(asked)
    where = sets[ranked[0].passage.n - 1] if ranked else everything
    return Evidence(
        similarity=similarity,
        # retrieval compares with a question that says too little, extraction also with the turn before
        passage_similarity=max(nearest, similarity) if asked.borrowed else nearest,
        ahead=nearest - sum(cosines) / len(cosines),
        passage_terms=max((asked.covered(item) for item in sets), default=0.0),
        context_terms=asked.covered(everything),
        score=hits[0].score,
        spread=hits[0].score - hits[-1].score,
        best=ranked[0].score if ranked else 0.0,
        fits=0.5 if asked.expected in OPEN else max((item.features.fits for item in leading), default=0.0),
        agree=float(_first_of(hits, "vector") == _first_of(hits, "keyword")),
        same=sum(hit.found.chunk.revision_id == first for hit in hits[:SAME]) / len(hits[:SAME]),
        names_missing=_missing(named, where),
        names_nowhere=_missing(named, everything),
        codes_nowhere=float(any(not _stands(code, passages) for code in _CODE.findall(asked.question))),
        unsaid=max(_unsaid(asked, everything).values(), default=0.0),
        opposed=float(_opposed(asked, leading, passages)),
    )


def _unsaid(asked: Asked, found: frozenset[str]) -> dict[str, float]:
    """The terms of the question of which `found` has no form, with their parts of its weight; of text in words only."""
    if unspaced_share(asked.question):
        return {}
    total = sum(asked.weights.values())
    own = (term for term in terms(asked.question) if term in asked.weights)
    return {term: asked.weights[term] / total for term in own if not has_kin(term, found)}


def _opposed(asked: Asked, leading: Sequence[Candidate], passages: Sequence[Passage]) -> bool:
    """Whether what is asked not to be so is nowhere denied, the likeliest sentence has the opposite of a word of the
    question ("decrease": "increase") and none of the leading ones has the word, or it says so of another."""
    if not leading or unspaced_share(asked.question):
        return False
    if _ASKS_NOT.search(asked.question) and not any(denies(item.text) or _ONLY.search(item.text) for item in leading):
        return True
    texts = "\n".join(f"{item.first.chunk.header}\n{item.text}" for item in passages)
    if language_of(asked.question) != "de" and swapped(asked.question, leading[0].text, texts):
        return True
    words, said = term_set(asked.question), term_set(leading[0].text)
    everything = frozenset[str]().union(*(term_set(item.text) for item in leading))
    return any(
        word in words and opposite in said and opposite not in words and word not in everything
        for word, opposite in _OPPOSITES
    )


def _stands(code: str, passages: Sequence[Passage]) -> bool:
    """Whether a passage writes a code, its parts side by side: "HG-80" is not "HG-60 … 80 %"."""
    parts = r"[\s_./-]?".join(re.findall(r"[^\W\d_]+|\d+", code))
    pattern = re.compile(rf"(?<![A-Za-z0-9]){parts}(?![A-Za-z0-9])", re.IGNORECASE)
    return any(
        pattern.search(f"{item.first.chunk.header} {item.first.path} {item.text}") is not None for item in passages
    )


def _held(asked: Asked, ranked: Sequence[Candidate]) -> frozenset[str]:
    """The terms of the question's amounts where the likeliest sentence says for them what it says of a range."""
    return amount_terms(asked.question) if ranked and ranked[0].case else frozenset()


def _first_of(hits: Sequence[Hit], leg: str) -> str:
    return max(hits, key=lambda hit: hit.legs.get(leg, 0.0)).found.chunk.revision_id


def _weights_of_names(asked: Asked) -> dict[str, float]:
    """The terms of the question's names, codes and numbers; every German noun has a capital letter, so none there."""
    if language_of(asked.question) == "de":
        return {}
    return {term: asked.weights.get(term, 1.0) for name in _names(asked) for term in terms(name)}


def _missing(named: dict[str, float], found: frozenset[str]) -> float:
    total = sum(named.values())
    return sum(weight for term, weight in named.items() if term not in found) / total if total else 0.0


def reason(
    asked: Asked, evidence: Evidence, passages: Sequence[Passage], ranked: Sequence[Candidate], *, embedded: bool
) -> str:
    """Why the confidence is what it is, in one plain sentence for the person."""
    texts = [f"{item.first.chunk.header} {item.text}" for item in passages]
    found = _held(asked, ranked).union(*(asked.with_own(asked.terms_in(text)) for text in texts))
    missing = [
        name
        for name in dict.fromkeys(_names(asked))
        if not (_stands(name, passages) if _CODE.fullmatch(name) else set(terms(name)) <= found)
    ]
    unsaid = _words(asked, found) if evidence.unsaid >= UNSAID else []
    whole = evidence.passage_terms > 1 - FAINT
    lacking = _LACKING.get(asked.expected)
    reasons = (
        (bool(missing), f"No passage that was found names {_listed(missing[:3])}."),
        (bool(evidence.opposed), "The nearest sentences say the opposite of what is asked for, or say it of another."),
        (bool(unsaid), f"No passage that was found says {_listed(unsaid[:3])}."),
        (
            evidence.context_terms < FAINT and not embedded,
            "Few of the question's words stand in the documents, and the search by meaning does not know its language, "
            "or is away. Try other words, or another language of the documents.",
        ),
        (evidence.context_terms < FAINT, "Few of the question's words stand in the documents."),
        (lacking is not None and evidence.fits == 0, f"The nearest sentences {lacking}."),
        (
            not embedded,
            "Found by its words alone: the search by meaning does not know its language, or is away.",
        ),
        (whole and evidence.agree > 0, WHOLE),
        (evidence.agree > 0, AGREE),
        (whole, WHOLE_ELSEWHERE),
    )
    return next((said for holds, said in reasons if holds), APART)


def taken_for(asked: Asked, ranked: Sequence[Candidate]) -> str:
    """What the likeliest passage says for words of the question that it does not say, in a sentence; or nothing."""
    if not ranked:
        return ""
    passage = ranked[0].passage
    texts = (ranked[0].text, f"{passage.first.chunk.header} {passage.text}")
    found = asked.terms_in(texts[1])
    said = [(text, run_of(text)) for text in texts]
    pairs = []
    for one in asked.instead:
        others = ((text, run, name) for text, every in said for run, name in one.others.items() if run_in(run, every))
        text, run, name = next(others, ("", (), ""))
        if run and not all(has_kin(term, found) for term in one.telling):
            pairs.append(f"“{as_said(run, text) or name}” for “{one.said}”")
    return f"The passage says {' and '.join(pairs[:2])}." if pairs else ""


WHOLE = "One passage holds nearly all of the question's words, and is close in meaning."
AGREE = "Words and meaning point to the same document."
WHOLE_ELSEWHERE = "One passage holds nearly all of the question's words, but another document is closer in meaning."
APART = "Words and meaning point to different documents."
UNCLEAR = "Words of the question stand in the documents, but no sentence clearly answers it."
NO_REASON_TO_DOUBT = frozenset({WHOLE, AGREE})
NO_REASON_TO_REFUSE = NO_REASON_TO_DOUBT | {UNCLEAR, WHOLE_ELSEWHERE, APART}
NOT_CLOSE = "No passage that was found is close enough to the question to answer it."


_LACKING = {
    Expected.NUMBER: "name no number",
    Expected.OFTEN: "do not say how often",
    Expected.WHEN: "name no date or time",
    Expected.WHO: "name no person",
}


def _names(asked: Asked) -> list[str]:
    if language_of(asked.question) == "de":
        return _CODE.findall(asked.question)
    return [name for name in _NAME.findall(asked.question) if name != "I"]


def _words(asked: Asked, found: frozenset[str]) -> list[str]:
    """The question's words that weigh much and of which `found` has no form."""
    heavy = {term for term, share in _unsaid(asked, found).items() if share >= UNSAID}
    return [word for word in re.findall(r"[\w’'-]+", asked.question) if heavy.intersection(terms(word))]


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name.strip('.')}”" for name in names] or [""]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
