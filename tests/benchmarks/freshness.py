"""How soon a change is answered from: `python tests/benchmarks/freshness.py [--changes N]`.

Starts `premise up`, writes, changes and deletes files, and asks the running service by REST as fast as it answers.
Prints the seconds from the write to the file's row in the catalog, from there to its being indexed, and from there to
the first answer from it; of a deletion, to the first search that does not find it any more.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx

from storage.catalog import Catalog, Filter
from storage.database import Database
from storage.datafolder import DataFolder
from storage.records import Document, State

TARGETS = {"noticed": 5.0, "embedded to answered": 1.0, "deleted to gone": 6.0}
PATIENCE = 120.0


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--changes", type=int, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        inbox = data / "inbox" / "everyone"
        inbox.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        service = subprocess.Popen(
            [str(Path(sys.executable).with_name("premise")), "--data", str(data), "up", "--port", str(port)],
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("PREMISE_")},
        )
        assert service.stderr is not None
        try:
            next(line for line in service.stderr if "ready" in line)
            client = httpx.Client(
                base_url=f"http://127.0.0.1:{port}/api/v1",
                headers={"Authorization": f"Bearer {DataFolder(data).operator_token()}"},
                timeout=60,
                trust_env=False,
            )
            _measure(Catalog(Database.open(data / "catalog.sqlite")), client, inbox, chosen.changes)
        finally:
            service.send_signal(signal.SIGINT)
            service.wait(60)


def _measure(catalog: Catalog, client: httpx.Client, inbox: Path, changes: int) -> None:
    def row(name: str) -> Document | None:
        return next(iter(catalog.documents_page(Filter(containing=name), labels=None, limit=1)), None)

    def found(word: str) -> bool:
        reply = client.post("search", content=json.dumps({"question": word, "k": 5, "groups": ["everyone"]}))
        return any(word in hit["text"] for hit in reply.json().get("hits", []))

    _until(lambda: client.get("admin/files").status_code == 200)
    (inbox / "warm.md").write_text("# Warm\n\nThe marker is zqwarmzq.\n")
    _until(lambda: found("zqwarmzq"))
    times: dict[str, list[float]] = {
        "noticed": [],
        "noticed to embedded": [],
        "embedded to answered": [],
        "changed to answered": [],
        "deleted to gone": [],
    }
    for number in range(changes):
        file = inbox / f"note{number}.md"
        began = time.monotonic()
        file.write_text(f"# Note\n\nThe marker is zq{number}azq.\n")
        noticed = _until(lambda name=file.name: row(name) is not None)  # type: ignore[misc]
        embedded = _until(lambda name=file.name: _indexed(row(name)))  # type: ignore[misc]
        answered = _until(lambda word=f"zq{number}azq": found(word))  # type: ignore[misc]
        times["noticed"].append(noticed - began)
        times["noticed to embedded"].append(embedded - noticed)
        times["embedded to answered"].append(answered - embedded)
        began = time.monotonic()
        file.write_text(f"# Note\n\nThe marker is zq{number}bzq.\n")
        times["changed to answered"].append(_until(lambda word=f"zq{number}bzq": found(word)) - began)  # type: ignore[misc]
        began = time.monotonic()
        file.unlink()
        times["deleted to gone"].append(_until(lambda word=f"zq{number}bzq": not found(word)) - began)  # type: ignore[misc]
    print(f"{'seconds, of ' + str(changes):28}{'median':>8}{'worst':>8}{'target':>8}")
    for name, seconds in times.items():
        target = f"{TARGETS[name]:8.0f}" if name in TARGETS else ""
        print(f"{name:28}{median(seconds):8.2f}{max(seconds):8.2f}{target}")
    print("\nnoticed to embedded holds settle_seconds (1.0): a file is taken as written when it has rested so long")


def _indexed(document: Document | None) -> bool:
    return document is not None and document.state is State.INDEXED


def _until(check: Callable[[], bool]) -> float:
    """When it was first true."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if check():
            return time.monotonic()
        time.sleep(0.02)
    raise SystemExit("It did not happen within two minutes; see data/logs.")


if __name__ == "__main__":
    main()
