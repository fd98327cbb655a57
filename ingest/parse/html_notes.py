"""Footnotes of HTML pages: each put after the paragraph that refers to it. Knows a tree of lxml; knows no elements.

A reference is a link in superscript, or with a class or role that says so, to a place on the same page further down.
"""

from __future__ import annotations

import re

from lxml import html as lxml_html  # type: ignore[import-untyped]

_CALLS = re.compile(r"foot-?note|noteref|reference", re.IGNORECASE)
_MARK = re.compile(r"\W*(\w{1,4}|[*†‡§]+)\W*")
_BACK = re.compile(r"[\s↩^↑︎\ufe0e]*")
_PLACES = ("p", "ul", "ol", "dl", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6")
_LONGEST = 2000  # characters of a note
_MOST = 500  # notes of a page


def notes_in_place(root: lxml_html.HtmlElement) -> None:
    """Move the notes of a page."""
    by_id = {node.get("id"): node for node in root.iter("li", "p", "div", "aside", "dd") if node.get("id")}
    last: dict[lxml_html.HtmlElement, lxml_html.HtmlElement] = {}  # by paragraph: the note put behind it last
    moved: set[str] = set()
    for link in [link for link in root.iter("a") if (link.get("href") or "").startswith("#")]:
        name = link.get("href")[1:]
        note = by_id.get(name)
        place = _outermost(link)
        if note is None or place is None or len(moved) >= _MOST or not _refers(link):
            continue
        mark = link.text_content().strip().strip("[]()")
        link.text, link[:] = f"[{mark}]", []
        if name in moved or place is note or note in place.iterdescendants() or place in note.iterdescendants():
            continue
        text = _text(note)
        if not text or len(text) > _LONGEST or any(around is note for around in link.iterancestors()):
            continue
        moved.add(name)
        put = lxml_html.Element("p")
        put.text = f"[{mark}] {text}"
        behind = last.get(place, place)
        put.tail, behind.tail = behind.tail, None
        behind.addnext(put)
        last[place] = put
        note.drop_tree()


def _refers(link: lxml_html.HtmlElement) -> bool:
    if not _MARK.fullmatch(link.text_content()):
        return False
    raised = any(around.tag == "sup" for around in link.iterancestors()) or link.find(".//sup") is not None
    said = " ".join(filter(None, (link.get("class"), link.get("role"), link.get("rel"), link.get("epub:type"))))
    return raised or bool(_CALLS.search(said))


def _outermost(link: lxml_html.HtmlElement) -> lxml_html.HtmlElement | None:
    """The paragraph, list or table that a link stands in."""
    around = [node for node in link.iterancestors() if node.tag in _PLACES]
    return around[-1] if around else None


def _text(note: lxml_html.HtmlElement) -> str:
    """The words of a note without the way back to its reference."""
    for back in [link for link in note.iter("a") if (link.get("href") or "").startswith("#")]:
        if _BACK.fullmatch(back.text_content()):
            back.drop_tree()
    return " ".join(note.text_content().split())
