"""Which pages of a PDF are scans, and their text through `recognise`. Knows pypdfium2, as `pdf` does."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence

import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from ingest.parse.limits import ParseLimits
from ingest.parse.pdf_piece import Piece
from ingest.parse.recognise import DPI, MOST_PIXELS, Recogniser, Scan
from ingest.parse.scans import page_list, unread_warning
from storage.failures import ParseFailure

ENOUGH = 40  # letters of a page with which it is taken as it is, when they are letters
COVERED = 0.3  # of the page: a picture of this size may be a page that was scanned
MOST_OBJECTS = 2000  # of a page that are looked at
BROKEN = 0.25  # of a page's characters: with more that are no characters, its text is of no use
_NO_CHARACTERS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]+"
)  # private use: fonts without a map to Unicode


def is_scan(page: pdfium.PdfPage, pieces: Sequence[Piece]) -> bool:
    """True when a page shows more than its text says: it has none, or none of use, and something is drawn on it."""
    text = "".join(piece.text for piece in pieces)
    plain = text.isprintable() and "\ufffd" not in text
    broken = not plain and sum(map(len, _NO_CHARACTERS.findall(text))) > BROKEN * len(text)
    letters = sum(map(str.isalnum, text[: 4 * ENOUGH]))
    if letters >= ENOUGH and not broken:
        return False
    count = raw.FPDFPage_CountObjects(page.raw)
    if not letters or broken:
        return bool(count > 0)
    area = page.get_width() * page.get_height()
    return any(size > COVERED * area for size in _picture_sizes(page, min(count, MOST_OBJECTS)))


def _picture_sizes(page: pdfium.PdfPage, count: int) -> Iterator[float]:
    corners = [ctypes.c_float() for _ in range(4)]
    for index in range(count):
        item = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(item) not in (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM):
            continue
        if raw.FPDFPageObj_GetBounds(item, *corners):
            left, bottom, right, top = (corner.value for corner in corners)
            yield abs((right - left) * (top - bottom))


def with_scans(
    document: pdfium.PdfDocument,
    pages: list[list[Piece]],
    scanned: Sequence[int],
    limits: ParseLimits,
    begins: Callable[[], None],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put what is read on the scanned pages (counting from 1) in their place. Returns warnings and flags.

    Raises: ParseFailure(NEEDS_TESSERACT) when no page of the file has any text without it.
    """
    if not scanned:
        return (), ()
    try:
        recogniser = Recogniser(limits, begins)
    except ParseFailure as failure:
        if not any(pages):
            raise
        return (f"Scanned and not read: {page_list(scanned)}. {failure.reason}",), ()
    unread, read = set(scanned), []
    for reading in recogniser.read(_pictures(document, scanned, recogniser)):
        if reading.pieces is None:
            continue
        unread.discard(reading.page)
        own = pages[reading.page - 1]
        if sum(len(piece.text) for piece in reading.pieces) > sum(len(piece.text) for piece in own):
            pages[reading.page - 1] = reading.pieces
            read.append(reading.page)
    flags = (f"text read from pictures on {page_list(read)}",) if read else ()
    return ((unread_warning(sorted(unread)),) if unread else ()), flags


def _pictures(
    document: pdfium.PdfDocument, scanned: Sequence[int], recogniser: Recogniser
) -> Iterator[tuple[Scan, Image.Image]]:
    for number in scanned:
        if recogniser.out_of_time:
            return
        page = document[number - 1]
        try:
            width, height = page.get_width(), page.get_height()
            scale = min(DPI / 72, (MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
            picture = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil()
            yield Scan(page=number, width=width, height=height), picture
        finally:
            page.close()
