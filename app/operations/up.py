"""`premise up`: Chroma's server, the ingest service and the web server as one, in the foreground.

Starts them in order, waits until each is ready, restarts one that dies, stops all together. Knows processes; opens no
data itself.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from storage.datafolder import DataFolder, Running
from storage.errors import ServiceError
from storage.settings import PREFIX, Settings
from storage.switchboard import SILENT

READY_SECONDS = 600.0  # an embedding model of some gigabytes is read meanwhile
STOP_SECONDS = 10.0
LOCK_SECONDS = 3.0  # another command may look at the lock for a moment
RESTARTS = 5  # in a minute; more than that is a fault that restarting does not mend
LOG_BYTES = 10_000_000  # a log larger than this is started anew
PR_SET_PDEATHSIG = 1


@dataclass(kw_only=True)
class _Child:
    """One of the processes."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready: Callable[[], bool]
    vital: bool = True  # what stops again and again stops everything; else it is tried again within a minute
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)


class Service:
    """The three processes of one data folder."""

    def __init__(
        self,
        settings: Settings,
        folder: DataFolder,
        say: Callable[[str], None],
        parts: tuple[str, ...] = ("chroma", "web", "ingest"),
    ) -> None:
        """`parts`: those to start; under systemd each other part is a unit of its own."""
        self._parts = parts
        self._settings = settings
        self._folder = folder
        self._say = say
        self._stopping = False
        local = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
        self.running = Running(
            pid=os.getpid(),
            address=f"http://{f'[{local}]' if ':' in local else local}:{settings.port}",
            chroma_host="127.0.0.1",
            chroma_port=_free_port(),
        )

    def run(self, on_ready: Callable[[str], None]) -> None:
        """Start everything, call `on_ready(address)`, stay until a signal. Raises: ServiceError, DataFolderError."""
        if "web" in self._parts:
            _check_port_free(self._settings.host, self._settings.port)
        with self._folder.owned(wait=LOCK_SECONDS):
            self._folder.announce(self.running)
            self._folder.operator_token()
            children = [child for child in self._children() if child.name in self._parts]
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, self._stop_asked)
            try:
                for child in children:
                    self._start(child)
                    self._wait_ready(child)
                if not self._stopping:
                    on_ready(self.running.address)
                    tell_systemd()
                while not self._stopping:
                    self._revive(children)
                    time.sleep(0.2)
            finally:
                self._say("Stopping…")
                for child in reversed(children):
                    _end(child)

    def _children(self) -> list[_Child]:
        python = [sys.executable, "-m", "app.cli", "--data", str(self._settings.data)]
        chroma = f"http://{self.running.chroma_host}:{self.running.chroma_port}/api/v2/heartbeat"
        ours = os.environ | SILENT | {PREFIX + "DATA": str(self._settings.data)}
        foreign = {name: value for name, value in ours.items() if not name.startswith(PREFIX)}  # no settings, no keys
        return [
            _Child(
                name="chroma",
                environment=foreign | {"RUST_LOG": "error"},  # it would write several lines for every question
                command=[
                    str(Path(sys.executable).with_name("chroma")),
                    "run",
                    "--path",
                    str(self._folder.vectors),
                    "--host",
                    self.running.chroma_host,
                    "--port",
                    str(self.running.chroma_port),
                ],
                ready=lambda: _answers(chroma),
            ),
            _Child(
                name="web",
                environment=ours,
                command=[*python, "serve-web"],
                ready=lambda: _answers(f"{self.running.address}/healthz"),
            ),
            _Child(
                name="ingest",  # reads hostile files and asks no model
                environment={name: value for name, value in ours.items() if name != PREFIX + "LLM_API_KEY"},
                command=[*python, "serve-ingest"],
                ready=lambda: True,
                vital=False,  # such as on a full disk: questions are answered meanwhile
            ),
        ]

    def _start(self, child: _Child) -> None:
        child.started.append(time.monotonic())
        log = self._folder.logs / f"{child.name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.unlink()
        with log.open("ab") as output:
            log.chmod(0o600)
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=child.environment,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509  this process has one thread
            )

    def _wait_ready(self, child: _Child) -> None:
        until = time.monotonic() + READY_SECONDS
        while not self._stopping and not child.ready():
            if child.process is None or child.process.poll() is not None:
                raise ServiceError(f"{child.name} did not start. The end of its log:\n{self._log_end(child)}")
            if time.monotonic() > until:
                raise ServiceError(
                    f"{child.name} was not ready after {READY_SECONDS:.0f} s. Its log ends:\n{self._log_end(child)}"
                )
            time.sleep(0.1)

    def _revive(self, children: list[_Child]) -> None:
        for child in children:
            if child.process is None or child.process.poll() is None:
                continue
            recent = [moment for moment in child.started if moment > time.monotonic() - 60]
            if len(recent) >= RESTARTS:
                if not child.vital:
                    continue
                raise ServiceError(f"{child.name} stops again and again. The end of its log:\n{self._log_end(child)}")
            ended = f"{child.name} stopped unexpectedly (exit status {child.process.returncode})"
            self._say(f"{ended}; starting it again. Its log ends: {self._log_end(child, lines=1)}")
            self._start(child)

    def _log_end(self, child: _Child, lines: int = 15) -> str:
        log = self._folder.logs / f"{child.name}.log"
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _stop_asked(self, _signal: int, _frame: object) -> None:
        self._stopping = True


def tell_systemd() -> None:
    """Say to systemd that we are ready, where it started us and waits to hear (Type=notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, suppress(OSError):
            notify.sendto(b"READY=1", address.replace("@", "\0", 1))


def _end(child: _Child) -> None:
    if child.process is None or child.process.poll() is not None:
        return
    child.process.terminate()
    try:
        child.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


def _die_with_parent() -> None:
    """Linux ends the child when this process is killed, so that nobody is left holding the data folder's index."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).status_code < 500
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check_port_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServiceError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop the program that has it, or choose "
                "another with `premise up --port` or the setting `port`."
            ) from error
