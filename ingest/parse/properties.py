"""Author, title and dates of Office files. Knows which values are only a program's defaults."""

from __future__ import annotations

import contextlib
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from ingest.parse.text import single_line

_NOBODY = frozenset(
    [
        "openpyxl",
        "python-docx",
        "user",
        "author",
        "admin",
        "administrator",
        "anonymous",
        "(anonymous)",
        "unknown",
        "microsoft",
        "owner",
        "steve",
    ]
)
# When the templates were made that python-docx and python-pptx begin every file with; nobody wrote anything then.
_TEMPLATES = frozenset(
    {
        datetime(2013, 12, 23, 23, 15, tzinfo=UTC),
        datetime(2013, 1, 27, 9, 14, 16, tzinfo=UTC),
        datetime(2013, 1, 27, 9, 15, 58, tzinfo=UTC),
    }
)
_NO_TITLES = ("powerpoint presentation", "presentation", "slide ", "document", "untitled", "microsoft ")


@dataclass(frozen=True, kw_only=True)
class Properties:
    """What an Office file says of itself."""

    title: str | None = None
    author: str | None = None
    created: datetime | None = None
    modified: datetime | None = None


def office_properties(path: Path, core: Any) -> Properties:
    """`core` as python-docx, python-pptx and openpyxl read it: they invent values (today) where the file has none."""
    with zipfile.ZipFile(path) as container:
        part = next((name for name in container.namelist() if name.lower().startswith("docprops/core")), None)
        said = container.read(part) if part else b""
    title = single_line(core.title or "")
    author = getattr(core, "creator", None) or getattr(core, "author", None)
    return Properties(
        title=None if title.lower().startswith(_NO_TITLES) else title or None,
        author=person(author),
        created=_moment(core.created) if b":created" in said else None,
        modified=_moment(core.modified) if b":modified" in said else None,
    )


def person(name: str | None) -> str | None:
    """A name, None for what programs put there."""
    name = single_line(name or "")
    return name if name and name.lower() not in _NOBODY else None


def iso_moment(text: str | None) -> datetime | None:
    """A date as ISO 8601 or as mail writes it, aware; None when it is neither."""
    text = (text or "").strip()
    with contextlib.suppress(ValueError):
        return _moment(datetime.fromisoformat(text[:19] if text[19:20] == "." else text))
    with contextlib.suppress(ValueError, TypeError, IndexError):
        return _moment(parsedate_to_datetime(text))
    return None


def _moment(value: datetime | None) -> datetime | None:
    """A date in UTC; None for that of a template."""
    if value is None:
        return None
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None if moment in _TEMPLATES else moment
