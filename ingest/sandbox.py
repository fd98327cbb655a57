"""Parsing in a child process that may crash, hang or grow without harm.

    with Sandbox(ParseLimits()) as sandbox:
        parsed = sandbox.parse(path, ".pdf")      # Parsed, or ParseFailure with a code and a reason

One child at a time, kept for many files because importing its libraries takes seconds. On any breach the child's whole
process group is killed and the next file gets a fresh one. Imports no parser. Not shared between threads: each has
its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ingest.parse.limits import MEGABYTE, MEMBERS, ParseLimits
from ingest.parse.wire import LENGTH, WireError, decode, parsed_from_plain, write_message
from ingest.passwords import Passwords
from storage.failures import Code, ParseFailure
from storage.records import Member, Parsed
from storage.switchboard import SILENT

HOME_PREFIX = "premise-parse-"
LOCK = ".lock"
TOO_DEEP = "It lies in a container within containers; only three levels are opened (limit max_depth)."
START_SECONDS = 60.0  # a child that has not said hello by then is killed
_BYTES_PER_CHARACTER = 8  # of a reply: text in UTF-8 twice over (cells), and boxes
BROKEN = (
    Code.OUT_OF_MEMORY,
    Code.PARSER_CRASHED,
    Code.TIMED_OUT,
)  # after these a child, or what it started, is no good
_RECYCLE_PART = 0.5  # of the memory limit: a child that holds more after a file is replaced


class _Breach(Exception):
    """The child broke a limit or died; it is gone by now."""

    def __init__(self, code: Code, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.passing = passing  # another try may do better


class Sandbox:
    """A parser in a process of its own. `cut_off_by` says after the first file what holds it off the network."""

    def __init__(self, limits: ParseLimits, passwords: Passwords | None = None) -> None:
        self.limits = limits
        self.passwords = passwords or Passwords(None)
        self.cut_off_by: list[str] | None = None  # storage/cutoff.py; empty: it has a network
        self._child: subprocess.Popen[bytes] | None = None
        self._files = 0
        self._home: str | None = None
        self._lock: int | None = None  # held as long as the home is in use
        self._alive: int | None = None  # open as long as this process lives: the child ends with it

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid if self._child else None

    def parse(self, path: Path, suffix: str, *, take: Callable[[Path], str] | None = None) -> Parsed:
        """Read one file; `suffix` is what its name ends with. Raises ParseFailure, also when the child is lost.

        `take` keeps a file that the child took out of a container and says under which SHA-256; without it what a
        container holds is named only.
        """
        try:
            child = self._started()
            self._files += 1
            request = {"path": str(path.absolute()), "suffix": suffix.lower(), "passwords": self.passwords.known()}
            reply = self._exchange(child, request)
            if "failure" in reply:
                raise ParseFailure(Code(reply["failure"]), str(reply.get("reason", "")))
            parsed = parsed_from_plain(reply.get("parsed"))
            parsed = replace(parsed, members=self._members(reply.get("members"), take))
        except _Breach as breach:
            raise ParseFailure(breach.code, breach.reason, passing=breach.passing) from breach
        except (WireError, ValueError) as error:
            self._kill()
            raise ParseFailure(Code.PARSER_CRASHED, f"The parser answered what nobody understands: {error}") from error
        except BaseException as error:
            if not isinstance(error, ParseFailure) or error.code in BROKEN:
                self._kill()  # interrupted in mid-answer, or in pieces: the next file gets a fresh one
            raise
        self._recycle(reply)
        return parsed

    def _members(self, plain: object, take: Callable[[Path], str] | None) -> tuple[Member, ...]:
        """What the child took out of a container, kept. Its files are looked at as anything that is not trusted."""
        members = []
        for number, item in enumerate(plain[: self.limits.max_members] if isinstance(plain, list) else ()):
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                raise WireError("a member is not an object with a name")
            content, size, code = None, 0, item.get("code")
            file = Path(self._home or "") / MEMBERS / str(number)
            if code is None and take is not None:
                status = file.lstat()
                if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                    raise WireError("a member is not a file")
                content, size = take(file), status.st_size
                file.unlink()
            elif code is None:
                code = Code.UNSUPPORTED
            members.append(
                Member(
                    name=item["name"],
                    content=content,
                    size=size,
                    code=Code(code).value if code is not None else None,
                    reason=None if code is None else str(item.get("reason") or TOO_DEEP)[:500],
                )
            )
        return tuple(members)

    def close(self) -> None:
        """End the child and remove what it left."""
        self._kill()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._kill()
        with tempfile.TemporaryFile() as said:
            try:
                return self._start(said)
            except _Breach as breach:  # no file has been given to it yet
                late = breach.code is Code.TIMED_OUT
                reason = (
                    f"The parser did not start within {START_SECONDS:g} s." if late else "The parser did not start."
                )
                raise self._not_started(reason, said) from breach
            except WireError as error:
                raise self._not_started(
                    f"The parser did not say what it should at its start ({error}).", said
                ) from error
            except OSError as error:
                raise self._not_started(
                    f"The parser could not be started ({error.strerror or error}).", said
                ) from error

    def _start(self, said: IO[bytes]) -> subprocess.Popen[bytes]:
        """A new child that has said hello. `said` takes what it writes to standard error until then."""
        self._home, self._lock = _new_home()
        watched, self._alive = os.pipe()
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "ingest.parse.child", json.dumps(asdict(self.limits)), str(watched)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=self._home,
                env=_environment(self._home),
                start_new_session=True,
                pass_fds=(watched,),
            )
        finally:
            os.close(watched)
        self._files = 0
        hello = self._receive(self._child, time.monotonic() + START_SECONDS)
        self.cut_off_by = [str(means) for means in hello.get("cut_off_by", ())]
        return self._child

    def _not_started(self, reason: str, said: IO[bytes]) -> _Breach:
        """Why there is no parser, with the last line it wrote."""
        self._kill()
        said.seek(0)
        last = said.read(MEGABYTE).decode(errors="replace").strip().rpartition("\n")[2][-200:]
        return _Breach(Code.PARSER_NOT_STARTED, f"{reason} Its last words: {last}" if last else reason)

    def _exchange(self, child: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + self.limits.seconds
        assert child.stdin is not None  # noqa: S101  (opened as a pipe above)
        try:
            write_message(child.stdin, request)
        except OSError as error:
            raise self._lost(child) from error
        reply = self._receive(child, deadline)
        if reply.get("scans") is True:  # said once: it goes on to read pictures of pages, which takes longer
            reply = self._receive(child, deadline + self.limits.ocr_seconds)
        return reply

    def _receive(self, child: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
        """One message. Raises _Breach at the deadline, at the end of the pipe, or when it is too long."""
        (length,) = LENGTH.unpack(self._bytes(child, LENGTH.size, deadline))
        allowed = self.limits.max_output_chars * _BYTES_PER_CHARACTER
        if length > allowed:
            self._kill()
            limit = f"{self.limits.max_output_chars:,} characters (max_output_chars)"
            raise _Breach(Code.TOO_LARGE, f"The file yields more text than {limit}.")
        return decode(self._bytes(child, length, deadline))

    def _bytes(self, child: subprocess.Popen[bytes], count: int, deadline: float) -> bytes:
        assert child.stdout is not None  # noqa: S101  (opened as a pipe above)
        pipe = child.stdout.fileno()
        waiting = select.poll()  # unlike select, it takes descriptors above 1,023
        waiting.register(pipe, select.POLLIN)
        received = bytearray()
        while len(received) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                self._kill()
                raise _Breach(
                    Code.TIMED_OUT, f"Reading the file took longer than {self.limits.seconds:g} s (parse_seconds)."
                )
            piece = os.read(pipe, min(count - len(received), MEGABYTE))
            if not piece:
                raise self._lost(child)
            received += piece
        return bytes(received)

    def _lost(self, child: subprocess.Popen[bytes]) -> _Breach:
        """Why the child is gone, told from how it ended."""
        try:
            status = child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = 0
        self._kill()
        if status == -signal.SIGXCPU:
            reason = f"Reading the file used more than {self.limits.seconds:g} s of processor time (parse_seconds)."
            return _Breach(Code.TIMED_OUT, reason)
        if status in (-signal.SIGKILL, -signal.SIGABRT):  # the kernel ran out of memory, or a C++ allocation failed
            memory = f"{self.limits.memory_mb} MB (parse_memory_mb)"
            reason = f"The parser was ended, most likely because it needed more than {memory}."
            return _Breach(Code.OUT_OF_MEMORY, reason, passing=True)  # or others needed it at that moment
        how = signal.Signals(-status).name if status < 0 else f"exit code {status}"
        return _Breach(Code.PARSER_CRASHED, f"The parser crashed on this file ({how}).")

    def _recycle(self, reply: dict[str, Any]) -> None:
        resident = reply.get("resident_mb")
        heavy = isinstance(resident, int) and resident > self.limits.memory_mb * _RECYCLE_PART
        if heavy or self._files >= self.limits.files_per_child:
            self._kill()

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):  # nobody left
                os.killpg(child.pid, signal.SIGKILL)  # the group outlives its leader: LibreOffice dies with it
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # unsent bytes of a request to a child that is dead
                        pipe.close()
        home, self._home = self._home, None
        if home is not None:
            _kill_strays(home)
            shutil.rmtree(home, ignore_errors=True)
        for descriptor in (self._lock, self._alive):
            if descriptor is not None:
                os.close(descriptor)
        self._lock = self._alive = None


def _kill_strays(home: str) -> None:
    """Kill what a child started and what left its process group since: it has the child's home in its environment."""
    mark = f"HOME={home}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            if mark in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def _new_home() -> tuple[str, int]:
    """A temporary folder for a child, and the lock that says it is in use. Removes those that a kill left behind."""
    for old in Path(tempfile.gettempdir()).glob(f"{HOME_PREFIX}*"):
        with contextlib.suppress(OSError):  # in use, not ours, or gone meanwhile
            lock = _locked(old)
            try:
                shutil.rmtree(old, ignore_errors=True)
            finally:
                os.close(lock)
    home = tempfile.mkdtemp(prefix=".new-premise-")
    lock = _locked(Path(home), make=True)
    named = str(Path(home).with_name(HOME_PREFIX + Path(home).name.rsplit("-", 1)[-1]))
    Path(home).rename(named)  # only now, so that nobody takes it for one that was left behind
    return named, lock


def _locked(home: Path, *, make: bool = False) -> int:
    """The lock of a child's folder. Raises: OSError when somebody else has it, or there is none."""
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if make else 0), 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _environment(home: str) -> dict[str, str]:
    """No secrets: only what Python, pandoc and LibreOffice need."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
        if name in os.environ
    }
    return {
        **kept,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",  # each arena of the C library reserves 64 MB of address space
        **SILENT,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


__all__ = ["ParseLimits", "Sandbox"]
