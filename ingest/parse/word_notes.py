"""Footnotes and endnotes of Word: a mark where the text refers to one, and the note's text for that mark.

Footnotes are numbered as Word shows them, 1, 2, 3 in the order of their references, endnotes i, ii, iii.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from lxml import etree  # type: ignore[import-untyped]

from ingest.parse.text import prose, single_line
from ingest.parse.word_struck import StruckThrough
from storage.records import Element, Kind

_PARTS = {"w:footnoteReference": "word/footnotes.xml", "w:endnoteReference": "word/endnotes.xml"}
_MARK = re.compile("\ue0f0([^\ue0f0\ue0f1]*)\ue0f1")  # of a reference, on its way through unstructured's reader


class WordNotes:
    """The notes of one document."""

    def __init__(self, path: Path, struck: StruckThrough) -> None:
        self._texts = {tag: _texts(path, part, struck) for tag, part in _PARTS.items()}
        self._marked: dict[str, str] = {}  # by the mark's name, "1" or "ii": the note

    def mark(self, body: Any) -> None:
        """Put a mark into the text of `body` wherever it refers to a note."""
        for tag, name in (("w:footnoteReference", str), ("w:endnoteReference", _roman)):
            number = 0
            for reference in list(body.iter(qn(tag))):
                text = self._texts[tag].pop(reference.get(qn("w:id")), "")
                if not text or any(above.tag == qn("w:del") for above in reference.iterancestors()):
                    continue
                number += 1
                self._marked[name(number)] = text
                shown = OxmlElement("w:t")
                shown.text = f"\ue0f0{name(number)}\ue0f1"
                reference.getparent().replace(reference, shown)

    def taken(self, text: str, *, shown: bool = True) -> tuple[str, list[str]]:
        """A text with its marks as people read them, "[1]", or without them, and the names of those."""
        return _MARK.sub(r"[\1]" if shown else "", text), _MARK.findall(text)

    def elements(self, names: list[str]) -> list[Element]:
        """The notes of these marks, each once."""
        said = [f"[{name}] {self._marked.pop(name)}" for name in names if name in self._marked]
        return [element for text in said for element in prose(text, kind=Kind.NOTE)]

    def rest(self) -> list[Element]:
        """Notes whose place was not seen, such as those of text boxes, and those that nothing refers to."""
        unseen = self.elements(list(self._marked))
        lost = (text for texts in self._texts.values() for text in texts.values())
        return unseen + [element for text in lost for element in prose(text, kind=Kind.NOTE)]


def _texts(path: Path, part: str, struck: StruckThrough) -> dict[str, str]:
    """The notes of one part of the file, by their ids."""
    with zipfile.ZipFile(path) as container:
        if part not in container.namelist():
            return {}
        root = etree.fromstring(container.read(part), etree.XMLParser(resolve_entities=False, no_network=True))
    struck.take_out(root)
    return {
        note.get(qn("w:id")): single_line(" ".join("".join(p.itertext(qn("w:t"))) for p in note.iter(qn("w:p"))))
        for note in root
        if note.get(qn("w:type")) in (None, "normal")  # the others are separators
    }


def _roman(number: int) -> str:
    """1 to i, 4 to iv."""
    text = ""
    for value, letters in ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv")):
        text += letters * (number // value)
        number %= value
    return text + "i" * number
