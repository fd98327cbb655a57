"""What the embedder's number formats cost and lose: `python tests/benchmarks/embedder_formats.py [--documents 10]`.

Chunks of some documents of squad/, mtrag/, zh/ and handbook/ in PREMISE_EVAL_DIR (default ../shared/eval) are embedded
by `SentenceTransformer.encode` with its default settings and by Premise in each format, in turns; their questions are
then searched exactly, by meaning alone. The handbook has none: its headings are looked for among passages without them.
Prints times as ratios in one run, nDCG@10 of passages that hold an answer (are evidence, or stand under the heading),
and what each format loses of float32's, with the 95% bootstrap interval over the questions.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from app.evaluation.questions import Question, read_questions
from ingest.chunk import chunk, embedding_text
from ingest.parse.limits import ParseLimits
from ingest.parse.registry import parse
from storage.catalog import Vector
from storage.embedder import LocalEmbedder
from storage.records import Chunk
from storage.sections import innermost
from storage.settings import load_settings

FORMATS = ("float32", "bfloat16", "int8")
BARE = "SentenceTransformer.encode"
SETS = ("squad", "mtrag", "zh", "handbook")
BEST = 10
TOKENS = 200
EVIDENCE = 0.8  # of a passage's words
DRAWS = 4000  # of the bootstrap
LEAST_BYTES = 500  # of a document

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
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--rounds", type=int, default=3, help="of timing; 0: only what is lost")
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    names = [name for name in chosen.sets.split(",") if (root / name).is_dir()]
    if not names:
        print(f"skipped: {root} has no question sets")
        return
    with tempfile.TemporaryDirectory() as made:
        embedders = {
            name: LocalEmbedder.from_settings(load_settings(Path(made), embedder_dtype=name))
            for name in dict.fromkeys(("float32", *chosen.formats.split(",")))
        }
        sets = {name: _set(root / name, chosen.documents, embedders["float32"]) for name in names}
        ways = {BARE: _bare(embedders["float32"].directory)}
        ways |= {name: Way(documents=e.encode_documents, questions=e.encode_questions) for name, e in embedders.items()}
        texts = [text for one in sets.values() for text in one.texts]
        asked = sum(len(one.asked) for one in sets.values())
        print(f"{len(texts)} passages, {asked} questions; median of {chosen.rounds} rounds", flush=True)
        for way in ways.values() if chosen.rounds else ():
            way.documents(texts[:8])  # loaded, and made where it has to be
        for _ in range(chosen.rounds):
            for way in ways.values():
                wall, processor = time.perf_counter(), time.process_time()
                way.documents(texts)
                way.wall.append(time.perf_counter() - wall)
                way.processor.append(time.process_time() - processor)
        if chosen.rounds:
            _report_times(ways, len(texts))
        del ways[BARE]
        for name, one in sets.items():
            _report_loss(name, one, ways)


def _report_times(ways: dict[str, Way], passages: int) -> None:
    print(f"{'':28}{'passages/s':>12}{'time':>8}{'processor':>11}")
    wall, processor = median(ways[BARE].wall), median(ways[BARE].processor)
    for name, way in ways.items():
        took, spent = median(way.wall), median(way.processor)
        print(f"{name:28}{passages / took:12.1f}{took / wall:8.2f}{spent / processor:11.2f}", flush=True)


def _report_loss(name: str, one: Set, ways: dict[str, Way]) -> None:
    """Of the same draws of questions for all formats."""
    print(f"{name}: {len(one.texts)} passages, {len(one.asked)} questions")
    draws = np.random.default_rng(1).integers(0, len(one.asked), (DRAWS, len(one.asked)))
    whole = _gains(one, ways["float32"])
    for kind, way in ways.items():
        gains = whole if kind == "float32" else _gains(one, way)
        low, high = np.quantile(1 - gains[draws].mean(axis=1) / whole[draws].mean(axis=1), (0.025, 0.975))
        loss = 1 - gains.mean() / whole.mean()
        print(f"  {kind:26} nDCG@{BEST} {gains.mean():.4f}, loss {loss:6.2%} [{low:.2%}, {high:.2%}]", flush=True)


def _set(folder: Path, count: int, embedder: LocalEmbedder) -> Set:
    file = folder / "questions.jsonl"
    questions = [question for question in read_questions(file) if question.answers] if file.is_file() else []
    named = {file for question in questions for file in question.files}
    whole = [path for path in folder.rglob("*.md") if path.stat().st_size > LEAST_BYTES]
    files = sorted(named) or sorted(str(path.relative_to(folder)) for path in whole)
    pieces: list[tuple[str, Chunk]] = []
    for drawn in random.Random(3).sample(files, min(count, len(files))):  # noqa: S311  (the same sample each time)
        parsed = parse(folder / drawn, suffix=Path(drawn).suffix, limits=ParseLimits())
        title = parsed.title or Path(drawn).stem
        cut = chunk(parsed, title=title, revision="r", size=TOKENS, count_tokens=embedder.count_tokens)
        pieces += [(drawn, piece) for piece in cut]
    if not questions:
        return _headings([piece for _, piece in pieces])
    asked = [
        (question.text, right)
        for question in questions
        if (right := {n for n, (file, piece) in enumerate(pieces) if _answers(question, file, piece.body.casefold())})
    ]
    return Set(texts=[embedding_text(piece) for _, piece in pieces], asked=asked)


def _answers(question: Question, file: str, body: str) -> bool:
    if file not in question.files:
        return False
    words = set(re.findall(r"\w+", body))
    return any(answer.casefold() in body for answer in question.answers) or any(
        len(words & set(re.findall(r"\w+", said.casefold()))) >= EVIDENCE * len(words) for said in question.evidence
    )


def _headings(pieces: Sequence[Chunk]) -> Set:
    """Headings of three words and more that stand over few passages."""
    under: dict[str, set[int]] = {}
    for number, piece in enumerate(pieces):
        heading = innermost(piece.section).strip()
        if len(heading.split()) > 2:
            under.setdefault(heading, set()).add(number)
    asked = [(heading, numbers) for heading, numbers in under.items() if len(numbers) < 5]
    return Set(texts=[piece.body for piece in pieces], asked=asked)


def _bare(directory: Path) -> Way:
    """The model as sentence-transformers loads and runs it by default."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(directory), local_files_only=True)

    def encode(texts: Sequence[str]) -> Vector:
        vectors: Vector = model.encode(list(texts), show_progress_bar=False, normalize_embeddings=True)
        return vectors

    return Way(documents=encode, questions=encode)


def _gains(one: Set, way: Way) -> Vector:
    """nDCG@10 of each question; a passage that is right counts one, any other nothing."""
    scores = way.questions([question for question, _ in one.asked]) @ way.documents(one.texts).T
    gains = []
    for row, (_, right) in zip(scores, one.asked, strict=True):
        best = np.argsort(-row)[:BEST]
        found = sum(1 / math.log2(place + 2) for place, number in enumerate(best) if int(number) in right)
        gains.append(found / sum(1 / math.log2(place + 2) for place in range(min(BEST, len(right)))))
    return np.array(gains)


if __name__ == "__main__":
    main()
