"""Processes that search beside the web server: real ones, killed as a system kills them."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.engine import Engine
from app.records import Turn
from app.retrieval.followup import asking
from app.retrieval.retrieve import Retriever
from app.retrieval.search import Wanted
from app.retrieval.searchers import PROGRAM, Beside, Here, searching
from app.retrieval.weighing import Weighing
from app.web.server import probes
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from storage.catalog import Vector
from storage.embedder import Embedder
from storage.errors import DataFolderError, SearchFailed
from storage.filters import Filters
from storage.indexes import NO_FILTERS
from storage.settings import load_settings
from storage.store import open_store

WAIT = 30.0  # seconds
DOCUMENTS = {
    "everyone/leave.md": "# Leave\n\nStaff have thirty days of paid holiday a year.\n",
    "everyone/codes.md": "# Messages\n\nThe code PX-4711 means that the pump has no pressure.\n",
    "everyone/acme 2022.md": "# Acme 2022\n\nPurchases of property, plant and equipment were 5 million.\n",
    "everyone/passing.md": "# Passing\n\nThe zeppelin lands on Thursdays.\n",
    "board/salaries.md": "# Holiday pay\n\nThe board has sixty days of paid holiday a year.\n",
}
CAPEX = "What was the capex of Acme in 2022?"  # what statements call it is embedded in the middle of the search


@pytest.fixture(scope="module")
def office(embedder: Embedder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = load_settings(tmp_path_factory.mktemp("office"), settle_seconds=0.0, search_processes=2)
    with open_store(settings) as opened:
        store = replace(opened, embedder=embedder)
        pipeline = Pipeline(settings, store.indexes, store.originals, embedder, sandbox)
        place = Place(settings=settings, store=store, pipeline=pipeline)
        for path, text in DOCUMENTS.items():
            place.write(path, text)
        place.ingest()
        yield place


@pytest.fixture(scope="module")
def beside(office: Place) -> Iterator[Beside]:
    with searching(office.store) as found:
        assert isinstance(found, Beside)
        yield found
    assert processes(os.getpid()) == []


def processes(parent: int) -> list[int]:
    """Those that search for `parent`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            own = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if own == parent and PROGRAM in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return sorted(found)


def wanted(office: Place, question: str) -> Wanted:
    return Wanted(
        asked=asking(question, ()),
        texts=office.store.embedder.encode_questions([question]),
        trust=1.0,
        filters=NO_FILTERS,
        weighing=Weighing(),
        comparing=False,
        k=5,
    )


def labels(office: Place) -> frozenset[int]:
    return office.store.catalog.labels_of(["everyone"])


@pytest.mark.parametrize(
    ("question", "history"),
    [
        ("How many days of holiday do staff have?", ()),
        (CAPEX, ()),
        ('Where does it say "no pressure"?', ()),
        ("What is PX-4711?", ()),
        ("And how many of them are paid?", (Turn(role="user", content="How many days of holiday do staff have?"),)),
        ("How many days of hollidday?", ()),
        ("员工有多少天假", ()),
    ],
)
def test_it_finds_what_a_search_here_finds(
    office: Place, beside: Beside, question: str, history: Sequence[Turn]
) -> None:
    here = Retriever(office.store.indexes, office.store.embedder)
    there = Retriever(office.store.indexes, office.store.embedder, searching=beside)
    own = here.search(question, labels=labels(office), k=5, history=history)
    assert own
    assert there.search(question, labels=labels(office), k=5, history=history) == own
    assert {hit.found.path.split("/")[0] for hit in own} == {"everyone"}


def test_of_one_processor_or_setting_nothing_is_started(office: Place) -> None:
    store = replace(office.store, settings=office.settings.model_copy(update={"search_processes": 1}))
    before = processes(os.getpid())
    with searching(store) as found:
        assert isinstance(found, Here)
        assert processes(os.getpid()) == before


def test_what_is_deleted_is_gone_with_the_commit(office: Place, beside: Beside) -> None:
    encode = office.store.embedder.encode_questions
    asked = wanted(office, "When does the zeppelin land?")

    def found() -> bool:
        return any("passing" in item.path for item in beside.search(asked, encode, labels=labels(office)))

    assert found()
    catalog = office.store.catalog
    (gone,) = (one.id for one in catalog.known(office.source().id).values() if "passing" in one.path)
    catalog.delete_documents([gone])  # the indexes are not told
    assert not any(found() for _ in range(4))


def test_one_that_was_killed_is_replaced(office: Place, beside: Beside, caplog: pytest.LogCaptureFixture) -> None:
    before = processes(os.getpid())
    for process in before:
        os.kill(process, signal.SIGKILL)
    with caplog.at_level(logging.WARNING, "premise.search"):
        for _ in range(2):
            assert beside.search(
                wanted(office, "holiday"), office.store.embedder.encode_questions, labels=labels(office)
            )
    assert "exit status -9" in caplog.text
    now = processes(os.getpid())
    assert now
    assert not set(now) & set(before)
    assert 1 <= beside.replaced <= len(before)
    numbers = TestClient(Starlette(routes=probes(Engine(office.store, beside)))).get("/metrics").text
    assert f"\npremise_search_processes_replaced_total {beside.replaced}.0\n" in numbers


class Killing:
    """Embeds, but first kills whoever asks, so many times."""

    def __init__(self, encode: Callable[[Sequence[str]], Vector], times: int) -> None:
        self.encode = encode
        self.left = times

    def __call__(self, texts: Sequence[str]) -> Vector:
        if self.left:
            self.left -= 1
            for process in processes(os.getpid()):
                os.kill(process, signal.SIGKILL)
        return self.encode(texts)


def test_a_question_whose_search_is_killed_in_the_middle_is_answered(office: Place, beside: Beside) -> None:
    encode = office.store.embedder.encode_questions
    undisturbed = beside.search(wanted(office, CAPEX), encode, labels=labels(office))
    killing = Killing(encode, 1)
    assert beside.search(wanted(office, CAPEX), killing, labels=labels(office)) == undisturbed
    assert killing.left == 0


def test_one_that_ends_every_process_is_given_up_and_the_next_is_answered(office: Place, beside: Beside) -> None:
    encode = office.store.embedder.encode_questions
    with pytest.raises(SearchFailed, match="twice"):
        beside.search(wanted(office, CAPEX), Killing(encode, 9), labels=labels(office))
    assert beside.search(wanted(office, CAPEX), encode, labels=labels(office))


def test_an_error_there_is_an_error_here_and_ends_no_process(office: Place, beside: Beside) -> None:
    before = processes(os.getpid())
    meant = replace(wanted(office, "holiday"), filters=Filters(folders=("everyone",)))
    database = office.store.folder.catalog
    with sqlite3.connect(database) as holding:
        holding.execute("ALTER TABLE documents RENAME TO elsewhere")
    try:
        with pytest.raises(DataFolderError, match="documents"):
            beside.search(meant, office.store.embedder.encode_questions, labels=labels(office))
    finally:
        with sqlite3.connect(database) as holding:
            holding.execute("ALTER TABLE elsewhere RENAME TO documents")
    assert beside.search(meant, office.store.embedder.encode_questions, labels=labels(office))
    assert processes(os.getpid()) == before


PARENT = """
import sys, time
from pathlib import Path
from app.retrieval.searchers import searching
from storage.settings import load_settings
from storage.store import open_store

with open_store(load_settings(Path(sys.argv[1]), search_processes=2)) as store, searching(store):
    print("started", flush=True)
    time.sleep(600)
"""


def test_none_is_left_when_the_web_server_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "started\n"
    until = time.monotonic() + WAIT
    while len(own := processes(parent.pid)) < 2 and time.monotonic() < until:  # each is the parent until it has begun
        time.sleep(0.05)
    parent.kill()
    parent.communicate()
    assert len(own) == 2
    until = time.monotonic() + WAIT
    while any(Path(f"/proc/{process}/cmdline").exists() for process in own) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [process for process in own if Path(f"/proc/{process}").exists()]
