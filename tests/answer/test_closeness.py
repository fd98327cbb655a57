"""How closely a span says what a sentence says: from which sentences its highlight is withheld."""

from __future__ import annotations

import pytest

from app.answers.closeness import CLOSE, FAR, closeness

LEAVE = "Every employee has 28 days of paid leave a year."
RUNBOOK = (
    "The team that owns a service hands its runbook to the engineer on call. Before the first release, the architect "
    "reads the runbook and the platform group approves the alarms."
)
ROW = "Device: MRI scanner | Site: Utrecht | Room: 4.12 | Serviced by: Jo Berg | Telephone: 4411 | Contract: gold"


@pytest.mark.parametrize(
    ("said", "span"),
    [
        (LEAVE, LEAVE),
        ("28 days.", LEAVE),  # an answer of two words has no place as short as itself
        ("28", LEAVE),
        ("All employees have 28 days of paid leave a year.", LEAVE),
        ("According to the policy, every employee has 28 days of paid leave a year.", LEAVE),
        ("The MRI scanner in Utrecht is serviced by Jo Berg.", ROW),  # what stands between in a row is of other cells
        ("迟到三次会被扣除半天工资。", "员工每天工作八小时。迟到三次扣除半天工资。"),
        ("Die Probezeit beträgt sechs Monate.", "Die Probezeit beträgt sechs Monate, danach gilt der Vertrag."),
    ],
)
def test_what_says_it_in_nearly_the_same_words_is_close(said: str, span: str) -> None:
    assert closeness(said, span) >= CLOSE


@pytest.mark.parametrize(
    "said",
    [
        "The platform group hands the runbook to the architect before the release.",
        "The engineer on call approves the alarms before the architect owns a service.",
        "Alarms are approved by the team that reads the runbook.",
    ],
)
def test_the_same_words_put_together_in_another_way_are_not(said: str) -> None:
    assert closeness(said, RUNBOOK) < CLOSE


def test_what_only_shares_some_words_is_far() -> None:
    assert closeness("Owners of runbooks call the group to release engineers from alarms.", RUNBOOK) < FAR


def test_a_longer_span_is_less_close() -> None:
    assert closeness(LEAVE, LEAVE) > closeness(LEAVE, f"{LEAVE} {RUNBOOK}")


@pytest.mark.parametrize("said", ["", "!", "的", "the of", "*", "a"])
def test_odd_sentences_do_not_break_it(said: str) -> None:
    assert isinstance(closeness(said, LEAVE), float)
    assert isinstance(closeness(LEAVE, said), float)
