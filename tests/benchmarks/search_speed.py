"""How fast passages are found: `python tests/benchmarks/search_speed.py [--people] [--million] [--data DIR]`.

Real text of the question sets in PREMISE_EVAL_DIR (default ../shared/eval), cut up and mixed until there are enough
chunks, with synthetic clustered vectors, in a data folder of the product's own making. Measured is everything that
`premise search` does once the question is embedded, permissions on: access labels, both indexes, the catalog's rows,
judging. Every question is also put to one Chroma collection of the same vectors, in this process and without any
filter, in the same moment; the ratio of the two is what counts. `--labels 200 --person 200`
measures a person of 200 labels; `--million` a million chunks too, as multiples of the first collection in the same
minute; `--people` twenty persons at once, with as many processes as `premise up` has, against what the
cores could do if nobody waited for another and no processes had to speak with each other: by the processor's time of a
question that is searched in the asking process. That is measured in rounds, one alone before and after the twenty in
each, and the median of the rounds is told with the least and the most.

Filling takes long. Ended at any moment, killed too, the same command goes on where it was; `--fill N` does no more
than filling `--data` with N chunks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from app.engine import Engine
from app.retrieval.searchers import searching
from storage.catalog import EMBEDDER, Catalog, Seen, Vector, revision_id
from storage.embedder import Embedder, LocalEmbedder
from storage.records import Chunk, Parsed, State
from storage.settings import load_settings
from storage.store import Store, open_store

WORDS = 150  # of a chunk: about 200 tokens
A_DOCUMENT = 50  # chunks
DIMENSION = 384
CLUSTERS = 2000
SPREAD = 0.9  # length of a vector's own part against its cluster's: neighbours at a cosine of about 0.55
HITS = 50  # asked of the bare collection
QUERIES = 200
MILLION = 1_000_000
PEOPLE = 20
ROUNDS = 7
ASKED = 8  # questions of each person in a round
SEED = 20261122


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--labels", type=int, default=50, help="access labels that the chunks are spread over")
    parser.add_argument("--person", default="1,10,50", help="how many of them the asking person has")
    parser.add_argument("--data", type=Path, help="folder for the index; kept and used again")
    parser.add_argument(
        "--no-graphs", action="store_true", help="do not fill Chroma, which no label is large enough for"
    )
    parser.add_argument("--no-chroma", action="store_true", help="leave out the bare collection (no ratios then)")
    parser.add_argument("--people", action="store_true", help=f"also {PEOPLE} people at once")
    parser.add_argument("--million", action="store_true", help=f"also {MILLION:,} chunks, without Chroma")
    parser.add_argument("--fill", type=int, help="only fill an index of so many chunks in --data, without Chroma")
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    if not (root / "squad" / "questions.jsonl").is_file():
        print(f"skipped: no question set in {root}")
        return
    counts = [int(count) for count in chosen.person.split(",") if int(count) <= chosen.labels]
    with tempfile.TemporaryDirectory() as made, ExitStack() as opened:
        folder = chosen.data or Path(made)

        def collection(chunks: int, *, graphs: bool) -> tuple[Engine, _Synthetic]:
            return opened.enter_context(
                _opened(folder / f"{chunks}-{chosen.labels}", root, chunks, chosen.labels, graphs)
            )

        if chosen.fill and chosen.data:
            collection(chosen.fill, graphs=False)
            return
        engine, embedder = collection(chosen.chunks, graphs=not chosen.no_graphs)
        bare = None if chosen.no_chroma else _bare(folder / f"{chosen.chunks}-bare", chosen.chunks)
        questions = _questions(root)
        print(f"{chosen.chunks:,} chunks in {chosen.labels} access labels, milliseconds p50/p95, {QUERIES} questions")
        for labels in counts:
            _measure(engine, embedder, bare, questions, labels)
        if chosen.people:
            _together(engine, questions, min(10, chosen.labels))
        if chosen.million:
            large, _ = collection(MILLION, graphs=False)
            for labels in counts:
                _compare(engine, large, questions, labels)


@contextmanager
def _opened(folder: Path, root: Path, chunks: int, labels: int, graphs: bool) -> Iterator[tuple[Engine, _Synthetic]]:
    settings = load_settings(folder)
    with open_store(settings, check_embedder=False) as store:
        if not (folder / "done").exists():
            _fill(store, _passages(root), chunks, labels, graphs=graphs)
            (folder / "done").touch()
        embedder = _Synthetic(LocalEmbedder.from_settings(settings), chunks)
        yield Engine(replace(store, embedder=embedder)), embedder


# --- the collection ------------------------------------------------------------------------------------------------


def _passages(root: Path) -> list[list[str]]:
    """The words of every document, in pieces of half a chunk."""
    pieces = []
    for folder in ("squad", "mtrag"):
        for file in sorted((root / folder / "docs").rglob("*.md")):
            words = file.read_text(encoding="utf-8").split()
            pieces += [words[start : start + WORDS // 2] for start in range(0, len(words), WORDS // 2)]
    return pieces


def _questions(root: Path) -> list[str]:
    lines = (root / "squad" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["question"] for line in lines]
    return random.Random(SEED).sample(texts, len(texts))  # noqa: S311  (nothing secret)


def _vectors(count: int) -> Iterator[Vector]:
    """The chunks' vectors, a document's worth at a time; the same in every run."""
    made = np.random.default_rng(SEED)
    centres = made.standard_normal((CLUSTERS, DIMENSION), dtype=np.float32)
    for start in range(0, count, A_DOCUMENT):
        size = min(A_DOCUMENT, count - start)
        own = made.standard_normal((size, DIMENSION), dtype=np.float32)
        rows = centres[made.integers(0, CLUSTERS, size)] + SPREAD * own
        yield rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _fill(store: Store, passages: list[list[str]], count: int, labels: int, *, graphs: bool) -> None:
    """Documents of mixed passages in the catalog, then both indexes; Chroma's with `graphs` alone. Goes on with what
    an earlier run left.
    """
    catalog = store.catalog
    with closing(store.database.engine.raw_connection()) as connection:  # the one that this thread goes on with
        for setting in ("synchronous=OFF", "cache_size=-262144"):  # a killed process loses nothing by that
            connection.cursor().execute(f"PRAGMA {setting}")
    started = time.monotonic()
    mixed = random.Random(SEED)  # noqa: S311  (nothing secret)
    source = catalog.source(str(store.settings.inbox_folder), None)
    catalog.set_fact(EMBEDDER, "synthetic")
    known = [catalog.label_for([f"group{number}"]) for number in range(labels)]
    paths = [f"folder {number % 97}/report {number}.md" for number in range(-(-count // A_DOCUMENT))]
    before = catalog.known(source.id)
    catalog.add_files(
        source.id,
        [
            Seen(path=path, label=known[number % labels], size=1, mtime_ns=0, inode=0)
            for number, path in enumerate(paths)
            if path not in before
        ],
    )
    documents = catalog.known(source.id)
    for number, (path, vectors) in enumerate(zip(paths, _vectors(count), strict=True)):
        bodies = [" ".join(mixed.choice(passages) + mixed.choice(passages)) for _ in vectors]
        if documents[path].state is State.INDEXED:
            continue
        _document(catalog, documents[path].id, path, bodies, vectors)
        if number % 2000 == 1999:
            print(
                f"  {(number + 1) * A_DOCUMENT:,} chunks in the catalog, {time.monotonic() - started:.0f} s", flush=True
            )
    filled = time.monotonic()
    if not graphs:
        store.indexes.vectors.put = store.indexes.vectors.put_matrix  # type: ignore[method-assign]
    store.indexes.rebuild()
    catalog.told(catalog.last_note())
    print(f"  catalog {filled - started:.0f} s, indexes {time.monotonic() - filled:.0f} s", flush=True)


def _document(catalog: Catalog, document: str, path: str, bodies: Sequence[str], vectors: Vector) -> None:
    content = sha256(path.encode()).hexdigest()
    revision = revision_id(document, content)
    pieces, start = [], 0
    for position, body in enumerate(bodies):
        pieces.append(
            Chunk(
                id=f"{revision}:{position}",
                revision_id=revision,
                position=position,
                start=start,
                end=start + len(body),
                header=path,
                body=body,
                section=f"Section {position // 10}",
                pages=(),
                tokens=200,
            )
        )
        start += len(body) + 2
    catalog.index_revision(
        document,
        content=content,
        suffix=".md",
        title=Path(path).stem,
        parsed=Parsed(elements=()),  # no search reads the whole text
        pieces=pieces,
        embedded=[sha256(piece.id.encode()).hexdigest()[:32] for piece in pieces],
        vectors=vectors,
    )


class _Synthetic:
    """The real tokenizer, and for each question a vector near one of the chunks': nothing is embedded."""

    def __init__(self, real: Embedder, count: int) -> None:
        self._real = real
        made = np.random.default_rng(SEED + 1)
        some = [rows[0] for rows in _vectors(min(count, 20_000))]
        own = made.standard_normal((QUERIES, DIMENSION), dtype=np.float32) / DIMENSION**0.5
        near = np.stack([some[number % len(some)] for number in range(QUERIES)]) + 0.5 * own
        self._vectors = near / np.linalg.norm(near, axis=1, keepdims=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def encode_questions(self, texts: Sequence[str]) -> Vector:
        return np.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> Vector:
        row: Vector = self._vectors[int(sha256(text.encode()).hexdigest()[:8], 16) % QUERIES]
        return row


def _bare(folder: Path, count: int) -> Any:
    """One Chroma collection of all vectors, as Chroma makes it by default but for the cosine."""
    import chromadb

    client = chromadb.PersistentClient(str(folder), settings=chromadb.config.Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection(
        "bare", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    if collection.count() != count:
        for number, rows in enumerate(_vectors(count)):
            collection.upsert(ids=[f"{number}:{row}" for row in range(len(rows))], embeddings=rows)
    return collection


# --- measuring -----------------------------------------------------------------------------------------------------


def _measure(engine: Engine, embedder: _Synthetic, bare: Any, questions: Sequence[str], labels: int) -> None:
    groups = [f"group{number}" for number in range(labels)]
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for text in questions[-30:]:
        engine.search(text, groups=groups)
    for text in questions[:QUERIES]:
        ours.append(_timed(lambda text=text: engine.search(text, groups=groups)))
        if bare is not None:
            vector = embedder.vector(text)[None, :]
            asked = {"query_embeddings": vector, "n_results": HITS, "include": ["distances"]}
            theirs.append(_timed(lambda asked=asked: bare.query(**asked)))
    line = f"person with {labels:4} labels:"
    for place, name in enumerate(("clock", "processor")):
        own, others = [seconds[place] for seconds in ours], [seconds[place] for seconds in theirs]
        line += f" {name}: Premise {_ms(own, 50):.1f} /{_ms(own, 95):.1f}"
        if others:
            line += f", bare Chroma {_ms(others, 50):.1f} /{_ms(others, 95):.1f}, ratio " + " /".join(
                f"{_ms(own, part) / _ms(others, part):.1f}" for part in (50, 95)
            )
    print(line, flush=True)


def _timed(ask: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor in all threads of this process."""
    started, busy = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - started, time.process_time() - busy


def _compare(small: Engine, large: Engine, questions: Sequence[str], labels: int) -> None:
    """The same questions to both collections, one after the other; by the clock, and by the processor's time alone."""
    groups = [f"group{number}" for number in range(labels)]
    clock: dict[Engine, list[float]] = {small: [], large: []}
    busy: dict[Engine, list[float]] = {small: [], large: []}
    for number, text in enumerate([*questions[-30:], *questions[:QUERIES]]):
        for engine in (small, large):
            started, working = time.perf_counter(), time.process_time()
            engine.search(text, groups=groups)
            if number >= 30:
                busy[engine].append(time.process_time() - working)
                clock[engine].append(time.perf_counter() - started)
    told = [
        f"{name} {_ms(seconds[large], 50):6.1f} /{_ms(seconds[large], 95):6.1f}, multiples of the smaller "
        + " /".join(f"{_ms(seconds[large], part) / _ms(seconds[small], part):.1f}" for part in (50, 95))
        for name, seconds in (("clock", clock), ("processor", busy))
    ]
    print(f"person with {labels:4} labels, {MILLION:,} chunks: {'; '.join(told)}", flush=True)


@contextmanager
def _beside(engine: Engine) -> Iterator[Engine]:
    """The same, searched in processes beside this one as `premise up` does."""
    with searching(engine.store) as found:
        yield Engine(engine.store, found)


def _children() -> list[Path]:
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    return [Path("/proc") / child for child in found]


def _held() -> list[float]:
    """Memory of each child of this process that no other shares, MiB."""
    rollups = [(child / "smaps_rollup").read_text(encoding="ascii").splitlines() for child in _children()]
    return [sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024 for lines in rollups]


def _busy() -> float:
    """Seconds of processor time of this process and its children."""
    ticks = [(child / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13] for child in _children()]
    return time.process_time() + sum(int(own) for both in ticks for own in both) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class _Round:
    """PEOPLE at once, and one alone just before and after."""

    alone: float  # seconds of the processor that a question takes that is searched in this process
    beside: float  # seconds by the clock of a question of one alone, in a process beside
    wall: float
    busy: float  # seconds of the processor of this process and those beside
    seconds: tuple[float, ...]  # by the clock, of each question

    @property
    def of_limit(self) -> float:
        """Questions a second as part of what the cores could do."""
        return len(self.seconds) / self.wall * self.alone / len(os.sched_getaffinity(0))

    @property
    def of_work(self) -> float:
        """The part of the processor's time that is searching, not speaking with each other."""
        return self.alone * len(self.seconds) / self.busy

    @property
    def longest(self) -> float:
        """In multiples of the median."""
        return max(self.seconds) / float(np.median(self.seconds))


def _together(engine: Engine, questions: Sequence[str], labels: int) -> None:
    """PEOPLE threads, each asking one question after another, in rounds with one alone between them."""
    groups = [f"group{number}" for number in range(labels)]

    def asking(searched: Engine, people: int) -> tuple[float, tuple[float, ...]]:
        """Seconds, and those of each question."""
        seconds: list[float] = []

        def person(number: int) -> None:
            for text in questions[number::PEOPLE][:ASKED]:
                started = time.perf_counter()
                searched.search(text, groups=groups)
                seconds.append(time.perf_counter() - started)

        threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started, tuple(seconds)

    def alone() -> float:
        """Seconds of the processor for a question, the same ones as all ask, searched here by one."""
        asked = questions[: PEOPLE * ASKED]
        busy = time.process_time()
        for text in asked:
            engine.search(text, groups=groups)
        return (time.process_time() - busy) / len(asked)

    with _beside(engine) as beside:
        asking(beside, PEOPLE)
        alone()  # warm
        rounds = []
        for _ in range(ROUNDS):
            before = alone()
            _, one = asking(beside, 1)
            busy = _busy()
            wall, seconds = asking(beside, PEOPLE)
            busy = _busy() - busy
            needed = (before + alone()) / 2
            rounds.append(_Round(alone=needed, beside=float(np.median(one)), wall=wall, busy=busy, seconds=seconds))
        held = ", ".join(f"{own:.0f}" for own in _held())

    def told(name: str, values: Sequence[float], form: str) -> str:
        return f"{name} {np.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"

    print(
        f"{PEOPLE} people at once, {ROUNDS} rounds, median (least to most): "
        + "; ".join(
            [
                told("questions/s", [len(one.seconds) / one.wall for one in rounds], ".0f"),
                told("of the cores' limit", [one.of_limit for one in rounds], ".0%"),
                told("cores busy", [one.busy / one.wall for one in rounds], ".2f"),
                told("of the processor's time spent on searching", [one.of_work for one in rounds], ".0%"),
                told("ms of the processor for one alone", [one.alone * 1000 for one in rounds], ".1f"),
                told("ms for one alone in a process beside", [one.beside * 1000 for one in rounds], ".1f"),
                told("ms p50 of twenty", [_ms(one.seconds, 50) for one in rounds], ".0f"),
                told("longest as multiple of the median", [one.longest for one in rounds], ".1f"),
                f"each process holds {held} MiB of its own",
            ]
        ),
        flush=True,
    )


def _ms(seconds: Sequence[float], percentile: int) -> float:
    return float(np.percentile(seconds, percentile)) * 1000


if __name__ == "__main__":
    main()
