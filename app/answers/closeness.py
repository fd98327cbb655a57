"""How closely a span says what a sentence says: whether it may be shown as the place that says so.

A span can hold every word of a sentence and say something else of them: who does what, when, on which condition hangs
on which words go together. What can be told of that without knowing what they mean: whether they stand in the same
order, whether neighbours in the sentence are neighbours in the span, and whether the span is longer than it must be.
Logistic regression weighs the three; `tests/benchmarks/support.py --trial FILE --fit` fits it to sentences that people
wrote about pages, true ones and untrue ones. Three rules stand beside it, because it only weighs: two words told in
another order may be who does it and to whom, a name told of somebody whom the span does not name may be another's, and
so may be what the span tells of "it".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import log1p

from app.answers.altered import forms, in_order, in_same_order
from app.answers.crossed import CELLS
from app.retrieval.asked import term_set

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
    r"(?: (?:given|provided))?, ",
    re.IGNORECASE,
)
_FOR_A_NAME = re.compile(r"\W*(?:this|that|these|those|it|its|they|their|he|his|she|her|such)\b", re.IGNORECASE)


def is_close(sentence: str, spans: Sequence[str], names: frozenset[str], headers: str = "") -> bool:
    """Whether the spans, together, may be highlighted as saying what the sentence says.

    `names`: the terms of the sentence's names. `headers`: of the tables that rows of the spans belong to.
    """
    text, begins = "\n".join(spans), _FROM.match(sentence)
    if begins is not None:
        sentence = sentence[begins.end() :]
        names = names - (term_set(begins[0]) - term_set(sentence))
    return (
        closeness(sentence, text) >= CLOSE
        and _moved(sentence, text) <= MOVED
        and names <= term_set(f"{text}\n{headers}")
        and not any(_tells_of_another(sentence, span, text) for span in spans)
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


def _tells_of_another(sentence: str, span: str, text: str) -> bool:
    """Whether a span begins with a pronoun where the sentence has a word of its own: who knows whom it stands for."""
    return _FOR_A_NAME.match(span) is not None and not set(forms(sentence, telling=True)[:1]) <= set(forms(text))


def _told(line: str, said: frozenset[str]) -> str:
    """A line; of a table's row the cells that the sentence takes something from: the others stand between by chance."""
    cells = line.split(CELLS)
    taken = [cell for cell in cells if not said.isdisjoint(forms(cell, telling=True))] if len(cells) > 1 else []
    return CELLS.join(taken or cells)
