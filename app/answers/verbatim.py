"""Whether a sentence is quoted from a span, so that the span may be highlighted as the place that says it.

A highlight says that the document says so, and none is better than a wrong one. A span can hold every word of a
sentence and say something else of them, and no measure of words tells that apart. So a highlight is for a sentence that
is made of whole clauses of the span, in their order and word for word, but for articles and the number and person of a
word. What is left out before the first and behind the last restricts nothing and takes nothing back; of several
sentences each is taken from its beginning to its end. Rows of a table have no order: theirs are the words alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from app.answers.altered import forms, in_same_order, written
from app.answers.closeness import ADDRESS
from app.answers.crossed import CELLS
from app.answers.surroundings import DOUBTED
from app.retrieval.asked import term_set
from storage.sentences import begins_item, sentence_spans
from storage.words import STOP_WORDS

ASIDE = 2  # words, at most, behind a comma that may restrict what stands before it: "12 weeks, combined"
# where a sentence says that it is from: "According to the leave policy, …"
_FROM = re.compile(
    r"(?:according to|as (?:stated|described|set out) in|as per|laut|gemäß|selon|según) [^,.;:]{0,60}?"
    r"\b(?:documents?|documentation|polic(?:y|ies)|handbook|guide(?:lines?)?|pages?|passages?|sources?|manual|rules|"
    r"regulations?|report|agreement|text|context|dokumenten?|richtlinien?|handbuch|règlement|documento)"
    r"(?: (?:given|provided|(?:of|from) \d{4}))?, ",
    re.IGNORECASE,
)
_YES = re.compile(r"(?:yes|no|ja|nein|oui|non|sí|sì|sim)[,.:;] ", re.IGNORECASE)
# what a row may be told with that it does not have: words that join others and say nothing by themselves. "By" and "as"
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
# what may be put in or left out, wherever it is
_HARMLESS = frozenset(
    forms(
        "also please auch aussi the a an der die das den dem des ein eine einen einem einer eines le la les l los las "
        "el"
    )
)
_OF = frozenset(forms("of for to von vom für de du des di"))
_AND = frozenset(forms("and und et y e"))
_WHO = frozenset(forms("I we you he she it they this there ich wir sie er es je nous vous il elle"))
_IS = frozenset(forms("is are ist sind est sont es son"))
_ALIKE = {
    form: forms(words)[0]
    for words in ("if when whenever", "every each", "is are", "was were", "has have", "does do")
    for form in forms(words)
}
# what a clause may begin with that is left out
_OPENING = _AND | frozenset(
    forms(
        "for example also additionally finally however note as thus therefore hence moreover furthermore accordingly "
        "unfortunately but so yet aber doch mais pero"
    )
)
# what says when, where or of whom a statement holds, at its beginning or behind it
_RESTRICTING = frozenset(
    forms(
        "with without for to in of on at by from between into under within where if when unless only "
        "as during according since until before after while once because although though despite via per through "
        "provided except but or than not unlike contrary neither nor some many few most may might even "
        "mit ohne für zu zur zum von vom bei aus nach vor im an am auf wenn falls sofern während laut seit bis als "
        "obwohl weil nur außer entgegen manche einige pour avec sans de dans si qui que sauf pendant selon depuis "
        "quelques con sin para en según durante"
    )
)
_BRACKETS = re.compile(r"\s*\([^()]*\)")
# brackets that restrict nothing: examples, short names, where to look, times of a life
_ASIDES = re.compile(
    r"\s*\((?:(?i:e\.g\.|i\.e\.|a\.k\.a\.|z\. ?b\.|d\. ?h\.|ca?\.|(?:for example|such as|like|examples?|see|also|aka|"
    r"called|siehe|auch|par exemple|voir|born|died|circa)\b)[^()]*|[A-Z][A-Z\d&/-]{1,9}s?|\d{4}\s?[–-]\s?\d{4})\)"
)
# a name of what follows that tells nothing of whom or when it holds
_LABEL = re.compile(
    r"\W*(?:(?:please )?notes?|tips?|important|info(?:rmation)?|how(?: .{0,20})?|what|why|who|answer|a|description|"
    r"summary|definition|step \d+|antwort|hinweis|wichtig|beschreibung|definition|réponse|remarque|respuesta|nota)\W*",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,;:)]['\"”’*_]*(?=\s|$)|[，；：、—]|\s[(–-]\s?|\.\s")
_SLASH = re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_])")  # "renting/buying"
_FRAGMENT = re.compile(r"\w+\W*|\d[\d.,]* \w+\W*|(?:[A-ZÀ-Þ\d][\w'’.-]*\W+){2,4}")  # "28 days.", "Dr Jo Berg"
_FEW = re.compile(r"\ba (?=few|little|bit)\b", re.IGNORECASE)
_YOU_SHOULD = re.compile(r"\byou (?:should|can) (?=\w)", re.IGNORECASE)  # before what one is told to do
# a word as it is written; each Chinese sign is one, a number with what it counts
_WRITTEN = re.compile(
    r"[〇零一二两三四五六七八九十百千万亿]+[\u3400-\u9fff]?|[\u3040-\u30ff\u3400-\u9fff]"
    r"|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:[.,:'’/&-][^\W\u3040-\u30ff\u3400-\u9fff]+)*"
)


def is_quoted(sentence: str, spans: Sequence[str], names: frozenset[str], headers: str = "") -> bool:
    """Whether the spans, together, may be highlighted as saying what the sentence says.

    `names`: the terms of the sentence's names. `headers`: of the tables that rows of the spans belong to.
    """
    sentence, text = ADDRESS.sub("", sentence), "\n".join(spans)
    for pattern in (_YES, _FROM):
        if (begins := pattern.match(sentence)) is not None:
            sentence = sentence[begins.end() :]
            names = names - (term_set(begins[0]) - term_set(sentence))
    if not names <= term_set(f"{text}\n{headers}"):
        return False
    if CELLS in text:
        return not _added(sentence, f"{text}\n{headers}") and not _column_of_its_own(sentence, text)
    return _in_brackets(sentence) <= _in_brackets(text) and any(
        _quoted(said, _parts(told)) or (_FRAGMENT.fullmatch(said) is not None and _holds(said, _parts(told)))
        for said in dict.fromkeys([sentence, _YOU_SHOULD.sub("", sentence)])
        for told in ([*spans], [_ASIDES.sub("", span) for span in spans])
    )


def otherwise(sentence: str, text: str) -> tuple[tuple[int, int], ...]:
    """Where the words of a sentence are, from and to, that a text has in no form or in another order; those left out
    that only join others. Words in a row are one place.

    >>> [("The fee is paid by us."[start:end]) for start, end in otherwise("The fee is paid by us.", "We pay the fee.")]
    ['paid by us']
    """
    words = [(found.span(), form) for found in _WRITTEN.finditer(sentence) for form, _ in _words(found[0])]
    kept = in_same_order([form for _, form in words], [form for form, _ in _words(text)])
    places: list[tuple[int, int]] = []
    for at, ((start, end), form) in enumerate(words):
        if at in kept or form in _JOINING:
            continue
        goes_on = bool(places) and not re.search(r"\w", sentence[places[-1][1] : start])
        places.append((places.pop()[0] if goes_on else start, end))
    return tuple(places)


class _Part(NamedTuple):
    """A sentence of a span, without articles."""

    words: tuple[str, ...]  # as they are compared
    written: tuple[str, ...]  # the same in small letters
    starts: frozenset[int]  # places where a clause begins
    ends: frozenset[int]  # and ends
    colons: frozenset[int]  # ends with a colon
    asks: bool
    is_heading: bool  # no item, and it ends as no sentence does

    def begins(self, at: int) -> bool:
        """Whether what is left out before this place neither restricts nor takes back what follows."""
        told = zip(self.words[:at], self.written, strict=False)
        before = [both for both in told if both[0] not in _OPENING and not both[0].isdigit()]
        restricts = bool(before) and before[0][0] in _RESTRICTING
        return not restricts and not DOUBTED.search(" ".join(word for _, word in before))

    def ends_at(self, at: int) -> bool:
        """Whether what is left out from this place on neither restricts nor takes back what stands before."""
        rest = self.words[at:]
        if not rest:
            return True
        # "A, B and C" is no "A and B": behind "and" stands a statement of its own, which begins with who does it
        told = len(rest) > ASIDE and (rest[1] in _WHO if rest[0] in _AND else rest[0] not in _RESTRICTING)
        counted = any(map(_is_number, self.words[:at])) and any(map(_is_number, rest))
        return told and not counted and not DOUBTED.search(" ".join(self.written[at:]))

    def runs(self, said: Sequence[str], first: int) -> Iterator[tuple[int, int, int]]:
        """Where its clauses say the same as the words from `first` on: from and to there, and to where among these."""
        for start in self.starts:
            at, to = start, first
            while to < len(said):
                if start < at and ((at in self.colons and said[to] in _IS) or (at in self.ends and said[to] in _AND)):
                    to += self.words[at : at + 1] != (said[to],)
                if at == len(self.words) or to == len(said) or self.words[at] != said[to]:
                    break
                at, to = at + 1, to + 1
                if at in self.ends:
                    yield start, at, to


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


def _parts(spans: Sequence[str]) -> list[_Part]:
    return [_part(span[start:end]) for span in spans for start, end in sentence_spans(span)]


def _part(text: str) -> _Part:
    words: list[str] = []
    written: list[str] = []
    starts, joined, ends, colons, at = {0}, set[int](), set[int](), set[int](), 0
    text = ADDRESS.sub("", text)
    for sign in [*_BREAK.finditer(text), None]:
        clause = _words(text[at : sign.start() if sign else len(text)])
        words += [form for form, _ in clause]
        written += [word for _, word in clause]
        if sign is None or ("(" not in sign[0] and not _within(text[: sign.start()])):
            ends.add(len(words))
        if sign is not None:
            before, at = text[at : sign.start()], sign.end()
            if not _within(text[:at]):
                (starts if sign[0][0] in ";；." or _LABEL.fullmatch(before) else joined).add(len(words))
            if sign[0][0] in ":：":
                colons.add(len(words))
    for start in starts | joined:
        idle = takewhile(lambda word: word in _OPENING or word.isdigit(), words[start:])
        starts.update(start + 1 + past for past, _ in enumerate(idle))
    end = text.rstrip(" \"'”’*_)")
    return _Part(
        words=tuple(words),
        written=tuple(written),
        starts=frozenset(starts),
        ends=frozenset(ends),
        colons=frozenset(colons),
        asks=end.endswith(("?", "？")),
        is_heading=not begins_item(text) and not end.endswith((".", "!", "?", "。", "！", "？")),
    )


def _within(text: str) -> bool:
    """Whether a text breaks off inside brackets or a quotation."""
    return text.count("(") > text.count(")") or text.count("“") > text.count("”") or text.count('"') % 2 == 1


def _quoted(sentence: str, parts: Sequence[_Part]) -> bool:
    """Whether the sentence is made of whole clauses of the parts, in their order, and of no more."""
    said = [form for form, _ in _words(sentence)]
    if not said:
        return False
    if any(part.asks for part in parts) and not sentence.rstrip().endswith(("?", "？")):
        parts = [part for part in parts if not part.asks]
    return _made_of(said, 0, parts, 0, begun=False)


def _holds(fragment: str, parts: Sequence[_Part]) -> bool:
    """Whether an answer that is no sentence stands somewhere in the parts, with no word behind it that goes on with it;
    a number alone goes on."""
    said = tuple(form for form, _ in _words(fragment))
    number = len(said) == 1 and _is_number(said[0])
    return bool(said) and any(
        part.words[at - len(said) : at] == said and (number or at in part.ends or part.written[at] in STOP_WORDS)
        for part in parts
        for at in range(len(said), len(part.words) + 1)
    )


def _made_of(said: Sequence[str], first: int, parts: Sequence[_Part], next_part: int, *, begun: bool) -> bool:
    """Whether the words from `first` on are made of clauses of the parts from `next_part` on. `begun`: of another part
    there are some already; then a part is taken from its beginning."""
    if begun and (said[first] in _AND or (said[first] in _IS and parts[next_part - 1].is_heading)):
        first += 1
    for place in range(next_part, len(parts)):
        part = parts[place]
        for start, at, to in part.runs(said, first):
            whole = all(word in _OPENING or word.isdigit() for word in part.words[:start])
            if not (whole or (not begun and part.begins(start))):
                continue
            if begun and place > next_part and part.words[start] in _WHO:  # of whom is told in what is left out
                continue
            if to == len(said):
                if part.ends_at(at):
                    return True
            elif at == len(part.words) and _made_of(said, to, parts, place + 1, begun=True):
                return True
    return False


def _in_brackets(text: str) -> set[tuple[str, ...]]:
    """What stands in brackets: they say how far something goes."""
    found = _BRACKETS.findall(ADDRESS.sub("", text))
    return {tuple(form for form, _ in _words(bracket)) for bracket in found}


def _column_of_its_own(sentence: str, text: str) -> bool:
    """Whether a sentence has the name of a column before "of" and what stands in it: "the deputy of Al Moor", where the
    row says that Al Moor is the deputy."""
    said = [word for word, _ in _words(sentence)]
    for cell in text.replace("\n", CELLS).split(CELLS):
        name, _, value = cell.partition(":")
        ends, begins = ([form for form, _ in _words(told)] for told in (name, value))
        triples = zip(said, said[1:], said[2:], strict=False)
        if any([before] == ends[-1:] and of in _OF and [behind] == begins[:1] for before, of, behind in triples):
            return True
    return False


def _added(sentence: str, text: str) -> frozenset[str]:
    """The sentence's words that the text has in no form, or less often; those left out that only join others."""
    return frozenset(Counter(forms(sentence)) - Counter(forms(text))) - _JOINING


def _words(text: str) -> list[tuple[str, str]]:
    """The words of a text but for articles, each as it is compared and as it is written. What a thing does and what is
    done to it, now or before, is not the same: "plans", "planned"."""
    spelt = written(_FEW.sub("a", _SLASH.sub(" or ", text)))
    both = ((_ALIKE.get(form, form), word) for word in spelt for form in forms(word)[:1])
    ending = ((form, word, next((end for end in ("ed", "ing") if word.endswith(end)), "")) for form, word in both)
    return [
        (f"{form}+{end}" if end and form not in _RESTRICTING else form, word)
        for form, word, end in ending
        if form not in _HARMLESS
    ]
