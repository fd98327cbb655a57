"""Which section each element of a document stands in: the headings above it. Knows records only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storage.records import ELEMENT_SEPARATOR, Element, Kind, Revision


def section_paths(elements: Sequence[Element], title: str) -> Iterator[tuple[str, ...]]:
    """For each element the headings above it, outermost first, its own included; the sheet first where there is one.

    A heading that only repeats the document's title is left out.
    """
    path: list[tuple[int, str]] = []
    for element in elements:
        if element.kind is Kind.HEADING:
            name = " ".join(element.text.split())
            path = [part for part in path if part[0] < element.level]
            if name.casefold() != title.casefold():
                path.append((element.level, name))
        names = tuple(name for _, name in path)
        yield (element.sheet, *names) if element.sheet and element.sheet not in names else names


def section_at(revision: Revision, place: int) -> str:
    """The section of a place in the revision's text, written as chunks write theirs: "Leave > Illness"."""
    offset = 0
    found: tuple[str, ...] = ()
    for element, path in zip(revision.elements, section_paths(revision.elements, revision.title), strict=True):
        if offset > place:
            break
        found = path
        offset += len(element.text) + len(ELEMENT_SEPARATOR)
    return " > ".join(found)
