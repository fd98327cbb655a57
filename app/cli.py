"""The command line, and the one place where all parts meet. Heavy imports happen inside the commands.

Standard output carries the result, and with `--json` one JSON object and nothing else; progress and messages go to
standard error. Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import shown
from app.commands.documents import documents, forget
from app.commands.evaluation import evaluation
from app.commands.feedback import feedback
from app.commands.groups import tell_new
from app.commands.invocation import Json, name_data, names, print_json, print_line, say, settings_here
from app.commands.keeping import backup, doctor, restore
from app.commands.models import models
from app.commands.narrowing import narrowing
from app.commands.prompt_listing import prompts
from app.commands.synonym_listing import synonyms
from app.commands.users import administered, users
from app.web.safe import plain
from storage.errors import PremiseError, SettingError

if TYPE_CHECKING:
    from storage.filters import Filters

STOPPING_SECONDS = 5.0  # in which a web server that was told to stop does

cli = typer.Typer(
    name="premise",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Private answers on your premises: ask your company's documents, get answers with citations you can check.",
)
Groups = Annotated[str, typer.Option("--groups", help="Stand for a person of these groups: a,b. Name everyone too.")]


@cli.callback()
def options(
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder. Default: ./data, or PREMISE_DATA.")
    ] = None,
) -> None:
    """Options that every command takes."""
    name_data(data)


def main() -> None:
    """Run the command line; every error of ours is one line on standard error and exit code 1."""
    os.umask(0o077)  # whatever is written, SQLite's side files too, is for this account alone
    try:
        cli()
    except SettingError as error:
        say(str(error))
        sys.exit(2)
    except PremiseError as error:
        say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)


# --- the service ---------------------------------------------------------------------------------------------------


@cli.command()
def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the page.")] = None,
) -> None:
    """Run everything in the foreground: the page, the ingest service, the vector index. Ctrl-C stops it."""
    from app.models.register import require
    from app.operations.up import Service
    from storage.datafolder import DataFolder

    settings = settings_here(host=host, port=port)
    if host is not None:
        os.environ["PREMISE_HOST"] = host  # the web server's process reads the settings anew
    if port is not None:
        os.environ["PREMISE_PORT"] = str(port)
    folder = DataFolder(settings.data)
    settings.inbox_folder.mkdir(parents=True, exist_ok=True)
    say("Starting… The models load first, which can take a minute.")
    require(settings, say)

    def ready(address: str) -> None:
        say(f"Premise is ready: {address}")
        say(f"Drop files into {settings.inbox_folder}/<group>/ (everyone/ is for everybody). Ctrl-C stops everything.")
        if not administered():
            say(f"No administrator can sign in yet: premise --data {settings.data.resolve()} users add NAME --admin")

    Service(settings, folder, say).run(ready)


@cli.command("serve-vectors", hidden=True)
def serve_vectors() -> None:
    """Chroma's server, and where it listens made known to the others: as the systemd unit runs it."""
    from app.operations.up import Service
    from storage.datafolder import DataFolder

    settings = settings_here()
    Service(settings, DataFolder(settings.data), say, ("chroma",)).run(lambda _: say("The vector index is ready."))


@cli.command("serve-web", hidden=True)
def serve_web() -> None:
    """The web server, as `premise up` and the systemd unit run it."""
    from storage.datafolder import DataFolder

    settings = settings_here()
    with DataFolder(settings.data).answering(wait=STOPPING_SECONDS):  # before anything heavy is loaded
        from app.engine import Engine
        from app.web.server import serve

        with Engine.serving(settings, say) as engine:
            serve(engine, settings.host, settings.port)


@cli.command("serve-ingest", hidden=True)
def serve_ingest() -> None:
    """The ingest service, as `premise up` and the systemd unit run it."""
    from storage.allocator import share_heaps

    share_heaps()
    import logging
    import signal
    import threading

    from app.models.register import require
    from ingest.passes import open_pipeline
    from ingest.service import Service

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # one line a request to Chroma says nothing
    logging.getLogger("watchfiles").setLevel(
        logging.WARNING
    )  # nor does one for every moment in which something changed
    settings = settings_here()
    require(settings, say, roles=["embedder"])
    settings.inbox_folder.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with open_pipeline(settings) as (pipeline, folder):
        pipeline.catalog.source(str(settings.inbox_folder), None)
        Service(pipeline, folder, stop).run()


# --- ingestion -----------------------------------------------------------------------------------------------------


@cli.command()
def ingest(
    folder: Annotated[Path | None, typer.Argument(help="A folder of its own. Default: the inbox.")] = None,
    readers: Annotated[str | None, typer.Option(help="All of FOLDER is read by these groups: a,b.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try the failed files again.")] = False,
    confirm_deletions: Annotated[
        bool, typer.Option("--confirm-deletions", help="The files held back as missing are really gone.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the folder's documents out and forget it.")] = False,
    as_json: Json = False,
) -> None:
    """One full pass over a folder: new, changed, moved and deleted files."""
    from storage.allocator import share_heaps

    share_heaps()
    from app.models.register import require
    from ingest.passes import one_pass

    settings = settings_here()
    if readers is not None and not names(readers):
        raise typer.BadParameter("name at least one group", param_hint="--readers")
    if readers is not None and (folder is None or folder.expanduser().resolve() == settings.inbox_folder.resolve()):
        told = "who reads what in the inbox its folders say, or an access.toml; name another FOLDER"
        raise typer.BadParameter(told, param_hint="--readers")
    tell_new(settings, names(readers))
    require(settings, say, roles=["embedder"])
    result = one_pass(
        settings,
        folder,
        readers=names(readers) if readers is not None else None,
        retry=retry,
        confirm_deletions=confirm_deletions,
        remove=remove,
    )
    if as_json:
        print_json(result)
        return
    print(
        f"{result['indexed']} indexed, {result['unchanged']} unchanged, {result['deleted']} deleted, "
        f"{len(result['failed'])} failed; {result['chunks']} chunks in {result['seconds']:.1f} s"
    )
    for item in result["failed"]:
        print_line(f"  failed: {item['path']}: {item['reason']} {item['advice']}")
    for line in result["attention"]:
        print_line(f"  attention: {line}")
    if result["held"]:
        print_line(f"  {result['held']}")


@cli.command()
def reindex(
    embed: Annotated[
        bool, typer.Option("--embed", help="Go over to the embedding model that the settings name, beside the service.")
    ] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="That was right: let the old vectors go.")] = False,
    revert: Annotated[bool, typer.Option("--revert", help="That was wrong: go back to the model before.")] = False,
    cut: Annotated[
        bool, typer.Option("--cut", help="Cut and embed all documents anew, for another chunk size; stop `up` first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Rebuild both indexes from the catalog: no parsing, no embedding; or change the embedding model."""
    from app.models.register import require
    from ingest.passes import change_model, confirm_model, rebuild

    settings = settings_here()
    if embed + confirm + revert + cut > 1:
        raise typer.BadParameter("choose one of --embed, --confirm, --revert and --cut")
    if embed or cut:  # the rest loads no model
        require(settings, say, roles=["embedder"])
    if confirm:
        result = confirm_model(settings)
        words = f"{result['model']} is confirmed; {result['moved']} old vectors were let go"
    elif embed or revert:
        result = change_model(settings, revert=revert)
        words = (
            f"{result['embedded']} chunks were embedded; questions are answered by {result['model']} now, "
            f"{result['seconds']:.1f} s. If that is right: premise reindex --confirm; if not: premise reindex --revert"
        )
    else:
        result = rebuild(settings, cut=cut)
        words = f"{result['chunks']} chunks in both indexes, {result['seconds']:.1f} s"
    if as_json:
        print_json(result)
    else:
        print(words)


# --- questions -----------------------------------------------------------------------------------------------------


@cli.command()
@narrowing
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    groups: Groups,
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many passages.")] = 10,
    history: Annotated[Path | None, typer.Option(help="JSON file of earlier turns.")] = None,
    *,
    narrowed: Filters,
    as_json: Json = False,
) -> None:
    """Find passages, without an answer."""
    from app.commands.ask import remote_or_local

    settings = settings_here()
    tell_new(settings, names(groups))
    with remote_or_local(settings) as asking:
        result = asking.search(
            question,
            groups=names(groups),
            k=k,
            history=_history(history),
            filters=narrowed,
        )
    if as_json:
        print_json(result)
        return
    console = shown.terminal()
    if console is not None:
        shown.hits(console, result["hits"])
    for hit in result["hits"] if console is None else ():
        place = ", ".join(filter(None, [_pages(hit["pages"]), hit["section"]]))
        print_line(f"{hit['rank']}. {hit['path']}{f' ({place})' if place else ''}  [{hit['score']:.2f}]")
        print_line("   " + " ".join(hit["text"].split())[:300])
        if hit["also"]:
            print_line(f"   the same in {', '.join(hit['also'])}")
    for note in result["notes"]:
        say(note)
    if any("words_only" in hit["legs"] for hit in result["hits"]):
        say("Search by meaning does not answer at the moment; these were found by their words alone.")
    if not result["hits"]:
        print(f"Nothing was found that these groups may read{' and these filters leave' if narrowed else ''}.")


@cli.command()
@narrowing
def ask(
    question: Annotated[str, typer.Argument(help="What to know.")],
    groups: Groups,
    history: Annotated[Path | None, typer.Option(help="JSON file of earlier turns: [{role, content}].")] = None,
    *,
    narrowed: Filters,
    as_json: Json = False,
) -> None:
    """One answer with citations."""
    from app.commands.ask import remote_or_local

    settings = settings_here()
    tell_new(settings, names(groups))
    with remote_or_local(settings) as asking:
        result = asking.ask(
            question,
            groups=names(groups),
            history=_history(history),
            filters=narrowed,
        )
    if as_json:
        print_json(result)
        return
    if (console := shown.terminal()) is not None:
        shown.answer(console, result)
        return
    print(plain(result["answer"]))
    if result.get("notice"):
        print(f"\n({result['notice']})")
    print()
    for citation in result["citations"]:
        print_line(f"[{citation['n']}] {_place(citation)}")
    if result["near"]:
        print_line(shown.NOT_CONFIRMED)
    for citation in result["near"]:
        print_line(f"[{citation['n']}?] {_place(citation)}")
    if told := shown.unfound(result):
        print_line(told)
    if not result["refused"]:
        print()
        print_line(shown.how(result))


def _place(citation: dict[str, Any]) -> str:
    place = ", ".join(filter(None, [_pages(citation["pages"]), citation["section"]]))
    return f"{citation['path']}{f' ({place})' if place else ''}"


def _history(file: Path | None) -> list[dict[str, str]]:
    if file is None:
        return []
    try:
        turns = json.loads(file.read_text(encoding="utf-8"))
        return [{"role": str(turn["role"]), "content": str(turn["content"])} for turn in turns]
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--history") from error
    except (ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter(
            f"{file} is not a JSON list of objects with role and content", param_hint="--history"
        ) from error


def _pages(pages: list[int]) -> str:
    if not pages:
        return ""
    return f"p. {pages[0]}" if len(pages) == 1 else f"pp. {pages[0]}–{pages[-1]}"


# --- looking after it ----------------------------------------------------------------------------------------------


@cli.command()
def status(as_json: Json = False) -> None:
    """Documents by state, whether the indexes agree with the catalog, models, disk."""
    from app.operations.condition import condition, in_words

    result = condition(settings_here())
    if as_json:
        print_json(result)
    else:
        print(in_words(result))


@cli.command()
def settings() -> None:
    """Every setting, its value and what it does."""
    from storage.settings import Settings

    current = settings_here()
    for name, info in Settings.model_fields.items():
        print(f"{name} = {getattr(current, name)}\n    {info.description}")


# --- the commands that have a module of their own -----------------------------------------------------------------

for command in (backup, restore, doctor, forget, prompts, synonyms):
    cli.command()(command)
cli.add_typer(users, name="users")
cli.add_typer(documents, name="documents")
cli.add_typer(models, name="models")
cli.add_typer(evaluation, name="eval")
cli.add_typer(feedback, name="feedback")


if __name__ == "__main__":
    main()
