"""The model card: what README.md says of the model in its front matter. What it says is a claim, nothing more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped]

from app.models.listing import Listing

LONGEST = 2 << 20  # characters; benchmark results can make a front matter long
WANTED = ("license", "license_name", "license_link", "pipeline_tag", "tags", "base_model", "datasets", "library_name")
LONGEST_ENTRY = 20_000  # characters


@dataclass(frozen=True, kw_only=True)
class Card:
    """A README.md."""

    file: str | None = None
    claims: dict[str, Any] = field(default_factory=dict)  # of the front matter, those in WANTED
    text: str = ""  # what follows the front matter


def read_card(listed: Listing) -> Card:
    """The card of a directory; empty where there is none."""
    file = next((listed.files[name] for name in ("README.md", "Readme.md", "readme.md") if name in listed.files), None)
    if file is None or file.size > LONGEST:
        return Card()
    try:
        text = file.path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Card()
    front = re.match(r"\ufeff?---\s*\n(.*?)\n---\s*(?:\n|$)", text, re.DOTALL)
    if front is None:
        return Card(file=file.name, text=text)
    return Card(file=file.name, claims=_claims(front[1]), text=text[front.end() :])


def _claims(front: str) -> dict[str, Any]:
    """The entries that matter, each parsed by itself: benchmark results make front matters of a megabyte."""
    claims: dict[str, Any] = {}
    for entry in re.split(r"\n(?=[A-Za-z_])", front):
        name = entry.split(":", 1)[0].strip()
        if name not in WANTED or len(entry) > LONGEST_ENTRY:
            continue
        try:
            value = yaml.safe_load(entry)
        except (yaml.YAMLError, RecursionError, ValueError):
            continue
        said = value.get(name) if isinstance(value, dict) else None
        if isinstance(said, list):  # words alone: lists that name each other grow without end once they are written out
            claims[name] = [item for item in said if isinstance(item, str)]
        elif isinstance(said, str):
            claims[name] = said
    return claims
