"""Runs of `premise eval`: keeping them, comparing two, and holding one against thresholds.

A kept run is one JSON file: what was measured, when, on what, and the outcome of every question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.evaluation.evaluate import Run
from app.evaluation.measures import LOWER_IS_BETTER, METRICS, TIMES, interval
from storage.errors import QuestionError
from storage.settings import Settings

FOLDER = "evals"  # in the data folder
TOLD_BY = ("file_hit_1", "answer_match", "page_hit_5")  # what a question can flip in


def file_of(settings: Settings, name: str) -> Path:
    """Where a run of this name is kept; a path, told by its slash or its .json, is where it says."""
    if "/" in name or name.endswith(".json"):
        return Path(name)
    if not re.fullmatch(r"[\w.-]{1,80}", name):
        raise QuestionError(f"{name!r} is no name for a run: letters, digits, dots and hyphens, or a path.")
    return settings.data / FOLDER / f"{name}.json"


def save(settings: Settings, run: Run, name: str, *, sets: Sequence[Path], groups: Sequence[str]) -> Path:
    """Keep a run. Returns where. Raises: QuestionError when the place cannot be written."""
    file = file_of(settings, name)
    kept = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "sets": [str(item) for item in sets],
        "groups": list(groups),
        "result": run.result,
        "questions": [
            {
                "key": item.question.key,
                "question": item.question.text,
                "set": item.question.set,
                "outcome": item.outcome,
                "paths": item.paths,
            }
            for item in run.measured
        ],
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise QuestionError(f"The run cannot be kept at {file}: {error.strerror}.") from error
    return file


def load(settings: Settings, name: str) -> dict[str, Any]:
    """A kept run. Raises: QuestionError."""
    file = file_of(settings, name)
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        whole = all(item.keys() >= {"key", "question", "outcome", "paths"} for item in kept["questions"])
    except OSError as error:
        raise QuestionError(f"There is no run {name} ({file}: {error.strerror}).") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise QuestionError(f"{file} is no run that `premise eval --save` kept.")
    return dict(kept)


# --- comparing -----------------------------------------------------------------------------------------------------


def compare(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What got better and worse from one kept run to another, over the questions that both asked.

    `difference` is after less before; its interval is that of the paired differences, so that zero inside it means
    that the two runs may as well be the same.
    """
    old = {item["key"]: item for item in before["questions"]}
    new = {item["key"]: item for item in after["questions"]}
    both = [key for key in old if key in new]
    if not both:
        raise QuestionError("The two runs have no question in common.")
    found = {name: _metric(name, [(old[key], new[key]) for key in both]) for name in METRICS}
    return {
        "questions": len(both),
        "only_before": len(old) - len(both),
        "only_after": len(new) - len(both),
        "metrics": {name: value for name, value in found.items() if value is not None},
        "times": {name: [run["result"]["metrics"].get(name) for run in (before, after)] for name in TIMES},
        "flipped": [flip for key in both for flip in _flips(old[key], new[key])],
    }


def _metric(name: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any] | None:
    values = [(old["outcome"].get(name), new["outcome"].get(name)) for old, new in pairs]
    told = [(one, other) for one, other in values if one is not None and other is not None]
    if not told:
        return None
    sign = -1 if name in LOWER_IS_BETTER else 1
    changes = [other - one for one, other in told]
    low, high = interval(changes)
    return {
        "questions": len(told),
        "before": round(sum(one for one, _ in told) / len(told), 4),
        "after": round(sum(other for _, other in told) / len(told), 4),
        "difference": round(sum(changes) / len(told), 4),
        "interval": [low, high],
        "better": sum(sign * change > 0 for change in changes),
        "worse": sum(sign * change < 0 for change in changes),
        "verdict": "same" if low <= 0 <= high else "better" if sign * low > 0 else "worse",
    }


def _flips(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    flips = []
    for name in TOLD_BY:
        one, other = old["outcome"].get(name), new["outcome"].get(name)
        if one is not None and other is not None and one != other:
            flips.append(
                {
                    "metric": name,
                    "now": "right" if other > one else "wrong",
                    "set": new.get("set", ""),
                    "question": new["question"],
                    "before": old["paths"][:1],
                    "after": new["paths"][:1],
                }
            )
    return flips


def in_words(compared: dict[str, Any]) -> str:
    """A comparison for people."""
    lines = [f"{'':22}{'before':>8}{'after':>8}{'change':>9}  {'95% interval':18}{'better':>7}{'worse':>7}  verdict"]
    for name, value in compared["metrics"].items():
        span = "{:+.3f} to {:+.3f}".format(*value["interval"])
        lines.append(
            f"{name:22}{value['before']:8.3f}{value['after']:8.3f}{value['difference']:+9.3f}  {span:18}"
            f"{value['better']:7}{value['worse']:7}  {value['verdict']}"
        )
    for name, (one, other) in compared["times"].items():
        if one is not None and other is not None:
            lines.append(f"{name:22}{one:8.1f}{other:8.1f}{other - one:+9.1f}")
    unmatched = compared["only_before"] + compared["only_after"]
    if unmatched:
        lines.append(f"{unmatched} questions are in one run only and do not count.")
    for now in ("wrong", "right"):
        flips = [flip for flip in compared["flipped"] if flip["now"] == now]
        if flips:
            lines += ["", f"now {now} ({len(flips)}):"]
            lines += [f"  {flip['metric']}: {_question(flip)}" for flip in flips]
    return "\n".join(lines)


def _question(flip: dict[str, Any]) -> str:
    one, other = ("".join(flip[side]) or "nothing" for side in ("before", "after"))
    return f"{' '.join(flip['question'].split())[:100]}  [{one if one == other else f'{one} -> {other}'}]"


# --- thresholds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A value that a metric has to reach, or for times and refusals not to pass."""

    metric: str
    value: float

    @classmethod
    def read(cls, text: str) -> Threshold:
        """`file_hit_1=0.9`. Raises: ValueError, in words."""
        name, _, value = text.partition("=")
        if name not in (*METRICS, *TIMES):
            raise ValueError(f"{name!r} is no metric; there are {', '.join((*METRICS, *TIMES))}")
        try:
            return cls(metric=name, value=float(value))
        except ValueError as error:
            raise ValueError(f"{text!r} is not of the form metric=number") from error

    def missed(self, metrics: dict[str, float | None]) -> str | None:
        """Why a run does not pass, or None."""
        found = metrics.get(self.metric)
        if found is None:
            return f"{self.metric} cannot be told from this set, so {self.value:g} is not shown to be reached"
        if self.metric in LOWER_IS_BETTER:
            return f"{self.metric} is {found:g}, over {self.value:g}" if found > self.value else None
        return f"{self.metric} is {found:g}, under {self.value:g}" if found < self.value else None
