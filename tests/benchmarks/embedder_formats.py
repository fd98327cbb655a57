"""What the embedder's number formats cost and lose: `python tests/benchmarks/embedder_formats.py [--documents 10]`.

Chunks of some documents of squad/ and zh/ in PREMISE_EVAL_DIR (default ../shared/eval) are embedded by
`SentenceTransformer.encode` with its default settings and by Premise in each format, in turns; their questions are
then searched exactly, by meaning alone. Prints times as ratios in one run, and nDCG@10 of passages that hold an answer.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

import numpy as np

from app.evaluation.questions import read_questions
from ingest.chunk import chunk, embedding_text
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from storage.catalog import Vector
from storage.embedder import LocalEmbedder
from storage.settings import load_settings

FORMATS = ("float32", "bfloat16", "int8")
BARE = "SentenceTransformer.encode"
BEST = 10
TOKENS = 200

Encode = Callable[[Sequence[str]], Vector]


@dataclass(kw_only=True)
class Set:
    """Passages, and questions with the numbers of the passages that answer them."""

    texts: list[str]
    asked: list[tuple[str, set[int]]]


@dataclass(kw_only=True)
class Way:
    """One way to embed, and what it took."""

    documents: Encode
    questions: Encode
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=10, help="of each set")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    names = [name for name in ("squad", "zh") if (root / name).is_dir()]
    if not names:
        print(f"skipped: {root} has no question sets")
        return
    with tempfile.TemporaryDirectory() as made:
        embedders = {
            name: LocalEmbedder.from_settings(load_settings(Path(made), embedder_dtype=name)) for name in FORMATS
        }
        sets = {name: _set(root / name, chosen.documents, embedders["float32"]) for name in names}
        ways = {BARE: _bare(embedders["float32"].directory)}
        ways |= {name: Way(documents=e.encode_documents, questions=e.encode_questions) for name, e in embedders.items()}
        texts = [text for one in sets.values() for text in one.texts]
        asked = sum(len(one.asked) for one in sets.values())
        print(f"{len(texts)} passages, {asked} questions; median of {chosen.rounds} rounds", flush=True)
        for way in ways.values():
            way.documents(texts[:8])  # loaded, and made where it has to be
        for _ in range(chosen.rounds):
            for way in ways.values():
                wall, processor = time.perf_counter(), time.process_time()
                way.documents(texts)
                way.wall.append(time.perf_counter() - wall)
                way.processor.append(time.process_time() - processor)
        _report(ways, sets, len(texts))


def _report(ways: dict[str, Way], sets: dict[str, Set], passages: int) -> None:
    heads = "".join(f"{f'nDCG@{BEST} {name}':>16}" for name in sets)
    print(f"{'':28}{'passages/s':>12}{'time':>8}{'processor':>11}{heads}")
    wall, processor = median(ways[BARE].wall), median(ways[BARE].processor)
    for name, way in ways.items():
        took, spent = median(way.wall), median(way.processor)
        gains = "".join(f"{_ndcg(one, way):16.4f}" for one in sets.values())
        print(f"{name:28}{passages / took:12.1f}{took / wall:8.2f}{spent / processor:11.2f}{gains}", flush=True)


def _set(folder: Path, count: int, embedder: LocalEmbedder) -> Set:
    questions = [question for question in read_questions(folder / "questions.jsonl") if question.answers]
    files = sorted({file for question in questions for file in question.files})
    drawn = random.Random(3).sample(files, min(count, len(files)))  # noqa: S311  (the same sample each time)
    texts: list[str] = []
    owners: list[tuple[str, str]] = []
    for file in drawn:
        parsed = parse(folder / file, suffix=Path(file).suffix, limits=ParseLimits())
        title = parsed.title or Path(file).stem
        for piece in chunk(parsed, title=title, revision="r", size=TOKENS, count_tokens=embedder.count_tokens):
            texts.append(embedding_text(piece))
            owners.append((file, piece.body.casefold()))
    asked = []
    for question in questions:
        wanted = [answer.casefold() for answer in question.answers]
        right = {
            number
            for number, (file, body) in enumerate(owners)
            if file in question.files and any(answer in body for answer in wanted)
        }
        if right:
            asked.append((question.text, right))
    return Set(texts=texts, asked=asked)


def _bare(directory: Path) -> Way:
    """The model as sentence-transformers loads and runs it by default."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(directory), local_files_only=True)

    def encode(texts: Sequence[str]) -> Vector:
        vectors: Vector = model.encode(list(texts), show_progress_bar=False, normalize_embeddings=True)
        return vectors

    return Way(documents=encode, questions=encode)


def _ndcg(one: Set, way: Way) -> float:
    """Mean over the questions; a passage that holds an answer counts one, any other nothing."""
    scores = way.questions([question for question, _ in one.asked]) @ way.documents(one.texts).T
    gains = []
    for row, (_, right) in zip(scores, one.asked, strict=True):
        best = np.argsort(-row)[:BEST]
        found = sum(1 / math.log2(place + 2) for place, number in enumerate(best) if int(number) in right)
        gains.append(found / sum(1 / math.log2(place + 2) for place in range(min(BEST, len(right)))))
    return mean(gains)


if __name__ == "__main__":
    main()
