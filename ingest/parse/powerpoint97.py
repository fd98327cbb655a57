"""The bare text of an old PowerPoint file, read from its records ([MS-PPT] 2.9.42 and 2.9.43).

For damaged files that LibreOffice opens without any of their text. Knows neither slides nor shapes: a last resort.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.parse.legacy import open_container
from ingest.parse.text import paragraphs
from storage.records import Element, Parsed

_TEXT_UTF16 = 0x0FA0
_TEXT_BYTES = 0x0FA8
_CONTAINER = 0x0F  # low bits of a record that holds records
_MASTER_PROMPTS = (
    "Click to edit",
    "Second level",
    "Fare clic per modificare",
    "Klicken Sie, um",
    "Cliquez pour modifier",
)


def parse_records(path: Path) -> Parsed:
    """Every text record, in the order of the file."""
    with open_container(path) as container:
        data = container.openstream("PowerPoint Document").read()
    elements: list[Element] = []
    seen: set[str] = set()
    for text in _texts(data):
        if text.strip() and text not in seen and not text.startswith(_MASTER_PROMPTS):
            seen.add(text)
            elements += paragraphs(text)
    return Parsed(
        elements=tuple(elements),
        warnings=("The file is damaged; its text was recovered without slide numbers and order.",) if elements else (),
    )


def _texts(data: bytes) -> Iterator[str]:
    position = 0
    while position + 8 <= len(data):
        head = int.from_bytes(data[position : position + 2], "little")
        kind = int.from_bytes(data[position + 2 : position + 4], "little")
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8
        if head & 0x0F == _CONTAINER:
            continue  # what it holds follows at once
        body = data[position : position + length]
        if kind == _TEXT_UTF16:
            yield body.decode("utf-16-le", "replace")
        elif kind == _TEXT_BYTES:
            yield body.decode("latin-1")
        position += length
