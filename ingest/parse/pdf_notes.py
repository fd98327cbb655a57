"""Footnotes of PDF pages: the small lines below the text, each put after the paragraph that refers to it.

A note begins with its mark; what refers to it is the same mark behind a word of the page. Where nothing is found that
refers to a note, it stays where it is. Knows blocks only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.parse.pdf_piece import Block, Piece

SMALL = 0.93  # of the body's size
LOW = 0.4  # of the page's height: notes stand below this
_BEGINS = re.compile(r"^\[?(\d{1,3}|[*†‡§]{1,3})[.)\]]?\s*(?=\w|[\"“„(])")


@dataclass(kw_only=True)
class Notes:
    """The notes of a document, taken out of its pages."""

    after: dict[int, list[Block]] = field(default_factory=dict)  # by the id of the line that refers to them
    blocks: set[int] = field(default_factory=set)  # their ids

    def in_place(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks of the document with each note after what refers to it."""
        placed = []
        for block in blocks:
            placed.append(block)
            for line in block.lines:
                for part in line.parts:
                    placed += self.after.pop(id(part), ())
        return placed


def without_notes(pages: Sequence[list[Block]], body: float) -> tuple[list[list[Block]], Notes]:
    """The pages without the notes whose place was found, and those."""
    notes = Notes()
    return [_page(page, body, notes) for page in pages], notes


def _page(page: list[Block], body: float, notes: Notes) -> list[Block]:
    small = len(page)
    while small and _is_small(page[small - 1], body):
        small -= 1
    lines = [part for block in page[small:] for line in block.lines for part in line.parts]
    if not lines or not _BEGINS.match(lines[0].text):
        return page
    found: list[tuple[str, list[Piece]]] = []
    for line in lines:
        begins = _BEGINS.match(line.text)
        if begins and (not found or _follows(found[-1][0], begins[1])):
            found.append((begins[1], [line]))
        else:
            found[-1][1].append(line)
    places = _places(page[:small], [mark for mark, _ in found])
    if None in places:
        return page
    for place, (_, own) in zip(places, found, strict=True):
        block = Block(lines=own)
        notes.after.setdefault(id(place), []).append(block)
        notes.blocks.add(id(block))
    return page[:small]


def _is_small(block: Block, body: float) -> bool:
    return (
        not block.rows
        and block.top > LOW * block.lines[0].height
        and all(line.size < SMALL * body and not line.turned for line in block.lines)
    )


def _follows(before: str, mark: str) -> bool:
    """True for the next number, or the next of such signs."""
    return int(mark) == int(before) + 1 if mark.isdigit() and before.isdigit() else not mark.isdigit()


def _places(page: Sequence[Block], marks: Sequence[str]) -> list[Piece | None]:
    """For each mark the line that refers to it, in order; None where there is none."""
    lines = [part for block in page for line in block.lines for part in line.parts]
    places: list[Piece | None] = []
    at = 0
    for mark in marks:
        place = next((number for number in range(at, len(lines)) if _refers(lines[number].text, mark)), None)
        places.append(lines[place] if place is not None else None)
        at = place if place is not None else at
    return places


def _refers(text: str, mark: str) -> bool:
    """True where a mark stands behind a word; not in "CO2"."""
    behind = r"(?:([^\W\d_]{2})[.,;:!?)\]”\"’»]*|[)”\"’»])"
    found = re.finditer(rf"{behind}\[?{re.escape(mark)}(?=$|[\s.,;:!?)\]–—-])", text)
    return any(match[1] is None or not match[1].isupper() for match in found)
