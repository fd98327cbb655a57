"""Plain text and source text to elements: the text is left as it is, only parted at blank lines.

Not through unstructured's `partition_text`, which joins and relabels lines.
"""

from __future__ import annotations

import re

from ingest.parse.formats import PLAIN
from ingest.parse.text import heading, normal, paragraphs, single_line
from storage.records import Element, Kind, Parsed

_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+.:_])\1{2,}\s*$")


def parse_plain(source: str, *, suffix: str) -> Parsed:
    """A text file; its suffix tells prose from source."""
    if suffix == ".rst":
        elements = _underlined(source)
        title = next((element.text for element in elements[:3] if element.kind is Kind.HEADING), None)
        return Parsed(elements=tuple(elements), title=title)
    if suffix in PLAIN or not suffix:
        return Parsed(elements=tuple(paragraphs(source)))
    return Parsed(elements=tuple(_code(source)))


def _code(source: str) -> list[Element]:
    """Blocks of source: parted where a blank line is followed by a line that is not indented."""
    blocks = re.split(r"\n(?:[^\S\n]*\n)+(?=[^\s)\]}])", re.sub(r"\r\n?", "\n", source))
    texts = (normal(block) for block in blocks)
    return [Element(kind=Kind.CODE, text=text) for text in texts if text]


def _underlined(source: str) -> list[Element]:
    """reStructuredText: a line over a rule of its own length is a heading; rules rank as they first appear."""
    ranks: list[str] = []
    elements: list[Element] = []
    for element in paragraphs(source):
        lines = element.text.split("\n")
        if len(lines) > 1 and _UNDERLINE.match(lines[0]):
            lines = lines[1:]
        if len(lines) > 1 and _UNDERLINE.match(lines[1]) and len(lines[1].strip()) >= len(lines[0].strip()) - 1:
            mark = lines[1][0]
            if mark not in ranks:
                ranks.append(mark)
            elements += heading(single_line(lines[0]), ranks.index(mark) + 1)
            lines = lines[2:]
        elements += paragraphs("\n".join(lines))
    return elements
