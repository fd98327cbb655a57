"""Answers without a language model: the sentences of the passages that answer, best first, quoted whole.

Every sentence or table row of the context is a candidate. What it says of the question is measured in a few numbers
(`Features`), and a logistic regression over them, fitted on questions whose answers are known, ranks the candidates.
Knows the embedder and how rare terms are; knows no language model.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from app.answers.context import Passage
from app.answers.kinds import names_kind
from app.answers.phrases import language_of, names_section
from app.retrieval.asked import Asked, Expected, term_set
from app.retrieval.expand import begins, codes, label_of
from app.retrieval.steadfast import unit
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.injection import aimed_at_model
from storage.sentences import sentence_spans
from storage.words import terms, unspaced_share

MOST_EMBEDDED = 40  # candidates that are embedded
MOST_WORDS = 115  # of an answer, unless its one sentence is longer
NEAR_SHARE, FAR_SHARE = 0.15, 0.35  # of the best candidate's probability that another one needs, by where it stands
UNSPACED = 0.2  # text with this share of unspaced script is counted in characters
CHARACTERS_PER_WORD = 2  # of Chinese: 120 to 240 characters say what 60 to 120 words say
MOST_MORE = 6  # sentences besides those that are chosen first: a dozen short lines are no support
MOST_ROWS = 4  # of tables, unless they are what is asked for
LIST_WORDS = 90  # of a list that is quoted as a whole
LIST_ITEMS, LIST_SHARE = 3, 0.5  # so many items that are nearly as likely as the best: the list is what is asked for

_ITEM = re.compile(r"^(?:[-*•‣▪◦·–—]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S")
_NUMBERED = re.compile(r"^(?:§ ?)?(\d{1,2}(?:\.\d{1,2})*)\.?\s+\D")
_ENDS = re.compile(r"[.!?。！？…:：;；][\"'”’»)）」】\]]*$")
_NAMES_A_THING = re.compile(r"\d|[:,] ?[^\W_]")
_MAIL_LINE = re.compile(
    r"^(?:from|to|cc|bcc|subject|reply-to|von|an|betreff|发件人|收件人|抄送|主题|(date|sent|gesendet|datum|日期))"
    r" ?[:：]",
    re.IGNORECASE,
)
_OF_MAILS = re.compile(
    r"\b(?:e-?mails?|wr(?:ote|ites?|itten)|sen[dt]|sender|recipients?|geschrieben|schrieb|geschickt|schickte|gesendet|"
    r"absender|empfänger)\b|写|发",
    re.IGNORECASE,
)
_DATA = re.compile(r"[\s\[\]{},]*\"[^\"]{1,60}\"\s*:")
_LIST = re.compile(r"\"([^\"]{1,60})\"\s*:\s*\[$")
_NAME_OF_RECORD = re.compile(r"[\s\[\]{},]*\"(?:name|title|id|key|topic|label)\"\s*:\s*\"([^\"]*)\",?$", re.IGNORECASE)
_YES_NO = re.compile(r"^(?:(?:a|answer|antwort|答) ?[:：.] ?)?(?:yes|no|ja|nein|是|否)[.!。！]?$", re.IGNORECASE)
_POINTS = re.compile(
    r"^(?:[Pp]lease )?(?:[Ss]ee|[Rr]efer to|[Cc]heck out|[Ff]ind out|[Cc]lick)\b|"
    r"\b(?:please|also) (?:see|refer to|find|read)\b|"
    r"\b[Ff]or (?:more|further|additional|other) (?:information|details?|help)\b|"
    r"\b(?:described|explained|documented|outlined) (?:in (?:more )?detail )?(?:here\b|in the [A-Z]|in “|under\b)|"
    r"\b(?:found|listed|explained|described) here\b|^[Ss]iehe\b|\b(?:finden Sie|steht|stehen) (?:hier|unter|im)\b|"
    r"详见|参见|请参阅"
)
NAMED, IN_ORDER = 0.95, 0.001  # of a section that the question names: what it says, in its order
_ANNOUNCES = re.compile(
    r"\b(?:the following|as follows|(?:listed|shown|table) below|folgende\w*|wie folgt|ci-dessous)\b|如下|下列|下表",
    re.IGNORECASE,
)
CODED = 2.0  # as `label`, of a row that is about the code which is asked for, or about one that begins with it
EXCEPTED = 0.5  # of its probability is left to a sentence that says of itself to be an exception
_EXCEPTION = re.compile(
    r"\b(?:is|are) (?:the|an)(?: only)? exceptions?\b|\b(?:ist|sind|bilden) (?:die|eine) Ausnahmen?\b", re.I
)
REPEATED = 0.6  # of its probability is left to what a mail quotes of the one that it answers
POINTER = 0.4  # of its probability is left to a sentence that only says where something is said
REPEATED_WORDS = 4  # of the question, one after the other, that are no answer to it
SMALL_TABLE = 8  # rows
MORE_IN_HEAD = 4  # words that a running head says beside the title
QUESTION_WORDS = 20  # of a question that is a heading, or of a document's name
HEADING_WORDS, RUN_IN_WORDS = 8, 2  # of a line that no full stop ends; of one that one does: "Direct cause."
_CAPTION = re.compile(
    r"^(?:table|figure|fig|chart|exhibit|tabelle|abbildung|abb|tableau|tabla|tabella)\.? ?\d+\s*[:.–-]|^[图表]\s*\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Features:
    """What is known of a candidate, each about 0 to 1."""

    similarity: float  # cosine of question and sentence; 0 when the embedder does not know the language
    passage: float  # the passage's score, relative to the best one's
    first: float  # 1 / rank of the passage
    terms: float  # telling weight of the question in the sentence
    around: float  # the same in the sentence, its two neighbours, the section and the title
    section: float  # the same in the sentence, title and headings above it, whose words it need not repeat
    opens: float  # 1 for the first sentence or table below a heading: what holds is said before its exceptions
    label: float  # the same in the first cell of a table's row, which says what the row is about; or CODED
    fits: float  # names the kind of thing that is asked for
    short: float  # 1 for the shortest sentences, falling to 0 at 12 words: fragments and captions


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A sentence or table row of a passage."""

    passage: Passage
    index: int  # among the sentences of its passage, in the document's order
    start: int  # in the revision's text
    end: int
    text: str
    features: Features
    score: float  # probability that it answers
    named: bool = False  # it stands in the section that the question names

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return " | " in self.text

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list."""
        return _ITEM.match(self.text) is not None

    @property
    def leads(self) -> bool:
        """Whether it only announces what follows: "The steps are:"."""
        return self.text.endswith((":", "："))

    @property
    def words(self) -> float:
        """Its length in words; two Chinese characters count as one."""
        return length(self.text)


# Logistic regression on the sentences of half of squad's and of zh's answerable questions, rounded; section, opens and
# label were set by hand, reading that half and the sample company's answers. README has what came of it.
WEIGHTS = Features(
    similarity=4.5,
    passage=1.6,
    first=1.0,
    terms=1.8,
    around=2.6,
    section=1.2,
    opens=1.0,
    label=0.6,
    fits=1.5,
    short=-0.3,
)
BIAS = -9.2
# without an embedder that knows the language
WEIGHTS_TERMS = Features(
    similarity=0.0,
    passage=4.5,
    first=3.0,
    terms=6.4,
    around=1.4,
    section=0.0,
    opens=0.0,
    label=0.0,
    fits=1.2,
    short=0.0,
)
BIAS_TERMS = -12.4


def length(text: str) -> float:
    """Length in words; of text without spaces, half the number of characters."""
    if unspaced_share(text) > UNSPACED:
        return len("".join(text.split())) / CHARACTERS_PER_WORD
    return len(text.split())


def knows(embedder: Embedder, question: str) -> bool:
    """Whether the embedder was trained on the question's language, as far as its words tell."""
    return "*" in embedder.languages or language_of(question) in embedder.languages


def candidates(asked: Asked, passages: Sequence[Passage], embedder: Embedder) -> list[Candidate]:
    """Every sentence and table row of the passages that may be quoted as an answer, best first."""
    found = [item for passage in passages for item in _of_passage(passage)]
    sets = [term_set(item.text) for item in found]
    own = [asked.covered(item) for item in sets]
    around = [_around(asked, found, sets, at) for at in range(len(found))]
    furniture = _furniture(found, asked)
    places = [
        at
        for at in range(len(found))
        if found[at].quotable and at not in furniture and not _repeats(asked, found[at].text)
    ]
    if not places:
        return []
    embedded = knows(embedder, asked.question)
    cosines = dict.fromkeys(places, 0.0)
    if embedded:
        promising = sorted(places, key=lambda at: (-(own[at] + around[at]), at))[:MOST_EMBEDDED]
        cosines |= _cosines(asked, {at: found[at] for at in promising}, places, embedder)
    best = max(passage.score for passage in passages) or 1.0
    identifiers, most = codes(asked.question), max(own[at] for at in places)
    result = []
    for at in places:
        item = found[at]
        features = Features(
            similarity=cosines[at],
            passage=item.passage.score / best,
            first=1 / item.passage.n,
            terms=own[at],
            around=around[at],
            section=asked.covered(sets[at] | term_set(f"{_header(item)} {item.under}")),
            opens=float(item.opens),
            label=_label(asked, item.text, identifiers if own[at] == most else ()),
            fits=names_kind(asked, item.text),
            short=max(0.0, 1 - length(item.text) / 12),
        )
        score = probability(features, embedded=embedded) * (POINTER if _points_elsewhere(item.text) else 1.0)
        score *= REPEATED if item.text.startswith(">") else 1.0
        score *= EXCEPTED if _EXCEPTION.search(item.text) and not _EXCEPTION.search(asked.question) else 1.0
        named = names_section(asked.question, item.passage.first.title, item.under or _section(item))
        result.append(
            Candidate(
                passage=item.passage,
                index=item.index,
                start=item.start,
                end=item.end,
                text=item.text,
                features=features,
                score=NAMED - IN_ORDER * item.index if named else score,
                named=named,
            )
        )
    return sorted(result, key=lambda item: (-item.score, item.passage.n, item.index))


def _label(asked: Asked, text: str, identifiers: Sequence[Sequence[str]]) -> float:
    """`identifiers`: the question's, where no sentence says more of it than this one; else another thing is meant."""
    if " | " not in text:
        return 0.0
    label = terms(label_of(text))
    return CODED if any(begins(label, code) for code in identifiers) else asked.covered(frozenset(label))


def probability(features: Features, *, embedded: bool) -> float:
    """How likely a candidate with these features answers."""
    weights, bias = (WEIGHTS, BIAS) if embedded else (WEIGHTS_TERMS, BIAS_TERMS)
    total = bias + sum(w * f for w, f in zip(astuple(weights), astuple(features), strict=True))
    return 1 / (1 + math.exp(-total))


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A sentence of a passage, before anything is known of it."""

    passage: Passage
    index: int
    start: int  # in the revision's text
    end: int
    text: str
    under: str  # the heading nearest above it in its passage, or the caption of its table; "": none
    opens: bool  # it is the first below that heading
    quotable: bool


def _of_passage(passage: Passage) -> list[_Found]:
    spans = sentence_spans(passage.text)
    # a sentence too long for one chunk is cut; what is here of it is not a sentence
    whole = [
        not (at == 0 and passage.cut_before) and not (at == len(spans) - 1 and passage.cut_after)
        for at in range(len(spans))
    ]
    names = {passage.first.title.casefold()}
    for item in passage.chunks:
        names.update(part.casefold() for part in item.chunk.section.split(" > "))
    texts = [passage.text[start:end] for start, end in spans]
    lines = [" ".join(text.split()) for text in texts]
    names.update(line.casefold() for at, line in enumerate(lines) if _stands_above(passage, spans[at], line))
    heads = [_heads(lines, at, names) for at in range(len(lines))]
    answers = [
        whole[at] and not heads[at] and _answers(texts[at]) and not _announces_table(lines, at)
        for at in range(len(lines))
    ]
    if not any(answers):
        answers = [_harmless(text) for text in texts]
    return [
        _Found(
            passage=passage,
            index=index,
            start=passage.start + start,
            end=passage.start + end,
            text=texts[index],
            under=_above(lines, heads, index) or _record(lines, index),
            opens=_opens(lines, heads, index),
            quotable=answers[index],
        )
        for index, (start, end) in enumerate(spans)
    ]


def _stands_above(passage: Passage, span: tuple[int, int], line: str) -> bool:
    """Whether it is a line by itself that asks what the next one answers, or names the document that it begins."""
    start, end = span
    alone = passage.text[:start].rstrip(" ")[-1:] in ("", "\n") and passage.text[end:].lstrip(" ").startswith("\n")
    if not alone or _ITEM.match(line) or len(line.split()) > QUESTION_WORDS or " | " in line:
        return False
    names_document = passage.start + start == 0 and ":" not in line and not _ENDS.search(line)
    return line.endswith(("?", "？")) or names_document


def _above(lines: Sequence[str], heads: Sequence[bool], at: int) -> str:
    """What stands above a line as its heading: for the rows of a table the table's caption before the section's."""
    row = " | " in lines[at]
    for before in range(at - 1, -1, -1):
        if heads[before] or (row and _CAPTION.match(lines[before])):
            return lines[before]
        row = row and " | " in lines[before]
    return ""


def _record(lines: Sequence[str], at: int) -> str:
    """What the record of JSON in which a line stands is called, and the list in it: "Suzhou meeting_rooms"."""
    said: list[str] = []
    for line in reversed(lines[:at]) if _DATA.match(lines[at]) else ():
        if line.startswith("]"):
            break
        if found := _NAME_OF_RECORD.match(line) or (not said and _LIST.match(line)):
            said.insert(0, found[1])
            if not _LIST.match(line):
                break
    return " ".join(said)


def _opens(lines: Sequence[str], heads: Sequence[bool], at: int) -> bool:
    """Whether it is the first sentence below a heading, or a row of a small table that stands first there."""
    first = last = at
    while first and " | " in lines[at] and " | " in lines[first - 1]:
        first -= 1
    while last + 1 < len(lines) and " | " in lines[at] and " | " in lines[last + 1]:
        last += 1
    return first > 0 and heads[first - 1] and last - first < SMALL_TABLE


def _announces_table(lines: Sequence[str], at: int) -> bool:
    """Whether a sentence only announces the rows after it, which name their columns: they say it without it."""
    return _ANNOUNCES.search(lines[at]) is not None and " | " in "".join(lines[at + 1 : at + 2])


def _heads(lines: Sequence[str], at: int, names: set[str]) -> bool:
    """Whether a line is a heading: a section's name, or a few words that say nothing by themselves."""
    line = lines[at]
    if line.casefold() in names:
        return True
    if " | " in line or unspaced_share(line) > UNSPACED:
        return False
    words = len(line.split())
    if _ENDS.search(line):
        return words <= RUN_IN_WORDS and not _NAMES_A_THING.search(line) and not line.endswith((":", "?"))
    if words > HEADING_WORDS:
        return False
    if numbered := _NUMBERED.match(line):
        beside = [_NUMBERED.match(other) for other in (*lines[max(0, at - 1) : at], *lines[at + 1 : at + 2])]
        return not any(other and other[1].count(".") == numbered[1].count(".") for other in beside)
    return not _ITEM.match(line) and not _NAMES_A_THING.search(line)


def _furniture(found: Sequence[_Found], asked: Asked) -> set[int]:
    """Places of what documents carry along and nobody asks for: running heads and feet, the address lines of mails."""
    bare = [re.sub(r"\d+", "", f"{item.passage.revision} {item.text}") if _is_line(item.text) else "" for item in found]
    often = Counter(bare)
    return {
        at
        for at, item in enumerate(found)
        if (bare[at] and often[bare[at]] > 1)
        or _is_running_head(item)
        or (_is_mail(item.passage) and _only_addresses(asked, item.text))
    }


def _is_running_head(item: _Found) -> bool:
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
    return not _ENDS.search(text) and not _ITEM.match(text) and ": " not in text


def _is_mail(passage: Passage) -> bool:
    return passage.first.path.casefold().endswith((".eml", ".msg")) or ".mbox!/" in passage.first.path.casefold()


def _repeats(asked: Asked, text: str) -> bool:
    """Whether a sentence, or a line of it, does but repeat the question; what is asked to be so or not is answered by
    that."""
    question = f" {_words(asked.question)} "
    lines = (_words(line) for line in (text, *text.splitlines()))
    repeated = any(line.count(" ") >= REPEATED_WORDS - 1 and f" {line} " in question for line in lines)
    return repeated and asked.expected is not Expected.WHETHER


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _answers(text: str) -> bool:
    """Whether a sentence can answer anything: captions, questions, and a "Yes" to one, cannot."""
    line = " ".join(text.split())
    bare = _CAPTION.match(line) is not None or _YES_NO.match(line) is not None
    return not bare and not line.endswith(("?", "？")) and _harmless(text)


def _points_elsewhere(text: str) -> bool:
    """Whether a sentence but says where something is said. Who gives a number says it: "see extension 4400"."""
    return _POINTS.search(" ".join(text.split())) is not None and not re.search(r"\d", text)


def _harmless(text: str) -> bool:
    """What tells a language model what to do is nobody's answer."""
    return aimed_at_model(text) is None


def _around(asked: Asked, found: Sequence[_Found], sets: Sequence[frozenset[str]], at: int) -> float:
    together = sets[at] | term_set(f"{_header(found[at])} {found[at].under}")
    for other in (at - 1, at + 1):
        if 0 <= other < len(found) and found[other].passage is found[at].passage:
            together |= sets[other]
    return asked.covered(together)


def _header(item: _Found) -> str:
    return item.passage.chunk_from(item.start).chunk.header


def _section(item: _Found) -> str:
    """The innermost section of its chunk; the title where there is none."""
    return _header(item).rpartition(" > ")[2]


def _cosines(asked: Asked, found: dict[int, _Found], places: Sequence[int], embedder: Embedder) -> dict[int, float]:
    """Cosines of the most promising candidates; the others get the lowest of them.

    Each is embedded under its section's name, without which "For Hall 3 it is the lawn" means little.
    """
    vectors = embedder.encode_documents([f"{item.under or _section(item)}: {item.text}" for item in found.values()])
    known = (vectors @ _meanings(asked, embedder)).max(axis=1).tolist()
    return dict.fromkeys(places, min(known)) | dict(zip(found, known, strict=True))


def _meanings(asked: Asked, embedder: Embedder) -> Vector:
    """The question's meanings as columns: with its echoes, and where it says too little also with the turn before."""
    earlier = [text for text, _ in asked.echoes]
    texts = [asked.question, *earlier, *([f"{earlier[0]} {asked.question}"] if asked.borrowed else [])]
    vectors = embedder.encode_questions(texts)
    shares = np.array([1.0, *(weight for _, weight in asked.echoes)], dtype=np.float32)
    return np.column_stack([unit(vectors[: len(shares)].T @ shares), *vectors[len(shares) :]])


def select(ranked: Sequence[Candidate], *, share: float = 1.0) -> list[Candidate]:
    """The candidates to answer with, in the order in which they are shown: the likeliest first.

    `share`: of an answer's room, where it answers more than one question.
    The others come along while there is room and they are not much less likely; from another document only when they
    are nearly as likely. What was said already is left out; what only announces a list ("Laptops:") stands for it.
    """
    chosen = _with_list(ranked)
    said = {_plain(item) for item in chosen}
    words = sum(item.words for item in chosen)
    most = len(chosen) + round(MOST_MORE * share)
    for item in ranked:
        if len(chosen) == most:
            break
        if item.leads or _plain(item) in said:
            continue
        near = item.passage.revision == chosen[0].passage.revision
        least = (NEAR_SHARE if near else FAR_SHARE) * ranked[0].score
        if item.score < least or words + item.words > MOST_WORDS * share:
            continue
        if item.is_row and sum(other.is_row for other in chosen) == MOST_ROWS:
            continue
        chosen.append(item)
        said.add(_plain(item))
        words += item.words
    return chosen


def _plain(item: Candidate) -> str:
    return " ".join(item.text.casefold().split())


def _with_list(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate; where it announces a list, with the list; where it is an item, with what announces it."""
    best = ranked[0]
    if not best.leads and not best.is_item:
        return [best]
    siblings = {item.index: item for item in ranked if item.passage is best.passage}
    first = best.index
    while not best.leads and first - 1 in siblings and siblings[first].is_item:
        first -= 1
    lead = siblings[first]
    items = []
    at = first + 1
    while lead.leads and at in siblings and siblings[at].is_item:
        items.append(siblings[at])
        at += 1
    if lead is best and not items:
        return [next((item for item in ranked if not item.leads), best)]
    about_list = lead is best or sum(item.score >= best.score * LIST_SHARE for item in items) >= LIST_ITEMS
    if about_list and sum(item.words for item in (lead, *items)) <= LIST_WORDS:
        return [lead, *items]
    return [lead, best] if lead.leads and lead is not best else [best]
