"""Bytes to text: byte order mark, UTF-8, then the likeliest legacy encoding. Knows no file format."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from ingest.parse.charset_latin import latin_encoding

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024  # bytes that the guess looks at
_FEWEST = 32  # bytes; below this a statistical guess is worth nothing
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([a-zA-Z0-9_.:-]+)""")


def decode(data: bytes, *, declared: bool = False) -> str:
    """The text of a file. `declared`: heed an encoding that HTML or XML names in its first lines. Never fails."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    silent = unmarked_utf16(data)
    if silent:
        return data.decode(silent, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(data) - error.start < 4 and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8")  # cut in the middle of its last character
    if declared and (named := _DECLARED.search(data[:2048])):
        try:
            return data.decode(named.group(1).decode("ascii"), "strict")
        except (LookupError, UnicodeDecodeError):
            pass  # a wrong declaration is common; go on guessing
    return _mixed(data) or data.decode(_guess(data), "replace")


def _mixed(data: bytes) -> str | None:
    """UTF-8 with lines in the Windows encoding among it, as logs put together have; None for other files."""
    lines = data.split(b"\n")
    told = [_is_utf8(line) for line in lines if not line.isascii()]
    if sum(told) * 2 < len(told):
        return None
    return "\n".join(line.decode("utf-8" if _is_utf8(line) else "cp1252", "replace") for line in lines)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: nearly every other byte is zero."""
    sample = data[:4096]
    if len(sample) < 8:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _guess(data: bytes) -> str:
    if latin := latin_encoding(data[:_SAMPLE]):
        return latin
    if len(data) < _FEWEST:
        return "cp1252"
    best = from_bytes(data[:_SAMPLE]).best()
    encoding = best.encoding if best else "cp1252"
    try:
        data[:_SAMPLE].decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return "cp1252"
    return encoding


def is_text(data: bytes) -> bool:
    """True when a sample of a file is plainly text: no NUL, hardly a control character, UTF-8 or UTF-16."""
    if any(data.startswith(mark) for mark, _ in _MARKS) or unmarked_utf16(data):
        return True
    if b"\0" in data:
        return False
    control = sum(byte < 32 and byte not in (9, 10, 11, 12, 13, 27) for byte in data)
    return control <= 2 + len(data) // 200
