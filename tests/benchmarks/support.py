"""How well the check of written sentences tells: `python tests/benchmarks/support.py [--every 2] [--changed]`.

The answers that people wrote to mtrag's questions, sentence by sentence: against the passages they were written from,
where support should be found, and against those of another question on the same documents, where there is none. By
alignment alone, and with the embedder where alignment leaves doubt. Not every sentence of these answers is said in its
passages, so the part found has no upper limit of one; what is found elsewhere should be next to nothing.

`--changed`: sentences of the documents themselves, against a passage of them and their neighbours. Word for word they
must be found, and so must what a truthful writer makes of them; with one fact changed they must not. The changes are
those of changed_claims.py. `--half held` takes the documents that nobody looked at while the check was made.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import zip_longest
from math import log1p
from pathlib import Path

from changed_claims import CHANGES, FAITHFUL, read  # beside this file

from app.answers.context import Passage
from app.answers.support import find_support
from app.evaluation.questions import Question, read_questions
from app.retrieval.asked import Weigh, term_set
from storage.embedder import Embedder, LocalEmbedder
from storage.records import Chunk, StoredChunk
from storage.sentences import sentence_spans
from storage.settings import Settings

SETS = ("handbook", "squad/docs", "mtrag/docs", "zh/docs")
EACH = 300  # sentences for each kind of change
APART = 7  # questions between one and the other whose passages it is held against


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every so many-th question of mtrag")
    parser.add_argument("--changed", action="store_true", help="sentences of documents with one fact changed")
    parser.add_argument("--half", choices=("dev", "held"), default="dev", help="of the documents, for --changed")
    parser.add_argument("--each", type=int, default=EACH, help="sentences for each kind of change")
    parser.add_argument("--show", action="store_true", help="print what passes or is withheld")
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    if not (root / "mtrag" / "questions.jsonl").is_file():
        print(f"skipped: {root}/mtrag/questions.jsonl is not there")
        return
    embedder = LocalEmbedder.from_settings(Settings())
    if chosen.changed:
        _changed(root, chosen.half, chosen.each, chosen.show, embedder)
    else:
        _written(root / "mtrag" / "questions.jsonl", chosen.every, embedder)


def _changed(root: Path, half: str, each: int, show: bool, embedder: Embedder) -> None:
    """The two tables: what is untrue and found all the same, and what is true and withheld."""
    sets = [sorted(read(root / name, half), key=lambda said: sha256(said.text.encode()).digest()) for name in SETS]
    weigh = _rarity([said.text for every in sets for said in every])
    turns = [said for row in zip_longest(*sets) for said in row if said]  # each set as often as it has sentences

    @cache
    def found(claim: str, passage: str) -> bool:
        passages = [_passage(1, passage)]
        return bool(find_support(claim, passages, cited=frozenset({1}), weigh=weigh, embedder=embedder))

    print(f"{half:24}{'tried':>7}{'found':>7}{'part':>8}")
    for kinds, true in ((CHANGES, False), (FAITHFUL, True)):
        print("one fact changed" if not true else "true, in other words")
        for kind, changes in kinds.items():
            tried, passed = 0, 0
            for said in turns:
                claim = next((made for change in changes if (made := change(said))), None)
                if claim is None or (claim != said.text and not found(said.text, said.passage)):
                    continue
                tried += 1
                passes = found(claim, said.passage)
                passed += passes
                if show and passes != true:
                    print(f"  {claim}\n    <- {said.text}", flush=True)
                if tried == each:
                    break
            print(f"  {kind:22}{tried:7}{passed:7}{passed / (tried or 1):8.3f}", flush=True)


def _rarity(texts: Sequence[str]) -> Weigh:
    """How much a term tells, as the index has it for its chunks (app/retrieval/asked.py)."""
    known = Counter(term for text in texts for term in term_set(text))
    return lambda term: log1p((len(texts) - known[term] + 0.5) / (known[term] + 0.5))


def _written(file: Path, every: int, embedder: Embedder) -> None:
    questions = [item for item in read_questions(file) if item.answerable and item.answers and item.evidence]
    pairs = [(item, questions[(at + APART) % len(questions)]) for at, item in enumerate(questions)][::every]
    print(f"{'':12}{'sentences':>10}{'its own passages':>18}{'others':>8}")
    for name, model in (("alignment", None), ("embedding", embedder)):
        own, others, sentences = 0, 0, 0
        for item, other in pairs:
            for sentence in _sentences(item):
                sentences += 1
                own += _supported(sentence, item.evidence, model)
                others += not set(item.files) & set(other.files) and _supported(sentence, other.evidence, model)
        print(f"{name:12}{sentences:10}{own / sentences:18.3f}{others / sentences:8.3f}", flush=True)


def _sentences(question: Question) -> list[str]:
    text = question.answers[0]
    return [text[start:end] for start, end in sentence_spans(text) if len(text[start:end].split()) > 3]


def _supported(sentence: str, evidence: Sequence[str], embedder: Embedder | None) -> bool:
    passages = [_passage(n, text) for n, text in enumerate(evidence, 1)]
    return bool(find_support(sentence, passages, cited=frozenset(), weigh=lambda term: 1.0, embedder=embedder))


def _passage(n: int, text: str) -> Passage:
    chunk = Chunk(
        id=f"r{n}:0",
        revision_id=f"r{n}",
        position=0,
        start=0,
        end=len(text),
        header="",
        body=text,
        section="",
        pages=(),
        tokens=0,
    )
    stored = StoredChunk(chunk=chunk, document_id=f"d{n}", path=f"{n}.md", title="", label=1, modified=None)
    return Passage(n=n, score=1.0, chunks=(stored,), text=text)


if __name__ == "__main__":
    main()
