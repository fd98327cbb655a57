"""Killed at random moments, dozens of times: the end is as if nothing had happened.

The ingest service, the Chroma server and the parsing child are ended by SIGKILL while files come, change, move and go;
then the data folder is compared with one over the same files that nobody disturbed. The embedding model is a small one
of random weights, so that most of the time is spent between the steps and not within one. `CRASH_KILLS` and
`CRASH_SEED` in the environment make longer and other runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tiny_embedder
from sqlalchemy import func, select

from storage.catalog import Catalog
from storage.database import Database
from storage.datafolder import DataFolder
from storage.indexes import GENERATION, Indexes
from storage.keywords import KeywordIndex
from storage.matrix import Matrix
from storage.originals import Originals
from storage.records import State
from storage.schema import documents
from storage.vectors import VectorIndex

KILLS = int(os.environ.get("CRASH_KILLS", "16"))
SEED = int(os.environ.get("CRASH_SEED", "7"))
STEPS = 10  # changes of files' states between two kills, at most: the same moments on a slow machine and a fast one
LONGEST = 4.0  # seconds between two kills, at most
VICTIMS = ["ingest", "ingest", "ingest", "parser", "parser", "chroma"]
PATIENCE = 300.0  # seconds, for a busy machine
SAMPLES = Path(__file__).parents[2] / "deploy" / "samples" / "inbox"
HANDBOOK = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval")) / "handbook"
PAGES, PAGE_BYTES = 6, 2500  # of the handbook, where it is there

pytestmark = pytest.mark.slow


@dataclass(kw_only=True)
class Running:
    """A data folder with its processes."""

    data: Path
    inbox: Path
    port: int
    worker: subprocess.Popen[str]
    chroma: subprocess.Popen[bytes]
    ingest: int = 0

    def start_ingest(self) -> None:
        assert self.worker.stdin and self.worker.stdout
        asked = {"data": str(self.data), "inbox": str(self.inbox), "port": self.port}
        self.worker.stdin.write(json.dumps(asked) + "\n")
        self.worker.stdin.flush()
        self.ingest = int(self.worker.stdout.readline())

    def parser(self) -> int | None:
        """The parsing child's process id."""
        for task in Path(f"/proc/{self.ingest}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                for child in task.read_text().split():
                    if b"ingest.parse.child" in Path(f"/proc/{child}/cmdline").read_bytes():
                        return int(child)
        return None


def start_chroma(data: Path, port: int) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(data / "vectors")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")}
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean | {"ANONYMIZED_TELEMETRY": "False", "DO_NOT_TRACK": "1"},
    )
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", trust_env=False).status_code == 200:
                return process
        time.sleep(0.1)
    raise AssertionError("Chroma did not start")


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Starts ingest services (ingest_worker.py)."""
    model = tiny_embedder.make(tmp_path / "model")
    command = [sys.executable, str(Path(__file__).with_name("ingest_worker.py")), str(model)]
    temporary = {"TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    with (tmp_path / "worker.log").open("ab") as log:
        made = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | temporary
        )
        assert made.stdin and made.stdout
        with made, made.stdin:
            assert made.stdout.readline().strip() == "ready", (tmp_path / "worker.log").read_text()
            yield made


@contextlib.contextmanager
def running(worker: subprocess.Popen[str], data: Path, inbox: Path) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    DataFolder(data)
    made = Running(data=data, inbox=inbox, port=port, worker=worker, chroma=start_chroma(data, port))
    try:
        made.start_ingest()
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(made.ingest, signal.SIGKILL)
        made.chroma.kill()
        made.chroma.wait(10)


@contextlib.contextmanager
def opened(place: Running) -> Iterator[Indexes]:
    folder = DataFolder(place.data)
    database = Database.open(folder.catalog)
    vectors = VectorIndex.server("127.0.0.1", place.port, Matrix(folder.matrix))
    try:
        yield Indexes(Catalog(database), KeywordIndex(folder.keywords), vectors)
    finally:
        vectors.close()
        database.close()


def wait_until_done(place: Running, indexes: Indexes) -> None:
    """Until the folder was compared after its last change and nothing waits, not even for another try."""
    changed = time.time()
    until = time.monotonic() + PATIENCE
    catalog = indexes.catalog
    while time.monotonic() < until:
        time.sleep(0.3)
        source = next(iter(catalog.sources()), None)
        if source is None:
            continue  # the service is starting
        files = catalog.known(source.id).values()
        if (
            source.scanned is not None
            and source.scanned.timestamp() > changed
            and all(file.state in (State.INDEXED, State.FAILED, State.IGNORED) for file in files)
            and not any(file.retry_at for file in files)
            and not catalog.notes(1)
        ):
            return
    os.kill(place.ingest, signal.SIGUSR1)  # its threads' stacks go to the log
    time.sleep(1)
    waiting = [(file.path, file.state, file.code, file.reason) for file in files if file.state is not State.INDEXED]
    raise AssertionError(f"still not done: {waiting}; {(place.data.parent / 'worker.log').read_text()[-9000:]}")


def wait_for_steps(indexes: Indexes, steps: int) -> None:
    """Until files have changed their state so often, or nothing more happens."""
    until = time.monotonic() + LONGEST
    seen = None
    while steps > 0 and time.monotonic() < until:
        with indexes.catalog.database.read() as connection:
            now = tuple(connection.execute(select(func.count(), func.max(documents.c.changed_at))).one())
        steps -= now != seen
        seen = now
        time.sleep(0.01)


def change(inbox: Path, chance: random.Random) -> None:
    """Something that people do to a shared folder."""
    files = sorted(file for file in inbox.rglob("*") if file.is_file() and file.name != "access.toml")
    file = chance.choice(files)
    what = chance.choice(["new", "edit", "copy", "move", "delete", "readers"])
    number = chance.randrange(10_000)
    if what == "new":
        (inbox / "everyone" / f"note {number}.md").write_text(f"# Note {number}\n\nThe code of the day is {number}.\n")
    elif what == "edit":
        target = chance.choice([item for item in files if item.suffix == ".md"])
        target.write_text(target.read_text() + f"\nAmended: clause {number} applies.\n")
    elif what == "copy":
        shutil.copy(file, inbox / "hr" / f"copy {number}{file.suffix}")
    elif what == "move":
        file.rename(inbox / "sales" / f"moved {number}{file.suffix}")
    elif what == "delete" and len(files) > 20:
        file.unlink()
    elif what == "readers":
        (inbox / "finance" / "access.toml").write_text(f'readers = ["finance", "group{number % 3}"]\n')


def chosen(chance: random.Random) -> Iterator[str]:
    """Whom to kill next; each has its turn."""
    while True:
        yield from chance.sample(VICTIMS, len(VICTIMS))


def kill(place: Running, victim: str) -> None:
    if victim == "parser":
        parser = place.parser()
        with contextlib.suppress(ProcessLookupError):
            if parser is not None:
                os.kill(parser, signal.SIGKILL)
    elif victim == "chroma":
        place.chroma.kill()
        place.chroma.wait(10)
        place.chroma = start_chroma(place.data, place.port)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.kill(place.ingest, signal.SIGKILL)
        place.start_ingest()


def state_of(indexes: Indexes) -> dict[str, Any]:
    """Everything that must come out the same, by path; vectors beside."""
    result: dict[str, Any] = {}
    by_document: dict[str, list[Any]] = {}
    revisions: dict[str, str] = {}
    for rows in indexes.catalog.index_rows():
        for row in rows:
            piece = row.chunk
            by_document.setdefault(row.path, []).append(
                (piece.position, piece.start, piece.end, piece.header, piece.body, piece.pages, row.label, row.vector)
            )
            revisions[row.path] = piece.revision_id
    labels = indexes.catalog.all_labels()
    for item in indexes.catalog.documents(labels=None):
        content = indexes.catalog.original_of(item.revision, labels=labels)[0] if item.revision else None
        pieces = sorted(by_document.get(item.path, []), key=lambda piece: piece[0])
        result[item.path] = {
            "state": item.state,
            "code": item.code,
            "groups": item.groups,
            "title": item.title,
            "content": content,
            "chunks": [piece[:6] for piece in pieces],
            "vectors": [piece[7] for piece in pieces],
        }
    return result


def check_nothing_is_orphaned(place: Running, indexes: Indexes) -> None:
    """Both indexes hold exactly the catalog's chunks, and the folder of originals exactly what revisions need."""
    catalog = indexes.catalog
    assert indexes.check().ok, indexes.check()
    wanted: dict[int, dict[str, np.ndarray[Any, Any]]] = {}
    for rows in catalog.index_rows():
        for row in rows:
            wanted.setdefault(row.label, {})[row.chunk.id] = row.vector
            hits = indexes.search_keywords(row.chunk.body, labels=frozenset({row.label}), k=1000)
            assert row.chunk.id in {hit.id for hit in hits}
    generation = catalog.fact(GENERATION) or ""
    chroma = indexes.vectors._client
    collections = {item.name: set(item.get(include=[])["ids"]) for item in chroma.list_collections()}
    assert {name: ids for name, ids in collections.items() if ids} == {
        f"{generation}-{label}": set(vectors) for label, vectors in wanted.items()
    }
    for label, vectors in wanted.items():
        labels = frozenset({label})
        hits = indexes.vectors.search(generation, next(iter(vectors.values())), labels=labels, k=len(vectors) + 10)
        assert sorted(hit.id for hit in hits) == sorted(vectors)
    originals = Originals(place.data / "originals")
    assert {file.name for file in originals._files()} == set(catalog.originals())


@pytest.mark.timeout(1800)
def test_killed_dozens_of_times_the_end_is_the_same(worker: subprocess.Popen[str], tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  the same kills in every run
    inbox = tmp_path / "inbox"
    shutil.copytree(SAMPLES, inbox)
    pages = [page for page in sorted(HANDBOOK.rglob("*.md")) if page.stat().st_size < PAGE_BYTES]
    for number, page in enumerate(pages[:PAGES]):
        shutil.copy(page, inbox / "everyone" / f"{number} {page.name}")
    with running(worker, tmp_path / "disturbed", inbox) as place:
        with opened(place) as indexes:
            for _, victim in zip(range(KILLS), chosen(chance), strict=False):
                wait_for_steps(indexes, chance.randint(1, STEPS))
                time.sleep(chance.uniform(0, 0.1))
                change(inbox, chance)
                kill(place, victim)
        with opened(place) as indexes:
            wait_until_done(place, indexes)
            os.kill(place.ingest, signal.SIGKILL)
            place.start_ingest()  # a start begins with tidying up
            wait_until_done(place, indexes)
            time.sleep(1.5)
            check_nothing_is_orphaned(place, indexes)
            found = state_of(indexes)
    with running(worker, tmp_path / "undisturbed", inbox) as place, opened(place) as indexes:
        wait_until_done(place, indexes)
        check_nothing_is_orphaned(place, indexes)
        expected = state_of(indexes)
    assert set(found) == set(expected)
    for path, item in expected.items():
        assert {key: found[path][key] for key in item if key != "vectors"} == {
            key: item[key] for key in item if key != "vectors"
        }, path
        for one, other in zip(found[path]["vectors"], item["vectors"], strict=True):
            assert float(one @ other) > 0.99, path  # a batch of other texts rounds a little otherwise
    assert (
        len(list((tmp_path / "tmp").glob("premise-parse-*"))) <= 1
    )  # of the service that was killed last; the next one removes it
