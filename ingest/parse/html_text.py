"""The text of HTML lists, tables and single tags. Knows what a browser draws; knows no elements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from ingest.parse.text import single_line

DEEPEST = 150  # lists within lists
SKIPPED = frozenset(
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
BLOCKS = frozenset(
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
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|(?<![\w-])opacity\s*:\s*0*\.?0*\s*(;|$)"
    r"|font-size\s*:\s*(0*\.?0+|[01](\.\d+)?\s*p[xt])\s*(;|$|p|e|r|%)|text-indent\s*:\s*-\d{3,}|(left|top)\s*:\s*-\d{4,}px",
    re.IGNORECASE,
)
_WHITE = r"(#fff(?:fff)?(?![\da-f])|white|rgba?\(\s*255\s*,\s*255\s*,\s*255)"
_PALE = re.compile(rf"(?<![\w-])color\s*:\s*{_WHITE}", re.IGNORECASE)
_GROUND = re.compile(r"background(-color|-image)?\s*:", re.IGNORECASE)
_WHITE_GROUND = re.compile(rf"background(-color)?\s*:\s*{_WHITE}", re.IGNORECASE)
_WIDEST_SPAN = 200  # columns or rows; a span may claim millions
STRUCK_ITEM = "data-premise-struck"  # an attribute of list items that something struck through was taken out of


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
        text = single_line("".join(pieces(child, skip=inner)))
        if text:
            yield f"{'  ' * min(indent, 20)}{mark} {text}"
        number += bool(text) or child.get(STRUCK_ITEM) is not None
        for deep in inner:
            yield from list_lines(deep, indent + 1) if indent < DEEPEST else iter(())


def _nearest_list(node: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    return next(node.iterancestors("ul", "ol"), None)


def table_rows(node: lxml_html.HtmlElement) -> tuple[list[list[str]], int | None]:
    """Cells row by row, and how many rows are names (None: not marked). A cell over several rows is said in each."""
    rows: list[list[str]] = []
    names = 0
    pending: dict[int, tuple[int, str]] = {}  # column -> rows still to fill, text
    inner = inner_tables(node)
    for tr in own_rows(node):
        cells: list[str] = []
        marked = tr.getparent().tag == "thead"
        tags = [cell for cell in tr if cell.tag in ("td", "th")]
        is_header = bool(tags) and len(rows) == names and (marked or all(cell.tag == "th" for cell in tags))
        for cell in tags:
            _fill(cells, pending)
            text, width = single_line("".join(pieces(cell, skip=inner))), _span(cell, "colspan")
            for i in range(width):
                shown = text if i == 0 or is_header else ""
                if _span(cell, "rowspan") > 1:
                    pending[len(cells)] = (_span(cell, "rowspan") - 1, shown)
                cells.append(shown)
        _fill(cells, pending)
        names += is_header
        rows.append(cells)
    return rows, names or None


def own_rows(node: lxml_html.HtmlElement) -> list[lxml_html.HtmlElement]:
    """The rows of a table, not those of tables in its cells."""
    return [tr for tr in node.iter("tr") if next(tr.iterancestors("table"), None) is node]


def inner_tables(node: lxml_html.HtmlElement) -> list[lxml_html.HtmlElement]:
    """The tables in a table's cells, not those in theirs."""
    return [held for held in node.iterdescendants("table") if next(held.iterancestors("table"), None) is node]


def has_names(node: lxml_html.HtmlElement) -> bool:
    """Whether a table marks the names of its columns or rows, or itself: one for layout does not."""
    marked = any(cell.tag == "th" for tr in own_rows(node) for cell in tr)
    return marked or next(node.iterchildren("caption", "thead"), None) is not None


def names_on_the_left(node: lxml_html.HtmlElement) -> bool:
    """Whether each row of several cells marks its first as a name, and no other: a table of one thing's properties."""
    tags = [[cell.tag for cell in tr if cell.tag in ("td", "th")] for tr in own_rows(node)]
    wide = [row for row in tags if len(row) > 1]
    return bool(wide) and all(row[0] == "th" and "th" not in row[1:] for row in wide)


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
    return single_line("".join(pieces(node)))


def pieces(
    node: lxml_html.HtmlElement, *, line_end: str = " ", skip: list[lxml_html.HtmlElement] | None = None
) -> Iterator[str]:
    """The text in a tag, piece by piece; without recursion, the tree may be deep."""
    skipped = SKIPPED if node.tag != "pre" else frozenset({"script", "style"})
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
            elif tag == "br" or tag in BLOCKS:
                yield line_end
            elif tag == "img":
                yield alternative(child)
            if isinstance(tag, str) and not _passed_over(child, node, skipped, skip):
                yield child.text or ""
        else:
            if tag in BLOCKS:
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
    if node.get("hidden") is not None and node.get("hidden") != "until-found" and node.get("role") != "tabpanel":
        return True  # another tab of a page is a click away
    return bool(style) and (bool(_HIDDEN.search(style)) or (bool(_PALE.search(style)) and _on_white(node)))


def _on_white(node: lxml_html.HtmlElement) -> bool:
    """True where no tag around gives the text another ground than the page's white one."""
    for around in (node, *node.iterancestors()):
        style = around.get("style") or ""
        if _WHITE_GROUND.search(style):
            return True
        if _GROUND.search(style) or around.get("bgcolor") or around.get("class"):
            return False  # a class may give it any ground
    return True


def hidden_text(root: lxml_html.HtmlElement) -> bool:
    """True when a page has words in it that nobody sees."""
    hidden = (node for node in root.iter() if isinstance(node.tag, str) and node.tag not in SKIPPED and is_hidden(node))
    return any(len(re.findall(r"\w{2,}", node.text_content())) >= 3 for node in hidden)


def alternative(node: lxml_html.HtmlElement) -> str:
    """The text that stands for a picture, unless it is a file name."""
    text = single_line(node.get("alt") or "")
    return "" if re.fullmatch(r"\S*\.\w{3,4}|image|img|logo|icon", text, re.IGNORECASE) else text
