"""What every command shares: the settings of the data folder that was named, and how a result is said."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.web.safe import plain

if TYPE_CHECKING:
    from storage.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


class _Named:
    """What the options before the command say."""

    data: Path | None = None


def name_data(folder: Path | None) -> None:
    """The data folder that `--data` names."""
    _Named.data = folder


def settings_here(**overrides: Any) -> Settings:
    """The settings of that folder, and from here on no connection that they do not allow. Raises: SettingError."""
    from storage.outgoing import guard
    from storage.settings import load_settings

    settings = load_settings(_Named.data, **overrides)
    guard(settings)
    return settings


def say(text: str) -> None:
    """A message to whoever looks on: on standard error."""
    print(plain(text), file=sys.stderr, flush=True)


def print_line(text: str) -> None:
    """A line on standard output, without anything in names and texts of documents that a terminal would obey."""
    print(" ".join(plain(text).split("\n")), flush=True)


def print_json(value: dict[str, Any]) -> None:
    """The one JSON object on standard output."""
    print(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8"), flush=True)


def show(result: dict[str, Any], in_words: str | Callable[[dict[str, Any]], str], as_json: bool) -> None:
    """The result, as JSON or in words."""
    if as_json:
        print_json(result)
    else:
        print(plain(in_words if isinstance(in_words, str) else in_words(result)), flush=True)


def names(text: str | None) -> list[str]:
    """`a,b` as a list."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]
