"""Fetching from a server on this host that speaks the hub's API; and that without a network it is said at once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from models.made import Shapes, safetensors, shapes, whole, write_json

from app.models.checksums import git_sha1

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """One repository, company/tiny."""

    folder: Path
    breaks: str = ""  # a file that the line breaks in: at its first request after so many bytes, later ones at once
    after: int = 0
    wrong: str = ""  # a file whose content is not that of its checksum
    asked: list[str]
    sent: list[tuple[str, int, int]]  # file, first byte, how many bytes

    def named(self) -> list[str]:
        return sorted(file.name for file in self.folder.iterdir())


class _Answers(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(f"{self.command} {path}")
        if path.startswith("/api/models/company/tiny/tree/"):
            return self._json([self._entry(name) for name in self.server.named()])
        if path.startswith("/api/models/company/tiny"):
            files = [{"rfilename": name} for name in self.server.named()]
            return self._json({"id": "company/tiny", "modelId": "company/tiny", "sha": COMMIT, "siblings": files})
        prefix = f"/company/tiny/resolve/{COMMIT}/"
        file = self.server.folder / path.removeprefix(prefix)
        if not path.startswith(prefix) or not file.is_file():
            return self._json({"error": "Repository not found"}, 404, "RepoNotFound")
        return self._file(file, body=body)

    def _entry(self, name: str) -> dict[str, object]:
        file = self.server.folder / name
        return {"type": "file", "path": name, "size": file.stat().st_size, "oid": git_sha1(file, file.stat().st_size)}

    def _json(self, value: object, status: int = 200, error: str = "") -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        self.wfile.write(data)

    def _file(self, file: Path, *, body: bool) -> None:
        data = file.read_bytes()
        large = file.suffix == ".safetensors"
        etag = hashlib.sha256(data).hexdigest() if large else git_sha1(file, len(data))
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{etag}"')
        if large:
            self.send_header("X-Linked-Etag", f'"{etag}"')
            self.send_header("X-Linked-Size", str(len(data)))
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if not body:
            return
        sent = data[start:]
        if file.name == self.server.wrong:
            sent = sent[:-1] + bytes([sent[-1] ^ 1])
        if file.name == self.server.breaks:
            sent, self.server.after = sent[: self.server.after], 0
            self.close_connection = True
        self.server.sent.append((file.name, start, len(sent)))
        self.wfile.write(sent)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    server = Hub(("127.0.0.1", 0), _Answers)
    server.folder, server.asked, server.sent = whole(tmp_path / "hub", shards=2), [], []
    (server.folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    (server.folder / "modeling_tiny.py").write_text("x = 1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def premise(tmp_path: Path, endpoint: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator runs it: the client reads its environment once, when it is imported."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PREMISE_"))}
    clean |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    command = [sys.executable, "-m", "app.cli", "--data", str(tmp_path / "data"), "models", "fetch", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=clean, timeout=120)


def test_a_model_is_fetched_checked_and_not_fetched_again(tmp_path: Path, hub: Hub) -> None:
    endpoint = f"http://127.0.0.1:{hub.server_address[1]}"
    target = tmp_path / "carried"
    done = premise(tmp_path, endpoint, "company/tiny", str(target), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["revision"], report["check"]["verdict"], report["check"]["revision"]) == (COMMIT, "fit", COMMIT)
    assert not (target / "pytorch_model.bin").exists()
    assert not (target / "modeling_tiny.py").exists()
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=target, check=False)
    assert checked.returncode == 0
    before = len([line for line in hub.asked if line.startswith("GET /company")])
    assert premise(tmp_path, endpoint, "company/tiny", str(target)).returncode == 0
    assert len([line for line in hub.asked if line.startswith("GET /company")]) == before


def test_what_broke_off_in_the_middle_of_a_file_goes_on_there(tmp_path: Path, hub: Hub) -> None:
    endpoint = f"http://127.0.0.1:{hub.server_address[1]}"
    hub.breaks = "model-00001-of-00002.safetensors"
    tensors: Shapes = {name: shape for at, (name, shape) in enumerate(shapes().items()) if at % 2 == 0}
    safetensors(hub.folder / hub.breaks, tensors | {"model.extra.weight": ("BF16", (12_000_000,))})
    index = json.loads((hub.folder / "model.safetensors.index.json").read_text())
    index["weight_map"]["model.extra.weight"] = hub.breaks
    write_json(hub.folder / "model.safetensors.index.json", index)
    hub.after = 22 << 20  # the client keeps pieces of 10 MiB
    done = premise(tmp_path, endpoint, "company/tiny", str(tmp_path / "carried"))
    assert done.returncode == 1
    assert "broke off" in done.stderr
    assert "goes on where it stopped" in done.stderr
    assert not (tmp_path / "carried" / hub.breaks).exists()  # nothing half done under its name
    assert not (tmp_path / "carried" / "SHA256SUMS").exists()
    first = hub.sent.copy()
    name, hub.breaks = hub.breaks, ""
    done = premise(tmp_path, endpoint, "company/tiny", str(tmp_path / "carried"))
    assert done.returncode == 0, done.stderr
    again = hub.sent[len(first) :]
    assert (name, 20 << 20, (hub.folder / name).stat().st_size - (20 << 20)) in again
    assert {file for file, _, count in first if count} & {file for file, _, _ in again} == {name}  # the rest is kept
    assert (tmp_path / "carried" / name).read_bytes() == (hub.folder / name).read_bytes()


def test_what_differs_is_refused_until_it_is_fetched_anew(tmp_path: Path, hub: Hub) -> None:
    endpoint = f"http://127.0.0.1:{hub.server_address[1]}"
    hub.wrong = "model-00002-of-00002.safetensors"
    done = premise(tmp_path, endpoint, "company/tiny", str(tmp_path / "carried"))
    assert done.returncode == 1
    assert "model-00002-of-00002.safetensors" in done.stderr
    (tmp_path / "carried" / hub.wrong).unlink(missing_ok=True)
    hub.wrong = ""
    done = premise(tmp_path, endpoint, "company/tiny", str(tmp_path / "carried"))
    assert done.returncode == 0, done.stderr
    missing = premise(tmp_path, endpoint, "company/other", str(tmp_path / "other"))
    assert missing.returncode == 1
    assert "company/other" in missing.stderr


def test_without_a_network_it_is_said_at_once(tmp_path: Path) -> None:
    done = premise(tmp_path, "http://127.0.0.1:9", "company/tiny", str(tmp_path / "x"))
    assert (done.returncode, "does not reach 127.0.0.1" in done.stderr) == (1, True)
    assert not (tmp_path / "x").exists()
    done = premise(tmp_path, "https://hub.example", "company/tiny", str(tmp_path / "x"))
    assert "allowed_outgoing does not name it" in done.stderr
    assert done.returncode != 0
