"""Text to sentences: spans that quote a text without breaking a thought. Regular expressions only; knows no model.

Shared by chunking (never cut inside a sentence) and answering (never quote half of one). Latin scripts (English and
German abbreviations, initials, ordinals), Chinese and Japanese, lines of tables and lists. When in doubt two sentences
stay together: a quotation that is a little long can still be checked, half a sentence can mislead. Whatever a text
holds, reading it takes time in proportion to its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from storage.recollection import remembered

Span = tuple[int, int]

LONGEST_BRACKET = 300  # characters within which a bracket or quotation must close to hold its sentences together
WRAPPED_LINE = 55  # a line of at least this many characters without a full stop goes on in the next line
WRAPPED_LINE_UNSPACED = 28  # the same for Chinese and Japanese
SPANS = (
    500  # texts whose sentences are remembered: passages are read when they are judged, and to check what is written
)
RUN_IN_WORDS = 2  # at most, of a heading that runs into its sentence
RUN_IN_LENGTH = 100  # characters, of that heading at most
LOOK = 300  # characters that are looked at for a few words
LEADER = 150  # characters of a line of a table of contents, at most

_CLOSING = "\"'”’“»›」』）)】》〉\\]"
_CJK_END = "。！？｡"
# full stop and the like, what closes after it, then white space; or a Chinese one, which needs none
_END = re.compile(
    rf"(?:(?<![.!?…؟।॥])[.!?…؟।॥]++[{_CLOSING}]*+(?:\[\d+\])*+(?=\s|$|[{_CJK_END}]))"
    rf"|(?:[{_CJK_END}]+[.!?…]*[{_CLOSING}]*)"
)
_DATA = re.compile(r"[\s\[\]{},]*\"[^\"\n]{1,60}\"\s*:\s*(?=[\"\d{\[tfn-])")  # how JSON, or a part of it, begins
_RECORD = re.compile(r"\{[^{}\[\]]{1,800}\}")  # an object of JSON that holds no other
_NEW_LINE = re.compile(r"\n\s*")
_ITEM = re.compile(  # not "order", "e.g." or "3.5 percent" at the beginning of a wrapped line
    r"(?:[-*•‣▪◦·–—]|\(?\d{1,3}[.)](?!\d)|[①-⑳]|[一二三四五六七八九十]+、)\s*\S|(?:o|\(?[a-zA-Z][.)])\s+\S"
)
_ENUMERATOR = re.compile(r"\s*\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]+)[.)]$")
_GOES_ON = re.compile(  # what a line ends with that has its rest below a blank line: "the bug tracker at", an address
    r"(?:\S+ ){4,}(?:at|of|from|with|the|an?|and|or|via|und|oder|bei|unter|von|mit|der|die|das)$", re.IGNORECASE
)
_LEADS_TO_PAGE = re.compile(  # "Parking ........ 4"; "I do not know...." is a sentence
    r"\w.*?(?:(?:[.·]{4,}|…{2,}|(?: [.·]){3,})\s*(?:\d{1,4}|[ivxlc]{1,6})|[.·]{8,}|…{4,}|(?: [.·]){8,})\s*",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"[\w.\-’']*\w$")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")

# never the end of a sentence
_NEVER = frozenset(
    """mr mrs ms mx dr prof st sen rep gov gen col lt sgt capt cmdr adm rev hon pres messrs mme mlle mgr sr sra dna ing
    dipl vs approx ca e.g i.e z.b d.h u.a o.ä u.ä s.o s.u i.d.r z.t v.a m.e p.ex c.-à-d p.ej bzw evtl ggf inkl exkl
    vgl sog gem zzgl einschl insb resp bspw etw mind max min entspr geb gest hr fr frl hrn fa str tel fax cf viz eg ie
    jan feb apr jun jul aug sep sept oct okt nov dec dez""".split()
)
# not the end before a number or a Roman numeral
_BEFORE_NUMBER = frozenset(
    "no nos nr nrn num núm art arts fig figs abb tab eq gl p pp s vol bd sec sect abs ch kap pt pos para § ver rel "
    "rev ed aufl ex anm zif ziff lit n° op".split()
)
# the end only when the next word opens a sentence
_PERHAPS = frozenset(
    "inc ltd co corp bros jr sr esq etc al usw u.s.w ff f ph.d m.d b.a m.a b.c a.d d.c u.s u.k u.n e.v llc plc".split()
)
_OPENERS = frozenset(
    """the a an this that these those it its he she they we you i in on at by for from with as if when while where who
    what why how however but and or so then there here his her their our your my no not all some many most each after
    before since during because although though such other another both also moreover furthermore finally today
    der die das ein eine es er sie wir ihr im am um zum zur bei mit nach seit von vor aus auf für wenn als da dies
    diese dieser dieses doch aber und oder auch so damit le la les un une il elle ils elles nous dans en au aux el los
    las una ella ellos""".split()
)
# German: an ordinal follows these words, or precedes those
_BEFORE_ORDINAL = frozenset(
    """am im vom zum zur der die das des dem den beim ab bis seit und ihr ihre ihren sein seine seinen unser jeden
    jeder ein einem einen""".split()
)
_AFTER_ORDINAL = frozenset(
    """januar februar märz april mai juni juli august september oktober november dezember jänner jahrhundert
    jahrhunderts jahrtausend auflage klasse stock etage obergeschoss platz rang tag woche monat quartal juli januars
    lebensjahr jahrestag bundesliga kapitel absatz""".split()
)
_BRACKETS = {"(": ")", "（": "）", "「": "」", "『": "』", "“": "”", "«": "»", "„": "“", "《": "》"}
_BRACKET_SIGNS = frozenset(_BRACKETS) | frozenset(_BRACKETS.values())


def sentence_spans(text: str) -> list[Span]:
    """The sentences of a text as (start, end), in order, without the white space between them.

    Every line of a list or table is one of its own. Together the spans hold every character that is not white space.
    """
    return list(_spans(text))


@remembered(SPANS)
def _spans(text: str) -> tuple[Span, ...]:
    return tuple(span for start, end in _lines(text) for span in _in_line(text, start, end))


def begins_item(text: str) -> bool:
    """Whether a text begins with an item of a list, which is a line of its own."""
    return _ITEM.match(text) is not None


def leads_to_page(line: str) -> bool:
    """Whether a line is one of a table of contents: "Parking ........ 4"."""
    return len(line) <= LEADER and _LEADS_TO_PAGE.fullmatch(line) is not None


def _lines(text: str) -> Iterator[Span]:
    """Pieces that no sentence crosses: lines, except where a paragraph was only wrapped."""
    start = 0
    data = _DATA.match(text) is not None
    within = [found.span() for found in _RECORD.finditer(text)] if data else []
    for gap in _gaps(text):
        ends = not _inside(gap[0], within) if data else _ends_line(text, start, gap)
        if gap[0] > start and ends:
            yield start, gap[0]
            start = gap[1]
    if start < len(text):
        yield start, len(text)


def _gaps(text: str) -> Iterator[Span]:
    """The ends of lines, each with the white space around it."""
    for found in _NEW_LINE.finditer(text):
        start = found.start()
        while start and text[start - 1] in " \t":
            start -= 1
        yield start, found.end()


def _inside(at: int, spans: list[Span]) -> bool:
    """Whether a place lies in one of the spans, which stand in order."""
    before = bisect_left(spans, (at,))
    return before > 0 and at < spans[before - 1][1]


def _ends_line(text: str, start: int, gap: Span) -> bool:
    before, behind = gap
    line = text[max(start, text.rfind("\n", start, before) + 1) : before].rstrip()
    following = text[behind : behind + 200].split("\n", 1)[0]
    if not following or not line or " | " in line or " | " in following or begins_item(following):
        return True
    if text.count("\n", before, behind) > 1:
        return not _GOES_ON.search(" ".join(text[max(start, before - LOOK) : before].split()[-6:]))
    if line[-1] in ".!?:;。！？：；":
        return True
    if following[0].islower():
        return False
    wrapped = WRAPPED_LINE_UNSPACED if _CJK.search(line) else WRAPPED_LINE
    return len(line) < wrapped


def _in_line(text: str, start: int, end: int) -> Iterator[Span]:
    first = start
    # a row of a table is one unit, whatever its cells hold, and so is a line of a table of contents
    if " | " not in text[start:end] and not leads_to_page(text[start : min(end, start + LEADER + 1)]):
        signs = [sign for sign in _BRACKET_SIGNS if text.find(sign, start, end) >= 0]
        brackets, counted = Counter[str](), first  # of the sentence, up to there
        for mark in _END.finditer(text, start, end):
            for sign in signs:
                brackets[sign] += text.count(sign, counted, mark.start())
            counted = mark.start()
            run_in = first == start and _is_run_in_head(text, first, mark.end(), end)
            if mark.end() < end and not run_in and _is_end(text, first, mark, end, brackets):
                yield from _trimmed(text, first, mark.end())
                first = counted = mark.end()
                brackets.clear()
    yield from _trimmed(text, first, end)


def _is_run_in_head(text: str, first: int, at: int, end: int) -> bool:
    """Whether a line begins with what its sentence is about: "Train. Second class for journeys of up to an hour."."""
    if at - first > RUN_IN_LENGTH or text[at - 1] != "." or len(text[first:at].split()) > RUN_IN_WORDS:
        return False
    return len(re.split(r"[.!?]", text[at : min(end, at + LOOK)], maxsplit=1)[0].split()) > 2 * RUN_IN_WORDS


def _is_end(text: str, first: int, mark: re.Match[str], end: int, brackets: Counter[str]) -> bool:
    if _open_bracket(text, mark.start(), end, brackets):
        return False
    sign = mark.group()[0]
    if sign in _CJK_END:
        return True
    rest = text[mark.end() : min(end, mark.end() + 60)].lstrip()
    following = rest.lstrip("\"'“„«‚‘(（「『[¿¡*_-–— ")
    if following and following[0].islower():
        return False
    if not mark.group().startswith(".") or mark.group().startswith(".."):
        return True
    return not _abbreviated(text[max(first, mark.start() - 40) : mark.start()], following)


def _abbreviated(before: str, following: str) -> bool:
    """Whether the full stop between the two belongs to an abbreviation, an initial or an ordinal."""
    if _ENUMERATOR.fullmatch(before + "."):
        return True
    found = _LAST_WORD.search(before)
    if found is None:
        return False
    word = found.group()
    small = word.casefold().lstrip(".-")
    next_word = re.split(r"[^\w'’-]", following, maxsplit=1)[0].casefold()
    opens = next_word in _OPENERS
    if small in _NEVER:
        return not (len(small) == 3 and opens and word.islower())  # "max", "min": words as well
    if small in _PERHAPS or re.fullmatch(r"(?:\w\.)+\w", word):
        return not opens
    if word.isdigit() and len(word) <= 2:
        earlier = before[: found.start()].split()
        return next_word in _AFTER_ORDINAL or bool(earlier and earlier[-1].casefold() in _BEFORE_ORDINAL)
    before_number = small in _BEFORE_NUMBER and re.match(r"\d|[IVXLC]+\b", following) is not None
    return before_number or _is_initial(word, following, opens)


def _is_initial(word: str, following: str, opens: bool) -> bool:
    """A letter of "J. R. Smith", or the first one of "z. B.", "d. h."."""
    if len(word) != 1 or not word.isalpha():
        return False
    if word.islower():
        return re.match(r"\w\.", following) is not None
    return not (opens and (word == "I" or re.match(r"\w\b", following) is None))


def _open_bracket(text: str, at: int, end: int, brackets: Counter[str]) -> bool:
    """Whether a bracket or quotation that was opened in this sentence is still open and closes soon.

    `brackets`: how many of each sign stand in it, up to `at`.
    """
    for opening, closing in _BRACKETS.items():
        if opening == "“" and brackets["„"]:
            continue
        if brackets[opening] > brackets[closing]:
            closes = text.find(closing, at, min(end, at + LONGEST_BRACKET))
            # what closes right after the mark was taken in with it
            if closes >= 0 and text[at:closes].strip("".join(_END_SIGNS)):
                return True
    return False


_END_SIGNS = frozenset(".!?…。！？｡\"'”’“»›」』）)】》〉]")


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        yield start, end
