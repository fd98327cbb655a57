"""Folders for work in between: removed when it is done, and by the next who comes where a kill prevented that.

Whoever works in one holds a lock in it, so that nobody takes it for one that was left. Knows nothing of the work.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = ".lock"


@contextmanager
def scratch(place: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `place`, whose name begins with `prefix`, for this process alone."""
    made, lock = new_scratch(place, prefix)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def new_scratch(place: Path, prefix: str) -> tuple[Path, int]:
    """The same for as long as the lock, a descriptor, stays open. Removes those that a kill left behind."""
    for old in place.glob(f"{prefix}*"):
        with suppress(OSError):  # in use, not ours, or gone meanwhile
            lock = _locked(old)
            try:
                shutil.rmtree(old, ignore_errors=True)
            finally:
                os.close(lock)
    new = Path(tempfile.mkdtemp(prefix=f".new-{prefix}", dir=place))
    lock = _locked(new, make=True)
    named = new.with_name(new.name.removeprefix(".new-"))
    new.rename(named)  # only now, so that nobody takes it for one that was left behind
    return named, lock


def _locked(folder: Path, *, make: bool = False) -> int:
    """The lock of a folder. Raises: OSError when somebody else has it, or there is none."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if make else 0), 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
