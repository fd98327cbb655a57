"""The weights of storage/aim.py: `python tests/benchmarks/aim.py` measures them, `… aim.py fit` makes them anew.

Fitted (logistic regression) on the made-up sentences of tests/benchmarks/aim/, for models and for people, and on the
sentences of every second folder of the question sets' documents, which are read where they lie. Measured, with weights
that saw nothing of what is judged: the made-up sentences, whole families of wordings left out at a time; the unseen
ones, which are never fitted on; the documents of the other folders, of which every sentence that is found is printed.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

from storage.aim import BIAS, FEW, LIMIT, UNIT, features, limit, score
from storage.injection import FLAG, aimed_at_model, flag
from storage.sentences import sentence_spans

ROOT = Path(__file__).parents[2]
SETS = Path(os.environ.get("PREMISE_EVAL_DIR") or ROOT.parent / "shared" / "eval")
SENTENCES = Path(__file__).parent / "aim"
WEIGHTS = ROOT / "storage" / "aim_weights.txt"
FOLDS = 5
STRENGTH = 0.3 * 60  # of what is fitted against weights that stay small
LEAST = 0.08 * sqrt(60)  # a weight that is written down
PEOPLE = 0.01  # of the made-up sentences for people, at most, are found
REAL = 1 / 20_000  # of sentences of documents, at most


def made_up(name: str) -> list[tuple[str, str]]:
    """(family of wordings, sentence)."""
    rows, family = [], ""
    for line in (SENTENCES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            family = line[3:]
        else:
            rows.append((family, line))
    return rows


def documents(half: int) -> list[str]:
    """The sentences of every second folder, each once; of sets without folders, of every second document."""
    found: dict[str, None] = {}
    for file in sorted(SETS.rglob("*.md")):
        place = file.relative_to(SETS)
        name = place.parent if place.parts[0] == "handbook" else place
        if hashlib.sha256(str(name).encode()).digest()[0] % 2 == half:
            text = file.read_text(encoding="utf-8", errors="replace")
            found.update(
                dict.fromkeys(text[start:end][:600] for start, end in sentence_spans(text) if end - start > 12)
            )
    return list(found)


class Rows:
    """Sentences as rows of the features that are known."""

    def __init__(self, names: Sequence[str]) -> None:
        self.place = {name: at for at, name in enumerate(names)}

    def of(self, found: Sequence[set[str]]) -> Any:
        columns: list[int] = []
        values: list[float] = []
        ends = [0]
        for names in found:
            known = [self.place[name] for name in names if name in self.place]
            columns += known
            values += [1 / sqrt(max(FEW, len(known)))] * len(known)
            ends.append(len(columns))
        return csr_matrix((values, columns, ends), shape=(len(found), len(self.place)))


def fitted(positive: Any, negative: Any) -> tuple[Any, float]:
    rows = vstack([positive, negative])
    is_one = np.r_[np.ones(positive.shape[0]), np.zeros(negative.shape[0])]
    model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0).fit(rows, is_one)
    return model.coef_[0], float(model.intercept_[0])


class Sentences:
    """What is fitted on: sentences for models first, then those for people, then the documents'."""

    def __init__(self) -> None:
        models, people, real = made_up("model"), made_up("people"), documents(0)
        self.models, self.made = len(models), len(models) + len(people)
        self.families = [*(family for family, _ in (*models, *people)), *("" for _ in real)]
        self.texts = [*(text for _, text in (*models, *people)), *real]
        self.found = [features(text) for text in self.texts]

    def names(self) -> list[str]:
        """The features that sentences of several families have."""
        where: dict[str, set[str]] = defaultdict(set)
        for family, names in zip(self.families[: self.made], self.found[: self.made], strict=True):
            for name in names:
                where[name].add(family)
        return sorted(name for name, seen in where.items() if len(seen) > 1)

    def left_out(self, names: Sequence[str], fold: np.ndarray) -> np.ndarray:
        """The score of each sentence, by weights that were fitted without its fold."""
        rows = Rows(names).of(self.found)
        first, scores = np.arange(len(fold)) < self.models, np.zeros(len(fold))
        for at in range(FOLDS):
            used = fold != at
            weights, bias = fitted(rows[used & first], rows[used & ~first])
            scores[~used] = rows[~used] @ weights + bias
        return scores


def fit() -> None:
    sentences = Sentences()
    names = sentences.names()
    for _ in range(2):  # again without what had hardly a weight
        rows = Rows(names).of(sentences.found)
        weights, bias = fitted(rows[: sentences.models], rows[sentences.models :])
        kept = [(name, weight) for name, weight in zip(names, weights, strict=True) if abs(weight) >= LEAST]
        names = [name for name, _ in kept]
    chance = random.Random(0)  # noqa: S311  (the same in every run)
    scores = sentences.left_out(names, np.array([chance.randrange(FOLDS) for _ in sentences.texts]))
    people = np.sort(scores[sentences.models : sentences.made])[::-1]
    real = np.sort(scores[sentences.made :])[::-1]
    least = max(people[int(PEOPLE * len(people))], real[int(REAL * len(real))])
    lines = [f"{LIMIT}\t{round(least * UNIT)}", f"{BIAS}\t{round(bias * UNIT)}"]
    lines += [f"{name}\t{round(weight * UNIT)}" for name, weight in kept]
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(kept)} weights, {WEIGHTS.stat().st_size / 1000:.0f} kB, limit {least:.2f}")


def measure() -> None:
    sentences = Sentences()
    chance = random.Random(0)  # noqa: S311  (the same in every run)
    families = sorted(set(sentences.families))
    for what, group in (
        ("families left out", {family: chance.randrange(FOLDS) for family in families}),
        ("sentences left out", None),
    ):
        fold = [group[family] if group and family else chance.randrange(FOLDS) for family in sentences.families]
        found = sentences.left_out(sentences.names(), np.array(fold)) > limit()
        either = [is_found or aimed_at_model(text) for is_found, text in zip(found, sentences.texts, strict=True)]
        for whom, start, end in (("models", 0, sentences.models), ("people", sentences.models, sentences.made)):
            both = sum(map(bool, either[start:end]))
            print(f"{what}, for {whom}: {sum(found[start:end])} of {end - start}, with the expressions {both}")
    for whom in ("model", "people"):
        unseen = made_up(f"unseen_{whom}")
        for family in dict.fromkeys(family for family, _ in unseen):
            texts = [text for of, text in unseen if of == family]
            both, before = sum(flag(text) is not None for text in texts), sum(flag(text) == FLAG for text in texts)
            print(f"never fitted on, {family}, for {whom}: {both} of {len(texts)}; by the expressions alone {before}")
    held_out = documents(1)
    above = [text for text in held_out if score(text) > limit()]
    print(f"other documents: {len(above)} of {len(held_out)} sentences", *map(repr, above), sep="\n  ")


if __name__ == "__main__":
    if sys.argv[1:] == ["fit"]:
        fit()
    else:
        measure()
