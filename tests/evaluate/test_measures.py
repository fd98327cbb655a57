"""What `premise eval` makes of its outcomes: intervals, comparisons, thresholds."""

from __future__ import annotations

from typing import Any

import pytest

from app.evaluation.compare import Threshold, compare, in_words
from app.evaluation.measures import interval, right_files
from storage.errors import QuestionError


def kept(*outcomes: tuple[str, float | None, str]) -> dict[str, Any]:
    return {
        "result": {"metrics": {"ms_p50": 10.0, "ms_p95": 20.0}},
        "questions": [
            {"key": name, "question": name, "set": "s", "outcome": {"file_hit_1": value}, "paths": [path]}
            for name, value, path in outcomes
        ],
    }


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = interval([0.0, 1.0] * 10), interval([0.0, 1.0] * 1000)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert interval([1.0] * 5) == [1.0, 1.0]
    assert few == interval([0.0, 1.0] * 10)  # the same every time


def test_a_comparison_counts_and_names_what_flipped() -> None:
    before = kept(("a", 1.0, "x.md"), ("b", 0.0, "x.md"), ("c", None, "x.md"), ("gone", 1.0, "x.md"))
    after = kept(("a", 0.0, "y.md"), ("b", 1.0, "y.md"), ("c", None, "y.md"), ("new", 1.0, "y.md"), ("d", 1.0, "y"))
    result = compare(before, after)
    assert (result["questions"], result["only_before"], result["only_after"]) == (3, 1, 2)
    metric = result["metrics"]["file_hit_1"]
    assert (metric["questions"], metric["better"], metric["worse"], metric["difference"]) == (2, 1, 1, 0.0)
    assert metric["verdict"] == "same"
    assert [(flip["question"], flip["now"]) for flip in result["flipped"]] == [("a", "wrong"), ("b", "right")]
    said = in_words(result)
    assert "now wrong (1):" in said
    assert "a  [x.md -> y.md]" in said


def test_a_sure_gain_is_told_from_chance() -> None:
    before = kept(*((str(n), 0.0, "x") for n in range(30)))
    after = kept(*((str(n), float(n < 20), "x") for n in range(30)))
    assert compare(before, after)["metrics"]["file_hit_1"]["verdict"] == "better"
    assert compare(after, before)["metrics"]["file_hit_1"]["verdict"] == "worse"


def test_runs_of_other_questions_cannot_be_compared() -> None:
    with pytest.raises(QuestionError, match="no question in common"):
        compare(kept(("a", 1.0, "x")), kept(("b", 1.0, "x")))


def test_thresholds_know_which_way_is_better() -> None:
    assert Threshold.read("file_hit_1=0.9").missed({"file_hit_1": 0.9}) is None
    assert "under 0.9" in str(Threshold.read("file_hit_1=0.9").missed({"file_hit_1": 0.89}))
    assert "over 0.1" in str(Threshold.read("refused_answerable=0.1").missed({"refused_answerable": 0.2}))
    assert "over 50" in str(Threshold.read("ms_p95=50").missed({"ms_p95": 51.0}))
    assert "cannot be told" in str(Threshold.read("page_hit_5=0.1").missed({"page_hit_5": None}))
    for wrong in ("file_hit=0.9", "file_hit_1", "file_hit_1=most"):
        with pytest.raises(ValueError, match=r"metric"):
            Threshold.read(wrong)


def test_a_named_file_counts_once() -> None:
    assert right_files(["a/x.md", "b/x.md"], ["x.md"]) == [True, False]
    assert right_files(["a/x.md", "x.md"], ["x.md"]) == [False, True]
