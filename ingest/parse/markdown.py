"""Markdown to elements: rendered by markdown-it, then walked as HTML.

Not through unstructured's `partition_md`: it renders with another dialect that has no tables without blank lines around
them, and loses front matter into the text. The title comes from the front matter; the rest of it is left out.
"""

from __future__ import annotations

import html
import re
from collections.abc import MutableMapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import yaml  # type: ignore[import-untyped]
from lxml.html import defs  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from ingest.parse.html import html_elements, left_out, tree
from ingest.parse.text import first_heading, single_line
from storage.records import Parsed

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCED = re.compile(r"(?ms)(^ {0,3}(?:```|~~~).*?(?:^ {0,3}(?:```|~~~)[ \t]*$|\Z)|`[^`\n]+`)")
_NOTE = re.compile(r"(?m)^ {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*(?:\n(?!\s*\n| {0,3}\[\^).+)*)")
_CALL = re.compile(r"\[\^([^\]\s]+)\]")
_TAG_NAME = re.compile(r"</?([a-zA-Z][\w:-]*)")


def parse_markdown(source: str) -> Parsed:
    """A whole Markdown file."""
    source = re.sub(r"\r\n?", "\n", source)
    front = _FRONT_MATTER.match(source)
    fields = front_matter(front.group(1)) if front else None
    body = source[front.end() :] if front and fields is not None else source
    rendered = _renderer().render(_with_notes_in_place(body))
    root = tree(rendered) if rendered.strip() else None
    flags = left_out(root) if root is not None else ()
    elements = html_elements(root) if root is not None else []
    fields = fields or {}
    title, author, made = (fields.get(name) for name in ("title", "author", "date"))
    return Parsed(
        elements=tuple(elements),
        title=(single_line(title) if isinstance(title, str) else None) or first_heading(elements),
        author=single_line(author) or None if isinstance(author, str) else None,
        created=_moment(made),
        flags=flags,
    )


def _with_notes_in_place(body: str) -> str:
    """Every footnote ("[^1]: …") behind the block that refers to it, as a paragraph. Code is left as it is."""
    if not _NOTE.search(body):
        return body
    parts = _FENCED.split(body)  # every second one is code
    notes = {match[1]: " ".join(match[2].split()) for part in parts[::2] for match in _NOTE.finditer(part)}
    for number in range(0, len(parts), 2):
        blocks = re.split(r"(\n[ \t]*\n)", _NOTE.sub("", parts[number]))
        for at in range(0, len(blocks), 2):
            called = [name for name in dict.fromkeys(_CALL.findall(blocks[at])) if name in notes]
            for name in called:
                blocks[at] = blocks[at].replace(f"[^{name}]", rf"\[{name}\]")
            said = [rf"\[{name}\] {notes[name]}" for name in called if notes[name]]
            blocks[at] += "".join(f"\n\n{note}" for note in said)
            notes |= dict.fromkeys(called, "")  # said once
        parts[number] = "".join(blocks)
    left = [rf"\[{name}\] {text}" for name, text in notes.items() if text]
    return "".join(parts) + "".join(f"\n\n{note}" for note in left)


def front_matter(block: str) -> dict[str, Any] | None:
    """The fields of a YAML block; None when it is none (two rules with text between)."""
    try:
        fields = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError):
        lines = re.findall(r"(?m)^(\w[\w-]*):[ \t]+(\S.*)$", block)
        fields = {name: value.strip("\"'") for name, value in lines} or None
    if fields is None and not block.strip():
        return {}
    return {str(name): value for name, value in fields.items()} if isinstance(fields, dict) else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


@cache
def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    renderer.add_render_rule("html_inline", _inline_tag)
    return renderer


def _inline_tag(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: MutableMapping[str, Any]
) -> str:
    """Keep `<your-name>` and the like: a placeholder and not HTML, the reader must see it."""
    content = tokens[index].content
    name = _TAG_NAME.match(content)
    return html.escape(content) if name and name.group(1).lower() not in defs.tags else content
