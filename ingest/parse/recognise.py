"""Pictures of pages to pieces of lines (OCR): turned upright, straightened, in the languages that fit.

A page is straightened and read. Only where that yields little is it asked how the page is turned and which script it
is in, as that costs as much again. Places are kept so that they can be shown on the page as it is.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, pairwise
from os import cpu_count
from statistics import median

from PIL import Image, ImageFilter, ImageOps

from ingest.parse import tesseract
from ingest.parse.limits import ParseLimits
from ingest.parse.pdf_piece import Piece
from ingest.parse.tesseract import Slow, Word
from ingest.parse.text import single_line
from storage.failures import Code, ParseFailure

DPI = 300  # of the pictures that are read
MOST_PIXELS = 30_000_000  # of a picture; larger ones are made smaller
GOOD, LEAST = 80.0, 35.0  # how sure the program is of a page's words on average
FEWEST = 12  # letters of a page under which it is looked at another way
NOISE = 30.0  # words the program is less sure of than this are specks and drawings
STEEPEST = 12.0  # degrees that a page may be crooked
GAP = 1.6  # of the letters' height; a wider gap inside a line parts cells or columns


_MARKS = re.compile(r"^[«»¢©°*•·](?=\s)\s*")  # what the dot of a list is read as


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A page to be read."""

    page: int
    width: float  # of the page, in the unit that the pieces are to have
    height: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What came of a page. `pieces` None: it was not read, as time ran out or the program failed on it."""

    page: int
    pieces: list[Piece] | None


class Recogniser:
    """Reads the scanned pages of one file, a few side by side, for as long as `ocr_seconds` lasts.

    `begins` is called before the first page. Raises ParseFailure(NEEDS_TESSERACT) when nothing can be read here.
    """

    def __init__(self, limits: ParseLimits, begins: Callable[[], None]) -> None:
        have = tesseract.installed()
        self.languages = tuple(name for name in limits.ocr_languages if name in have)
        self.missing = tuple(name for name in limits.ocr_languages if name not in have)
        if not self.languages:
            wanted = ", ".join(limits.ocr_languages) or "none"
            raise ParseFailure(
                Code.NEEDS_TESSERACT,
                f"It is a scan or a picture, and tesseract has no data for the languages in ocr_languages ({wanted}).",
            )
        self._preferred = tuple(n for n in self.languages if tesseract.script_of(n) == "Latin") or self.languages
        self._limits = limits
        self._begins = begins
        self._until: float | None = None
        self._lock = threading.Lock()

    def read(self, scans: Iterable[tuple[Scan, Image.Image]]) -> Iterator[Reading]:
        """Each page in turn. Pictures are drawn only a few ahead of what is read."""
        if self._until is None:
            self._begins()
            self._until = time.monotonic() + self._limits.ocr_seconds
        side_by_side = max(1, min(4, cpu_count() or 1))
        with ThreadPoolExecutor(side_by_side, thread_name_prefix="ocr") as pool:
            queue: list[Future[Reading]] = []
            for scan, picture in scans:
                queue.append(pool.submit(self._page, scan, picture))
                if len(queue) > side_by_side:
                    yield queue.pop(0).result()
            for future in queue:
                yield future.result()

    @property
    def out_of_time(self) -> bool:
        """True when no further page can be read."""
        return self._until is not None and time.monotonic() >= self._until

    def _left(self) -> float:
        return (self._until or 0.0) - time.monotonic()

    def _page(self, scan: Scan, picture: Image.Image) -> Reading:
        try:
            return Reading(page=scan.page, pieces=self._pieces(scan, _prepared(picture)))
        except Slow:
            return Reading(page=scan.page, pieces=None)
        except ParseFailure as failure:
            if failure.code is not Code.PARSER_CRASHED:
                raise
            return Reading(page=scan.page, pieces=None)

    def _pieces(self, scan: Scan, picture: Image.Image) -> list[Piece]:
        turn, skew, languages = 0, crookedness(picture), self._preferred
        best = self._words(_straight(picture, skew), languages)
        if _worth(best) < GOOD:
            turned, other_turn, others = self._upright(picture)
            other_skew = crookedness(turned)
            if (other_turn, other_skew, others) != (turn, skew, languages):
                again = self._words(_straight(turned, other_skew), others)
                if _worth(again) > _worth(best):
                    best, picture, turn, skew = again, turned, other_turn, other_skew
                    with self._lock:
                        self._preferred = others  # the other pages are most likely alike
        if _worth(best) < LEAST:
            return []
        return list(_lines(best, scan, picture.size, turn, skew))

    def _words(self, picture: Image.Image, languages: tuple[str, ...]) -> list[Word]:
        found = tesseract.words(picture, languages=languages, dpi=DPI, seconds=self._left())
        return [word for word in found if word.sure >= NOISE]

    def _upright(self, picture: Image.Image) -> tuple[Image.Image, int, tuple[str, ...]]:
        """The picture turned as its letters stand, by how many degrees, and the languages of their script."""
        told = tesseract.orientation(picture, seconds=self._left())
        if told is None:  # too little text to tell: the languages that were not tried yet
            return picture, 0, tuple(name for name in self.languages if name not in self._preferred) or self._preferred
        fitting = tuple(name for name in self.languages if tesseract.script_of(name) == told.script)
        turn = told.turn if told.sure > 1 else 0
        return picture.rotate(-turn, expand=True, fillcolor=255), turn, fitting or self._preferred


def _prepared(picture: Image.Image) -> Image.Image:
    """Grey, dark letters on light ground, of a size at which letters are read well."""
    grey = ImageOps.autocontrast(picture.convert("L"), cutoff=1)
    if sum(grey.resize((64, 64)).tobytes()) < 64 * 64 * 90:
        grey = ImageOps.invert(grey)
    return grey


def _worth(words: Sequence[Word]) -> float:
    """How well a page was read: 0 to 100, 0 for next to nothing."""
    letters = sum(_letters(word.text) for word in words)
    if letters < FEWEST:
        return 0.0
    return sum(word.sure * _letters(word.text) for word in words) / letters


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def crookedness(picture: Image.Image) -> float:
    """Degrees (counter-clockwise) by which lines of text rise: where the rows of the turned page differ the most."""
    small = picture.copy()
    small.thumbnail((900, 900), Image.Resampling.BILINEAR)
    ink = small.point(lambda value: 255 if value < 140 else 0).filter(ImageFilter.MaxFilter(3))

    def sharpness(angle: float) -> float:
        rows = list(ink.rotate(-angle, fillcolor=0).resize((1, ink.height), Image.Resampling.BOX).tobytes())
        return float(sum((after - before) ** 2 for before, after in pairwise(rows)))

    coarse = max((step * 1.0 for step in range(-int(STEEPEST), int(STEEPEST) + 1)), key=sharpness)
    best = max((coarse + step * 0.2 for step in range(-5, 6)), key=sharpness)
    return best if abs(best) >= 0.6 and sharpness(best) > 1.1 * sharpness(0.0) else 0.0


def _straight(picture: Image.Image, skew: float) -> Image.Image:
    return picture.rotate(-skew, resample=Image.Resampling.BICUBIC, fillcolor=255) if skew else picture


# --- words to pieces --------------------------------------------------------------------------------------------


def _lines(words: Sequence[Word], scan: Scan, size: tuple[int, int], turn: int, skew: float) -> Iterator[Piece]:
    wide, high = (scan.height, scan.width) if turn in (90, 270) else (scan.width, scan.height)
    across, down = wide / size[0], high / size[1]
    heights = _letter_heights(words)
    for line, group in groupby(words, key=lambda word: word.line):
        height = heights[line[:2]]
        for part in _parted(list(group), height):
            text = _MARKS.sub("• ", single_line(_spaced(part)))
            if not re.search(r"\w", text):
                continue
            bottom = median(word.bottom for word in part)
            yield Piece(
                text=text,
                page=scan.page,
                left=min(word.left for word in part) * across,
                top=min(word.top for word in part) * down,
                right=max(word.right for word in part) * across,
                bottom=max(word.bottom for word in part) * down,
                baseline=bottom * down,
                size=height * down,
                bold=False,
                turned=False,
                width=wide,
                height=high,
                turn=turn,
                skew=skew,
                paragraph=1 + 1000 * line[0] + line[1],
            )


def _letter_heights(words: Sequence[Word]) -> dict[tuple[int, int], float]:
    """The height of the letters of each paragraph; the page's own where they differ little, as headings do not."""
    by_paragraph: dict[tuple[int, int], list[int]] = {}
    for word in words:
        by_paragraph.setdefault(word.line[:2], []).append(word.bottom - word.top)
    tall = {name: float(sorted(heights)[int(0.7 * (len(heights) - 1))]) for name, heights in by_paragraph.items()}
    page = median([tall[word.line[:2]] for word in words for _ in word.text]) if words else 1.0
    return {name: page if 0.75 < height / page < 1.35 else max(height, 1.0) for name, height in tall.items()}


def _parted(words: list[Word], height: float) -> Iterator[list[Word]]:
    part: list[Word] = []
    for word in words:
        if part and word.left - part[-1].right > GAP * height:
            yield part
            part = []
        part.append(word)
    if part:
        yield part


def _spaced(words: Sequence[Word]) -> str:
    """The words with spaces between, but none between characters of scripts that have none."""
    text = ""
    for word in words:
        close = text and "\u3000" <= text[-1] <= "\u9fff" and "\u3000" <= word.text[0] <= "\u9fff"
        text += word.text if close or not text else f" {word.text}"
    return text
