"""What a search is narrowed to besides who asks: folder, type, author, date, single documents. Knows no index.

A filter never widens anything: labels are checked as always, whatever it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, func, or_

from storage.database import folded
from storage.schema import documents, revisions

FAMILIES = {  # what people call them: suffixes
    "word": ("docx", "doc", "odt", "rtf"),
    "slides": ("pptx", "ppt", "odp"),
    "sheet": ("xlsx", "xls", "csv", "tsv", "ods"),
    "mail": ("eml", "msg"),
    "web": ("html", "htm", "xhtml"),
    "text": ("txt", "md", "markdown"),
    "picture": ("png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif"),
}


@dataclass(frozen=True, kw_only=True)
class Within:
    """What a filter leaves of what a person may read."""

    revisions: frozenset[str]
    chunks: int


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Every field that is not empty has to hold; within a field one of the values."""

    types: tuple[str, ...] = ()  # suffixes without the dot, or names of FAMILIES
    folders: tuple[str, ...] = ()  # "hr/policies": in it or below, from the top or from anywhere
    authors: tuple[str, ...] = ()  # part of the author's name, any case
    after: date | None = None  # last changed on this day or later
    before: date | None = None  # on this day or earlier
    documents: tuple[str, ...] = ()  # paths, or ids of documents

    def __bool__(self) -> bool:
        return self != _NONE

    def condition(self) -> Any:
        """As SQL over the tables documents and revisions."""
        parts = [
            _any([revisions.c.suffix.in_([f".{name}" for name in self._suffixes()])] if self.types else []),
            _any([_in_folder(folder) for folder in self.folders]),
            _any([_by(name) for name in self.authors]),
            _any([or_(documents.c.path == name, documents.c.id == name) for name in self.documents]),
            _any([_changed(after=self.after)] if self.after else []),
            _any([_changed(before=self.before)] if self.before else []),
        ]
        return and_(*(part for part in parts if part is not None))

    def _suffixes(self) -> list[str]:
        names = [name.strip().lower().lstrip(".") for name in self.types]
        return [suffix for name in names for suffix in FAMILIES.get(name, (name,))]


_NONE = Filters()


def _any(conditions: Sequence[Any]) -> Any:
    return or_(*conditions) if conditions else None


def _by(author: str) -> Any:
    """Whose author is called so; the database's own lower case would know English letters alone."""
    return func.instr(func.folded(func.coalesce(revisions.c.author, "")), folded(author)) > 0


def _in_folder(folder: str) -> Any:
    name = folder.strip("/")
    return or_(
        documents.c.path.startswith(f"{name}/", autoescape=True),
        documents.c.path.contains(f"/{name}/", autoescape=True),
    )


def _changed(*, after: date | None = None, before: date | None = None) -> Any:
    """By the date that the document gives, else by its file's."""
    said, file = revisions.c.modified_at, documents.c.mtime_ns
    if after is not None:
        start = datetime.combine(after, time.min, UTC)
        mine, its = said >= start.replace(tzinfo=None), file >= int(start.timestamp()) * 10**9
    else:
        last = min(before or date.max, date.max - timedelta(days=1))
        end = datetime.combine(last, time.min, UTC) + timedelta(days=1)
        mine, its = said < end.replace(tzinfo=None), file < int(end.timestamp()) * 10**9
    return or_(and_(said.is_not(None), mine), and_(said.is_(None), its))
