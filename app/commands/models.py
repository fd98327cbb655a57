"""The command group `premise models`: check, plan, fetch and the rest. Light until one of them runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.invocation import Json, print_json, say, settings_here
from app.web.safe import plain

models = typer.Typer(
    no_args_is_help=True, help="Models: whether they are whole, safe and allowed, what fits, and fetching them."
)

CardOption = Annotated[
    list[str] | None,
    typer.Option("--card", help="A card to serve on: 80GB, 2xH100, cpu:64GB. Default: this host's cards."),
]


@models.command("check")
def check(
    directory: Annotated[Path, typer.Argument(help="A model directory as Hugging Face lays it out.")],
    base: Annotated[Path | None, typer.Option(help="The base model's directory, for a LoRA adapter.")] = None,
    card: CardOption = None,
    context: Annotated[int | None, typer.Option(min=512, help="Tokens of context to serve.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare no checksum of a large file.")] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Keep its files' checksums in the data folder: the start compares them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Whether a model is whole, safe to load and allowed; what it needs, and how to serve it. Loads nothing."""
    from app.models.check import check as check_directory
    from app.models.hardware import named, this_host
    from app.models.tables import in_words

    cards = [one for text in card for one in named(text)] if card else this_host()
    report = check_directory(directory, base=base, cards=cards, context=context, quick=quick, tell=_progress())
    kept = None
    if record and directory.is_dir():
        from app.models.register import record as keep

        kept = keep(settings_here(), directory, say)
    if as_json:
        print_json(report.as_json() | {"cards": [item.as_json() for item in cards], "recorded": kept})
    else:
        print(plain(in_words(report)) + (f"\n\nchecksums     kept; over all files {kept}" if kept else ""))
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

    settings = settings_here()
    cards = [one for text in card for one in named(text)] if card else this_host()
    made = make_plan(
        people=people,
        documents=documents,
        cards=cards,
        context=context or settings.context_tokens + settings.llm_answer_tokens + ROOM,
        directories=directory or [],
    )
    if as_json:
        print_json(made.as_json())
    else:
        print(plain(in_words(made)))
    raise typer.Exit(0 if any(choice.fits for choice in made.choices) else 1)


@models.command("list")
def list_models(as_json: Json = False) -> None:
    """The models in use, as the About page shows them: licence and duties, openness, revision, checksum."""
    from app.models.register import in_words, look

    found = look(settings_here())
    if as_json:
        print_json({"models": [item.as_json() for item in found]})
    else:
        print(plain(in_words(found)))


@models.command("fetch")
def fetch(
    repository: Annotated[str, typer.Argument(help="publisher/model, as the hub names it.")],
    directory: Annotated[Path, typer.Argument(help="Where to; what is there already is not fetched again.")],
    revision: Annotated[str, typer.Option(help="Commit, tag or branch.")] = "main",
    token_file: Annotated[Path | None, typer.Option(help="File with a token of the hub, for gated models.")] = None,
    as_json: Json = False,
) -> None:
    """Fetch a model for carrying across: safetensors only, checksums kept, then checked. Needs a network."""
    from app.models.check import check as check_directory
    from app.models.fetch import fetch as fetch_model
    from app.models.tables import in_words
    from storage.errors import SettingError

    settings = settings_here()
    try:
        token = token_file.read_text(encoding="utf-8").strip() if token_file else None
    except OSError as error:
        raise SettingError(f"--token-file: cannot read {token_file} ({error.strerror}).") from error
    done = fetch_model(settings, repository, directory, revision=revision, token=token, say=say)
    report = check_directory(directory, quick=True)  # every file was hashed a moment ago
    if as_json:
        print_json(done | {"check": report.as_json()})
    else:
        print(f"{done['files']} files of {done['repository']} at {done['revision']}.\n\n{plain(in_words(report))}")
    raise typer.Exit(1 if report.refused else 0)


@models.command("compare")
def compare(as_json: Json = False) -> None:
    """What people think of each model's answers: thumbs up and down, side by side."""
    from app.models.feedback import ratings

    rows = ratings(settings_here())
    if as_json:
        print_json({"models": rows})
        return
    for row in rows:
        print(f"{plain(row['model']):<50} {row['up']:>6} up {row['down']:>6} down   {row['share']:.0%} up")
    if not rows:
        print("No answer has been rated yet.")
