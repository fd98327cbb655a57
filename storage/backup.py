"""Making a backup while people ask and files arrive: `premise backup DIR`.

The catalog is copied by SQLite's own backup, so it is of one moment; then the originals that this copy names; then the
rest of the data folder: the inbox with its access rules, settings. Not what is derived (both indexes), nor locks, logs
and the operator's token. Everything is read back from the disk before the backup gets its name; what has no name yet
is no backup, and the next run removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import IO

from storage.audit import Audit, Event
from storage.catalog import Catalog
from storage.database import Database
from storage.datafolder import DataFolder
from storage.errors import BackupError
from storage.originals import Originals
from storage.scratch import scratch
from storage.seals import Seal, seal
from storage.settings import Settings
from storage.snapshot import (
    CATALOG,
    MANIFEST,
    OBJECTS,
    SUMS,
    Entry,
    Hashing,
    Manifest,
    damaged,
    hash_of,
    read_sums,
    snapshots,
)
from storage.sqlite_files import check_database, column, copy_database, is_journal, journals_of, row_counts

LAST_BACKUP = "last_backup"  # the fact that says when
NAMES_KEY = "backup_names_key"
DERIVED = frozenset({"keywords", "matrix", "vectors", "run", "logs", "originals"})  # made anew, or kept by hash
UNFINISHED = ".unfinished-"
ROUNDS = 5  # originals may be purged while we copy: then the catalog of now no longer names them
NEEDED = "SELECT sha256 FROM revisions UNION SELECT content FROM members WHERE content IS NOT NULL ORDER BY 1"
GONE = frozenset({errno.ENOENT, errno.ESTALE, errno.ENODEV, errno.ENOTCONN})
OTHER = "other.sqlite"  # one database after the other that is not ours

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a backup came to."""

    snapshot: Path
    originals: int
    files: int
    copied_bytes: int  # written by this run; the rest are links into the backup before
    total_bytes: int
    absent: tuple[str, ...]
    removed: tuple[str, ...]  # older backups, over the number to keep
    same_disk: bool  # as the data folder: what takes one takes the other


def back_up(
    settings: Settings,
    backups: Path,
    *,
    recipients: Sequence[str] = (),
    keep: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Made:
    """Write one more backup into the folder `backups` and verify it.

    `recipients`: public keys; with any, everything is encrypted for them. `keep`: remove all but so many of the newest.
    Raises: BackupError; the backups made before are untouched.
    """
    folder = DataFolder(settings.data)
    if not folder.catalog.exists():
        raise BackupError(f"{settings.data} is no data folder of Premise: it has no catalog.")
    place = _checked_place(backups, settings)
    database = Database.open(folder.catalog)
    try:
        with _alone(place):
            sealed = seal(recipients, _secret(Catalog(database)) if recipients else b"")
            made = _Writing(folder, place, sealed, progress).run()
            removed = _remove_old(place, keep)
        Catalog(database).set_fact(LAST_BACKUP, datetime.now(UTC).isoformat(timespec="seconds"))
        Audit(database).record("operator", Event.BACKED_UP, str(made.snapshot))
        return replace(made, removed=removed)
    except sqlite3.Error as error:
        raise BackupError(
            f"The catalog cannot be copied to {folder.run}: {error}. It needs room for a copy."
        ) from error
    except OSError as error:
        raise BackupError(f"The backup into {place} failed: {_said_by(error, place)}") from error
    finally:
        database.close()


@dataclass(kw_only=True)
class _Written:
    """What the new backup has so far."""

    sums: dict[str, str] = field(default_factory=dict)  # file in the backup: its SHA-256 as it lies there
    objects: dict[str, str] = field(default_factory=dict)  # SHA-256 of a content: name of its object
    linked: dict[str, Path] = field(default_factory=dict)  # file in the backup: where its content can be had again
    copied_bytes: int = 0


class _Writing:
    """One run."""

    def __init__(self, folder: DataFolder, place: Path, seal: Seal, progress: Progress) -> None:
        self._folder = folder
        self._place = place
        self._seal = seal
        self._progress = progress
        self._originals = Originals(folder.originals)
        self._done = _Written()
        self._name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        if (place / self._name).exists():
            raise BackupError(f"{place / self._name} was made this very second. Try again.")
        self._target = place / f"{UNFINISHED}{self._name}"
        before = [item for item in snapshots(place) if (item / (MANIFEST + seal.suffix)).exists()]
        self._before = before[-1] if before else None
        self._before_sums = read_sums(before[-1]) if before else {}

    def run(self) -> Made:
        for left in self._place.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        (self._target / OBJECTS).mkdir(parents=True, mode=0o700)
        try:
            return self._write_all()
        except BaseException:
            shutil.rmtree(self._target, ignore_errors=True)
            raise

    def _write_all(self) -> Made:
        with scratch(self._folder.run, "backup-") as copies:
            manifest = self._fill(copies)
            self._add(copies / CATALOG, CATALOG + self._seal.suffix)
        note = self._target / MANIFEST
        note.write_bytes(manifest.as_bytes())
        self._add(note, MANIFEST + self._seal.suffix)
        if self._seal.suffix:
            note.unlink()
        self._verify()
        lines = [f"{digest}  {name}\n" for name, digest in sorted(self._done.sums.items())]
        (self._target / SUMS).write_text("".join(lines), encoding="ascii")
        os.sync()
        self._target.rename(self._place / self._name)
        os.sync()  # before an older one goes
        return Made(
            snapshot=self._place / self._name,
            originals=len(manifest.originals),
            files=len(manifest.files),
            copied_bytes=self._done.copied_bytes,
            total_bytes=sum((self._place / self._name / name).stat().st_size for name in self._done.sums),
            absent=manifest.absent,
            removed=(),
            same_disk=self._place.stat().st_dev == self._folder.root.stat().st_dev,
        )

    def _fill(self, copies: Path) -> Manifest:
        """Everything but the catalog itself, whose copy is left in `copies`."""
        files, folders, unread = self._named_files(copies)
        staged = copies / CATALOG
        missing: list[str] = []
        needed: list[str] = []
        for _ in range(ROUNDS):
            copy_database(self._folder.catalog, staged)
            needed = column(staged, NEEDED)
            missing = []
            for number, content in enumerate(needed):
                self._progress("Copying", number, len(needed))
                if not self._have(content, self._originals.path(content)):
                    missing.append(content)
            if not missing:
                break
        check_database(staged)
        return Manifest(
            premise=version("premise-rag"),
            schema=column(staged, "SELECT version_num FROM alembic_version")[0],
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            data=str(self._folder.root),
            rows=row_counts(staged),
            originals=tuple(content for content in needed if content not in missing),
            objects=self._done.objects,
            files=tuple(files),
            folders=tuple(folders),
            absent=(*(f"original {content}" for content in missing), *unread),
        )

    # --- the data folder's other files -------------------------------------------------------------------------

    def _named_files(self, copies: Path) -> tuple[list[Entry], list[str], list[str]]:
        """The entries, the folders, and what could not be read."""
        entries, folders, unread = [], [], []
        for file in _walk(self._folder.root):
            name = str(file.relative_to(self._folder.root))
            try:
                if file.is_dir():
                    folders.append(name)
                    continue
                entries += self._entries_of(file, copies)
            except FileNotFoundError:
                continue  # gone since
            except PermissionError:
                unread.append(name)
        return entries, folders, unread

    def _entries_of(self, file: Path, copies: Path) -> list[Entry]:
        """A file as it is; somebody's database with a journal beside it as one with that: it may be being written."""
        journals = journals_of(file)
        if journals:
            with suppress(sqlite3.Error):  # damaged, or nothing that SQLite may open: both as they are
                return [self._entry(file, partial(self._keep_database, file, copies / OTHER))]
        return [self._entry(item, partial(self._keep_content, item)) for item in (file, *journals)]

    def _entry(self, file: Path, keep: Callable[[], str]) -> Entry:
        changed = file.stat().st_mtime_ns  # before it is read: what is written meanwhile must look newer
        return Entry(path=str(file.relative_to(self._folder.root)), content=keep(), mtime_ns=changed)

    def _keep_database(self, file: Path, copy: Path) -> str:
        copy_database(file, copy)
        return self._keep_content(copy)

    # --- contents ----------------------------------------------------------------------------------------------

    def _have(self, content: str, source: Path) -> bool:
        """Whether the backup has this content now, linked or copied. False: `source` is not there, or not whole."""
        if content in self._done.objects:
            return True
        if self._link(content, source):
            return True
        try:
            return self._keep_content(source, expected=content) == content
        except (FileNotFoundError, PermissionError):
            return False

    def _keep_content(self, source: Path, expected: str | None = None) -> str:
        """Copy a file among the objects, under the hash of what was read. Returns that hash."""
        if expected is None:  # a file of the inbox is mostly an original too, or in the backup before
            expected = hash_of(source)
            if expected in self._done.objects or self._link(expected, source):
                return expected
        name = f"{OBJECTS}/new{self._seal.suffix}"
        with source.open("rb") as file:
            content, digest = self._write(file, self._target / name)
        final = self._object(content)
        if content != expected and source.is_relative_to(self._folder.originals):
            (self._target / name).unlink()  # the disk has changed what it keeps
            return content
        target = self._target / final
        target.parent.mkdir(exist_ok=True, mode=0o700)
        (self._target / name).rename(target)
        self._done.objects[content] = self._seal.name(content)
        self._done.sums[final] = digest
        return content

    def _link(self, content: str, source: Path) -> bool:
        """Take the object of the backup before, where there is one and the file system can link."""
        name = self._object(content)
        if self._before is None or name not in self._before_sums:
            return False
        target = self._target / name
        target.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            os.link(self._before / name, target)
        except OSError:
            return False  # not there after all, or a file system without links: copied instead
        self._done.objects[content] = self._seal.name(content)
        self._done.sums[name] = self._before_sums[name]
        self._done.linked[name] = source
        return True

    def _object(self, content: str) -> str:
        name = self._seal.name(content)
        return f"{OBJECTS}/{name[:2]}/{name}{self._seal.suffix}"

    def _add(self, source: Path, name: str) -> None:
        with source.open("rb") as file:
            if source == self._target / name:
                self._done.sums[name] = hash_of(source)
            else:
                self._done.sums[name] = self._write(file, self._target / name)[1]

    def _write(self, source: IO[bytes], target: Path) -> tuple[str, str]:
        """Seal `source` into `target`. Returns the hashes of what was read and of what was written."""
        reading = Hashing(source)
        with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as writing:
            self._seal.write(reading, writing)  # type: ignore[arg-type]
            writing.flush()
            self._done.copied_bytes += writing.tell()
        return reading.content, reading.content if not self._seal.suffix else hash_of(target)

    # --- reading back ------------------------------------------------------------------------------------------

    def _verify(self) -> None:
        """Read everything from the disk. A linked object that has rotted is copied anew from the data folder."""
        os.sync()
        self._progress("Verifying", 0, len(self._done.sums))
        bad = damaged(self._target, self._done.sums)
        for name in [name for name in bad if name in self._done.linked]:
            (self._target / name).unlink(missing_ok=True)
            with self._done.linked[name].open("rb") as source:
                self._done.sums[name] = self._write(source, self._target / name)[1]
        os.sync()
        bad = damaged(self._target, {name: self._done.sums[name] for name in bad})
        if bad:
            raise BackupError(f"{self._target / bad[0]} is not what was written: the disk under {self._place} is bad.")


def _walk(root: Path) -> Iterator[Path]:
    """Files and folders to keep by name, without links, temporary files and what is derived."""
    for folder, names, files in os.walk(root):
        here = Path(folder)
        if here == root:
            names[:] = [name for name in names if name not in DERIVED]
        names[:] = sorted(name for name in names if not (here / name).is_symlink())
        yield from (here / name for name in names)
        for name in sorted(files):
            file = here / name
            ours = here == root and name.startswith("catalog.sqlite")
            if not ours and not file.is_symlink() and file.is_file() and not is_journal(file):
                yield file


def _said_by(error: OSError, place: Path) -> str:
    if error.errno in GONE and Path(error.filename or place).is_relative_to(place):
        return "what was written is not there any more. Is the disk or share still mounted?"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Make room there, or keep fewer backups (--keep). The backups before are untouched."
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}."


def _checked_place(backups: Path, settings: Settings) -> Path:
    """The folder for backups, made if only its last part is missing. Raises: BackupError."""
    place = backups.expanduser().resolve()
    for taken in (settings.data, settings.inbox_folder):
        if place.is_relative_to(taken):
            raise BackupError(f"{place} lies inside {taken}, which is what is backed up. Choose another disk.")
    try:
        place.mkdir(exist_ok=True, mode=0o700)
    except FileNotFoundError as error:
        raise BackupError(f"{place.parent} does not exist. If it is a share or a disk, mount it first.") from error
    except OSError as error:
        raise BackupError(f"Backups cannot be written to {place}: {error.strerror}.") from error
    return place


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the folder of backups. Raises: BackupError when another backup runs."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another backup into {place} is under way.") from error
        yield
    finally:
        os.close(descriptor)


def _remove_old(place: Path, keep: int | None) -> tuple[str, ...]:
    old = snapshots(place)[: -max(keep, 1)] if keep is not None else []
    for item in old:
        doomed = item.rename(item.with_name(UNFINISHED + item.name))
        shutil.rmtree(doomed)
    return tuple(item.name for item in old)


def _secret(catalog: Catalog) -> bytes:
    """What hides the objects' names in encrypted backups: made once, kept in the catalog."""
    made = catalog.fact(NAMES_KEY)
    if made is None:
        made = secrets.token_hex(32)
        catalog.set_fact(NAMES_KEY, made)
    return bytes.fromhex(made)
