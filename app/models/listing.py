"""The files of a model directory, looked at without opening more than their first bytes. Follows no link out of it.

A snapshot of the Hugging Face cache consists of links to its `blobs` folder; those count as inside.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from app.models.findings import Finding, refuse, size, some, warn

MOST_FILES = 20_000
MOST_DEPTH = 6
SKIPPED = frozenset({".git", ".cache", ".locks"})  # what version control and the hub's client keep beside a model
SMALLEST_HOLE = 1 << 20  # bytes; below that a hole is a file system's own doing
MOST_HOLES = 16 << 20  # bytes; copying a file may leave out that many, of rows that are zeros by right
HOLES_LOOKED_AT = 1000


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A regular file that may be read."""

    name: str  # relative to the directory, with slashes
    path: Path
    size: int  # bytes
    inode: tuple[int, int]


@dataclass(kw_only=True)
class Listing:
    """Every file, and what was wrong with some."""

    root: Path
    files: dict[str, Listed] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether one of these files is there."""
        return any(name in self.files for name in names)

    def of(self, *suffixes: str) -> list[Listed]:
        """The files with one of these suffixes, by name."""
        return [self.files[name] for name in sorted(self.files) if name.lower().endswith(suffixes)]


def listing(root: Path) -> Listing:
    """Look at a directory. What cannot be looked at is a finding, never an error."""
    found = Listing(root=root)
    try:
        if not root.is_dir():
            what = "is a file, not a directory" if root.exists() else "does not exist"
            found.findings.append(refuse("no-directory", f"{root} {what}.", "Name the directory of a model."))
            return found
        _walk(found, root, _inside(root), depth=0)
    except OSError as error:
        found.findings.append(
            refuse("unreadable", f"{root} cannot be read: {error.strerror}.", "Let this account read it.")
        )
        return found
    if not found.files and not found.findings:
        found.findings.append(
            refuse("empty", "The directory holds no files.", "Fetch the model anew: premise models fetch.")
        )
    return found


def _inside(root: Path) -> tuple[Path, ...]:
    """Where links may lead: the directory itself, and the blobs of the cache it is a snapshot of."""
    real = root.resolve()
    if real.parent.name == "snapshots" and real.parent.parent.name.startswith("models--"):
        return (real, real.parent.parent / "blobs")
    return (real,)


def _walk(found: Listing, folder: Path, inside: tuple[Path, ...], depth: int) -> None:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if len(found.files) >= MOST_FILES:
                if not any(finding.code == "too-many-files" for finding in found.findings):
                    says = f"The directory holds more than {MOST_FILES:,} files."
                    found.findings.append(refuse("too-many-files", says, "Name the directory of one model."))
                return
            _look(found, Path(entry.path), inside, depth)


def _look(found: Listing, path: Path, inside: tuple[Path, ...], depth: int) -> None:
    name = path.relative_to(found.root).as_posix()
    try:
        real = path.resolve(strict=True)
        kept = real.lstat()
    except (OSError, RuntimeError) as error:
        link = "is a link that leads nowhere" if path.is_symlink() else f"cannot be looked at ({error})"
        found.findings.append(refuse("broken-link", f"{name} {link}.", "Fetch the file anew.", name))
        return
    if not any(real.is_relative_to(place) for place in inside):
        says = f"{name} is a link to {real}, outside the model's directory."
        found.findings.append(
            refuse("link-outside", says, "Copy the model with its files: cp -rL DIR COPY, and check the copy.", name)
        )
        return
    if stat.S_ISDIR(kept.st_mode):
        if path.name in SKIPPED or path.is_symlink():
            return
        if depth >= MOST_DEPTH:
            found.findings.append(warn("too-deep", f"{name} is not looked into: too deep.", "Check it by hand.", name))
            return
        _subfolder(found, path, name, inside, depth)
        return
    if not stat.S_ISREG(kept.st_mode):
        found.findings.append(refuse("no-file", f"{name} is neither a file nor a folder.", "Take it out.", name))
        return
    found.files[name] = Listed(name=name, path=path, size=kept.st_size, inode=(kept.st_dev, kept.st_ino))
    if not os.access(path, os.R_OK):
        says = f"{name} may not be read by this account."
        found.findings.append(refuse("unreadable", says, "Let the account that serves the model read it.", name))
        del found.files[name]


def _subfolder(found: Listing, path: Path, name: str, inside: tuple[Path, ...], depth: int) -> None:
    try:
        _walk(found, path, inside, depth + 1)
    except OSError as error:
        says = f"The folder {name} cannot be read: {error.strerror}."
        found.findings.append(refuse("unreadable", says, "Let the account that serves the model read it.", name))


def holes(file: Listed) -> int:
    """Bytes of a file that were never written, where the file system tells (a download that was set aside at once)."""
    missing = position = 0
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        for _ in range(HOLES_LOOKED_AT):
            if position >= file.size:
                break
            hole = os.lseek(descriptor, position, os.SEEK_HOLE)
            if hole >= file.size:
                break
            try:
                position = os.lseek(descriptor, hole, os.SEEK_DATA)
            except OSError:  # nothing but a hole up to the end
                position = file.size
            missing += position - hole
    except OSError:
        return 0  # a file system that does not tell
    finally:
        os.close(descriptor)
    return missing if missing >= SMALLEST_HOLE or missing == file.size else 0


def sparse(files: list[Listed]) -> list[Finding]:
    """A finding where files have holes: they are as large as they should be, and yet not there."""
    hollow = [
        (file, count) for file in files if file.size and (count := holes(file)) > min(file.size // 100, MOST_HOLES)
    ]
    if not hollow:
        return []
    names = some([f"{file.name} ({size(count)} of {size(file.size)})" for file, count in hollow])
    says = f"Parts were never written: {names}."
    return [refuse("sparse-file", says, "The download did not finish. Fetch it anew.", hollow[0][0].name)]
