"""What administrators do about files, from the page, the API and the command line alike; noted in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence

from storage import erasure
from storage.audit import Audit, Event
from storage.catalog import Catalog

NAMED = 20  # paths that are noted one by one; of more, how many


def retry(catalog: Catalog, ids: Sequence[str] | None, *, person: str) -> int:
    """Put failed files (None: all of them) back to waiting. Returns how many."""
    count = catalog.retry(ids)
    Audit(catalog.database).record(person, Event.RETRIED, f"{count} files")
    return count


def ignore(catalog: Catalog, ids: Sequence[str], *, person: str) -> int:
    """Take files out of every answer, and pass them over from now on. Returns how many."""
    paths = catalog.paths(ids)
    count = catalog.ignore(ids)
    _note(catalog, Event.IGNORED, paths, person)
    return count


def unignore(catalog: Catalog, ids: Sequence[str], *, person: str) -> int:
    """Have files read again that a person had ignored or forgotten. Returns how many."""
    paths = catalog.paths(ids)
    count = catalog.unignore(ids)
    _note(catalog, Event.UNIGNORED, paths, person)
    return count


def forget(catalog: Catalog, ids: Sequence[str], *, person: str) -> erasure.Forgotten:
    """Erase documents: out of every answer now, off the disk as soon as the ingest service comes to it."""
    forgotten = erasure.forget(catalog.database, ids)
    _note(catalog, Event.FORGOT, forgotten.paths, person)
    return forgotten


def _note(catalog: Catalog, event: Event, paths: Sequence[str], person: str) -> None:
    audit = Audit(catalog.database)
    for path in paths[:NAMED]:
        audit.record(person, event, path)
    if len(paths) > NAMED:
        audit.record(person, event, f"{len(paths) - NAMED} more files")
