"""Which span of the passages supports a written sentence. Deterministic.

A span supports a sentence when it holds enough of the sentence's telling terms, every one of its numbers and names, and
the same denials. Where all of these agree and only some of the terms are missing, the embedder decides whether span and
sentence mean the same; it never outweighs a number, a date, a name or a denial, and what shares no word with the
sentence is not found: a sentence is rather marked than wrongly vouched for. And a span that has the words and puts them
together in other ways is not shown as saying it (closeness.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from app.answers.altered import altered, in_order
from app.answers.amounts import in_digits, measures, numbers, other_units, weekdays
from app.answers.closeness import FAR, closeness
from app.answers.context import Passage
from app.answers.crossed import crossed, labelled, numbered_parts
from app.answers.displaced import displaced
from app.answers.extract import knows
from app.answers.limits import other_limit, other_period
from app.answers.opposed import labels, nearest, opposed
from app.answers.owned import led, of_another
from app.answers.phrases import function_words, idle_words, language_of
from app.answers.scope import singled_out, widened
from app.answers.signs import DENIAL, denies
from app.answers.surroundings import taken_back
from app.answers.verbatim import is_quoted
from app.retrieval.asked import Weigh, term_set
from storage.embedder import Embedder
from storage.recollection import remembered
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS, question_terms, terms

WINDOW = 3  # sentences that together may support one
PER_SENTENCE = 0.04  # what a longer window must gain for each sentence more
ENOUGH = 0.55  # of the sentence's telling weight, in the span with its title and section
ENOUGH_IN_SPAN = 0.4  # of it in the span itself
DENIED = 0.8  # of it in a sentence that denies it, however much another holds
OF_PART = 0.7  # of it, for each part of a claim that is supported part by part
IN_DOUBT = 0.4  # of it in the span: from here on meaning may decide
# how far the cosine of sentence and span stands above that of sentences of the passages in general, towards 1: models
# differ in what they call alike. Measured with tests/benchmarks/support.py.
ALIKE = 0.5
SHORT = 3  # words; an answer of fewer is a name or the like
COMPARED = 8  # sentences of the passages that stand for them in general
ASKED = 3  # spans whose meaning is compared
PASSAGES = 128  # whose sentences and terms are remembered: those of the answers under way, and of the next question

_PART = re.compile(r"[;；]\s*|, (?:which|but|and|while|und|aber|während|mais) |，")
_CONTRACTED = re.compile(r"(?:(?<=\w)|\b)n['’]t\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[.。,，;；:：\n]")
_PREFIXED = re.compile(r"\b[^\W\d_]{1,3}-[^\W\d_]{3,}", re.IGNORECASE)
_CAPITAL = re.compile(r"\b[A-ZÄÖÜÉ][\w’'-]+")
_LONG_NAME = re.compile(r"\b[A-ZÄÖÜ][\w’'-]+(?: [A-ZÄÖÜ][\w’'-]+){1,3}")
_NAME = re.compile(r"(?<=[\w,;:’')] )[A-ZÄÖÜÉ][\w’'-]+")

Windows = Mapping[int, Sequence["Window"]]  # by the number of the passage


@dataclass(frozen=True, kw_only=True)
class Support:
    """A span of a passage and how well it supports."""

    passage: Passage
    start: int  # in the revision's text
    end: int
    score: float  # part of the sentence's telling weight that it holds, 0 to 1
    close: bool = False  # says it in words so close to the sentence's that it may be shown as the place that says it

    @property
    def text(self) -> str:
        """The span's own text."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Sentences in a row of a passage, and what they say."""

    start: int  # in the passage's text
    end: int
    size: int  # sentences
    terms: frozenset[str]
    numbers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Claim:
    sentence: str
    weights: dict[str, float]
    numbers: frozenset[str]
    names: frozenset[str]  # terms of names
    measures: dict[str, frozenset[str]]  # number -> units it is given in
    language: str
    opening: frozenset[str] = frozenset()  # those of the word that it begins with, where it is one

    @property
    def telling(self) -> bool:
        """Whether it says enough to be found at all: "That is all." has one word that tells, and stands anywhere."""
        short = len(self.sentence.split()) < SHORT
        return short or len(self.weights) > 1 or bool(self.numbers or self.names or weekdays(self.sentence))

    @cached_property
    def total(self) -> float:
        """The weight of all its terms."""
        return sum(self.weights.values())

    def covered(self, found: frozenset[str]) -> float:
        if not self.total or found.isdisjoint(self.weights):
            return 0.0
        return sum([weight for term, weight in self.weights.items() if term in found]) / self.total


def find_support(
    sentence: str,
    passages: Sequence[Passage],
    *,
    cited: frozenset[int],
    weigh: Weigh,
    embedder: Embedder | None = None,
    language: str | None = None,
    windows: Windows | None = None,
) -> tuple[Support, ...]:
    """The spans that support a sentence: in the passages it cites, else in another, else together; or none.

    `cited`: numbers of passages. `weigh`: how much a term tells. `embedder`: decides where terms leave doubt, in the
    languages that it knows. `language`: of the sentence, where more is known than its own words tell.
    `windows`: of the passages, where several sentences are held against the same ones.
    """
    windows = windows or {passage.n: windows_of(passage.text) for passage in passages}
    claim = _claim(sentence, weigh, language or language_of(sentence))
    opening = _opening_name(claim, passages) - claim.names
    claim = replace(claim, names=claim.names | opening, opening=opening)
    if not claim.telling:
        return ()
    spans = {passage.n: _best_span(claim, passage, windows[passage.n]) for passage in passages}
    found = _aligned(claim, spans, cited)
    if not found and (parts := _parts(claim, weigh)):
        found = _by_parts(parts, passages, cited, windows)
    if not found and embedder is not None and knows(embedder, sentence):
        doubtful = [
            span
            for span in spans.values()
            if span.score >= IN_DOUBT and _agrees(claim, [span]) and denies(sentence) == denies(span.text)
        ]
        found = _by_meaning(sentence, doubtful, passages, embedder)
    return () if _denied(claim, found, passages, windows) else _close_enough(claim, found)


def _close_enough(claim: _Claim, found: tuple[Support, ...]) -> tuple[Support, ...]:
    """What was found, unless it puts the claim's words together in quite other ways; and whether it is close to it. In
    another language nothing can be told of that: it is cited for its numbers and names, and not as close."""
    text = "\n".join(span.text for span in found)
    if not found or _foreign(claim, text):
        return found
    if closeness(claim.sentence, text) < FAR:
        return ()
    names = claim.names - _abbreviated(claim.sentence, text)
    close = is_quoted(claim.sentence, [span.text for span in found], names, _headers(found)) and not any(
        taken_back(
            span.passage.text,
            span.start - span.passage.start,
            span.end - span.passage.start,
            claim.sentence,
            span.passage.heading_over(span.start),
        )
        for span in found
    )
    return tuple(replace(span, close=close) for span in found)


def _aligned(claim: _Claim, spans: Mapping[int, Support], cited: frozenset[int]) -> tuple[Support, ...]:
    """The spans whose words say what the claim says."""
    named = [span for n, span in spans.items() if n in cited]
    alone = tuple(span for span in named if _holds(claim, [span]))
    if alone:
        return alone
    together = tuple(span for span in named if span.score > 0)
    if len(together) > 1 and _holds(claim, together):
        return together
    others = [span for n, span in spans.items() if n not in cited]
    # in another language only numbers and names can agree: not enough to move a citation, or to make one
    found = [span for span in others if not _foreign(claim, span.text) and _holds(claim, [span])]
    return (max(found, key=lambda span: span.score),) if found else ()


def _parts(claim: _Claim, weigh: Weigh) -> list[_Claim]:
    """The clauses of a claim that has several, each of which says something."""
    texts = [part for part in _PART.split(claim.sentence) if part]
    parts = [_claim(text, weigh, claim.language) for text in texts] if len(texts) > 1 else []
    return parts if all(len(part.weights) > 1 for part in parts) else []


def _by_parts(
    parts: Sequence[_Claim], passages: Sequence[Passage], cited: frozenset[int], windows: Windows
) -> tuple[Support, ...]:
    """What supports each part of a claim, all of it in one passage: one that is cited, else any."""
    for passage in sorted(passages, key=lambda passage: passage.n not in cited):
        found = [_best_span(part, passage, windows[passage.n]) for part in parts]
        held = (_holds(part, [span], least=OF_PART) for part, span in zip(parts, found, strict=True))
        if not any(_foreign(part, passage.text) for part in parts) and all(held):
            return tuple({(span.start, span.end): span for span in found}.values())
    return ()


def _denied(claim: _Claim, found: Sequence[Support], passages: Sequence[Passage], windows: Windows) -> bool:
    """Whether a sentence of the passages contradicts the claim: it has as much of it as what was found, and denies it
    in fewer words; or it has more of it than any sentence of that, or as much in the same order, and another limit,
    thing or part."""
    if not found or _foreign(claim, found[0].text):
        return False
    least, words = max(DENIED, found[0].score), min(_words(span.text) for span in found)
    said, everything = in_digits(claim.sentence), "\n".join(passage.text for passage in passages)
    nearby = [
        max(
            (span.text[start:end] for start, end in sentence_spans(span.text)),
            key=lambda sentence: claim.covered(_terms_of(sentence)),
        )
        for span in found
    ]
    if any(altered(claim.sentence, near, everything) for near in nearby):
        return True
    own = max(claim.covered(_terms_of(near)) for near in nearby)
    headed = max(own, *(claim.covered(_terms_of(span.text) | term_set(_headers([span]))) for span in found))
    alike = max(in_order(claim.sentence, near) for near in nearby)
    for passage in passages:
        for window in windows[passage.n]:
            covered, shared = claim.covered(window.terms), len(window.terms & claim.weights.keys())
            if window.size > 1 or max(covered, shared / len(claim.weights)) < IN_DOUBT:
                continue
            text = passage.text[window.start : window.end]
            nearer = covered > own or in_order(claim.sentence, text) >= alike
            if nearer and altered(claim.sentence, text, everything):
                return True
            if covered < IN_DOUBT:
                continue
            header = term_set(passage.chunk_from(passage.start + window.start).chunk.header)
            limited = claim.covered(window.terms | header) > headed and other_limit(said, in_digits(text))
            if limited or (covered > own and crossed(claim.sentence, text, "")):
                return True
            if covered < least or _words(text) > words:
                continue
            affirmed = not denies(claim.sentence) and denies(text)
            if widened(claim.sentence, text, text) or (affirmed and not _same_denial(claim.sentence, text)):
                return True
    return False


def _words(text: str) -> int:
    return len(set(question_terms(text)))


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


def _claim(sentence: str, weigh: Weigh, language: str) -> _Claim:
    said = question_terms(_CONTRACTED.sub(" not", in_digits(sentence)))
    idle = frozenset(term for word in idle_words(language) for term in terms(word))
    return _Claim(
        sentence=sentence,
        weights={term: weigh(term) for term in said if term not in idle} or {term: weigh(term) for term in said},
        numbers=numbers(sentence),
        names=names_of(sentence, language),
        measures=measures(sentence),
        language=language,
    )


def _opening_name(claim: _Claim, passages: Sequence[Passage]) -> frozenset[str]:
    """The term of the word that a claim begins with, where the passages write it as a name, and never otherwise."""
    first = _CAPITAL.match(claim.sentence)
    if first is None or claim.language == "de":
        return frozenset()
    large, small = (frozenset().union(*each) for each in zip(*(_by_case(item.text) for item in passages), strict=True))
    return frozenset(terms(first[0])) & large - small - STOP_WORDS


def names_of(sentence: str, language: str) -> frozenset[str]:
    """The terms of a sentence's names; none in German, where every noun has a capital letter."""
    names = _NAME.findall(sentence) if language != "de" else []
    return frozenset(term for name in names for term in terms(re.sub(r"['’]s?$", "", name)))


def _terms_of(text: str) -> frozenset[str]:
    """The terms of a text, its numbers in digits; "re-used" as "reused" too."""
    found = term_set(in_digits(text))
    return found.union(*(terms(word[0].replace("-", "")) for word in _PREFIXED.finditer(text)))


def _same_facts(claim: _Claim, texts: Sequence[str], headers: str, whole: frozenset[str]) -> bool:
    """Whether numbers, units, weekdays and names agree."""
    text = "\n".join(texts)
    return (
        claim.numbers <= numbers(f"{text}\n{headers}")
        and _same_measures(claim, text)
        and weekdays(claim.sentence) <= weekdays(text)
        and _same_names(claim, text, headers, whole)
        and not _contradicted(claim, texts)
    )


def _same_measures(claim: _Claim, text: str) -> bool:
    """Whether no number of the claim stands in the text with other units only."""
    known = measures(text)
    return not any(other_units(units, known.get(number, frozenset())) for number, units in claim.measures.items())


def _same_names(claim: _Claim, text: str, headers: str, whole: frozenset[str]) -> bool:
    """Whether the claim's names are the text's own; where the text has no name ("He …"), those of its passage."""
    names = claim.names - _abbreviated(claim.sentence, text)
    if not names <= whole:
        return False
    missing = names - term_set(f"{text} {headers}")
    if not missing:
        return True
    own = frozenset(term for name in _NAME.findall(text) for term in terms(name))
    return own <= claim.names or claim.language == "de"


def _abbreviated(sentence: str, text: str) -> frozenset[str]:
    """The terms of names that the text has as their first letters, or the other way round: UK and United Kingdom."""
    found: set[str] = set()
    for one, other in ((sentence, text), (text, sentence)):
        for name in _LONG_NAME.findall(one):
            short = "".join(word[0] for word in name.split())
            if re.search(rf"\b{short}\b", other):
                found.update(terms(name), terms(short))
    return frozenset(found)


def _contradicted(claim: _Claim, texts: Sequence[str]) -> bool:
    """Whether the sentence nearest to the claim has other numbers or names in the places of the claim's own.

    Without this, what one sentence says of one thing could be put together with the number of another.
    """
    sentences = [text[start:end] for text in texts for start, end in sentence_spans(text)]
    near = max(sentences, key=lambda sentence: claim.covered(_terms_of(sentence)))
    found = term_set(near)
    if any(_other_numbers(claim, part, sentences) for part in numbered_parts(in_digits(claim.sentence))):
        return True
    if claim.language == "de":
        return False
    named = frozenset(term for name in _NAME.findall(near) for term in terms(name)) | labels(near)
    names = claim.names - _abbreviated(claim.sentence, near)
    return bool(names - found and named - (claim.names - claim.opening))


def _other_numbers(claim: _Claim, part: str, sentences: Sequence[str]) -> bool:
    """Whether the sentence nearest to a part of the claim lacks a number of it and has one that the claim lacks."""
    mine, wanted = numbers(part), frozenset(question_terms(part))
    near = max(sentences, key=lambda sentence: sum(claim.weights.get(term, 0) for term in wanted & _terms_of(sentence)))
    return bool(mine - numbers(near) and numbers(near) - claim.numbers)


def _best_span(claim: _Claim, passage: Passage, windows: Sequence[Window]) -> Support:
    """The window of sentences that holds most; of equals, the shortest and first."""
    best = Support(passage=passage, start=passage.start, end=passage.start, score=0.0)
    best_value = -1.0
    for window in windows:
        score = claim.covered(window.terms)
        missing = len(claim.numbers - window.numbers) / (len(claim.numbers) or 1)
        value = score - PER_SENTENCE * window.size - 0.5 * missing
        if value > best_value:
            best_value = value
            start, end = passage.start + window.start, passage.start + window.end
            best = Support(passage=passage, start=start, end=end, score=score)
    return best


@remembered(PASSAGES)
def _whole(text: str) -> frozenset[str]:
    return term_set(text)


@remembered(PASSAGES)
def _by_case(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The terms that have a capital letter inside a sentence of a text, and those that have none somewhere in it."""
    large = frozenset(term for word in _NAME.findall(text) for term in terms(word))
    return large, frozenset(terms(_CAPITAL.sub(" ", text)))


@remembered(PASSAGES)
def windows_of(text: str) -> tuple[Window, ...]:
    """The sentences of a text, then every two and three in a row: remembered, since it takes a while."""
    spans = sentence_spans(text)
    alone = [(_terms_of(text[start:end]), numbers(text[start:end])) for start, end in spans]
    return tuple(
        Window(
            start=spans[first][0],
            end=spans[first + size - 1][1],
            size=size,
            terms=frozenset().union(*(terms for terms, _ in alone[first : first + size])),
            numbers=frozenset().union(*(numbers for _, numbers in alone[first : first + size])),
        )
        for size in range(1, WINDOW + 1)
        for first in range(len(spans) - size + 1)
    )


def _holds(claim: _Claim, spans: Sequence[Support], *, least: float = ENOUGH) -> bool:
    """Whether the spans together say what the sentence says."""
    text = "\n".join(span.text for span in spans)
    if not _agrees(claim, spans):
        return False
    if _foreign(claim, text):
        # the words cannot agree; numbers and names can, where there are any
        return bool(claim.numbers or claim.names)
    own = _terms_of(text)
    return claim.covered(own) >= ENOUGH_IN_SPAN and claim.covered(own | term_set(_headers(spans))) >= least


def _agrees(claim: _Claim, spans: Sequence[Support]) -> bool:
    """Whether no number, unit, day, name or denial speaks against it."""
    texts = [span.text for span in spans]
    text, headers = "\n".join(texts), _headers(spans)
    if not claim.weights or not text:
        return False
    whole = frozenset().union(*(_whole(span.passage.text) for span in spans)) | term_set(f"{text} {headers}")
    if not _same_facts(claim, texts, headers, whole):
        return False
    if _foreign(claim, text):
        return True
    if not _same_denial(claim.sentence, text) or opposed(claim.sentence, text):
        return False
    near = nearest(claim.sentence, text)
    around = "\n".join(span.passage.text for span in spans)
    return not (
        widened(claim.sentence, near, text)
        or singled_out(claim.sentence, f"{text}\n{headers}")
        or other_period(claim.sentence, led(near, around))
        or any(crossed(claim.sentence, line, around) for line in (near, *labelled(text)))
        or altered(claim.sentence, near, around)
        or of_another(claim.sentence, near, around)
        or displaced(claim.sentence, around)
    )


def _headers(spans: Sequence[Support]) -> str:
    return " ".join(span.passage.chunk_from(span.start).chunk.header for span in spans)


def _foreign(claim: _Claim, text: str) -> bool:
    return claim.language != language_of(text) and claim.covered(_terms_of(text)) < ENOUGH_IN_SPAN


def _same_denial(sentence: str, text: str) -> bool:
    """A sentence that denies needs a span that denies; one that affirms must not affirm what the span denies."""
    if denies(sentence):
        return denies(text) and not _denies_more(sentence, nearest(sentence, text))
    affirmed = _terms_of(_CONTRACTED.sub(" not", sentence))
    for found in DENIAL.finditer(text):
        start, end = _clause(text, found)
        following = question_terms(text[found.end() : min(end, found.end() + 60)])[:2]
        if following and affirmed.issuperset(following):
            beside = _beside(text, start, end)
            told = affirmed & term_set(text[start:end])
            rest = beside.union(question_terms(text[start:end])) - {*following} - function_words(text)
            rest = frozenset(term for term in rest if term.isalpha())
            # one word alone: said beside it too, or denied of something else
            other = len(following) == 1 and (told <= beside or (bool(rest) and not rest & affirmed))
            if not other and not _affirmed_nearer(affirmed, text, start, following):
                return False
        only = frozenset(question_terms(text[start:end])) - term_set(text[:start] + text[end:])
        if len(only & affirmed) > 1 and len(only & affirmed) >= ENOUGH * len(only):
            return False
    return True


def _denies_more(sentence: str, near: str) -> bool:
    """Whether a sentence is the other with a denial more or fewer: "may not go without" for "may go without"."""
    said, told = frozenset(question_terms(sentence)), frozenset(question_terms(near))
    alike = len(said & told) >= DENIED * max(len(said), len(told))
    return alike and len(DENIAL.findall(sentence)) != len(DENIAL.findall(near))


def _affirmed_nearer(affirmed: frozenset[str], text: str, place: int, following: Sequence[str]) -> bool:
    """Whether another sentence of the text, one that denies nothing, says this too, and more of what is affirmed."""
    sentences = sentence_spans(text)
    telling = [affirmed.intersection(question_terms(in_digits(text[start:end]))) for start, end in sentences]
    own = next(found for found, (start, end) in zip(telling, sentences, strict=True) if place < end)
    return any(
        len(found) > len(own) and found.issuperset(following)
        for found, (start, end) in zip(telling, sentences, strict=True)
        if not denies(text[start:end])
    )


def _clause(text: str, found: re.Match[str]) -> tuple[int, int]:
    before = [sign.end() for sign in _CLAUSE_END.finditer(text, 0, found.start())]
    after = _CLAUSE_END.search(text, found.end())
    return before[-1] if before else 0, after.start() if after else len(text)


def _beside(text: str, start: int, end: int) -> frozenset[str]:
    """The terms of the other clauses of the sentence that a clause stands in."""
    for first, last in sentence_spans(text):
        if first <= start < last or first < end <= last:
            return term_set(f"{text[first:start]} {text[end:last]}")
    return frozenset()
