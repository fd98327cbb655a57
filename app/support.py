"""Which span of the passages supports a written sentence. Deterministic; knows no model.

A span supports a sentence when it holds enough of the sentence's telling terms, every one of its numbers and names, and
the same denials. What is only alike in meaning is not found: a sentence is rather marked than wrongly vouched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.asked import Weigh, term_set
from app.context import Passage
from app.phrases import language_of
from storage.sentences import sentence_spans
from storage.words import question_terms, terms

WINDOW = 3  # sentences that together may support one
PER_SENTENCE = 0.04  # what a longer window must gain for each sentence more
ENOUGH = 0.55  # of the sentence's telling weight, in the span with its title and section
ENOUGH_IN_SPAN = 0.4  # of it in the span itself

_NUMBER = re.compile(r"\d+(?:[.,:/’' ]\d+)*")
_NUMBER_WORDS = {
    word: str(value)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze",
    )
    for value, word in enumerate(words.split())
    if word not in ("un", "one")  # an article, a pronoun
}
_CHINESE_DIGITS = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九十")}
_CHINESE_NUMBER = re.compile(r"(?<![一-鿿])?[二三四五六七八九十](?=[年月日天个人名次位家种岁小周倍成元])")
_DENIAL = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|\w+n['’]t|except|excluding|excluded|prohibited|forbidden|nicht|kein\w*|"
    r"nie|niemals|ohne|weder|verboten|untersagt|ne|n['’]|pas|jamais|aucune?|sans|nunca|ningun[oa]?|sin|non|mai|senza)\b"
    r"|[不没無无非未勿禁]",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:’')] )[A-ZÄÖÜÉ][\w’'-]+")


@dataclass(frozen=True, kw_only=True)
class Support:
    """A span of a passage and how well it supports."""

    passage: Passage
    start: int  # in the revision's text
    end: int
    score: float  # part of the sentence's telling weight that it holds, 0 to 1


@dataclass(frozen=True, kw_only=True)
class _Claim:
    sentence: str
    weights: dict[str, float]
    numbers: frozenset[str]
    names: frozenset[str]  # terms of names
    language: str

    def covered(self, found: frozenset[str]) -> float:
        total = sum(self.weights.values())
        return sum(weight for term, weight in self.weights.items() if term in found) / total if total else 0.0


def find_support(
    sentence: str, passages: Sequence[Passage], *, cited: frozenset[int], weigh: Weigh
) -> tuple[Support, ...]:
    """The spans that support a sentence: in the passages it cites, else in another, else together; or none.

    `cited`: numbers of passages. `weigh`: how much a term tells.
    """
    claim = _claim(sentence, weigh)
    named = [passage for passage in passages if passage.n in cited]
    others = [passage for passage in passages if passage.n not in cited]
    spans = {passage.n: _best_span(claim, passage) for passage in passages}
    alone = [spans[passage.n] for passage in named if _holds(claim, [spans[passage.n]])]
    if alone:
        return tuple(alone)
    together = [spans[passage.n] for passage in named if spans[passage.n].score > 0]
    if len(together) > 1 and _holds(claim, together):
        return tuple(together)
    found = [spans[passage.n] for passage in others if _holds(claim, [spans[passage.n]])]
    return (max(found, key=lambda support: support.score),) if found else ()


def _claim(sentence: str, weigh: Weigh) -> _Claim:
    language = language_of(sentence)
    # every German noun has a capital letter
    names = _NAME.findall(sentence) if language != "de" else []
    return _Claim(
        sentence=sentence,
        weights={term: weigh(term) for term in question_terms(sentence)},
        numbers=numbers(sentence),
        names=frozenset(term for name in names for term in terms(name)),
        language=language,
    )


def numbers(text: str) -> frozenset[str]:
    """Every number of a text in one form: digits only, number words up to twelve as digits."""
    found = {re.sub(r"\D+$|[,’' ](?=\d{3}\b)", "", match.group()) for match in _NUMBER.finditer(text)}
    found |= {_NUMBER_WORDS[word] for word in re.findall(r"\w+", text.casefold()) if word in _NUMBER_WORDS}
    found |= {_CHINESE_DIGITS[match.group()] for match in _CHINESE_NUMBER.finditer(text)}
    return frozenset(found)


def denies(text: str) -> bool:
    """Whether a text says no of something."""
    return bool(_DENIAL.search(text))


def _best_span(claim: _Claim, passage: Passage) -> Support:
    """The window of sentences that holds most; of equals, the shortest and first."""
    best = Support(passage=passage, start=passage.start, end=passage.start, score=0.0)
    best_value = -1.0
    for start, end, size in _windows(passage.text):
        text = passage.text[start:end]
        score = claim.covered(term_set(text))
        missing = len(claim.numbers - numbers(text)) / (len(claim.numbers) or 1)
        value = score - PER_SENTENCE * size - 0.5 * missing
        if value > best_value:
            best_value = value
            best = Support(passage=passage, start=passage.start + start, end=passage.start + end, score=score)
    return best


def _windows(text: str) -> Iterator[tuple[int, int, int]]:
    spans = sentence_spans(text)
    for size in range(1, WINDOW + 1):
        for first in range(len(spans) - size + 1):
            yield spans[first][0], spans[first + size - 1][1], size


def _holds(claim: _Claim, spans: Sequence[Support]) -> bool:
    """Whether the spans together say what the sentence says."""
    texts = [span.passage.text[span.start - span.passage.start : span.end - span.passage.start] for span in spans]
    headers = " ".join(span.passage.chunk_from(span.start).chunk.header for span in spans)
    text = "\n".join(texts)
    own = term_set(text)
    everything = own | term_set(headers)
    if not claim.weights or not text:
        return False
    whole = frozenset().union(*(term_set(span.passage.text) for span in spans)) | everything
    if not claim.numbers <= numbers(f"{text}\n{headers}") or not claim.names <= whole:
        return False
    if _foreign(claim, text):
        # the words cannot agree; numbers and names can, where there are any
        return bool(claim.numbers or claim.names)
    if claim.covered(own) < ENOUGH_IN_SPAN or claim.covered(everything) < ENOUGH:
        return False
    return _same_denial(claim.sentence, text)


def _foreign(claim: _Claim, text: str) -> bool:
    return claim.language != language_of(text) and claim.covered(term_set(text)) < ENOUGH_IN_SPAN


def _same_denial(sentence: str, text: str) -> bool:
    """A sentence that denies needs a span that denies; one that affirms must not affirm what the span denies."""
    if denies(sentence):
        return denies(text)
    affirmed = term_set(sentence)
    for found in _DENIAL.finditer(text):
        clause = re.split(r"[.。,，;；]", text[found.end() : found.end() + 60], maxsplit=1)[0]
        following = question_terms(clause)[:2]
        if following and all(term in affirmed for term in following):
            return False
    return True
