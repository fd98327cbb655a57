"""Checksums of a model's files: those that came with it, and those that Premise keeps.

SHA256SUMS as sha256sum writes it, and what the hub's client keeps in `.cache/huggingface`: SHA-256 of large files,
git's SHA-1 of small ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.models.findings import Finding, refuse, some
from app.models.listing import Listed, Listing

LISTS = ("SHA256SUMS", "SHA256SUMS.txt", "sha256sums.txt", "checksums.sha256", "sha256.txt")
LINE = re.compile(r"^([0-9a-fA-F]{64})[ \t]+\*?(?:\./)?(.+?)\s*$")
PIECE = 8 << 20  # bytes read at once
SMALL = 16 << 20  # bytes; files up to this are hashed even when one is in a hurry
LONGEST_LIST = 4 << 20  # bytes


@dataclass(frozen=True, kw_only=True)
class Given:
    """A checksum that came with a file."""

    file: str
    digest: str  # hexadecimal: 64 characters of SHA-256, or 40 of git's SHA-1
    source: str  # where it is written


def sha256(path: Path, tell: Callable[[int], None] | None = None) -> str:
    """A file's SHA-256. `tell` is called with the bytes read. Raises: OSError."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as opened:
        while piece := opened.read(PIECE):
            digest.update(piece)
            if tell is not None:
                tell(len(piece))
    return digest.hexdigest()


def git_sha1(path: Path, size: int) -> str:
    """A file's name in git. Raises: OSError."""
    digest = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb", buffering=0) as opened:
        while piece := opened.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def given(listed: Listing) -> list[Given]:
    """The checksums that lie in the directory."""
    return [*_lists(listed), *_hub(listed)]


def _lists(listed: Listing) -> Iterator[Given]:
    for name in LISTS:
        file = listed.files.get(name)
        if file is None or file.size > LONGEST_LIST:
            continue
        for line in file.path.read_text(encoding="utf-8", errors="replace").splitlines():
            if match := LINE.match(line):
                yield Given(file=match[2], digest=match[1].lower(), source=name)


def _hub(listed: Listing) -> Iterator[Given]:
    folder = listed.root / ".cache" / "huggingface" / "download"
    if not folder.is_dir() or folder.is_symlink():
        return
    for kept in sorted(folder.rglob("*.metadata"))[:10_000]:
        lines = kept.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) >= 2 and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", lines[1].strip()):
            name = kept.relative_to(folder).as_posix().removesuffix(".metadata")
            yield Given(file=name, digest=lines[1].strip(), source=".cache/huggingface")


def commit_of(listed: Listing) -> str | None:
    """The commit that the hub's client fetched, or whose snapshot this is."""
    real = listed.root.resolve()
    if real.parent.name == "snapshots" and re.fullmatch(r"[0-9a-f]{40}", real.name):
        return real.name
    folder = listed.root / ".cache" / "huggingface" / "download"
    for kept in sorted(folder.glob("*.metadata")) if folder.is_dir() else []:
        first = kept.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
        if re.fullmatch(r"[0-9a-f]{40}", first):
            return first
    return None


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What came of comparing."""

    hashed: int  # files that were read whole
    skipped: int  # large ones that were not, in a hurry
    covered: frozenset[str]  # files that were read whole and are as they were published
    findings: list[Finding]


def verify(listed: Listing, *, quick: bool, tell: Callable[[str, int], None] | None = None) -> Verified:
    """Compare the files with the checksums that came with them. `quick` leaves out large files."""
    wrong, missing = [], []
    covered: set[str] = set()
    hashed = skipped = 0
    for item in given(listed):
        file = listed.files.get(item.file)
        if file is None:
            missing.append(item)
            continue
        if quick and file.size > SMALL:
            skipped += 1
            continue
        hashed += 1
        if _same(file, item, tell):
            covered.add(file.name)
        else:
            wrong.append(item)
    findings = []
    if missing:
        says = f"{some([item.file for item in missing])} is missing: {missing[0].source} lists it."
        findings.append(refuse("file-missing", says, "Fetch it: premise models fetch.", missing[0].file))
    if wrong:
        says = f"{some([item.file for item in wrong])} differs from its checksum in {wrong[0].source}."
        findings.append(refuse("checksum", says, "The file is damaged or was changed. Fetch it anew.", wrong[0].file))
    return Verified(hashed=hashed, skipped=skipped, covered=frozenset(covered), findings=findings)


def _same(file: Listed, item: Given, tell: Callable[[str, int], None] | None) -> bool:
    try:
        if len(item.digest) == 40:
            return git_sha1(file.path, file.size) == item.digest
        return sha256(file.path, (lambda count: tell(file.name, count)) if tell else None) == item.digest
    except OSError:
        return False
