"""Forgetting a document: every trace, down to the bytes on the disk; and files that a person has passed over."""

from __future__ import annotations

import gc
import io
import sqlite3
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path

import anyio
import numpy as np
import pytest
from place import Place

from app.engine import Engine
from app.retrieval import search_process
from app.web import server
from app.web.replies import failure
from storage import erasure, recollection
from storage.accounts import Accounts
from storage.conversations import Conversations
from storage.errors import InsideContainer, NotPermitted
from storage.records import State

WORD = "Quetzalnapping"
SECRET = f"# Minutes\n\nThe {WORD} settlement was four million.\n"
OTHER = "# Leave\n\nThere are 30 days of annual leave.\n"


def document(place: Place, path: str) -> str:
    return next(item.id for item in place.store.catalog.documents(labels=None) if item.path == path)


def traces(folder: Path, *wanted: bytes) -> list[str]:
    """Files of the data folder, the inbox aside, that hold any of these bytes, whatever their case.

    Not the numbers of Chroma's graph: its unused places are written as they were in the memory of the writing process,
    which here, without Chroma's server, is the one that held the text (README, Limits known).
    """
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file()
        and "inbox" not in file.relative_to(folder).parts
        and file.name != "data_level0.bin"
        and any(word.lower() in file.read_bytes().lower() for word in wanted)
    ]


def chat(place: Place, path: str, text: str) -> Conversations:
    """A stored answer that quotes the document, and one that does not."""
    Accounts(place.store.database).add("mia", "a long enough password", ["hr"], admin=False)
    conversations = Conversations(place.store.database)
    found = conversations.start("mia", "What was settled?")
    revision = next(item.revision for item in place.store.catalog.documents(labels=None) if item.path == path)
    quoting = {"answer": text, "citations": [{"n": 1, "revision": revision, "quote": text}]}
    conversations.add("mia", found.id, "assistant", text, quoting)
    conversations.add("mia", found.id, "assistant", "30 days.", {"answer": "30 days.", "citations": []})
    return conversations


def test_forgetting_leaves_no_byte_and_the_file_is_not_read_again(place: Place) -> None:
    file = place.write("hr/minutes.md", SECRET)
    place.write("hr/leave.md", OTHER)
    place.ingest()
    file.write_text(SECRET + "\nA second revision.\n")
    place.ingest()
    conversations = chat(place, "hr/minutes.md", f"The {WORD} settlement was four million.")
    assert traces(place.settings.data, WORD.encode())
    forgotten = erasure.forget(place.store.database, [document(place, "hr/minutes.md")])
    assert (forgotten.paths, forgotten.answers) == (("hr/minutes.md",), 1)
    assert place.found(WORD, "hr") == ["hr/leave.md"]  # at once; by its vector, as the nearest that is left
    texts = [message.content for message in conversations.messages("mia", conversations.all("mia")[0].id)]
    assert texts == [erasure.ERASED, "30 days."]
    assert place.pipeline.scrub_due()
    place.pipeline.scrub()
    place.store.indexes.keywords.close()
    assert not place.pipeline.scrub_due()
    assert traces(place.settings.data, WORD.encode(), WORD.lower().encode()[:12], b"four million") == []
    assert place.store.indexes.check().ok
    place.ingest()
    file.write_text(SECRET + "\nChanged again.\n")
    place.ingest()
    moved = file.rename(file.with_name("moved.md"))
    place.ingest()
    assert place.states() == {"hr/moved.md": "forgotten", "hr/leave.md": "indexed"}
    moved.unlink()
    place.ingest()
    assert place.states() == {"hr/moved.md": "forgotten", "hr/leave.md": "indexed"}  # also when it comes back


def in_memory(word: str) -> list[str]:
    """Every text that anything in this process keeps and that holds the word."""
    texts = (text for holder in gc.get_objects() for text in gc.get_referents(holder) if type(text) is str)
    return [text for text in texts if word in text.lower() and text is not word]


def test_what_is_kept_in_memory_goes_too(place: Place) -> None:
    word, clock = f"zq{uuid.uuid4().hex[:8]}", [0.0]
    place.write("hr/minutes.md", f"# The {word} settlement\n\nThe {word} settlement was four million.\n")
    place.ingest()
    engine = Engine(place.store)
    forgetting = erasure.Forgetting(place.store.catalog, lambda: clock[0])
    engine.answer(f"How high was the {word} settlement?", groups=["hr"])
    forgetting.look()
    assert len(in_memory(word)) > 1  # else nothing would have to go
    erasure.forget(place.store.database, [document(place, "hr/minutes.md")])
    forgetting.look()
    gc.collect()
    seen = [f"that {word} would be seen"]
    assert in_memory(word) == seen
    emptied = recollection.times()
    for moment in (1.0, 59.0, 60.0, 61.0, 600.0, 601.0, 9000.0):  # what a question that was under way kept goes later
        clock[0] = moment
        forgetting.look()
    assert recollection.times() == emptied + 2


def test_the_web_server_lets_go_also_when_nobody_asks(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "LOOK_SECONDS", 0.01)
    place.write("hr/minutes.md", SECRET)
    place.ingest()
    kept = recollection.times()

    async def serve() -> None:
        async with server._lifespan(Engine(place.store))(None):
            erasure.forget(place.store.database, [document(place, "hr/minutes.md")])
            with anyio.fail_after(60):
                while recollection.times() == kept:
                    await anyio.sleep(0.01)

    anyio.run(serve)


def test_a_process_that_searches_lets_go_too(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "LOOK_SECONDS", 0.01)
    place.write("hr/minutes.md", SECRET)
    place.ingest()
    kept = recollection.times()
    mine, its = Pipe()
    thread = threading.Thread(target=search_process.serve, args=(its, place.store.indexes))
    thread.start()
    try:
        erasure.forget(place.store.database, [document(place, "hr/minutes.md")])
        until = time.monotonic() + 60
        while recollection.times() == kept and time.monotonic() < until:
            time.sleep(0.01)
        assert recollection.times() > kept
    finally:
        mine.close()
        thread.join()


def test_an_answer_that_ends_after_its_document_was_forgotten_is_not_kept(place: Place) -> None:
    place.write("hr/minutes.md", SECRET)
    place.ingest()
    conversations = chat(place, "hr/minutes.md", "An answer.")
    talk = conversations.all("mia")[0].id
    key = document(place, "hr/minutes.md")
    citations = [{"n": 1, "document": key, "quote": SECRET}]
    kept = conversations.add("mia", talk, "assistant", SECRET, {"answer": SECRET, "citations": citations})
    assert kept.content == SECRET
    drawing = {"answer": SECRET, "citations": [], "drawn": [place.store.catalog.documents(labels=None)[0].revision]}
    assert conversations.add("mia", talk, "assistant", SECRET, drawing).content == SECRET
    erasure.forget(place.store.database, [key])
    assert {item.content for item in conversations.messages("mia", talk)} == {erasure.ERASED, "30 days."}
    late = conversations.add("mia", talk, "assistant", SECRET, {"answer": SECRET, "citations": citations})
    assert (late.content, late.answer) == (erasure.ERASED, None)
    assert conversations.add("mia", talk, "assistant", SECRET, drawing).content == erasure.ERASED


def test_an_original_that_another_document_has_too_stays(place: Place) -> None:
    place.write("hr/minutes.md", SECRET)
    place.write("everyone/copy.md", SECRET)
    place.ingest()
    erasure.forget(place.store.database, [document(place, "hr/minutes.md")])
    place.pipeline.scrub()
    assert place.found(WORD, "hr", "everyone") == ["everyone/copy.md"]
    revision = next(item.revision for item in place.store.catalog.documents(labels=None) if item.revision)
    content, _, _ = place.store.catalog.original_of(revision, labels=place.store.catalog.all_labels())
    assert place.store.originals.path(content).is_file()


def test_unignored_files_are_read_again(place: Place) -> None:
    place.write("hr/minutes.md", SECRET)
    place.ingest()
    key = document(place, "hr/minutes.md")
    assert place.store.catalog.ignore([key]) == 1
    assert place.found(WORD, "hr") == []
    place.ingest()
    assert place.states() == {"hr/minutes.md": "asked"}
    assert place.store.indexes.check().ok
    assert place.store.catalog.unignore([key]) == 1
    place.ingest()
    assert place.found(WORD, "hr") == ["hr/minutes.md"]


def test_forgetting_what_is_being_read_wins(place: Place) -> None:
    place.write("hr/minutes.md", SECRET)
    place.pipeline.reconcile(place.source())
    [waiting] = place.store.catalog.waiting([place.source().id], 10)
    prepared = place.pipeline._prepare(waiting)
    assert prepared is not None
    erasure.forget(place.store.database, [waiting.id])
    place.pipeline.work([place.source()])
    assert place.states() == {"hr/minutes.md": "forgotten"}
    assert place.store.catalog.counts()["chunks"] == 0
    place.store.catalog.fail(waiting.id, "corrupt", "It is damaged.", None)  # what a slow parser says at last
    place.store.catalog.set_state(waiting.id, State.EMBEDDING)
    assert place.states() == {"hr/minutes.md": "forgotten"}


def test_an_ignored_document_is_not_forgotten_less(place: Place) -> None:
    place.write("hr/minutes.md", SECRET)
    place.ingest()
    key = document(place, "hr/minutes.md")
    old = place.store.catalog.documents(labels=None)[0].revision
    erasure.forget(place.store.database, [key])
    assert place.store.catalog.ignore([key]) == 0
    assert place.states() == {"hr/minutes.md": "forgotten"}
    with pytest.raises(NotPermitted):
        place.store.catalog.revision(old or "", labels=place.store.catalog.all_labels())


def test_what_a_kill_left_unscrubbed_is_scrubbed_at_the_next_start(
    place_at: Callable[..., Place], tmp_path: Path
) -> None:
    place = place_at(tmp_path / "data")
    place.write("hr/minutes.md", SECRET)
    place.ingest()
    erasure.forget(place.store.database, [document(place, "hr/minutes.md")])
    again = place_at(tmp_path / "data")
    assert again.pipeline.scrub_due()
    again.pipeline.scrub()
    again.store.indexes.keywords.close()
    assert traces(again.settings.data, WORD.encode()) == []


def test_early_vectors_of_other_documents_survive(place: Place) -> None:
    for name in ("minutes", "large", "gone"):
        place.write(f"hr/{name}.md", SECRET)
    place.pipeline.reconcile(place.source())
    catalog = place.store.catalog
    ids = {waiting.path[3:-3]: waiting.id for waiting in catalog.waiting([place.source().id], 10)}
    vector = np.ones(place.store.embedder.dimension, dtype=np.float32)
    catalog.keep_early(
        {name: (key, vector) for name, key in ids.items()}
    )  # as when a crash, or forgetting, came between
    (place.inbox / "hr" / "gone.md").unlink()
    place.pipeline.reconcile(place.source())
    erasure.forget(place.store.database, [ids["minutes"]])
    place.pipeline.scrub()
    assert list(catalog.vectors_of(ids)) == ["large"]


def test_deleted_text_is_overwritten_without_a_vacuum(place: Place) -> None:
    """A file that is simply deleted leaves no text in the catalog's free pages."""
    file = place.write("hr/minutes.md", SECRET)
    place.ingest()
    file.unlink()
    place.ingest()
    with sqlite3.connect(place.store.folder.catalog) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert WORD.encode() not in place.store.folder.catalog.read_bytes()


def archive(place: Place, path: str, **texts: str) -> Path:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as container:
        for name, text in texts.items():
            container.writestr(f"{name}.md", text)
    return place.write(path, held.getvalue())


def test_a_member_is_not_erased_without_its_container_which_holds_it_too(place: Place) -> None:
    archive(place, "hr/files.zip", minutes=SECRET, leave=OTHER)
    place.ingest()
    before = place.states()
    member, container = document(place, "hr/files.zip!/minutes.md"), document(place, "hr/files.zip")
    with pytest.raises(
        InsideContainer, match=r"hr/files.zip!/minutes.md lies inside hr/files.zip, .* Nothing was erased"
    ):
        erasure.forget(place.store.database, [member])
    assert place.states() == before and not place.pipeline.scrub_due()
    assert failure(InsideContainer("It lies inside.")).status_code == 409
    assert "hr/files.zip!/minutes.md" in place.found(WORD, "hr")
    forgotten = erasure.forget(place.store.database, [member, container])
    assert forgotten.paths == ("hr/files.zip", "hr/files.zip!/leave.md", "hr/files.zip!/minutes.md")
    place.pipeline.scrub()
    place.store.indexes.keywords.close()
    assert traces(place.settings.data, WORD.encode()) == []  # the archive is not packed


def test_a_member_that_a_person_had_passed_over_stays_so(place: Place) -> None:
    file = archive(place, "hr/files.zip", minutes=SECRET, leave=OTHER)
    place.ingest()
    place.store.catalog.ignore([document(place, "hr/files.zip!/minutes.md")])
    whole = file.read_bytes()
    for change in (
        lambda: archive(place, "hr/files.zip", minutes=SECRET + "Changed.", leave=OTHER),
        lambda: file.write_bytes(whole[:60]),  # damaged, and what it held is taken out
        lambda: archive(place, "hr/files.zip", leave=OTHER),
        lambda: file.write_bytes(whole),
    ):
        change()
        place.ingest()
        assert place.states()["hr/files.zip!/minutes.md"] == "asked"
        assert "hr/files.zip!/minutes.md" not in place.found(WORD, "hr")
    place.store.catalog.unignore([document(place, "hr/files.zip!/minutes.md")])
    place.ingest()
    assert "hr/files.zip!/minutes.md" in place.found(WORD, "hr")
    file.unlink()
    place.ingest()
    assert place.states() == {}
