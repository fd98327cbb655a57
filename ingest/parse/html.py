"""HTML to elements by walking its tree with lxml.

Not through unstructured's `partition_html`: it takes pieces of one paragraph apart at inline tags, drops what is in
unknown tags and guesses kinds from the words. The tags already say what is a heading, a list or a table. Whatever
else renders to HTML (Markdown, RTF and ODT through pandoc, mail bodies) comes through here too. Follows no link,
loads nothing.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from datetime import datetime

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from ingest.parse.html_boilerplate import without_boilerplate
from ingest.parse.html_notes import notes_in_place
from ingest.parse.html_struck import over_blocks, without_struck
from ingest.parse.html_text import (
    BLOCKS,
    SKIPPED,
    STRUCK_ITEM,
    alternative,
    flat,
    has_names,
    hidden_text,
    inner_tables,
    is_hidden,
    list_lines,
    names_on_the_left,
    pieces,
    table_rows,
)
from ingest.parse.properties import iso_moment, person
from ingest.parse.struck import STRUCK
from ingest.parse.table import table, title_over
from ingest.parse.text import first_heading, heading, normal, paragraphs, prose, single_line
from storage.failures import Code, ParseFailure
from storage.records import Element, Kind, Parsed

DEEPEST = 150  # nested tags followed one by one; what is deeper is taken as plain text
_AUTHOR = ("author", "dc.creator", "dcterms.creator", "article:author")
_CREATED = (
    *("article:published_time", "dcterms.created", "dc.date.created", "date", "dc.date", "pubdate", "created"),
    "datepublished",
)
_MODIFIED = (
    *("article:modified_time", "dcterms.modified", "dc.date.modified", "last-modified", "changed", "revised"),
    "datemodified",
)
_WIKI_DATE = re.compile(r"(modified .*)?\bon ([A-Z][a-z]{2} \d{1,2}, \d{4})$")
LONGEST_LIST = 2500  # characters of a list's lines in one element


def parse_html(source: str) -> Parsed:
    """A whole page. Raises ParseFailure when nothing can be made of it."""
    root = tree(source)
    flags = left_out(root)
    said = _wiki_data(root) | _linked_data(root) | _meta(root)
    notes_in_place(root)
    without_boilerplate(root)
    elements = html_elements(root)
    named = root.find(".//title")
    title = single_line(named.text_content()) if named is not None else ""
    return Parsed(
        elements=tuple(elements),
        title=title or first_heading(elements),
        flags=flags,
        author=next((by for name in _AUTHOR if (by := person(said.get(name)))), None),
        created=next((made for name in _CREATED if (made := iso_moment(said.get(name)))), None),
        modified=next((made for name in _MODIFIED if (made := iso_moment(said.get(name)))), None),
    )


def left_out(root: lxml_html.HtmlElement) -> tuple[str, ...]:
    """What a reader of answers should know of a page. Takes out of it what is struck through."""
    hidden = ("hidden text was left out",) if hidden_text(root) else ()
    return (*hidden, STRUCK) if without_struck(root) else hidden


def _meta(root: lxml_html.HtmlElement) -> dict[str, str]:
    """What the page says of itself, by lower-case name; the first of each name."""
    said: dict[str, str] = {}
    for tag in root.iter("meta"):
        name = tag.get("name") or tag.get("property") or tag.get("http-equiv") or ""
        said.setdefault(name.lower(), single_line(tag.get("content") or ""))
    return said


def _linked_data(root: lxml_html.HtmlElement) -> dict[str, str]:
    """What the page says of itself in JSON-LD, as blogs and newspapers do: author and dates, by lower-case name."""
    said: dict[str, str] = {}
    for script in root.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        with contextlib.suppress(ValueError, RecursionError):
            held = json.loads(script.text or "")
            things = held if isinstance(held, list) else [held]
            things += [inner for thing in things if isinstance(thing, dict) for inner in _several(thing.get("@graph"))]
            for thing in (thing for thing in things if isinstance(thing, dict)):
                by = next(iter(_several(thing.get("author"))), None)
                name = by.get("name") if isinstance(by, dict) else by
                for key, value in {**thing, "author": name}.items():
                    if key in ("datePublished", "dateModified", "author") and isinstance(value, str):
                        said.setdefault(key.lower(), single_line(value))
    return said


def _wiki_data(root: lxml_html.HtmlElement) -> dict[str, str]:
    """What Confluence writes under the title of an exported page: "Created by Ida, last modified on Mar 04, 2025"."""
    said: dict[str, str] = {}
    for line in root.find_class("page-metadata")[:1]:
        by = next(iter(line.find_class("author")), None)
        if by is not None:
            said["author"] = single_line(by.text_content())
        dated = _WIKI_DATE.search(single_line(line.text_content()))
        with contextlib.suppress(ValueError):  # in another language, or none
            day = datetime.strptime(dated.group(2) if dated else "", "%b %d, %Y").date().isoformat()
            said["datemodified" if dated and dated.group(1) else "datepublished"] = day
    return said


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def tree(source: str) -> lxml_html.HtmlElement:
    """The tree of a page or a fragment."""
    # a declared encoding is no longer true of decoded text, and lxml refuses text that has one
    source = over_blocks(re.sub(r"^\s*<\?xml[^>]*\?>", "", source))
    try:
        return lxml_html.document_fromstring(source, parser=lxml_html.HTMLParser(encoding=None, huge_tree=True))
    except etree.ParserError as error:
        raise ParseFailure(Code.EMPTY, "The page has no text.") from error


def html_elements(root: lxml_html.HtmlElement) -> list[Element]:
    """The elements of a tree, in order."""
    walker = _Walker()
    walker.node(root, 0)
    walker.flush()
    return walker.out


class _Walker:
    """One pass over a tree. Inline text gathers in `inline` until a block begins or ends."""

    def __init__(self) -> None:
        self.out: list[Element] = []
        self.inline: list[str] = []
        self.quoted: dict[str, Callable[[lxml_html.HtmlElement, int], None]] = {
            "pre": self.code,
            "ul": self.item_list,
            "ol": self.item_list,
            "dl": self.definitions,
            "table": self.table,
            **{f"h{n}": self.heading for n in range(1, 7)},
        }

    def flush(self) -> None:
        """End the paragraph that is being gathered."""
        text = "".join(self.inline)
        self.inline.clear()
        if text and not text.isspace():
            self.out += prose(text)

    def text(self, text: str | None) -> None:
        """Inline text; line ends of the source are only white space."""
        if text:
            self.inline.append(re.sub(r"[ \t\r\n\f]+", " ", text))

    def node(self, node: lxml_html.HtmlElement, depth: int) -> None:
        """One tag with all it holds, but without what follows it."""
        tag = node.tag
        if not isinstance(tag, str) or tag in SKIPPED or is_hidden(node):
            return
        if depth > DEEPEST:
            self.text(node.text_content())
        elif tag in self.quoted:
            self.flush()
            self.quoted[tag](node, depth)
        elif tag == "br":
            self.inline.append("\n")
        elif tag == "img":
            self.text(alternative(node))
        elif tag in BLOCKS:
            self.flush()
            self.inside(node, depth)
            self.flush()
        else:
            self.inside(node, depth)

    def inside(self, node: lxml_html.HtmlElement, depth: int) -> None:
        self.text(node.text)
        for child in node:
            self.node(child, depth + 1)
            self.text(child.tail)

    def heading(self, node: lxml_html.HtmlElement, _depth: int) -> None:
        self.out += heading(flat(node), int(node.tag[1]))

    def code(self, node: lxml_html.HtmlElement, _depth: int) -> None:
        text = normal("".join(pieces(node, line_end="\n")))
        if text:
            self.out.append(Element(kind=Kind.CODE, text=text))

    def item_list(self, node: lxml_html.HtmlElement, depth: int) -> None:
        """A list of plain items is one element, or a few when it is long."""
        if node.find(".//pre") is not None or node.find(".//table") is not None:
            self.rich_list(node, depth)
            return
        piece: list[str] = []
        for line in list_lines(node):
            if piece and sum(map(len, piece)) + len(line) > LONGEST_LIST:
                self.out += _kept_lines("\n".join(piece))
                piece.clear()
            piece.append(line)
        self.out += _kept_lines("\n".join(piece))

    def rich_list(self, node: lxml_html.HtmlElement, depth: int) -> None:
        """A list whose items hold code or tables: these become elements of their own between the items' text."""
        for number, child in enumerate(node, 1):
            if not isinstance(child.tag, str) or (child.get(STRUCK_ITEM) is not None and not flat(child)):
                continue
            before = len(self.out)
            self.inline.append(f"{number}. " if node.tag == "ol" else "- ")
            self.inside(child, depth + 1)
            self.flush()
            if len(self.out) > before and self.out[before].kind is Kind.TEXT:
                self.out[before] = Element(kind=Kind.LIST, text=self.out[before].text)

    def definitions(self, node: lxml_html.HtmlElement, depth: int) -> None:
        """A term and its meaning in one paragraph; what else the meaning holds follows as elements of its own."""
        term = ""
        for child in node.iter("dt", "dd"):
            if next(child.iterancestors("dl"), None) is not node:
                continue  # of a list in this one
            if child.tag == "dt":
                self.out += prose(term)
                term = flat(child)
                continue
            before = len(self.out)
            self.inside(child, depth + 1)
            self.flush()
            if term and len(self.out) > before and self.out[before].kind is Kind.TEXT:
                self.out[before] = Element(kind=Kind.TEXT, text=f"{term.removesuffix(':')}: {self.out[before].text}")
            else:
                self.out[before:before] = prose(term)
            term = ""
        self.out += prose(term)

    def table(self, node: lxml_html.HtmlElement, depth: int) -> None:
        rows, header_rows = table_rows(node)
        holds_blocks = next(node.iterdescendants("table", "h1", "h2", "h3", "pre"), None) is not None
        layout = holds_blocks and not has_names(node)
        if layout or node.get("role") == "presentation" or max(map(len, rows), default=0) < 2:
            self.inside(node, depth)  # a table for layout: its cells are only blocks
            self.flush()
            return
        for caption in node.iterchildren("caption"):
            self.out += prose(flat(caption))
        if header_rows and len(rows) > 1 and len(set(rows[0])) == 1:  # one cell over all columns: what the table is of
            self.out += prose(rows[0][0])
            rows, header_rows = rows[1:], header_rows - 1 or None
        elif header_rows is None and (title := title_over(rows)):
            self.out += prose(title)
            rows = rows[1:]
        if header_rows is None and names_on_the_left(node):
            header_rows = 0
        self.out += table(rows, header_rows=header_rows)
        for inner in inner_tables(node):
            self.table(inner, depth + 1)


def _kept_lines(text: str) -> list[Element]:
    text = normal(text)
    return [Element(kind=Kind.LIST, text=text)] if text else []


def plain_or_html(text: str) -> Parsed:
    """A text that may turn out to be HTML (mail bodies)."""
    if re.match(r"\s*(<!doctype html|<html)", text, re.IGNORECASE):
        return parse_html(text)
    return Parsed(elements=tuple(paragraphs(text)))
