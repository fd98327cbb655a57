"""Which section each element of a document stands in: the headings above it, and a table's title. Knows records only.

The title of a table on a page is often no heading by its letters: "Consolidated Balance Sheets", "(in millions)". It is
told by its place, and belongs to every piece of the table. How the names of a section stand in one line is known here
alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from storage.records import ELEMENT_SEPARATOR, Element, Kind, Revision

CAPTION = 120  # characters of a line that may be part of a table's title
WHOLE_CAPTION = 160
CENTRED_FROM, CENTRED_WITHIN = 0.2, 0.06  # of the page's width
_SENTENCE_END = (".", ";", "!", "?", ",")
_BETWEEN, _INSIDE = " > ", "\N{NO-BREAK SPACE}>\N{NO-BREAK SPACE}"  # the second: in a name, as "Settings > Network"


def in_line(names: Iterable[str]) -> str:
    """The names of a section, outermost first, as one line: "Leave > Illness"."""
    return _BETWEEN.join(name.replace(_BETWEEN, _INSIDE) for name in names)


def names_in(line: str) -> list[str]:
    """The names in such a line; none where it is empty."""
    return [name.replace(_INSIDE, _BETWEEN) for name in line.split(_BETWEEN)] if line else []


def innermost(line: str) -> str:
    """The last of the names in such a line; empty where there is none."""
    return line.rpartition(_BETWEEN)[2].replace(_INSIDE, _BETWEEN)


def section_paths(elements: Sequence[Element], title: str) -> Iterator[tuple[str, ...]]:
    """For each element the headings above it, outermost first, its own included; the sheet first where there is one.

    A heading that only repeats the document's title is left out. The title of a table on a page is the innermost.
    """
    path: list[tuple[int, str]] = []
    for element, caption in zip(elements, _captions(elements), strict=True):
        if element.kind is Kind.HEADING:
            name = " ".join(element.text.split())
            path = [part for part in path if part[0] < element.level]
            if name.casefold() != title.casefold():
                path.append((element.level, name))
        names = tuple(name for _, name in path) + ((caption,) if caption else ())
        yield (element.sheet, *names) if element.sheet and element.sheet not in names else names


def _captions(elements: Sequence[Element]) -> list[str]:
    """For each element the title of the table that it is part of or announces; "" without one.

    A table may be read in several pieces with short lines between them, and go on over the page's end: they are one.
    """
    captions = [""] * len(elements)
    for first, end in _runs(elements):
        tables = [place for place in range(first, end) if elements[place].kind is Kind.TABLE]
        if tables:
            said = " ".join(" ".join(element.text.split()) for element in elements[first : tables[0]])
            captions[first:end] = [said[:WHOLE_CAPTION]] * (end - first)
    return captions


def _runs(elements: Sequence[Element]) -> Iterator[tuple[int, int]]:
    """Stretches of tables and short lines, as (first, end)."""
    first = 0
    for place, (before, after) in enumerate(pairwise(elements), 1):
        if not (_may_title(before) and _may_title(after) and _goes_on(before, after)):
            yield first, place
            first = place
    if elements:
        yield first, len(elements)


def _may_title(element: Element) -> bool:
    if element.page is None or element.kind not in (Kind.TEXT, Kind.TABLE):
        return False
    return element.kind is Kind.TABLE or (len(element.text) <= CAPTION and not element.text.endswith(_SENTENCE_END))


def _goes_on(before: Element, after: Element) -> bool:
    if before.page == after.page:
        return not (before.kind is Kind.TABLE and after.kind is Kind.TEXT and _is_centred(after))
    return before.kind is after.kind is Kind.TABLE


def _is_centred(element: Element) -> bool:
    """A title of its own, where the label of a row would stand at the left."""
    return bool(element.lines) and all(
        line.box[0] > CENTRED_FROM and abs(line.box[0] + line.box[2] - 1) < CENTRED_WITHIN for line in element.lines
    )


def section_at(revision: Revision, place: int) -> str:
    """The section of a place in the revision's text, written as chunks write theirs: "Leave > Illness"."""
    offset = 0
    found: tuple[str, ...] = ()
    for element, path in zip(revision.elements, section_paths(revision.elements, revision.title), strict=True):
        if offset > place:
            break
        found = path
        offset += len(element.text) + len(ELEMENT_SEPARATOR)
    return in_line(found)
