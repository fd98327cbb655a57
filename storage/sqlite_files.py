"""Files of SQLite databases: whole copies of those that others write, what lies beside them, and what is in those that
nobody writes. Knows no table's meaning.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.errors import BackupError

SQLITE = b"SQLite format 3\0"
JOURNALS = ("-wal", "-journal", "-shm")  # what SQLite keeps beside a database


def row_counts(database: Path) -> dict[str, int]:
    """Rows of each table of an SQLite file that nobody writes."""
    tables = column(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {name: int(column(database, f'SELECT count(*) FROM "{name}"')[0]) for name in sorted(tables)}  # noqa: S608


def is_journal(file: Path) -> bool:
    """Whether the database beside it is copied with it."""
    return any(
        file.name.endswith(end) and _is_database(file.with_name(file.name.removesuffix(end))) for end in JOURNALS
    )


def journals_of(file: Path) -> list[Path]:
    """What says more about a database than its own file; of every other file, and of one that rests, none."""
    beside = (file.with_name(file.name + end) for end in JOURNALS[:2])
    return [journal for journal in beside if journal.is_file() and journal.stat().st_size and _is_database(file)]


def _is_database(file: Path) -> bool:
    try:
        with file.open("rb") as reading:
            return reading.read(len(SQLITE)) == SQLITE
    except OSError:
        return False


def copy_database(source: Path, target: Path) -> None:
    """One moment of a database that others write, by SQLite's backup: nobody waits for it."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=60)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it


def check_database(file: Path) -> None:
    """Raises: BackupError when SQLite finds it damaged."""
    problems = column(file, "PRAGMA integrity_check")
    if problems != ["ok"]:
        raise BackupError(f"The catalog is damaged: {'; '.join(problems[:3])}. Restore the backup before.")


def column(database: Path, query: str) -> list[str]:
    """The first column of a query on a file that nobody writes. Raises: BackupError when it is damaged."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            return [str(row[0]) for row in connection.execute(query)]
        except sqlite3.DatabaseError as error:
            raise BackupError(f"{database.name} is damaged: {error}.") from error
