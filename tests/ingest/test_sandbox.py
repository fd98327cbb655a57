"""The sandbox: a child that dies, hangs or grows takes nothing with it."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.parse.limits import ParseLimits
from ingest.parse.registry import what_is_wrong
from ingest.sandbox import Sandbox
from storage.failures import Code, ParseFailure
from storage.records import revision_text

EVAL = Path(os.environ.get("PREMISE_EVAL_DIR", Path(__file__).parents[2].parent / "shared" / "eval"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(ParseLimits(seconds=30)) as opened:
        yield opened


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("Hello there.", encoding="utf-8")
    return path


def failed(sandbox: Sandbox, path: Path) -> ParseFailure:
    with pytest.raises(ParseFailure) as caught:
        sandbox.parse(path, path.suffix)
    return caught.value


def test_one_child_for_many_files(sandbox: Sandbox, note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert sandbox.parse(note, ".txt").elements[0].text == "Hello there."
    first = sandbox.pid
    assert sandbox.parse(note, ".TXT").elements[0].text == "Hello there."
    assert sandbox.pid == first
    (note.parent / "bad.pdf").write_bytes(b"no")
    assert failed(sandbox, note.parent / "bad.pdf").code is Code.CORRUPT
    assert sandbox.pid == first


def test_what_is_wrong_with_a_damaged_file_is_told_without_the_name_that_it_has_here() -> None:
    path = Path("/data/originals/5e/5edcd16d3efc.xlsx")
    error = ValueError(f"no strings in {path}. This is\nmost probably because {path.name} is odd.")
    assert what_is_wrong(error, path) == "ValueError: no strings in it"
    assert what_is_wrong(KeyError("xl/workbook.xml"), path) == "KeyError: 'xl/workbook.xml'"


def test_child_is_replaced_after_so_many_files(note: Path) -> None:
    with Sandbox(ParseLimits(files_per_child=2)) as sandbox:
        pids = []
        for _ in range(3):
            sandbox.parse(note, ".txt")
            pids.append(sandbox.pid)
    assert pids[0] is not None and pids[1] is None and pids[2] not in (None, pids[0])


def test_close_leaves_nothing(note: Path) -> None:
    sandbox = Sandbox(ParseLimits())
    sandbox.parse(note, ".txt")
    pid, home = sandbox.pid, sandbox._home
    sandbox.close()
    sandbox.close()
    assert pid is not None and not Path(f"/proc/{pid}").exists()
    assert home is not None and not Path(home).exists()


def test_killed_child(sandbox: Sandbox, note: Path) -> None:
    sandbox.parse(note, ".txt")
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGSTOP)
    os.kill(sandbox.pid, signal.SIGKILL)
    code = failed(sandbox, note).code if _still_there(sandbox) else Code.OUT_OF_MEMORY
    assert code is Code.OUT_OF_MEMORY
    assert sandbox.parse(note, ".txt").elements


def _still_there(sandbox: Sandbox) -> bool:
    return sandbox._child is not None and sandbox._child.poll() is None


def test_time_out_kills_and_the_next_file_works(note: Path) -> None:
    with Sandbox(ParseLimits(seconds=1.5)) as sandbox:
        sandbox.parse(note, ".txt")
        stopped = sandbox.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        began = time.monotonic()
        failure = failed(sandbox, note)
        assert failure.code is Code.TIMED_OUT and "parse_seconds" in failure.reason
        assert time.monotonic() - began < 5
        assert not Path(f"/proc/{stopped}").exists()
        assert sandbox.parse(note, ".txt").elements


def test_memory_limit(tmp_path: Path, note: Path) -> None:
    huge = tmp_path / "huge.txt"
    huge.write_bytes(b"a b\n\n" * 30_000_000)
    with Sandbox(ParseLimits(memory_mb=600, seconds=60)) as sandbox:
        assert failed(sandbox, huge).code in (Code.OUT_OF_MEMORY, Code.TOO_LARGE)
        assert sandbox.parse(note, ".txt").elements


def test_output_limit(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_text("word " * 1000, encoding="utf-8")
    with Sandbox(ParseLimits(max_output_chars=100)) as sandbox:
        assert failed(sandbox, path).code is Code.TOO_LARGE


def test_zip_bomb(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("[Content_Types].xml", "<Types/>")
        with container.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(2100):
                part.write(b"\0" * 1024 * 1024)
    failure = failed(sandbox, path)
    assert failure.code is Code.TOO_LARGE and "max_unpacked_bytes" in failure.reason


def test_entity_bomb_does_not_expand(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "laughs.xml"
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><x>&l11;</x>', encoding="utf-8")
    assert len(revision_text(sandbox.parse(path, ".xml").elements)) < 2000


def test_child_has_no_secrets_and_the_parent_no_parser(note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREMISE_SECRET", "hunter2")
    with Sandbox(ParseLimits()) as sandbox:
        sandbox.parse(note, ".txt")
        assert b"hunter2" not in Path(f"/proc/{sandbox.pid}/environ").read_bytes()
        assert sandbox.cut_off_by is not None
    code = (
        "import sys, ingest.sandbox; print([m for m in ('lxml','docx','unstructured','pypdfium2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_several_threads_with_a_sandbox_each(note: Path) -> None:
    texts: list[str] = []

    def work() -> None:
        with Sandbox(ParseLimits()) as own:
            texts.extend(own.parse(note, ".txt").elements[0].text for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["Hello there."] * 10


def test_a_process_with_thousands_of_open_files_reads_on(note: Path) -> None:
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, kept[1]), kept[1]))
    with contextlib.ExitStack() as open_files:
        open_files.callback(resource.setrlimit, resource.RLIMIT_NOFILE, kept)
        for _ in range(1030):
            open_files.enter_context(note.open())
        with Sandbox(ParseLimits()) as sandbox:
            assert sandbox.parse(note, ".txt").elements[0].text == "Hello there."


def hostile() -> list[dict[str, str]]:
    manifest = EVAL / "hostile" / "manifest.csv"
    if not manifest.is_file():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(ParseLimits(seconds=60)) as opened:
        yield opened


def _whole_text(shared: Sandbox, path: Path, folder: Path) -> str:
    """The text of a file and of what it holds."""
    kept: list[Path] = []

    def take(file: Path) -> str:
        kept.append(Path(shutil.copyfile(file, folder / str(len(kept)))))
        return str(len(kept))

    found = shared.parse(path, path.suffix, take=take)
    texts = [revision_text(found.elements)]
    held = [member for member in found.members if member.content]
    for member, file in zip(held, list(kept), strict=True):
        with contextlib.suppress(ParseFailure):
            texts.append(revision_text(shared.parse(file, Path(member.name).suffix).elements))
    return "\n\n".join(texts)


@pytest.mark.eval
@pytest.mark.parametrize("row", hostile(), ids=lambda row: Path(row["file"]).name)
def test_hostile(shared: Sandbox, row: dict[str, str], tmp_path: Path) -> None:
    path = EVAL / "hostile" / row["file"]
    if path.suffix in (".doc", ".ppt", ".xls") and shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    if shutil.which("tesseract") is None and "image" in row["note"] + row["kind"]:
        pytest.skip("tesseract is not installed")
    accepted = {row["expected"], *filter(None, row["also_ok"].split("|"))}
    text = ""
    try:
        text = _whole_text(shared, path, tmp_path)
        outcome = "parses" if text else "empty"
    except ParseFailure as failure:
        outcome = failure.code.value
    assert outcome in accepted
    if outcome == "parses" and row["contains"]:
        words = set(re.findall(r"\w+", text.lower()))
        missing = [
            word for word in re.findall(r"\w+", row["contains"].lower()) if word not in words and word not in text
        ]
        assert not missing
