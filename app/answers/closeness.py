"""How closely a span says what a sentence says, and whether it may be shown as the place that says so.

A span can hold every word of a sentence and say something else of them: who does what, when, on which condition hangs
on which words go together. What can be told of that without knowing what they mean: whether they stand in the same
order, whether neighbours in the sentence are neighbours in the span, and whether the span is longer than it must be.
Logistic regression weighs the three, for what is too far to be named at all; `tests/benchmarks/support.py --trial FILE
--fit` fits it to sentences that people wrote about pages, true ones and untrue ones.

A highlight says that the document says so, and none is better than a wrong one. It is for a sentence that is quoted
but for small change: every word of it stands in the span, in its order, with none that tells between, and with nothing
left out that turns it round ("not", "before", "some") or restricts it at its end ("with a badge"); a name is in the
span itself; no pronoun stands for what the sentence names; and each of several sentences that it is put together from
is told with what it is about.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import log1p

from app.answers.altered import forms, in_order, in_same_order
from app.answers.crossed import CELLS
from app.retrieval.asked import term_set
from storage.sentences import sentence_spans
from storage.words import STOP_WORDS

ORDER, NEIGHBOURS, LENGTH, BIAS = 2.15, 3.25, -2.55, -0.9
FAR = -2.0  # below, it does not support the sentence at all
APART = 3  # telling words, at most, between which neighbours stand
LONG = 2.5  # times the sentence's length; longer counts as so long: an answer of two words has no place as short
SHORT = 3  # words, at most, of an answer that is no sentence: "28 days"
_ADDRESS = re.compile(r"\]\([^()\s]*\)|https?://\S+")
# where a sentence says that it is from: "According to the leave policy, …"
_FROM = re.compile(
    r"(?:according to|as (?:stated|described|set out) in|as per|laut|gemäß|selon|según) [^,.;:]{0,60}?"
    r"\b(?:documents?|documentation|polic(?:y|ies)|handbook|guide(?:lines?)?|pages?|passages?|sources?|manual|rules|"
    r"regulations?|report|agreement|text|context|dokumenten?|richtlinien?|handbuch|règlement|documento)"
    r"(?: (?:given|provided|(?:of|from) \d{4}))?, ",
    re.IGNORECASE,
)
# a word as it is written; each Chinese sign is one, a number with what it counts
_WRITTEN = re.compile(
    r"[〇零一二两三四五六七八九十百千万亿]+[\u3400-\u9fff]?|[\u3040-\u30ff\u3400-\u9fff]"
    r"|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:[.,:'’/&-][^\W\u3040-\u30ff\u3400-\u9fff]+)*"
)
_YES = re.compile(r"(?:yes|no|ja|nein|oui|non|sí|sì|sim)[,.:;] ", re.IGNORECASE)
# what a sentence may have that the span does not: words that join others and say nothing by themselves. "By" and "as"
# turn round who does it, "if" and "when" are conditions
_JOINING = frozenset(
    form
    for words in (
        "the a an of and in to for at on with it its they them their he his she her that this these those such",
        "there which who whose you your one can will is are be has have had do does",
        "der die das den dem des ein eine einen einem einer eines und in im zu zum zur für von mit an am auf es er sie",
        "ihr ihre ihren sich ist sind wird werden hat haben welche welcher welches",
        "le la les l un une de du des d et à au aux en pour il elle ils elles leur leurs son sa ses ce cette ces qui",
        "est sont a ont el los las una y del al su sus es son tiene o i gli lo e di un della che è sono ha hanno",
        "的 了 是 在 和 与 有 会 将 个 该 等",
    )
    for form in forms(words)
)
_WE, _YOU = (frozenset(forms(words)) for words in ("we us our i me my wir uns unser nous notre", "you your ihr ihre"))
_IDLE = _JOINING | frozenset(forms(" ".join(STOP_WORDS)))
_ALIKE = {
    form: forms(words)[0] for words in ("if when whenever whether case", "all every each") for form in forms(words)
}
# words that turn round what a sentence says, where they stand in another place or are left out
_TURNING = frozenset(
    forms(
        "not no never none only unless until except without before after prior since because therefore although rather "
        "instead must should may might all first last least most or but than either if when some any exclude excluded "
        "excluding avoid prevent prevented prohibit prohibited forbidden refuse refused reject rejected deny denied "
        "fail failed lack"
    )
)
# what turns a sentence round that stands before what is taken of it
_AGAINST = frozenset(
    forms(
        "unlike contrary unless except without neither nor if when some many few most may might entgegen außer ohne "
        "sofern wenn falls manche einige contrairement sauf si quelques"
    )
)
# and behind it, also where a comma stands before it
_EXCEPTING = frozenset(forms("unless except but only if or when than not without außer sofern wenn sauf si"))
_RESTRICTING = frozenset(  # what a restriction begins with, where no comma stands before it
    forms(
        "with without for to that who whose whom in of on at by from between into under within where if when unless "
        "mit ohne für zu zur zum von vom bei aus nach vor im an am auf wenn falls pour avec sans de dans si qui que "
        "con sin para en"
    )
)
_OF = frozenset(forms("of for to von vom für de du des di"))
_ARTICLES = frozenset(forms("the a an der die das dem den le la il lo el"))
_RELATIVE = frozenset(forms("that which who"))
_VERBS = frozenset(forms("is are was were be has have had can will do does must may should"))
_BREAK = re.compile(r"[,;:)–—]\s|\s[(–—]|\.\s")
_BRACKETED = re.compile(r"\(([^()]*)\)")
_SLASH = re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_])")  # "renting/buying"
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
        names <= term_set(f"{text}\n{headers}")
        and not _added(sentence, f"{text}\n{headers}")
        and (not _column_of_its_own(sentence, text) if CELLS in text else _in_its_order(sentence, spans))
        and ("(" not in text or _in_brackets(sentence) <= _in_brackets(text))
        and not any(_tells_of_another(sentence, span, text) for span in spans)
    )


def otherwise(sentence: str, text: str) -> tuple[tuple[int, int], ...]:
    """Where the words of a sentence are, from and to, that a text has in no form or in another order; those left out
    that only join others. Words in a row are one place.

    >>> [("The fee is paid by us."[start:end]) for start, end in otherwise("The fee is paid by us.", "We pay the fee.")]
    ['paid by us']
    """
    words = [(found.span(), form) for found in _WRITTEN.finditer(sentence) for form in _words(found[0])]
    kept = in_same_order([form for _, form in words], _words(text))
    places: list[tuple[int, int]] = []
    for at, ((start, end), form) in enumerate(words):
        if at in kept or form in _JOINING:
            continue
        goes_on = bool(places) and not re.search(r"\w", sentence[places[-1][1] : start])
        places.append((places.pop()[0] if goes_on else start, end))
    return tuple(places)


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


def _in_its_order(sentence: str, spans: Sequence[str]) -> bool:
    """Whether the spans say it in the same order, with nothing left out that would make it say something else."""
    said, telling = _words(sentence), frozenset(forms(sentence, telling=True))
    parts = [_Part(span[start:end]) for span in spans for start, end in sentence_spans(span)]
    if not parts:
        return False
    told = [word for part in parts for word in part.words]
    kept = in_same_order(said, told)
    moved = {word for at, word in enumerate(said) if at not in kept and word in told}
    if moved & (telling | _TURNING):
        return False
    if any(_changes(told[one + 1 : two], told[two], frozenset(said)) for one, two in pairwise(kept.values())):
        return False
    most, start = max(parts, key=lambda part: len(telling.intersection(part.words))), 0
    needed = [part is most or bool(telling.intersection(part.words).difference(most.words)) for part in parts]
    for part, is_needed in zip(parts, needed, strict=True):
        taken = [at - start for at in kept.values() if start <= at < start + len(part.words)]
        start += len(part.words)
        if is_needed and not part.said_by(taken, whole=sum(needed) > 1, short=len(said) <= SHORT):
            return False
    return True


def _column_of_its_own(sentence: str, text: str) -> bool:
    """Whether a sentence has the name of a column before "of" and what stands in it: "the deputy of Al Moor", where the
    row says that Al Moor is the deputy."""
    said = [word for word in _words(sentence) if word not in _ARTICLES]
    for cell in text.replace("\n", CELLS).split(CELLS):
        name, _, value = cell.partition(":")
        ends, begins = _words(name)[-1:], _words(value)[:1]
        triples = zip(said, said[1:], said[2:], strict=False)
        if any([before] == ends and of in _OF and [behind] == begins for before, of, behind in triples):
            return True
    return False


def _changes(left_out: Sequence[str], follows: str, said: frozenset[str]) -> bool:
    """Whether a sentence says something else without words that stand between its own: those that tell, those that turn
    round what is said, and the one that makes a statement a part of another ("rooms that are open")."""
    words = frozenset(left_out)
    relative = bool(left_out) and left_out[-1] in _RELATIVE and follows in _VERBS
    return relative or bool(words - _IDLE) or bool(_TURNING & words - said)


class _Part:
    """A sentence of a span: its words, what it is about, and where it could end."""

    def __init__(self, text: str) -> None:
        clauses = [_words(clause) for clause in _BREAK.split(_ADDRESS.sub("", text))]
        self.words = [word for clause in clauses for word in clause]
        self._ends = frozenset(accumulate(len(clause) for clause in clauses))
        self._about = next((at for at, word in enumerate(self.words) if word not in _IDLE | _OPENING), 0)

    def said_by(self, taken: Sequence[int], *, whole: bool, short: bool) -> bool:
        """Whether who takes the words at these places says no other thing: he leaves out nothing that restricts it, at
        its beginning or behind the last, which one of a few words may (`short`). `whole`: nor what it is about."""
        if not taken or (whole and self._about not in taken):
            return False
        after = max(taken) + 1
        follows = self.words[after] if after < len(self.words) else ""
        restricting = _EXCEPTING if after in self._ends else _RESTRICTING | _EXCEPTING
        return (short or follows not in restricting) and _AGAINST.isdisjoint(self.words[: min(taken)])


def _added(sentence: str, text: str) -> frozenset[str]:
    """The sentence's words that the text has in no form, or less often; those left out that only join others."""
    told = Counter(_words(text))
    missing = frozenset(Counter(_words(sentence)) - told) - (_JOINING if _WE.isdisjoint(told) else _JOINING - _YOU)
    asked = _YOU_SHOULD.search(sentence)
    if asked is not None and re.search(rf"(?:^|[.:,] )(?:[-*•] |\d+\. )?(?:please )?{asked[1]}\b", text, re.I | re.M):
        return missing - _SHOULD
    return missing


def _in_brackets(text: str) -> set[tuple[str, ...]]:
    """What stands in brackets: they say how far something goes."""
    return {tuple(_words(found)) for found in _BRACKETED.findall(_ADDRESS.sub("", text))}


def _words(text: str) -> list[str]:
    return [_ALIKE.get(form, form) for form in forms(_SLASH.sub(" or ", text))]


def _tells_of_another(sentence: str, span: str, text: str) -> bool:
    """Whether a span begins with a pronoun where the sentence has a word of its own: who knows whom it stands for."""
    return _FOR_A_NAME.match(span) is not None and not set(forms(sentence, telling=True)[:1]) <= set(forms(text))


def _told(line: str, said: frozenset[str]) -> str:
    """A line; of a table's row the cells that the sentence takes something from: the others stand between by chance."""
    cells = line.split(CELLS)
    taken = [cell for cell in cells if not said.isdisjoint(forms(cell, telling=True))] if len(cells) > 1 else []
    return CELLS.join(taken or cells)
