"""From a backup to a data folder: `premise restore DIR`, and `premise backup --check DIR`, which does it on trial.

Everything is verified before anything is written. Both indexes are made from the catalog, with no parsing and no
embedding. The catalog gets its name last: a restore that was interrupted leaves no data folder that looks whole.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import delete, select, update

from storage.audit import Audit, Event
from storage.backup import Progress
from storage.catalog import Catalog
from storage.database import HEAD, Database, restoring
from storage.datafolder import DataFolder
from storage.errors import BackupError
from storage.indexes import Indexes
from storage.keywords import KeywordIndex
from storage.matrix import Matrix
from storage.originals import Originals
from storage.schema import sessions, sources
from storage.scratch import scratch
from storage.seals import SUFFIXES, Opener, opened
from storage.snapshot import (
    CATALOG,
    MANIFEST,
    OBJECTS,
    Hashing,
    Manifest,
    damaged,
    find,
    read_sums,
)
from storage.sqlite_files import row_counts
from storage.vectors import VectorIndex


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore came to."""

    snapshot: Path
    made: str  # when the backup was made
    documents: int
    chunks: int
    originals: int
    files: int
    absent: tuple[str, ...]  # what the backup itself lacked


def restore(
    backups: Path,
    data: Path,
    *,
    name: str | None = None,
    identity: Path | None = None,
    passphrase: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Restored:
    """Make the data folder `data`, which is empty or missing, from a backup.

    `name`: one of several backups; else the newest. `identity`: file with the private key of an encrypted one (of GPG,
    None is this account's keyring), `passphrase`: file that opens the key. Raises: BackupError, DataFolderError.
    """
    snapshot = find(backups.expanduser().resolve(), name)
    target = data.expanduser().resolve()
    _refuse_filled(target)
    sums = read_sums(snapshot)
    suffix = next((end for end in SUFFIXES if MANIFEST + end in sums), "")
    with opened(suffix, snapshot, identity, passphrase) as opener:
        return _Reading(snapshot, sums, suffix, opener, progress).into(target)


def check(
    backups: Path,
    *,
    name: str | None = None,
    identity: Path | None = None,
    passphrase: Path | None = None,
    place: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Restored:
    """Restore into a scratch folder, compare, and remove it again. Raises: BackupError.

    `place`: where, else among the temporary files. An encrypted backup needs the private key, as in restore().
    """
    with scratch(place or Path(tempfile.gettempdir()), "premise-check-") as folder:
        return restore(backups, folder / "data", name=name, identity=identity, passphrase=passphrase, progress=progress)


class _Reading:
    """One backup on its way into a data folder."""

    def __init__(self, snapshot: Path, sums: dict[str, str], suffix: str, opener: Opener, progress: Progress) -> None:
        self._snapshot = snapshot
        self._suffix = suffix
        self._opener = opener
        self._progress = progress
        progress("Verifying", 0, len(sums))
        bad = damaged(snapshot, sums)
        if bad:
            more = f" and {len(bad) - 1} more files" if len(bad) > 1 else ""
            raise BackupError(f"The backup is damaged: {snapshot / bad[0]}{more}. Use another one.")
        place = snapshot / (MANIFEST + self._suffix)
        with tempfile.TemporaryFile() as plain:
            self._copy(place, plain)
            plain.seek(0)
            self._manifest = Manifest.from_bytes(plain.read(), place)
        if self._manifest.schema > HEAD:
            raise BackupError(
                f"{snapshot} was made by a newer Premise ({self._manifest.premise}, catalog {self._manifest.schema}; "
                f"this knows {HEAD}). Install that version first."
            )

    def into(self, data: Path) -> Restored:
        folder = DataFolder(data)
        with folder.owned(), folder.ingesting():
            coming = restoring(folder.catalog)
            self._write(self._snapshot / (CATALOG + self._suffix), coming)
            rows = row_counts(coming)
            if rows != self._manifest.rows:
                raise BackupError(f"The catalog in {self._snapshot} does not hold what its manifest says.")
            originals = Originals(folder.originals)
            for number, content in enumerate(self._manifest.originals):
                self._progress("Restoring", number, len(self._manifest.originals))
                self._place(content, originals.path(content))
            for entry in self._manifest.files:
                file = self._place(entry.content, self._inside(data, entry.path))
                os.utime(file, ns=(entry.mtime_ns, entry.mtime_ns))
            for name in self._manifest.folders:
                self._inside(data, name).mkdir(parents=True, exist_ok=True, mode=0o700)
            documents, chunks = self._make_indexes(folder, coming)
            coming.rename(folder.catalog)
        return Restored(
            snapshot=self._snapshot,
            made=self._manifest.made,
            documents=documents,
            chunks=chunks,
            originals=len(self._manifest.originals),
            files=len(self._manifest.files),
            absent=self._manifest.absent,
        )

    def _make_indexes(self, folder: DataFolder, coming: Path) -> tuple[int, int]:
        """Bring the catalog to this version and this place, and both indexes to it. Returns documents and chunks."""
        database = Database.open(coming)
        with _indexes(folder, database) as indexes:
            self._settle(database, folder.root)
            indexes.rebuild(lambda done: self._progress("Indexing", done, self._manifest.rows.get("chunks", 0)))
            found = indexes.check()
            if not found.ok:
                raise BackupError(f"The indexes made from {self._snapshot} do not agree with its catalog.")
            Audit(database).record("operator", Event.RESTORED, str(self._snapshot))
        documents = self._manifest.rows.get("documents", 0)
        with closing(sqlite3.connect(coming)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")  # so that the file can be renamed alone
        return documents, found.chunks

    def _settle(self, database: Database, data: Path) -> None:
        """People sign in anew: who was signed out since must not be in again. Folders that moved along are told."""
        before = Path(self._manifest.data)
        with database.write() as connection:
            connection.execute(delete(sessions))
            for row in connection.execute(select(sources.c.id, sources.c.root)).all():
                if Path(row.root).is_relative_to(before):
                    root = str(data / Path(row.root).relative_to(before))
                    connection.execute(update(sources).where(sources.c.id == row.id).values(root=root))

    def _inside(self, data: Path, name: str) -> Path:
        """Raises: BackupError for a name that somebody put there to lead elsewhere."""
        if name.startswith("/") or ".." in name.split("/"):
            raise BackupError(f"The manifest of {self._snapshot} names a file outside the data folder: {name}.")
        return data / name

    def _place(self, content: str, target: Path) -> Path:
        name = self._manifest.objects.get(content, content)
        source = self._snapshot / OBJECTS / name[:2] / f"{name}{self._suffix}"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._write(source, target) != content:
            raise BackupError(f"The backup is damaged: {source} does not hold what its name says.")
        return target

    def _write(self, source: Path, target: Path) -> str:
        """Copy out, mode 600. Returns the hash of what was written."""
        with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as writing:
            self._copy(source, writing)
            writing.seek(0)
            reading = Hashing(writing)
            while reading.read(1 << 20):
                pass
        return reading.content

    def _copy(self, source: Path, target: IO[bytes]) -> None:
        try:
            with source.open("rb") as reading:
                self._opener.open(reading, target, str(source))
        except FileNotFoundError as error:
            raise BackupError(f"The backup is damaged: {source} is missing.") from error


@contextmanager
def _indexes(folder: DataFolder, database: Database) -> Iterator[Indexes]:
    vectors = VectorIndex.local(folder.vectors, Matrix(folder.matrix))
    keywords = KeywordIndex(folder.keywords)
    try:
        yield Indexes(Catalog(database), keywords, vectors)
    finally:
        keywords.close()
        vectors.close()
        database.close()


def _refuse_filled(data: Path) -> None:
    """Raises: BackupError when the place has any file."""
    if data.is_dir():
        for file in data.rglob("*"):
            if not file.is_dir() and file.relative_to(data).parts[0] not in ("run", "logs"):
                raise BackupError(
                    f"{data} is not empty (it has {file.relative_to(data)}). Restore into an empty place."
                )
    elif data.exists():
        raise BackupError(f"{data} is no folder.")
