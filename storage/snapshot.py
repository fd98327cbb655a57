"""One backup as it lies on the disk: what it holds, how its files are written, and whether they are still whole.

    BACKUPS/20261122T074500Z/
        SHA256SUMS              of every file below, as it lies there: `sha256sum -c SHA256SUMS` checks it without us
        manifest.json           what the files are: paths, times, counts, the catalog's version
        catalog.sqlite          the catalog at one moment
        objects/ab/abcd…        contents, each once, named by hash; unchanged ones are hard links into the one before

Encrypted for age keys every file but SHA256SUMS ends with `.age`, and an object's name is a keyed hash, so that nobody
without the key can tell whether a document they know is in the backup. The only owner of pyrage. Knows no table.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import IO, Any, Protocol

import pyrage

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


class Seal(Protocol):
    """How a file is written: as it is, or encrypted."""

    suffix: str

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """Copy, sealing."""

    def name(self, content: str) -> str:
        """What the object of this SHA-256 is called."""


class Plain:
    """Files as they are."""

    suffix = ""

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """See Seal."""
        while block := source.read(BLOCK):
            target.write(block)

    def name(self, content: str) -> str:
        """See Seal."""
        return content


class Age:
    """Files that only the holder of one of the keys can read."""

    suffix = ".age"

    def __init__(self, recipients: Iterable[str], secret: bytes) -> None:
        """`recipients`: public keys, age's own ("age1…") or of ssh. `secret`: hides what the objects are."""
        names = sorted(text.strip() for text in recipients)
        self._recipients = [_recipient(text) for text in names]
        # the keys are part of it: for other keys everything is written anew, not linked
        self._secret = sha256(secret + "\n".join(names).encode()).digest()

    def write(self, source: IO[bytes], target: IO[bytes]) -> None:
        """See Seal."""
        pyrage.encrypt_io(source, target, self._recipients)

    def name(self, content: str) -> str:
        """See Seal."""
        return blake2b(content.encode(), key=self._secret, digest_size=32).hexdigest()


class Identity:
    """A private key: opens what was encrypted for it."""

    def __init__(self, file: Path) -> None:
        """Raises: BackupError when the file holds no private key of age or ssh."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(f"The key {file} cannot be read: {error}.") from error
        lines = [line.strip() for line in text.splitlines()]
        try:
            keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
            self._identities: list[Any] = [pyrage.x25519.Identity.from_str(key) for key in keys]
            if not keys:
                self._identities = [pyrage.ssh.Identity.from_buffer(text.encode())]
        except pyrage.IdentityError as error:
            raise BackupError(f"{file} holds no private key of age or ssh ({error}).") from error

    def open(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """Copy, decrypting. Raises: BackupError."""
        try:
            pyrage.decrypt_io(source, target, self._identities)
        except (pyrage.DecryptError, OSError) as error:
            raise BackupError(f"{name} cannot be decrypted with this key ({error}).") from error


def _recipient(text: str) -> Any:
    try:
        return (pyrage.ssh if text.startswith("ssh-") else pyrage.x25519).Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise BackupError(f"{text!r} is no public key of age (age1…) or ssh ({error}).") from error


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
