"""Elements to chunks: pieces that fit the embedder's limit by its own tokenizer and read by themselves.

A chunk's body is a span of the revision's text. It never breaks a sentence or a table row unless that alone is over
the limit; headings stay with what follows them. Every row of a table names its columns (storage.records.Row), so a
piece of a table keeps its header. Knows the embedder's tokenizer; embeds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath

from ingest.language import languages
from storage.records import ELEMENT_SEPARATOR, Chunk, Element, Kind, Parsed, revision_text
from storage.sections import in_line, section_paths
from storage.sentences import sentence_spans

Count = Callable[[Sequence[str]], list[int]]

_NAME_WORD = re.compile(r"[^\W_]+")
HEADER_SHARE = 0.3  # of a chunk's tokens, at most
LONGEST_NAME = 100  # characters of a row's first cell that stands over what the row goes on with
COUNTED_AT_ONCE = 1000  # units: a tokenizer makes much more of each than its number
BREAK_AT_HEADING = 0.35  # a heading starts a new chunk when the one before is this full; less would be a crumb
SEPARATORS = ("\n", " | ", "; ", "；", "：", "，", ", ", "、", " ")  # where an over-long sentence is cut, best first


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unit:
    """A sentence, table row or heading: what is not to be broken."""

    start: int  # in the revision's text
    end: int
    tokens: int
    element: int  # index
    section: tuple[str, ...]
    heading: bool
    note: bool  # such as what sums a sheet up, before its rows
    address: str | None = None
    rest: bool = False  # of a row that is over the limit


def title_of(parsed: Parsed, path: str) -> str:
    """The document's own title, else its file name in words."""
    return parsed.title or " ".join(PurePosixPath(path).stem.replace("_", " ").split()) or path


def name_of(parsed: Parsed, path: str, title: str) -> str:
    """What a file's name says that the title does not, for the headers; "" where the format's titles can be relied on.

    A PDF's title is often that of a form or template, and company and year stand in the file's name alone.
    """
    if parsed.pages is None:
        return ""
    words = _NAME_WORD.findall(PurePosixPath(path).stem)
    known = {word.casefold() for word in _NAME_WORD.findall(title)}
    return " ".join(word for word in words if word.casefold() not in known)


def chunk(parsed: Parsed, *, title: str, revision: str, size: int, count_tokens: Count, name: str = "") -> list[Chunk]:
    """Cut a document. `size`: tokens of header and body together, at most.

    Every character of the revision's text except the separators between elements is in exactly one chunk.
    """
    text = revision_text(parsed.elements)
    offsets = _offsets(parsed.elements)
    units = _units(parsed.elements, text, title, int(size * (1 - HEADER_SHARE)), count_tokens)
    headers = _Headers(f"{title} ({name})" if name else title, int(size * HEADER_SHARE), count_tokens)
    chunks = []
    for position, group in enumerate(_pack(units, size, headers)):
        section = _section(group)
        chunks.append(
            Chunk(
                id=f"{revision}:{position}",
                revision_id=revision,
                position=position,
                start=group[0].start,
                end=group[-1].end,
                header=headers.text(section),
                body=text[group[0].start : group[-1].end],
                section=in_line(section),
                pages=_pages(parsed.elements, offsets, group),
                cells=_cells(parsed.elements, group),
                tokens=headers.tokens(section) + sum(unit.tokens for unit in group),
            )
        )
    spoken = languages([piece.body for piece in chunks])
    return [replace(piece, language=language) for piece, language in zip(chunks, spoken, strict=True)]


def embedding_text(piece: Chunk) -> str:
    """What is embedded for a chunk."""
    return f"{piece.header}\n{piece.body}" if piece.header else piece.body


# --- units ---------------------------------------------------------------------------------------------------------


def _units(elements: Sequence[Element], text: str, title: str, limit: int, count_tokens: Count) -> Iterator[_Unit]:
    """The document's, a slice at a time: a large sheet has hundreds of thousands."""
    spans = _all_spans(elements, title)
    while raw := list(islice(spans, COUNTED_AT_ONCE)):
        counts = count_tokens([text[unit.start : unit.end] for unit in raw])
        for unit, tokens in zip(raw, counts, strict=True):
            whole = replace(unit, tokens=tokens)
            for piece in _cut(whole, text, limit, count_tokens):
                yield (
                    piece
                    if piece.start == unit.start
                    else replace(piece, rest=True, section=_under_row(whole, piece, elements, text))
                )


def _all_spans(elements: Sequence[Element], title: str) -> Iterator[_Unit]:
    """Units whose tokens have still to be counted."""
    offset = 0
    for index, (element, path) in enumerate(zip(elements, section_paths(elements, title), strict=True)):
        for start, end, address in _spans(element):
            yield _Unit(
                start=offset + start,
                end=offset + end,
                tokens=0,
                element=index,
                section=path,
                heading=element.kind is Kind.HEADING,
                note=element.kind is Kind.NOTE,
                address=address,
            )
        offset += len(element.text) + len(ELEMENT_SEPARATOR)


def _under_row(row: _Unit, piece: _Unit, elements: Sequence[Element], text: str) -> tuple[str, ...]:
    """The section of what an over-long row goes on with: what the row is of, so that each piece reads by itself."""
    if not elements[row.element].rows:
        return row.section
    first = text[row.start : row.end].split(" | ", 1)[0]
    return (*row.section, first) if len(first) <= LONGEST_NAME and row.start + len(first) < piece.start else row.section


def _spans(element: Element) -> Iterator[tuple[int, int, str | None]]:
    if element.rows:
        yield from ((row.start, row.end, row.address) for row in element.rows if row.end > row.start)
    elif element.kind is Kind.HEADING:
        yield 0, len(element.text), None
    else:
        found = _lines(element.text) if element.kind is Kind.CODE else sentence_spans(element.text)
        yield from ((start, end, None) for start, end in found)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1


def _cut(unit: _Unit, text: str, limit: int, count_tokens: Count) -> Iterator[_Unit]:
    """A unit over the limit in pieces under it, cut near the middle at the best separator there is."""
    if unit.tokens <= limit or unit.end - unit.start < 2:
        yield unit
        return
    at = _middle(text, unit.start, unit.end)
    halves = [(unit.start, at), (at, unit.end)]
    counts = count_tokens([text[start:end] for start, end in halves])
    for (start, end), tokens in zip(halves, counts, strict=True):
        yield from _cut(replace(unit, start=start, end=end, tokens=tokens), text, limit, count_tokens)


def _middle(text: str, start: int, end: int) -> int:
    middle = (start + end) // 2
    quarter = (end - start) // 4
    for separator in SEPARATORS:
        before = text.rfind(separator, start + quarter, middle)
        after = text.find(separator, middle, end - quarter)
        found = [place + len(separator) for place in (before, after) if place >= 0]
        if found:
            return min(found, key=lambda place: abs(place - middle))
    return middle


# --- packing -------------------------------------------------------------------------------------------------------


class _Headers:
    """Context headers, "Title > Section > Subsection", cut to their share of a chunk."""

    def __init__(self, title: str, limit: int, count_tokens: Count) -> None:
        self._title = title
        self._limit = limit
        self._count = count_tokens
        self._known: dict[tuple[str, ...], tuple[str, int]] = {}

    def text(self, section: tuple[str, ...]) -> str:
        return self._header(section)[0]

    def tokens(self, section: tuple[str, ...]) -> int:
        return self._header(section)[1]

    def _header(self, section: tuple[str, ...]) -> tuple[str, int]:
        if section not in self._known:
            self._known[section] = self._fit(section)
        return self._known[section]

    def _fit(self, section: tuple[str, ...]) -> tuple[str, int]:
        """Drop the outer sections first: the title says which document, the innermost which part."""
        for first in range(len(section) + 1):
            header = in_line((self._title, *section[first:]))
            tokens = self._count([header])[0]
            if tokens <= self._limit:
                return header, tokens
        words = self._title
        while (tokens := self._count([words])[0]) > self._limit:
            words = words[: len(words) * self._limit // tokens]
        return words, tokens


def _pack(units: Iterable[_Unit], size: int, headers: _Headers) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    tokens = 0
    for unit in units:
        room = size - headers.tokens(_section([*group, unit]))
        full = bool(group) and tokens + unit.tokens > room
        after_text = bool(group) and not group[-1].heading
        begins = unit.heading or (bool(group) and group[-1].note and not unit.note)
        other_row = bool(group) and group[-1].rest and unit.section != group[-1].section
        new_part = after_text and (
            other_row or _titles(group[-1], unit) or (begins and tokens >= BREAK_AT_HEADING * size)
        )
        if full or new_part:
            kept = _without_trailing_headings(group)
            yield kept
            group = group[len(kept) :]
            tokens = sum(item.tokens for item in group)
            if group and tokens + unit.tokens > size - headers.tokens(_section([*group, unit])):
                yield group  # headings so long that nothing fits beside them
                group, tokens = [], 0
        group.append(unit)
        tokens += unit.tokens
    if group:
        yield group


def _titles(before: _Unit, unit: _Unit) -> bool:
    """Whether a table begins here whose title is no heading: its section goes deeper, or beside, without one."""
    return not unit.heading and unit.section != before.section and len(unit.section) >= len(before.section)


def _without_trailing_headings(group: list[_Unit]) -> list[_Unit]:
    last = len(group)
    while last > 1 and group[last - 1].heading:
        last -= 1
    return group[:last] if not group[last - 1].heading else group


def _section(group: Sequence[_Unit]) -> tuple[str, ...]:
    """The section of the first text; of a chunk with several sections, what they share beyond that is in the body."""
    return next((unit.section for unit in group if not unit.heading), group[-1].section)


def _offsets(elements: Sequence[Element]) -> list[int]:
    """Where each element starts in the revision's text."""
    starts, at = [], 0
    for element in elements:
        starts.append(at)
        at += len(element.text) + len(ELEMENT_SEPARATOR)
    return starts


def _pages(elements: Sequence[Element], offsets: Sequence[int], group: Sequence[_Unit]) -> tuple[int, ...]:
    pages: set[int] = set()
    for index in dict.fromkeys(unit.element for unit in group):
        element = elements[index]
        if element.page is not None:
            pages.add(element.page)
        if element.lines:
            mine = [unit for unit in group if unit.element == index]
            first, last = mine[0].start - offsets[index], mine[-1].end - offsets[index]
            pages.discard(element.page or 0)
            pages |= {line.page for line in element.lines if line.start < last and line.end > first}
    return tuple(sorted(pages))


def _cells(elements: Sequence[Element], group: Sequence[_Unit]) -> str | None:
    """The cell range of the first sheet's rows in the group: "Prices!A5:F9"."""
    rows = [unit for unit in group if unit.address]
    if not rows:
        return None
    sheet = elements[rows[0].element].sheet
    same = [unit.address for unit in rows if elements[unit.element].sheet == sheet and unit.address]
    first, last = same[0].split(":")[0], same[-1].split(":")[-1]
    return f"{sheet}!{first}:{last}" if sheet else f"{first}:{last}"
