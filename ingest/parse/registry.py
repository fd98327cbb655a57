"""The life of one file inside the child: what is it really, which parser reads it, is there any text in what came out.

Knows the families of formats and the signs by which contents betray themselves. Every outcome is a `Parsed` with
text, or a ParseFailure whose reason a person understands. Imports each parser only when a file needs it.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]

from ingest.parse import formats
from ingest.parse.charset import decode, is_text
from ingest.parse.formats import SUPPORTED
from ingest.parse.limits import MEGABYTE, ParseLimits
from ingest.parse.said_date import with_said_date
from ingest.parse.sniff import real_suffix
from ingest.parse.text import hidden_characters, single_line
from storage.failures import Code, ParseFailure
from storage.records import Parsed

__all__ = ["SUPPORTED", "parse"]

_TEXTUAL = (
    formats.PLAIN
    | formats.SOURCE
    | formats.MARKDOWN
    | formats.HTML
    | formats.DELIMITED
    | formats.JSON_LINES
    | formats.CALENDAR
    | formats.TRANSCRIPT
    | formats.NOTEBOOK
)
# What the libraries raise for files that are not what they should be. KeyError, IndexError and AttributeError: a part
# or an element that every such file has is missing.
_MALFORMED = (
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    struct.error,
    KeyError,
    IndexError,
    AttributeError,
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,  # xml.etree.ElementTree.ParseError
    NotImplementedError,  # a compression method that zipfile does not know
    RecursionError,
    AssertionError,
)


def _nothing() -> None:
    pass


def what_is_wrong(error: Exception, path: Path) -> str:
    """An error of a library in a line: its first sentence, without the name that the file has here, which is a hash."""
    said, *_ = single_line(str(error).replace(str(path), "it").replace(path.name, "it")).split(". ")
    return f"{type(error).__name__}: {said[:200]}"


def parse(path: Path, *, suffix: str, limits: ParseLimits, begins: Callable[[], None] = _nothing) -> Parsed:
    """Read one file. `suffix` is what its name says, lower case with the dot. Raises ParseFailure.

    `begins` is called before pictures of pages are read, which may take `ocr_seconds` more.
    """
    hidden_characters()  # forget those of the file before
    head = _head(path, limits)
    suffix = real_suffix(path, suffix.lower(), head, limits)
    try:
        parsed = _dispatch(path, suffix, limits, begins)
    except _MALFORMED as error:
        what = what_is_wrong(error, path)
        raise ParseFailure(Code.CORRUPT, f"The file is damaged or is not a real {suffix[1:]} file ({what}).") from error
    except MemoryError as error:
        raise ParseFailure(Code.OUT_OF_MEMORY, f"The file needs more than {limits.memory_mb} MB.") from error
    return _checked(with_said_date(parsed, suffix), limits)


def _head(path: Path, limits: ParseLimits) -> bytes:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8192)
    except OSError as error:
        raise ParseFailure(Code.UNREADABLE, f"The file cannot be read: {error.strerror}.") from error
    if size == 0:
        raise ParseFailure(Code.EMPTY, "The file has no content (0 bytes).")
    if size > limits.max_bytes:
        allowed = limits.max_bytes // MEGABYTE
        raise ParseFailure(Code.TOO_LARGE, f"The file has {size // MEGABYTE} MB, more than {allowed} MB (max_bytes).")
    return head


def _dispatch(path: Path, suffix: str, limits: ParseLimits, begins: Callable[[], None]) -> Parsed:
    if suffix in _TEXTUAL or not suffix:
        return _textual(path, suffix, limits)
    if suffix in formats.WORD | formats.SLIDES | formats.SHEET:
        from ingest.parse.strict import usual_form

        with usual_form(path) as usual:
            return _office(usual, suffix, limits)
    if suffix in formats.PDF | formats.PICTURES:
        return _pages(path, suffix, limits, begins)
    if suffix in formats.CONVERTED:
        from ingest.parse.converted import parse_converted

        return parse_converted(path, suffix=suffix)
    if suffix in formats.MAIL | formats.CONTAINER | formats.SAVED_PAGE:
        return _holding(path, suffix, limits)
    return _old_office(path, suffix, limits)


def _pages(path: Path, suffix: str, limits: ParseLimits, begins: Callable[[], None]) -> Parsed:
    if suffix in formats.PICTURES:
        from ingest.parse.picture import parse_picture

        return parse_picture(path, limits=limits, begins=begins)
    from ingest.parse.pdf import parse_pdf

    return parse_pdf(path, limits=limits, begins=begins)


def _holding(path: Path, suffix: str, limits: ParseLimits) -> Parsed:
    """Files that hold others."""
    from ingest.parse.archive import parse_mbox, parse_tar, parse_zip
    from ingest.parse.mail import parse_eml, parse_msg, parse_packed

    if suffix in formats.SAVED_PAGE:
        from ingest.parse.saved_page import parse_saved_page

        return parse_saved_page(path.read_bytes())
    if suffix == ".eml":
        return parse_eml(path.read_bytes(), limits=limits)
    parsers = {".msg": parse_msg, ".zip": parse_zip, ".mbox": parse_mbox, ".tnef": parse_packed}
    return parsers.get(suffix, parse_tar)(path, limits=limits)


def _office(path: Path, suffix: str, limits: ParseLimits) -> Parsed:
    if suffix in formats.SHEET:
        from ingest.parse.sheet import parse_sheet

        return parse_sheet(path, limits=limits)
    if suffix in formats.WORD:
        from ingest.parse.word import parse_word

        return parse_word(path)
    from ingest.parse.slides import parse_slides

    return parse_slides(path)


def _old_office(path: Path, suffix: str, limits: ParseLimits) -> Parsed:
    from ingest.parse.legacy import parse_legacy

    def again(converted: Path, newer: str) -> Parsed:
        return _dispatch(converted, newer, limits, _nothing)

    try:
        parsed = parse_legacy(path, suffix=suffix, seconds=limits.seconds, then=again)
    except ParseFailure as failure:
        if failure.code is not Code.CORRUPT or suffix not in (".ppt", ".pps"):
            raise
        parsed = Parsed(elements=())
    if not parsed.elements and suffix in (".ppt", ".pps"):
        from ingest.parse.powerpoint97 import parse_records

        return parse_records(path)
    return parsed


def _textual(path: Path, suffix: str, limits: ParseLimits) -> Parsed:
    data = path.read_bytes()
    if not is_text(data[:65536]):
        raise ParseFailure(Code.UNSUPPORTED, f"The file holds binary data and not the text that {suffix} files hold.")
    source = decode(data, declared=suffix in formats.HTML or suffix == ".xml")
    if suffix in formats.HTML:
        from ingest.parse.html import parse_html

        return parse_html(source)
    if suffix in formats.MARKDOWN:
        from ingest.parse.markdown import parse_markdown

        return parse_markdown(source)
    if suffix in formats.DELIMITED:
        from ingest.parse.delimited import parse_delimited

        return parse_delimited(source, suffix=suffix, limits=limits)
    if suffix in formats.JSON_LINES | formats.NOTEBOOK | {".json", ".xml"}:
        return _data(source, suffix, limits)
    if suffix in formats.CALENDAR | formats.TRANSCRIPT:
        from ingest.parse.appointments import parse_appointments
        from ingest.parse.transcripts import parse_transcript

        return (parse_appointments if suffix in formats.CALENDAR else parse_transcript)(source)
    from ingest.parse.plain import parse_plain

    return parse_plain(source, suffix=suffix)


def _data(source: str, suffix: str, limits: ParseLimits) -> Parsed:
    from ingest.parse.json_records import parse_json, parse_json_lines
    from ingest.parse.notebook import parse_notebook
    from ingest.parse.xml_records import parse_xml

    if suffix == ".xml":
        return parse_xml(source, limits=limits)
    if suffix in formats.NOTEBOOK:
        return parse_notebook(source)
    return (parse_json if suffix == ".json" else parse_json_lines)(source, limits=limits)


def _checked(parsed: Parsed, limits: ParseLimits) -> Parsed:
    elements = tuple(element for element in parsed.elements if re.search(r"\w", element.text))
    if not elements:
        gone = "; ".join(flag for flag in parsed.flags if flag.endswith("left out"))
        said = f"There is no text left in it: {gone}." if gone else "The file opens, but there is no text in it."
        raise ParseFailure(Code.EMPTY, said)
    characters = sum(len(element.text) for element in elements)
    if characters > limits.max_output_chars:
        raise ParseFailure(
            Code.TOO_LARGE,
            f"The file has {characters:,} characters, more than {limits.max_output_chars:,} (max_output_chars).",
        )
    flags = (*parsed.flags, "invisible characters were left out") if hidden_characters() else parsed.flags
    return replace(parsed, elements=elements, flags=flags)
