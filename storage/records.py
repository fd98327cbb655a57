"""The records that are stored and that both sides speak of. Frozen, keyword-only; knows no database and no vendor.

Positions: `start` and `end` are character offsets, half open. Inside an element they count from the element's first
character; everywhere else from the first character of the revision's text (`revision_text`). Pages count from 1.
A box is (left, top, right, bottom) as fractions of the page's width and height, origin top left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Box = tuple[float, float, float, float]

EVERYONE = "everyone"  # the group that every signed-in person belongs to
MEMBER_SEPARATOR = "!/"  # in paths, between a container and what it holds
ELEMENT_SEPARATOR = "\n\n"  # stands between two elements in a revision's text


class Kind(StrEnum):
    """What an element of a document is."""

    HEADING = "heading"
    TEXT = "text"
    LIST = "list"  # one list item, or a whole short list
    TABLE = "table"
    CODE = "code"
    NOTE = "note"  # speaker notes, comments


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Where a piece of an element's text stands on a page (PDF only)."""

    start: int  # offset in the element's text
    end: int
    page: int
    box: Box


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a table. Its text in the element is "Column: value | Column: value"; empty cells are left out."""

    start: int  # offset in the element's text
    end: int
    cells: tuple[str, ...]  # as in the source, empty ones included
    address: str | None = None  # cell range in a sheet, such as "A5:F5"


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """A paragraph, heading, table … of a document, in reading order."""

    kind: Kind
    text: str  # never empty, no leading or trailing white space; tables: one line a row, see Row
    level: int = 0  # headings: depth, 1 is the highest; otherwise 0
    page: int | None = None  # page of a PDF or slide number; None where the format has no pages
    sheet: str | None = None  # name of the sheet in a workbook
    header: tuple[str, ...] = ()  # tables: column names
    lines: tuple[Line, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Member:
    """Something a container holds, a document of its own: a file of an archive, an attachment of a mail."""

    name: str  # its path inside, with forward slashes; "" of a compressed file: as the file without its last suffix
    content: str | None  # SHA-256 of its original; None: it could not be taken out
    size: int = 0  # bytes
    code: str | None = None  # why it could not be taken out, a failure code
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What parsing one file yields."""

    elements: tuple[Element, ...]
    title: str | None = None  # from the document's metadata or its first heading; None: use the file's name
    author: str | None = None
    created: datetime | None = None  # aware, UTC
    modified: datetime | None = None
    pages: int | None = None  # number of pages or slides, where the format has them
    flags: tuple[str, ...] = ()  # what a reader of answers should know: "hidden text on page 3"
    members: tuple[Member, ...] = ()  # what it holds, where it is a container
    warnings: tuple[str, ...] = ()  # what was left out, in words for the administrator


def revision_text(elements: Sequence[Element]) -> str:
    """The canonical text of a revision: what every character span of chunks and citations counts in."""
    return ELEMENT_SEPARATOR.join(element.text for element in elements)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """The unit of search. `body` is exactly `revision_text[start:end]`; `header` is context that is not in the span."""

    id: str  # "{revision_id}:{position}", deterministic
    revision_id: str
    position: int  # 0, 1, … within the revision; neighbours are position ± 1
    start: int
    end: int
    header: str  # "Title > Section > Subsection", for embedding, keywords and prompts
    body: str
    section: str  # "Section > Subsection", may be empty
    pages: tuple[int, ...]  # empty where the format has no pages
    cells: str | None = None  # "Prices!A5:F9" for pieces of sheets
    tokens: int  # of header and body together, by the embedder's own tokenizer
    language: str | None = None  # ISO 639-1; None where there is too little text to tell


class State(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    PARSING = "parsing"
    EMBEDDING = "embedding"
    INDEXED = "indexed"
    FAILED = "failed"
    IGNORED = "ignored"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One file of one source folder, as the catalog has it now."""

    id: str
    source: str  # absolute path of the source folder
    path: str  # relative to the source folder, with forward slashes
    groups: tuple[str, ...]  # who may read it; empty: nobody (no access rule covers the file)
    state: State
    code: str | None  # failure code or ignore rule
    reason: str | None  # in words
    size: int  # bytes
    mtime_ns: int
    attempts: int
    revision: str | None  # the current revision's id, None until first indexed
    title: str
    pages: int | None
    chunks: int
    changed: datetime  # when this row last changed, UTC
    indexed: datetime | None  # when the current revision was indexed, UTC
    retry: datetime | None = None  # when a failed file is tried again by itself, UTC
    author: str | None = None  # this and the next two as the document says of itself
    made: datetime | None = None
    modified: datetime | None = None  # likewise, else the file's time
    language: str | None = None  # ISO 639-1, the one most of it is in
    flags: tuple[str, ...] = ()  # see Parsed


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One exact content of a document: what a citation points to."""

    id: str
    document_id: str
    sha256: str
    path: str  # of the document today
    title: str
    pages: int | None
    text: str
    elements: tuple[Element, ...]
    created: datetime  # when it was indexed, UTC
    current: bool  # False: a newer revision has taken its place
    author: str | None = None  # this and the next two as the document says of itself
    made: datetime | None = None
    modified: datetime | None = None  # likewise, else the file's time
    language: str | None = None  # ISO 639-1, the one most of it is in
    flags: tuple[str, ...] = ()  # see Parsed


@dataclass(frozen=True, kw_only=True)
class StoredChunk:
    """A chunk as retrieval loads it: permitted and current at the moment of loading."""

    chunk: Chunk
    document_id: str
    path: str
    title: str
    label: int
    modified: datetime | None  # as the document says, else the file's time
    made: datetime | None = None  # when it was written, as the document says
    author: str | None = None


def places_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The places that a stored answer quotes: those that confirm it, then those that only come near."""
    return [*(answer.get("citations") or ()), *(answer.get("near") or ())]
