"""The command line, and the one place where all parts meet. Heavy imports happen inside the commands.

Standard output carries the result, and with `--json` one JSON object and nothing else; progress and messages go to
standard error. Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import documents, keeping
from app.commands import evaluation as cli_eval
from app.models.commands import feedback, models
from storage.errors import PremiseError, SettingError

if TYPE_CHECKING:
    from storage.filters import Filters
    from storage.settings import Settings

cli = typer.Typer(
    name="premise",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Private answers on your premises: ask your company's documents, get answers with citations you can check.",
)
users = typer.Typer(no_args_is_help=True, help="Accounts: who can sign in, and their groups.")
cli.add_typer(users, name="users")
cli.add_typer(models, name="models")
cli.add_typer(feedback, name="feedback")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Only these: pdf, docx …; word, slides, sheet, mail, web, text.")
]
Folders = Annotated[list[str] | None, typer.Option("--folder", help="Only in this folder, or below it.")]
Authors = Annotated[list[str] | None, typer.Option("--author", help="Only by this author; a part of the name will do.")]
After = Annotated[datetime | None, typer.Option("--after", formats=["%Y-%m-%d"], help="Changed on this day or later.")]
Before = Annotated[datetime | None, typer.Option("--before", formats=["%Y-%m-%d"], help="On this day or earlier.")]
Documents = Annotated[list[str] | None, typer.Option("--document", help="Only this document, by its path.")]
Groups = Annotated[str, typer.Option("--groups", help="Stand for a person of these groups: a,b. Name everyone too.")]


class State:
    """What the options before the command say."""

    data: Path | None = None


@cli.callback()
def options(
    data: Annotated[
        Path | None, typer.Option("--data", help="The data folder. Default: ./data, or PREMISE_DATA.")
    ] = None,
) -> None:
    """Options that every command takes."""
    State.data = data


def main() -> None:
    """Run the command line; every error of ours is one line on standard error and exit code 1."""
    os.umask(0o077)  # whatever is written, SQLite's side files too, is for this account alone
    try:
        cli()
    except SettingError as error:
        _say(str(error))
        sys.exit(2)
    except PremiseError as error:
        _say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)


def _settings(**overrides: Any) -> Settings:
    from storage.outgoing import guard
    from storage.settings import load_settings

    settings = load_settings(State.data, **overrides)
    guard(settings)
    return settings


cli.add_typer(cli_eval.commands(_settings), name="eval")


documents.add_to(cli, _settings)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


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

    settings = _settings(host=host, port=port)
    if host is not None:
        os.environ["PREMISE_HOST"] = host  # the web server's process reads the settings anew
    if port is not None:
        os.environ["PREMISE_PORT"] = str(port)
    folder = DataFolder(settings.data)
    settings.inbox_folder.mkdir(parents=True, exist_ok=True)
    _say("Starting…")
    require(settings, _say)

    def ready(address: str) -> None:
        _say(f"Premise is ready: {address}")
        _say(f"Drop files into {settings.inbox_folder}/<group>/ (everyone/ is for everybody). Ctrl-C stops everything.")

    Service(settings, folder, _say).run(ready)


@cli.command("serve-vectors", hidden=True)
def serve_vectors() -> None:
    """Chroma's server, and where it listens made known to the others: as the systemd unit runs it."""
    from app.operations.up import Service
    from storage.datafolder import DataFolder

    settings = _settings()
    Service(settings, DataFolder(settings.data), _say, ("chroma",)).run(lambda _: _say("The vector index is ready."))


@cli.command("serve-web", hidden=True)
def serve_web() -> None:
    """The web server, as `premise up` and the systemd unit run it."""
    from app.engine import Engine
    from app.models.register import require
    from app.web.server import serve

    settings = _settings()
    require(settings, _say)
    with Engine.open(settings) as engine:
        serve(engine, settings.host, settings.port)


@cli.command("serve-ingest", hidden=True)
def serve_ingest() -> None:
    """The ingest service, as `premise up` and the systemd unit run it."""
    import logging
    import signal
    import threading

    from app.models.register import require
    from ingest.passes import open_pipeline
    from ingest.service import Service

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # one line a request to Chroma says nothing
    settings = _settings()
    require(settings, _say, roles=["embedder"])
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
    readers: Annotated[str | None, typer.Option(help="All of it is read by these groups: a,b.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try the failed files again.")] = False,
    confirm_deletions: Annotated[
        bool, typer.Option("--confirm-deletions", help="The files held back as missing are really gone.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the folder's documents out and forget it.")] = False,
    as_json: Json = False,
) -> None:
    """One full pass over a folder: new, changed, moved and deleted files."""
    from ingest.passes import one_pass

    settings = _settings()
    if readers is not None and not _names(readers):
        raise typer.BadParameter("name at least one group", param_hint="--readers")
    result = one_pass(
        settings,
        folder,
        readers=_names(readers) if readers is not None else None,
        retry=retry,
        confirm_deletions=confirm_deletions,
        remove=remove,
    )
    if as_json:
        _print_json(result)
        return
    print(
        f"{result['indexed']} indexed, {result['unchanged']} unchanged, {result['deleted']} deleted, "
        f"{len(result['failed'])} failed; {result['chunks']} chunks in {result['seconds']:.1f} s"
    )
    for item in result["failed"]:
        print(f"  failed: {item['path']}: {item['reason']} {item['advice']}")
    for line in result["attention"]:
        print(f"  attention: {line}")
    if result["held"]:
        print(f"  {result['held']}")


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
    from ingest.passes import change_model, confirm_model, rebuild

    if embed + confirm + revert + cut > 1:
        raise typer.BadParameter("choose one of --embed, --confirm, --revert and --cut")
    if confirm:
        result = confirm_model(_settings())
        words = f"{result['model']} is confirmed; {result['moved']} old vectors were let go"
    elif embed or revert:
        result = change_model(_settings(), revert=revert)
        words = (
            f"{result['embedded']} chunks were embedded; questions are answered by {result['model']} now, "
            f"{result['seconds']:.1f} s. If that is right: premise reindex --confirm; if not: premise reindex --revert"
        )
    else:
        result = rebuild(_settings(), cut=cut)
        words = f"{result['chunks']} chunks in both indexes, {result['seconds']:.1f} s"
    if as_json:
        _print_json(result)
    else:
        print(words)


# --- questions -----------------------------------------------------------------------------------------------------


@cli.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    groups: Groups,
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many passages.")] = 10,
    history: Annotated[Path | None, typer.Option(help="JSON file of earlier turns.")] = None,
    types: Types = None,
    folder: Folders = None,
    author: Authors = None,
    after: After = None,
    before: Before = None,
    document: Documents = None,
    as_json: Json = False,
) -> None:
    """Find passages, without an answer."""
    from app.commands.ask import remote_or_local

    with remote_or_local(_settings()) as asking:
        result = asking.search(
            question,
            groups=_names(groups),
            k=k,
            history=_history(history),
            filters=_filters(types, folder, author, after, before, document),
        )
    if as_json:
        _print_json(result)
        return
    for hit in result["hits"]:
        place = ", ".join(filter(None, [_pages(hit["pages"]), hit["section"]]))
        print(f"{hit['rank']}. {hit['path']}{f' ({place})' if place else ''}  [{hit['score']:.2f}]")
        print("   " + " ".join(hit["text"].split())[:300])
        if hit["also"]:
            print(f"   the same in {', '.join(hit['also'])}")
    for note in result["notes"]:
        _say(note)
    if any("words_only" in hit["legs"] for hit in result["hits"]):
        _say("The vector index does not answer at the moment; these were found by their words alone.")
    if not result["hits"]:
        print("Nothing was found that these groups may read.")


@cli.command()
def ask(
    question: Annotated[str, typer.Argument(help="What to know.")],
    groups: Groups,
    history: Annotated[Path | None, typer.Option(help="JSON file of earlier turns: [{role, content}].")] = None,
    types: Types = None,
    folder: Folders = None,
    author: Authors = None,
    after: After = None,
    before: Before = None,
    document: Documents = None,
    as_json: Json = False,
) -> None:
    """One answer with citations."""
    from app.commands.ask import remote_or_local

    with remote_or_local(_settings()) as asking:
        result = asking.ask(
            question,
            groups=_names(groups),
            history=_history(history),
            filters=_filters(types, folder, author, after, before, document),
        )
    if as_json:
        _print_json(result)
        return
    print(result["answer"])
    if result.get("notice"):
        print(f"\n({result['notice']})")
    for citation in result["citations"]:
        place = ", ".join(filter(None, [_pages(citation["pages"]), citation["section"]]))
        print(f"[{citation['n']}] {citation['path']}{f' ({place})' if place else ''}")


def _filters(
    types: list[str] | None,
    folders: list[str] | None,
    authors: list[str] | None,
    after: datetime | None,
    before: datetime | None,
    documents: list[str] | None,
) -> Filters:
    from storage.filters import Filters

    return Filters(
        types=tuple(types or ()),
        folders=tuple(folders or ()),
        authors=tuple(authors or ()),
        after=after.date() if after else None,
        before=before.date() if before else None,
        documents=tuple(documents or ()),
    )


def _history(file: Path | None) -> list[dict[str, str]]:
    if file is None:
        return []
    try:
        turns = json.loads(file.read_text(encoding="utf-8"))
        return [{"role": str(turn["role"]), "content": str(turn["content"])} for turn in turns]
    except (OSError, ValueError, KeyError, TypeError) as error:
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

    result = condition(_settings())
    if as_json:
        _print_json(result)
    else:
        print(in_words(result))


@cli.command()
def settings() -> None:
    """Every setting, its value and what it does."""
    from storage.settings import Settings

    current = _settings()
    for name, info in Settings.model_fields.items():
        print(f"{name} = {getattr(current, name)}\n    {info.description}")


def _accounts(work: Callable[[Any], Any]) -> Any:
    from storage.accounts import Accounts
    from storage.audit import Audit
    from storage.database import Database
    from storage.datafolder import DataFolder

    database = Database.open(DataFolder(_settings().data).catalog)
    try:
        accounts = Accounts(database)
        accounts_audit = Audit(database)
        return work((accounts, accounts_audit))
    finally:
        database.close()


Password = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input; otherwise one is made.")
]


def _password(from_stdin: bool) -> str:
    from storage.accounts import new_password

    return sys.stdin.readline().rstrip("\n") if from_stdin else new_password()


@users.command("add")
def users_add(
    name: str,
    groups: Annotated[str, typer.Option(help="Groups: a,b. Everybody belongs to everyone anyway.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May administer.")] = False,
    password_stdin: Password = False,
    as_json: Json = False,
) -> None:
    """A new account. Prints the password that was made."""
    from storage.audit import Event

    password = _password(password_stdin)

    def work(parts: Any) -> Any:
        user = parts[0].add(name, password, _names(groups), admin=admin)
        parts[1].record("operator", Event.USER_ADDED, name)
        return user

    _show_user(_accounts(work), None if password_stdin else password, as_json)


@users.command("change")
def users_change(
    name: str,
    groups: Annotated[str | None, typer.Option(help="All groups from now on: a,b.")] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="May administer.")] = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="May not sign in.")] = None,
    new_password: Annotated[bool, typer.Option("--new-password", help="Make a new password.")] = False,
    password_stdin: Password = False,
    as_json: Json = False,
) -> None:
    """Change an account: groups, rights, password."""
    from storage.audit import Event

    password = _password(password_stdin) if new_password or password_stdin else None

    def work(parts: Any) -> Any:
        user = parts[0].change(
            name,
            password=password,
            groups=_names(groups) if groups is not None else None,
            admin=admin,
            disabled=disabled,
        )
        parts[1].record("operator", Event.USER_CHANGED, name)
        return user

    _show_user(_accounts(work), None if password_stdin else password, as_json)


@users.command("remove")
def users_remove(name: str, as_json: Json = False) -> None:
    """Delete an account with its conversations."""
    from storage.audit import Event

    def work(parts: Any) -> None:
        parts[0].remove(name)
        parts[1].record("operator", Event.USER_REMOVED, name)

    _accounts(work)
    if as_json:
        _print_json({"removed": name})
    else:
        print(f"{name} was removed.")


@users.command("list")
def users_list(as_json: Json = False) -> None:
    """Every account."""
    people = _accounts(lambda parts: parts[0].all())
    if as_json:
        _print_json({"users": [_user_json(user) for user in people]})
        return
    for user in people:
        marks = ", ".join(filter(None, ["admin" if user.admin else "", "disabled" if user.disabled else ""]))
        print(f"{user.name}  groups: {', '.join(user.groups) or 'everyone only'}{f'  ({marks})' if marks else ''}")
    if not people:
        print("There are no accounts yet: premise users add NAME --groups a,b")


@users.command("token")
def users_token(
    name: str,
    days: Annotated[float | None, typer.Option(min=0, help="For so many days. Default: until it is revoked.")] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="End every token of this account instead.")] = False,
    as_json: Json = False,
) -> None:
    """A token by which this person's programs ask in their name, at /v1 and /api/v1. Shown once."""
    from storage.audit import Event
    from storage.tokens import Tokens

    def work(parts: Any) -> Any:
        tokens = Tokens(parts[0].database)
        done = tokens.revoke(name) if revoke else tokens.make(name, days)
        parts[1].record("operator", Event.TOKENS_REVOKED if revoke else Event.TOKEN_MADE, name)
        return done

    done = _accounts(work)
    if as_json:
        _print_json({"name": name} | ({"revoked": done} if revoke else {"token": done}))
    else:
        print(f"{done} revoked" if revoke else f"token: {done}")


@cli.command()
def prompts(
    copy: Annotated[bool, typer.Option("--copy", help="Put the files into the data folder, for changing.")] = False,
    version: Annotated[str | None, typer.Option(help="Print the prompts of this version, as answers name it.")] = None,
    as_json: Json = False,
) -> None:
    """What the language model is told: the files in force, and every version that was."""
    from app.answers.prompt_files import copy_prompts
    from app.commands.prompt_listing import listing

    folder = _settings().data
    if copy:
        for file in copy_prompts(folder):
            _say(f"{file} can be changed now; the next start uses it.")
    found = listing(folder, version)
    if as_json:
        _print_json(found)
        return
    for name, text in found["texts"].items():
        print(f"--- {name}{' (own)' if name in found['own'] else ''} ---\n{text.rstrip()}\n")
    print(f"version {found['version']}")
    for item in found["versions"]:
        print(f"  {item['version']} first used {item['first_used']}")


def _user_json(user: Any) -> dict[str, Any]:
    return {"name": user.name, "groups": list(user.groups), "admin": user.admin, "disabled": user.disabled}


def _show_user(user: Any, password: str | None, as_json: bool) -> None:
    if as_json:
        _print_json(_user_json(user) | ({"password": password} if password else {}))
        return
    print(f"{user.name}  groups: {', '.join(user.groups) or 'everyone only'}{'  (admin)' if user.admin else ''}")
    if password:
        print(f"password: {password}")


keeping.add_to(cli, _settings)


if __name__ == "__main__":
    main()
