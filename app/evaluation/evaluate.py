"""Measuring on question sets: retrieval, its legs, and with `answers` the answers too, against what is indexed.

Knows the engine; writes no index. What is measured is in app/evaluation/measures.py, what a question is in
app/evaluation/questions.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from rich.progress import track

from app.answers.context import build_context
from app.engine import Engine
from app.evaluation.match import same_file
from app.evaluation.measures import (
    CONTEXT_TOKENS,
    DEPTH,
    METRICS,
    TIMES,
    Outcome,
    has_evidence,
    intervals,
    means,
    of_answer,
    of_context,
    of_hits,
    summary,
)
from app.evaluation.questions import Question, read_questions
from app.evaluation.refusal import Judged, Kind, calibration, curve, kind_of
from app.records import Answer, Hit
from storage.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One question with what came of it."""

    question: Question
    outcome: Outcome
    legs: dict[str, Outcome]
    line: dict[str, Any]  # {question, hits, answer}: the line of --details
    paths: list[str]  # of the hits, best first, each once
    judged: Judged | None  # how sure its answer is; None where none was asked for


@dataclass(frozen=True, kw_only=True)
class Run:
    """A question set, or several, measured."""

    result: dict[str, Any]  # the object of `premise eval --json`
    measured: list[Measured] = field(repr=False)
    absent: tuple[str, ...] = ()  # files that questions name and who asks cannot find: not indexed, or not theirs


def run(
    settings: Settings,
    sets: Sequence[Path],
    *,
    groups: Sequence[str],
    answers: bool = False,
    legs: bool = False,
    details: Path | None = None,
) -> Run:
    """Measure. Raises: QuestionError for a malformed set."""
    asked = [question for file in sets for question in read_questions(file)]
    with Engine.open(settings) as engine:
        engine.search("warm up", groups=groups)
        progress = track(asked, "Asking", console=Console(stderr=True), transient=True)
        measured = [_one(engine, question, question.groups or groups, answers, legs) for question in progress]
        there = _there(engine, {question.groups or tuple(groups) for question in asked})
        if answers:
            measured = _with_kinds(measured, groups, there)
    if details is not None:
        lines = [json.dumps(item.line, ensure_ascii=False) for item in measured]
        details.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    absent = {
        file
        for question in asked
        for file in question.files
        if not _is_there(file, there[question.groups or tuple(groups)])
    }
    return Run(result=_result(measured), measured=measured, absent=tuple(sorted(absent)))


def _result(measured: Sequence[Measured]) -> dict[str, Any]:
    outcomes = [item.outcome for item in measured]
    names = sorted({name for item in measured for name in item.question.slices})
    result = {
        "questions": len(measured),
        "metrics": means(outcomes),
        "intervals": intervals(outcomes),
        "slices": {
            name: summary([item.outcome for item in measured if name in item.question.slices]) for name in names
        },
    }
    judged = [item.judged for item in measured if item.judged is not None]
    if judged:
        result["confidence"] = {"curve": curve(judged), "levels": calibration(judged)}
    if measured[0].legs:
        result["legs"] = {name: summary([item.legs[name] for item in measured]) for name in measured[0].legs}
    return result


def _one(engine: Engine, question: Question, groups: Sequence[str], answers: bool, legs: bool) -> Measured:
    started = time.perf_counter()
    hits = engine.search(question.text, groups=groups, k=DEPTH, history=question.history)
    seconds = time.perf_counter() - started
    outcome = _outcome(engine, question, groups, hits) | {"seconds": seconds}
    answer = None
    if answers:
        answer = engine.answer(question.text, groups=groups, history=question.history)
        outcome |= of_answer(question, answer)
    return Measured(
        question=question,
        outcome=outcome,
        legs=_legs(engine, question, groups) if legs else {},
        line={
            "question": question.text,
            "hits": [hit.as_json() for hit in hits],
            "answer": answer.as_json() if answer is not None else None,
        },
        paths=list(dict.fromkeys(hit.found.path for hit in hits)),
        judged=None if answer is None else _judged(question, answer, outcome),
    )


def _judged(question: Question, answer: Answer, outcome: Outcome) -> Judged:
    match = outcome.get("answer_match")
    kind = kind_of(question.answerable, (), ())
    right = None if match is None else match > 0
    if kind is not Kind.ANSWERABLE:
        right = False  # whatever was quoted
    return Judged(kind=kind, confidence=answer.confidence, right=None if answer.refused else right)


def _there(engine: Engine, readers: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], dict[str, list[str]]]:
    """For each who asks, the paths that they may read, by the last part of each."""
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for groups in readers:
        paths = found.setdefault(groups, {})
        for path in engine.catalog.readable_paths(labels=engine.catalog.labels_of(groups)):
            paths.setdefault(PurePosixPath(path).name, []).append(path)
    return found


def _is_there(file: str, there: Mapping[str, Sequence[str]]) -> bool:
    return any(same_file(path, file) for path in there.get(PurePosixPath(file).name, ()))


def _with_kinds(
    measured: Sequence[Measured], groups: Sequence[str], there: Mapping[tuple[str, ...], Mapping[str, Sequence[str]]]
) -> list[Measured]:
    """Questions whose files are not indexed, for who asks, are foreign here."""
    known: list[Measured] = []
    for item in measured:
        question, paths = item.question, there[item.question.groups or tuple(groups)]
        indexed = [_is_there(file, paths) for file in question.files]
        kind = kind_of(question.answerable, question.files, indexed)
        known.append(item if item.judged is None else replace(item, judged=replace(item.judged, kind=kind)))
    return known


def _legs(engine: Engine, question: Question, groups: Sequence[str]) -> dict[str, Outcome]:
    labels = engine.catalog.labels_of(groups)
    found = engine.retriever.search_legs(question.text, labels=labels, k=DEPTH, history=question.history)
    return {name: _outcome(engine, question, groups, hits) for name, hits in found.items()}


def _outcome(engine: Engine, question: Question, groups: Sequence[str], hits: Sequence[Hit]) -> Outcome:
    outcome = of_hits(question, hits)
    if has_evidence(question):
        labels = engine.catalog.labels_of(groups)
        passages = build_context(hits, engine.catalog, labels=labels, budget=CONTEXT_TOKENS)
        outcome["evidence_recall_1500"] = of_context(question, "\n".join(passage.text for passage in passages))
    return outcome


# --- for people ----------------------------------------------------------------------------------------------------


def table(result: dict[str, Any]) -> str:
    """A line per slice and leg, a column per metric that says anything; under it what the means may be off by."""
    every = {"questions": result["questions"], "intervals": result["intervals"]} | result["metrics"]
    rows = [("all", every), *result["slices"].items()]
    rows += [(f"leg: {name}", values) for name, values in result.get("legs", {}).items()]
    shown = [name for name in (*METRICS, *TIMES) if any(values.get(name) is not None for _, values in rows)]
    heads = ["questions", *shown]
    first = max(len(name) for name, _ in rows) + 2
    lines = [" " * first + "  ".join(heads)]
    for name, values in rows:
        cells = [_cell(values.get(head)).rjust(len(head)) for head in heads]
        lines.append(name.ljust(first) + "  ".join(cells))
    lines.append("")
    for name in shown:
        span = every["intervals"].get(name)
        if span is not None:
            lines.append(f"{name}: {every[name]:.3f}, 95% of resamples between {span[0]:.3f} and {span[1]:.3f}")
    return "\n".join([*lines, *_refusals(result)])


def _refusals(result: dict[str, Any]) -> list[str]:
    """What other thresholds would refuse, and how often answers of each level are right."""
    known = result.get("confidence")
    if known is None:
        return []
    heads = [name for name in known["curve"][0] if any(point[name] is not None for point in known["curve"])]
    lines = ["", "  ".join(heads)]
    lines += ["  ".join(_cell(point[name]).rjust(len(name)) for name in heads) for point in known["curve"]]
    lines.append("")
    lines += reliability(known["levels"])
    return lines


def reliability(levels: dict[str, dict[str, float | int | None]]) -> list[str]:
    """A table of how often answers of each level of confidence are right."""
    lines = ["confidence  quoted  right  to answerable questions  right"]
    for name, level in levels.items():
        cells = [_cell(level[key]) for key in ("answers", "right", "answerable", "right_answerable")]
        lines.append(f"{name:10}  {cells[0]:>6}  {cells[1]:>5}  {cells[2]:>23}  {cells[3]:>5}")
    return lines


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}" if value <= 1 else f"{value:.1f}"
