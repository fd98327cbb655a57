"""How near ingestion comes to its embedder: `python tests/benchmarks/ingest_speed.py [--files 120] [--dtype float32]`.

Ingests a folder (default: handbook/ of PREMISE_EVAL_DIR, else ../shared/eval) end to end into a new data folder, then
lets `SentenceTransformer.encode`, with its default settings, embed the very same chunks. Rounds alternate. What counts
are the ratios of the two: by the clock, and, for busy hosts, by the processor time of all processes and threads.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ingest.chunk import embedding_text
from ingest.passes import one_pass
from storage.embedder import LocalEmbedder
from storage.settings import load_settings
from storage.store import open_store

SEED = 20261122


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=120, help="how many files, drawn at random; 0: all")
    parser.add_argument("--folder", type=Path, help="what is ingested")
    parser.add_argument("--dtype", default="auto", help="embedder_dtype of ours")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    folder = chosen.folder or root / "handbook"
    if not folder.is_dir():
        print(f"skipped: {folder} is not there")
        return
    clock, processor = [], []
    with tempfile.TemporaryDirectory() as made:
        files = _drawn(folder, chosen.files)
        bare = _bare()
        for number in range(chosen.rounds):
            (ours, our_work), said, texts = _ingested(Path(made) / str(number), folder, files, chosen.dtype)
            (theirs, their_work), _ = _timed(lambda texts=texts: bare.encode(texts, show_progress_bar=False))
            clock.append(ours / theirs)
            processor.append(our_work / their_work)
            print(
                f"{said['indexed']} files, {len(texts)} chunks: end to end {ours:.1f} s, processor {our_work:.1f} s; "
                f"bare encode {theirs:.1f} s, processor {their_work:.1f} s; ratio {clock[-1]:.2f}, of processor time "
                f"{processor[-1]:.2f}; in it {said['timings']}",
                flush=True,
            )
    print(f"ratio, median of {len(clock)} rounds: {median(clock):.2f}; of processor time {median(processor):.2f}")


def _timed(call: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Seconds by the clock, and of processor time with that of child processes that have ended; and the result."""
    started, worked = time.perf_counter(), _worked()
    result = call()
    return (time.perf_counter() - started, _worked() - worked), result


def _worked() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _drawn(folder: Path, count: int) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return random.Random(SEED).sample(files, count) if 0 < count < len(files) else files  # noqa: S311  (nothing secret)


def _bare() -> Any:
    """The bundled model as sentence-transformers loads it by default."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(LocalEmbedder.from_settings(load_settings()).directory), local_files_only=True)
    model.encode(["warm"])
    return model


def _ingested(
    data: Path, folder: Path, files: Sequence[Path], dtype: str
) -> tuple[tuple[float, float], dict[str, Any], list[str]]:
    """Seconds, what the pass said, and the texts that it embedded, in the order of the documents."""
    settings = load_settings(data, settle_seconds=0.0, embedder_dtype=dtype)
    for file in files:
        target = settings.inbox_folder / "everyone" / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    spent, said = _timed(
        lambda: one_pass(settings, None, readers=None, retry=False, confirm_deletions=False, remove=False)
    )
    with open_store(settings) as store:
        texts = [embedding_text(row.chunk) for rows in store.catalog.index_rows() for row in rows]
    return spent, said, texts


if __name__ == "__main__":
    main()
