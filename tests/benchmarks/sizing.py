"""What a company's documents need: `python tests/benchmarks/sizing.py [--chunks 20000,40000]`.

Fills data folders with passages of SQuAD and mtrag and vectors of 384 numbers, as search_speed.py does, and prints for
each how large its parts are on the disk, and how much memory a process holds that opens it and asks: of its own, and of
mapped files. Two sizes give what one chunk takes: the difference, divided.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from search_speed import _fill, _passages

from storage.settings import load_settings
from storage.store import open_store

LABELS = 20
PARTS = ("catalog.sqlite", "keywords", "matrix", "vectors")
ASKING = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from app.retrieval.retrieve import Retriever
from storage.embedder import LocalEmbedder
from storage.settings import load_settings
from storage.store import open_store

def own():
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return [int(fields[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile")]

settings = load_settings(Path(sys.argv[1]))
with open_store(settings, check_embedder=False) as store:
    embedder = LocalEmbedder.from_settings(settings)
    labels = store.catalog.labels_of([f"group{number}" for number in range(LABELS)])
    for text in ("Who wrote the first letter?", "What is the capital of the region?", "When did it begin?"):
        Retriever(store.indexes, embedder).search(text, labels=labels, k=10)
    print(*own())
"""


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunks", default="20000,40000")
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    if not (root / "squad" / "questions.jsonl").is_file():
        print(f"skipped: no question set in {root}")
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in sorted(int(number) for number in chosen.chunks.split(",")):
            data = Path(folder) / str(count)
            with open_store(load_settings(data), check_embedder=False) as store:
                _fill(store, _passages(root), count, LABELS, graphs=True)
            rows.append((count, [*(_size(data / part) for part in PARTS), *_memory(data)]))
    names = [*PARTS, "memory", "mapped"]
    print("".join(f"{name:>16}" for name in ("chunks", *names)) + "   (MB)")
    for count, sizes in rows:
        print(f"{count:>16,}" + "".join(f"{size / 1e6:>16.1f}" for size in sizes))
    if len(rows) > 1:
        (few, small), (many, large) = rows[0], rows[-1]
        each = [(b - a) / (many - few) for a, b in zip(small, large, strict=True)]
        print(f"{'bytes a chunk':>16}" + "".join(f"{size:>16,.0f}" for size in each))


def _size(place: Path) -> int:
    files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    return sum(file.stat().st_blocks * 512 for file in files)


def _memory(data: Path) -> list[int]:
    """Bytes of its own, and of mapped files, of a new process that has asked."""
    code = ASKING.replace("LABELS", str(LABELS))
    done = subprocess.run([sys.executable, "-c", code, str(data)], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


if __name__ == "__main__":
    main()
