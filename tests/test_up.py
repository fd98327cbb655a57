"""`premise up` as a person runs it: real processes, a real Chroma server, files that come and go."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.operations.up import RESTARTS, Service, _Child
from storage.datafolder import DataFolder
from storage.errors import ServiceError
from storage.settings import load_settings

PREMISE = str(Path(sys.executable).with_name("premise"))
PATIENCE = 240.0  # seconds; nothing here is a timed promise, machines are shared

pytestmark = pytest.mark.slow


@contextmanager
def up(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running service and its address; stopped by Ctrl-C's signal at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [PREMISE, "--data", str(data), "up", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")},
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "No administrator can sign in yet: premise --data" in line:  # after "ready": nobody has an account
                break
        assert process.poll() is None
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stderr.close()


def search(data: Path, question: str, groups: str = "everyone") -> list[str]:
    done = subprocess.run(
        [PREMISE, "--data", str(data), "search", question, "--groups", groups, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode != 0:
        assert "does not answer" in done.stderr  # a killed process is on its way back
        return []
    value: dict[str, Any] = json.loads(done.stdout)
    return [hit["path"] for hit in value["hits"]]


def eventually(check: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.3)
    return False


def children(pid: int) -> dict[str, int]:
    """Name to process id of the service's processes."""
    found = {}
    for task in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = task.read_text().rsplit(")", 1)[1].split()
            command = (task.parent / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(fields[1]) == pid:
            name = next((name for name in ("chroma run", "serve-web", "serve-ingest") if name in command), command)
            found[name] = int(task.parent.name)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_files_that_come_change_and_go_while_it_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    inbox = data / "inbox" / "everyone"
    with up(data) as (process, address):
        assert httpx.get(f"{address}/healthz").status_code == 200
        web = Path(f"/proc/{children(process.pid)['serve-web']}/maps").read_text()
        assert "libtorch_cpu" in web  # the embedding model is loaded: the first question does not wait for it
        inbox.mkdir(parents=True)
        file = inbox / "leave.md"
        file.write_text("# Leave\n\nThere are 30 days of annual leave.\n")
        assert eventually(lambda: search(data, "annual leave") == ["everyone/leave.md"])
        (inbox / "access.toml").write_text('readers = ["hr"]\n')
        assert eventually(lambda: search(data, "annual leave") == [])
        assert search(data, "annual leave", "hr") == ["everyone/leave.md"]
        (inbox / "access.toml").unlink()
        other = tmp_path / "share"
        other.mkdir()
        (other / "parking.md").write_text("# Parking\n\nVisitors park on deck B.\n")
        for arguments in (["ingest", str(other), "--readers", "everyone"], ["reindex"]):  # beside the running service
            command = [PREMISE, "--data", str(data), *arguments]
            subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)
        assert "parking.md" in search(data, "Where do visitors park?")
        (other / "parking.md").unlink()  # the service keeps that folder in step too
        assert eventually(lambda: "parking.md" not in search(data, "Where do visitors park?"))
        file.unlink()
        assert eventually(lambda: search(data, "annual leave", "hr,everyone") == [])
        assert eventually(lambda: not any(path.is_file() for path in (data / "originals").rglob("*")))
        names = set(children(process.pid))
        assert names == {"chroma run", "serve-web", "serve-ingest"}
        processes = list(children(process.pid).values())
    assert not any(alive(pid) for pid in processes)
    assert search(data, "annual leave") == []  # with the service stopped, the data is opened by the command itself


def test_a_killed_process_is_started_again_and_a_killed_service_leaves_nobody(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "inbox" / "everyone").mkdir(parents=True)
    (data / "inbox" / "everyone" / "leave.md").write_text("# Leave\n\nThere are 30 days of annual leave.\n")
    with up(data) as (process, _):
        assert eventually(lambda: search(data, "annual leave") == ["everyone/leave.md"])
        before = children(process.pid)
        for name in ("chroma run", "serve-ingest"):
            os.kill(before[name], signal.SIGKILL)
        assert eventually(lambda: len(set(children(process.pid).values()) - set(before.values())) == 2)
        (data / "inbox" / "everyone" / "canteen.md").write_text("# Canteen\n\nThe canteen opens at 11:30.\n")
        assert eventually(lambda: "everyone/canteen.md" in search(data, "When does the canteen open?"))
        process.kill()
        process.wait(10)
        assert eventually(lambda: not any(alive(pid) for pid in before.values()))
    with up(data):
        assert set(search(data, "canteen annual leave")) == {"everyone/canteen.md", "everyone/leave.md"}


def test_a_busy_port_and_a_second_service_say_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [PREMISE, "--data", str(tmp_path / "one"), "up", "--port", port],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert port in done.stderr
    assert "--port" in done.stderr
    with up(tmp_path / "two"):
        again = subprocess.run(
            [PREMISE, "--data", str(tmp_path / "two"), "up", "--port", port],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert again.returncode == 1
    assert "in use by another Premise process" in again.stderr


def test_questions_are_answered_on_while_the_ingest_service_cannot_start(tmp_path: Path) -> None:
    said: list[str] = []
    service = Service(load_settings(tmp_path), DataFolder(tmp_path), said.append)

    def ends(name: str) -> _Child:
        child = next(child for child in service._children() if child.name == name)
        child.command = ["/bin/sh", "-c", "echo The disk is full.; exit 1"]
        service._start(child)
        return child

    def go_on(child: _Child) -> None:
        for _ in range(RESTARTS + 1):
            assert child.process is not None
            child.process.wait()
            service._revive([child])

    go_on(ingest := ends("ingest"))
    assert len(ingest.started) == RESTARTS
    assert said[0] == "ingest stopped unexpectedly (exit status 1); starting it again. Its log ends: The disk is full."
    ingest.started[:] = [moment - 60 for moment in ingest.started]
    go_on(ingest)
    assert len(ingest.started) == 2 * RESTARTS
    with pytest.raises(ServiceError, match=r"web stops again and again[\s\S]*The disk is full"):
        go_on(ends("web"))
