"""Which span of the passages supports a written sentence. Deterministic.

A span supports a sentence when it holds enough of the sentence's telling terms, every one of its numbers and names, and
the same denials. Where all of these agree and only some of the terms are missing, the embedder decides whether span and
sentence mean the same; it never outweighs a number, a date, a name or a denial, and what shares no word with the
sentence is not found: a sentence is rather marked than wrongly vouched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.answers.context import Passage
from app.answers.extract import knows
from app.answers.phrases import language_of
from app.retrieval.asked import Weigh, term_set
from storage.embedder import Embedder
from storage.sentences import sentence_spans
from storage.words import question_terms, terms

WINDOW = 3  # sentences that together may support one
PER_SENTENCE = 0.04  # what a longer window must gain for each sentence more
ENOUGH = 0.55  # of the sentence's telling weight, in the span with its title and section
ENOUGH_IN_SPAN = 0.4  # of it in the span itself
IN_DOUBT = 0.4  # of it in the span: from here on meaning may decide
# how far the cosine of sentence and span stands above that of sentences of the passages in general, towards 1: models
# differ in what they call alike. Measured with tests/benchmarks/support.py.
ALIKE = 0.5
COMPARED = 8  # sentences of the passages that stand for them in general
ASKED = 3  # spans whose meaning is compared

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
_UNITS = {
    word: words.split()[0]
    for words in (
        "percent % per-cent prozent pct pourcent porcento",
        "eur € euro euros",
        "usd $ dollar dollars",
        "gbp £ pound pounds",
        "cny ¥ yuan rmb 元",
        "minute minutes min minuten",
        "hour hours hrs stunde stunden heure heures 小时",
        "day days tag tage tagen jour jours 天",
        "week weeks woche wochen semaine semaines 周",
        "month months monat monate monaten mois 个月",
        "year years jahr jahre jahren an ans 年",
        "kilometre km kilometres kilometer kilometers",
        "metre m metres meter meters",
        "mile miles",
        "kilogram kg kilograms",
        "thousand tausend",
        "million millions mio millionen",
        "billion billions bn milliarden",
        "january jan januar janvier",
        "february feb februar février",
        "march mar märz mars",
        "april apr avril",
        "may mai",
        "june jun juni juin",
        "july jul juli juillet",
        "august aug août",
        "september sep sept septembre",
        "october oct oktober octobre",
        "november nov novembre",
        "december dec dezember décembre",
    )
    for word in words.split()
}
_MEASURED = re.compile(
    r"(?P<before>[€$£¥]|\b[A-Za-z]{3,9}\.?)? ?(?P<number>\d+(?:[.,]\d+)*)(?:st|nd|rd|th|\.)?(?: |-)?"
    r"(?P<after>[€$£¥%]|[A-Za-zäöüéû]+|小时|个月|[天周年元])?"
)
_WEEKDAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:noon|midnight|mittags?|mitternachts?)\b|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Support:
    """A span of a passage and how well it supports."""

    passage: Passage
    start: int  # in the revision's text
    end: int
    score: float  # part of the sentence's telling weight that it holds, 0 to 1

    @property
    def text(self) -> str:
        """The span's own text."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]


@dataclass(frozen=True, kw_only=True)
class _Claim:
    sentence: str
    weights: dict[str, float]
    numbers: frozenset[str]
    names: frozenset[str]  # terms of names
    measures: dict[str, frozenset[str]]  # number -> units it is given in
    language: str

    def covered(self, found: frozenset[str]) -> float:
        total = sum(self.weights.values())
        return sum(weight for term, weight in self.weights.items() if term in found) / total if total else 0.0


def find_support(
    sentence: str, passages: Sequence[Passage], *, cited: frozenset[int], weigh: Weigh, embedder: Embedder | None = None
) -> tuple[Support, ...]:
    """The spans that support a sentence: in the passages it cites, else in another, else together; or none.

    `cited`: numbers of passages. `weigh`: how much a term tells. `embedder`: decides where terms leave doubt, in the
    languages that it knows.
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
    if found:
        return (max(found, key=lambda support: support.score),)
    if embedder is None or not knows(embedder, sentence):
        return ()
    doubtful = [
        span
        for span in spans.values()
        if span.score >= IN_DOUBT and _agrees(claim, [span]) and denies(sentence) == denies(span.text)
    ]
    return _by_meaning(sentence, doubtful, passages, embedder)


def _by_meaning(
    sentence: str, doubtful: Sequence[Support], passages: Sequence[Passage], embedder: Embedder
) -> tuple[Support, ...]:
    """The one of these spans that means what the sentence says, as far as the embedder tells; or none."""
    asked = sorted(doubtful, key=lambda span: -span.score)[:ASKED]
    if not asked:
        return ()
    every = [passage.text[start:end] for passage in passages for start, end in sentence_spans(passage.text)]
    others = every[:: max(1, len(every) // COMPARED)][:COMPARED]
    vectors = embedder.encode_documents([sentence, *(span.text for span in asked), *others])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    usual = sum(cosines[len(asked) :]) / len(others)
    best, cosine = max(zip(asked, cosines, strict=False), key=lambda pair: pair[1])
    return (best,) if usual < 1 and (cosine - usual) / (1 - usual) >= ALIKE else ()


def _claim(sentence: str, weigh: Weigh) -> _Claim:
    language = language_of(sentence)
    # every German noun has a capital letter
    names = _NAME.findall(sentence) if language != "de" else []
    return _Claim(
        sentence=sentence,
        weights={term: weigh(term) for term in question_terms(sentence)},
        numbers=numbers(sentence),
        names=frozenset(term for name in names for term in terms(name)),
        measures=measures(sentence),
        language=language,
    )


def numbers(text: str) -> frozenset[str]:
    """Every number of a text in one form: digits only, number words up to twelve as digits."""
    found = {re.sub(r"\D+$|[,’' ](?=\d{3}\b)", "", match.group()) for match in _NUMBER.finditer(text)}
    found |= {_NUMBER_WORDS[word] for word in re.findall(r"\w+", text.casefold()) if word in _NUMBER_WORDS}
    found |= {_CHINESE_DIGITS[match.group()] for match in _CHINESE_NUMBER.finditer(text)}
    return frozenset(found)


def measures(text: str) -> dict[str, frozenset[str]]:
    """The units, currencies and months that stand beside each number, in one form each."""
    found: dict[str, set[str]] = {}
    for match in _MEASURED.finditer(_words_as_digits(text)):
        number = re.sub(r"\D+$|[,’' ](?=\d{3}\b)", "", match["number"])
        units = [_UNITS.get((match[side] or "").casefold().rstrip(".")) for side in ("before", "after")]
        found.setdefault(number, set()).update(unit for unit in units if unit)
    return {number: frozenset(units) for number, units in found.items()}


def words_of(units: frozenset[str]) -> frozenset[str]:
    """Every word, as a term, for these units."""
    return frozenset(term for word, unit in _UNITS.items() if unit in units for term in terms(word))


def _words_as_digits(text: str) -> str:
    return re.sub(r"\w+", lambda word: _NUMBER_WORDS.get(word[0].casefold(), word[0]), text)


def _same_facts(claim: _Claim, texts: Sequence[str], headers: str, whole: frozenset[str]) -> bool:
    """Whether numbers, units, weekdays and names agree."""
    text = "\n".join(texts)
    return (
        claim.numbers <= numbers(f"{text}\n{headers}")
        and _same_measures(claim, text)
        and _weekdays(claim.sentence) <= _weekdays(text)
        and _same_names(claim, text, headers, whole)
        and not _contradicted(claim, texts)
    )


def _weekdays(text: str) -> frozenset[str]:
    return frozenset(day.casefold() for day in _WEEKDAY.findall(text))


def _same_measures(claim: _Claim, text: str) -> bool:
    """Whether no number of the claim stands in the text with other units only."""
    known = measures(text)
    return all(not units or not known.get(number) or units & known[number] for number, units in claim.measures.items())


def _same_names(claim: _Claim, text: str, headers: str, whole: frozenset[str]) -> bool:
    """Whether the claim's names are the text's own; where the text has no name ("He …"), those of its passage."""
    if not claim.names <= whole:
        return False
    missing = claim.names - term_set(f"{text} {headers}")
    if not missing:
        return True
    own = frozenset(term for name in _NAME.findall(text) for term in terms(name))
    return own <= claim.names or claim.language == "de"


def _contradicted(claim: _Claim, texts: Sequence[str]) -> bool:
    """Whether the sentence nearest to the claim has other numbers or names in the places of the claim's own.

    Without this, what one sentence says of one thing could be put together with the number of another.
    """
    sentences = [text[start:end] for text in texts for start, end in sentence_spans(text)]
    nearest = max(sentences, key=lambda sentence: claim.covered(term_set(sentence)))
    figures, found = numbers(nearest), term_set(nearest)
    if claim.numbers - figures and figures - claim.numbers:
        return True
    if claim.language == "de":
        return False
    named = frozenset(term for name in _NAME.findall(nearest) for term in terms(name))
    return bool(claim.names - found and named - claim.names)


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
    text = "\n".join(span.text for span in spans)
    if not _agrees(claim, spans):
        return False
    if _foreign(claim, text):
        # the words cannot agree; numbers and names can, where there are any
        return bool(claim.numbers or claim.names)
    own = term_set(text)
    return claim.covered(own) >= ENOUGH_IN_SPAN and claim.covered(own | term_set(_headers(spans))) >= ENOUGH


def _agrees(claim: _Claim, spans: Sequence[Support]) -> bool:
    """Whether no number, unit, day, name or denial speaks against it."""
    texts = [span.text for span in spans]
    text, headers = "\n".join(texts), _headers(spans)
    if not claim.weights or not text:
        return False
    whole = frozenset().union(*(term_set(span.passage.text) for span in spans)) | term_set(f"{text} {headers}")
    if not _same_facts(claim, texts, headers, whole):
        return False
    return _foreign(claim, text) or _same_denial(claim.sentence, text)


def _headers(spans: Sequence[Support]) -> str:
    return " ".join(span.passage.chunk_from(span.start).chunk.header for span in spans)


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
