"""The parsing process: `python -m ingest.parse.child`, started by `ingest.sandbox`, one file after another.

Not trusted by its parent: whatever happens here, happens to this process. It limits itself before it reads a file:
memory, processor time, open files, size of what it writes, and no network (storage/cutoff.py).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from ingest.parse.limits import MEGABYTE, ParseLimits
from ingest.parse.registry import parse
from ingest.parse.wire import parsed_to_plain, read_message, write_message
from storage.cutoff import cut_off
from storage.failures import Code, ParseFailure
from storage.outgoing import allow
from storage.records import Parsed

_OPEN_FILES = 256
_ALLOCATIONS = 200_000  # between two looks for cycles; some tens of megabytes at most


def main() -> None:
    """Say hello, then answer each request until the parent closes the pipe."""
    limits = ParseLimits(**json.loads(sys.argv[1]))
    replies = _own_stdout()
    requests = sys.stdin.buffer
    restrict(limits)
    holds = cut_off()  # before any thread: a process with threads may not leave
    collect_seldom()
    threading.Thread(target=end_with, args=(int(sys.argv[2]),), daemon=True).start()
    allow(())  # where the system leaves it a network, no library gets to use it
    write_message(replies, {"hello": True, "cut_off_by": holds})
    _say_no_more()
    warnings.simplefilter("ignore")  # what libraries think of a file is no message to anybody here
    while (request := read_message(requests)) is not None:
        _renew_processor_time(limits)

        def scans() -> None:
            _renew_processor_time(limits, limits.ocr_seconds)
            write_message(replies, {"scans": True})

        passwords = [str(password) for password in request.get("passwords", [])]
        write_message(replies, answer(Path(request["path"]), str(request["suffix"]), limits, scans, passwords))
    os.killpg(0, signal.SIGKILL)  # the parent is gone, and what a file made this process start must be too


def answer(
    path: Path, suffix: str, limits: ParseLimits, scans: Callable[[], None], passwords: Sequence[str] = ()
) -> dict[str, Any]:
    """The reply for one file: what it holds, or why it cannot be read. `scans` is called before pictures are read."""
    try:
        parsed = _parsed(path, suffix, limits, scans, passwords)
    except ParseFailure as failure:
        return {"failure": failure.code.value, "reason": failure.reason}
    except MemoryError:
        return {"failure": Code.OUT_OF_MEMORY.value, "reason": f"The file needs more than {limits.memory_mb} MB."}
    except Exception as error:  # noqa: BLE001  any bug of any parser ends here: the file fails, the others go on
        return {"failure": Code.PARSER_CRASHED.value, "reason": f"{type(error).__name__}: {str(error)[:300]}"}
    members = [{"name": found.name, "code": found.code, "reason": found.reason} for found in parsed.members]
    return {"parsed": parsed_to_plain(parsed), "members": members, "resident_mb": _resident_mb()}


def _parsed(
    path: Path, suffix: str, limits: ParseLimits, scans: Callable[[], None], passwords: Sequence[str]
) -> Parsed:
    try:
        return parse(path, suffix=suffix, limits=limits, begins=scans)
    except ParseFailure as failure:
        if failure.code is not Code.ENCRYPTED:
            raise
        from ingest.parse.decrypt import decrypted

        with decrypted(path, suffix, passwords) as opened:
            if opened is not None:
                return parse(opened, suffix=suffix, limits=limits, begins=scans)
        if not passwords:
            raise
        reason = f"{failure.reason} None of the {len(passwords)} in passwords_file opens it."
        raise ParseFailure(Code.ENCRYPTED, reason) from failure


def restrict(limits: ParseLimits) -> None:
    """Lower this process's own limits; they hold for LibreOffice and pandoc too, which it starts."""
    space = limits.memory_mb * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    largest = max(limits.max_unpacked_bytes, limits.max_bytes)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    os.nice(5)


def collect_seldom() -> None:
    """Look for cycles less often: a document's records hold none, and the looking takes its time."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)


def _renew_processor_time(limits: ParseLimits, more: float = 0.0) -> None:
    """Processor time counts for the whole life of a process, so each file moves the soft limit on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + limits.seconds + more) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def end_with(parent: int) -> None:
    """Wait until the other end of this pipe is closed, which its owner's death does, then end this process group."""
    with contextlib.suppress(OSError):
        os.read(parent, 1)
    os.killpg(0, signal.SIGKILL)


def _own_stdout() -> IO[bytes]:
    """Keep the reply pipe to ourselves: what a library prints while it is loaded goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _say_no_more() -> None:
    """What a library prints from now on goes nowhere: it may quote a document, and it may be without end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _resident_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // MEGABYTE


if __name__ == "__main__":
    tempfile.tempdir = os.environ.get("TMPDIR")
    main()
