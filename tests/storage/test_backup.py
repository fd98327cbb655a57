"""Backups: made while things change, verified, linked, encrypted; restored, or refused with a reason."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
from place import Place

from storage import backup as backup_module
from storage.accounts import Accounts
from storage.backup import LAST_BACKUP, back_up
from storage.database import Database
from storage.datafolder import DataFolder
from storage.errors import BackupError, DataFolderError
from storage.originals import Originals
from storage.restore import check, restore
from storage.snapshot import snapshots


@pytest.fixture
def filled(place: Place) -> Place:
    """A data folder with documents for two groups, rules, an account and a setting."""
    place.write("everyone/leave.md", "# Leave\n\nThere are 30 days of annual leave.\n")
    place.write("everyone/board/pay.md", "# Pay\n\nThe board's pay is confidential.\n")
    place.write("everyone/board/access.toml", 'readers = ["board"]\n')
    place.write("hr/process.md", "# Process\n\nParental leave is asked for seven weeks ahead.\n")
    place.write("everyone/broken.pdf", b"%PDF-1.7\nthis is no PDF at all\n")
    (place.inbox / "sales").mkdir()
    place.ingest()
    accounts = Accounts(place.store.database)
    accounts.add("mia", "correct horse battery", ["hr"])
    accounts.sign_in("mia", 12)
    (place.settings.data / "premise.toml").write_text("chunk_tokens = 180\n")
    return place


def documents(place: Place) -> int:
    """Rows of the catalog, whatever became of the file."""
    with place.store.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM documents").scalar_one())


def wait_for_next_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names have seconds; tests are quicker: let each backup think that a minute has passed."""
    clock = iter(range(60))
    real = backup_module.datetime

    class Later(real):  # type: ignore[misc,valid-type]
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return real(2026, 11, 22, 8, next(clock), tzinfo=tz)

    monkeypatch.setattr(backup_module, "datetime", Later)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_what_is_restored_is_what_was_there(filled: Place, tmp_path: Path, place_at: Callable[..., Place]) -> None:
    before = contents(filled.inbox)
    questions = [("annual leave", "everyone"), ("board pay", "everyone", "board"), ("parental leave", "hr")]
    found = [filled.found(*question) for question in questions]
    made = back_up(filled.settings, tmp_path / "backups")
    assert made.absent == ()
    assert filled.store.catalog.fact(LAST_BACKUP)
    data = tmp_path / "elsewhere"
    usual = os.umask(0o077)  # as the command line does
    try:
        restored = restore(tmp_path / "backups", data)
    finally:
        os.umask(usual)
    assert restored.documents == documents(filled)
    again = place_at(data)
    assert contents(again.inbox) == before
    assert (again.inbox / "sales").is_dir()
    assert again.settings.chunk_tokens == 180
    assert [again.found(*question) for question in questions] == found
    assert again.found("board pay", "everyone") == ["everyone/leave.md"]  # the access rules came along
    states = again.states()
    again.ingest()
    assert again.states() == states
    assert len(again.store.catalog.sources()) == 1  # the inbox at its new place
    with again.store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0  # people sign in anew
    assert Accounts(again.store.database).check("mia", "correct horse battery") is not None
    modes = {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in [data, *data.rglob("*")]}
    assert modes == {0}


def test_the_next_backup_links_what_did_not_change_and_old_ones_go(
    filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_next_name(monkeypatch)
    backups = tmp_path / "backups"
    back_up(filled.settings, backups)
    filled.write("everyone/new.md", "# New\n\nSomething new.\n")
    filled.ingest()
    back_up(filled.settings, backups)
    first, second = snapshots(backups)
    links = [file for file in (second / "objects").rglob("*") if file.is_file() and file.stat().st_nlink == 2]
    new = [file for file in (second / "objects").rglob("*") if file.is_file() and file.stat().st_nlink == 1]
    assert len(links) == len([file for file in (first / "objects").rglob("*") if file.is_file()])
    assert [file.read_text() for file in new] == ["# New\n\nSomething new.\n"]
    for snapshot in (first, second):
        subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=snapshot, check=True)
    made = back_up(filled.settings, backups, keep=2)
    assert made.removed == (first.name,)
    assert [item.name for item in backups.iterdir()] == [item.name for item in snapshots(backups)]
    assert check(backups, name=second.name).documents == documents(filled)


def test_a_rotten_copy_is_replaced_and_a_rotten_original_is_reported(
    filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_next_name(monkeypatch)
    backups = tmp_path / "backups"
    back_up(filled.settings, backups)
    file = next(item for item in snapshots(backups)[0].rglob("objects/*/*") if b"annual" in item.read_bytes())
    file.write_bytes(b"x" + file.read_bytes()[1:])  # linked into the next one
    back_up(filled.settings, backups)
    assert check(backups).absent == ()
    with pytest.raises(BackupError, match=file.name):
        check(backups, name=snapshots(backups)[0].name)
    shutil.rmtree(backups)
    content = sorted(filled.store.catalog.originals())[0]
    original = Originals(filled.settings.data / "originals").path(content)
    original.write_bytes(b"x" + original.read_bytes()[1:])
    shutil.rmtree(filled.inbox)  # else its file would do as well
    made = back_up(filled.settings, backups)
    assert made.absent == (f"original {content}",)
    assert check(backups).absent == made.absent


def test_an_encrypted_backup_tells_nothing_and_opens_with_the_key_alone(
    filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_next_name(monkeypatch)
    backups = tmp_path / "backups"
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    files = [tmp_path / "one.key", tmp_path / "two.key"]
    for key, file in zip(keys, files, strict=True):
        file.write_text(f"# made for a test\n{key}\n")
    back_up(filled.settings, backups, recipients=[str(keys[0].to_public())])
    snapshot = snapshots(backups)[0]
    everything = b"".join(contents(snapshot).values()) + " ".join(contents(snapshot)).encode()
    for secret in (b"annual leave", b"leave.md", b"access.toml", *map(str.encode, filled.store.catalog.originals())):
        assert secret not in everything
    with pytest.raises(BackupError, match="--identity"):
        check(backups)
    with pytest.raises(BackupError, match="cannot be decrypted"):
        check(backups, identity=files[1])
    assert check(backups, identity=files[0]).documents == documents(filled)
    again = back_up(filled.settings, backups, recipients=[str(keys[0].to_public())])
    assert again.copied_bytes < again.total_bytes  # linked
    rotated = back_up(filled.settings, backups, recipients=[str(keys[1].to_public())])
    assert rotated.copied_bytes == rotated.total_bytes  # for another key nothing old is of use
    assert check(backups, identity=files[1]).documents == documents(filled)
    with pytest.raises(BackupError, match="no public key"):
        back_up(filled.settings, backups, recipients=["age1nonsense"])


def test_a_backup_of_age_can_be_opened_by_age_itself(filled: Place, tmp_path: Path) -> None:
    if shutil.which("age") is None:
        pytest.skip("age is not installed")
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"{key}\n")
    back_up(filled.settings, tmp_path / "backups", recipients=[str(key.to_public())])
    manifest = snapshots(tmp_path / "backups")[0] / "manifest.json.age"
    shown = subprocess.run(
        ["age", "-d", "-i", str(tmp_path / "key"), str(manifest)], check=True, capture_output=True
    ).stdout
    assert len(json.loads(shown)["files"]) == 6


needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
PASSPHRASE = "a passphrase for this test alone"


@pytest.fixture
def gpg(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two keys made on the spot: one.pub and one.key (with a passphrase), two.pub and two.key."""
    folder = tmp_path_factory.mktemp("g")  # short: the agent's socket lies in it
    (folder / "phrase").write_text(PASSPHRASE + "\n")
    unlock = ["--pinentry-mode", "loopback", "--passphrase-file", str(folder / "phrase")]
    (folder / "home").mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(folder / "home"))
    run = ["gpg", "--batch", "--quiet"]
    for name, how in (("one", unlock), ("two", ["--passphrase", ""])):
        subprocess.run([*run, *how, "--quick-generate-key", name, "future-default", "default", "never"], check=True)
        public = subprocess.run([*run, "--armor", "--export", name], check=True, capture_output=True).stdout
        secret = subprocess.run([*run, *how, "--export-secret-keys", name], check=True, capture_output=True).stdout
        (folder / f"{name}.pub").write_bytes(public)
        (folder / f"{name}.key").write_bytes(secret)
    agents = shutil.which("gpgconf")
    yield folder
    subprocess.run([str(agents), "--kill", "all"], check=False, capture_output=True)


def forget_phrases() -> None:
    """What the agent remembers of passphrases goes."""
    subprocess.run(["gpgconf", "--reload", "gpg-agent"], check=True, capture_output=True)


@needs_gpg
def test_a_backup_for_a_gpg_key_opens_with_that_key_alone(
    filled: Place, tmp_path: Path, gpg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_next_name(monkeypatch)
    backups = tmp_path / "backups"
    made = back_up(filled.settings, backups, recipients=[f"gpg:{gpg / 'one.pub'}"])
    everything = b"".join(contents(made.snapshot).values()) + " ".join(contents(made.snapshot)).encode()
    for secret in (b"annual leave", b"leave.md", b"access.toml", *map(str.encode, filled.store.catalog.originals())):
        assert secret not in everything
    forget_phrases()
    for wrong in ({"identity": gpg / "two.key"}, {"identity": gpg / "one.key"}, {"identity": gpg / "one.pub"}):
        with pytest.raises(BackupError, match=r"cannot be decrypted|no private key"):
            check(backups, **wrong)
    forget_phrases()
    opened = check(backups, identity=gpg / "one.key", passphrase=gpg / "phrase")  # on another host: the key in a file
    assert opened.documents == documents(filled)
    assert check(backups, passphrase=gpg / "phrase").documents == documents(filled)  # here: the account's keyring
    again = back_up(filled.settings, backups, recipients=[f"gpg:{gpg / 'one.pub'}"])
    assert again.copied_bytes < again.total_bytes  # linked
    shown = subprocess.run(["gpg", "--batch", "--with-colons", "--list-keys", "two"], check=True, capture_output=True)
    fingerprint = next(line.split(b":")[9] for line in shown.stdout.splitlines() if line.startswith(b"fpr:")).decode()
    back_up(filled.settings, backups, recipients=[f"gpg:{fingerprint}"])
    assert check(backups, identity=gpg / "two.key").documents == documents(filled)


@needs_gpg
def test_what_is_no_key_of_gpg_is_said_before_anything_is_written(
    filled: Place, tmp_path: Path, gpg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = tmp_path / "backups"
    (tmp_path / "none").write_text("nothing")
    age = str(pyrage.x25519.Identity.generate().to_public())
    for recipients, match in (
        (["gpg:" + "A" * 40], "no public key that gpg"),
        ([f"gpg:{tmp_path / 'none'}"], "no public key that gpg"),
        ([f"gpg:{gpg / 'one.pub'}", age], "one of them"),
    ):
        with pytest.raises(BackupError, match=match):
            back_up(filled.settings, backups, recipients=recipients)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="apt-get install gnupg"):
        back_up(filled.settings, backups, recipients=[f"gpg:{gpg / 'one.pub'}"])
    assert snapshots(backups) == []


def test_it_is_of_one_moment_while_others_write(filled: Place, tmp_path: Path) -> None:
    """Documents come and go all the time, each with two rows that belong together and an original."""
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            filled.write(f"everyone/churn{number % 3}.md", f"# Churn\n\nThis is number {number} of many.\n")
            filled.ingest()
            filled.pipeline.settings = filled.settings.model_copy(update={"keep_revisions_days": 0})
            filled.pipeline.tidy()  # removes originals that a copy may just be after

    worker = threading.Thread(target=churn)
    worker.start()
    try:
        for number in range(4):
            backups = tmp_path / f"backups{number}"
            assert back_up(filled.settings, backups).absent == ()
            assert check(backups).documents >= 4
    finally:
        stop.set()
        worker.join()


@pytest.mark.parametrize("victim", ["catalog.sqlite", "manifest.json", "objects"])
def test_a_damaged_backup_is_refused_by_name(filled: Place, tmp_path: Path, victim: str) -> None:
    back_up(filled.settings, tmp_path / "backups")
    snapshot = snapshots(tmp_path / "backups")[0]
    file = snapshot / victim
    if file.is_dir():
        file = next(item for item in file.rglob("*") if item.is_file())
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BackupError, match=file.name):
        restore(tmp_path / "backups", tmp_path / "data2")
    assert not (tmp_path / "data2").exists()


def reseal(snapshot: Path, name: str) -> None:
    """Make SHA256SUMS true again, as somebody who tampers would."""
    sums = subprocess.run(["sha256sum", name], cwd=snapshot, check=True, capture_output=True, text=True).stdout
    lines = (snapshot / "SHA256SUMS").read_text().splitlines(keepends=True)
    (snapshot / "SHA256SUMS").write_text("".join(line for line in lines if not line.endswith(f"  {name}\n")) + sums)


def test_newer_ones_and_filled_places_are_refused_and_nothing_leads_outside(filled: Place, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    back_up(filled.settings, backups)
    with pytest.raises(BackupError, match=r"not empty \(it has "):
        restore(backups, filled.settings.data)
    manifest = snapshots(backups)[0] / "manifest.json"
    good = manifest.read_text()
    for change, match in (
        ({"schema": "9999"}, "newer Premise"),
        ({"format": 99}, "newer Premise"),
        ({"folders": ["../outside"]}, "outside the data folder"),
        ({"rows": {}}, "does not hold what its manifest says"),
    ):
        manifest.write_text(json.dumps(json.loads(good) | change))
        reseal(manifest.parent, manifest.name)
        with pytest.raises(BackupError, match=match):
            check(backups, place=tmp_path)
    assert not list(tmp_path.rglob("outside"))


def test_places_that_cannot_hold_backups_are_refused(filled: Place, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="mount it first"):
        back_up(filled.settings, tmp_path / "not" / "mounted")
    with pytest.raises(BackupError, match="what is backed up"):
        back_up(filled.settings, filled.settings.data / "backups")
    with pytest.raises(BackupError, match="no finished backup"):
        check(tmp_path)
    with pytest.raises(BackupError, match="no data folder"):
        back_up(filled.settings.model_copy(update={"data": tmp_path / "void"}), tmp_path / "backups")
    if Path("/dev/full").exists():
        (tmp_path / "file").write_text("")
        with pytest.raises(BackupError, match="cannot be written"):
            back_up(filled.settings, tmp_path / "file")


@pytest.mark.parametrize(
    ("full", "said"), [("backups", "the disk is full. Make room"), ("data/run", "It needs room for a copy")]
)
def test_a_full_disk_is_said_and_leaves_nothing(filled: Place, tmp_path: Path, full: str, said: str) -> None:
    """A disk of 64 KB, for the backups or for the copy of the catalog."""
    data = filled.settings.data
    (tmp_path / "backups").mkdir()
    folder = data / "run" if full == "data/run" else tmp_path / "backups"
    shell = 'mount -t tmpfs -o size=64k tmpfs "$1" && shift && "$@"; ended=$?; ls -A "$0"; exit $ended'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell, tmp_path / "backups", folder]
    command += [sys.executable, "-m", "app.cli", "--data", data, "backup", tmp_path / "backups"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_goes_away_is_said(filled: Place, tmp_path: Path) -> None:
    """Taken away while originals are copied; what is below the mount point stays empty."""
    backups = tmp_path / "backups"
    backups.mkdir()

    def take_away(what: str, done: int, total: int) -> None:
        if what == "Copying":
            for item in backups.iterdir():
                shutil.rmtree(item)

    with pytest.raises(BackupError, match="not there any more"):
        back_up(filled.settings, backups, progress=take_away)
    assert list(backups.iterdir()) == []


@pytest.mark.parametrize("disk", [False, True], ids=["the same disk", "another disk"])
def test_backups_on_the_disk_of_the_data_are_told(filled: Place, tmp_path: Path, disk: bool) -> None:
    """As when the disk that should be there is not mounted."""
    (tmp_path / "backups").mkdir()
    command = [sys.executable, "-m", "app.cli", "--data", filled.settings.data, "backup", tmp_path / "backups"]
    if disk:
        shell = 'mount -t tmpfs tmpfs "$0" && exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell, command[-1], *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ("the same disk as the data folder" in done.stderr) is not disk
    modes = {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in (tmp_path / "backups").rglob("*")}
    assert modes == (set() if disk else {0})  # whatever lies there is for its account alone


def test_a_stop_in_the_middle_leaves_no_backup_and_the_next_run_cleans_up(
    filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = tmp_path / "backups"
    (backups / ".unfinished-20260101T000000Z" / "objects").mkdir(parents=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "sync", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            back_up(filled.settings, backups)
    assert snapshots(backups) == []
    back_up(filled.settings, backups)
    assert len(list(backups.iterdir())) == 1


KILLED = """
import os, pathlib, shutil, signal, sys
import storage.backup as module, storage.restore
from storage.settings import load_settings
owner, name = {"sync": (os, "sync"), "rename": (pathlib.Path, "rename"), "rmtree": (shutil, "rmtree"),
               "copied": (module, "check_database"), "indexes": (storage.restore, "_indexes")}[sys.argv[1]]
left = int(sys.argv[2])
real = getattr(owner, name)
def dying(*given, **more):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **more)
setattr(owner, name, dying)
data, backups = map(pathlib.Path, sys.argv[4:])
if sys.argv[3] == "backup":
    module.back_up(load_settings(data), backups, keep=1)
elif sys.argv[3] == "check":
    storage.restore.check(backups, place=backups.parent)
else:
    storage.restore.restore(backups, data)
"""


def killed(moment: str, times: int, what: str, data: Path, backups: Path) -> None:
    """Run one of the three in a process that is killed at the so-many-th call of `moment`."""
    command = [sys.executable, "-c", KILLED, moment, str(times), what, data, backups]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("moment", "times", "finished"),
    [
        ("copied", 1, 0),
        ("rename", 2, 0),
        ("rename", 3, 1),
        ("sync", 1, 0),
        ("sync", 3, 0),
        ("sync", 4, 1),
        ("rmtree", 1, 1),
    ],
)
def test_a_backup_that_was_killed_is_none_and_harms_none(
    filled: Place, tmp_path: Path, moment: str, times: int, finished: int
) -> None:
    """While it copies, reads back, gets its name, and takes an older one away."""
    backups, data = tmp_path / "backups", filled.settings.data
    first = back_up(filled.settings, backups).snapshot
    first = first.rename(first.with_name("20260101T000000Z"))
    before = contents(first)
    killed(moment, times, "backup", data, backups)
    whole = snapshots(backups)
    assert len(whole) == 1 + finished - (moment == "rmtree")
    for snapshot in whole:
        check(backups, name=snapshot.name, place=tmp_path)
    assert first not in whole or contents(first) == before
    again = back_up(filled.settings, backups).snapshot if not finished else whole[-1]
    assert snapshots(backups)[-1] == again
    if not finished:  # nothing is left, the copy of the catalog least of all
        assert {item.name for item in backups.iterdir()} == {first.name, again.name}
        assert list((data / "run").glob("*backup*")) == []


def test_a_restore_or_a_trial_that_was_killed_is_taken_for_nothing(filled: Place, tmp_path: Path) -> None:
    backups, target = tmp_path / "backups", tmp_path / "restored"
    back_up(filled.settings, backups)
    killed("indexes", 1, "restore", target, backups)
    with pytest.raises(DataFolderError, match="broken off"):
        Database.open(DataFolder(target).catalog)
    with pytest.raises(BackupError, match="not empty"):
        restore(backups, target)
    killed("indexes", 1, "check", target, backups)
    assert len(list(tmp_path.glob("premise-check-*"))) == 1
    check(backups, place=tmp_path)
    assert list(tmp_path.glob("*premise-check-*")) == []


def test_a_damaged_catalog_is_not_taken_for_a_backup(filled: Place, tmp_path: Path) -> None:
    filled.store.database.close()
    file = filled.settings.data / "catalog.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bytes_ = bytearray(file.read_bytes())
    for start in range(len(bytes_) // 2, len(bytes_) - 200, 4096):
        bytes_[start : start + 200] = b"\xff" * 200
    file.write_bytes(bytes(bytes_))
    with pytest.raises((BackupError, DataFolderError, MemoryError)):  # as SQLite takes what it finds
        back_up(filled.settings, tmp_path / "backups")
    assert snapshots(tmp_path / "backups") == []


def test_another_database_beside_the_catalog_is_copied_whole(filled: Place, tmp_path: Path) -> None:
    other = filled.settings.data / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (7)")
        connection.commit()  # stands in the file beside it until a checkpoint
        back_up(filled.settings, tmp_path / "backups")
    restore(tmp_path / "backups", tmp_path / "data2")
    with closing(sqlite3.connect(tmp_path / "data2" / "other.sqlite")) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]


def test_a_database_that_nobody_writes_or_nobody_can_read_is_kept_as_it_is(filled: Place, tmp_path: Path) -> None:
    """Somebody's database in the inbox, a damaged one, and one that somebody is in the middle of writing."""
    whole, damaged, busy = (filled.inbox / "everyone" / name for name in ("a.sqlite", "b.sqlite", "c.sqlite"))
    for file in (whole, busy):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE t (x)")
            connection.commit()
    damaged.write_bytes(b"SQLite format 3\0" + b"not what it says" * 100)
    beside = damaged.with_name("b.sqlite-wal")
    beside.write_bytes(b"nor this")
    diary = damaged.with_name("travel-journal")
    diary.write_text("We left early.")
    before = {file.name: file.read_bytes() for file in (whole, damaged, beside, diary)}
    with closing(sqlite3.connect(busy)) as writing:
        writing.execute("PRAGMA journal_mode=WAL")
        writing.execute("INSERT INTO t VALUES (7)")
        writing.commit()  # lies in the journal beside it
        writing.execute("INSERT INTO t VALUES (8)")  # and this is not yet said
        made = back_up(filled.settings, tmp_path / "backups")
    assert made.absent == ()
    restore(tmp_path / "backups", tmp_path / "data2")
    restored = tmp_path / "data2/inbox/everyone"
    assert {name: (restored / name).read_bytes() for name in before} == before
    with closing(sqlite3.connect(restored / "c.sqlite")) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]
