"""The whole product once through, in a scratch folder: start, read every kind of file, ask, evaluate, back up, stop.

What `premise doctor --egress` watches. The files are those of app/operations/hostile.py; the pages are visited by
Chromium where there is one. Knows the command line and the pages only, as a person does.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.operations.browser import chromium
from app.operations.browser import visit as browse
from app.operations.hostile import ELSEWHERE, write_files
from storage.switchboard import SILENT

START_SECONDS = 180.0
QUESTION = "How many days of annual leave are there?"
PAGES = ("/documents", "/administration", "/about")
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def run(
    scratch: Path,
    extra: Path | None = None,
    pages: Callable[[str], tuple[str, ...]] = lambda name: (),
) -> dict[str, object]:
    """Do it. `extra`: more files to read; `pages(name)`: more pages for a browser to look at as this person.

    Returns what was seen of documents and answers, and what the browser asked for. Raises: RuntimeError when a step
    fails, ServiceError when the browser does.
    """
    data = scratch / "data"
    inbox = data / "inbox" / "everyone"
    inbox.mkdir(parents=True)
    write_files(inbox)
    if extra is not None:
        shutil.copytree(extra, inbox, dirs_exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")} | SILENT
    port = _free_port()

    def premise(*arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "--data", str(data), *arguments],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in allowed:
            raise RuntimeError(f"premise {' '.join(arguments)} failed: {done.stderr[-2000:]}")
        return done.stdout

    read = json.loads(premise("ingest", "--json"))
    password = json.loads(premise("users", "add", "mia", "--admin", "--json"))["password"]
    questions = scratch / "questions.jsonl"
    question = {"question": QUESTION, "files": ["leave.md"], "answers": ["30 days"], "evidence": [], "answerable": True}
    questions.write_text(json.dumps(question) + "\n")
    command = [sys.executable, "-m", "app.cli", "--data", str(data), "up", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as service:
        try:
            _wait_ready(service, port)
            answer = json.loads(premise("ask", QUESTION, "--groups", "everyone", "--json"))
            address, asked, program = f"http://127.0.0.1:{port}", [], chromium()
            if program is not None:
                looked = [*PAGES, *pages("mia")]
                asked = browse(
                    program, scratch, address, name="mia", password=password, question=QUESTION, pages=looked
                )
            (inbox / "late.md").write_text(f"# Late\n\n![x](http://{ELSEWHERE}/late.png)\n")
            premise("eval", str(questions), "--groups", "everyone", "--answers", "--json")
            premise("status")
            premise("backup", str(scratch / "backups"))
            premise("backup", "--check", str(scratch / "backups"))
        finally:
            service.send_signal(signal.SIGINT)
            service.wait(60)
    return {
        "indexed": read["indexed"],
        "failed": [item["path"] for item in read["failed"]],
        "answer": answer["answer"],
        "address": address,
        "browser": program,
        "browser_asked": asked,
    }


def only_loopback() -> None:
    """Switch on the loopback device of a network namespace that has nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sH14x", b"lo", 0)
        name, flags = struct.unpack("16sH14x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))
        if not flags & IFF_UP:
            fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14x", name, flags | IFF_UP))


def _wait_ready(service: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    assert service.stderr is not None  # noqa: S101  (opened as a pipe above)
    for line in service.stderr:
        if "ready" in line:
            return
        if time.monotonic() > until:
            break
    raise RuntimeError(f"premise up --port {port} did not become ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    os.umask(0o077)
    only_loopback()
    more = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    print(json.dumps(run(Path(sys.argv[1]), more)))
