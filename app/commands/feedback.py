"""The command `premise feedback export`: what people rated, as data to measure and to train with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.invocation import Json, print_json, settings_here

feedback = typer.Typer(no_args_is_help=True, help="What people rated, as data. The operator's: it holds their words.")


@feedback.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@feedback.command("export")
def export(
    questions: Annotated[
        Path | None, typer.Option("--eval", help="Write a question set for premise eval here.")
    ] = None,
    chat: Annotated[Path | None, typer.Option("--chat", help="Write chat JSONL for fine-tuning here.")] = None,
    as_json: Json = False,
) -> None:
    """Rated answers with their passages: a question set, and a set to fine-tune with (thumbs up only)."""
    from app.evaluation.feedback import write_set
    from app.models.feedback import write_chats

    if questions is None and chat is None:
        raise typer.BadParameter("name at least one file: --eval FILE, --chat FILE")
    settings = settings_here()
    result: dict[str, Any] = {}
    told = (lambda line: None) if as_json else print  # each file as it is made: the other may not come about
    if questions is not None:
        made = result["eval"] = write_set(settings, questions)
        told(f"{questions}: {made['confirmed']} confirmed, {made['open']} to be completed by hand.")
    if chat is not None:
        result["chat"] = write_chats(settings, chat)
        told(f"{chat}: {result['chat']} conversations to train with.")
    told("The files hold what people asked and read: keep them as you keep theirs.")
    if as_json:
        print_json(result)
