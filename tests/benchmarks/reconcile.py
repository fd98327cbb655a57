"""How long an unchanged tree takes to be compared with the catalog: `python tests/benchmarks/reconcile.py [--files N]`.

Makes a tree of small files in folders of a hundred, registers all of it as indexed, then times passes of the product's
own reconciling scan in the same process, beside a bare `os.walk` with `lstat` over the same tree: the least that any
scan costs here.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from sqlalchemy import update

from ingest.access import AccessRules
from ingest.parse.limits import ParseLimits
from ingest.pipeline import Pipeline
from ingest.sandbox import Sandbox
from ingest.scan import compare, walk
from storage.records import State
from storage.schema import documents
from storage.settings import load_settings
from storage.store import Store, open_store

FOLDER = 100  # files in a folder
TARGET = 10.0  # seconds for 100,000 files


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--passes", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder) / "data")
        _make(settings.inbox_folder, chosen.files)
        with open_store(settings) as store, Sandbox(ParseLimits()) as sandbox:
            _measure(store, Pipeline(settings, store.indexes, store.originals, store.embedder, sandbox), chosen.passes)


def _make(root: Path, files: int) -> None:
    for number in range(files):
        place = root / f"group{number // FOLDER % 20}" / f"folder{number // FOLDER}"
        if number % FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"Report {number}.txt").write_text(f"Report {number}\n")


def _measure(store: Store, pipeline: Pipeline, passes: int) -> None:
    source = store.catalog.source(str(pipeline.settings.inbox_folder), None)
    started = time.perf_counter()
    first = pipeline.reconcile(source)
    registered = time.perf_counter() - started
    with store.database.write() as connection:
        connection.execute(update(documents).values(state=State.INDEXED))
    steps = ("bare walk and lstat", "walk with readers", "read catalog", "compare", "whole pass")
    rows: dict[str, list[tuple[float, float]]] = {step: [] for step in steps}
    root = Path(source.root)
    for _ in range(passes):
        marks = [_clock()]
        count = sum(os.lstat(f"{place}/{name}").st_size > 0 for place, _, names in os.walk(root) for name in names)
        marks.append(_clock())
        walked = walk(root, AccessRules(root, None), store.catalog.label_for, without=pipeline.settings.data)
        marks.append(_clock())
        known = store.catalog.known(source.id)
        marks.append(_clock())
        compare(walked.files, known, walked.unreadable)
        marks.append(_clock())
        del walked, known
        again = _clock()
        found = pipeline.reconcile(source)
        assert (found.unchanged, found.new, found.changed) == (first.new, 0, 0) == (count, 0, 0)
        for step, (before, after) in zip(steps, [*pairwise(marks), (again, _clock())], strict=True):
            rows[step].append((after[0] - before[0], after[1] - before[1]))
    bare = median(processor for _, processor in rows[steps[0]])
    print(f"{first.new:,} files; registering them took {registered:.1f} s\n")
    print(f"{'':22}{'median s':>10}{'worst s':>10}{'processor s':>13}{'x bare':>8}")
    for step, seconds in rows.items():
        wall = [item[0] for item in seconds]
        processor = median(item[1] for item in seconds)
        print(f"{step:22}{median(wall):10.2f}{max(wall):10.2f}{processor:13.2f}{processor / bare:8.1f}")
    print(f"\ntarget: {TARGET:.0f} s for 100,000 files; on a shared machine compare processor time")


def _clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
