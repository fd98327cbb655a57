"""Nothing leaves: the whole product, browser included, watched by the kernel where nothing but loopback is."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from app.operations.egress import Attempt, attempt, watch

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests" / "web"))
from served import NASTY  # noqa: E402

CHROMIUM_NAMES = ("chrom", "Chrome", "ThreadPool", "NetworkService", "Compositor", "VizCompositor", "CrUtility")
HOSTILE = ("elsewhere.example", "evil.example")  # where the hostile files point

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
def test_an_attempt_is_seen_whoever_makes_it(tmp_path: Path) -> None:
    """The watch itself: a connection, a look-up and a datagram, from a grandchild and from native code."""
    code = (
        "import socket, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import socket; socket.socket().connect_ex((\"192.0.2.1\", 443))'])\n"
        "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
        "try: s.sendto(b'x', ('2001:db8::1', 9))\n"
        "except OSError: pass\n"
        "try: socket.getaddrinfo('elsewhere.example', 80)\n"
        "except OSError: pass\n"
        "socket.socket().connect_ex(('127.0.0.1', 9))\n"
    )
    seen = watch([sys.executable, "-c", code], folder=tmp_path)
    assert seen.status == 0, seen.errors
    found = {(item.address, item.port) for item in seen.attempts}
    assert ("192.0.2.1", 443) in found
    assert ("2001:db8::1", 9) in found
    assert any(port == 53 for _, port in found)
    assert not any(address.startswith("127.") and port == 9 for address, port in found)


def test_a_lookup_counts_even_at_a_resolver_of_this_host() -> None:
    line = '7<python3> connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0'
    assert attempt(line) == Attempt(process="python3", address="127.0.0.53", port=53, call="connect")
    assert attempt(line.replace("htons(53)", "htons(8600)")) is None
    varlink = '7<curl> connect(5, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) = 0'
    assert attempt(varlink) is not None
    assert attempt('7<x> connect(5, {sa_family=AF_UNIX, sun_path="/tmp/x"}, 42) = 0') is None
    mapped = 'sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::ffff:1.2.3.4", &sin6_addr)'
    assert attempt(f"7<x> sendto(5, ..., 3, 0, {{sa_family=AF_INET6, {mapped}}}, 28) = 3") is not None


@needs_strace
@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(900)
def test_the_whole_product_tries_to_reach_nothing(tmp_path: Path) -> None:
    """Every kind of file, hostile pointers in them; questions, evaluation, backup; the pages in Chromium."""
    files = tmp_path / "files"
    shutil.copytree(ROOT / "deploy" / "samples" / "inbox" / "everyone", files)
    shutil.copytree(ROOT / "deploy" / "samples" / "inbox" / "sales", files / "sales")
    (files / "zephyr.txt").write_text(NASTY)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    seen = watch([sys.executable, str(ROOT / "tests" / "egress_job.py"), str(scratch), str(files)], folder=tmp_path)
    assert seen.status == 0, seen.errors[-3000:]
    result = json.loads(seen.output.splitlines()[-1])
    assert "30 days" in result["answer"]
    assert result["indexed"] > 20
    assert seen.calls > 100  # else nothing was watched
    browsers = [item for item in seen.attempts if item.process.startswith(CHROMIUM_NAMES)]
    assert [item for item in seen.attempts if item not in browsers] == []
    # Chromium by itself, on an empty page too, looks up names of its maker and sees whether the host has IPv6. Its
    # own record of the network says which: no host that a hostile file names is among them
    assert {(item.call, item.port) for item in browsers} <= {("connect", 53), ("connect", 443)}, browsers
    record = (scratch / "netlog.json").read_text(errors="replace")
    assert "127.0.0.1" in record
    assert [name for name in HOSTILE if name in record] == []
    ours = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    assert [url for url in result["browser_asked"] if not url.startswith(ours)] == []
