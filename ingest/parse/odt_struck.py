"""Paragraphs of ODT files that are struck through by their style, which pandoc does not tell: taken out of a copy.

LibreOffice writes a paragraph that somebody struck through as a whole so. Text that a style of its own strikes through
comes out of pandoc as that.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from ingest.parse.struck import says_anything

_ANY = re.compile(rb'line-through-style="(?!none")')
_OF = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_STYLE, _TEXT = _OF % "style", _OF % "text"
_OTHERS = (f"{_TEXT}note", f"{_OF % 'office'}annotation", f"{_OF % 'drawing'}frame")  # have paragraphs of their own
_DEEPEST = 20  # styles may be based on each other in a circle

_Styles = dict[
    tuple[str, str], tuple[str, bool | None]
]  # by family and name: the parent's name, and whether it strikes


def without_struck_paragraphs(path: Path, target: Path) -> bool:
    """Write a copy without them to `target`. False, and nothing written, where there are none."""
    with zipfile.ZipFile(path) as container:
        parts = [name for name in ("styles.xml", "content.xml") if name in container.namelist()]
        held = {name: container.read(name) for name in parts}
        if "content.xml" not in held or not any(map(_ANY.search, held.values())):
            return False
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        trees = {name: etree.fromstring(data, parser) for name, data in held.items()}
        styles = _styles(trees.values())
        content = trees["content.xml"]
        taken = [_take_out(paragraph, styles) for paragraph in content.iter(f"{_TEXT}p", f"{_TEXT}h")]
        if not any(taken):
            return False
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
            for name in container.namelist():
                copy.writestr(name, etree.tostring(content) if name == "content.xml" else container.read(name))
    return True


def _styles(trees: Any) -> _Styles:
    """The styles of paragraphs and of text; what a file's own content says comes last and counts."""
    styles: _Styles = {}
    for tree in trees:
        for style in tree.iter(f"{_STYLE}style"):
            own = style.find(f"{_STYLE}text-properties")
            line = own.get(f"{_STYLE}text-line-through-style") if own is not None else None
            key = (style.get(f"{_STYLE}family") or "", style.get(f"{_STYLE}name") or "")
            styles[key] = style.get(f"{_STYLE}parent-style-name") or "", None if line is None else line != "none"
    return styles


def _strikes(styles: _Styles, family: str, name: str | None) -> bool | None:
    """Whether a style, or one that it is made of, strikes through; None where none says."""
    for _ in range(_DEEPEST):
        name, said = styles.get((family, name or ""), ("", None))
        if said is not None:
            return said
    return None


def _take_out(paragraph: Any, styles: _Styles) -> bool:
    if not _strikes(styles, "paragraph", paragraph.get(f"{_TEXT}style-name")):
        return False
    found = False
    for node, place in list(_struck(paragraph, styles)):
        found = found or says_anything(getattr(node, place) or "")
        setattr(node, place, None)
    return found


def _struck(node: Any, styles: _Styles) -> Iterator[tuple[Any, str]]:
    """The places of the text that the paragraph's style strikes through: spans may say otherwise of theirs."""
    yield node, "text"
    for child in node:
        own = _strikes(styles, "text", child.get(f"{_TEXT}style-name")) if child.tag == f"{_TEXT}span" else None
        if own is None and isinstance(child.tag, str) and child.tag not in _OTHERS:
            yield from _struck(child, styles)
        yield child, "tail"
