"""What administrators and shares do to folders: nothing is lost or read wrongly, and no scan ends in an error."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from place import Place
from sqlalchemy import update

from ingest.access import AccessRules
from ingest.passes import one_pass
from ingest.scan import walk
from storage.errors import DataFolderError
from storage.failures import Code
from storage.filestatus import inode, modified_ns
from storage.records import State
from storage.schema import documents as files

LEAVE = "# Leave policy\n\nEmployees have 30 days of annual leave. Up to five days can be carried over to March.\n"


def notes(place: Place, folder: str, count: int) -> list[Path]:
    return [
        place.write(f"{folder}/note {number}.md", f"# Note {number}\n\nThe number is {number}.")
        for number in range(count)
    ]


def documents(place: Place) -> dict[str, str]:
    """Path and id of each document."""
    return {item.path: item.id for item in place.store.catalog.documents(labels=None)}


def embedded(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is embedded from now on."""
    given: list[str] = []
    encode = place.store.embedder.encode_documents
    monkeypatch.setattr(place.store.embedder, "encode_documents", lambda texts: (given.extend(texts), encode(texts))[1])
    return given


# --- shares that go away -------------------------------------------------------------------------------------------


def test_a_share_of_a_few_files_that_is_not_mounted_is_held_too(place: Place) -> None:
    place.write("everyone/leave.md", LEAVE)
    place.ingest()
    share = place.inbox.rename(place.inbox.with_name("share"))
    place.inbox.mkdir()  # the place where it was mounted
    held = place.pipeline.reconcile(place.source())
    assert held.held is not None and "1 of 1 files" in held.held and held.deleted == 0
    assert place.found("annual leave", "everyone") == ["everyone/leave.md"]
    place.inbox.rmdir()
    share.rename(place.inbox)
    back = place.pipeline.reconcile(place.source())
    assert (back.held, back.unchanged, place.source().held) == (None, 1, None)


def test_a_share_that_is_away_while_its_files_wait_is_read_when_it_is_back(place: Place) -> None:
    notes(place, "hr/load", 12)
    place.pipeline.reconcile(place.source())
    share = place.inbox.rename(place.inbox.with_name("share"))
    for _ in range(place.settings.max_attempts + 1):
        place.pipeline.work([place.source()])
        due(place)
    assert set(place.states().values()) == {"changing"}
    share.rename(place.inbox)
    place.ingest()
    assert set(place.states().values()) == {"indexed"}


def due(place: Place) -> None:
    """The time has come to try failed files again."""
    with place.store.database.write() as connection:
        past = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
        connection.execute(update(files).where(files.c.retry_at.is_not(None)).values(retry_at=past))


def test_the_only_file_of_a_folder_may_be_deleted(place: Place) -> None:
    """The folder is the one that held it, and not the place of a share that is not mounted."""
    file = place.write("leave.md", LEAVE)
    place.ingest()
    file.unlink()
    found = place.pipeline.reconcile(place.source())
    assert (found.held, found.deleted) == (None, 1)


def test_a_share_mounted_inside_the_folder_is_held_while_others_are_deleted(place: Place) -> None:
    notes(place, "hr", 12)
    notes(place, "everyone", 30)
    other = place.write("sales/prices.md", "# Prices\n\nThe flow meter costs 1,250 EUR.")
    place.ingest()
    shutil.rmtree(place.inbox / "hr")
    (place.inbox / "hr").mkdir()
    other.unlink()
    found = place.pipeline.reconcile(place.source())
    assert found.held is not None and f"12 of 12 files of {place.inbox}/hr are gone" in found.held
    assert found.deleted == 1
    assert sorted(path for path in place.states() if not path.startswith("everyone/")) == [
        f"hr/note {number}.md" for number in sorted(range(12), key=str)
    ]
    assert place.pipeline.reconcile(place.source()).held == found.held  # for as long as it takes
    place.store.catalog.confirm_deletions(place.source().id)
    assert place.pipeline.reconcile(place.source()).deleted == 12
    assert place.pipeline.reconcile(place.source()).held is None


# --- files that move -----------------------------------------------------------------------------------------------


def test_a_renamed_folder_keeps_its_documents(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    notes(place, "everyone/old", 40)
    place.ingest()
    before = documents(place)
    given = embedded(place, monkeypatch)
    (place.inbox / "everyone" / "old").rename(place.inbox / "everyone" / "new")
    found = place.pipeline.reconcile(place.source())
    assert (found.moved, found.held, found.new) == (40, None, 0)
    place.pipeline.work([place.source()])
    assert {path.replace("/new/", "/old/"): key for path, key in documents(place).items()} == before
    assert given == [] and set(place.states().values()) == {"indexed"}


def test_a_folder_that_was_copied_to_another_disk_keeps_its_documents(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its times, as `cp -a` and `mv` between file systems do: other inodes."""
    notes(place, "everyone/old", 14)
    place.ingest()
    before = documents(place)
    given = embedded(place, monkeypatch)
    shutil.copytree(place.inbox / "everyone" / "old", place.inbox / "hr" / "new")
    shutil.rmtree(place.inbox / "everyone" / "old")
    found = place.pipeline.reconcile(place.source())
    assert (found.held, found.new) == (None, 0)
    assert place.found("number 7", "everyone") == []  # other readers: not a moment longer for those before
    place.pipeline.work([place.source()])
    assert {path.replace("hr/new/", "everyone/old/"): key for path, key in documents(place).items()} == before
    assert place.found("number 7", "everyone") == [] and "hr/new/note 7.md" in place.found("number 7", "hr")
    assert place.store.indexes.check().ok
    assert len(given) <= 14


def test_a_file_of_equal_name_size_and_time_elsewhere_is_read_before_it_is_taken_for_the_same(place: Place) -> None:
    file = place.write("everyone/a/note.md", "# Note\n\nThe code is 1111.")
    place.ingest()
    times = file.stat()
    other = place.write("everyone/b/note.md", "# Note\n\nThe code is 2222.")
    file.unlink()  # after the other is there, which would be given its inode else
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    place.ingest()
    assert place.found("code 2222", "everyone") == ["everyone/b/note.md"]
    [row] = [row for rows in place.store.catalog.index_rows() for row in rows]
    assert "2222" in row.chunk.body


def test_a_file_in_anothers_place_is_read_although_size_and_time_are_equal(place: Place) -> None:
    """As unpacked archives leave them: `mv b.md a.md` changes neither size nor time of a.md."""
    first = place.write("everyone/a.md", "# Note\n\nThe code is 1111.")
    second = place.write("everyone/b.md", "# Note\n\nThe code is 2222.")
    for file in (first, second):
        os.utime(file, ns=(10**18, 10**18))
    place.ingest()
    second.rename(first)
    place.ingest()
    assert place.states() == {"everyone/a.md": "indexed"}
    [row] = [row for rows in place.store.catalog.index_rows() for row in rows]
    assert "2222" in row.chunk.body


def test_what_was_changed_and_given_its_old_time_again_is_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tools do that keep a file's time, and whoever would not be noticed: size and time are equal."""
    file = place.write("everyone/note.md", "# Note\n\nThe code is 1111.")
    place.ingest()
    times = file.stat()
    file.write_text("# Note\n\nThe code is 2222.")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    place.ingest()
    [row] = [row for rows in place.store.catalog.index_rows() for row in rows]
    assert "2222" in row.chunk.body
    given = embedded(place, monkeypatch)
    file.chmod(0o640)  # nothing but its status
    assert place.pipeline.reconcile(place.source()).changed == 1
    assert place.found("code 2222", "everyone") == ["everyone/note.md"]  # also until it is read
    place.pipeline.work([place.source()])
    assert (place.states(), given) == ({"everyone/note.md": "indexed"}, [])
    assert place.pipeline.reconcile(place.source()).unchanged == 1


def test_a_catalog_that_knows_no_such_times_takes_them_as_they_are(place: Place) -> None:
    file = place.write("everyone/note.md", LEAVE)
    place.ingest()
    with place.store.database.write() as connection:
        connection.execute(update(files).values(ctime_ns=None))  # as version 0.5.0 leaves it
    assert place.pipeline.reconcile(place.source()).unchanged == 1
    file.chmod(0o640)
    assert place.pipeline.reconcile(place.source()).changed == 1


def test_a_folder_that_moves_before_it_is_read_has_moved(place: Place) -> None:
    """Nobody is asked whether its files are gone, and those who may not read them now never find them."""
    notes(place, "hr/load", 14)
    place.pipeline.reconcile(place.source())
    waiting = place.store.catalog.waiting([place.source().id], 3)
    under_way = [place.pipeline._prepare(known) for known in waiting[:2]]
    assert None not in under_way
    before = documents(place)
    (place.inbox / "sales").mkdir()
    (place.inbox / "hr" / "load").rename(place.inbox / "sales" / "load")
    found = place.pipeline.reconcile(place.source())
    assert (found.moved, found.new, found.held) == (14, 0, None)
    place.pipeline.work([place.source()])
    assert {path.replace("sales/", "hr/"): key for path, key in documents(place).items()} == before
    assert set(place.states().values()) == {"indexed"}
    assert place.found("number 7", "hr") == [] and "sales/load/note 7.md" in place.found("number 7", "sales")


def test_a_file_that_changes_its_name_twice_is_found_by_the_last(place: Place) -> None:
    file = place.write("everyone/first.md", LEAVE)
    place.ingest()
    for name in ("second.md", "third.md"):
        file = file.rename(file.with_name(name))
        place.pipeline.reconcile(place.source())
    place.pipeline.work([place.source()])
    [row] = [row for rows in place.store.catalog.index_rows() for row in rows]
    assert row.path == "everyone/third.md"
    assert "second" not in row.chunk.header and "first" not in row.chunk.header


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Report.md", "report.md"),
        (unicodedata.normalize("NFC", "Überblick.md"), unicodedata.normalize("NFD", "Überblick.md")),
    ],
    ids=["case", "Unicode form"],
)
def test_a_name_that_changes_in_its_spelling_alone(place: Place, before: str, after: str) -> None:
    file = place.write(f"everyone/{before}", LEAVE)
    place.ingest()
    kept = documents(place)
    file.rename(file.with_name(after))
    place.ingest()
    assert documents(place) == {f"everyone/{after}": kept[f"everyone/{before}"]}
    assert place.states() == {f"everyone/{after}": "indexed"}
    place.write(f"everyone/{before}", LEAVE + "Another one.")  # both, side by side
    place.ingest()
    assert place.states() == {f"everyone/{after}": "indexed", f"everyone/{before}": "indexed"}
    assert place.store.indexes.check().ok


def test_paths_are_found_in_whatever_form_of_unicode_they_are_typed(place: Place) -> None:
    decomposed = unicodedata.normalize("NFD", "hr/Vergütung/Übersicht.md")
    place.write(decomposed, LEAVE)
    place.ingest()
    for typed in ("hr/Vergütung/Übersicht.md", "hr/Vergütung", f"{place.inbox}/hr/Vergütung/"):
        assert list(place.store.catalog.ids_at(unicodedata.normalize("NFC", typed)).values()) == [decomposed]
    assert place.store.catalog.ids_at("hr/Vergü") == {}


def test_equal_content_in_folders_of_different_readers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("hr/leave.md", LEAVE)
    place.ingest()
    given = embedded(place, monkeypatch)
    copy = place.write("sales/leave.md", LEAVE)
    place.ingest()
    assert given == []  # embedded once
    assert place.found("annual leave", "hr") == ["hr/leave.md"]
    assert place.found("annual leave", "sales") == ["sales/leave.md"]
    copy.rename(place.inbox / "hr" / "leave again.md")
    place.ingest()
    assert place.found("annual leave", "sales") == []
    assert place.found("annual leave", "hr") == ["hr/leave again.md", "hr/leave.md"]
    (place.inbox / "hr" / "leave.md").unlink()
    place.ingest()
    assert place.found("annual leave", "hr") == ["hr/leave again.md"]
    assert place.store.indexes.check().ok


# --- odd files -----------------------------------------------------------------------------------------------------


def test_times_and_inodes_that_the_database_cannot_hold(place: Place) -> None:
    for name, seconds in (("far", 10**10), ("early", -(2**31))):
        file = place.write(f"everyone/{name}.md", LEAVE)
        os.utime(file, (seconds, seconds))
    place.ingest()
    assert set(place.states().values()) == {"indexed"}
    assert place.pipeline.reconcile(place.source()).unchanged == 2
    status = cast(os.stat_result, SimpleNamespace(st_ino=2**64 - 5, st_mtime_ns=10**21))
    assert (inode(status), modified_ns(status)) == (-5, 2**63 - 1)


def test_folders_as_deep_as_the_system_lets_them_be(place: Place, tmp_path: Path) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    here = os.open(root, os.O_RDONLY)
    for _ in range(1500):  # deeper than Python calls itself
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("note.md", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    try:
        walked = walk(root, AccessRules(root, None), len, without=Path("/nowhere"))
    finally:
        subprocess.run(["rm", "-r", str(root)], check=True)  # which Python's own cannot
    assert [(file.path, file.label) for file in walked.files] == [("d/" * 1500 + "note.md", 1)]


def test_a_folder_that_looks_like_the_inside_of_an_archive(place: Place) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as container:
        container.writestr("leave.md", LEAVE)
    place.write("hr/files.zip!/leave.md", "# Leave\n\nA file of its own.")
    place.ingest()
    assert place.states() == {"hr/files.zip!/leave.md": "indexed"}
    place.write("hr/files.zip", held.getvalue())
    for _ in range(2):
        found = place.pipeline.reconcile(place.source())
        place.pipeline.work([place.source()])
    assert any("rename the folder" in line for line in found.unreadable)
    assert place.states() == {
        "hr/files.zip": "indexed",
        "hr/files.zip!/leave (2).md": "indexed",
        "hr/files.zip!/leave.md": "unreadable",
    }
    (place.inbox / "hr" / "files.zip!").rename(place.inbox / "hr" / "files")
    place.ingest()
    assert place.states()["hr/files/leave.md"] == "indexed"
    assert place.store.indexes.check().ok


def test_two_names_that_would_be_listed_alike(place: Place) -> None:
    folder = place.inbox / "everyone"
    folder.mkdir()
    (folder / "\\udce4.md").write_text(LEAVE)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xe4.md")).write_text(LEAVE)  # listed by its bytes, written out
    for _ in range(2):
        found = place.pipeline.reconcile(place.source())
        place.pipeline.work([place.source()])
    assert place.states() == {"everyone/\\udce4.md": "indexed"}
    assert any("rename it" in line for line in found.unreadable)


def test_a_clock_that_was_set_back_keeps_nothing_waiting(place: Place) -> None:
    place.write("everyone/leave.md", LEAVE)
    place.pipeline.reconcile(place.source())
    [file] = place.store.catalog.known(place.source().id).values()
    place.store.catalog.fail(file.id, Code.TIMED_OUT, "slow", datetime.now(UTC) + timedelta(minutes=5))
    place.pipeline.work([place.source()])
    assert place.states() == {"everyone/leave.md": "timed_out"}  # not due yet
    place.store.catalog.fail(file.id, Code.TIMED_OUT, "slow", datetime.now(UTC) + timedelta(days=400))
    place.pipeline.work([place.source()])
    assert place.states() == {"everyone/leave.md": "indexed"}


def test_a_file_whose_content_is_indexed_after_all_has_no_try_left(place: Place) -> None:
    """Such as one whose parser was killed after a move, and whose content is found to be known at the next try."""
    place.write("everyone/leave.md", LEAVE)
    place.ingest()
    [file] = place.store.catalog.known(place.source().id).values()
    place.store.catalog.fail(file.id, Code.PARSER_CRASHED, "gone", datetime.now(UTC))
    place.pipeline.work([place.source()])
    [file] = place.store.catalog.known(place.source().id).values()
    assert (file.state, file.retry_at, file.attempts) == (State.INDEXED, None, 0)


@pytest.mark.parametrize("folder", ["", "logs", "run"])
def test_premises_own_files_are_no_documents(place_at: Callable[..., Place], tmp_path: Path, folder: str) -> None:
    """The operator's token among them."""
    place = place_at(tmp_path / "data")
    with pytest.raises(DataFolderError, match="its own files"):
        one_pass(
            place.settings,
            place.settings.data / folder,
            readers=["everyone"],
            retry=False,
            confirm_deletions=False,
            remove=False,
        )
    assert [file for file in place.store.catalog.documents(labels=None) if file.state is State.INDEXED] == []
