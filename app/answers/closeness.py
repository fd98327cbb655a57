"""How closely a span says what a sentence says: whether it may be shown as the place that says so.

A span can hold every word of a sentence and say something else of them: who does what, when, on which condition hangs
on which words go together. What can be told of that without knowing what they mean: whether they stand in the same
order, whether neighbours in the sentence are neighbours in the span, and whether the span is longer than it must be.
Logistic regression weighs the three; `tests/benchmarks/support.py --trial FILE --fit` fits it to sentences that people
wrote about pages, true ones and untrue ones. Rules stand beside it, because it only weighs: a word that the span does
not have may be the one that is untrue ("after", "only", "by", who does it), two words told in another order may be who
does it and to whom, a name told of somebody whom the span does not name may be another's, and so may be what the span
tells of "it", or what it tells in a sentence about something that the sentence does not speak of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import log1p

from app.answers.altered import forms, in_order, in_same_order, same_word
from app.answers.crossed import CELLS
from app.retrieval.asked import term_set
from storage.sentences import sentence_spans

ORDER, NEIGHBOURS, LENGTH, BIAS = 2.15, 3.25, -2.55, -0.9
CLOSE = 1.25  # from here on a span is highlighted as saying what the sentence says: rather too seldom than wrongly
FAR = -2.0  # below, it does not support the sentence at all
APART = 3  # telling words, at most, between which neighbours stand
LONG = 2.5  # times the sentence's length; longer counts as so long: an answer of two words has no place as short
MOVED = 1  # words, at most, that stand in another order
_ADDRESS = re.compile(r"\]\([^()\s]*\)|https?://\S+")
# where a sentence says that it is from: "According to the leave policy, …"
_FROM = re.compile(
    r"(?:according to|as (?:stated|described|set out) in|as per|laut|gemäß|selon|según) [^,.;:]{0,60}?"
    r"\b(?:documents?|documentation|polic(?:y|ies)|handbook|guide(?:lines?)?|pages?|passages?|sources?|manual|rules|"
    r"regulations?|report|agreement|text|context|dokumenten?|richtlinien?|handbuch|règlement|documento)"
    r"(?: (?:given|provided|(?:of|from) \d{4}))?, ",
    re.IGNORECASE,
)
_YES = re.compile(r"(?:yes|no|ja|nein|oui|non|sí|sì|sim)[,.:;] ", re.IGNORECASE)
# what a sentence may have that the span does not: words that join others and say nothing by themselves. "By" and "as"
# turn round who does it, "if" and "when" are conditions
_JOINING = frozenset(
    form
    for words in (
        "the a an of or and in to for at on with it its they them their he his she her that this these those such",
        "there which who whose you your one can will is are be has have had do does",
        "der die das den dem des ein eine einen einem einer eines und in im zu zum zur für von mit an am auf es er sie",
        "ihr ihre ihren sich ist sind wird werden hat haben welche welcher welches",
        "le la les l un une de du des d et à au aux en pour il elle ils elles leur leurs son sa ses ce cette ces qui",
        "est sont a ont el los las una y del al su sus es son tiene o i gli lo e di un della che è sono ha hanno",
        "的 了 是 在 和 与 有 会 将 个 该 等",
    )
    for form in forms(words)
)
_CONDITIONS = frozenset(forms("if when whenever whether case"))  # each says what the others say
_YOU_SHOULD, _SHOULD = re.compile(r"\byou should (\w+)", re.IGNORECASE), frozenset(forms("should"))
_OPENING = frozenset(forms("for example also additionally finally however note as thus therefore this"))
_FOR_A_NAME = re.compile(r"\W*(?:this|that|these|those|it|its|they|their|he|his|she|her|such)\b", re.IGNORECASE)


def is_close(sentence: str, spans: Sequence[str], names: frozenset[str], headers: str = "") -> bool:
    """Whether the spans, together, may be highlighted as saying what the sentence says.

    `names`: the terms of the sentence's names. `headers`: of the tables that rows of the spans belong to.
    """
    text = "\n".join(spans)
    for pattern in (_YES, _FROM):
        if (begins := pattern.match(sentence)) is not None:
            sentence = sentence[begins.end() :]
            names = names - (term_set(begins[0]) - term_set(sentence))
    return (
        closeness(sentence, text) >= CLOSE
        and _moved(sentence, text) <= MOVED
        and names <= term_set(f"{text}\n{headers}")
        and not _added(sentence, f"{text}\n{headers}")
        and not any(_tells_of_another(sentence, span, text) for span in spans)
        and not _joined(sentence, spans)
    )


def closeness(sentence: str, span: str) -> float:
    """The log-odds that the span says what the sentence says, given that it holds its words, numbers and names."""
    order, neighbours, length = features(sentence, span)
    return ORDER * order + NEIGHBOURS * neighbours + LENGTH * length + BIAS


def features(sentence: str, span: str) -> tuple[float, float, float]:
    """The part of the sentence's words that stand in the span in the same order; the part of its neighbours that are
    neighbours there; and how much longer the span is."""
    words, said = len(forms(sentence)) or 1, forms(sentence, telling=True)
    span = "\n".join(_told(line, frozenset(said)) for line in span.split("\n"))
    told = forms(span, telling=True)
    places = defaultdict(list)
    for at, word in enumerate(told):
        places[word].append(at)
    pairs = list(pairwise(said))
    near = sum(any(0 < abs(at - to) <= APART for at in places[one] for to in places[two]) for one, two in pairs)
    length = log1p(min(len(_ADDRESS.sub("", span)) / (len(sentence) or 1), LONG))
    return in_order(sentence, span) / words, near / len(pairs) if pairs else 1.0, length


def _moved(sentence: str, text: str) -> int:
    """How many of the sentence's words that tell stand in the text, and not in the same order. Rows have none."""
    if CELLS in text:
        return 0
    said, told, telling = forms(sentence), forms(text), set(forms(sentence, telling=True))
    kept, known = in_same_order(said, told), telling.intersection(told)
    return sum(word in known for at, word in enumerate(said) if at not in kept)


def _added(sentence: str, text: str) -> frozenset[str]:
    """The sentence's words that the text has in no form, those left out that only join others."""
    told, asked = frozenset(forms(text)), _YOU_SHOULD.search(sentence)
    missing = frozenset(forms(sentence)) - told - _JOINING
    if not _CONDITIONS.isdisjoint(told):
        missing -= _CONDITIONS
    if asked is not None and re.search(rf"(?:^|[.:,] )(?:[-*•] |\d+\. )?(?:please )?{asked[1]}\b", text, re.I | re.M):
        missing -= _SHOULD
    return frozenset(word for word in missing if not any(same_word(word, other) for other in told))


def _joined(sentence: str, spans: Sequence[str]) -> bool:
    """Whether it needs words from several sentences, of which one begins with something that it does not speak of."""
    said, telling = set(forms(sentence)), set(forms(sentence, telling=True))
    parts = [forms(span[start:end], telling=True) for span in spans for start, end in sentence_spans(span)]
    most = max(parts, key=lambda words: len(telling.intersection(words)), default=[])
    needed = [words for words in parts if telling.intersection(words).difference(most)]
    return bool(needed) and any(words[0] not in said | _OPENING for words in (most, *needed))


def _tells_of_another(sentence: str, span: str, text: str) -> bool:
    """Whether a span begins with a pronoun where the sentence has a word of its own: who knows whom it stands for."""
    return _FOR_A_NAME.match(span) is not None and not set(forms(sentence, telling=True)[:1]) <= set(forms(text))


def _told(line: str, said: frozenset[str]) -> str:
    """A line; of a table's row the cells that the sentence takes something from: the others stand between by chance."""
    cells = line.split(CELLS)
    taken = [cell for cell in cells if not said.isdisjoint(forms(cell, telling=True))] if len(cells) > 1 else []
    return CELLS.join(taken or cells)
