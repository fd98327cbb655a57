"""HTML to elements by walking its tree with lxml.

Not through unstructured's `partition_html`: it takes pieces of one paragraph apart at inline tags, drops what is in
unknown tags and guesses kinds from the words. The tags already say what is a heading, a list or a table. Whatever
else renders to HTML (Markdown, RTF and ODT through pandoc, mail bodies) comes through here too. Follows no link,
loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from ingest.parse.failure import Code, ParseFailure
from ingest.parse.table import table
from ingest.parse.text import first_heading, heading, normal, paragraphs, prose, single_line
from storage.records import Element, Kind, Parsed

DEEPEST = 150  # nested tags followed one by one; what is deeper is taken as plain text
LONGEST_LIST = 2500  # characters of a list's lines in one element
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "nav",
        "svg",
        "math",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "select",
        "button",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "details",
        "dialog",
        "div",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "main",
        "p",
        "search",
        "section",
        "summary",
        "caption",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "td",
        "th",
        "li",
        "dd",
        "dt",
        "menu",
    ]
)
_HIDDEN = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_WIDEST_SPAN = 200  # columns or rows; a span may claim millions


def parse_html(source: str) -> Parsed:
    """A whole page. Raises ParseFailure when nothing can be made of it."""
    root = tree(source)
    elements = html_elements(root)
    named = root.find(".//title")
    title = single_line(named.text_content()) if named is not None else ""
    author = root.xpath("string(//meta[translate(@name, 'AUTHOR', 'author')='author']/@content)")
    return Parsed(elements=tuple(elements), title=title or first_heading(elements), author=single_line(author) or None)


def tree(source: str) -> lxml_html.HtmlElement:
    """The tree of a page or a fragment."""
    # a declared encoding is no longer true of decoded text, and lxml refuses text that has one
    source = re.sub(r"^\s*<\?xml[^>]*\?>", "", source)
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
        self.quoted: dict[str, Callable[[lxml_html.HtmlElement], None]] = {
            "pre": self.code,
            "ul": self.item_list,
            "ol": self.item_list,
            "dl": self.definitions,
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
        if not isinstance(tag, str) or tag in _SKIPPED or is_hidden(node):
            return
        if depth > DEEPEST:
            self.text(node.text_content())
        elif tag in self.quoted:
            self.flush()
            self.quoted[tag](node)
        elif tag == "table":
            self.flush()
            self.table(node, depth)
        elif tag == "br":
            self.inline.append("\n")
        elif tag == "img":
            self.text(alternative(node))
        elif tag in _BLOCKS:
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

    def heading(self, node: lxml_html.HtmlElement) -> None:
        self.out += heading(flat(node), int(node.tag[1]))

    def code(self, node: lxml_html.HtmlElement) -> None:
        text = normal("".join(_pieces(node, line_end="\n")))
        if text:
            self.out.append(Element(kind=Kind.CODE, text=text))

    def item_list(self, node: lxml_html.HtmlElement) -> None:
        """A list of plain items is one element, or a few when it is long."""
        if node.find(".//pre") is not None or node.find(".//table") is not None:
            self.rich_list(node)
            return
        piece: list[str] = []
        for line in list_lines(node):
            if piece and sum(map(len, piece)) + len(line) > LONGEST_LIST:
                self.out += _kept_lines("\n".join(piece))
                piece.clear()
            piece.append(line)
        self.out += _kept_lines("\n".join(piece))

    def rich_list(self, node: lxml_html.HtmlElement) -> None:
        """A list whose items hold code or tables: these become elements of their own between the items' text."""
        for number, child in enumerate(node, 1):
            if not isinstance(child.tag, str):
                continue
            before = len(self.out)
            self.inline.append(f"{number}. " if node.tag == "ol" else "- ")
            self.inside(child, 1)
            self.flush()
            if len(self.out) > before and self.out[before].kind is Kind.TEXT:
                self.out[before] = Element(kind=Kind.LIST, text=self.out[before].text)

    def definitions(self, node: lxml_html.HtmlElement) -> None:
        """A term and its meaning on one line."""
        term = ""
        for child in node.iter("dt", "dd"):
            text = flat(child)
            if child.tag == "dt":
                self.out += prose(term)
                term = text
            else:
                self.out += prose(f"{term}: {text}" if term else text)
                term = ""
        self.out += prose(term)

    def table(self, node: lxml_html.HtmlElement, depth: int) -> None:
        rows, header_rows = table_rows(node)
        nested = next(node.iterdescendants("table", "h1", "h2", "h3", "pre"), None) is not None
        if nested or node.get("role") == "presentation" or max(map(len, rows), default=0) < 2:
            self.inside(node, depth)  # a table for layout: its cells are only blocks
            self.flush()
            return
        for caption in node.iterchildren("caption"):
            self.out += prose(flat(caption))
        self.out += table(rows, header_rows=header_rows)


def list_lines(node: lxml_html.HtmlElement, indent: int = 0) -> Iterator[str]:
    """The items of a list, each on a line with its mark, the nested ones indented."""
    number = int(node.get("start")) if re.fullmatch(r"\d{1,6}", node.get("start") or "") else 1
    for child in node:
        if not isinstance(child.tag, str) or is_hidden(child):
            continue
        if child.tag in ("ul", "ol"):
            yield from list_lines(child, indent + 1)
            continue
        mark = f"{number}." if node.tag == "ol" else "-"
        inner = [deep for deep in child.iterdescendants("ul", "ol") if _nearest_list(deep) is node]
        text = single_line("".join(_pieces(child, skip=inner)))
        if text:
            yield f"{'  ' * min(indent, 20)}{mark} {text}"
            number += 1
        for deep in inner:
            yield from list_lines(deep, indent + 1) if indent < DEEPEST else iter(())


def _nearest_list(node: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    return next(node.iterancestors("ul", "ol"), None)


def _kept_lines(text: str) -> list[Element]:
    text = normal(text)
    return [Element(kind=Kind.LIST, text=text)] if text else []


def table_rows(node: lxml_html.HtmlElement) -> tuple[list[list[str]], int | None]:
    """Cells row by row, and how many rows are names (None: not marked). A cell over several rows is said in each."""
    rows: list[list[str]] = []
    names = 0
    pending: dict[int, tuple[int, str]] = {}  # column -> rows still to fill, text
    for tr in node.iter("tr"):
        cells: list[str] = []
        marked = tr.getparent().tag == "thead"
        tags = [cell for cell in tr if cell.tag in ("td", "th")]
        is_header = bool(tags) and len(rows) == names and (marked or all(cell.tag == "th" for cell in tags))
        for cell in tags:
            _fill(cells, pending)
            text, width = flat(cell), _span(cell, "colspan")
            for i in range(width):
                shown = text if i == 0 or is_header else ""
                if _span(cell, "rowspan") > 1:
                    pending[len(cells)] = (_span(cell, "rowspan") - 1, shown)
                cells.append(shown)
        _fill(cells, pending)
        names += is_header
        rows.append(cells)
    return rows, names or None


def _fill(cells: list[str], pending: dict[int, tuple[int, str]]) -> None:
    while len(cells) in pending:
        left, text = pending.pop(len(cells))
        if left > 1:
            pending[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: lxml_html.HtmlElement, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value), _WIDEST_SPAN)) if value.isascii() and value.isdigit() else 1


def flat(node: lxml_html.HtmlElement) -> str:
    """All text in a tag on one line, blocks parted by spaces."""
    return single_line("".join(_pieces(node)))


def _pieces(
    node: lxml_html.HtmlElement, *, line_end: str = " ", skip: list[lxml_html.HtmlElement] | None = None
) -> Iterator[str]:
    """The text in a tag, piece by piece; without recursion, the tree may be deep."""
    skipped = _SKIPPED if node.tag != "pre" else frozenset({"script", "style"})
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, child in walk:
        tag = child.tag
        if event == "start":
            if (
                not isinstance(tag, str)
                or (child is not node and (tag in skipped or is_hidden(child)))
                or (skip and child in skip)
            ):
                walk.skip_subtree()
            elif tag == "br" or tag in _BLOCKS:
                yield line_end
            elif tag == "img":
                yield alternative(child)
            if isinstance(tag, str) and not _passed_over(child, node, skipped, skip):
                yield child.text or ""
        else:
            if tag in _BLOCKS:
                yield line_end
            if child is not node:
                yield child.tail or ""


def _passed_over(
    child: lxml_html.HtmlElement,
    node: lxml_html.HtmlElement,
    skipped: frozenset[str],
    skip: list[lxml_html.HtmlElement] | None,
) -> bool:
    return child is not node and (child.tag in skipped or is_hidden(child) or bool(skip and child in skip))


def is_hidden(node: lxml_html.HtmlElement) -> bool:
    """True for what a browser does not draw: nobody could check an answer against it."""
    style = node.get("style")
    return node.get("hidden") is not None or bool(style and _HIDDEN.search(style))


def alternative(node: lxml_html.HtmlElement) -> str:
    """The text that stands for a picture, unless it is a file name."""
    text = single_line(node.get("alt") or "")
    return "" if re.fullmatch(r"\S*\.\w{3,4}|image|img|logo|icon", text, re.IGNORECASE) else text


def plain_or_html(text: str) -> list[Element]:
    """Elements of a text that may turn out to be HTML (mail bodies)."""
    if re.match(r"\s*(<!doctype html|<html)", text, re.IGNORECASE):
        return list(parse_html(text).elements)
    return paragraphs(text)
