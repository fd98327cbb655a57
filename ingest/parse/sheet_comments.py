"""What people noted on cells of a sheet, each by itself with its author and cell. Knows the parts of an XLSX file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Set
from zipfile import ZipFile

from lxml import etree  # type: ignore[import-untyped]
from openpyxl.utils import column_index_from_string

from ingest.parse.text import prose, single_line
from storage.records import Element, Kind

_THREADED = re.compile(r"^\[Threaded comment\].*?Comment:\s*", re.DOTALL)  # what newer versions write for older ones


def comments(
    container: ZipFile, part: str, *, sheet: str, hidden_rows: Set[int], hidden_columns: Set[int]
) -> list[Element]:
    """Those of the sheet that is this part of the file. Rows count from 1, columns from 0."""
    found: list[Element] = []
    names = set(container.namelist())
    folder, name = posixpath.split(part.lstrip("/"))
    relations = f"{folder}/_rels/{name}.rels"
    for relation in _tags(container, relations) if relations in names else ():
        target = relation.get("Target") or ""
        held = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        if not (relation.get("Type") or "").endswith("/comments") or held not in names:
            continue
        tags = _tags(container, held)
        authors = [single_line(tag.text or "") for tag in tags if _local(tag) == "author"]
        for tag in (tag for tag in tags if _local(tag) == "comment"):
            at = tag.get("ref") or ""
            cell = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", at)
            if not cell or int(cell[2]) in hidden_rows or column_index_from_string(cell[1]) - 1 in hidden_columns:
                continue
            text = "".join(piece.text or "" for piece in tag.iter("{*}t"))
            number = tag.get("authorId") or ""
            author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
            by = f" by {author}" if author and not author.startswith("tc=") else ""
            text = single_line(_THREADED.sub("", text).removeprefix(f"{author}:"))
            for element in prose(f"Comment{by} on {at}: {text}" if text else "", kind=Kind.NOTE):
                found.append(Element(kind=element.kind, text=element.text, sheet=sheet))
    return found


def _tags(container: ZipFile, part: str) -> list[etree._Element]:
    root = etree.fromstring(container.read(part), etree.XMLParser(resolve_entities=False, no_network=True))
    return [tag for tag in root.iter() if isinstance(tag.tag, str)]


def _local(tag: etree._Element) -> str:
    return str(etree.QName(tag).localname)
