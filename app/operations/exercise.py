"""The whole product once through, in a scratch folder: start, read every kind of file, ask, evaluate, back up, stop.

What `premise doctor --egress` watches. The files point to other hosts in every way their formats know, so that any
library that follows such a pointer is seen. Knows the command line only, as a person does.
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
from email.message import EmailMessage
from pathlib import Path

from storage.switchboard import SILENT

ELSEWHERE = "elsewhere.example"  # a name that no resolver knows (RFC 2606)
START_SECONDS = 180.0
QUESTION = "How many days of annual leave are there?"
TEXT = "There are 30 days of annual leave at the company."
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def run(
    scratch: Path,
    extra: Path | None = None,
    visit: Callable[[str, str, str], None] = lambda address, name, password: None,
) -> dict[str, object]:
    """Do it. `extra`: more files to read; `visit(address, name, password)`: what a browser does meanwhile.

    Returns what was seen of documents and answers. Raises: RuntimeError when a step fails.
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
            visit(f"http://127.0.0.1:{port}", "mia", password)
            (inbox / "late.md").write_text(f"# Late\n\n![x](http://{ELSEWHERE}/late.png)\n")
            premise("eval", str(questions), "--groups", "everyone", "--answers", "--json")
            premise("status")
            premise("backup", str(scratch / "backups"))
            premise("backup", "--check", str(scratch / "backups"))
        finally:
            service.send_signal(signal.SIGINT)
            service.wait(60)
    return {"indexed": read["indexed"], "failed": [item["path"] for item in read["failed"]], "answer": answer["answer"]}


def write_files(folder: Path) -> None:
    """A file of each kind that can point elsewhere, pointing there."""
    url = f"http://{ELSEWHERE}"
    (folder / "leave.md").write_text(f"# Leave\n\n{TEXT}\n\n![x]({url}/a.png) [y]({url}) <img src='{url}/b.png'>\n")
    (folder / "page.html").write_text(
        f"<!DOCTYPE html SYSTEM '{url}/x.dtd'><html><head><base href='{url}/'><link rel=stylesheet href='{url}/a.css'>"
        f"<meta http-equiv=refresh content='0;url={url}'><script src='{url}/a.js'></script></head>"
        f"<body background='{url}/b.png'><p>{TEXT}<img src='{url}/a.png'><iframe src='{url}'></iframe></body></html>"
    )
    entity = f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e SYSTEM '{url}/e'>]><a xmlns='{url}'>{TEXT} &e;</a>"
    (folder / "entity.xml").write_text(entity)
    (folder / "notes.rtf").write_text(r"{\rtf1 " + TEXT + r' {\field{\*\fldinst INCLUDEPICTURE "' + url + r'/a.png"}}}')
    (folder / "table.csv").write_text(f'Days,Where\n30,"=WEBSERVICE(""{url}"")"\n')
    (folder / "data.json").write_text(json.dumps({"$schema": f"{url}/schema", "days": 30, "text": TEXT}))
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Leave", f"a@{ELSEWHERE}", f"b@{ELSEWHERE}"
    mail.set_content(TEXT)
    mail.add_alternative(f"<p>{TEXT}<img src='{url}/track.gif'></p>", subtype="html")
    (folder / "mail.eml").write_bytes(bytes(mail))


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
