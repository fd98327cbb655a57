"""The sandbox's limits, one by one, against a parser that has been taken over: the files are programs that it runs.

The real child, with the real limits, in which only `parse` is replaced: it executes the file. What such a program
cannot do, no hostile document can. Each test fails when its limit is taken away.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from place import Place

from ingest import sandbox as module
from ingest.parse.limits import MEGABYTE, ParseLimits
from ingest.sandbox import Sandbox
from storage.failures import ADVICE, Code, ParseFailure
from storage.records import Parsed, revision_text

TAKEN_OVER = """
import ingest.parse.registry as registry
from storage.records import Element, Kind, Parsed

kept = []  # lives as long as the process

def parse(path, *, suffix, limits, begins):
    names = {"limits": limits, "begins": begins, "kept": kept, "said": "done"}
    exec(compile(path.read_text(), "file", "exec"), names)
    return Parsed(elements=(Element(kind=Kind.TEXT, text=names["said"]),))

registry.parse = parse
"""

Run = Callable[..., Parsed]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a program as a file in a sandbox."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text(TAKEN_OVER)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'own'}{os.pathsep}{Path(__file__).parents[2]}")

    def run(sandbox: Sandbox, program: str) -> Parsed:
        file = tmp_path / "program.txt"
        file.write_text(textwrap.dedent(program))
        return sandbox.parse(file, ".txt")

    return run


def refused(run: Run, sandbox: Sandbox, program: str) -> ParseFailure:
    with pytest.raises(ParseFailure) as caught:
        run(sandbox, program)
    return caught.value


def alive(process: int) -> bool:
    """Whether it runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(process: int) -> bool:
    until = time.monotonic() + 10
    while alive(process) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(process)


def test_memory(run: Run) -> None:
    with Sandbox(ParseLimits(memory_mb=700)) as sandbox:
        assert (
            run(sandbox, "kept.append(bytearray(100 << 20)); said = str(len(kept[0]))").elements[0].text == "104857600"
        )
    with Sandbox(ParseLimits(memory_mb=700)) as sandbox:
        assert refused(run, sandbox, "kept.append(bytearray(700 << 20))").code is Code.OUT_OF_MEMORY
        assert run(sandbox, "").elements  # the next file gets a fresh one
    with Sandbox(ParseLimits(memory_mb=700)) as sandbox:  # what it starts is bound as it is
        program = """
            import subprocess, sys
            said = str(subprocess.run([sys.executable, "-c", "bytearray(700 << 20)"], capture_output=True).returncode)
        """
        assert run(sandbox, program).elements[0].text == "1"


def test_processor_time_is_limited_anew_for_each_file(run: Run) -> None:
    program = """
        import resource
        used = resource.getrusage(resource.RUSAGE_SELF)
        said = str(resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime)
    """
    with Sandbox(ParseLimits(seconds=40, ocr_seconds=100)) as sandbox:
        for _ in range(2):
            assert 39 <= float(run(sandbox, program).elements[0].text) <= 46
        slow = program.replace("import resource", "import resource; begins()")
        assert 139 <= float(run(sandbox, slow).elements[0].text) <= 146


def test_more_processor_time_ends_the_process() -> None:
    """Also when its parent is stopped and watches no clock."""
    code = (
        "from ingest.parse.child import _renew_processor_time as renew; from ingest.parse.limits import ParseLimits\n"
        "renew(ParseLimits(seconds=-4))\n"
        "while True: pass"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=120)
    assert done.returncode == -signal.SIGXCPU


def test_a_child_that_used_up_its_processor_time_timed_out(run: Run) -> None:
    with Sandbox(ParseLimits()) as sandbox:
        failure = refused(run, sandbox, "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)")
        assert failure.code is Code.TIMED_OUT and "processor time" in failure.reason


def test_wall_clock(run: Run) -> None:
    with Sandbox(ParseLimits(seconds=2)) as sandbox:
        run(sandbox, "")
        began = time.monotonic()
        failure = refused(run, sandbox, "import time; time.sleep(600)")
        assert failure.code is Code.TIMED_OUT and "parse_seconds" in failure.reason
        assert time.monotonic() - began < 60
        assert run(sandbox, "").elements


def test_output_in_one_answer(run: Run) -> None:
    """The parent's own limit: the child's is in the parser, which was taken over."""
    with Sandbox(ParseLimits(max_output_chars=1000)) as sandbox:
        failure = refused(run, sandbox, "said = 'word ' * 10_000")
        assert failure.code is Code.TOO_LARGE and "max_output_chars" in failure.reason
        assert run(sandbox, "").elements


def test_what_is_written_to_the_disk(run: Run) -> None:
    limits = ParseLimits(max_bytes=MEGABYTE, max_unpacked_bytes=MEGABYTE)
    with Sandbox(limits) as sandbox:
        program = "open('large', 'wb').write(bytes({size}))"
        assert run(sandbox, program.format(size=MEGABYTE)).elements
        assert "File too large" in refused(run, sandbox, program.format(size=3 * MEGABYTE)).reason


def test_open_files(run: Run) -> None:
    with Sandbox(ParseLimits()) as sandbox:
        assert (
            "Too many open files" in refused(run, sandbox, "for _ in range(300): kept.append(open('/dev/null'))").reason
        )


ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]  # as somebody who is not root here


def started_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: str) -> None:
    """Let what the shell says start the parser, whose Python and arguments it gets."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{shell.format(python=sys.executable)}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))


def test_no_network_as_the_account_of_a_service(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root leaves by a user namespace, which no process with threads is given."""
    if subprocess.run([*ORDINARY, "unshare", "--user", "--net", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system has no user namespaces")
    started_by(monkeypatch, tmp_path, f'exec {" ".join(ORDINARY)} {{python}} "$@"')
    with Sandbox(ParseLimits()) as sandbox:
        said = run(sandbox, "import os; said = str(os.geteuid())").elements[0].text
        assert (said, sandbox.cut_off_by) == ("1000", ["namespace", "filter"])


# as in a container whose engine lets nobody make a namespace, and on a machine whose calls we do not know
NO_NAMESPACES = "unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec \"$@\"' -"
WITHOUT = {"filter": NO_NAMESPACES, "namespace": "linux32"}


def alone(means: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the parser have this means to cut itself off and not the other."""
    if subprocess.run(["sh", "-c", f"{WITHOUT[means]} true"], capture_output=True, check=False).returncode:
        pytest.skip("this system cannot take the other means away")
    started_by(monkeypatch, tmp_path, f'exec {WITHOUT[means]} {{python}} "$@"')


@pytest.mark.parametrize(("means", "said"), [("namespace", "unreachable"), ("filter", "Permission denied")])
def test_no_network_by_each_means(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, means: str, said: str
) -> None:
    real = sys.executable
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        subprocess.run([real, "-c", reach], check=True)  # with a network it is reached
        alone(means, monkeypatch, tmp_path)
        with Sandbox(ParseLimits()) as sandbox:
            assert said in refused(run, sandbox, reach).reason
            assert sandbox.cut_off_by == [means]
            program = f"""
                import subprocess
                said = subprocess.run([{real!r}, "-c", "{reach}"], capture_output=True, text=True).stderr[-60:]
            """
            assert said in run(sandbox, program).elements[0].text  # what it starts has none either


def test_the_filter_knows_the_ways_around_it(run: Run) -> None:
    """Other families, io_uring, other numberings of the calls, sockets out of other processes; local ones go on."""
    program = """
        import ctypes, errno, mmap, os, socket
        call = ctypes.CDLL(None, use_errno=True).syscall
        def refusal(*numbers):
            ctypes.set_errno(0)
            return errno.errorcode.get(ctypes.get_errno()) if call(*numbers) == -1 else "done"
        x86 = os.uname().machine == "x86_64"
        ways = [refusal(41 if x86 else 198, family, 3, 0) for family in (2, 10, 16, 17, 38, 40)]  # socket
        ways += [refusal(425, 8, ctypes.create_string_buffer(120))]  # io_uring_setup
        ways += [refusal(438, 0, 0, 0), refusal(101 if x86 else 117, 0, 0, 0, 0)]  # pidfd_getfd, ptrace
        if x86:
            ways += [refusal(41 | 0x40000000, 2, 1, 0)]  # socket of the x32 numbering
            page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            page.write(bytes.fromhex("b814000000 cd80 c3"))  # getpid as 32-bit programs call it
            made = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
            ways += [errno.errorcode[-made] if made < 0 else "done"]
        socket.socket(socket.AF_UNIX).close()
        socket.socketpair()
        said = " ".join(sorted(set(ways)))
    """
    with Sandbox(ParseLimits()) as sandbox:
        assert run(sandbox, program).elements[0].text == "EACCES"


def test_libreoffice_and_tesseract_work_behind_the_filter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("soffice") is None or shutil.which("tesseract") is None:
        pytest.skip("LibreOffice or tesseract is not installed")
    picture = Image.new("L", (600, 120), 255)
    ImageDraw.Draw(picture).text((20, 20), "Gate code 4711", font_size=60)
    picture.save(tmp_path / "note.png")
    alone("filter", monkeypatch, tmp_path)
    with Sandbox(ParseLimits()) as sandbox:
        assert "4711" in revision_text(sandbox.parse(tmp_path / "note.png", ".png").elements)
        assert sandbox.cut_off_by == ["filter"]
    told = subprocess.run([sys.executable, "-m", "ingest.trial"], capture_output=True, text=True, check=True).stdout
    assert json.loads(told) == {"cut_off_by": ["filter"], "failures": {}}


def test_no_host_is_looked_up_or_reached_by_a_library(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system leaves it a network, Python's own connections are refused."""
    started_by(monkeypatch, tmp_path, f'exec {NO_NAMESPACES} linux32 {{python}} "$@"')
    with Sandbox(ParseLimits()) as sandbox:
        for call in ("getaddrinfo('docs.example', 443)", "create_connection(('192.0.2.1', 443), 5)"):
            assert "OutgoingRefused" in refused(run, sandbox, f"import socket; socket.{call}").reason
        assert sandbox.cut_off_by == []


@pytest.mark.parametrize("leaves_the_group", [False, True], ids=["in its group", "out of its group"])
@pytest.mark.parametrize("ends", ["time.sleep(600)", "os._exit(3)"], ids=["hangs", "crashes"])
def test_what_it_started_ends_with_it(run: Run, tmp_path: Path, leaves_the_group: bool, ends: str) -> None:
    note = tmp_path / "pid"
    program = f"""
        import os, subprocess, time
        started = subprocess.Popen(["sleep", "600"], start_new_session={leaves_the_group})
        open({str(note)!r}, "w").write(str(started.pid))
        {ends}
    """
    with Sandbox(ParseLimits(seconds=3)) as sandbox:
        run(sandbox, "")
        code = refused(run, sandbox, program).code
        assert code is (Code.TIMED_OUT if "sleep" in ends else Code.PARSER_CRASHED)
        assert gone(int(note.read_text()))


def test_what_it_started_ends_with_the_service(run: Run, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = f"""
        import os, subprocess
        open({str(note)!r}, "w").write(f"{{os.getpid()}} {{subprocess.Popen(['sleep', '600']).pid}}")
    """
    (tmp_path / "program.txt").write_text(textwrap.dedent(program))
    service = (
        "from pathlib import Path; from ingest.sandbox import ParseLimits, Sandbox; import os, signal\n"
        f"Sandbox(ParseLimits()).parse(Path({str(tmp_path / 'program.txt')!r}), '.txt')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", service], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert all(gone(int(process)) for process in note.read_text().split())


def test_a_child_that_grew_is_replaced(run: Run) -> None:
    grow = "kept.append(b'x' * (400 << 20))"
    with Sandbox(ParseLimits(memory_mb=700)) as sandbox:
        run(sandbox, "")
        first = sandbox.pid
        assert run(sandbox, grow).elements
        assert sandbox.pid is None and first is not None and not alive(first)
        assert run(sandbox, grow).elements


def test_what_it_prints_goes_nowhere(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    with Sandbox(ParseLimits()) as sandbox:
        program = "import os, sys; print('secret'); os.write(1, b'secret'); os.write(2, b'secret'); said = 'heard'"
        assert revision_text(run(sandbox, program).elements) == "heard"
    assert "secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "answer", ["b'\\\\xff\\\\xff\\\\xff\\\\xff'", "b'\\\\0\\\\0\\\\0\\\\x02[]'", "b'\\\\0\\\\0\\\\0\\\\x04null'"]
)
def test_an_answer_that_is_none(run: Run, answer: str) -> None:
    """It writes to the pipe of the answers itself, whose number it finds."""
    program = f"""
        import os, stat
        for number in range(3, 20):
            try:
                os.write(number, {answer})
            except OSError:
                pass
    """
    with Sandbox(ParseLimits()) as sandbox:
        assert refused(run, sandbox, program).code in (Code.PARSER_CRASHED, Code.TOO_LARGE)
        assert run(sandbox, "").elements


# --- a parser that does not come up --------------------------------------------------------------------------------


def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    (tmp_path / "broken").mkdir(exist_ok=True)
    (tmp_path / "broken" / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import time; time.sleep(600)", "did not start within 1.5 s"),
        (
            "import os; os.write(2, b'no such library\\n'); os._exit(1)",
            "did not start. Its last words: no such library",
        ),
        ("import os; os.write(1, b'\\0\\0\\0\\x04null'); os._exit(0)", "did not say what it should"),
    ],
    ids=["slow", "dead", "mad"],
)
def test_a_parser_that_does_not_start_is_said_and_the_file_is_tried_again(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 1.5)
    broken(tmp_path, monkeypatch, code)
    place.write("everyone/note.md", "# Note\n\nThe gate code is 4711.")
    with Sandbox(ParseLimits()) as sandbox:
        store = place.store
        place.pipeline = type(place.pipeline)(place.settings, store.indexes, store.originals, store.embedder, sandbox)
        place.ingest()
        [file] = store.catalog.known(place.source().id).values()
        assert (file.code, file.retry_at is not None) == (Code.PARSER_NOT_STARTED, True)
        assert reason in (file.reason or "")
        assert "tried again by itself" in ADVICE[Code.PARSER_NOT_STARTED]
        for _ in range(place.settings.max_attempts + 1):  # it is not the file's fault: never put aside for good
            store.catalog.fail(file.id, Code.PARSER_NOT_STARTED, "again", datetime.now(UTC))
        place.pipeline.work([place.source()])
        [file] = store.catalog.known(place.source().id).values()
        assert file.attempts > place.settings.max_attempts and file.retry_at is not None
        assert file.retry_at > datetime.now(UTC) + timedelta(seconds=60)
        monkeypatch.setattr(module, "START_SECONDS", 60.0)
        monkeypatch.delenv("PYTHONPATH")
        store.catalog.retry(None)
        place.ingest()
    assert place.states() == {"everyone/note.md": "indexed"}


def test_a_full_temporary_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> str:
        raise OSError(28, "No space left on device")

    (tmp_path / "note.txt").write_text("Hello")
    monkeypatch.setattr(module.tempfile, "mkdtemp", full)
    with Sandbox(ParseLimits()) as sandbox, pytest.raises(ParseFailure, match="No space left on device") as caught:
        sandbox.parse(tmp_path / "note.txt", ".txt")
    assert caught.value.code is Code.PARSER_NOT_STARTED
