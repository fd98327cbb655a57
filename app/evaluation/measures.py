"""The measures of a question set: each for one question, then their means with confidence intervals. Knows no index."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from statistics import mean, quantiles
from typing import Any

import numpy as np

from app.evaluation.match import contains, same_file, words_found
from app.evaluation.questions import Question
from app.records import Answer, Hit

DEPTH = 10
CONTEXT_TOKENS = 1500
EVIDENCE_SHARE = 0.8  # of an evidence passage's words, in order

METRICS = (
    "file_hit_1",
    "file_hit_5",
    "mrr_10",
    "ndcg_10",
    "evidence_recall_1500",
    "page_hit_5",
    "answer_match",
    "citation_precision",
    "refused_answerable",
    "refused_unanswerable",
)
TIMES = ("ms_p50", "ms_p95")
LOWER_IS_BETTER = frozenset({"refused_answerable", *TIMES})
RESAMPLES = 1000
CONFIDENCE = 0.95

Outcome = dict[str, float | None]  # metric, or "seconds" -> value for one question, None where it cannot tell


def of_hits(question: Question, hits: Sequence[Hit]) -> Outcome:
    """File and page measures."""
    if not question.files:
        return {}
    ranked = list(dict.fromkeys(hit.found.path for hit in hits))
    right = right_files(ranked, question.files)
    first = right.index(True) if True in right else None
    gain = sum(1 / log2(place + 2) for place, is_right in enumerate(right[:DEPTH]) if is_right)
    best = sum(1 / log2(place + 2) for place in range(min(len(question.files), DEPTH)))
    outcome: Outcome = {
        "file_hit_1": float(bool(right[:1] and right[0])),
        "file_hit_5": float(any(right[:5])),
        "mrr_10": 1 / (first + 1) if first is not None and first < DEPTH else 0.0,
        "ndcg_10": gain / best,
    }
    if question.pages:
        outcome["page_hit_5"] = float(
            any(
                any(same_file(hit.found.path, file) for file in question.files)
                and set(hit.found.chunk.pages) & set(question.pages)
                for hit in hits[:5]
            )
        )
    return outcome


def right_files(ranked: Sequence[str], files: Sequence[str]) -> list[bool]:
    """Which of the paths are named files. A named file counts once, and as its very path if that is there."""
    found = [False] * len(ranked)
    for file in files:
        exact = [place for place, path in enumerate(ranked) if path == file]
        alike = [place for place, path in enumerate(ranked) if same_file(path, file)]
        for place in (exact or alike)[:1]:
            found[place] = True
    return found


def has_evidence(question: Question) -> bool:
    """Whether the set says what has to be in the context."""
    return bool(question.evidence or (question.answers and question.answerable))


def of_context(question: Question, context: str) -> float | None:
    """The part of the evidence that stands in the context an answer is made from."""
    if not has_evidence(question):
        return None
    if question.evidence:
        return mean(float(words_found(item, context) >= EVIDENCE_SHARE) for item in question.evidence)
    return float(any(contains(context, item) for item in question.answers))


def of_answer(question: Question, answer: Answer) -> Outcome:
    """Answer measures."""
    outcome: Outcome = {f"refused_{'' if question.answerable else 'un'}answerable": float(answer.refused)}
    if question.answerable and question.answers:
        outcome["answer_match"] = float(
            not answer.refused and any(contains(answer.text, item) for item in question.answers)
        )
    if question.answerable and question.files and answer.citations and not answer.refused:
        outcome["citation_precision"] = mean(
            float(any(same_file(citation.path, file) for file in question.files)) for citation in answer.citations
        )
    return outcome


# --- summing up ----------------------------------------------------------------------------------------------------


def means(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Every metric over these questions, and the time a query takes; None where none of them can tell."""
    result: dict[str, float | None] = {}
    for name in METRICS:
        values = _values(outcomes, name)
        result[name] = round(mean(values), 4) if values else None
    milliseconds = sorted(1000 * value for value in _values(outcomes, "seconds"))
    result["ms_p50"] = round(_percentile(milliseconds, 50), 1) if milliseconds else None
    result["ms_p95"] = round(_percentile(milliseconds, 95), 1) if milliseconds else None
    return result


def intervals(outcomes: Sequence[Outcome]) -> dict[str, list[float] | None]:
    """The 95% confidence interval of every metric's mean; None where none of the questions can tell."""
    return {name: interval(values) if (values := _values(outcomes, name)) else None for name in METRICS}


def interval(values: Sequence[float]) -> list[float]:
    """Percentile bootstrap of the mean (Efron and Tibshirani 1993, chapter 13); the same every time."""
    data = np.asarray(values, dtype=np.float64)
    if (data == data[0]).all():
        return [round(float(data[0]), 4)] * 2
    draws = np.random.default_rng(0)
    sums = [float(data[draws.integers(0, len(data), len(data))].mean()) for _ in range(RESAMPLES)]
    low, high = np.quantile(sums, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return [round(float(low), 4), round(float(high), 4)]


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What a slice or a leg shows."""
    return {"questions": len(outcomes)} | means(outcomes) | {"intervals": intervals(outcomes)}


def _values(outcomes: Sequence[Outcome], name: str) -> list[float]:
    return [value for outcome in outcomes if (value := outcome.get(name)) is not None]


def _percentile(values: Sequence[float], percent: int) -> float:
    return values[0] if len(values) == 1 else quantiles(values, n=100, method="inclusive")[percent - 1]
