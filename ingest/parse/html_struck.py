"""What an HTML page strikes through, taken out of its tree: by tags, by styles, and by the simple classes of a style
sheet in the page, as Google Docs and Notion write them. Knows a tree of lxml; knows no elements.
"""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

from ingest.parse.html_text import BLOCKS, SKIPPED, STRUCK_ITEM
from ingest.parse.struck import joined, says_anything

_LINE = re.compile(r"(?<![\w-])(?:-webkit-)?text-decoration(?:-line)?\s*:([^;]*)", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CLASS = re.compile(r"\s*([a-z][a-z\d]*)?\.([\w-]+)\s*", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_OWN_LINES = BLOCKS | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre"}
_EMPTIED = "premise-struck"  # the tag of what was emptied inside a line
_SHAPED = ("html", "body", "td", "th", "tr", "tbody", "thead", "tfoot")  # emptied: a table keeps its columns

_OVER_BLOCKS = re.compile(r"<(?:s|strike)(?:\s[^<>]*)?>\s*<p[\s>]", re.IGNORECASE)
_TAG = re.compile(r"(?<=<)(/?)(?:s|strike)(?=[\s>])", re.IGNORECASE)

_Rules = dict[tuple[str, str], tuple[int, bool]]  # by tag or "", and class: which rule it is, and whether it strikes


def over_blocks(source: str) -> str:
    """A page's source, in which `<s>` may go over paragraphs: libxml2 would end it before the first."""
    return _TAG.sub(r"\1del", source) if _OVER_BLOCKS.search(source) else source


def without_struck(root: lxml_html.HtmlElement) -> bool:
    """Take it out. True when there were words in it."""
    rules = _rules(root)
    struck: list[lxml_html.HtmlElement] = []
    walk = etree.iterwalk(root, events=("start",))
    for _, node in walk:
        if not isinstance(node.tag, str) or node.tag in SKIPPED:
            walk.skip_subtree()
        elif _is_struck(node, rules):
            walk.skip_subtree()
            if says_anything(node.text_content()):
                struck.append(node)
    around = [_take_out(node) for node in struck]
    while around:  # each block once, then those around the ones of which nothing is left
        around = [block.getparent() for block in dict.fromkeys(around) if _emptied(block)]
    return bool(struck)


def _is_struck(node: lxml_html.HtmlElement, rules: _Rules) -> bool:
    """Whether a line is drawn through a tag's text. `<del>` is one also where a style draws it otherwise."""
    if node.tag == "del":
        return True
    said = _says(node.get("style"))
    if said is None and rules:
        names = (node.get("class") or "").split()
        found = [rules[key] for name in names for key in (("", name), (node.tag, name)) if key in rules]
        said = max(found)[1] if found else None
    return node.tag in ("s", "strike") if said is None else said


def _says(style: str | None) -> bool | None:
    """Whether a style strikes through; None where it says nothing of lines. The last of several counts."""
    said = _LINE.findall(style) if style else ()
    return "line-through" in said[-1].lower() if said else None


def _rules(root: lxml_html.HtmlElement) -> _Rules:
    """What the page's own style sheets say of single classes: ".c3", "span.old". Those of a tag come first."""
    rules: _Rules = {}
    sheets = [style.text or "" for style in root.iter("style")]
    if not any("line-through" in sheet.lower() for sheet in sheets):
        return rules
    for number, (names, style) in enumerate(_RULE.findall(_COMMENT.sub("", "\n".join(sheets)))):
        said = _says(style)
        for name in names.split(",") if said is not None else ():
            if match := _CLASS.fullmatch(name):
                tag = (match[1] or "").lower()
                rules[tag, match[2]] = (number + (1_000_000 if tag else 0), bool(said))
    return rules


def _take_out(node: lxml_html.HtmlElement) -> lxml_html.HtmlElement:
    """Without it: the rest of a line is closed up. Gives the block, or the tag around, that it was taken out of."""
    inner = [child.tag for child in node.iterdescendants() if isinstance(child.tag, str)]
    parent = node.getparent()
    item = node if node.tag == "li" else next(node.iterancestors("li"), None)
    if item is not None:
        item.set(STRUCK_ITEM, "")  # it keeps its number
    if parent is None or node.tag in _OWN_LINES or not _OWN_LINES.isdisjoint(inner):
        _empty(node)
        node.tag = node.tag if node.tag in _OWN_LINES else "div"
        return node if parent is None or node.tag in _SHAPED else parent
    gone = node.text_content() + (" " if "br" in inner else "")
    _empty(node)
    node.tag = _EMPTIED
    previous = _before(node)
    before = (parent.text if previous is None else previous.tail) or ""
    first = previous is None and parent.tag in _OWN_LINES
    last = node.getnext() is None and parent.tag in _OWN_LINES
    before, node.tail = joined(before, gone, node.tail or "", first=first, last=last)
    _put(parent, previous, before)
    return next((block for block in (parent, *parent.iterancestors()) if block.tag in _OWN_LINES), parent)


def _before(node: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    """What stands before a tag; those that were emptied are taken away where only blanks are between."""
    parent, previous = node.getparent(), node.getprevious()
    while previous is not None and previous.tag == _EMPTIED and not (previous.tail or "").strip():
        blank, emptied, previous = previous.tail or "", previous, previous.getprevious()
        parent.remove(emptied)
        before = (parent.text if previous is None else previous.tail) or ""
        _put(parent, previous, f"{before.rstrip()} " if blank else before)
    return previous


def _put(parent: lxml_html.HtmlElement, previous: lxml_html.HtmlElement | None, text: str) -> None:
    """Write the text behind `previous`, or at the beginning of `parent`."""
    if previous is None:
        parent.text = text
    else:
        previous.tail = text


def _empty(node: lxml_html.HtmlElement) -> None:
    node.text, node[:] = None, []


def _emptied(block: lxml_html.HtmlElement | None) -> bool:
    """Empty a block of which a full stop or the box of a task is left. True when it was one."""
    if block is None or block.tag not in _OWN_LINES or block.tag in ("html", "body"):
        return False
    if says_anything(block.text_content()) or next(block.iter("img"), None) is not None:
        return False
    _empty(block)
    return True
