"""Questions to begin and to go on with, made from headings of documents; a search checks each before it is offered.

Knows no language model. Only sections that the person may read, and that a search for the question finds, are offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from app.answers.phrases import phrases, section_name
from storage.catalog import Filter
from storage.errors import PremiseError

if TYPE_CHECKING:
    from app.engine import Engine
    from storage.records import Document, StoredChunk

OFFERED = 3
TRIED = 5  # searches at most; for openers: documents
DOCUMENTS = 2  # of those that the answer cites
CHUNKS = 80  # of a document whose headings are looked at
FOUND_AMONG = 3  # hits among which a search must find the section
LONGEST = 70  # characters of a heading


def related(engine: Engine, question: str, answer: dict[str, Any], *, groups: Iterable[str]) -> list[str]:
    """Up to OFFERED questions about other sections of the cited documents, in the question's language."""
    readers = list(groups)
    found: list[str] = []
    try:
        for asked, chunk in list(_possible(engine, question, answer, readers))[:TRIED]:
            hits = engine.search(asked, groups=readers, k=FOUND_AMONG)
            if any(_same_section(hit.found, chunk) for hit in hits):
                found.append(asked)
            if len(found) == OFFERED:
                break
    except PremiseError:
        return found  # an index that does not answer: then there is nothing to offer
    return found


def openers(engine: Engine, *, groups: Iterable[str]) -> list[str]:
    """Up to OFFERED questions for an empty first page, each about a section of another document."""
    readers = list(groups)
    labels = engine.catalog.labels_of(readers)
    number = engine.catalog.count_documents(Filter(), labels=labels)
    found: list[str] = []
    try:
        for place in dict.fromkeys(number * part // TRIED for part in range(TRIED if number else 0)):
            document = engine.catalog.documents_page(Filter(), labels=labels, limit=1, offset=place)[0]
            for asked, chunk in _sections(engine, document, labels):
                if any(_same_section(hit.found, chunk) for hit in engine.search(asked, groups=readers, k=1)):
                    found.append(asked)
                    break
            if len(found) == OFFERED:
                break
    except PremiseError:
        return found
    return found


def _sections(engine: Engine, document: Document, labels: frozenset[int]) -> list[tuple[str, StoredChunk]]:
    """The sections of a document that say the most, as questions: OFFERED at most."""
    if document.revision is None:
        return []
    chunks = engine.catalog.chunks_around(document.revision, 0, CHUNKS, labels=labels)
    sections: dict[str, list[StoredChunk]] = {}
    for chunk in chunks:
        sections.setdefault(chunk.chunk.section, []).append(chunk)
    headed = [(_heading(items[0]), items) for items in sections.values()]
    told = [(heading, items) for heading, items in headed if _tells(heading) and heading not in document.title]
    told.sort(key=lambda item: -sum(chunk.chunk.end - chunk.chunk.start for chunk in item[1]))
    return [
        (phrases(f"{document.title} {heading}").about.format(title=document.title, section=heading), items[0])
        for heading, items in told[:OFFERED]
    ]


def _possible(
    engine: Engine, question: str, answer: dict[str, Any], groups: Sequence[str]
) -> Iterator[tuple[str, StoredChunk]]:
    labels = engine.catalog.labels_of(groups)
    said = phrases(question).about
    citations = answer.get("citations") or []
    cited = {(item["revision"], item["section"]) for item in citations}
    offered: set[str] = {question}
    for revision in list(dict.fromkeys(item["revision"] for item in citations))[:DOCUMENTS]:
        start = min(item["start"] for item in citations if item["revision"] == revision)
        for chunk in _nearest(engine, revision, start, labels):
            heading = _heading(chunk)
            asked = said.format(title=chunk.title, section=heading)
            if (revision, chunk.chunk.section) in cited or not _tells(heading) or asked in offered:
                continue
            offered.add(asked)
            yield asked, chunk


def _nearest(engine: Engine, revision: str, start: int, labels: frozenset[int]) -> list[StoredChunk]:
    """The chunks that begin a section, those after the cited place first."""
    chunks = engine.catalog.chunks_around(revision, 0, CHUNKS, labels=labels)
    begins = [item for at, item in enumerate(chunks) if at == 0 or chunks[at - 1].chunk.section != item.chunk.section]
    return sorted(begins, key=lambda item: (item.chunk.start <= start, abs(item.chunk.start - start)))


def _heading(chunk: StoredChunk) -> str:
    return section_name(chunk.chunk.section.rpartition(" > ")[2])


def _tells(heading: str) -> bool:
    return 3 <= len(heading) <= LONGEST and any(sign.isalpha() for sign in heading)


def _same_section(found: StoredChunk, wanted: StoredChunk) -> bool:
    return found.chunk.revision_id == wanted.chunk.revision_id and found.chunk.section == wanted.chunk.section
