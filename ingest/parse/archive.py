"""ZIP and tar archives, compressed files and mailboxes (mbox): what they hold, each member a document of its own."""

from __future__ import annotations

import bz2
import email.header
import email.policy
import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ingest.parse.limits import MEGABYTE, ParseLimits
from ingest.parse.members import Unpacking, is_system
from ingest.parse.text import single_line
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

LISTED = 500  # members that are named in the container's own text
_BLOCK = 1 << 20
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    RuntimeError,
)
_COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


def parse_zip(path: Path, *, limits: ParseLimits) -> Parsed:
    """An archive. Raises ParseFailure: CORRUPT, EMPTY."""
    unpacking = Unpacking(limits)
    with zipfile.ZipFile(path) as container:
        entries = [entry for entry in container.infolist() if not entry.is_dir() and not is_system(entry.filename)]
        if not entries:
            raise ParseFailure(Code.EMPTY, "The archive holds no files.")
        for entry in entries:
            if unpacking.full:
                break
            if entry.flag_bits & 1:
                unpacking.refuse(entry.filename, Code.ENCRYPTED, "It is protected with a password in its archive.")
            elif (entry.external_attr >> 16) & 0o170000 == 0o120000:
                unpacking.refuse(entry.filename, Code.UNSUPPORTED, "It is only a link to another file.")
            else:
                unpacking.add(entry.filename, partial(_content, container, entry), packed=entry.compress_size)
    return _listing(unpacking, "The archive holds")


def _content(container: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with container.open(entry) as file:
            while piece := file.read(_BLOCK):
                yield piece
    except _BROKEN as error:
        raise _damaged(error) from error


def parse_tar(path: Path, *, limits: ParseLimits) -> Parsed:
    """A tar archive, compressed or not, or a single compressed file. Raises ParseFailure: CORRUPT, EMPTY."""
    unpacking = Unpacking(limits)
    packed = path.stat().st_size
    try:
        with tarfile.open(path, "r|*") as container:  # as it comes: what is compressed cannot be read otherwise
            _take_out(container, unpacking, packed)
    except tarfile.ReadError as error:
        if unpacking.members:
            raise
        return _single(path, unpacking, error)
    if not unpacking.members:
        raise ParseFailure(Code.EMPTY, "The archive holds no files.")
    return _listing(unpacking, "The archive holds")


def _take_out(container: tarfile.TarFile, unpacking: Unpacking, packed: int) -> None:
    try:
        for entry in container:
            if entry.isdir() or is_system(entry.name):
                continue
            if unpacking.full:
                break
            if entry.isfile():
                unpacking.add(entry.name, partial(_packed, container, entry), packed=packed)
            else:
                unpacking.refuse(entry.name, Code.UNSUPPORTED, "It is only a link to another file, or a device.")
    except _BROKEN:
        if not unpacking.members:
            raise
        unpacking.warnings.append("The archive is damaged: what comes after these files could not be read.")


def _packed(container: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        file = container.extractfile(entry)
        while file is not None and (piece := file.read(_BLOCK)):
            yield piece
    except _BROKEN as error:
        raise _damaged(error) from error


def _single(path: Path, unpacking: Unpacking, why: tarfile.ReadError) -> Parsed:
    with path.open("rb") as file:
        unpack = _COMPRESSED.get(file.read(2))
    if unpack is None:
        raise ParseFailure(Code.CORRUPT, f"The file is damaged or is no archive: {single_line(str(why))[:200]}")
    unpacking.add("", partial(_unpacked, path, unpack), packed=path.stat().st_size)
    (member,) = unpacking.members
    if member.code is not None:
        raise ParseFailure(Code(member.code), member.reason or "")
    said = Element(kind=Kind.TEXT, text="One compressed file.")
    return Parsed(elements=(said,), members=(replace(member, name=""),))


def _unpacked(path: Path, unpack: Any) -> Iterator[bytes]:
    try:
        with unpack(path, "rb") as file:
            while piece := file.read(_BLOCK):
                yield piece
    except _BROKEN as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> ParseFailure:
    return ParseFailure(Code.CORRUPT, f"It is damaged in its archive: {single_line(str(error))[:200]}")


def parse_mbox(path: Path, *, limits: ParseLimits) -> Parsed:
    """A mailbox: each message a member, named by its number and subject. Raises ParseFailure(EMPTY)."""
    unpacking = Unpacking(limits)
    for number, message in enumerate(_messages(path, limits), 1):
        if unpacking.full:
            break
        head = email.message_from_bytes(message[:65536], policy=email.policy.compat32)
        try:
            subject = str(email.header.make_header(email.header.decode_header(head.get("Subject", ""))))
        except (LookupError, ValueError, UnicodeError):
            subject = str(head.get("Subject", ""))
        title = re.sub(r"[/\\:*?\"<>|]+", "-", single_line(subject))[:80].strip()
        unpacking.add(f"{number:04} {title}".strip() + ".eml", partial(_whole, message))
    if not unpacking.members:
        raise ParseFailure(Code.EMPTY, "The mailbox holds no messages.")
    return _listing(unpacking, "The mailbox holds")


def _whole(message: bytes) -> list[bytes]:
    return [message]


def _messages(path: Path, limits: ParseLimits) -> Iterator[bytes]:
    """The messages of a mailbox: each begins after a line "From …"."""
    lines: list[bytes] = []
    size, inside = 0, False
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"From "):
                if inside and lines:
                    yield b"".join(lines)
                lines, size, inside = [], 0, True
                continue
            size += len(line)
            if inside and size <= min(limits.max_bytes, 100 * MEGABYTE):
                lines.append(line[1:] if re.match(rb">+From ", line) else line)
    if inside and lines:
        yield b"".join(lines)


def _listing(unpacking: Unpacking, words: str) -> Parsed:
    names = [member.name for member in unpacking.members]
    lines = [f"- {name}" for name in names[:LISTED]]
    if len(names) > LISTED:
        lines.append(f"- and {len(names) - LISTED:,} more")
    head = Element(kind=Kind.TEXT, text=f"{words} {len(names):,} {'file' if len(names) == 1 else 'files'}:")
    return Parsed(
        elements=(head, Element(kind=Kind.LIST, text="\n".join(lines))),
        members=tuple(unpacking.members),
        warnings=tuple(unpacking.warnings),
    )
