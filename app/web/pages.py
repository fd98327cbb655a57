"""What a citation points to, made visible: pictures of pages with the cited lines marked, and passages of text.

Works on a revision that the caller has been permitted to read; decides nothing about access. Pages are drawn by a
child process (app/web/page_renderer.py) with limits on time and memory, since a PDF can be made to harm who draws it.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

from app.web.page_renderer import NO_SUCH_PAGE
from storage import recollection
from storage.errors import NotPermitted, PremiseError
from storage.records import ELEMENT_SEPARATOR, Box, Element, Line, Revision, Row
from storage.sections import section_at

DRAWN = frozenset("pdf png jpg jpeg jpe tif tiff gif bmp webp".split())  # suffixes whose pages can be shown
NARROWEST, USUAL, WIDEST = 200, 1000, 2000  # pixels
DRAW_SECONDS = 20
DRAWN_AT_ONCE = 2
KEPT = 64  # pictures without marks
HIGHLIGHT = (255, 226, 110)  # laid over the page like a marker pen: dark print stays dark
DARK, OUTLINE = 110, (245, 166, 35)  # on grounds darker than that the place is framed as well
SURROUNDINGS = 600  # characters before and after a passage, at least, where there are as many
ROWS_AROUND = 4  # of a table, before and after the cited ones


def is_drawn(suffix: str) -> bool:
    """True where the pages of files with this suffix can be shown as pictures."""
    return suffix.lower().lstrip(".") in DRAWN


class PageError(PremiseError):
    """A page cannot be drawn."""


class PagePictures:
    """Draws pages, a few at once, and keeps the last ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Path, int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        recollection.keep(self.let_go)
        self._slots = threading.BoundedSemaphore(DRAWN_AT_ONCE)

    def picture(
        self, original: Path, page: int, boxes: list[Box], width: int = USUAL, *, beside: bool = False
    ) -> bytes:
        """The page as PNG, the boxes marked, or a line `beside` them. Raises: NotPermitted when there is no such page,
        PageError."""
        width = max(NARROWEST, min(width, WIDEST)) // 100 * 100  # few sizes, so that pictures are kept to some use
        key = (original, page, width)
        with self._lock:
            drawn = self._kept.get(key)
            if drawn is not None:
                self._kept.move_to_end(key)
        if drawn is None:
            with self._slots:
                drawn = _draw(original, page, width)
            with self._lock:
                self._kept[key] = drawn
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        if not boxes:
            return drawn
        return _lined(drawn, boxes) if beside else _marked(drawn, boxes)

    def let_go(self) -> None:
        """Keep none."""
        with self._lock:
            self._kept.clear()


def _draw(original: Path, page: int, width: int) -> bytes:
    program = str(Path(__file__).with_name("page_renderer.py"))
    try:
        result = subprocess.run(
            [sys.executable, "-I", program, str(original), str(page), str(width)],
            capture_output=True,
            timeout=DRAW_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},  # no secret of ours
        )
    except subprocess.TimeoutExpired as error:
        raise PageError(f"Page {page} takes too long to draw. Download the document to see it.") from error
    if result.returncode == NO_SUCH_PAGE:
        raise NotPermitted("There is no such page.")
    if result.returncode != 0 or not result.stdout:
        raise PageError(f"Page {page} cannot be drawn. Download the document to see it.")
    return result.stdout


def _marked(drawn: bytes, boxes: list[Box]) -> bytes:
    picture = Image.open(io.BytesIO(drawn)).convert("RGB")
    places = [
        (left * picture.width - 2, top * picture.height - 1, right * picture.width + 2, bottom * picture.height + 1)
        for left, top, right, bottom in boxes
    ]
    marks = Image.new("RGB", picture.size, (255, 255, 255))
    for place in places:
        ImageDraw.Draw(marks).rectangle(place, fill=HIGHLIGHT)
    marked = ImageChops.multiply(picture, marks)
    for place in places:
        if _ground(picture, place) < DARK:  # a marker pen leaves no trace there
            ImageDraw.Draw(marked).rectangle(place, outline=OUTLINE, width=max(2, picture.width // 300))
    return _as_png(marked)


def _lined(drawn: bytes, boxes: list[Box]) -> bytes:
    """The page with a line left of the boxes."""
    picture = Image.open(io.BytesIO(drawn)).convert("RGB")
    wide = max(2, picture.width // 250)
    right = max(wide, min(box[0] for box in boxes) * picture.width - 2 * wide)
    for _, top, _, bottom in boxes:
        place = (right - wide, top * picture.height - 1, right, bottom * picture.height + 1)
        ImageDraw.Draw(picture).rectangle(place, fill=OUTLINE)
    return _as_png(picture)


def _as_png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=3)
    return written.getvalue()


def _ground(picture: Image.Image, place: tuple[float, float, float, float]) -> float:
    """How light the ground of a place is, 0 to 255: of its pixels the one in the middle."""
    left, top, right, bottom = (int(number) for number in place)
    shades = picture.crop((left, top, max(right, left + 1), max(bottom, top + 1))).convert("L").histogram()
    half, seen = sum(shades) / 2, 0
    for shade, count in enumerate(shades):
        seen += count
        if seen >= half:
            return shade
    return 255


# --- where a span stands ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An element and where it begins in the revision's text."""

    element: Element
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the revision's text."""
        return self.start + len(self.element.text)


def placed(revision: Revision) -> Iterator[Placed]:
    """The elements with their places in the revision's text."""
    start = 0
    for element in revision.elements:
        yield Placed(element=element, start=start)
        start += len(element.text) + len(ELEMENT_SEPARATOR)


def boxes_by_page(revision: Revision, start: int, end: int) -> dict[int, list[Box]]:
    """The boxes that the span covers, by page; empty where the format has no lines."""
    found: dict[int, list[Box]] = {}
    for item in placed(revision):
        if item.end <= start or item.start >= end:
            continue
        for line in item.element.lines:
            box = _part(line, start - item.start, end - item.start)
            if box is not None:
                found.setdefault(line.page, []).append(box)
    return found


def _part(line: Line, start: int, end: int) -> Box | None:
    """The part of a line's box that [start, end) covers, as if all characters were equally wide."""
    first, last = max(line.start, start), min(line.end, end)
    if first >= last:
        return None
    left, top, right, bottom = line.box
    each = (right - left) / (line.end - line.start)
    return left + (first - line.start) * each, top, left + (last - line.start) * each, bottom


# --- a passage in its surroundings ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TablePart:
    """The rows of a table around a citation."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    cited: tuple[bool, ...]  # one a row
    before: int  # rows of the table left out before these
    after: int
    where: str | None  # sheet and cells, where known


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A span of a revision with what stands around it. `before + passage + after` is the revision's text there."""

    before: str
    passage: str
    after: str
    pages: tuple[int, ...]
    section: str
    table: TablePart | None


def passage(revision: Revision, start: int, end: int) -> Passage:
    """The span with its surroundings, from element to element. Raises: NotPermitted when there is no such span."""
    if not 0 <= start < end <= len(revision.text):
        raise NotPermitted("There is no such passage.")
    items = list(placed(revision))
    covered = [at for at, item in enumerate(items) if item.start < end and item.end > start]
    if not covered:  # between two elements
        raise NotPermitted("There is no such passage.")
    first, last = covered[0], covered[-1]
    while first > 0 and start - items[first].start < SURROUNDINGS:
        first -= 1
    while last < len(items) - 1 and items[last].end - end < SURROUNDINGS:
        last += 1
    low = max(items[first].start, start - 4 * SURROUNDINGS)  # one element may be a whole book
    high = min(items[last].end, end + 4 * SURROUNDINGS)
    inside = [items[at] for at in covered]
    return Passage(
        before=revision.text[low:start],
        passage=revision.text[start:end],
        after=revision.text[end:high],
        pages=tuple(sorted({item.element.page for item in inside if item.element.page is not None})),
        section=section_at(revision, max(start, items[covered[0]].start)),
        table=_table_part(inside, start, end),
    )


def _table_part(items: list[Placed], start: int, end: int) -> TablePart | None:
    tables = [item for item in items if item.element.rows]
    if len(tables) != 1 or len(items) > 2:
        return None
    table = tables[0]
    rows = table.element.rows
    cited = [row.start + table.start < end and row.end + table.start > start for row in rows]
    numbers = [number for number, is_cited in enumerate(cited) if is_cited]
    if not numbers:
        return None
    low, high = max(0, numbers[0] - ROWS_AROUND), min(len(rows), numbers[-1] + 1 + ROWS_AROUND)
    return TablePart(
        header=table.element.header,
        rows=tuple(row.cells for row in rows[low:high]),
        cited=tuple(cited[low:high]),
        before=low,
        after=len(rows) - high,
        where=_where(table.element, [rows[number] for number in numbers]),
    )


def _where(element: Element, rows: list[Row]) -> str | None:
    addresses = [row.address for row in rows if row.address]
    cells = ""
    if addresses:
        first, last = addresses[0].split(":")[0], addresses[-1].split(":")[-1]
        cells = first if first == last else f"{first}:{last}"
    parts = [part for part in (element.sheet, cells) if part]
    return "!".join(parts) or None
