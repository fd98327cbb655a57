"""PDF to elements with pypdfium2. Not through unstructured, which brings gigabytes for this.

Reads each page's lines with their places, sizes and weights; `pdf_layout` makes columns, tables and paragraphs of
them and `pdf_document` headings, once the whole document is known. Pages that are pictures go through `pdf_scan`.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import raw

from ingest.parse.limits import ParseLimits
from ingest.parse.pdf_document import document_elements
from ingest.parse.pdf_frame import Frame
from ingest.parse.pdf_layout import page_blocks
from ingest.parse.pdf_piece import Piece
from ingest.parse.pdf_scan import is_scan, with_scans
from ingest.parse.properties import person
from ingest.parse.scans import page_list
from ingest.parse.text import single_line
from storage.failures import Code, ParseFailure
from storage.records import Element, Parsed

GAP = 1.4  # of the font size; a wider gap inside a line parts cells or columns
_BOLD = re.compile(rb"bold|black|heavy|semibold|demi|,b$", re.IGNORECASE)
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_REPAIRS = str.maketrans({**_LIGATURES, "\x02": "-", "\ufffe": "-", "\u00ad": "-", "\x00": None})
_FILE_NAME_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel)|untitled|powerpoint|slide \d|document\d*$)", re.IGNORECASE
)
_LINE = re.compile(r"[^\r\n\x02\ufffe]+[\x02\ufffe]?")  # pdfium puts one mark for a hyphen and the line end after it
_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*([+\-Z])?(\d\d)?'?(\d\d)?")


def parse_pdf(path: Path, *, limits: ParseLimits, begins: Callable[[], None]) -> Parsed:
    """A PDF file; `begins` is called before scanned pages are read.

    Raises ParseFailure: ENCRYPTED, CORRUPT, NEEDS_TESSERACT for a scan that cannot be read here, or EMPTY.
    """
    document = _opened(path)
    try:
        count = len(document)
        if count == 0:
            raise ParseFailure(Code.CORRUPT, "The PDF is damaged: it has no pages.")
        pages: list[list[Piece]] = []
        unreadable, scanned = [], []
        for number in range(1, count + 1):
            pieces, scan = _page_pieces(document, number)
            if pieces is None:
                unreadable.append(number)
            elif scan:
                scanned.append(number)
            pages.append(pieces or [])
        _refuse_broken(document, pages, unreadable)
        warnings, flags = with_scans(document, pages, scanned, limits, begins)
        if not any(pages):
            shown = f"{count} pages" if count > 1 else "1 page"
            code = Code.TIMED_OUT if warnings else Code.EMPTY  # scans that were not read: it may hold text
            raise ParseFailure(code, " ".join((f"No text was found on the file's {shown}.", *warnings)))
        if unreadable:
            warnings = (f"Damaged and left out: {page_list(unreadable)}.", *warnings)
        elements = document_elements([page_blocks(pieces) for pieces in pages])
        return _parsed(document, elements, count, warnings, flags)
    finally:
        document.close()


def _opened(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise ParseFailure(Code.ENCRYPTED, "The PDF asks for a password to be opened.") from error
        if getattr(error, "err_code", None) == raw.FPDF_ERR_SECURITY:
            raise ParseFailure(Code.ENCRYPTED, "The PDF is protected in a way that cannot be opened here.") from error
        raise ParseFailure(Code.CORRUPT, f"The PDF is damaged: {single_line(str(error))}") from error


def _refuse_broken(document: pdfium.PdfDocument, pages: list[list[Piece]], unreadable: list[int]) -> None:
    count = len(pages)
    if any(pages):
        return
    repaired = not raw.FPDF_DocumentHasValidCrossReferenceTable(document.raw)
    bare = repaired and not any(_has_objects(document, number) for number in range(min(count, 50)))
    if len(unreadable) == count or bare:
        raise ParseFailure(Code.CORRUPT, "The PDF is damaged: none of its pages can be read.")


def _has_objects(document: pdfium.PdfDocument, number: int) -> bool:
    """True when anything is drawn on a page."""
    try:
        page = document[number]
    except pdfium.PdfiumError:
        return False
    try:
        return bool(raw.FPDFPage_CountObjects(page.raw) > 0)
    finally:
        page.close()


def _page_pieces(document: pdfium.PdfDocument, number: int) -> tuple[list[Piece] | None, bool]:
    """The pieces of lines on a page, in the order of the file, and whether it is a scan; None: it cannot be read."""
    try:
        page = document[number - 1]
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return None, False
    try:
        frame = Frame(page.get_cropbox(), page.get_mediabox(), page.get_rotation())
        pieces = _visible([piece for piece in _pieces(text_page.raw, frame, number) if piece.text])
        return pieces, is_scan(page, pieces)
    finally:
        text_page.close()
        page.close()


def _visible(pieces: list[Piece]) -> list[Piece]:
    """Without printer's marks outside the page. Where a good part is outside, the page's declared size is wrong."""
    inside = [p for p in pieces if p.right > 0 and p.bottom > 0 and p.left < p.width and p.top < p.height]
    return inside if len(inside) > 0.9 * len(pieces) else pieces


def _pieces(text_page: raw.FPDF_TEXTPAGE, frame: Frame, number: int) -> Iterator[Piece]:
    text = _text(text_page)
    for match in _LINE.finditer(text):
        line = match.group()
        if not line.strip():
            continue
        start = match.start() + len(line) - len(line.lstrip())
        end = match.start() + len(line.rstrip())
        style = _style(text_page, start, end - 1, frame)
        boxes = _rectangles(text_page, start, end - start)
        if not boxes or style.size <= 0:
            continue
        wide = any(_apart(before, after, style.size) for before, after in pairwise(boxes))
        if (wide or "   " in text[start:end]) and not style.turned:
            spans = list(_parted(text_page, start, end, style.size, text))
        else:
            spans = [(start, end, _union(boxes))]
        for first, last, box in spans:
            left, top, right, bottom = frame.box(*box)
            own = style if first == start else _style(text_page, first, last - 1, frame)
            yield Piece(
                text=single_line(text[first:last].translate(_REPAIRS)),
                page=number,
                left=left,
                top=top,
                right=right,
                bottom=bottom,
                baseline=own.baseline,
                size=own.size,
                bold=own.bold,
                turned=own.turned,
                width=frame.width,
                height=frame.height,
            )


def _text(text_page: raw.FPDF_TEXTPAGE) -> str:
    """The page's text with exactly one Python character for each of pdfium's."""
    count = raw.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    buffer = ctypes.create_string_buffer((count + 1) * 2)
    written = raw.FPDFText_GetText(text_page, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    text = buffer.raw[: max(written - 1, 0) * 2].decode("utf-16-le", "surrogatepass")
    if len(text) == count:
        return text
    codes = (raw.FPDFText_GetUnicode(text_page, i) for i in range(count))  # some characters were left out or doubled
    return "".join(chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " " for code in codes)


class _Style:
    """Size, weight and direction of the text at one place."""

    __slots__ = ("baseline", "bold", "size", "turned")

    def __init__(self, size: float, bold: bool, turned: bool, baseline: float) -> None:
        self.size, self.bold, self.turned, self.baseline = size, bold, turned, baseline


def _style(text_page: raw.FPDF_TEXTPAGE, first: int, last: int, frame: Frame) -> _Style:
    matrix = raw.FS_MATRIX()
    scale, turned = 1.0, False
    if raw.FPDFText_GetMatrix(text_page, first, matrix):
        scale = math.hypot(matrix.c, matrix.d)
        upright = abs(matrix.a) >= abs(matrix.b)
        turned = upright == (frame.turn in (90, 270))
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(text_page, first, x, y)
    size = raw.FPDFText_GetFontSize(text_page, first) * scale
    bold = _is_bold(text_page, first) and _is_bold(text_page, last)
    return _Style(size, bold, turned, frame.point(x.value, y.value)[1])


@lru_cache(maxsize=1024)
def _names_bold(font: bytes) -> bool:
    return bool(_BOLD.search(font))


def _is_bold(text_page: raw.FPDF_TEXTPAGE, index: int) -> bool:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(text_page, index, name, 128, flags)
    return _names_bold(name.value) or raw.FPDFText_GetFontWeight(text_page, index) >= 600


_Box = tuple[float, float, float, float]  # left, bottom, right, top in the page's own coordinates


def _rectangles(text_page: raw.FPDF_TEXTPAGE, start: int, count: int) -> list[_Box]:
    found = []
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    for i in range(raw.FPDFText_CountRects(text_page, start, count)):
        if raw.FPDFText_GetRect(text_page, i, left, top, right, bottom):
            found.append((left.value, bottom.value, right.value, top.value))
    return found


def _parted(
    text_page: raw.FPDF_TEXTPAGE, start: int, end: int, size: float, text: str
) -> Iterator[tuple[int, int, _Box]]:
    """A line cut at its wide gaps: first and last character and box of each part."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    first, last = start, start
    boxes: list[_Box] = []
    for i in range(start, end):
        if text[i].isspace() or not raw.FPDFText_GetCharBox(text_page, i, left, right, bottom, top):
            continue
        box = (left.value, bottom.value, right.value, top.value)
        if boxes and _apart(boxes[-1], box, size):
            yield first, last, _union(boxes)
            first, boxes = i, []
        boxes.append(box)
        last = i + 1
    if boxes:
        yield first, last, _union(boxes)


def _apart(before: _Box, after: _Box, size: float) -> bool:
    """True when what follows stands across a wide gap, or on another level."""
    levels = abs((before[1] + before[3]) - (after[1] + after[3])) / 2
    return after[0] - before[2] > GAP * size or levels > 0.9 * size


def _union(boxes: list[_Box]) -> _Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _parsed(
    document: pdfium.PdfDocument,
    elements: list[Element],
    count: int,
    warnings: tuple[str, ...],
    flags: tuple[str, ...],
) -> Parsed:
    fields = document.get_metadata_dict(skip_empty=True)
    title = single_line(fields.get("Title", ""))
    if _FILE_NAME_TITLE.match(title) or re.search(r"\.\w{2,4}$", title) or len(title) < 4:
        title = ""
    first = next((element.text for element in elements[:6] if element.level == 1), None)
    return Parsed(
        elements=tuple(elements),
        title=title or first,
        author=person(fields.get("Author")),
        created=pdf_moment(fields.get("CreationDate", "")),
        modified=pdf_moment(fields.get("ModDate", "")),
        pages=count,
        flags=flags,
        warnings=warnings,
    )


def pdf_moment(text: str) -> datetime | None:
    """A date as PDF writes it (D:20240131120000+01'00'), None when it is none."""
    match = _DATE.match(text)
    if not match:
        return None
    parts = zip(match.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    year, month, day, hour, minute, second = (int(part or default) for part, default in parts)
    sign, hours, minutes = match.groups()[6:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
