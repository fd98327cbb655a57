"""How often a threshold of confidence would refuse, and how often answers of a confidence are right. Pure functions.

Questions are of three kinds: the documents answer it; they speak of its matter but do not answer it; they are about
something else altogether (foreign: the files that would answer it are not indexed).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import mean

from app.records import Level, level

THRESHOLDS = tuple(step / 20 for step in range(1, 20))


class Kind(StrEnum):
    """What the indexed documents know of a question."""

    ANSWERABLE = "answerable"
    UNANSWERABLE = "unanswerable"
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A question that was asked."""

    kind: Kind
    confidence: float  # of its answer, or of its refusal, 0 to 1
    # whether its quoted answer holds an accepted one; None: refused, or nobody can tell. No answer is right where the
    # documents hold none.
    right: bool | None = None


def kind_of(answerable: bool, files: Sequence[str], indexed: Iterable[bool]) -> Kind:
    """`files`: what would answer it; `indexed`: of each, whether the asker's documents hold it."""
    if files and not any(indexed):
        return Kind.FOREIGN
    return Kind.ANSWERABLE if answerable else Kind.UNANSWERABLE


def refused(judged: Sequence[Judged], kind: Kind, below: float) -> float | None:
    """The part of the questions of a kind whose confidence is under `below`; None where there are none."""
    mine = [item.confidence < below for item in judged if item.kind is kind]
    return round(mean(mine), 4) if mine else None


def curve(judged: Sequence[Judged]) -> list[dict[str, float | None]]:
    """A point a threshold: what it refuses of each kind."""
    points: list[dict[str, float | None]] = []
    for below in THRESHOLDS:
        parts = {f"refused_{kind.value}": refused(judged, kind, below) for kind in Kind}
        points.append({"refuse_below": below, **parts})
    return points


def calibration(judged: Sequence[Judged]) -> dict[str, dict[str, float | int | None]]:
    """By level of confidence: how many quoted answers there are, which part is right, and of those to answerable
    questions alone."""
    result: dict[str, dict[str, float | int | None]] = {}
    for name in Level:
        every = [item for item in judged if item.right is not None and level(item.confidence) is name]
        mine = [bool(item.right) for item in every]
        answerable = [bool(item.right) for item in every if item.kind is Kind.ANSWERABLE]
        result[name.value] = {
            "answers": len(mine),
            "right": round(mean(mine), 4) if mine else None,
            "answerable": len(answerable),
            "right_answerable": round(mean(answerable), 4) if answerable else None,
        }
    return result
