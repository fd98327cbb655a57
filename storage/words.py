"""Text to index terms, in the one way that documents, questions and answers are all cut.

Words are lower-cased, stripped of accents and stemmed (English); runs of Chinese, Japanese, Korean and Thai script,
which are written without spaces or carry endings, become overlapping pairs of characters. The only knowledge of
languages in storage; tantivy does the analysis itself.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import chain

import tantivy

from storage import recollection

Run = tuple[str, ...]  # index terms that follow each other

ANALYZER = "premise"
REMEMBERED = 50_000  # pieces of text whose terms are remembered, some 10 MB: nearly every word comes again
REMEMBERED_LENGTH = 100  # characters of the longest of them
CUT = "2"  # counted up when text is cut differently: an index of another cut is made anew (storage/indexes.py)

# Han, Hiragana, Katakana, Hangul, Bopomofo, Thai, Lao, Khmer, Myanmar
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u3100-\u312f\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")

# English words that say nothing about which passage is meant, and the Chinese characters that do the same in questions
STOP_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between both but by can could did do
    does doing during each for from further had has have having he her here hers him his how i if in into is it its
    itself just me more most my no nor not of off on once only or other our out over own same she should so some such
    than that the their them then there these they this those through to too under until up very was we were what when
    where which while who whom whose why will with would you your yours
    please tell give show s t ll re ve d m""".split()
)
QUESTION_CHARACTERS = frozenset("的了是在和有我你他她它们这那哪谁什么吗呢吧么怎为几多少个请问之与及被把将对从到由")


# Years and quarters are written in many ways; each is cut as if it were written "FY 2023" and "Q2 2023". In groups,
# each with what one of has to stand in a text, in small letters, before it is looked at more closely.
_PERIODS = tuple(
    (
        signs,
        tuple((re.compile(pattern, re.IGNORECASE), written) for pattern, written in group),
    )
    for signs, group in (
        (
            ("fy",),
            (
                (r"\bFY['’]?(\d{4})\b", r"FY \1"),
                (r"\bFY ?['’]?(\d{2})\b(?! ?\d)", r"FY 20\1"),
            ),
        ),
        (
            ("1q", "2q", "3q", "4q", "q1", "q2", "q3", "q4"),
            (
                (r"\b(\d{4})[ -]?Q([1-4])\b", r"\1 Q\2"),
                (r"\bQ([1-4])(?:[ -]?FY)?[ -]?(\d{4})\b", r"Q\1 \2"),
                (r"\b([1-4])Q[ -]?['’]?(\d{4})\b", r"Q\1 \2"),
                (r"\b([1-4])Q[ -]?['’]?(\d{2})\b", r"Q\1 20\2"),
                (r"\bQ([1-4])[ -]?['’]?(\d{2})\b(?!\d)", r"Q\1 20\2"),
            ),
        ),
        (
            ("st quarter", "nd quarter", "rd quarter", "th quarter"),
            (
                (r"\b(first|1st) quarter\b", r"\g<0> Q1"),
                (r"\b(second|2nd) quarter\b", r"\g<0> Q2"),
                (r"\b(third|3rd) quarter\b", r"\g<0> Q3"),
                (r"\b(fourth|4th) quarter\b", r"\g<0> Q4"),
            ),
        ),
    )
)
_MAY_BE_PERIOD = re.compile(r"\bFY|[1-4]Q|Q[1-4]|\bquarter\b", re.IGNORECASE)  # never over white space


def build_analyzer() -> tantivy.TextAnalyzer:
    """The analyzer that is registered with the index under ANALYZER."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("English"))
        .build()
    )


_analyzer = build_analyzer()


def segment(text: str) -> str:
    """Text with every unspaced run written as pairs of characters, so that a tokenizer of words finds terms.

    >>> segment("在上海的办公室 office")
    ' 在上 上海 海的 的办 办公 公室  office'
    """
    return _paired(_periods(_normal(text))).rstrip()


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _paired(text: str) -> str:
    return text if text.isascii() else _RUN.sub(lambda match: f" {' '.join(_pairs(match.group()))} ", text)


def _periods(text: str) -> str:
    small = text.lower()
    for signs, group in _PERIODS:
        if any(sign in small for sign in signs):
            for pattern, written in group:
                text = pattern.sub(written, text)
    return text


class _Pieces(dict[str, tuple[str, ...]]):
    """The terms of pieces of normal text without white space. No term and no unspaced run reaches over white space."""

    def __init__(self, *, telling: bool) -> None:
        """`telling`: a piece that may be of a year or a quarter, which may reach over white space, is told as such."""
        super().__init__()
        self._telling = telling
        recollection.keep(self.clear)

    def __missing__(self, piece: str) -> tuple[str, ...]:
        if self._telling and _MAY_BE_PERIOD.search(piece):
            found: tuple[str, ...] = (_PERIOD,)
        else:
            found = tuple(map(sys.intern, _analyzer.analyze(_paired(piece))))
        if len(piece) <= REMEMBERED_LENGTH:
            if len(self) >= REMEMBERED:
                self.clear()
            self[piece] = found
        return found


_PERIOD = "\0"  # no term has it
_pieces, _pieces_of_periods = _Pieces(telling=True), _Pieces(telling=False)


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, repeated ones included: as the index cuts `segment` of it, but faster."""
    normal = _normal(text)
    found = list(chain.from_iterable(map(_pieces.__getitem__, normal.split())))
    if _PERIOD in found:
        found = list(chain.from_iterable(map(_pieces_of_periods.__getitem__, _periods(normal).split())))
    return found


@cache
def _stop_terms() -> frozenset[str]:
    return frozenset(term for word in STOP_WORDS for term in _analyzer.analyze(word)) | STOP_WORDS


def question_terms(text: str) -> list[str]:
    """The terms of a question that can tell passages apart, each once, in order.

    Words that say nothing are left out, unless the question has no others.
    """
    every = list(dict.fromkeys(terms(text)))
    telling = [term for term in every if term not in _stop_terms() and not (set(term) <= QUESTION_CHARACTERS)]
    return telling or every


@recollection.remembered(REMEMBERED)
def is_unspaced(term: str) -> bool:
    """Whether an index term is a piece of a run of unspaced script."""
    return _RUN.match(term) is not None


def unspaced_share(text: str) -> float:
    """The part of a text's letters that belongs to scripts written without spaces, 0 to 1."""
    if text.isascii():
        return 0.0
    letters = sum(character.isalpha() for character in text)
    return sum(len(match.group()) for match in _RUN.finditer(text)) / letters if letters else 0.0


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
