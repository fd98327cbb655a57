"""What is drawn on a PDF page besides text, as boxes: lines, frames, grounds. Knows pypdfium2, as `pdf` does."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import repeat

from pypdfium2 import raw

from ingest.parse.pdf_calls import direct
from ingest.parse.pdf_frame import Corners, Frame

MOST_OBJECTS = 4000  # of a page; one with more is a drawing
LEAST_GRID = 40  # points across and down
MOST_SEGMENTS = 600  # of one path
LARGEST_DOT = 12.0  # points across and down


class _Object(ctypes.c_void_p):
    """An object of a page."""


_PATH = raw.FPDF_PAGEOBJ_PATH
_object, _kind = direct(raw.FPDFPage_GetObject, _Object), direct(raw.FPDFPageObj_GetType)


def shapes(page: raw.FPDF_PAGE, frame: Frame) -> list[Corners]:
    """The boxes (left, top, right, bottom) of the page's paths; none for a page that is one drawing."""
    count = raw.FPDFPage_CountObjects(page)
    if count > MOST_OBJECTS:
        return []
    corners = [ctypes.c_float() for _ in range(4)]
    found = []
    for number in range(count):
        item = raw.FPDFPage_GetObject(page, number)
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        if not raw.FPDFPageObj_GetBounds(item, *corners):
            continue
        left, bottom, right, top = (corner.value for corner in corners)
        if right - left > LEAST_GRID and top - bottom > LEAST_GRID and raw.FPDFPath_CountSegments(item) > 5:
            found += [frame.box(*box) for box in _segments(item)]  # a whole grid in one path
        else:
            found.append(frame.box(left, bottom, right, top))
    return [box for box in found if box[2] - box[0] < 0.95 * frame.width or box[3] - box[1] < 0.9 * frame.height]


def dots(page: raw.FPDF_PAGE, frame: Frame) -> list[Corners]:
    """The boxes of small paths that are about as wide as high."""
    count = raw.FPDFPage_CountObjects(page)
    if count > MOST_OBJECTS:
        return []
    corners = [ctypes.c_float() for _ in range(4)]
    found = []
    for item in [one for one in map(_object, repeat(page), range(count)) if _kind(one) == _PATH]:
        if not raw.FPDFPageObj_GetBounds(ctypes.cast(item, raw.FPDF_PAGEOBJECT), *corners):
            continue
        left, bottom, right, top = (corner.value for corner in corners)
        wide, high = right - left, top - bottom
        if 0 < wide < LARGEST_DOT and 0.7 * wide < high < 1.4 * wide:
            found.append(frame.box(left, bottom, right, top))
    return found


def grounds(page: raw.FPDF_PAGE, frame: Frame) -> tuple[list[Corners], list[Corners]]:
    """The boxes of what white letters can be seen on: filled paths that are not white; pictures, and forms."""
    corners = [ctypes.c_float() for _ in range(4)]
    colour = [ctypes.c_uint() for _ in range(4)]
    filled: list[Corners] = []
    pictures: list[Corners] = []
    for number in range(min(raw.FPDFPage_CountObjects(page), MOST_OBJECTS)):
        item = raw.FPDFPage_GetObject(page, number)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT or not raw.FPDFPageObj_GetBounds(item, *corners):
            continue
        if kind == raw.FPDF_PAGEOBJ_PATH:
            told = raw.FPDFPageObj_GetFillColor(item, *colour)
            if not told or colour[3].value < 26 or min(part.value for part in colour[:3]) > 238:
                continue
        left, bottom, right, top = (corner.value for corner in corners)
        (filled if kind == raw.FPDF_PAGEOBJ_PATH else pictures).append(frame.box(left, bottom, right, top))
    return filled, pictures


def _segments(item: raw.FPDF_PAGEOBJECT) -> Iterator[Corners]:
    """The straight lines of one path, as boxes."""
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    at = start = (0.0, 0.0)
    for number in range(min(raw.FPDFPath_CountSegments(item), MOST_SEGMENTS)):
        segment = raw.FPDFPath_GetPathSegment(item, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        to = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = to
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield min(at[0], to[0]), min(at[1], to[1]), max(at[0], to[0]), max(at[1], to[1])
        if raw.FPDFPathSegment_GetClose(segment):
            yield min(to[0], start[0]), min(to[1], start[1]), max(to[0], start[0]), max(to[1], start[1])
        at = to
