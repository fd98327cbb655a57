"""What the catalog takes and gives besides storage/records.py. Frozen, keyword-only; knows no table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from storage.database import read_moment
from storage.failures import Rule
from storage.records import Chunk, Parsed, State
from storage.said import Said

Vector = np.ndarray[Any, np.dtype[np.float32]]


class Candidate(NamedTuple):
    """What a chunk is judged by, as it is kept: its text is read for those that are shown. A tuple, since a question
    reads a hundred of them."""

    id: str
    revision_id: str
    document_id: str
    section: str
    listed_pages: str  # JSON
    path: str
    title: str
    changed: str | None  # a time
    embedding: bytes
    said_terms: bytes  # as in Said
    defines: str  # as in Said

    @property
    def pages(self) -> tuple[int, ...]:
        """From 1; empty where the format has none."""
        return pages_of(self.listed_pages)

    @property
    def modified(self) -> datetime | None:
        """As the document says, else the file's time."""
        return read_moment(self.changed)

    @property
    def vector(self) -> Vector:
        """Of the model in use."""
        return np.frombuffer(self.embedding, dtype="<f4")

    @property
    def said(self) -> Said:
        """What its header and body say."""
        return Said(terms=self.said_terms, defines=self.defines)


@lru_cache(maxsize=10_000)
def pages_of(listed: str) -> tuple[int, ...]:
    """The pages that a column lists."""
    return tuple(json.loads(listed))


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder that is kept in step."""

    id: int
    root: str
    readers: tuple[str, ...] | None  # None: first-level folder names are groups
    scanned: datetime | None
    held: str | None
    confirmed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the catalog knows of a file, as the reconciling scan compares it."""

    id: str
    source_id: int
    path: str
    label: int | None
    state: State
    code: str | None
    reason: str | None
    size: int
    mtime_ns: int
    inode: int
    attempts: int
    retry_at: datetime | None
    ctime_ns: int | None = None  # not known of files that an earlier version saw last


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting(Known):
    """A file that has to be looked at."""

    sha256: str | None = None  # of the current revision


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A file as the scan saw it."""

    path: str
    label: int | None
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int | None = None
    rule: Rule | None = None  # by which it is no document


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which documents of a list."""

    states: tuple[State, ...] = ()  # none: all of them
    containing: str = ""  # in path or title; case does not matter
    suffix: str | None = None  # such as .pdf
    read_by_nobody: bool = False
    failed_first: bool = False
    newest_first: bool = False  # those that were indexed last; without it by source and path


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast files are indexed."""

    indexed: int  # in the last `seconds`
    seconds: float
    now: tuple[str, ...]  # paths being read or embedded


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A current revision as it was parsed: enough to chunk and embed it anew."""

    id: str
    document_id: str
    path: str
    content: str  # SHA-256 of the original
    suffix: str
    title: str
    parsed: Parsed


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing the indexes have still to be told."""

    id: int
    action: str  # put | drop
    revision_id: str
    label: int
    chunks: int


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """A chunk as the indexes take it."""

    chunk: Chunk
    label: int
    title: str
    path: str
    vector: Vector


def revision_id(document_id: str, content: str) -> str:
    """The id of the revision that `document_id` has with content of this SHA-256."""
    return sha256(f"{document_id}\n{content}".encode()).hexdigest()[:32]
