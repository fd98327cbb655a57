"""The data folder: what lies where in it, and who may use it at the moment.

`premise up` holds the service lock as long as it runs and writes where its servers listen; any other command finds
them there, or takes the lock itself and opens the vector index in its own process. Chroma is not safe for two
processes on one path, so exactly one of the two is ever true.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from storage.errors import DataFolderBusy, DataFolderError


@dataclass(frozen=True, kw_only=True)
class Running:
    """Where a running `premise up` listens."""

    pid: int
    address: str  # of the web server, with scheme
    chroma_host: str
    chroma_port: int


class DataFolder:
    """Paths and locks of one data folder. Making one creates the folder, readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.catalog = root / "catalog.sqlite"
        self.keywords = root / "keywords"
        self.vectors = root / "vectors"
        self.matrix = root / "matrix"
        self.originals = root / "originals"
        self.run = root / "run"
        self.logs = root / "logs"
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.run, self.logs):
                folder.mkdir(exist_ok=True, mode=0o700)
            probe = self.run / f".probe-{os.getpid()}"
            probe.write_bytes(b"\0" * 65536)
            probe.unlink()
        except OSError as error:
            raise DataFolderError(f"The data folder {root} cannot be used: {why(error)}") from error

    # --- the running service -----------------------------------------------------------------------------------

    def running(self) -> Running | None:
        """Where the running service listens; None when there is none."""
        try:
            with self._locked("service", wait=0, shared=True):
                return None
        except DataFolderBusy:
            pass
        try:
            found = Running(**json.loads((self.run / "service.json").read_text(encoding="utf-8")))
            holder = (self.run / "service.lock").read_text(encoding="utf-8").strip()
        except (OSError, ValueError, TypeError):
            return None  # another command has the lock, or the service is about to write where it listens
        return found if str(found.pid) == holder else None  # else: left by a service that was killed

    def announce(self, running: Running) -> None:
        """Write where the servers listen. The caller holds the service lock."""
        target = self.run / "service.json"
        new = target.with_suffix(".new")
        new.write_text(json.dumps(asdict(running)), encoding="utf-8")
        new.replace(target)

    @contextmanager
    def owned(self, wait: float = 0) -> Iterator[None]:
        """Hold the data folder for this process alone.

        `wait`: seconds to wait for another command to finish. Raises: DataFolderBusy.
        """
        with self._locked("service", wait=wait):
            (self.run / "service.json").unlink(missing_ok=True)  # left by a service that was killed
            try:
                yield
            finally:
                (self.run / "service.json").unlink(missing_ok=True)

    @contextmanager
    def ingesting(self, wait: float = 0) -> Iterator[None]:
        """Be the one writer. Raises: DataFolderBusy when another process writes and goes on for `wait` seconds."""
        with self._locked("ingest", wait=wait):
            yield

    @contextmanager
    def answering(self, wait: float = 0) -> Iterator[None]:
        """Be the one web server: whose turn it is at the language model, and how fast each person asks, is counted in
        its memory. Raises: DataFolderBusy when another one runs and goes on for `wait` seconds."""
        with self._locked("web", wait=wait):
            yield

    @contextmanager
    def _locked(self, name: str, wait: float, *, shared: bool = False) -> Iterator[None]:
        path = self.run / f"{name}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataFolderError(f"The data folder {self.root} cannot be used: {why(error)}") from error
        try:
            self._take(descriptor, path, wait, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            if not shared:
                self._note_holder(descriptor)
            yield
        finally:
            os.close(descriptor)  # gives the lock back

    def _note_holder(self, descriptor: int) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}".encode(), 0)
        except OSError as error:
            raise DataFolderError(f"The data folder {self.root} cannot be used: {why(error)}") from error

    def _take(self, descriptor: int, path: Path, wait: float, kind: int) -> None:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    holder = path.read_text(encoding="utf-8").strip() or "unknown"
                    raise DataFolderBusy(
                        f"The data folder {self.root} is in use by another Premise process (process {holder}). "
                        "Wait until it has finished, or stop it."
                    ) from error
                time.sleep(0.1)

    # --- the operator's token ----------------------------------------------------------------------------------

    def operator_token(self) -> str:
        """The secret by which commands on this host speak to the running service. Made on first use, mode 600."""
        path = self.run / "operator.token"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            token = secrets.token_urlsafe(32)
            file.write(token)
        return token


def why(error: OSError) -> str:
    """What keeps a file from being written, in words."""
    if error.errno == errno.ENOSPC:
        return "the disk is full. Free some space and start again."
    if error.errno == errno.EROFS:
        return "it is on a read-only file system."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "this account may not write there."
    return f"{error.strerror}."
