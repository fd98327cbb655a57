"""The command group `premise models`: check, plan, fetch and the rest. Light until one of them runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from storage.settings import Settings

models = typer.Typer(
    no_args_is_help=True, help="Models: whether they are whole, safe and allowed, what fits, and fetching them."
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
CardOption = Annotated[
    list[str] | None,
    typer.Option("--card", help="A card to serve on: 80GB, 2xH100, cpu:64GB. Default: this host's cards."),
]


def _settings(context: typer.Context) -> Settings:
    """The settings of the data folder that the options before the command name."""
    from storage.settings import load_settings

    return load_settings(context.find_root().params.get("data"))


def _print(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


@models.command("check")
def check(
    directory: Annotated[Path, typer.Argument(help="A model directory as Hugging Face lays it out.")],
    base: Annotated[Path | None, typer.Option(help="The base model's directory, for a LoRA adapter.")] = None,
    card: CardOption = None,
    context: Annotated[int | None, typer.Option(min=512, help="Tokens of context to serve.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare no checksum of a large file.")] = False,
    as_json: Json = False,
) -> None:
    """Whether a model is whole, safe to load and allowed; what it needs, and how to serve it. Loads nothing."""
    from app.models.check import check as check_directory
    from app.models.hardware import named, this_host
    from app.models.tables import in_words

    cards = [one for text in card for one in named(text)] if card else this_host()
    report = check_directory(directory, base=base, cards=cards, context=context, quick=quick, tell=_progress())
    if as_json:
        _print(report.as_json() | {"cards": [item.as_json() for item in cards]})
    else:
        print(in_words(report))
    raise typer.Exit(1 if report.refused else 0)


def _progress() -> Any:
    """Says on standard error which file is hashed, where somebody is looking."""
    if not sys.stderr.isatty():
        return None
    last = ""

    def tell(name: str, _count: int) -> None:
        nonlocal last
        if name != last:
            print(f"comparing {name} with its checksum…", file=sys.stderr, flush=True)
            last = name

    return tell


@models.command("plan")
def plan(
    context_of_command: typer.Context,
    people: Annotated[int, typer.Option(min=1, max=100_000, help="People who ask at the same moment.")] = 10,
    documents: Annotated[int, typer.Option(min=0, help="How many documents there will be.")] = 1000,
    card: CardOption = None,
    context: Annotated[
        int | None, typer.Option(min=512, help="Tokens in use a person. Default: as the settings say.")
    ] = None,
    directory: Annotated[
        list[Path] | None, typer.Option("--model", help="A model directory, beside the profiles. May be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Which models fit the cards for so many people, with the arithmetic."""
    from app.models.hardware import named, this_host
    from app.models.plan import ROOM, in_words
    from app.models.plan import plan as make_plan

    settings = _settings(context_of_command)
    cards = [one for text in card for one in named(text)] if card else this_host()
    made = make_plan(
        people=people,
        documents=documents,
        cards=cards,
        context=context or settings.context_tokens + settings.llm_answer_tokens + ROOM,
        directories=directory or [],
    )
    if as_json:
        _print(made.as_json())
    else:
        print(in_words(made))
    raise typer.Exit(0 if any(choice.fits for choice in made.choices) else 1)
