"""How long `premise models check` takes: a small directory, 100 shards with 90,000 tensors, 40 that are
looked at in 5,000 places, and 10 GB that are none.

    .venv/bin/python tests/benchmarks/model_check.py

Nothing in them has to be hashed. Times of the processor and of the clock; the ratio is to the small directory.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from models.made import Shapes, safetensors, whole, write_json

from app.models.check import check


def large(folder: Path, shards: int = 100, tensors: int = 900) -> Path:
    """A model of many shards with many tensors each."""
    whole(folder)
    (folder / "model.safetensors").unlink()
    mapped = {}
    for shard in range(1, shards + 1):
        name = f"model-{shard:05}-of-{shards:05}.safetensors"
        held: Shapes = {
            f"model.layers.{shard - 1}.mlp.experts.{number}.w": ("BF16", (4, 4)) for number in range(tensors)
        }
        safetensors(folder / name, held)
        mapped |= dict.fromkeys(held, name)
    write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": mapped})
    return folder


def dense(folder: Path, shards: int = 40) -> Path:
    """A model of 160 MB in shards large enough to be looked at all over."""
    large(folder, shards, tensors=0)
    mapped = {}
    for shard in range(1, shards + 1):
        name = f"model-{shard:05}-of-{shards:05}.safetensors"
        held: Shapes = {f"model.layers.{shard - 1}.mlp.up_proj.weight": ("BF16", (2048, 1024))}
        safetensors(folder / name, held)
        mapped |= dict.fromkeys(held, name)
    write_json(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": mapped})
    return folder


def sparse(folder: Path) -> Path:
    """A whole model whose file goes on for 10 GiB that were never written."""
    whole(folder)
    os.truncate(folder / "model.safetensors", 10 << 30)
    return folder


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        made = {
            "small": whole(root / "small"),
            "100 shards": large(root / "large"),
            "40 x 4 MB": dense(root / "dense"),
            "10 GB sparse": sparse(root / "sparse"),
        }
        began = time.process_time()
        check(made["small"])  # the licence texts are read once a process
        print(f"the first check of all, with reading the licence texts: {time.process_time() - began:.2f} s")
        base = 0.0
        print(f"{'directory':<14} {'verdict':<10} {'processor':>10} {'clock':>8} {'ratio':>7}")
        for name, folder in made.items():
            clock, processor = time.perf_counter(), time.process_time()
            report = check(folder)
            clock, processor = time.perf_counter() - clock, time.process_time() - processor
            base = base or processor
            print(f"{name:<14} {report.verdict:<10} {processor:>8.2f} s {clock:>6.2f} s {processor / base:>7.1f}")


if __name__ == "__main__":
    main()
