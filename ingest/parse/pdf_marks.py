"""What is filled into a PDF page and noted on it: values of form fields, texts laid over it, comments.

pdfium keeps these apart from the page's text. Knows pypdfium2, as `pdf` does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from ingest.parse.pdf_frame import Frame
from ingest.parse.pdf_piece import Piece
from ingest.parse.text import single_line

MOST = 5000  # marks of a page that are looked at
_SAY_NOTHING = (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP)
_HIDDEN = 2 | 32  # flags: hidden, not viewed
_TEXTS = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_CHECKS = (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)
_SIZE = 10.0  # points, of a value's letters, where its field is higher


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Of one page."""

    pieces: list[Piece] = field(default_factory=list)  # what stands on the page, at its place
    comments: list[str] = field(default_factory=list)


def page_marks(document: pdfium.PdfDocument, page: pdfium.PdfPage, frame: Frame, number: int) -> Marks:
    """The marks of a page (counting from 1)."""
    marks = Marks()
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MOST)):
        mark = raw.FPDFPage_GetAnnot(page.raw, index)
        if not mark:
            continue
        try:
            kind = raw.FPDFAnnot_GetSubtype(mark)
            if kind in _SAY_NOTHING or raw.FPDFAnnot_GetFlags(mark) & _HIDDEN:
                continue
            if kind == raw.FPDF_ANNOT_WIDGET:
                marks.pieces.extend(_piece(text, mark, frame, number) for text in _value(document, mark))
            elif kind == raw.FPDF_ANNOT_FREETEXT:
                marks.pieces.extend(_piece(text, mark, frame, number) for text in _said(mark, b"Contents"))
            else:
                author = next(_said(mark, b"T"), "")
                comment = f"Comment by {author}" if author else "Comment"
                marks.comments.extend(f"{comment}: {text}" for text in _said(mark, b"Contents"))
        finally:
            raw.FPDFPage_CloseAnnot(mark)
    return marks


def with_values(pieces: list[Piece], values: list[Piece]) -> list[Piece]:
    """The pieces of a page with what was filled in behind what stands left of it, else by height."""
    whole = list(pieces)
    for value in values:
        level = [
            at
            for at, piece in enumerate(whole)
            if piece.right <= value.left + 2 and abs(piece.baseline - value.baseline) < value.size
        ]
        above = [at for at, piece in enumerate(whole) if piece.baseline <= value.baseline]
        beside = max(level, key=lambda at: whole[at].right, default=None)
        whole.insert(1 + (beside if beside is not None else max(above, default=-1)), value)
    return whole


def _value(document: pdfium.PdfDocument, mark: Any) -> Iterator[str]:
    form = document.formenv
    if form is None:
        return
    kind = raw.FPDFAnnot_GetFormFieldType(form.raw, mark)
    if kind in _TEXTS:
        yield from _text(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form.raw, mark, buffer, size))
    elif kind in _CHECKS and raw.FPDFAnnot_IsChecked(form.raw, mark):
        yield "[x]"


def _said(mark: Any, key: bytes) -> Iterator[str]:
    return _text(lambda buffer, size: raw.FPDFAnnot_GetStringValue(mark, key, buffer, size))


def _text(read: Callable[[Any, int], int]) -> Iterator[str]:
    """What pdfium writes into a buffer of the size that it asks for; nothing where that is no text."""
    size = read(None, 0)
    if size <= 2:
        return
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = single_line(buffer.raw[: size - 2].decode("utf-16-le", "replace"))
    if text:
        yield text


def _piece(text: str, mark: Any, frame: Frame, number: int) -> Piece:
    place = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(mark, place)
    low, high = sorted((place.bottom, place.top))
    left, top, right, bottom = frame.box(min(place.left, place.right), low, max(place.left, place.right), high)
    size = max(4.0, min(_SIZE, 0.7 * (bottom - top)))
    return Piece(
        text=text,
        page=number,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        baseline=(top + bottom) / 2 + 0.35 * size,
        size=size,
        bold=False,
        turned=False,
        width=frame.width,
        height=frame.height,
    )
