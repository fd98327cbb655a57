"""XML to tables: what stands several times beside each other with parts of its own is a table, a row a record.

As JSON is read (`json_records`). A document in which text and elements are mixed is prose or a program's own, and stays
source text, as does one that holds no records. Entities are not resolved.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from ingest.parse.json_records import PLACE, fields, records_table, without_records
from ingest.parse.limits import ParseLimits
from ingest.parse.plain import parse_plain
from ingest.parse.text import heading, prose
from storage.records import Parsed

TEXT = "value"  # names the text of an element that has attributes and stands beside others of its name
# a declared encoding is no longer true of decoded text; the version is told, as everything that a source says
_DECLARATION = re.compile(r"^\s*<\?xml(?:[^>]*?\bversion\s*=\s*[\"'](?P<version>[\w.]+)[\"'])?[^>]*\?>")


class _Mixed(Exception):
    """Text stands beside elements."""


def parse_xml(source: str, *, limits: ParseLimits) -> Parsed:
    """An XML file. Raises ParseFailure(TOO_LARGE)."""
    try:
        root = etree.fromstring(_DECLARATION.sub("", source), _parser())
        value = {_name(root.tag): _value(root)}
    except (etree.XMLSyntaxError, ValueError, _Mixed):
        return parse_plain(source, suffix=".xml")
    found: list[tuple[str, list[dict[str, Any]]]] = []
    rest = without_records("", value, found, 0)
    if not found:
        return parse_plain(source, suffix=".xml")
    places = {PLACE.format(name=name) for name, _ in found}
    declared = _DECLARATION.match(source)
    said = [f"XML version: {declared['version']}"] if declared and declared["version"] else []
    said += [f"{name}: {text}" for name, text in fields("", rest) if text.strip() and text not in places]
    elements = prose("\n".join(said))
    for name, records in found:
        elements += [*heading(name, 2), *records_table([dict(fields("", record)) for record in records], limits)]
    return Parsed(elements=tuple(elements))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )


def _value(element: etree._Element) -> str | dict[str, Any]:
    """An element's text, or its attributes and what is in it by name; a list where there are several of a name."""
    value: dict[str, Any] = {_name(name): text for name, text in element.attrib.items()}
    text = (element.text or "").strip()
    children = list(element)
    if not children and not value:
        return text
    if children and (text or any((child.tail or "").strip() for child in children)):
        raise _Mixed
    if text:
        value[TEXT] = text
    named: dict[str, list[str | dict[str, Any]]] = {}
    for child in children:
        named.setdefault(_name(child.tag), []).append(_value(child))
    for name, inner in named.items():
        only = inner[0]
        if len(inner) > 1:
            value[name] = [item for item in inner if item]
        elif isinstance(only, dict) and TEXT in only:  # <price currency="EUR">12.50</price>
            value[name] = only.pop(TEXT)
            value |= {f"{name}.{attribute}": text for attribute, text in only.items()}
        else:
            value[name] = only
    return value


def _name(tag: object) -> str:
    """A name without its namespace; an entity that was not resolved has none."""
    if not isinstance(tag, str):
        raise _Mixed
    return tag.rpartition("}")[2]
