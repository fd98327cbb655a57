"""How well the check of written sentences tells: `python tests/benchmarks/support.py [--every 2]`.

The answers that people wrote to mtrag's questions, sentence by sentence: against the passages they were written from,
where support should be found, and against those of another question on the same documents, where there is none. By
alignment alone, and with the embedder where alignment leaves doubt. Not every sentence of these answers is said in its
passages, so the part found has no upper limit of one; what is found elsewhere should be next to nothing.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from app.answers.context import Passage
from app.answers.support import find_support
from app.evaluation.questions import Question, read_questions
from storage.embedder import Embedder, LocalEmbedder
from storage.records import Chunk, StoredChunk
from storage.sentences import sentence_spans
from storage.settings import Settings

APART = 7  # questions between one and the other whose passages it is held against


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every so many-th question")
    chosen = parser.parse_args()
    root = Path(os.environ.get("PREMISE_EVAL_DIR") or Path(__file__).parents[2] / "../shared/eval").resolve()
    file = root / "mtrag" / "questions.jsonl"
    if not file.is_file():
        print(f"skipped: {file} is not there")
        return
    questions = [item for item in read_questions(file) if item.answerable and item.answers and item.evidence]
    embedder = LocalEmbedder.from_settings(Settings())
    pairs = [(item, questions[(at + APART) % len(questions)]) for at, item in enumerate(questions)][:: chosen.every]
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
