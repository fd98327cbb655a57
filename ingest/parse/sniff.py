"""What a file really is, told from its first bytes and, for containers, from the names inside. Reads no text."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from ingest.parse import formats
from ingest.parse.charset import is_text
from ingest.parse.limits import MEGABYTE, ParseLimits
from ingest.parse.tnef import SIGNATURE
from storage.failures import Code, ParseFailure

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURE = re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|BM.{4}\0\0\0\0", re.DOTALL)
_MARKUP = re.compile(rb"\s*(<!doctype\s+html|<html|<head)", re.IGNORECASE)
_OFFICE = formats.WORD | formats.SLIDES | formats.SHEET
_CONTAINERS = _OFFICE | formats.LEGACY | formats.OPEN | formats.CONVERTED | {".pdf", ".msg"}
_PARTS = {"word/": ".docx", "ppt/": ".pptx", "xl/": ".xlsx"}


def real_suffix(path: Path, suffix: str, head: bytes, limits: ParseLimits) -> str:
    """The suffix whose parser can read the file. Raises ParseFailure where none can."""
    if head.startswith(SIGNATURE) and suffix in ("", ".dat"):
        suffix = ".tnef"
    if suffix and suffix not in formats.SUPPORTED:
        raise ParseFailure(
            Code.UNSUPPORTED, f"{suffix} files are not indexed. {formats.NOT_YET.get(suffix, '')}".strip()
        )
    if head.startswith(_OLE):
        return _ole_suffix(path, suffix)
    if head.startswith(b"PK\x03\x04") or suffix in _OFFICE | formats.OPEN | {".odt", ".epub"}:
        return _zip_suffix(path, suffix, limits)
    if b"%PDF-" in head[:1024] and (suffix in _CONTAINERS or head.startswith(b"%PDF-")):
        return ".pdf"
    if not suffix:
        return _without_suffix(head)
    if suffix in _CONTAINERS and _PICTURE.match(head):
        suffix = ".png"  # stands for any picture
    if suffix in formats.LEGACY | {".rtf"}:
        return _text_in_disguise(suffix, head)
    return suffix


def _ole_suffix(path: Path, suffix: str) -> str:
    from ingest.parse.legacy import is_encrypted, suffix_by_streams

    if is_encrypted(path):
        raise ParseFailure(Code.ENCRYPTED, "The file is protected with a password.")
    real = suffix_by_streams(path)
    if real is None:
        code = Code.CORRUPT if suffix in _CONTAINERS else Code.UNSUPPORTED
        raise ParseFailure(code, "The file is an Office container without a document, workbook or presentation in it.")
    return real


def _zip_suffix(path: Path, suffix: str, limits: ParseLimits) -> str:
    try:
        with zipfile.ZipFile(path) as container:
            entries = container.infolist()
            kind = container.read("mimetype")[:100].decode("ascii", "replace") if "mimetype" in _names(entries) else ""
            manifest = container.read("META-INF/manifest.xml") if "opendocument" in kind else b""
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise ParseFailure(Code.CORRUPT, f"The file is damaged: its container cannot be opened ({error}).") from error
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.max_unpacked_bytes and suffix != ".zip":  # of an archive, what fits is read
        raise ParseFailure(
            Code.TOO_LARGE,
            f"Unpacked, the file has {unpacked // MEGABYTE:,} MB, more than"
            f" {limits.max_unpacked_bytes // MEGABYTE:,} MB (max_unpacked_bytes).",
        )
    if b"encryption-data" in manifest or (suffix != ".zip" and any(entry.flag_bits & 1 for entry in entries)):
        raise ParseFailure(Code.ENCRYPTED, "The file is protected with a password.")
    if kind.strip() == "application/epub+zip":
        if "META-INF/rights.xml" in _names(entries):
            raise ParseFailure(Code.ENCRYPTED, "The book is protected against copying (DRM).")
        return ".epub"
    if "opendocument.text" in kind:  # also text-web and text-template
        return ".odt"
    if "opendocument.spreadsheet" in kind or "opendocument.presentation" in kind:
        return ".ods" if "spreadsheet" in kind else ".odp"
    if suffix == ".zip" and "[Content_Types].xml" not in _names(entries):
        return ".zip"
    inside = [real for part, real in _PARTS.items() if any(name.startswith(part) for name in _names(entries))]
    fitting = [real for real in inside if _family(real) is _family(suffix)]
    found = next(iter(fitting or inside), ".zip" if suffix == ".zip" else None)
    if found is None:
        code = Code.CORRUPT if suffix in _CONTAINERS else Code.UNSUPPORTED
        raise ParseFailure(code, "The file is an archive without a document, workbook or presentation in it.")
    return found


def _family(suffix: str) -> frozenset[str] | None:
    return next((family for family in (formats.WORD, formats.SLIDES, formats.SHEET) if suffix in family), None)


def _names(entries: list[zipfile.ZipInfo]) -> list[str]:
    return [entry.filename for entry in entries]


def _text_in_disguise(suffix: str, head: bytes) -> str:
    """Programs write HTML, RTF or tab-separated text and call it .doc or .xls."""
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if _MARKUP.match(head):
        return ".html"
    if is_text(head):
        return ".tsv" if suffix == ".xls" and b"\t" in head else ".txt"
    raise ParseFailure(Code.CORRUPT, f"The file is damaged or is not a real {suffix[1:]} file.")


def _without_suffix(head: bytes) -> str:
    if not is_text(head):
        raise ParseFailure(
            Code.UNSUPPORTED, "The name has no suffix and the content is not text. Add the right suffix."
        )
    return ".html" if _MARKUP.match(head) else ""
