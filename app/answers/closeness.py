"""How closely a span puts a sentence's words together as the sentence does.

A span can hold every word of a sentence and say something else of them: who does what, when, on which condition hangs
on which words go together. What can be told of that without knowing what they mean: whether they stand in the same
order, whether neighbours in the sentence are neighbours in the span, and whether the span is longer than it must be.
Logistic regression weighs the three, for what is too far to be named at all; `tests/benchmarks/support.py --trial FILE
--fit` fits it to sentences that people wrote about pages, true ones and untrue ones. What may be highlighted is
app/answers/verbatim.py's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from math import log1p

from app.answers.altered import forms, in_order
from app.answers.crossed import CELLS

ORDER, NEIGHBOURS, LENGTH, BIAS = 2.15, 3.25, -2.55, -0.9
FAR = -2.0  # below, it does not support the sentence at all
APART = 3  # telling words, at most, between which neighbours stand
LONG = 2.5  # times the sentence's length; longer counts as so long: an answer of two words has no place as short
ADDRESS = re.compile(r"\]\([^()\s]*\)|https?://\S+")


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
    length = log1p(min(len(ADDRESS.sub("", span)) / (len(sentence) or 1), LONG))
    return in_order(sentence, span) / words, near / len(pairs) if pairs else 1.0, length


def _told(line: str, said: frozenset[str]) -> str:
    """A line; of a table's row the cells that the sentence takes something from: the others stand between by chance."""
    cells = line.split(CELLS)
    taken = [cell for cell in cells if not said.isdisjoint(forms(cell, telling=True))] if len(cells) > 1 else []
    return CELLS.join(taken or cells)
