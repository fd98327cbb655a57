"""How well the check of written sentences tells: `python tests/benchmarks/support.py [--every 2] [--changed]`.

The answers that people wrote to mtrag's questions, sentence by sentence: against the passages they were written from,
where support should be found, and against those of another question on the same documents, where there is none. By
alignment alone, and with the embedder where alignment leaves doubt. Not every sentence of these answers is said in its
passages, so the part found has no upper limit of one; what is found elsewhere should be next to nothing.

`--changed`: sentences of the documents themselves, against a passage of them and their neighbours. Word for word they
must be found, and so must what a truthful writer makes of them; with one fact changed they must not. The changes are
those of changed_claims.py. `--half held` takes the documents that nobody looked at while the check was made.

`--trial FILE`: sentences that somebody wrote about pages, true ones and untrue ones, as a language model would. A list
in JSON of {"excerpt": text, "lies": [sentence, …], "truths": [sentence, …]}; each sentence against its excerpt and
another. How many are shown as what the place says (highlighted), how many are cited and left to the reader to compare,
how many are marked as not found. `--fit` prints the weights of app/answers/closeness.py that tell these best apart.

"shown" in all tables: the part whose place is highlighted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import zip_longest
from math import log1p
from pathlib import Path

from changed_claims import CHANGES, FAITHFUL, read  # beside this file

from app.answers import support
from app.answers.closeness import features
from app.answers.support import Support, find_support
from app.evaluation.questions import Question, read_questions
from app.retrieval.asked import Weigh, term_set
from storage.embedder import Embedder, LocalEmbedder
from storage.sentences import sentence_spans
from storage.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1]))
from passages import passage_of

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
    parser.add_argument("--trial", type=Path, action="append", help="a file of sentences that somebody wrote, in JSON")
    parser.add_argument("--fit", action="store_true", help="print the weights that tell the sentences of --trial apart")
    chosen = parser.parse_args()
    if chosen.trial:
        _trial(chosen.trial, chosen.show, chosen.fit)
        return
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
    def found(claim: str, passage: str) -> tuple[Support, ...]:
        passages = [passage_of(passage)]
        return find_support(claim, passages, cited=frozenset({1}), weigh=weigh, embedder=embedder)

    print(f"{half:24}{'tried':>7}{'found':>7}{'part':>8}{'shown':>8}")
    for kinds, true in ((CHANGES, False), (FAITHFUL, True)):
        print("one fact changed" if not true else "true, in other words")
        for kind, changes in kinds.items():
            tried, passed, shown = 0, 0, 0
            for said in turns:
                claim = next((made for change in changes if (made := change(said))), None)
                if claim is None or (claim != said.text and not found(said.text, said.passage)):
                    continue
                tried += 1
                passes = found(claim, said.passage)
                passed += bool(passes)
                shown += _shown(passes)
                if show and bool(passes) != true:
                    print(f"  {claim}\n    <- {said.text}", flush=True)
                if tried == each:
                    break
            parts = f"{passed / (tried or 1):8.3f}{shown / (tried or 1):8.3f}"
            print(f"  {kind:22}{tried:7}{passed:7}{parts}", flush=True)


def _trial(files: Sequence[Path], show: bool, fit: bool) -> None:
    """The table of the sentences that somebody wrote."""
    embedder = LocalEmbedder.from_settings(Settings())
    if fit:
        support.FAR = float("-inf")  # fitted to all that is supported but for this
    seen: list[tuple[tuple[float, ...], bool]] = []
    print(f"{'':24}{'written':>8}{'shown':>8}{'cited':>8}{'marked':>8}")
    for file in files:
        pages = json.loads(file.read_text(encoding="utf-8"))
        excerpts = [page["excerpt"] for page in pages]
        weigh = _rarity([part for text in excerpts for part in text.split("\n\n")])
        for kind in ("lies", "truths"):
            counts = Counter[str]()
            for at, page in enumerate(pages):
                passages = [passage_of(excerpts[at]), passage_of(excerpts[(at + 2) % len(pages)], 2)]
                for said in page[kind]:
                    found = find_support(said, passages, cited=frozenset({1}), weigh=weigh, embedder=embedder)
                    became = "shown" if _shown(found) else "cited" if found else "marked"
                    counts[became] += 1
                    if found:
                        seen.append((features(said, "\n".join(span.text for span in found)), kind == "truths"))
                    if show and (kind == "truths") != (became == "shown"):
                        print(f"  {became}: {said}", flush=True)
            number = counts.total() or 1
            parts = "".join(f"{counts[name] / number:8.3f}" for name in ("shown", "cited", "marked"))
            print(f"{file.parent.name + '/' + file.stem:16}{kind:8}{number:8}{parts}", flush=True)
    if fit:
        _fit(seen)


def _fit(seen: Sequence[tuple[tuple[float, ...], bool]]) -> None:
    """Logistic regression, either kind with the same weight, over what is supported at all."""
    from sklearn.linear_model import LogisticRegression

    made = LogisticRegression(C=10, class_weight="balanced").fit([row for row, _ in seen], [true for _, true in seen])
    weights = ", ".join(f"{weight:.2f}" for weight in (*made.coef_[0], made.intercept_[0]))
    print(f"ORDER, NEIGHBOURS, LENGTH, BIAS = {weights}")


def _shown(found: Sequence[Support]) -> bool:
    return bool(found) and all(span.close for span in found)


def _rarity(texts: Sequence[str]) -> Weigh:
    """How much a term tells, as the index has it for its chunks (app/retrieval/asked.py)."""
    known = Counter(term for text in texts for term in term_set(text))
    return lambda term: log1p((len(texts) - known[term] + 0.5) / (known[term] + 0.5))


def _written(file: Path, every: int, embedder: Embedder) -> None:
    questions = [item for item in read_questions(file) if item.answerable and item.answers and item.evidence]
    pairs = [(item, questions[(at + APART) % len(questions)]) for at, item in enumerate(questions)][::every]
    print(f"{'':12}{'sentences':>10}{'its own passages':>18}{'shown':>8}{'others':>8}{'shown':>8}")
    for name, model in (("alignment", None), ("embedding", embedder)):
        sentences, counts = 0, [0, 0, 0, 0]
        for item, other in pairs:
            for sentence in _sentences(item):
                sentences += 1
                own = _supported(sentence, item.evidence, model)
                apart = not set(item.files) & set(other.files)
                others = _supported(sentence, other.evidence, model) if apart else ()
                for at, yes in enumerate((bool(own), _shown(own), bool(others), _shown(others))):
                    counts[at] += yes
        mine, shown, theirs, wrong = (count / sentences for count in counts)
        print(f"{name:12}{sentences:10}{mine:18.3f}{shown:8.3f}{theirs:8.3f}{wrong:8.3f}", flush=True)


def _sentences(question: Question) -> list[str]:
    text = question.answers[0]
    return [text[start:end] for start, end in sentence_spans(text) if len(text[start:end].split()) > 3]


def _supported(sentence: str, evidence: Sequence[str], embedder: Embedder | None) -> tuple[Support, ...]:
    passages = [passage_of(text, n) for n, text in enumerate(evidence, 1)]
    return find_support(sentence, passages, cited=frozenset(), weigh=lambda term: 1.0, embedder=embedder)


if __name__ == "__main__":
    main()
