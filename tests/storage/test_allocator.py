"""Free memory of threads is shared: as many heaps as are asked for, however many threads there are."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, os, sys, tempfile, threading
import app.cli
from storage.allocator import share_heaps
assert len(os.listdir("/proc/self/task")) == 1  # what the commands import before they call it starts no thread
if sys.argv[1] == "shared":
    share_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
together = threading.Barrier(8)
threads = [threading.Thread(target=lambda: (libc.malloc(50_000), together.wait())) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with tempfile.NamedTemporaryFile() as told:
    file = libc.fopen(told.name.encode(), b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(told.read().count(b"<heap nr="))
"""


@pytest.mark.parametrize(("how", "most", "least"), [("shared", 2, 1), ("each its own", 100, 3)])
def test_threads_share_two_heaps(how: str, most: int, least: int) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    assert least <= int(done.stdout) <= most
