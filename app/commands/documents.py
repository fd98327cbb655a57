"""The commands `premise documents …` and `premise forget`: every file with what became of it, and what to do about it.

They work on the catalog beside the running service, which follows within a second; without one, the next
`premise ingest` does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands import shown
from app.commands.invocation import Json, names, print_json, print_line, settings_here, show
from storage.errors import DataFolderError

if TYPE_CHECKING:
    from storage.catalog import Catalog
    from storage.settings import Settings

WAIT_SECONDS = 600  # for the one who ingests to come to an end, or to remove the bytes
OPERATOR = "operator"

Paths = Annotated[list[str], typer.Argument(help="As `premise documents list` shows them; a folder is all below it.")]

documents = typer.Typer(no_args_is_help=True, help="Every file with what became of it: list, retry, ignore.")


@documents.command("list")
def list_documents(
    state: Annotated[str | None, typer.Option(help="Only these states: failed,ignored.")] = None,
    containing: Annotated[str, typer.Option(help="Only where path or title contain this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 100,
    page: Annotated[int, typer.Option(min=1, help="Which of the pages of so many.")] = 1,
    as_json: Json = False,
) -> None:
    """Every file, whatever became of it, by path."""
    from app.web.replies import file

    with _catalog(settings_here()) as catalog:
        which = _filter(state, containing)
        total = catalog.count_documents(which, labels=None)
        found = catalog.documents_page(which, labels=None, limit=limit, offset=(page - 1) * limit)
    if as_json:
        print_json({"files": [file(document) for document in found], "total": total})
        return
    console = shown.terminal()
    if console is not None and found:
        shown.documents(console, found)
    for document in found if console is None else ():
        why = shown.why(document)
        print_line(f"{document.state:9} {document.path}{f'  {why}' if why else ''}")
    if total > len(found):
        print(f"{len(found)} of {total} files; --page, --limit, --state and --containing show others.")


@documents.command("retry")
def retry(
    paths: Annotated[list[str] | None, typer.Argument(help="Files or folders.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
    as_json: Json = False,
) -> None:
    """Try failed files again."""
    from app.operations import filing

    if bool(paths) == everything:
        raise typer.BadParameter("name files or folders, or give --all", param_hint="PATHS")
    with _catalog(settings_here()) as catalog:
        count = filing.retry(catalog, None if everything else _found(catalog, paths or []), person=OPERATOR)
    show({"retried": count}, f"Files that will be tried again: {count}.", as_json)


@documents.command("ignore")
def ignore(paths: Paths, as_json: Json = False) -> None:
    """Take files out of every answer, and pass them over from now on."""
    from app.operations import filing

    with _catalog(settings_here()) as catalog:
        count = filing.ignore(catalog, _found(catalog, paths), person=OPERATOR)
    show({"ignored": count}, f"Files ignored from now on: {count}.", as_json)


@documents.command("unignore")
def unignore(paths: Paths, as_json: Json = False) -> None:
    """Read files again that were ignored or forgotten by a person."""
    from app.operations import filing

    with _catalog(settings_here()) as catalog:
        count = filing.unignore(catalog, _found(catalog, paths), person=OPERATOR)
    show({"unignored": count}, f"Files that will be read again: {count}.", as_json)


def forget(paths: Paths, as_json: Json = False) -> None:
    """Erase documents with every trace: text, vectors, originals, and quotes in stored chats."""
    result = forget_paths(settings_here(), paths)
    said = f"Erased files: {len(result['forgotten'])}, stored answers that quoted them: {result['answers']}."
    show(result, said, as_json)


def forget_paths(settings: Settings, paths: Sequence[str]) -> dict[str, Any]:
    """Erase, and wait until the bytes are gone from the disk. Returns the object of `premise forget --json`.

    Raises: DataFolderError when there is no such document, or the bytes could not be removed.
    """
    from app.operations import filing
    from storage import erasure
    from storage.datafolder import DataFolder
    from storage.store import open_store

    with _catalog(settings) as catalog:
        forgotten = filing.forget(catalog, _found(catalog, paths), person=OPERATOR)
        until = time.monotonic() + WAIT_SECONDS
        while DataFolder(settings.data).running() is not None and erasure.scrub_due(catalog):
            if time.monotonic() > until:
                raise DataFolderError(
                    "The documents are out of every answer, but the ingest service has not removed them from the disk "
                    "yet. It does so when it has finished what it is doing; data/logs/ingest.log tells what that is."
                )
            time.sleep(0.3)
        due = erasure.scrub_due(catalog)
    if due:
        with open_store(settings, check_embedder=False) as store, store.folder.ingesting(wait=WAIT_SECONDS):
            erasure.scrub(store.indexes, store.originals)
            store.indexes.keywords.close()
    return {"forgotten": list(forgotten.paths), "answers": forgotten.answers}


@contextmanager
def _catalog(settings: Settings) -> Iterator[Catalog]:
    from storage.catalog import Catalog
    from storage.database import Database
    from storage.datafolder import DataFolder

    database = Database.open(DataFolder(settings.data).catalog)
    try:
        yield Catalog(database)
    finally:
        database.close()


def _filter(state: str | None, containing: str) -> Any:
    from storage.catalog import Filter
    from storage.records import State

    try:
        states = tuple(State(name) for name in names(state))
    except ValueError as error:
        raise typer.BadParameter(f"the states are {', '.join(State)}", param_hint="--state") from error
    return Filter(states=states, containing=containing)


def _found(catalog: Catalog, paths: Sequence[str]) -> list[str]:
    """The ids of all that these name. Raises: DataFolderError."""
    ids: dict[str, str] = {}
    for path in paths:
        here = catalog.ids_at(path)
        if not here:
            raise DataFolderError(f"There is no document at {path}. `premise documents list` shows what there is.")
        ids |= here
    return list(ids)
