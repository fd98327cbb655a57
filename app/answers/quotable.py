"""Which sentences and rows of a passage can be quoted as an answer, and what stands above each of them.

Headings, captions, letterheads, running heads, the address lines of mails, questions, and what announces a table can
not; a heading or a table's caption lends its words to what stands below it. Knows how documents are built; judges
nothing by what is asked, but for what merely repeats it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.answers.context import Passage
from app.retrieval.asked import Asked, Expected
from storage.injection import instructions
from storage.recollection import remembered
from storage.records import ELEMENT_SEPARATOR
from storage.sections import innermost, names_in
from storage.sentences import leads_to_page, sentence_spans
from storage.words import terms, unspaced_share

REPEATED_WORDS = 4  # of the question, one after the other, that are no answer to it
SMALL_TABLE = 8  # rows
BETWEEN = 2  # sentences of an item before the next one, at most
_COLON = re.compile(r"[:：][\s*_`\u200b]*$")  # what stands after it is left of bold letters and the like
TABLE_WITHIN = 2  # sentences after the one that announces it
MOST_NAMES = 6  # words of a line that but names something
MORE_IN_HEAD = 4  # words that a running head says beside the title
QUESTION_WORDS = 20  # of a question that is a heading, or of a document's name
HEADING_WORDS, RUN_IN_WORDS = 8, 2  # of a line that no full stop ends; of one that one does: "Direct cause."
_CAPTION = re.compile(
    r"^(?:table|figure|fig|chart|exhibit|tabelle|abbildung|abb|tableau|tabla|tabella)\.? ?\d+\s*[:.–-]|^[图表]\s*\d+",
    re.IGNORECASE,
)
SIGNED_LINES = 5  # of a mail: regards, name, office, company, place
UNSPACED = 0.2  # text with this share of unspaced script has no words to count

ITEM = re.compile(r"^(?:[-*•‣▪◦·–—]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S")
_NUMBERED = re.compile(r"^(?:§ ?)?(\d{1,2}(?:\.\d{1,2})*)\.?\s+\D")
_ENDS = re.compile(r"[.!?。！？…:：;；][\"'”’»)）」】\]]*$")
_NAMES_A_THING = re.compile(r"\d|[:,] ?[^\W_]")
_MAIL_LINE = re.compile(
    r"^(?:from|to|cc|bcc|subject|reply-to|von|an|betreff|发件人|收件人|抄送|主题|(date|sent|gesendet|datum|日期))"
    r" ?[:：]",
    re.IGNORECASE,
)
_CLOSES = re.compile(  # a mail, before the name of who wrote it
    r"^(?:(?:with )?(?:(?:kind|best|warm|many) )?(?:regards|wishes|greetings)|(?:many )?thanks?(?: you)?(?: for .*)?|"
    r"cheers|sincerely|yours(?: \w+)?|(?:mit )?(?:freundliche[nr]?|viele|beste[nr]?|herzliche[nr]?) grü(?:ß|ss)en?|"
    r"cordialement|saludos|(?:un )?saludo|此致|祝好)\W*$",
    re.IGNORECASE,
)
_OF_MAILS = re.compile(
    r"\b(?:e-?mails?|wr(?:ote|ites?|itten)|sen[dt]|sender|recipients?|geschrieben|schrieb|geschickt|schickte|gesendet|"
    r"absender|empfänger)\b|写|发",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"\W*(?:this|these|those|such an?|such|dies\w*) ([^\W\d_]{3,})\b", re.IGNORECASE)
# "It is important to …" speaks of nothing before
_GOES_BACK = re.compile(
    r"\W*(?:(?:it|they|he|she|its|their|his|her|both|either party)\b"
    r"(?! (?:is|was|will be|would be|may be) (?:\w+ ){0,2}(?:to|that|for|when|if|whether|not)\b)|"
    r"(?:this|that|these|those) (?:is|are|was|were|has|have|had|means?|includes?|applies|can|may|must|will|should|does|"
    r"do|rule|also|gives?|makes?|takes?|allows?|helps?|ensures?|requires?|happens?|depends?|costs?|lasts?|could|would)"
    r"\b)",
    re.IGNORECASE,
)
# "To obtain approval, send …": what it is for was named before
_TO_DO_SO = re.compile(r"\W*(?:(?:in order )?to|for) (?:[\w-]+ ){0,4}([^\W\d_]{4,}),\s", re.IGNORECASE)
_YOURS = re.compile(r"\b(?:yours|theirs|hers|ours)\b", re.IGNORECASE)
_DATA = re.compile(r"[\s\[\]{},]*\"[^\"]{1,60}\"\s*:")
_CONTENTS = re.compile(  # above a list of the headings that follow
    r"\W*(?:(?:table of )?contents|(?:on|in) this (?:page|document|article|guide|section|topic)|"
    r"inhalt(?:sverzeichnis)?|auf dieser seite|sommaire|índice|目录)\W*$",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^(?:(?:a|answer|antwort|答) ?[:：.] ?)?(?:yes|no|ja|nein|是|否)[.!。！]?$", re.IGNORECASE)
_TIME = "year|month|week|day|quarter|season|morning|night|evening|decade|century|spring|summer|autumn|fall|winter"
OF_THESE = re.compile(r"\b(?:of|in|from|for|to) these [^\W\d_]+", re.IGNORECASE)  # whose names follow as a list
_ANNOUNCES = re.compile(
    rf"\b(?:the following(?! (?:{_TIME})s?\b)|as follows|(?:listed|shown|table) below|wie folgt|ci-dessous|"
    r"folgende\w*(?! (?:jahr|monat|woche|tag|quartal))(?=\W))|如下|下列|下表",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A sentence of a passage, before anything is known of it."""

    passage: Passage
    index: int
    start: int  # in the revision's text
    end: int
    text: str
    under: str  # the heading nearest above it in its passage, or the caption of its table; "": none
    above: str  # the heading that this one stands below, as far as its passage tells
    opens: bool  # it is the first below that heading
    leads: bool  # it only announces what follows: "The steps are:"
    listed: bool  # it belongs to a list, or to the paragraph that a sentence announces
    headed: int | None  # the index of the first item of its list, where a heading alone announces that
    quotable: bool


def sentences_of(passage: Passage) -> list[Found]:
    """Every sentence and table row of a passage, in its order."""
    spans = sentence_spans(passage.text)
    # a sentence too long for one chunk is cut; what is here of it is not a sentence
    whole = [
        not (at == 0 and passage.cut_before) and not (at == len(spans) - 1 and passage.cut_after)
        for at in range(len(spans))
    ]
    names = {passage.first.title.casefold()}
    for part in passage.headings | {part for item in passage.chunks for part in names_in(item.chunk.section)}:
        said = (part[start:end] for start, end in sentence_spans(part))  # "It fails. What now?" is two
        names.update(text.casefold() for text in (part, *said))
    texts = [passage.text[start:end] for start, end in spans]
    lines = [" ".join(text.split()) for text in texts]
    names.update(
        line.casefold()
        for at, line in enumerate(lines)
        if _stands_above(passage, spans[at], line, before=" ".join(lines[at + 1 : at + 2]))
    )
    heads = [_heads(lines, at, names) for at in range(len(lines))]
    listed = _listed(passage.text, spans, lines, heads)
    headed = _headed(lines, heads, listed)
    contents = _contents(lines, heads, listed)
    aimed = {
        order.start for order in instructions(passage.text)
    }  # what tells a language model what to do answers nobody
    harmless = [start not in aimed for start, _ in spans]
    answers = [
        harmless[at]
        and whole[at]
        and not heads[at]
        and not contents[at]
        and _answers(texts[at])
        and not _dangles(lines, at)
        for at in range(len(lines))
    ]
    if not any(answers):
        answers = [harmless[at] and line.casefold() not in names for at, line in enumerate(lines)]
    return [
        Found(
            passage=passage,
            index=index,
            start=passage.start + start,
            end=passage.start + end,
            text=texts[index],
            under=_above(lines, heads, index),
            above=_outer(lines, heads, index),
            opens=_opens(lines, heads, index),
            leads=_leads(passage.text, spans, lines, index),
            listed=listed[index],
            headed=headed[index],
            quotable=answers[index],
        )
        for index, (start, end) in enumerate(spans)
    ]


def _stands_above(passage: Passage, span: tuple[int, int], line: str, *, before: str) -> bool:
    """Whether it is a line by itself that asks what the next one answers, or names the document that it begins, or
    a paragraph without an end `before` one that has it."""
    start, end = span
    above, below = passage.text[:start].rstrip(" "), passage.text[end:].lstrip(" ")
    if ITEM.match(line) or len(line.split()) > QUESTION_WORDS or " | " in line or above[-1:] not in ("", "\n"):
        return False
    if line.endswith(("?", "？")) or passage.start + start == 0:
        return below.startswith("\n") and (line.endswith(("?", "？")) or not (":" in line or _ENDS.search(line)))
    apart = below.startswith(ELEMENT_SEPARATOR) and (not above or above.endswith(ELEMENT_SEPARATOR))
    return apart and not _ENDS.search(line) and not re.search(r"[\d:]", line) and before.endswith(".")


def _above(lines: Sequence[str], heads: Sequence[bool], at: int) -> str:
    """What stands above a line as its heading: for the rows of a table the table's caption before the section's."""
    row = " | " in lines[at]
    for before in range(at - 1, -1, -1):
        if heads[before] or (row and _CAPTION.match(lines[before])):
            return lines[before]
        row = row and " | " in lines[before]
    return ""


def _outer(lines: Sequence[str], heads: Sequence[bool], at: int) -> str:
    """The last heading above a line that a heading follows at once."""
    return next((lines[before - 1] for before in range(at - 1, 0, -1) if heads[before] and heads[before - 1]), "")


def _opens(lines: Sequence[str], heads: Sequence[bool], at: int) -> bool:
    """Whether it is the first sentence below a heading, or a row of a small table that stands first there."""
    first = last = at
    while first and " | " in lines[at] and " | " in lines[first - 1]:
        first -= 1
    while last + 1 < len(lines) and " | " in lines[at] and " | " in lines[last + 1]:
        last += 1
    return first > 0 and heads[first - 1] and last - first < SMALL_TABLE


def _leads(text: str, spans: Sequence[tuple[int, int]], lines: Sequence[str], at: int) -> bool:
    """Whether a sentence announces what follows it: with a colon, or in words of its paragraph before a list."""
    if _COLON.search(lines[at]):
        return True
    if ITEM.match(lines[at]) or not any(ITEM.match(line) for line in lines[at + 1 : at + 2]):
        return False
    beside = at > 0 and "\n" not in text[spans[at - 1][1] : spans[at][0]]
    of_these = any(OF_THESE.search(line) for line in lines[at - 1 if beside else at : at + 1])
    return of_these or _ANNOUNCES.search(lines[at]) is not None


def _listed(text: str, spans: Sequence[tuple[int, int]], lines: Sequence[str], heads: Sequence[bool]) -> list[bool]:
    """Which sentences are items of a list, stand between two, or belong to the paragraph that a sentence announces."""
    listed: list[bool] = []
    for at, line in enumerate(lines):
        item = ITEM.match(line) is not None
        if at and not item and not heads[at] and " | " not in line and not _COLON.search(line):
            same = "\n" not in text[spans[at - 1][1] : spans[at][0]]
            between = any(ITEM.match(other) for other in lines[at + 1 : at + 1 + BETWEEN])
            item = _COLON.search(lines[at - 1]) is not None or (listed[at - 1] and (same or between))
        listed.append(item)
    return listed


def _headed(lines: Sequence[str], heads: Sequence[bool], listed: Sequence[bool]) -> list[int | None]:
    """Of the items of a list right below its heading, and of what stands between them, the place of its first item;
    of items that are no sentences, and say little without it."""
    found: list[int | None] = []
    for at, line in enumerate(lines):
        item = ITEM.match(line) is not None and _ENDS.search(line) is None
        begins = at > 0 and heads[at - 1] and item and not heads[at]
        found.append(at if begins else found[-1] if found and listed[at] and not heads[at] else None)
    return found


def _contents(lines: Sequence[str], heads: Sequence[bool], listed: Sequence[bool]) -> list[bool]:
    """Which lines are of a table of contents: they name a page, or are items below "On this page"."""
    found: list[bool] = []
    for at, line in enumerate(lines):
        above = lines[at - 1] if at else ""
        item = listed[at] and not heads[at] and (_CONTENTS.match(above) is not None or (found[-1] if found else False))
        found.append(item or leads_to_page(line) or _CONTENTS.match(line) is not None)
    return found


def _dangles(lines: Sequence[str], at: int) -> bool:
    """Whether a sentence only announces a table, whose rows say it without it, or what its passage has no more."""
    if _ANNOUNCES.search(lines[at]) is None:
        return False
    after = lines[at + 1 : at + 1 + TABLE_WITHIN]
    return not after or any(" | " in line for line in after)


def _heads(lines: Sequence[str], at: int, names: set[str]) -> bool:
    """Whether a line is a heading: a section's name, or a few words that say nothing by themselves."""
    line = lines[at]
    if line.casefold() in names:
        return True
    if " | " in line or _DATA.match(line) or unspaced_share(line) > UNSPACED:
        return False
    words = len(line.split())
    if _ENDS.search(line):
        run_in = words <= RUN_IN_WORDS and not _NAMES_A_THING.search(line) and not line.endswith((":", "?"))
        return run_in or _only_names(line)
    if words > HEADING_WORDS:
        return False
    if numbered := _NUMBERED.match(line):
        beside = [_NUMBERED.match(other) for other in (*lines[max(0, at - 1) : at], *lines[at + 1 : at + 2])]
        return not any(other and other[1].count(".") == numbered[1].count(".") for other in beside)
    return not ITEM.match(line) and not _NAMES_A_THING.search(line)


def header(item: Found) -> str:
    return item.passage.chunk_from(item.start).chunk.header


def section(item: Found) -> str:
    """The innermost section of its chunk; the title where there is none."""
    return innermost(header(item))


def path(item: Found) -> tuple[str, ...]:
    """The two innermost headings above it, the outer one first, in small letters; fewer where there are fewer."""
    names = names_in(item.passage.chunk_from(item.start).chunk.section)
    if item.under and (item.above or names[-1:] != [item.under]):
        names = [item.above or "".join(names[-2:-1]), item.under]
    return tuple(name.casefold() for name in names[-2:] if name not in ("", item.passage.first.title))


def _only_names(line: str) -> bool:
    """Whether it names something and says nothing of it: "Halden Instruments AG, Sales."."""
    words = re.findall(r"[^\W\d_][\w’'-]*", line)
    return (
        line.endswith(".")
        and len(words) <= MOST_NAMES
        and not re.search(r"[\d:]|[a-z] - ", line)
        and all(word[0].isupper() for word in words)
    )


def refers(text: str, before: frozenset[str]) -> bool:
    """Whether a sentence names again what the one before it names: "This principle states …", "Change yours at once".

    `before`: that one's terms.
    """
    again = _AGAIN.match(text) or _TO_DO_SO.match(text)
    named = set(terms(again[1])) if again else set()
    return _YOURS.search(text) is not None or text.endswith(" there.") or (bool(named) and named <= before)


def goes_back(text: str) -> bool:
    """Whether a sentence has but a pronoun for what it speaks of: "They leave the house only …"."""
    return _GOES_BACK.match(text) is not None and not ITEM.match(text)


def furniture(found: Sequence[Found], asked: Asked) -> set[int]:
    """Places of what documents carry along and nobody asks for: running heads and feet, the address lines of mails."""
    bare = [re.sub(r"\d+", "", f"{item.passage.revision} {item.text}") if _is_line(item.text) else "" for item in found]
    often = Counter(bare)
    signed = set() if asked.expected is Expected.WHO or _OF_MAILS.search(asked.question) else set(_signatures(found))
    return signed | {
        at
        for at, item in enumerate(found)
        if (bare[at] and often[bare[at]] > 1)
        or _is_running_head(item)
        or (_is_mail(item.passage) and _only_addresses(asked, item.text))
    }


def _signatures(found: Sequence[Found]) -> Iterator[int]:
    """Places of the lines with which mails close: regards, name and office of who wrote them."""
    left = 0
    for at, item in enumerate(found):
        line = item.text.lstrip("> ")
        if _is_mail(item.passage) and _CLOSES.match(line):
            left = SIGNED_LINES
        elif ":" in line or len(line.split()) > HEADING_WORDS or item.passage is not found[at - 1].passage:
            left = 0
        if left:
            left -= 1
            yield at


def _is_running_head(item: Found) -> bool:
    """Whether it is a line that says the document's title and little more, as pages do at their head or foot."""
    title, said = terms(item.passage.first.title), terms(item.text)
    more = len(said) - len(title)
    return _is_line(item.text) and len(title) > 1 and 0 < more <= MORE_IN_HEAD and set(title) <= set(said)


def _only_addresses(asked: Asked, text: str) -> bool:
    """Whether it is a line above a mail that tells nothing of what is asked: who wrote it to whom, and when."""
    line = _MAIL_LINE.match(text)
    return (
        line is not None and not _OF_MAILS.search(asked.question) and not (asked.expected is Expected.WHEN and line[1])
    )


def _is_line(text: str) -> bool:
    """Whether it is a line by itself and no sentence: also a row none of whose cells has a column's name."""
    return not _ENDS.search(text) and not ITEM.match(text) and ": " not in text


def _is_mail(passage: Passage) -> bool:
    return passage.first.path.casefold().endswith((".eml", ".msg")) or ".mbox!/" in passage.first.path.casefold()


def repeats(asked: Asked, text: str) -> bool:
    """Whether a sentence, or a line of it, does but repeat the question; what is asked to be so or not is answered by
    that."""
    if asked.expected is Expected.WHETHER:
        return False
    question = f" {_words(asked.question)} "
    if len(text.split()) <= REPEATED_WORDS and _names_nothing_else(asked.question, text):
        return True
    lines = (_words(line) for line in dict.fromkeys((text, *text.splitlines())))
    return any(line.count(" ") >= REPEATED_WORDS - 1 and f" {line} " in question for line in lines)


def _names_nothing_else(question: str, text: str) -> bool:
    """Whether a few words name but what the question names: "- Desk", where one asks what to buy for one's desk."""
    said = set(terms(text))
    return bool(said) and said <= set(terms(question)) and ":" not in text


@remembered(2_000)
def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _answers(text: str) -> bool:
    """Whether a sentence can answer anything: captions, questions, and a "Yes" to one, cannot."""
    line = " ".join(text.split())
    bare = _CAPTION.match(line) is not None or _YES_NO.match(line) is not None
    return not bare and not line.endswith(("?", "？"))
