"""Questions to begin and to go on with, made from headings of documents; a search checks each before it is offered.

Knows no language model. Only sections that the person may read, and that a search for the question finds, are offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.answers.phrases import Phrases, phrases, section_name
from storage.catalog import Filter
from storage.errors import PremiseError
from storage.records import places_of
from storage.sections import innermost

if TYPE_CHECKING:
    from app.engine import Engine
    from storage.records import Document, StoredChunk

OFFERED = 3
TRIED = 5  # searches at most; for openers: documents
DOCUMENTS = 2  # of those that the answer cites
CHUNKS = 80  # of a document whose headings are looked at
FOUND_AMONG = 3  # hits among which a search must find the section
LONGEST = 70  # characters of a heading
TELLING = 6  # characters of a heading that says by itself what it is about
SHORT = 4  # words; longer headings are put into quotation marks, as are longer titles
SHORT_TITLE = 5  # words

_CLAUSE = re.compile(
    r"(?:what|when|where|who|whom|why|how|which|if|whether|was|wann|wo|wer|wen|wem|warum|wie|welche\w*|wenn|ob|que|quand"
    r"|où|qui|comment|quel\w*|si|qué|cuándo|dónde|quién|cómo|che|quando|dove|chi|come|onde|quem|wat|wanneer|waar|wie|hoe)\b",
    re.I,
)
# "Order a badge": what one does, before a word such as "the". "Before the start", "Ordering a badge" are not that.
_PLACED = (
    "about|after|around|at|before|behind|beyond|by|during|for|from|in|inside|like|of|on|once|over|through|to|towards?|under|until|"
    "upon|with|within|without"
)
_STEPS = re.compile(
    rf"(?!(?:\w+(?:ing|s|ed)|are|be|have|if|{_PLACED}) )[A-Za-z]{{2,}} (?:up |out )?"
    r"(?:an?|any|each|every|my|our|the|this|your|yourself) ",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?:I|we|you|they|he|she|it|wir|ihr|sie|ich|nous|vous|ils|elles?|je|noi|voi|wij|jij)\b", re.IGNORECASE
)
_DOUBLED = re.compile(r"([“「])“|”([”」])")
_TIME_OR_PLACE = re.compile(rf"(?:{_PLACED}) ", re.IGNORECASE)
_NAME = re.compile(r"\b[^\W\d_A-ZÀ-Þ][^\W\d_]*,? (?=([A-ZÀ-Þ][\w-]+))")
# a sentence that a sheet has above its table, and the caption of one, are no subject to ask about
_NO_SUBJECT = re.compile(
    r"[.。]$|://|^(?:table of contents|related \w+|see also)$|^(?:(?:all|any) )?(?:other|more|further|additional)\b|"
    r"^(?:alle )?(?:ander|weiter|sonstig)e\w?\b"
    r"|^(?:table|figure|tabelle|abbildung|tableau|tabla|表|图) ?\d+\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w\s’'&-]+")
_EMPTY = frozenset(  # headings that say nothing of what stands below them
    "overview introduction summary general contents background scope purpose notes note appendix faq other details "
    "resources links definitions glossary glossar einleitung überblick zusammenfassung allgemeines inhalt anhang "
    "hinweise sommaire introducción resumen introduzione introdução resumo inleiding "
    "概述 简介 目录 はじめに 概要 개요".split()
)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A question that is offered."""

    question: str
    revision: str  # whose heading it is made of


def still_offered(engine: Engine, offers: Sequence[Offer], *, groups: Iterable[str]) -> list[str]:
    """The questions whose documents say so now, and to this person: some time may have passed."""
    revisions = {offer.revision for offer in offers}
    kept = engine.catalog.readable(revisions, labels=engine.catalog.labels_of(groups))
    kept -= engine.catalog.superseded(kept)
    return [offer.question for offer in offers if offer.revision in kept]


def related(
    engine: Engine, question: str, answer: dict[str, Any], *, groups: Iterable[str], before: Iterable[str] = ()
) -> list[Offer]:
    """Up to OFFERED questions about other sections of the cited documents, in the question's language.

    `before`: what was asked before it, which is not offered again.
    """
    readers = list(groups)
    known = {_bare(text) for text in (question, *before)}
    found: list[Offer] = []
    try:
        for chunk, names in list(_possible(engine, answer, readers))[:TRIED]:
            asked = _found(engine, _forms(phrases(question), chunk, names), chunk, readers, FOUND_AMONG)
            if asked and _bare(asked) not in known:
                known.add(_bare(asked))
                found.append(Offer(question=asked, revision=chunk.chunk.revision_id))
            if len(found) == OFFERED:
                break
    except PremiseError:
        return found  # an index that does not answer: then there is nothing to offer
    return found


def openers(engine: Engine, *, groups: Iterable[str]) -> list[Offer]:
    """Up to OFFERED questions for an empty first page, each about a section of another document."""
    readers = list(groups)
    labels = engine.catalog.labels_of(readers)
    number = engine.catalog.count_documents(Filter(), labels=labels)
    found: list[Offer] = []
    try:
        for place in dict.fromkeys(number * part // TRIED for part in range(TRIED if number else 0)):
            document = engine.catalog.documents_page(Filter(), labels=labels, limit=1, offset=place)[0]
            for chunk, names in _sections(engine, document, labels):
                said = phrases(f"{document.title} {_heading(chunk)}")
                if asked := _found(engine, _forms(said, chunk, names), chunk, readers, 1):
                    found.append(Offer(question=asked, revision=chunk.chunk.revision_id))
                    break
            if len(found) == OFFERED:
                break
    except PremiseError:
        return found
    return found


def _bare(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.casefold()))


def _found(engine: Engine, asked: list[str], chunk: StoredChunk, groups: Sequence[str], among: int) -> str:
    """The first of these questions that a search answers from the chunk's section; empty where none is."""
    for question in asked:
        if any(_same_section(hit.found, chunk) for hit in engine.search(question, groups=groups, k=among)):
            return question
    return ""


def _forms(said: Phrases, chunk: StoredChunk, names: frozenset[str]) -> list[str]:
    """Questions for a section, the most natural first: its heading's own, about its topic, about its document.

    `names`: words that the document writes large within its sentences; others that begin a heading become small.
    """
    heading, title = _heading(chunk), chunk.title
    if heading.endswith(("?", "？")):
        return [heading]
    topic, plain = _is_topic(heading), _PLAIN.fullmatch(heading) and not _CLAUSE.match(heading)
    asks_how = plain and bool(said.steps) and _STEPS.match(heading)
    if asks_how:
        return [said.steps.format(section=_small(heading, chunk, names))]
    asked = _small(heading, chunk, names) if _in_a_sentence(heading, chunk, names) else f"“{heading}”"
    named = title if len(title.split()) <= SHORT_TITLE and _PLAIN.fullmatch(title) else f"“{title}”"
    forms = [said.topic, said.about] if topic else [said.about]
    return [_DOUBLED.sub(r"\1\2", form.format(title=named, section=asked)) for form in forms]


def _in_a_sentence(heading: str, chunk: StoredChunk, names: frozenset[str]) -> bool:
    """Whether a heading reads on as words of a sentence: short, and no title, clause or order. Others are quoted."""
    words = heading.split()
    if len(words) > SHORT or _TIME_OR_PLACE.match(heading) or _PERSON.match(heading):
        return False
    large = (word for word in words[1:] if word[:1].isupper() and word[1:].islower() and word not in names)
    return chunk.chunk.language == "de" or not any(large)


def _small(heading: str, chunk: StoredChunk, names: frozenset[str]) -> str:
    """With a small letter first, but for names and German."""
    first, gap, rest = heading.partition(" ")
    large = chunk.chunk.language == "de" or first in names or not first[1:].islower()
    return heading if large else f"{first.lower()}{gap}{rest}"


def _is_topic(heading: str) -> bool:
    """Whether it says by itself what it is about: several plain words, and no clause such as "When you may change"."""
    plain = len(heading) >= TELLING and bool(_PLAIN.fullmatch(heading))
    return plain and (" " in heading or not heading.isascii()) and not _CLAUSE.match(heading)


def _names(chunks: Iterable[StoredChunk]) -> frozenset[str]:
    """Words that are written large after a small one."""
    return frozenset(word for item in chunks for word in _NAME.findall(item.chunk.body))


def _sections(engine: Engine, document: Document, labels: frozenset[int]) -> list[tuple[StoredChunk, frozenset[str]]]:
    """The sections of a document whose headings tell the most and that say the most: OFFERED at most.

    Each as its first chunk, with the names in the document.
    """
    if document.revision is None:
        return []
    chunks = engine.catalog.first_chunks(document.revision, CHUNKS, labels=labels)
    sections: dict[str, list[StoredChunk]] = {}
    for chunk in chunks:
        sections.setdefault(chunk.chunk.section, []).append(chunk)
    headed = [(_heading(items[0]), items) for items in sections.values()]
    told = [(heading, items) for heading, items in headed if _tells(heading) and heading not in document.title]
    told.sort(
        key=lambda item: (
            not (_is_topic(item[0]) or item[0].endswith("?")),
            -sum(chunk.chunk.end - chunk.chunk.start for chunk in item[1]),
        )
    )
    names = _names(chunks)
    return [(items[0], names) for _, items in told[:OFFERED]]


def _possible(
    engine: Engine, answer: dict[str, Any], groups: Sequence[str]
) -> Iterator[tuple[StoredChunk, frozenset[str]]]:
    labels = engine.catalog.labels_of(groups)
    citations = places_of(answer)
    cited = {(item["revision"], item["section"]) for item in citations}
    offered: set[tuple[str, str]] = set()
    for revision in list(dict.fromkeys(item["revision"] for item in citations))[:DOCUMENTS]:
        start = min(item["start"] for item in citations if item["revision"] == revision)
        chunks = engine.catalog.first_chunks(revision, CHUNKS, labels=labels)
        names = _names(chunks)
        for chunk in _nearest(chunks, start):
            section = (revision, chunk.chunk.section)
            if section in cited or section in offered or not _tells(_heading(chunk)):
                continue
            offered.add(section)
            yield chunk, names


def _nearest(chunks: Sequence[StoredChunk], start: int) -> list[StoredChunk]:
    """The chunks that begin a section, those after the cited place first."""
    begins = [item for at, item in enumerate(chunks) if at == 0 or chunks[at - 1].chunk.section != item.chunk.section]
    return sorted(begins, key=lambda item: (item.chunk.start <= start, abs(item.chunk.start - start)))


def _heading(chunk: StoredChunk) -> str:
    return section_name(innermost(chunk.chunk.section))


def _tells(heading: str) -> bool:
    told = 3 <= len(heading) <= LONGEST and any(sign.isalpha() for sign in heading)
    return told and heading.casefold() not in _EMPTY and not _NO_SUBJECT.search(heading)


def _same_section(found: StoredChunk, wanted: StoredChunk) -> bool:
    return found.chunk.revision_id == wanted.chunk.revision_id and found.chunk.section == wanted.chunk.section
