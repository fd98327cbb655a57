"""Questions to go on with, from the headings around what an answer cites; a search checks each before it is offered.

Knows no language model. Only sections that the person may read, and that a search for the question finds, are offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from app.answers.phrases import phrases
from storage.errors import PremiseError

if TYPE_CHECKING:
    from app.engine import Engine
    from storage.records import StoredChunk

OFFERED = 3
TRIED = 5  # searches at most
DOCUMENTS = 2  # of those that the answer cites
CHUNKS = 80  # of a document whose headings are looked at
FOUND_AMONG = 3  # hits among which a search must find the section
LONGEST = 70  # characters of a heading

_NUMBERING = re.compile(r"^(?:§\s*)?[\d.]+[.)]?\s+|^[一二三四五六七八九十]+、")


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
            heading = _NUMBERING.sub("", chunk.chunk.section.rpartition(" > ")[2]).strip()
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


def _tells(heading: str) -> bool:
    return 3 <= len(heading) <= LONGEST and any(sign.isalpha() for sign in heading)


def _same_section(found: StoredChunk, wanted: StoredChunk) -> bool:
    return found.chunk.revision_id == wanted.chunk.revision_id and found.chunk.section == wanted.chunk.section
