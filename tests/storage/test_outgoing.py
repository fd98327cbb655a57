"""The allow-list of outgoing hosts, in processes of its own: a guard cannot be taken off again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.outgoing import named_hosts
from storage.settings import load_settings
from storage.switchboard import SILENT, silence

GUARDED = """
import socket, sys
from pathlib import Path
from storage.outgoing import guard
from storage.settings import load_settings
guard(load_settings(Path(sys.argv[1])))
"""


def guarded(data: Path, code: str, settings: str = "") -> str:
    data.mkdir(exist_ok=True)
    (data / "premise.toml").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-c", GUARDED + code, str(data)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "socket.create_connection(('192.0.2.1', 443), timeout=2)",
        "socket.getaddrinfo('elsewhere.example', 443)",
        "socket.gethostbyname('elsewhere.example')",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(('2001:db8::1', 53))",
        "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=2)",
        "import httpx; httpx.get('http://192.0.2.1/', timeout=2)",
        "import httpx; httpx.get('http://elsewhere.example/', timeout=2)",
        "import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 80))",
    ],
)
def test_no_library_reaches_what_no_setting_names(tmp_path: Path, code: str) -> None:
    assert "Premise may not connect to" in guarded(tmp_path / "data", code)


def test_this_host_and_what_is_named_may_be_reached(tmp_path: Path) -> None:
    code = """
server = socket.create_server(("127.0.0.1", 0))
for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.socket(family).connect((host, server.getsockname()[1]))
for host in ("192.0.2.7", "198.51.100.9"):
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect((host, 9))
    except OSError as error:
        assert "may not" not in str(error), error
print("reached")
"""
    settings = 'llm_url = "http://192.0.2.7:8000/v1"\nallowed_outgoing = ["198.51.100.0/24"]\n'
    assert guarded(tmp_path / "data", code, settings).strip() == "reached"
    refused = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.8', 9))"
    assert "192.0.2.8" in guarded(tmp_path / "data", refused, settings)


def test_the_allowed_hosts_come_from_every_setting_that_holds_an_address(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, llm_url="https://gpu.intra:8000/v1", allowed_outgoing=["10.1.0.0/16"])
    assert named_hosts(settings) == ["10.1.0.0/16", "gpu.intra"]
    assert named_hosts(load_settings(tmp_path)) == []


def test_every_process_that_imports_storage_is_silenced() -> None:
    code = "import os, storage; print(all(os.environ.get(k) == v for k, v in storage.switchboard.SILENT.items()))"
    for hostile in ({}, {"HF_HUB_OFFLINE": "0", "DO_NOT_TRACK": "0"}):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin", **hostile},
        )
        assert done.stdout.strip() == "True"
    environment = {"NLTK_DATA": "/x", "TIKTOKEN_CACHE_DIR": "/y", "KEPT": "1"}
    silence(environment)
    assert environment == SILENT | {"KEPT": "1"}
