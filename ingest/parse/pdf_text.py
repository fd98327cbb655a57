"""The text of a PDF page to pieces of lines with their places, sizes and weights. Knows pypdfium2, as `pdf` does.

A line is cut where a wide gap parts columns or the cells of a table, and where a table's rule runs through it.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from pypdfium2 import raw

from ingest.parse.pdf_calls import direct
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


_rectangle, _count_rectangles = direct(raw.FPDFText_GetRect), direct(raw.FPDFText_CountRects)
_character_box, _origin, _unicode = map(
    direct, (raw.FPDFText_GetCharBox, raw.FPDFText_GetCharOrigin, raw.FPDFText_GetUnicode)
)
_font, _matrix, _colour = map(direct, (raw.FPDFText_GetFontInfo, raw.FPDFText_GetMatrix, raw.FPDFText_GetFillColor))
_size, _mode = direct(raw.FPDFText_GetFontSize, ctypes.c_double), direct(raw.FPDFTextObj_GetTextRenderMode)
_text_object = direct(raw.FPDFText_GetTextObject, raw.FPDF_PAGEOBJECT)


class _Written:
    """What pdfium writes into, and where: made once, as making it for every line costs as much as the reading."""

    def __init__(self) -> None:
        self.numbers, self.parts = (ctypes.c_double * 4)(), (ctypes.c_uint * 4)()
        self.four = tuple(ctypes.byref(self.numbers, 8 * at) for at in range(4))
        self.point = self.four[:2]
        self.colour = tuple(ctypes.byref(self.parts, 4 * at) for at in range(4))
        self.matrix = raw.FS_MATRIX()
        self.to_matrix = ctypes.byref(self.matrix)
        self.name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        self.font = (self.name, ctypes.c_ulong(128), ctypes.byref(flags))


_WRITTEN = _Written()  # pdfium is for one thread at a time


def _crossing(tables: Sequence[Grid], box: _Box) -> list[float]:
    """Where the upright rules of tables run through a line of text."""
    left, top, right, bottom = box
    return [
        x
        for table in tables
        if table.ys[0] - 1 < (top + bottom) / 2 < table.ys[-1] + 1
        for x in table.xs
        if left + 1 < x < right - 1
    ]


def _on_page(piece: Piece) -> bool:
    """Whether any of it is on the page: what lies beside it is seen by nobody."""
    return piece.right > 0 and piece.bottom > 0 and piece.left < piece.width and piece.top < piece.height


class _Style(NamedTuple):
    """Size, weight and direction of the text at one place."""

    size: float
    bold: bool
    turned: bool
    baseline: float
    pale: bool
    bare: bool


class _Line(NamedTuple):
    """What pdfium has as one line."""

    start: int  # its first character, and behind its last
    end: int
    style: _Style
    box: _Box
    wide: bool  # parts of it are apart


class PageText:
    """One page's text."""

    def __init__(self, text_page: raw.FPDF_TEXTPAGE, frame: Frame, number: int) -> None:
        self._page, self._frame, self._number = text_page, frame, number
        self._bold: dict[bytes, bool] = {}
        self.beside = 0  # pieces that were left out, as they lie beside the page
        self._text = self._characters()
        self._lines = list(self._found())

    def pieces(self, tables: Sequence[Grid] = ()) -> tuple[list[Piece], Unseen]:
        """The pieces of lines on the page, in the order of the file, and which of them may not be seen."""
        unseen = Unseen()
        every = list(self._whole_lines(tables, unseen))
        found = [piece for piece in every if _on_page(piece)]
        self.beside = len(every) - len(found)
        return found, unseen

    def _whole_lines(self, tables: Sequence[Grid], unseen: Unseen) -> Iterator[Piece]:
        """The pieces; where pdfium ends a line behind a raised figure, what goes on after it belongs to it."""
        last: Piece | None = None
        for piece in self._cut(tables, unseen):
            if last is None:
                last = piece
            elif last.baseline == piece.baseline and _goes_on(last, piece, tables, unseen):
                space = " " if piece.left - last.right > 0.1 * last.size else ""
                text, right = f"{last.text}{space}{piece.text}", max(last.right, piece.right)
                top, bottom = min(last.top, piece.top), max(last.bottom, piece.bottom)
                last = last._replace(text=text, right=right, top=top, bottom=bottom)
            else:
                yield last
                last = piece
        if last is not None:
            yield last

    def _cut(self, tables: Sequence[Grid], unseen: Unseen) -> Iterator[Piece]:
        """Every line, cut where it is to be cut."""
        frame, text, number = self._frame, self._text, self._number
        width, height = frame.width, frame.height
        for start, end, style, whole, wide in self._lines:
            rules = _crossing(tables, frame.box(*whole)) if tables and not frame.turn else ()
            if (wide or rules) and not style.turned:
                spans = self._parted(start, end, style.size, [frame.across(x) for x in rules])
            else:
                spans = iter([(start, end, whole)])
            for first, last, box in spans:
                said = _repaired(text[first:last])
                if not said:
                    continue
                own = style if first == start else self._style(first, last - 1)
                size, bold, turned, baseline, pale, bare = own
                place = frame.box(*box)
                piece = Piece(said, number, *place, baseline, size, bold, turned, width, height)
                if pale:
                    unseen.pale.add(id(piece))
                if bare:
                    unseen.bare.add(id(piece))
                yield piece

    def _characters(self) -> str:
        """The page's text with exactly one Python character for each of pdfium's."""
        count = raw.FPDFText_CountChars(self._page)
        if count <= 0:
            return ""
        buffer = ctypes.create_string_buffer((count + 1) * 2)
        written = raw.FPDFText_GetText(self._page, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
        text = buffer.raw[: max(written - 1, 0) * 2].decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return text
        codes = map(_unicode, repeat(self._page), range(count))  # some were left out or doubled
        return "".join([chr(code) if 0 < code < 0xD800 or 0xE000 <= code < 0x110000 else " " for code in codes])

    def _found(self) -> Iterator[_Line]:
        """The lines that say something."""
        for match in _LINE.finditer(self._text):
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
            box, wide = self._extent(start, end - start, gap * style.size, 1.8 * style.size)
            if box is not None:
                yield _Line(start, end, style, box, wide or "   " in stripped)

    def _style(self, first: int, last: int) -> _Style:
        page, frame, written = self._page, self._frame, _WRITTEN
        scale, turned = 1.0, False
        if _matrix(page, first, written.to_matrix):
            matrix = written.matrix
            scale = math.hypot(matrix.c, matrix.d)
            turned = (abs(matrix.a) >= abs(matrix.b)) == (frame.turn in (90, 270))
        _origin(page, first, *written.point)
        x, y = written.numbers[:2]
        size = _size(page, first) * scale
        bold = self._is_bold(first) and (first == last or self._is_bold(last))
        pale = False
        if _colour(page, first, *written.colour):
            red, green, blue, strength = written.parts
            pale = strength < FAINT or (red > PALE and green > PALE and blue > PALE)
        bare = _mode(_text_object(page, first)) in _DRAWS_NOTHING
        return _Style(size, bold, turned, frame.point(x, y)[1], pale, bare)

    def _is_bold(self, index: int) -> bool:
        _font(self._page, index, *_WRITTEN.font)
        name = _WRITTEN.name.value
        if name not in self._bold:
            self._bold[name] = bool(_BOLD.search(name)) or raw.FPDFText_GetFontWeight(self._page, index) >= 600
        return self._bold[name]

    def _extent(self, start: int, count: int, gap: float, step: float) -> tuple[_Box | None, bool]:
        """The box around some characters, and whether two parts of them that follow each other are apart: by a gap, or
        by a step of twice the distance of their middles."""
        page, numbers, four, rectangle = self._page, _WRITTEN.numbers, _WRITTEN.four, _rectangle
        rectangles = _count_rectangles(page, start, count)
        if rectangles <= 0:
            return None, False
        rectangle(page, 0, *four)
        first, high, last, low = numbers[:]
        wide, end, level = False, last, high + low
        for number in range(1, rectangles):
            rectangle(page, number, *four)
            left, top, right, bottom = numbers[:]
            if left - end > gap or abs(level - bottom - top) > step:
                wide = True
            end, level = right, bottom + top
            first, last = (left if left < first else first), (right if right > last else last)
            low, high = (bottom if bottom < low else low), (top if top > high else high)
        return (first, low, last, high), wide

    def _parted(self, start: int, end: int, size: float, rules: Sequence[float]) -> Iterator[tuple[int, int, _Box]]:
        """A line cut at its wide gaps: first and last character and box of each part."""
        page, text, numbers, four = self._page, self._text, _WRITTEN.numbers, _WRITTEN.four
        first, last, before, ends = start, start, "", text[end - 1] in _ENDS_AMOUNT
        beyond, level, step = 0.0, 0.0, 1.8 * size  # where the last character ends; twice the height of its middle
        boxes: list[_Box] = []
        for i in range(start, end):
            character = text[i]
            if character.isspace() or not _character_box(page, i, *four):
                continue
            left, right, bottom, top = numbers[:]
            gap = GAP
            if ends and character in _BEGINS_AMOUNT:
                gap = AMOUNT_GAP if before in _ENDS_AMOUNT else LABEL_GAP
            if boxes and (
                left - beyond > gap * size
                or abs(level - bottom - top) > step
                or (
                    rules
                    and any(boxes[-1][0] < x < right - 1 for x in rules)
                    and (text[i - 1].isspace() or left - beyond > WORD_GAP * size)  # a word begins
                )
            ):
                yield first, last, _union(boxes)
                first, boxes = i, []
            boxes.append((left, bottom, right, top))
            last, before, beyond, level = i + 1, character, right, bottom + top
        if boxes:
            yield first, last, _union(boxes)


def _goes_on(before: Piece, after: Piece, tables: Sequence[Grid], unseen: Unseen) -> bool:
    """True when two pieces on one level are one line."""
    gap = after.left - before.right
    if not -0.1 * before.size < gap < CLOSE * before.size or before.turned or before.bold != after.bold:
        return False
    ids = (unseen.pale | unseen.bare) & {id(before), id(after)}
    return not ids and not _crossing(tables, (before.left, before.top, after.right, before.bottom))


def _repaired(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text if "  " not in text else single_line(text)
    return single_line(text.translate(_REPAIRS))


def _union(boxes: list[_Box]) -> _Box:
    if len(boxes) == 1:
        return boxes[0]
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)
