"""Memory while many files are indexed: `python tests/benchmarks/memory.py [--files N]`.

Runs the product's pipeline with its real embedder and parsing child over N small text files, in this process, and
prints the resident memory of both as it goes on, and the growth of each thousand files over the first two.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline, Progress
from ingest.sandbox import Sandbox
from storage.settings import load_settings
from storage.store import open_store

EVERY = 1000  # files between two rows


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=450, help="stop after so long, wherever it is")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder) / "data", settle_seconds=0.0)
        place = settings.inbox_folder / "everyone"
        place.mkdir(parents=True)
        for number in range(chosen.files):
            (place / f"note{number}.txt").write_text(f"Note {number} of the day {number % 365} says {number * 7919}.\n")
        limits = ParseLimits()
        with open_store(settings) as store, Sandbox(limits) as sandbox:
            pipeline = Pipeline(settings, store.indexes, store.originals, store.embedder, sandbox)
            _measure(pipeline, sandbox, limits, chosen.seconds)


def _measure(pipeline: Pipeline, sandbox: Sandbox, limits: ParseLimits, most: float) -> None:
    source = pipeline.catalog.source(str(pipeline.settings.inbox_folder), None)
    pipeline.reconcile(source)
    started = time.monotonic()
    service: list[int] = []
    child_most = 0
    print(f"{'files':>7}{'service MB':>12}{'child MB':>10}{'seconds':>9}")

    def sample(work: Progress) -> None:
        nonlocal child_most
        child = _resident(sandbox.pid) if work.done % 50 == 0 else 0
        child_most = max(child_most, child)
        if work.done % EVERY == 0:
            service.append(_resident(None))
            print(
                f"{work.done:7,}{service[-1]:12,}{child or _resident(sandbox.pid):10,}{time.monotonic() - started:9.0f}"
            )

    pipeline.work([source], pause=lambda: time.monotonic() - started > most, progress=sample)
    print(
        f"\nhighest: service {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB, child {child_most:,} MB"
    )
    print(f"the child may use {limits.memory_mb:,} MB (parse_memory_mb)")
    if len(service) > 2:
        growth = (service[-1] - service[1]) / (len(service) - 2)
        print(f"growth after the first {2 * EVERY:,} files: {growth:+.1f} MB per {EVERY:,} files")


def _resident(process: int | None) -> int:
    """Resident memory of a process in MB; of this one for None."""
    try:
        pages = Path(f"/proc/{process or 'self'}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize() // 1024 // 1024


if __name__ == "__main__":
    main()
