"""The blocks of all pages to elements: running heads dropped, headings found by size and weight, hyphens undone.

Knows the whole document, which no page does: what the body's font is, what repeats, which words exist.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ingest.parse.pdf_joins import joined_blocks
from ingest.parse.pdf_layout import BULLET, NUMBERED
from ingest.parse.pdf_notes import without_notes
from ingest.parse.pdf_piece import Block, Piece
from ingest.parse.table import table
from storage.records import Box, Element, Kind, Line

MARGIN = 0.12  # of the page's height: where running heads and page numbers stand
_PAGE_NUMBER = re.compile(
    r"^[\s\-–|]*(page|seite|p\.|pág\.|página|стр\.|第)?\s*(\d{1,4}|[ivxlc]{1,6})\s*(页)?\s*((of|von|de|sur|/|из)\s*\d{1,4})?[\s\-–|]*$",
    re.IGNORECASE,
)
_TWO_LETTERS = re.compile(r"[^\W\d_].*[^\W\d_]")
_LONGEST_HEADING = 160  # characters
_HEADING_END = (".", ",", ";", "。", "，", "；")


def document_elements(pages: Sequence[list[Block]]) -> list[Element]:
    """All elements of a document, in order."""
    body = _body_size(pages)
    texts, notes = without_notes(_without_furniture(pages, body), body)
    blocks = notes.in_place(joined_blocks([block for page in texts for block in page]))
    levels = _heading_levels(blocks, body)
    words = Words(blocks)
    elements: list[Element] = []
    for block in blocks:
        if block.rows:
            elements += _table_element(block, words)
        else:
            elements += _text_element(block, levels, body, words, note=id(block) in notes.blocks)
    return elements


def _body_size(pages: Sequence[list[Block]]) -> float:
    """The size that most characters have."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for block in page:
            for line in block.lines:
                sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _without_furniture(pages: Sequence[list[Block]], body: float) -> list[list[Block]]:
    """Keep once what stands in the margins of many pages, and drop page numbers.

    What is kept stands behind all text: a foot between two pages would break the paragraph that goes on over it. Only
    the head of the first page stays where it is.
    """
    seen: Counter[tuple[str, int]] = Counter()
    for page in pages:
        loose = (line for block in page if not _is_table(block) for line in block.lines if _in_margin(line))
        seen.update({_furniture_key(line, body) for line in loose})
    often = max(min(3, len(pages)), len(pages) // 5)
    repeated = {key for key, count in seen.items() if count >= often} if len(pages) > 1 else set()
    first = next((line.page for page in pages for block in page for line in block.lines), 1)
    said: set[str] = set()
    kept: list[Piece] = []

    def is_furniture(line: Piece) -> bool:
        if not _in_margin(line):
            return False
        if len(pages) > 1 and _PAGE_NUMBER.match(line.text):
            return True
        key = _furniture_key(line, body)
        if key not in repeated:
            return False
        if key[0] in said:
            return True
        said.add(key[0])
        if line.page == first and line.bottom < MARGIN * line.height:
            return False
        kept.append(line)
        return True

    texts = [[block for block in (_stripped(block, is_furniture) for block in page) if block] for page in pages]
    if kept:
        texts[-1] += [Block(lines=[line]) for line in kept]
    return texts


def _stripped(block: Block, is_furniture: Callable[[Piece], bool]) -> Block | None:
    if _is_table(block):
        return block
    lines = [line for line in block.lines if not is_furniture(line)]
    if len(lines) == len(block.lines):
        return block
    rows = [row for row in block.rows if any(cell in lines for cell in row if cell)]
    return replace(block, lines=lines, rows=rows) if lines else None


def _is_table(block: Block) -> bool:
    """A table between drawn lines that is not all in the margin: no row of it is a head or foot of the page."""
    return block.ruled and not all(map(_in_margin, block.lines))


def _in_margin(line: Piece) -> bool:
    return line.bottom < MARGIN * line.height or line.top > (1 - MARGIN) * line.height or line.turned


def _furniture_key(line: Piece, body: float) -> tuple[str, int]:
    """Text without its numbers, and height on the page. Large text keeps them: "Chapter 1" is no running head."""
    text = re.sub(r"\d+", "#", line.text) if line.size < 1.15 * body else line.text
    return text, round(line.baseline / line.height * 50)


def _heading_levels(blocks: Sequence[Block], body: float) -> dict[float, int]:
    """Sizes larger than the body's, ranked. Sizes within a twentieth of each other are one."""
    sizes = sorted({round(block.lines[0].size, 1) for block in blocks if _is_large(block, body)}, reverse=True)
    levels: dict[float, int] = {}
    level, last = 0, 0.0
    for size in sizes:
        if not last or size < 0.95 * last:
            level += 1
            last = size
        levels[size] = min(level, 6)
    return levels


def _is_large(block: Block, body: float) -> bool:
    first = block.lines[0]
    if block.rows or first.turned or first.size < 1.15 * body or len(block.lines) > 3:
        return False
    text = " ".join(line.text for line in block.lines)
    return len(text) <= _LONGEST_HEADING and not BULLET.match(first.text) and bool(_TWO_LETTERS.search(text))


def _is_bold_heading(block: Block, body: float) -> bool:
    line = block.lines[0]
    if line.turned or line.size < 0.97 * body or len(block.lines) > 2 or not all(piece.bold for piece in block.lines):
        return False
    text = " ".join(piece.text for piece in block.lines)
    first = text.lstrip("0123456789.() ")[:1]
    plain = not text.endswith((*_HEADING_END, ":")) and not BULLET.match(text)
    return 3 <= len(text) <= 100 and plain and first.isalpha() and not first.islower()


class Words:
    """What stands inside lines: whether a broken word has a hyphen of its own is told from it."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._text = "\n".join(line.text for block in blocks for line in block.lines).lower()
        self._known: dict[str, int] = {}

    def count(self, word: str) -> int:
        """How often a word is said unbroken."""
        if word not in self._known:
            self._known[word] = self._text.count(word)
        return self._known[word]


def _text_element(
    block: Block, levels: dict[float, int], body: float, words: Words, *, note: bool
) -> Iterator[Element]:
    text, lines = joined_lines(block.lines, words)
    if not text:
        return
    page = block.lines[0].page
    kind, level = Kind.TEXT, 0
    if note:
        kind = Kind.NOTE
    elif block.heading:
        kind, level = Kind.HEADING, min(max(levels.values(), default=0) + (1 if block.lines[0].bold else 2), 6)
    elif _is_large(block, body):
        kind, level = Kind.HEADING, levels.get(round(block.lines[0].size, 1), 1)
    elif _is_bold_heading(block, body):
        kind, level = Kind.HEADING, min(max(levels.values(), default=0) + 1, 6)
    elif BULLET.match(block.lines[0].text) or NUMBERED.match(text):
        kind = Kind.LIST
    yield Element(kind=kind, text=text, level=level, page=page, lines=tuple(lines))


def joined_lines(pieces: Sequence[Piece], words: Words) -> tuple[str, list[Line]]:
    """The text of a paragraph and where each of its lines stands in it."""
    text = ""
    lines: list[Line] = []
    for number, piece in enumerate(pieces):
        mark = BULLET.match(piece.text) if number == 0 else None
        addition = f"- {piece.text[mark.end() :]}".strip() if mark else piece.text.strip()
        if not addition:
            continue
        if text and _is_broken(text, addition, words):
            text = text[:-1]
            last = lines[-1]
            lines[-1] = Line(start=last.start, end=len(text), page=last.page, box=last.box)
        elif text and not _runs_on(text, addition):
            text += " "
        lines.append(Line(start=len(text), end=len(text) + len(addition), page=piece.page, box=box(piece)))
        text += addition
    return text, lines


def _is_broken(text: str, addition: str, words: Words) -> bool:
    """True when the hyphen at the end of `text` only breaks a word."""
    if not text.endswith("-"):
        return False
    before = re.search(r"(\w+)-$", text[-80:])
    after = re.match(r"\w+", addition)
    if not before or not after or not before.group(1)[-1].isalpha() or not addition[0].islower():
        return False
    head, tail = before.group(1).lower(), after.group().lower()
    hyphened = words.count(f"{head}-{tail}")
    return not hyphened or hyphened <= words.count(head + tail)


def _runs_on(text: str, addition: str) -> bool:
    """No space between the lines: a hyphen of its own, or a script that has no spaces."""
    hyphen = text.endswith("-") and text[-2:-1].isalnum() and (addition[0].islower() or addition[0].isdigit())
    return hyphen or (_is_ideographic(text[-1]) and _is_ideographic(addition[0]))


def _is_ideographic(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def box(piece: Piece) -> Box:
    """Fractions of the visible page."""
    left, top = piece.left / piece.width, piece.top / piece.height
    right, bottom = piece.right / piece.width, piece.bottom / piece.height
    if not (left >= 0 and top >= 0 and right <= 1 and bottom <= 1):
        left, top, right, bottom = (min(max(value, 0.0), 1.0) for value in (left, top, right, bottom))
    if piece.skew or piece.turn:
        return as_seen((left, top, right, bottom), piece)
    return left, top, right, bottom


def as_seen(box: Box, piece: Piece) -> Box:
    """A box on a page that was turned and straightened to be read, on the page as it is."""
    left, top, right, bottom = box
    sine, cosine = math.sin(math.radians(piece.skew)), math.cos(math.radians(piece.skew))
    shape = piece.width / piece.height
    middle = (top + bottom) / 2
    points = []
    for x, y in ((left, middle), (right, middle)):  # a long box leans: only its middle line is followed
        across, down = (x - 0.5) * shape, y - 0.5
        u, v = (across * cosine + down * sine) / shape + 0.5, -across * sine + down * cosine + 0.5
        points.append({90: (v, 1 - u), 180: (1 - u, 1 - v), 270: (1 - v, u)}.get(piece.turn, (u, v)))
    half = (bottom - top) / 2
    wide, high = (half, 0.0) if piece.turn in (90, 270) else (0.0, half)
    xs, ys = zip(*points, strict=True)
    edges = (min(xs) - wide, min(ys) - high, max(xs) + wide, max(ys) + high)
    x1, y1, x2, y2 = (min(max(value, 0.0), 1.0) for value in edges)
    return x1, y1, x2, y2


def _bold_rows(rows: Sequence[Sequence[Piece | None]]) -> int | None:
    """1 where the first row alone is bold, as names of columns are; else None, to be guessed from the words."""
    bold = [all(cell.bold for cell in row if cell) for row in rows[:2]]
    full = sum(map(bool, rows[0])) >= max(2, len(rows[0]) - 1)
    return 1 if full and bold == [True, False] else None


def _table_element(block: Block, words: Words) -> list[Element]:
    page = block.lines[0].page
    cells = [[joined_lines(cell.parts, words)[0] if cell else "" for cell in row] for row in block.rows]
    names = _bold_rows(block.rows) if block.names is None else block.names
    found = table(cells, header_rows=names, page=page)
    if not found:
        return []
    element = found[0]
    shown = block.rows[len(block.rows) - len(element.rows) :]
    lines = []
    for record, row in zip(element.rows, shown, strict=True):
        boxes = [box(cell) for cell in row if cell]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        outline = (min(lefts), min(tops), max(rights), max(bottoms))
        first = next(cell for cell in row if cell)
        lines.append(Line(start=record.start, end=record.end, page=first.page, box=outline))
    return [
        Element(
            kind=Kind.TABLE, text=element.text, page=page, header=element.header, rows=element.rows, lines=tuple(lines)
        )
    ]
