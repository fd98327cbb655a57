"""Words in the cells of a workbook that are struck through, taken out of its texts. Knows the parts of an XLSX file.

Cells that are struck through as a whole are told by their styles (`sheet_rows`).
"""

from __future__ import annotations

import re
from typing import Any
from zipfile import ZipFile

from lxml import etree  # type: ignore[import-untyped]
from openpyxl.workbook import Workbook

from ingest.parse.struck import left, says_anything

_SHARED = "sharedstrings.xml"
_MARK = re.compile(rb"<(?:\w+:)?strike\b")
_BLOCK = 1_000_000  # bytes looked through at once
_OFF = ("0", "false")


class Rest(str):
    """What is left of a cell's text, of which a part was struck through."""

    __slots__ = ()


def rest_of(item: Any) -> Rest | None:
    """Of a text in pieces, each with its letters (`si`, `is`). None where nothing of it is struck through."""
    pieces = []
    for run in item.iterchildren("{*}t", "{*}r"):
        text = run if etree.QName(run).localname == "t" else run.find("{*}t")
        mark = run.find("{*}rPr/{*}strike")
        pieces.append((text.text or "" if text is not None else "", mark is not None and mark.get("val") not in _OFF))
    struck = "".join(text for text, gone in pieces if gone)
    return Rest("".join(left(pieces)).strip()) if says_anything(struck) else None


def strike_shared(container: ZipFile, book: Workbook) -> None:
    """Take them out of the texts that a workbook's cells share. Reads these again only where one is struck through."""
    part = next((name for name in container.namelist() if name.lower().endswith(_SHARED)), None)
    sheet: Any = next(iter(book.worksheets), None)
    if part is None or sheet is None or not _has_mark(container, part):
        return
    texts = sheet._shared_strings  # one list for all sheets
    with container.open(part) as held:
        parsed = etree.iterparse(held, tag="{*}si", resolve_entities=False, no_network=True)
        for number, (_, item) in enumerate(parsed):
            rest = rest_of(item)
            if rest is not None and number < len(texts):
                texts[number] = rest
            item.clear()
            while item.getprevious() is not None:
                del item.getparent()[0]


def _has_mark(container: ZipFile, part: str) -> bool:
    end = b""
    with container.open(part) as held:
        while block := held.read(_BLOCK):
            if _MARK.search(end + block):
                return True
            end = block[-50:]
    return False
