"""The ingest service as it runs: folders that come, go and do not answer, and what was forgotten in other processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from place import Place

from ingest.service import Service
from storage import erasure, recollection
from storage.datafolder import DataFolder
from storage.errors import DataFolderError

PATIENCE = 120.0  # seconds, for a busy machine
NEVER = 86_400.0  # seconds between two comparisons: what is noticed, events told


def eventually(check: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def place(place_at: Callable[..., Place], tmp_path: Path) -> Iterator[Place]:
    """With the service at work; its inbox is not there yet."""
    made = place_at(tmp_path / "data", scan_seconds=NEVER)
    made.inbox.rmdir()
    made.store.catalog.source(f"/{'x' * 300}", None)  # as a share whose server has gone: looking at it is an error
    made.source()
    stop = threading.Event()
    thread = threading.Thread(target=Service(made.pipeline, made.store.folder, stop).run)
    thread.start()
    try:
        eventually(lambda: all(source.scanned for source in made.store.catalog.sources()))
        yield made
    finally:
        stop.set()
        thread.join()


def test_a_folder_is_watched_from_when_it_is_there_and_when_another_takes_its_place(place: Place) -> None:
    def indexed(*paths: str) -> Callable[[], bool]:
        return lambda: place.states() == dict.fromkeys(paths, "indexed")

    place.write("hr/first.md", "The first number is 1.")
    eventually(indexed("hr/first.md"))
    time.sleep(0.5)  # the watch begins a moment after the folder was compared
    place.write("hr/second.md", "The second number is 2.")
    eventually(indexed("hr/first.md", "hr/second.md"))
    other = place.inbox.with_name("other")
    (other / "hr").mkdir(parents=True)
    (other / "hr" / "third.md").write_text("The third number is 3.")
    place.inbox.rename(place.inbox.with_name("away"))
    other.rename(place.inbox)
    eventually(indexed("hr/third.md"))
    time.sleep(0.5)
    place.write("hr/fourth.md", "The fourth number is 4.")
    eventually(indexed("hr/third.md", "hr/fourth.md"))


def test_what_was_forgotten_leaves_its_memory_while_it_works(place: Place) -> None:
    place.write("hr/first.md", "The first number is 1.")
    eventually(lambda: place.states() == {"hr/first.md": "indexed"})
    kept = recollection.times()
    with place.store.folder.ingesting(wait=PATIENCE):  # no turn ends, as in a bulk load
        erasure.forget(place.store.database, [item.id for item in place.store.catalog.documents(labels=None)])
        eventually(lambda: recollection.times() > kept)


def test_a_lock_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.run.rename(tmp_path / "run")
    folder.run.touch()  # no folder: nothing can be written, as on a disk that is full or read-only
    with pytest.raises(DataFolderError, match=r"cannot be used: Not a directory"), folder.ingesting():
        pass
