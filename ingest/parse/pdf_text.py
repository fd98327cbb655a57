"""The text of a PDF page to pieces of lines with their places, sizes and weights. Knows pypdfium2, as `pdf` does.

A line is cut where a wide gap parts columns or the cells of a table, and where a table's rule runs through it.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pypdfium2 import raw

from ingest.parse.pdf_frame import Frame
from ingest.parse.pdf_piece import Piece
from ingest.parse.pdf_rules import Grid
from ingest.parse.text import single_line

PALE, FAINT = 238, 26  # of 255: all parts of a colour above the one, or its strength below the other
WORD_GAP = 0.2  # of the font size; letters of one word are nearer to each other
GAP = 1.4  # of the font size; a wider gap inside a line parts cells or columns
AMOUNT_GAP = 0.4  # the same between the end of one number and the beginning of another: a space is less
LABEL_GAP = 0.7  # and before the first number of a line that ends with one
CLOSE = 0.5  # of the font size; what stands nearer on one line belongs together
_DRAWS_NOTHING = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
_BOLD = re.compile(rb"bold|black|heavy|semibold|demi|,b$", re.IGNORECASE)
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_ENDS_AMOUNT, _BEGINS_AMOUNT = frozenset("0123456789)%—–"), frozenset("0123456789($€£¥—–")
_REPAIRS = str.maketrans({**_LIGATURES, "\x02": "-", "\ufffe": "-", "\u00ad": "-", "\x00": None})
_LINE = re.compile(r"[^\r\n\x02\ufffe]+[\x02\ufffe]?")  # pdfium puts one mark for a hyphen and the line end after it


@dataclass(frozen=True, slots=True)
class Unseen:
    """The ids of pieces that are seen only on some ground."""

    pale: set[int] = field(default_factory=set)  # nearly white: on anything dark, or on a picture
    bare: set[int] = field(default_factory=set)  # drawn as nothing: on a picture, as the text of a scan is


_Box = tuple[float, float, float, float]  # left, bottom, right, top in the page's own coordinates


def page_pieces(
    text_page: raw.FPDF_TEXTPAGE, frame: Frame, number: int, tables: Sequence[Grid] = ()
) -> tuple[list[Piece], Unseen]:
    """The pieces of lines on a page, in the order of the file, and which of them may not be seen."""
    reader = _Reader(text_page, frame)
    pieces = list(reader.whole_lines(number, tables))
    return _visible(pieces), reader.unseen


def _crossing(tables: Sequence[Grid], box: tuple[float, float, float, float]) -> list[float]:
    """Where the upright rules of tables run through a line of text."""
    left, top, right, bottom = box
    return [
        x
        for table in tables
        if table.ys[0] - 1 < (top + bottom) / 2 < table.ys[-1] + 1
        for x in table.xs
        if left + 1 < x < right - 1
    ]


def _visible(pieces: list[Piece]) -> list[Piece]:
    """Without printer's marks outside the page. Where a good part is outside, the page's declared size is wrong."""
    inside = [p for p in pieces if p.right > 0 and p.bottom > 0 and p.left < p.width and p.top < p.height]
    return inside if len(inside) > 0.9 * len(pieces) else pieces


class _Style:
    """Size, weight and direction of the text at one place."""

    __slots__ = ("bare", "baseline", "bold", "pale", "size", "turned")

    def __init__(self, size: float, bold: bool, turned: bool, baseline: float, pale: bool, bare: bool) -> None:
        self.size, self.bold, self.turned, self.baseline = size, bold, turned, baseline
        self.pale, self.bare = pale, bare


class _Reader:
    """One page's text. Holds what pdfium writes into, as making it for every character costs as much as the reading."""

    def __init__(self, text_page: raw.FPDF_TEXTPAGE, frame: Frame) -> None:
        self.page = text_page
        self.frame = frame
        self.unseen = Unseen()
        self._numbers, self._parts = (
            (ctypes.c_double * 4)(),
            (ctypes.c_uint * 4)(),
        )  # read whole: quicker than one by one
        self._four = tuple(ctypes.c_double.from_buffer(self._numbers, 8 * at) for at in range(4))
        self._colour = tuple(ctypes.c_uint.from_buffer(self._parts, 4 * at) for at in range(4))
        self._matrix = raw.FS_MATRIX()
        self._name, self._flags = ctypes.create_string_buffer(128), ctypes.c_int()
        self._bold: dict[bytes, bool] = {}

    def whole_lines(self, number: int, tables: Sequence[Grid]) -> Iterator[Piece]:
        """The pieces; where pdfium ends a line behind a raised figure, what goes on after it belongs to it."""
        last: Piece | None = None
        for piece in self.pieces(number, tables):
            if not piece.text:
                continue
            if last is not None and self._goes_on(last, piece, tables):
                space = " " if piece.left - last.right > 0.1 * last.size else ""
                text, right = f"{last.text}{space}{piece.text}", max(last.right, piece.right)
                top, bottom = min(last.top, piece.top), max(last.bottom, piece.bottom)
                last = last._replace(text=text, right=right, top=top, bottom=bottom)
                continue
            if last is not None:
                yield last
            last = piece
        if last is not None:
            yield last

    def _goes_on(self, before: Piece, after: Piece, tables: Sequence[Grid]) -> bool:
        gap = after.left - before.right
        if after.baseline != before.baseline or not -0.1 * before.size < gap < CLOSE * before.size:
            return False
        ids = (self.unseen.pale | self.unseen.bare) & {id(before), id(after)}
        box = (before.left, before.top, after.right, before.bottom)
        return not ids and not before.turned and before.bold == after.bold and not _crossing(tables, box)

    def pieces(self, number: int, tables: Sequence[Grid]) -> Iterator[Piece]:
        """Every line, cut where it is to be cut."""
        frame = self.frame
        text = self._text()
        for match in _LINE.finditer(text):
            line = match.group()
            stripped = line.strip()
            if not stripped:
                continue
            start = match.start() + (0 if line[0] == stripped[0] else len(line) - len(line.lstrip()))
            end = start + len(stripped)
            style = self._style(start, end - 1)
            if style.size <= 0:
                continue
            gap = AMOUNT_GAP if stripped[-1] in _ENDS_AMOUNT else GAP
            whole, wide = self._extent(start, end - start, gap * style.size, 1.8 * style.size)
            if whole is None:
                continue
            rules = _crossing(tables, frame.box(*whole)) if tables and not frame.turn else []
            if (wide or rules or "   " in stripped) and not style.turned:
                spans = list(self._parted(start, end, style.size, text, [frame.across(x) for x in rules]))
            else:
                spans = [(start, end, whole)]
            for first, last, box in spans:
                left, top, right, bottom = frame.box(*box)
                own = style if first == start else self._style(first, last - 1)
                piece = Piece(
                    text=_repaired(text[first:last]),
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
                if own.pale:
                    self.unseen.pale.add(id(piece))
                if own.bare:
                    self.unseen.bare.add(id(piece))
                yield piece

    def _text(self) -> str:
        """The page's text with exactly one Python character for each of pdfium's."""
        count = raw.FPDFText_CountChars(self.page)
        if count <= 0:
            return ""
        buffer = ctypes.create_string_buffer((count + 1) * 2)
        written = raw.FPDFText_GetText(self.page, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
        text = buffer.raw[: max(written - 1, 0) * 2].decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return text
        codes = (raw.FPDFText_GetUnicode(self.page, i) for i in range(count))  # some were left out or doubled
        return "".join(chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " " for code in codes)

    def _style(self, first: int, last: int) -> _Style:
        matrix, (x, y, _, _) = self._matrix, self._four
        scale, turned = 1.0, False
        if raw.FPDFText_GetMatrix(self.page, first, matrix):
            scale = math.hypot(matrix.c, matrix.d)
            upright = abs(matrix.a) >= abs(matrix.b)
            turned = upright == (self.frame.turn in (90, 270))
        raw.FPDFText_GetCharOrigin(self.page, first, x, y)
        size = raw.FPDFText_GetFontSize(self.page, first) * scale
        bold = self._is_bold(first) and (first == last or self._is_bold(last))
        pale = False
        if raw.FPDFText_GetFillColor(self.page, first, *self._colour):
            *colour, strength = self._parts[:]
            pale = strength < FAINT or min(colour) > PALE
        mode = raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(self.page, first))
        return _Style(size, bold, turned, self.frame.point(x.value, y.value)[1], pale, mode in _DRAWS_NOTHING)

    def _is_bold(self, index: int) -> bool:
        raw.FPDFText_GetFontInfo(self.page, index, self._name, 128, self._flags)
        name = self._name.value
        if name not in self._bold:
            self._bold[name] = bool(_BOLD.search(name)) or raw.FPDFText_GetFontWeight(self.page, index) >= 600
        return self._bold[name]

    def _extent(self, start: int, count: int, gap: float, step: float) -> tuple[_Box | None, bool]:
        """The box around some characters, and whether two parts of them that follow each other are apart: by a gap, or
        by a step of twice the distance of their middles."""
        page, numbers, four, rectangle = self.page, self._numbers, self._four, raw.FPDFText_GetRect
        whole: _Box | None = None
        wide, end, level = False, 0.0, 0.0
        for i in range(raw.FPDFText_CountRects(page, start, count)):
            if not rectangle(page, i, *four):
                continue
            left, top, right, bottom = numbers[:]
            if whole is None:
                whole = left, bottom, right, top
            else:
                wide = wide or left - end > gap or abs(level - bottom - top) > step
                first, low, last, high = whole
                whole = (
                    left if left < first else first,
                    bottom if bottom < low else low,
                    right if right > last else last,
                    top if top > high else high,
                )
            end, level = right, bottom + top
        return whole, wide

    def _parted(
        self, start: int, end: int, size: float, text: str, rules: Sequence[float]
    ) -> Iterator[tuple[int, int, _Box]]:
        """A line cut at its wide gaps: first and last character and box of each part."""
        left, right, bottom, top = self._four
        first, last, before, ends = start, start, "", text[end - 1] in _ENDS_AMOUNT
        boxes: list[_Box] = []
        for i in range(start, end):
            if text[i].isspace() or not raw.FPDFText_GetCharBox(self.page, i, left, right, bottom, top):
                continue
            box = (left.value, bottom.value, right.value, top.value)
            gap = GAP
            if ends and text[i] in _BEGINS_AMOUNT:
                gap = AMOUNT_GAP if before in _ENDS_AMOUNT else LABEL_GAP
            if boxes and (
                _apart(boxes[-1], box, gap * size, size)
                or (
                    any(boxes[-1][0] < x < box[2] - 1 for x in rules)
                    and (text[i - 1].isspace() or box[0] - boxes[-1][2] > WORD_GAP * size)  # a word begins
                )
            ):
                yield first, last, _union(boxes)
                first, boxes = i, []
            boxes.append(box)
            last, before = i + 1, text[i]
        if boxes:
            yield first, last, _union(boxes)


def _repaired(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text if "  " not in text else single_line(text)
    return single_line(text.translate(_REPAIRS))


def _apart(before: _Box, after: _Box, gap: float, size: float) -> bool:
    """True when what follows stands across a wide gap, or on another level."""
    levels = abs((before[1] + before[3]) - (after[1] + after[3])) / 2
    return after[0] - before[2] > gap or levels > 0.9 * size


def _union(boxes: list[_Box]) -> _Box:
    if len(boxes) == 1:
        return boxes[0]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)
