"""One backup as it lies on the disk: what it holds, and whether it is still whole.

    BACKUPS/20261122T074500Z/
        SHA256SUMS              of every file below, as it lies there: `sha256sum -c SHA256SUMS` checks it without us
        manifest.json           what the files are: paths, times, counts, the catalog's version
        catalog.sqlite          the catalog at one moment
        objects/ab/abcd…        contents, each once, named by hash; unchanged ones are hard links into the one before

Encrypted (storage/seals.py) every file but SHA256SUMS ends with `.age` or `.gpg`, and an object's name is a keyed hash,
so that nobody without the key can tell whether a document they know is in the backup. Knows no table.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from storage.errors import BackupError

FORMAT = 1
NAME = re.compile(r"\d{8}T\d{6}Z")
SUMS, MANIFEST, CATALOG, OBJECTS = "SHA256SUMS", "manifest.json", "catalog.sqlite", "objects"
BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of the data folder that is kept under its name: the inbox, access rules, settings …"""

    path: str  # relative to the data folder
    content: str  # SHA-256
    mtime_ns: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    format: int = FORMAT
    premise: str  # version that made it
    schema: str  # the catalog's migration
    made: str  # UTC, ISO
    data: str  # where the data folder was
    rows: dict[str, int]  # of every table of the catalog
    originals: tuple[str, ...]  # SHA-256 of each
    objects: dict[str, str]  # SHA-256 of a content: the name it is kept under
    files: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()  # of the inbox, empty ones included
    absent: tuple[str, ...] = ()  # what the catalog needs and the data folder had no whole copy of

    def as_bytes(self) -> bytes:
        """JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_bytes(cls, text: bytes, place: Path) -> Manifest:
        """Raises: BackupError when it is none of ours, or of a later form."""
        try:
            value: dict[str, Any] = json.loads(text)
            if value["format"] > FORMAT:
                raise BackupError(f"{place} was written by a newer Premise ({value['premise']}). Restore it with that.")
            value |= {name: tuple(value[name]) for name in ("originals", "folders", "absent")}
            value["files"] = tuple(Entry(**entry) for entry in value["files"])
            return cls(**value)
        except (KeyError, TypeError, ValueError) as error:
            raise BackupError(f"{place} is no manifest of a backup of Premise ({error}).") from error


class Hashing:
    """A file that is being read, with the SHA-256 of what was read so far."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        block = self._file.read(size)
        self._digest.update(block)
        return block

    @property
    def content(self) -> str:
        """The SHA-256 so far."""
        return self._digest.hexdigest()


def hash_of(file: Path, *, from_disk: bool = False) -> str:
    """The SHA-256 of a file; `from_disk`: of what is on the disk, not of what the kernel still remembers."""
    digest = sha256()
    with file.open("rb") as reading:
        if from_disk:
            with suppress(OSError):  # file systems that cannot do it
                os.posix_fadvise(reading.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while block := reading.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def snapshots(backups: Path) -> list[Path]:
    """Every finished backup in a folder of backups, the oldest first."""
    if not backups.is_dir():
        return []
    return sorted(item for item in backups.iterdir() if NAME.fullmatch(item.name) and (item / SUMS).is_file())


def find(place: Path, name: str | None) -> Path:
    """The backup that is meant: `place` itself, the one called `name` in it, or the newest. Raises: BackupError."""
    if name is None and (place / SUMS).is_file():
        return place
    found = snapshots(place)
    if not found:
        raise BackupError(f"There is no finished backup in {place}.")
    if name is None:
        return found[-1]
    for item in found:
        if item.name == name:
            return item
    raise BackupError(f"There is no backup {name} in {place}; the newest is {found[-1].name}.")


def read_sums(snapshot: Path) -> dict[str, str]:
    """What SHA256SUMS says: file, relative to the backup, to hash. Raises: BackupError when it is no such list."""
    sums = {}
    for line in (snapshot / SUMS).read_text(encoding="ascii", errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not name or name.startswith("/") or ".." in name.split("/"):
            raise BackupError(f"{snapshot / SUMS} is damaged at {line[:80]!r}.")
        sums[name] = digest
    return sums


def damaged(snapshot: Path, sums: dict[str, str]) -> list[str]:
    """Files that are missing or not what was written, each read from the disk."""
    bad = []
    for name, digest in sums.items():
        try:
            if hash_of(snapshot / name, from_disk=True) != digest:
                bad.append(name)
        except OSError:
            bad.append(name)
    return bad
