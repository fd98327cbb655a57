"""The refusal curve and the calibration of the levels."""

from __future__ import annotations

import pytest

from app.evaluation.refusal import Judged, Kind, calibration, curve, kind_of, refused

ASKED = [
    Judged(kind=Kind.ANSWERABLE, confidence=0.95, right=True),
    Judged(kind=Kind.ANSWERABLE, confidence=0.92, right=False),
    Judged(kind=Kind.ANSWERABLE, confidence=0.2, right=None),
    Judged(kind=Kind.FOREIGN, confidence=0.1),
]


def test_the_curve_counts_what_each_threshold_refuses() -> None:
    points = {point["refuse_below"]: point for point in curve(ASKED)}
    assert points[0.15]["refused_answerable"] == 0
    assert points[0.25]["refused_answerable"] == pytest.approx(1 / 3, abs=1e-4)
    assert points[0.95]["refused_answerable"] == pytest.approx(2 / 3, abs=1e-4)
    assert points[0.1]["refused_foreign"] == 0
    assert points[0.15]["refused_foreign"] == 1
    assert points[0.5]["refused_unanswerable"] is None
    assert refused(ASKED, Kind.FOREIGN, 0.35) == 1


def test_levels_say_how_often_answers_are_right() -> None:
    quoted_in_vain = Judged(kind=Kind.UNANSWERABLE, confidence=0.9, right=False)
    levels = calibration([*ASKED, quoted_in_vain])
    assert levels["high"] == {"answers": 3, "right": 0.3333, "answerable": 2, "right_answerable": 0.5}
    assert levels["low"] == {"answers": 0, "right": None, "answerable": 0, "right_answerable": None}


def test_a_question_whose_files_are_not_there_is_foreign() -> None:
    assert kind_of(True, ["a"], [False]) is Kind.FOREIGN
    assert kind_of(True, ["a", "b"], [False, True]) is Kind.ANSWERABLE
    assert kind_of(False, [], []) is Kind.UNANSWERABLE
