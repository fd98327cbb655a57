"""What nobody sees of a presentation: hidden slides and shapes, letters that are tiny or white on nothing; and what is
struck through.

Takes it out before the slides are read. White letters stay where anything may lie under them: a picture, a filled
shape, a slide whose ground is not white.
"""

from __future__ import annotations

from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml.ns import qn

from ingest.parse.struck import left, says_anything

TINY = 200  # hundredths of a point
_WHITE = ("FFFFFF",)
_PAPER = ("bg1", "lt1")  # the colour of the theme that slides lie on
_FILLS = tuple(map(qn, ("a:solidFill", "a:gradFill", "a:blipFill", "a:pattFill", "a:grpFill")))
_OTHERS = tuple(map(qn, ("p:pic", "p:graphicFrame", "p:cxnSp")))


def is_hidden(slide: Any) -> bool:
    """True for a slide that is not shown."""
    return slide._element.get("show") in ("0", "false")


def without_hidden(slide: Any) -> bool:
    """Take out the shapes and letters of a slide that nobody sees. True when there were any with text."""
    found = False
    for properties in list(slide._element.iter(qn("p:cNvPr"))):
        shape = properties.getparent().getparent()
        if properties.get("hidden") in ("1", "true") and shape.getparent() is not None:
            found = _has_text(shape) or found
            shape.getparent().remove(shape)
    for run in list(slide._element.iter(qn("a:r"))):
        if _has_text(run) and (_is_tiny(run) or (_is_white(run) and not _on_ground(run, slide))):
            run.getparent().remove(run)
            found = True
    return found


def without_struck(slide: Any) -> bool:
    """Take out of a slide and its notes what is struck through. True when there were words in it."""
    found = False
    parts = (slide, slide.notes_slide) if slide.has_notes_slide else (slide,)
    for paragraph in (paragraph for part in parts for paragraph in part._element.iter(qn("a:p"))):
        texts = list(paragraph.iter(qn("a:t")))
        pieces = [(text.text or "", _is_struck(text.getparent())) for text in texts]
        if says_anything("".join(text for text, gone in pieces if gone)):
            found = True
            for text, kept in zip(texts, left(pieces), strict=True):
                text.text = kept
    return found


def _is_struck(run: Any) -> bool:
    own = run.find(qn("a:rPr"))
    return own is not None and own.get("strike", "noStrike") != "noStrike"


def _has_text(node: Any) -> bool:
    return any((text.text or "").strip() for text in node.iter(qn("a:t")))


def _is_tiny(run: Any) -> bool:
    own = run.find(qn("a:rPr"))
    size = own.get("sz") if own is not None else None
    return bool(size and size.isdigit() and int(size) <= TINY)


def _is_white(run: Any) -> bool:
    own = run.find(qn("a:rPr"))
    fill = own.find(qn("a:solidFill")) if own is not None else None
    return fill is not None and _names_white(fill)


def _names_white(fill: Any) -> bool:
    """A fill of one colour that is white, and neither darkened nor seen through."""
    if len(fill) != 1 or len(fill[0]):
        return False
    kind = etree.QName(fill[0]).localname
    value = fill[0].get("val")
    return bool((kind == "srgbClr" and value in _WHITE) or (kind == "schemeClr" and value in _PAPER))


def _on_ground(run: Any, slide: Any) -> bool:
    """True where white letters may be seen."""
    shape = next((above for above in run.iterancestors(qn("p:sp"))), None)
    if shape is None:  # a cell of a table, which has grounds of its own
        return True
    own = shape.find(qn("p:spPr"))
    placeholder = next(shape.iter(qn("p:ph")), None) is not None  # its ground may be the layout's
    style = shape.find(qn("p:style")) is not None  # a theme's shape
    filled = own is not None and any(own.find(tag) is not None for tag in _FILLS)
    bare = own is not None and own.find(qn("a:noFill")) is not None
    if filled or ((placeholder or style) and not bare):
        return True
    return _covered(shape) or not _white_ground(slide)


def _covered(shape: Any) -> bool:
    """True when anything else of the slide may lie under a shape."""
    tree = next(shape.iterancestors(qn("p:spTree")), None)
    around = tree.iter(*_OTHERS, qn("p:sp")) if tree is not None else ()
    for other in around:
        if other is shape:
            continue
        properties = other.find(qn("p:spPr"))
        drawn = other.tag != qn("p:sp") or (
            properties is not None
            and (any(properties.find(tag) is not None for tag in _FILLS) or other.find(qn("p:style")) is not None)
        )
        if drawn and _overlap(_extent(shape), _extent(other)):
            return True
    return False


def _extent(shape: Any) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom as the shape says itself; None where it leaves it to the layout."""
    offset, size = next(shape.iter(qn("a:off")), None), next(shape.iter(qn("a:ext")), None)
    if offset is None or size is None or size.get("cx") is None:
        return None
    left, top = int(offset.get("x")), int(offset.get("y"))
    return left, top, left + int(size.get("cx")), top + int(size.get("cy"))


def _overlap(one: tuple[int, int, int, int] | None, other: tuple[int, int, int, int] | None) -> bool:
    if one is None or other is None:
        return True
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _white_ground(slide: Any) -> bool:
    """True when the slide's own ground, else its layout's, else the master's, is plain white."""
    layout = slide.slide_layout
    master = layout.slide_master
    pictured = any(next(part._element.iter(qn("p:pic")), None) is not None for part in (layout, master))
    if pictured or not _white_paper(master):
        return False
    for part in (slide, layout, master):
        ground = part._element.find(f"{qn('p:cSld')}/{qn('p:bg')}")
        if ground is None:
            continue
        fill = next(iter(ground.iter(*_FILLS)), None)
        if fill is not None:
            return _names_white(fill)
        named = ground.find(qn("p:bgRef"))
        return named is not None and len(named) == 1 and _names_white(named)
    return True


def _white_paper(master: Any) -> bool:
    """True when the theme's first light colour is white and slides lie on it."""
    colours = master._element.find(qn("p:clrMap"))
    if colours is None or colours.get("bg1") != "lt1":
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    theme = etree.fromstring(master.part.part_related_by(RT.THEME).blob, parser)
    light = next(theme.iter(qn("a:lt1")), None)
    return light is not None and any((own.get("lastClr") or own.get("val")) in _WHITE for own in light)
