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
    from storage.outgoing import guard
    from storage.settings import load_settings

    settings = load_settings(context.find_root().params.get("data"))
    guard(settings)
    return settings


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


@models.command("check")
def check(
    context_of_command: typer.Context,
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

        kept = keep(_settings(context_of_command), directory, _say)
    if as_json:
        _print(report.as_json() | {"cards": [item.as_json() for item in cards], "recorded": kept})
    else:
        print(in_words(report) + (f"\n\nchecksums     kept; over all files {kept}" if kept else ""))
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


@models.command("list")
def list_models(context_of_command: typer.Context, as_json: Json = False) -> None:
    """The models in use, as the About page shows them: licence and duties, openness, revision, checksum."""
    from app.models.register import in_words, look

    found = look(_settings(context_of_command))
    if as_json:
        _print({"models": [item.as_json() for item in found]})
    else:
        print(in_words(found))


@models.command("fetch")
def fetch(
    context_of_command: typer.Context,
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

    settings = _settings(context_of_command)
    try:
        token = token_file.read_text(encoding="utf-8").strip() if token_file else None
    except OSError as error:
        raise SettingError(f"--token-file: cannot read {token_file} ({error.strerror}).") from error
    done = fetch_model(settings, repository, directory, revision=revision, token=token, say=_say)
    report = check_directory(directory, quick=True)  # every file was hashed a moment ago
    if as_json:
        _print(done | {"check": report.as_json()})
    else:
        print(f"{done['files']} files of {done['repository']} at {done['revision']}.\n\n{in_words(report)}")
    raise typer.Exit(1 if report.refused else 0)


@models.command("compare")
def compare(context_of_command: typer.Context, as_json: Json = False) -> None:
    """What people think of each model's answers: thumbs up and down, side by side."""
    from app.models.feedback import ratings

    rows = ratings(_settings(context_of_command))
    if as_json:
        _print({"models": rows})
        return
    for row in rows:
        print(f"{row['model']:<50} {row['up']:>6} up {row['down']:>6} down   {row['share']:.0%} up")
    if not rows:
        print("No answer has been rated yet.")


feedback = typer.Typer(no_args_is_help=True, help="What people rated, as data. The operator's: it holds their words.")


@feedback.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@feedback.command("export")
def export(
    context_of_command: typer.Context,
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
    settings = _settings(context_of_command)
    result: dict[str, Any] = {}
    if questions is not None:
        result["eval"] = write_set(settings, questions)
    if chat is not None:
        result["chat"] = write_chats(settings, chat)
    if as_json:
        _print(result)
        return
    if questions is not None:
        made = result["eval"]
        print(f"{questions}: {made['confirmed']} confirmed, {made['open']} to be completed by hand.")
    if chat is not None:
        print(f"{chat}: {result['chat']} conversations to train with.")
    print("The files hold what people asked and read: keep them as you keep theirs.")
