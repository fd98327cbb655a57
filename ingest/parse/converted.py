"""ODT, RTF and EPUB to elements: through unstructured's own converter (pandoc, sandboxed) to HTML, then walked as HTML.

unstructured goes on from there to Word (ODT) and to its HTML reader; ours keeps list marks, headers of tables and
notes.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree  # type: ignore[import-untyped]

from ingest.parse.html import html_elements, left_out, tree
from ingest.parse.odt_struck import without_struck_paragraphs
from ingest.parse.properties import Properties, iso_moment, person
from ingest.parse.quiet import quieten
from ingest.parse.struck import STRUCK
from ingest.parse.text import first_heading, flowing, heading, single_line
from storage.failures import Code, ParseFailure
from storage.records import Kind, Parsed

quieten()

from unstructured.file_utils.file_conversion import convert_file_to_html_text_using_pandoc  # noqa: E402  (quiet first)

_ODT_NAMES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
}
# Names of character styles: pandoc 3 takes those with letters beyond ASCII for text, once in every paragraph.
_STYLE_NAMES = re.compile(rb"\{\\\*\\cs\d+[^{}]*\}")

_TOP = 20  # paragraphs among which a document's title stands

# A table right after a list: pandoc 3 puts the list at the top of the document, unless a paragraph parts them.
_INTO_TABLE = re.compile(rb"(\\par\s*)(?=\\trowd\b)")
_PARTED = rb"\1\\pard\\plain \\~\\par "


def parse_converted(path: Path, *, suffix: str) -> Parsed:
    """An ODT, RTF or EPUB file."""
    struck = False
    if suffix == ".rtf":
        with tempfile.NamedTemporaryFile(suffix=".rtf") as cleaned:
            cleaned.write(_INTO_TABLE.sub(_PARTED, _STYLE_NAMES.sub(b"", path.read_bytes())))
            cleaned.flush()
            source = _to_html(Path(cleaned.name), "rtf")
        known = _rtf_properties(path.read_bytes()[:65536])
    elif suffix == ".odt":
        with tempfile.NamedTemporaryFile(suffix=".odt") as cleaned:
            struck = without_struck_paragraphs(path, Path(cleaned.name))
            source = _to_html(Path(cleaned.name) if struck else path, "odt")
        known = _odt_properties(path)
    else:
        source = _to_html(path, suffix[1:])
        known = _epub_properties(path)
    root = tree(source) if source.strip() else None
    flags = left_out(root) if root is not None else ()
    elements = html_elements(root) if root is not None else []
    titled = _odt_title(path) if suffix == ".odt" else ""
    for place, element in enumerate(elements[:_TOP]):
        if titled and element.kind is Kind.TEXT and element.text == titled:  # pandoc does not tell it from other text
            elements[place : place + 1] = heading(titled, 1)
            break
    return Parsed(
        elements=tuple(elements),
        title=known.title or titled or first_heading(elements),
        author=known.author,
        created=known.created,
        modified=known.modified,
        flags=(STRUCK,) if struck else flags,
    )


def _to_html(path: Path, name: str) -> str:
    try:
        return str(convert_file_to_html_text_using_pandoc(source_format=name, filename=str(path)))
    except RuntimeError as error:  # what pypandoc raises for anything pandoc refuses
        reason = single_line(str(error))[:300]
        raise ParseFailure(Code.CORRUPT, f"The {name.upper()} file cannot be read: {reason}") from error


def _odt_properties(path: Path) -> Properties:
    with zipfile.ZipFile(path) as container:
        if "meta.xml" not in container.namelist():
            return Properties()
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(container.read("meta.xml"), parser)

    def said(name: str) -> str:
        return root.findtext(f".//{name}", namespaces=_ODT_NAMES) or ""

    return Properties(
        title=single_line(said("dc:title")) or None,
        author=person(said("meta:initial-creator") or said("dc:creator")),
        created=iso_moment(said("meta:creation-date")),
        modified=iso_moment(said("dc:date")),
    )


def _odt_title(path: Path) -> str:
    """The paragraph in the style "Title", or in one made of it, among the first of the document; "" without one."""
    styles, seen = {"Title"}, 0
    with zipfile.ZipFile(path) as container, container.open("content.xml") as content:
        for _, tag in etree.iterparse(content, resolve_entities=False, no_network=True, huge_tree=True):
            name = etree.QName(tag).localname
            own = {etree.QName(key).localname: value for key, value in tag.attrib.items()}
            if name == "style" and own.get("parent-style-name") == "Title":
                styles.add(own.get("name", ""))
            elif name in ("p", "h"):
                if own.get("style-name") in styles:
                    return flowing("".join(tag.itertext()))
                seen += 1
                if seen == _TOP:
                    break
    return ""


def _epub_properties(path: Path) -> Properties:
    """What the package document says."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    with zipfile.ZipFile(path) as container:
        part = next((name for name in container.namelist() if name.lower().endswith(".opf")), None)
        root = etree.fromstring(container.read(part), parser) if part else None
    if root is None:
        return Properties()

    def said(name: str) -> str:
        return single_line(root.findtext(f".//{{{_ODT_NAMES['dc']}}}{name}") or "")

    modified = next((tag.text for tag in root.iter("{*}meta") if tag.get("property") == "dcterms:modified"), None)
    return Properties(
        title=said("title") or None,
        author=person(said("creator")),
        created=iso_moment(said("date")),
        modified=iso_moment(modified),
    )


def _rtf_properties(head: bytes) -> Properties:
    """The \\info group of an RTF file."""
    group = re.search(rb"\{\\info\b(.*?)\}\s*\}", head, re.DOTALL)
    text = (group.group(1) + b"}").decode("cp1252", "replace") if group else ""
    author = re.search(r"\{\\author ([^{}\\]*)\}", text)
    created, modified = (re.search(rf"\\{name}\\yr(\d+)\\mo(\d+)\\dy(\d+)", text) for name in ("creatim", "revtim"))
    return Properties(
        author=person(author.group(1)) if author else None, created=_day(created), modified=_day(modified)
    )


def _day(found: re.Match[str] | None) -> datetime | None:
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC) if found else None
    except ValueError:
        return None
