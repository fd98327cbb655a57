"""Memory while many files are indexed: `python tests/benchmarks/memory.py [--files N] [--tiny]`.

Runs the ingest service and Chroma's server as the systemd units run them over N small text files, and every so many
files prints the resident memory of both ("own": of that, what is no mapped file) and of the service's children (the
parser). At the end the slope over the files after the warm-up, by least squares. With `--tiny` the embedder is one of a
single layer, made on the spot, so that the same pipeline comes to its end in a third of the time.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine, text

MEBIBYTE = 1024  # kibibytes, as /proc counts
PREMISE = str(Path(sys.executable).with_name("premise"))


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=500, help="files between two rows")
    parser.add_argument("--warm-up", type=int, default=2000, help="files before the slope is measured")
    parser.add_argument("--tiny", action="store_true", help="embed with a model of one layer")
    parser.add_argument("--seconds", type=float, default=450, help="stop after so long, wherever it is")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        _write(data / "inbox" / "everyone", chosen.files)
        if chosen.tiny:
            sys.path.insert(0, str(Path(__file__).parents[1]))
            import tiny_embedder

            os.environ["PREMISE_EMBEDDER"] = str(tiny_embedder.make(Path(folder) / "tiny", numbers=384))
            os.environ["PREMISE_MODEL_WAIVERS"] = '["tiny"]'  # it has no licence, and goes nowhere
        with _service(data, "serve-vectors") as vectors:
            _until((data / "run" / "service.json").exists)
            with _service(data, "serve-ingest") as ingest:
                _measure(data, ingest, vectors, chosen)


def _write(place: Path, files: int) -> None:
    """Notes of a line, in folders of a hundred, no two alike."""
    for number in range(files):
        folder = place / f"{number // 100:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"note {number}.txt").write_text(f"Note {number} of day {number % 365} says {number * 7919}.\n")


def _measure(data: Path, ingest: int, vectors: int, chosen: argparse.Namespace) -> None:
    started, rows, child_most = time.monotonic(), [], 0.0
    catalog = create_engine(f"sqlite:///{data / 'catalog.sqlite'}")
    _until(lambda: not _program(ingest) or ((data / "catalog.sqlite").exists() and _done(catalog) is not None))
    if not _program(ingest):
        raise SystemExit((data.parent / "serve-ingest.log").read_text())
    columns = ("files", "service", "own", "parser", "chroma", "own", "seconds")
    print("".join(f"{name:>9}" for name in columns) + "   (MiB)", flush=True)
    due = chosen.every
    while (done := _done(catalog) or 0) < chosen.files and time.monotonic() < started + chosen.seconds:
        child_most = max([child_most, *(_memory(child, "VmHWM") for child in _children(ingest))])
        if done >= due:
            rows.append(_row(done, ingest, vectors, time.monotonic() - started))
            due = done - done % chosen.every + chosen.every
        time.sleep(0.1)
    rows.append(_row(done, ingest, vectors, time.monotonic() - started))
    print(f"\nhighest: service {_memory(ingest, 'VmHWM'):,.0f} MiB, its children {child_most:,.0f} MiB")
    later = np.array([row for row in rows if row[0] >= chosen.warm_up])
    if len(later) > 2:
        slopes = [np.polyfit(later[:, 0], later[:, column], 1)[0] * 1000 for column in (1, 2, 4, 5)]
        print(
            f"slope after {chosen.warm_up:,} files, MiB per 1,000 files: service {slopes[0]:+.2f} "
            f"(own {slopes[1]:+.2f}), Chroma's server {slopes[2]:+.2f} (own {slopes[3]:+.2f})"
        )


def _row(done: int, ingest: int, vectors: int, seconds: float) -> tuple[float, ...]:
    chroma = _children(vectors)[0]
    parser = sum(_memory(child, "VmRSS") for child in _children(ingest))
    own = [_memory(process, "RssAnon") for process in (ingest, chroma)]
    row = (done, _memory(ingest, "VmRSS"), own[0], parser, _memory(chroma, "VmRSS"), own[1], seconds)
    print("".join(f"{value:9,.0f}" for value in row), flush=True)
    return row


def _done(catalog: object) -> int | None:
    """How many files have come to their end; None before there is a catalog."""
    with suppress(Exception), catalog.connect() as connection:  # type: ignore[attr-defined]
        query = "SELECT count(*) FROM documents WHERE state IN ('indexed', 'failed')"
        return int(connection.execute(text(query)).scalar_one())
    return None


def _children(process: int) -> list[int]:
    """Its children, but for one that is still a copy of it and has not become a program of its own."""
    found: list[int] = []
    own = _program(process)
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text().split() if _program(int(child)) != own]
    return found


def _program(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def _memory(process: int, field: str) -> float:
    """A field of /proc/PID/status, in MiB; 0 for a process that has gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) / MEBIBYTE
    return 0.0


@contextmanager
def _service(data: Path, command: str) -> Iterator[int]:
    """One of Premise's services; its process id."""
    environment = os.environ | {"PREMISE_SETTLE_SECONDS": "0"}
    with (data.parent / f"{command}.log").open("wb") as log:
        process = subprocess.Popen([PREMISE, "--data", str(data), command], stdout=log, stderr=log, env=environment)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _until(ready: object, seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        if time.monotonic() > until:
            raise SystemExit("the service did not start")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
