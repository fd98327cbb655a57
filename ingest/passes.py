"""One-shot work on the catalog: a full pass over a folder, and rebuilding the indexes. What the command line calls."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ingest.parse.limits import ParseLimits
from ingest.passwords import Passwords
from ingest.pipeline import Pipeline
from ingest.progress import Progress as Work
from ingest.reconcile import Reconciled
from ingest.reembed import confirm, switch
from ingest.sandbox import Sandbox
from storage.catalog import EMBEDDER, Catalog, Source
from storage.catalog.facts import PREVIOUS
from storage.datafolder import DataFolder
from storage.embedder import LocalEmbedder
from storage.errors import DataFolderError, ModelError
from storage.failures import Code, advice
from storage.records import State
from storage.settings import Settings
from storage.store import open_store

WAIT_SECONDS = 600  # for the running service to come to the end of its pass
NO_HI_RES = (
    "hi_res_models needs the extra hi-res and a build of torch for this host's GPU. Install them with "
    "`.venv/bin/pip install -e '.[hi-res]'`, or take the setting out: tesseract then reads scanned pages."
)
MOST_PARSERS = 4  # by default: the embedder takes the other half of the cores
CHANGING_SECONDS = 60  # how long a pass stays for files that are still being written


@contextmanager
def open_pipeline(settings: Settings, *, check_embedder: bool = True) -> Iterator[tuple[Pipeline, DataFolder]]:
    """The pipeline over the data folder of the settings."""
    limits = ParseLimits(
        seconds=settings.parse_seconds,
        memory_mb=settings.parse_memory_mb,
        max_bytes=int(settings.max_file_mb * 1e6),
        ocr_seconds=settings.ocr_seconds,
        ocr_languages=tuple(settings.ocr_languages),
        hi_res_models=_hi_res_models(settings),
    )
    with open_store(settings, check_embedder=check_embedder) as store, ExitStack() as closing:
        passwords = Passwords(settings.passwords_file)
        sandboxes = [closing.enter_context(Sandbox(limits, passwords)) for _ in range(_parsers(settings))]
        yield Pipeline(settings, store.indexes, store.originals, store.embedder, *sandboxes), store.folder


def _hi_res_models(settings: Settings) -> str:
    """The folder of the models for hi-res reading; empty without. Raises: ModelError when it cannot be used."""
    folder = settings.hi_res_models
    if folder is None:
        return ""
    if find_spec("unstructured_inference") is None:
        raise ModelError(NO_HI_RES)
    if not folder.is_dir():
        raise ModelError(f"hi_res_models: {folder} is no folder.")
    return str(folder.absolute())


def _parsers(settings: Settings) -> int:
    return settings.parsers or min(MOST_PARSERS, max(1, (os.cpu_count() or 1) // 2))


def one_pass(
    settings: Settings,
    folder: Path | None,
    *,
    readers: Sequence[str] | None,
    retry: bool,
    confirm_deletions: bool,
    remove: bool,
) -> dict[str, Any]:
    """Reconcile a folder and take every file to indexed or failed. Returns the object of `premise ingest --json`.

    Raises: DataFolderError when the folder is none, or overlaps one that is kept already.
    """
    started = time.monotonic()
    root = _root(settings, folder, must_exist=not remove)
    with open_pipeline(settings) as (pipeline, data), data.ingesting(wait=WAIT_SECONDS):
        catalog = pipeline.catalog
        if remove and str(root) not in (known.root for known in catalog.sources()):
            raise DataFolderError(f"{root} is not kept in step: `premise status --json` lists the folders that are.")
        _refuse_overlap(catalog, root)
        source = catalog.source(str(root), readers)
        if remove:
            return _remove(pipeline, source, started)
        if confirm_deletions:
            catalog.confirm_deletions(source.id)
            source = catalog.source(str(root), readers)
        if retry:
            catalog.retry([file.id for file in catalog.known(source.id).values() if file.state is State.FAILED])
        found = pipeline.reconcile(source)
        unchanged = _indexed(catalog, source)  # what changed waits now
        work = _work(pipeline, source)
        pipeline.tidy()
        if pipeline.scrub_due():  # a `premise forget` that was interrupted
            pipeline.scrub()
        return {
            "indexed": work.indexed,
            "unchanged": unchanged,
            "deleted": found.deleted,
            "moved": found.moved,
            "relabelled": found.relabelled,
            "failed": _failed(catalog, source),
            "chunks": work.chunks,
            "seconds": round(time.monotonic() - started, 3),
            "held": found.held,
            "attention": _attention(catalog, source, found),
            "timings": {name: round(value, 3) for name, value in work.timings.items()},
        }


def _root(settings: Settings, folder: Path | None, *, must_exist: bool) -> Path:
    if folder is None:
        settings.inbox_folder.mkdir(parents=True, exist_ok=True)
        return settings.inbox_folder
    root = folder.expanduser().resolve()
    if must_exist and not root.is_dir():
        raise DataFolderError(f"{folder} is no folder. Name one, or leave it out for the inbox.")
    data, inbox = settings.data.resolve(), settings.inbox_folder
    if root.is_relative_to(data) and not (inbox != data and root.is_relative_to(inbox)):
        raise DataFolderError(
            f"{folder} is where Premise keeps its own files; they are no documents. Name another folder."
        )
    return root


def _refuse_overlap(catalog: Catalog, root: Path) -> None:
    for source in catalog.sources():
        other = Path(source.root)
        if other != root and (other.is_relative_to(root) or root.is_relative_to(other)):
            raise DataFolderError(
                f"{root} overlaps {other}, which is kept in step already: its files would be there twice. "
                f"Use that folder, or take it out first: premise ingest {other} --remove"
            )


def _work(pipeline: Pipeline, source: Source) -> Work:
    """Work with a progress bar on standard error; files still being written are waited for a while."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Indexing", rate="")

        def show(work: Work) -> None:
            rate = f"{work.chunks_per_second:.0f} chunks/s"
            if work.waiting:
                rate += f", {work.waiting:,} wait"
            if work.seconds_left:
                rate += f", {timedelta(seconds=round(work.seconds_left))} left"
            bar.update(
                task, total=work.total, completed=work.done, description=f"Indexing {work.path[-40:]}", rate=rate
            )

        total = pipeline.work([source], progress=show)
        until = time.monotonic() + CHANGING_SECONDS
        while _changing(pipeline.catalog, source) and time.monotonic() < until:
            time.sleep(1)
            again = pipeline.work([source], progress=show)
            total.indexed += again.indexed
            total.chunks += again.chunks
    return total


def _changing(catalog: Catalog, source: Source) -> bool:
    return any(file.code == Code.CHANGING and file.retry_at is not None for file in catalog.known(source.id).values())


def _attention(catalog: Catalog, source: Source, found: Reconciled) -> list[str]:
    """What the administrator should know besides failures."""
    nobody = [
        file.path
        for file in catalog.known(source.id).values()
        if file.label is None and file.state is not State.IGNORED
    ]
    lines = [*found.rule_problems, *found.unreadable]
    if nobody:
        are = "1 file is" if len(nobody) == 1 else f"{len(nobody)} files are"
        lines.append(
            f"{are} read by nobody, such as {min(nobody)}: put it into a group's folder, or let an access.toml above "
            'it name its readers, as in readers = ["hr"].'
        )
    return lines


def _indexed(catalog: Catalog, source: Source) -> int:
    return sum(file.state is State.INDEXED for file in catalog.known(source.id).values())


def _failed(catalog: Catalog, source: Source) -> list[dict[str, str]]:
    return [
        {
            "path": file.path,
            "code": file.code or "",
            "reason": file.reason or "",
            "advice": advice(file.code),
        }
        for file in sorted(catalog.known(source.id).values(), key=lambda file: file.path)
        if file.state is State.FAILED
    ]


def _remove(pipeline: Pipeline, source: Source, started: float) -> dict[str, Any]:
    files = pipeline.catalog.known(source.id)
    pipeline.catalog.delete_documents([file.id for file in files.values()])
    pipeline.catalog.forget_source(source.id)
    pipeline.indexes.catch_up()
    pipeline.tidy()
    return {
        "indexed": 0,
        "unchanged": 0,
        "deleted": len(files),
        "moved": 0,
        "relabelled": 0,
        "failed": [],
        "chunks": 0,
        "seconds": round(time.monotonic() - started, 3),
        "held": None,
        "attention": [],
        "timings": {},
    }


def change_model(settings: Settings, *, revert: bool) -> dict[str, Any]:
    """From the embedding model in use to the one that the settings name, or with `revert` back to the one before.

    Beside a running service, which goes on with the one in use until the switch. Raises: ModelError.
    """
    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        open_store(settings, check_embedder=False) as store,
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
    ):
        embedder = LocalEmbedder.from_settings(settings)
        if revert:
            before = store.catalog.fact(PREVIOUS)
            if not before:
                raise ModelError("There is no switch of the embedding model that could be taken back.")
            embedder = LocalEmbedder.from_place(before, settings)
        task = bar.add_task("Embedding chunks", total=store.catalog.counts()["chunks"])
        embedded = switch(
            store.indexes,
            embedder,
            ingesting=lambda: store.folder.ingesting(wait=WAIT_SECONDS),
            show=lambda done: bar.update(task, completed=done),
        )
        check = store.indexes.check()
    return {
        "model": embedder.model,
        "embedded": embedded,
        "chunks": check.chunks,
        "consistent": check.ok,
        "seconds": round(time.monotonic() - started, 3),
    }


def confirm_model(settings: Settings) -> dict[str, Any]:
    """Let the vectors of the model before go. Raises: ModelError when no switch waits for it."""
    with open_store(settings, check_embedder=False) as store:
        moved = confirm(store.indexes, ingesting=lambda: store.folder.ingesting(wait=WAIT_SECONDS))
        return {"model": store.catalog.fact(EMBEDDER), "moved": moved}


def rebuild(settings: Settings, *, cut: bool) -> dict[str, Any]:
    """Make both indexes anew from the catalog; `cut`: chunk and embed everything anew first."""
    started = time.monotonic()
    if cut and DataFolder(settings.data).running() is not None:
        raise DataFolderError("Stop `premise up` first: the running service would go on with the old model.")
    with (
        open_pipeline(settings, check_embedder=not cut) as (pipeline, data),
        data.ingesting(wait=WAIT_SECONDS),
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as bar,
    ):
        counts = pipeline.catalog.counts()
        if cut:
            task = bar.add_task("Embedding documents", total=counts[State.INDEXED])
            pipeline.reembed(lambda done: bar.update(task, completed=done))
        else:
            task = bar.add_task("Rebuilding", total=counts["chunks"])
            pipeline.indexes.rebuild(lambda done: bar.update(task, completed=done))
        check = pipeline.indexes.check()
    return {
        "chunks": check.chunks,
        "keywords": check.keywords,
        "vectors": check.vectors,
        "consistent": check.ok,
        "seconds": round(time.monotonic() - started, 3),
    }
