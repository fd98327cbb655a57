"""The options that narrow a search, defined once for every command that searches."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, get_type_hints

import typer

PARAMETER = "narrowed"  # what a command calls its Filters

_Several = list[str] | None
_Day = datetime | None
_OPTIONS: dict[str, Any] = {
    "types": Annotated[
        _Several, typer.Option("--type", help="Only these: pdf, docx …; word, slides, sheet, mail, web, text.")
    ],
    "folders": Annotated[_Several, typer.Option("--folder", help="Only in this folder, or below it.")],
    "authors": Annotated[_Several, typer.Option("--author", help="Only by this author; a part of the name will do.")],
    "after": Annotated[
        _Day, typer.Option("--after", formats=["%Y-%m-%d"], help="Changed on this day or later: 2026-01-31.")
    ],
    "before": Annotated[_Day, typer.Option("--before", formats=["%Y-%m-%d"], help="On this day or earlier.")],
    "documents": Annotated[_Several, typer.Option("--document", help="Only this document, by its path.")],
}


def narrowing(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options in place of its parameter `narrowed`, which gets the Filters they make."""
    hints = get_type_hints(command, localns={"Filters": object}, include_extras=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        from storage.filters import Filters

        chosen = {name: given.pop(name) for name in _OPTIONS}
        values: dict[str, Any] = {
            name: value.date() if isinstance(value, datetime) else tuple(value)
            for name, value in chosen.items()
            if value
        }
        if "after" in values and "before" in values and values["after"] > values["before"]:
            raise typer.BadParameter("it is earlier than --after, which leaves nothing", param_hint="--before")
        command(**given, **{PARAMETER: Filters(**values)})

    own = [
        item.replace(annotation=hints[name])
        for name, item in inspect.signature(command).parameters.items()
        if name != PARAMETER
    ]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    run.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {item.name: item.annotation for item in (*own, *options)}
    return run
