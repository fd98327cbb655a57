"""Measuring on questions: retrieval, and with `answers` the answers too, against what is indexed.

The question form and what counts as found are those of the set's README: `files`, `answers`, `evidence`,
`evidence_pages`, `answerable`, `history`. Knows the engine; writes no index.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from rich.console import Console
from rich.progress import track

from app.context import build_context
from app.engine import Engine
from app.match import contains, same_file, words_found
from app.records import Answer, Hit, Turn
from storage.errors import QuestionError
from storage.settings import Settings
from storage.words import unspaced_share

DEPTH = 10
CONTEXT_TOKENS = 1500
EVIDENCE_SHARE = 0.8  # of an evidence passage's words, in order


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line of a question set."""

    text: str
    files: tuple[str, ...]
    answers: tuple[str, ...]
    evidence: tuple[str, ...]
    pages: tuple[int, ...]
    answerable: bool
    history: tuple[Turn, ...]
    groups: tuple[str, ...] | None  # who asks, where the set says

    @property
    def slices(self) -> Iterable[str]:
        """The slices it belongs to."""
        yield "answerable" if self.answerable else "unanswerable"
        yield "with history" if self.history else "single turn"
        yield "several files" if len(self.files) > 1 else "one file"
        yield "chinese, japanese, korean" if unspaced_share(self.text) > 0.3 else "latin"


Outcome = dict[str, float | None]  # metric -> value for one question, None where it cannot tell


def run(
    settings: Settings, questions: Path, *, groups: Sequence[str], answers: bool, details: Path | None
) -> dict[str, Any]:
    """Measure a set. Returns the object of `premise eval --json`. Raises: QuestionError for a malformed set."""
    asked = read_questions(questions)
    outcomes: list[Outcome] = []
    lines: list[str] = []
    with Engine.open(settings) as engine:
        engine.search("warm up", groups=groups)
        for question in track(asked, "Asking", console=Console(stderr=True), transient=True):
            outcome, line = _one(engine, question, question.groups or groups, answers)
            outcomes.append(outcome)
            lines.append(json.dumps(line, ensure_ascii=False))
    if details is not None:
        details.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    names = sorted({name for question in asked for name in question.slices})
    return {
        "questions": len(asked),
        "metrics": _metrics(outcomes),
        "slices": {
            name: {"questions": len(mine)} | _metrics(mine)
            for name in names
            if (mine := [outcome for question, outcome in zip(asked, outcomes, strict=True) if name in question.slices])
        },
    }


def read_questions(file: Path) -> list[Question]:
    """Every question of a set. Raises: QuestionError, naming the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"{file} cannot be read: {error}") from error
    questions = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionError(f"{file}, line {number}, is no question: {error!r}") from error
    if not questions:
        raise QuestionError(f"{file} holds no questions.")
    return questions


def _question(value: dict[str, Any]) -> Question:
    answerable = value.get("answerable", True)
    return Question(
        text=str(value["question"]),
        files=tuple(value.get("files") or ()),
        answers=tuple(str(item) for item in value.get("answers") or ()),
        evidence=tuple(str(item) for item in value.get("evidence") or ()),
        pages=tuple(int(item) for item in value.get("evidence_pages") or ()),
        answerable=answerable if isinstance(answerable, bool) else str(answerable).upper() in ("ANSWERABLE", "PARTIAL"),
        history=tuple(Turn(role=turn["role"], content=turn["content"]) for turn in value.get("history") or ()),
        groups=tuple(value["groups"]) if "groups" in value else None,
    )


def _one(engine: Engine, question: Question, groups: Sequence[str], answers: bool) -> tuple[Outcome, dict[str, Any]]:
    started = time.perf_counter()
    hits = engine.search(question.text, groups=groups, k=DEPTH, history=question.history)
    seconds = time.perf_counter() - started
    outcome = _retrieval(question, hits) | {"seconds": seconds}
    outcome["evidence_recall_1500"] = _evidence(engine, question, groups, hits)
    answer = None
    if answers:
        answer = engine.answer(question.text, groups=groups, history=question.history)
        outcome |= _answer(question, answer)
    line = {
        "question": question.text,
        "hits": [hit.as_json() for hit in hits],
        "answer": answer.as_json() if answer is not None else None,
    }
    return outcome, line


def _retrieval(question: Question, hits: Sequence[Hit]) -> Outcome:
    if not question.files:
        return {}
    ranked = list(dict.fromkeys(hit.found.path for hit in hits))
    right = _right(ranked, question.files)
    first = right.index(True) if True in right else None
    gain = sum(1 / log2(place + 2) for place, is_right in enumerate(right[:10]) if is_right)
    best = sum(1 / log2(place + 2) for place in range(min(len(question.files), 10)))
    outcome: Outcome = {
        "file_hit_1": float(bool(right[:1] and right[0])),
        "file_hit_5": float(any(right[:5])),
        "mrr_10": 1 / (first + 1) if first is not None and first < 10 else 0.0,
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


def _right(ranked: Sequence[str], files: Sequence[str]) -> list[bool]:
    """Which of the paths are named files. A named file counts once, and as its very path if that is there."""
    found = [False] * len(ranked)
    for file in files:
        exact = [place for place, path in enumerate(ranked) if path == file]
        alike = [place for place, path in enumerate(ranked) if same_file(path, file)]
        for place in (exact or alike)[:1]:
            found[place] = True
    return found


def _evidence(engine: Engine, question: Question, groups: Sequence[str], hits: Sequence[Hit]) -> float | None:
    if not question.evidence and not (question.answers and question.answerable):
        return None
    labels = engine.catalog.labels_of(groups)
    passages = build_context(hits, engine.catalog, labels=labels, budget=CONTEXT_TOKENS)
    context = "\n".join(passage.text for passage in passages)
    if question.evidence:
        return mean(float(words_found(item, context) >= EVIDENCE_SHARE) for item in question.evidence)
    return float(any(contains(context, item) for item in question.answers))


def _answer(question: Question, answer: Answer) -> Outcome:
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


def _metrics(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    result: dict[str, float | None] = {}
    for name in METRICS:
        values = [value for outcome in outcomes if (value := outcome.get(name)) is not None]
        result[name] = round(mean(values), 4) if values else None
    milliseconds = sorted((outcome["seconds"] or 0.0) * 1000 for outcome in outcomes)
    result["ms_p50"] = round(_percentile(milliseconds, 50), 1)
    result["ms_p95"] = round(_percentile(milliseconds, 95), 1)
    return result


def _percentile(values: Sequence[float], percent: int) -> float:
    return values[0] if len(values) == 1 else quantiles(values, n=100, method="inclusive")[percent - 1]


def table(result: dict[str, Any]) -> str:
    """The result for people: a line per metric, a column per slice."""
    columns: list[tuple[str, dict[str, Any]]] = [("all", {"questions": result["questions"]} | result["metrics"])]
    columns += list(result["slices"].items())
    rows: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
        (name, lambda values, name=name: _number(values.get(name)))  # type: ignore[misc]
        for name in ("questions", *METRICS, "ms_p50", "ms_p95")
    ]
    width = max(len(name) for name, _ in columns) + 2
    lines = [" " * 22 + "".join(name.rjust(width) for name, _ in columns)]
    lines += [name.ljust(22) + "".join(show(values).rjust(width) for _, values in columns) for name, show in rows]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}" if value <= 1 else f"{value:.1f}"
