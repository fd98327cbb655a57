"""Whether a sentence is quoted from a span, so that the span may be highlighted as the place that says it.

A highlight says that the document says so, and none is better than a wrong one. A span can hold every word of a
sentence and say something else of them, and no measure of words tells that apart. So a highlight is for a sentence that
is a whole one of the span, or a list with what leads to it, word for word but for articles. A row of a table is told in
whole values, in the row's order, each behind the name of its column where that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.answers.altered import forms, in_same_order
from app.answers.amounts import in_digits
from app.answers.closeness import ADDRESS
from app.answers.crossed import CELLS
from app.answers.phrases import language_of
from app.answers.surroundings import DOUBTED
from app.retrieval.asked import term_set
from storage.sentences import begins_item, sentence_spans
from storage.words import STOP_WORDS

# where a sentence says that it is from: "According to the leave policy, …"
_SOURCES = (
    r"(?:documents?|documentation|polic(?:y|ies)|handbook|guide(?:lines?)?|pages?|passages?|sources?|manual|rules|"
    r"regulations?|report|agreement|text|context|dokumenten?|richtlinien?|handbuch|règlement|documento)"
)
_FROM = re.compile(
    rf"(?:according to|as (?:stated|described|set out) in|as per|laut|gemäß|selon|según) [^,.;:]{{0,60}}?\b{_SOURCES}"
    r"(?: (?:given|provided|(?:of|from) \d{4}))?, ",
    re.IGNORECASE,
)
_OF_SOURCES = re.compile(
    rf"\b(?:yes|no|ja|nein|oui|non|sí|sì|sim|according|stated|described|set out|per|laut|gemäß|selon|según|given|"
    rf"provided|{_SOURCES})\b",
    re.IGNORECASE,
)
_YES = re.compile(r"(?:yes|no|ja|nein|oui|non|sí|sì|sim)[,.:;] ", re.IGNORECASE)
# what a row may be told with that it does not have: words that join others and say nothing by themselves
_JOINING = frozenset(
    "the a an of and in to for at on with it its is are be has have which that there "
    "der die das den dem des ein eine einen einem einer eines und in im zu zum zur für von mit an am auf ist sind hat "
    "haben le la les l un une de du des d et à au aux en est sont a ont el los las una y del al es son tiene il lo e "
    "di è sono ha hanno 的 了 是 在 和 有 为".split()
)
_IDLE = frozenset(
    forms(f"{' '.join(_JOINING)} their his her this these those they them who whose you your one will can do")
)
_ARTICLES = frozenset("the a an please".split())  # of English; elsewhere they tell who does what to whom
_AND = frozenset("and und et y e".split())
_IS = frozenset("is are ist sind est sont es son".split())
# what a sentence may begin with that is left out
_OPENING = frozenset(
    "and but so yet also additionally finally however note that thus therefore hence moreover furthermore accordingly "
    "unfortunately und aber doch also mais et pero y".split()
)
_BRACKETS = re.compile(r"\s*\([^()]*\)")
# brackets that restrict nothing: examples, other names, where to look
_ASIDES = re.compile(
    r"\s*\((?:e\.g\.|a\.k\.a\.|z\. ?b\.|(?:for example|such as|examples?|see|also|aka|called|siehe|auch|par exemple|"
    r"voir)\b)[^()]*\)",
    re.IGNORECASE,
)
# a name of what follows that tells nothing of whom or when it holds
_LABEL = re.compile(
    r"\W*(?:(?:please )?notes?|tips?|important|info(?:rmation)?|how|what|why|who|answer|a|description|"
    r"summary|definition|step \d+|antwort|hinweis|wichtig|beschreibung|réponse|remarque|respuesta|nota)\W*",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,;:)]['\"”’*_]*(?=\s|$)|[，；：、—]|\s[(–-]\s")
_SLASH = re.compile(r"(?<=[^\W\d_])/(?=[^\W\d_])")  # "renting/buying"
_FEW = re.compile(r"\ba (?=few|little|bit)\b", re.IGNORECASE)
_FRAGMENT = re.compile(r"\d[\d.,]*(?: \w+)?\W*|(?:[A-ZÀ-Þ\d][\w'’.-]*\W+){2,4}")  # "28 days.", "Dr Jo Berg"
_BEFORE = _IS | frozenset(
    "was were has have hat haben a ont tiene gets get costs lasts takes pays pay beträgt kostet dauert".split()
)
_TO = frozenset("of for to with by from at in von für zu mit bei de del di para con pour avec".split())
# of a line whose list is told whole, or one item of it, and not joined by "and"
_ANY = frozenset(
    "one either or any all both each choose option options select eine einer eines oder alle beide un une ou tous una "
    "o todos".split()
)
_NOTED = re.compile(r"(?:(?<![*\s])\*(?!\*)|[†‡¹²³⁴])\W*$")  # a sign of a note at the end
_YOU_SHOULD = re.compile(r"(^|, )you should (?=\w)", re.IGNORECASE)  # before what one is told to do
_ITEM_NUMBER = re.compile(r"^\W*\d{1,3}[.)](?=\s)")
_CANNOT, _NOT = re.compile(r"\bcan(?:['’]t|not)\b", re.IGNORECASE), re.compile(r"(?<=\w)n['’]t\b")
_NTH = re.compile(
    r"\b(\d+)(?:st|nd|rd|th)\b|\b(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b", re.I
)
_SIGNED = (
    (re.compile(r"(?<![\w)])[-–−](?=[\d.])"), " minus "),
    (re.compile(r"(?<=\d)\+"), " plus "),
    (re.compile("≠"), " not "),
    (re.compile(r"[<≤](?= ?\d)"), " below "),
    (re.compile(r"[>≥](?= ?\d)"), " above "),
    (re.compile(r"[±~≈](?= ?\d)"), " about "),
)
# a word as it is written; each Chinese sign is one, a number with what it counts
_WRITTEN = re.compile(
    r"[〇零一二两三四五六七八九十百千万亿]+[\u3400-\u9fff]?|[\u3040-\u30ff\u3400-\u9fff]"
    r"|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:[.,:'’/&-][^\W\u3040-\u30ff\u3400-\u9fff]+)*"
)
_WORD = re.compile(
    r"\d+(?:[.,:/]\d+)*|[%‰$€£¥°]|[\u3040-\u30ff\u3400-\u9fff]"
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+(?:['’][^\W\d_]+)?[+#]*"
)


def is_quoted(sentence: str, spans: Sequence[str], names: frozenset[str], headers: str = "") -> bool:
    """Whether the spans, together, may be highlighted as saying what the sentence says.

    `names`: the terms of the sentence's names. `headers`: of the tables that rows of the spans belong to.
    """
    sentence, text = ADDRESS.sub("", sentence), "\n".join(spans)
    known = term_set(f"{text}\n{headers}") | STOP_WORDS
    for pattern in (_YES, _FROM):
        if (begins := pattern.match(sentence)) is not None and term_set(_OF_SOURCES.sub("", begins[0])) <= known:
            sentence = sentence[begins.end() :]
            names = names - (term_set(begins[0]) - term_set(sentence))
    if not names <= known or not (CELLS in text or _in_brackets(sentence) <= _in_brackets(text)):
        return False
    if CELLS in text:
        return any(_told_of_row(sentence, row, headers) for span in spans for row in span.split("\n"))
    every = (_parts(spans), _parts([_ASIDES.sub("", span) for span in spans]))
    fragment, bare = _FRAGMENT.fullmatch(sentence) is not None, _YOU_SHOULD.sub(r"\1", sentence)
    return any(
        _quoted(sentence, parts)
        or (fragment and _holds(sentence, parts))
        # an item may tell what somebody else does
        or (bare != sentence and _quoted(bare, [part for part in parts if not part.is_item]))
        for parts in every
    )


def otherwise(sentence: str, text: str) -> tuple[tuple[int, int], ...]:
    """Where the words of a sentence are, from and to, that a text has in no form or in another order; those left out
    that only join others. Words in a row are one place.

    >>> [("The fee is paid by us."[start:end]) for start, end in otherwise("The fee is paid by us.", "We pay the fee.")]
    ['paid by us']
    """
    words = [(found.span(), word) for found in _WRITTEN.finditer(sentence) for word in forms(found[0])]
    kept = in_same_order([word for _, word in words], forms(text))
    places: list[tuple[int, int]] = []
    for at, ((start, end), word) in enumerate(words):
        if at in kept or word in _IDLE:
            continue
        goes_on = bool(places) and not re.search(r"\w", sentence[places[-1][1] : start])
        places.append((places.pop()[0] if goes_on else start, end))
    return tuple(places)


class _Part(NamedTuple):
    """A sentence of a span."""

    words: tuple[str, ...]
    begins: int  # words at its beginning that may be left out
    ends: frozenset[int]  # places where a clause ends
    colons: frozenset[int]  # ends with a colon
    asks: bool  # or has a note
    is_item: bool
    leads: bool  # to what stands below it

    def said_by(self, said: Sequence[str], first: int) -> Iterator[int]:
        """To where the words from `first` on say all of it, word for word; nowhere where they do not."""
        for start in range(self.begins + 1):
            at, to = start, first
            while at < len(self.words) and to < len(said):
                if start < at and ((at in self.colons and said[to] in _IS) or (at in self.ends and said[to] in _AND)):
                    to += self.words[at] != said[to]
                if to == len(said) or self.words[at] != said[to]:
                    break
                at, to = at + 1, to + 1
            if first < to and at == len(self.words):
                yield to


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


def _parts(spans: Sequence[str]) -> list[_Part]:
    return [_part(span[start:end]) for span in spans for start, end in sentence_spans(span)]


def _part(text: str) -> _Part:
    words: list[str] = []
    ends, colons, at, begins = set[int](), set[int](), 0, 0
    answers = _YES.match(text)
    text = ADDRESS.sub("", text[answers.end() :] if answers else text)
    language = language_of(text)
    for sign in [*_BREAK.finditer(text), None]:
        clause = text[at : sign.start() if sign else len(text)]
        labels = not at and sign is not None and sign[0][0] in ":：" and _LABEL.fullmatch(clause) is not None
        words += _words(clause, language)
        if sign is None or ("(" not in sign[0] and not _within(text[: sign.start()])):
            ends.add(len(words))
        if sign is not None:
            at = sign.end()
            if sign[0][0] in ":：" and not DOUBTED.search(clause):
                colons.add(len(words))
            begins = len(words) if labels else begins
    while begins < len(words) and words[begins] in _OPENING:
        begins += 1
    end = text.rstrip(" \"'”’*_)")
    return _Part(
        words=tuple(words),
        begins=begins,
        ends=frozenset(ends),
        colons=frozenset(colons),
        asks=end.endswith(("?", "？")) or (_NOTED.search(text) is not None and text.count("*") < 2),
        is_item=begins_item(text),
        leads=end.endswith((":", "：")),
    )


def _within(text: str) -> bool:
    """Whether a text breaks off inside brackets or a quotation."""
    return text.count("(") > text.count(")") or text.count("“") > text.count("”") or text.count('"') % 2 == 1


def _quoted(sentence: str, parts: Sequence[_Part]) -> bool:
    """Whether the sentence is one of the parts, or a list with what leads to it, and no more."""
    said = _words(sentence)
    if not sentence.rstrip().endswith(("?", "？")):
        parts = [part for part in parts if not part.asks]
    return bool(said) and any(_made_of(said, 0, parts, place) for place in range(len(parts)))


def _made_of(said: Sequence[str], first: int, parts: Sequence[_Part], place: int) -> bool:
    """Whether the words from `first` on are made of the part at this place, and of items of a list that follow it."""
    if first and said[first] in _AND:
        first += 1
    for to in parts[place].said_by(said, first):
        if to == len(said):
            return True
        goes_on = (parts[place].leads or parts[place].is_item) and _ANY.isdisjoint(said[:to])
        items = [following for following in range(place + 1, len(parts) if goes_on else 0) if parts[following].is_item]
        if any(_made_of(said, to, parts, following) for following in items):
            return True
    return False


def _holds(fragment: str, parts: Sequence[_Part]) -> bool:
    """Whether an answer that is no sentence, but a number or a name, stands somewhere in the parts, right behind "is"
    and the like, with no word behind it that goes on with it; a number alone goes on."""
    said = tuple(_words(fragment))
    number = len(said) == 1 and _is_number(said[0])
    return bool(said) and any(
        part.words[at : at + len(said)] == said
        and (not at or at in part.colons or part.words[at - 1] in _BEFORE)
        and (number or at + len(said) == len(part.words))
        for part in parts
        for at in range(len(part.words) - len(said) + 1)
    )


def _in_brackets(text: str) -> set[tuple[str, ...]]:
    """What stands in brackets: they say how far something goes."""
    return {tuple(_words(bracket)) for bracket in _BRACKETS.findall(ADDRESS.sub("", text))}


def _told_of_row(sentence: str, row: str, headers: str) -> bool:
    """Whether a sentence tells a row: two whole values of it, or one and the name of its column, in the row's order,
    each behind its column's name where it has that; and besides only what joins words, and words of the headers."""
    said, at, facts = _words(sentence), 0, 0
    known = _JOINING | frozenset(_words(headers))
    for cell in row.split(CELLS):
        name, colon, value = cell.partition(": ")
        names, values = (_words(name), _words(value)) if colon else ([], _words(name))
        places = (to for to in range(at, len(said)) if values and said[to : to + len(values)] == values)
        if (found := next(places, None)) is None:
            continue
        told, own = said[at:found], set(names)
        of_its_own = bool(told) and told[-1] in _TO - own and not own.isdisjoint(told)  # "the deputy of Al Moor"
        if of_its_own or not known.union(names).issuperset(told) or (len(own) > 1 and not own <= set(told)):
            return False
        at = found + len(values)
        follows = said[at : at + len(names)] == names  # "24 seats"
        facts += 1 + (bool(names) and (follows or own <= set(told)))
        at += len(names) if follows else 0
    return facts > 1 and known.issuperset(said[at:])


def _words(text: str, language: str = "") -> list[str]:
    """The words of a text in small letters, but for English articles, and numbers in digits; one in capitals ("IT",
    "US") stays so, and the number of an order ("3rd") is none of things. `language`: of the text it is taken from."""
    articles = _ARTICLES if (language or language_of(text)) == "en" else frozenset[str]()
    told = _NTH.sub(_nth, _ITEM_NUMBER.sub(" ", _SLASH.sub(" or ", _FEW.sub("a", text))))
    for pattern, word in _SIGNED:
        told = pattern.sub(word, told)
    told = _NOT.sub(" not", _CANNOT.sub("can not", in_digits(told))).replace("-", " ")
    found: list[str] = _WORD.findall(told)
    words = [word if len(word) > 1 and word.isupper() else word.casefold() for word in found]
    return [
        word
        for place, (word, before) in enumerate(zip(words, found, strict=True))
        if word not in articles or (before == "A" and place)  # "building A"
    ]


def _nth(found: re.Match[str]) -> str:
    return f" nth {found[1] or found[2].casefold()} "
