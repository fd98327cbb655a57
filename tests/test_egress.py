"""Nothing leaves: the whole product, browser included, watched by the kernel where nothing but loopback is."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.operations.egress import Attempt, asked_elsewhere, attempt, own_of_browser, watch
from app.operations.hostile import write_files
from ingest.parse import formats
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "web")]
from ingest_msg import message  # noqa: E402
from served import NASTY  # noqa: E402

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
def test_every_file_that_is_watched_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is refused at its first byte shows nothing. The scan and what LibreOffice converts are read below."""
    monkeypatch.setenv("PATH", "/nowhere")
    write_files(tmp_path)
    files = [file for file in sorted(tmp_path.iterdir()) if file.suffix != ".png"]
    assert len(files) > 15
    for file in files:
        assert parse(file, suffix=file.suffix, limits=ParseLimits()), file


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(900)
def test_the_whole_product_tries_to_reach_nothing(tmp_path: Path) -> None:
    """Every kind of file, hostile pointers in them; questions, evaluation, backup; the pages in Chromium."""
    files = tmp_path / "files"
    shutil.copytree(ROOT / "deploy" / "samples" / "inbox" / "everyone", files)
    shutil.copytree(ROOT / "deploy" / "samples" / "inbox" / "sales", files / "sales")
    (files / "zephyr.txt").write_text(NASTY)
    address = f"a@{HOSTILE[0]}"
    body = f"There are 30 days. http://{HOSTILE[0]}/msg"
    message(files / "mail.msg", subject="Leave", body=body, sender=address, to=address, attachments={})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    seen = watch([sys.executable, str(ROOT / "tests" / "egress_job.py"), str(scratch), str(files)], folder=tmp_path)
    assert seen.status == 0, seen.errors[-3000:]
    result = json.loads(seen.output.splitlines()[-1])
    assert "30 days" in result["answer"]
    assert seen.calls > 100  # else nothing was watched
    assert [item for item in seen.attempts if not own_of_browser(item)] == []
    assert len(result["browser_asked"]) > 20
    assert asked_elsewhere(result, scratch / "netlog.json", HOSTILE) == []
    assert "127.0.0.1" in (scratch / "netlog.json").read_text(errors="replace")
    inbox = scratch / "data" / "inbox" / "everyone"
    read = {path.suffix for path in inbox.rglob("*") if f"everyone/{path.relative_to(inbox)}" not in result["failed"]}
    families = {name: kinds for name, kinds in vars(formats).items() if isinstance(kinds, frozenset)}
    assert len(families) > 10
    assert [name for name, kinds in families.items() if not kinds & read] == []


def test_what_a_page_makes_the_browser_ask_is_told_from_what_it_does_itself(tmp_path: Path) -> None:
    record = tmp_path / "netlog.json"
    record.write_text("{}")
    run = {"address": "http://127.0.0.1:9", "browser": "chromium", "browser_asked": ["http://127.0.0.1:9/a", "data:,"]}
    assert asked_elsewhere(run, record) == []
    run["browser_asked"] = ["http://127.0.0.1:9/a", "http://127.0.0.1:99/", "https://evil.example/x"]
    assert asked_elsewhere(run, record) == ["http://127.0.0.1:99/", "https://evil.example/x"]
    record.write_text("a look-up of elsewhere.example")
    assert asked_elsewhere(run | {"browser_asked": []}, record) == ["elsewhere.example"]
    lookup = Attempt(process="NetworkService", address="10.0.0.1", port=53, call="connect")
    assert own_of_browser(lookup)
    assert not own_of_browser(replace(lookup, process="python3"))
    assert not own_of_browser(replace(lookup, port=80))
