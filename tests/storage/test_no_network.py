"""A process that gave up its network: neither it nor what it starts reaches a server on this very host."""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter for this processor")

# what each way of trying prints: "in" or the name of the error
TRIED = """
import socket, subprocess, sys
from storage.no_network import leave_network, refuse_sockets
way, port = sys.argv[1], int(sys.argv[2])
assert {"filter": refuse_sockets, "namespace": leave_network, "none": lambda: True}[way]()
def tried(family, kind):
    try:
        with socket.socket(family, kind) as made:
            made.connect(("127.0.0.1", port))
        return "in"
    except OSError as error:
        return type(error).__name__
print(tried(socket.AF_INET, socket.SOCK_STREAM), tried(socket.AF_INET, socket.SOCK_DGRAM))
shell = ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo in || echo no"]
print(subprocess.run(shell, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout)
one, other = socket.socketpair()
one.send(b"x")
print(other.recv(1).decode(), socket.socket(socket.AF_UNIX).family.name)
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def tried(way: str, port: int) -> list[str]:
    done = subprocess.run([sys.executable, "-c", TRIED, way, str(port)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_without_giving_it_up_the_server_is_reached(port: int) -> None:
    assert tried("none", port) == ["in", "in", "in", "x", "AF_UNIX"]


def test_the_filter_alone_refuses_sockets_here_and_in_what_is_started(port: int) -> None:
    """As in a container whose engine forbids namespaces. Sockets within the host go on: LibreOffice needs them."""
    assert tried("filter", port) == ["PermissionError", "PermissionError", "no", "x", "AF_UNIX"]


def test_no_ring_gets_around_the_filter() -> None:
    ring = "import ctypes; from storage.no_network import refuse_sockets; assert refuse_sockets();"
    ring += "libc = ctypes.CDLL(None, use_errno=True); libc.syscall(425, 1, ctypes.create_string_buffer(200));"
    done = subprocess.run(
        [sys.executable, "-c", f"{ring} print(ctypes.get_errno())"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "13"  # EACCES, and not what a ring of a wrong description gives


def test_the_namespace_alone_is_an_empty_network(port: int) -> None:
    program = "import os; from storage.no_network import leave_network; before = os.readlink('/proc/self/ns/net'); "
    program += (
        "print(leave_network(), before != os.readlink('/proc/self/ns/net'), open('/proc/net/dev').read().count(':'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    if done.stdout.split()[0] == "False":
        pytest.skip("this system lets nobody leave the network")
    assert done.stdout.split() == ["True", "True", "1"]  # the loopback device
    assert "in" not in tried("namespace", port)[::2]
