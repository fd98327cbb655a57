"""Rows, items and sentences for ranges: the one whose range holds the amount of the question answers it."""

from __future__ import annotations

from math import inf

import pytest
from place import Place

from app.answers.ranges import cases, ranges
from app.engine import Engine
from app.retrieval.asked import term_set

RANGES = """# Purchasing

## Who approves an order

| Order value | Approved by |
| --- | --- |
| up to 500 EUR | Jo Berg |
| from 501 to 2,000 EUR | Ida Holt |
| more than 2,000 EUR | Ute Lind |

## Leave by service

| Years in the company | Leave |
| --- | --- |
| under 1 | 20 days |
| 1–3 years | 25 days |
| 4 years or more | 28 days |
| 10 years or more | 31 days |

## Drives

Employees get the following for a drive in their car:

- up to 50 km: 0.31 EUR for each km
- 51 to 200 km: 0.26 EUR for each km
- above 200 km: a rental car from Rollo

## Referrals

A bonus is paid for a referral. For grades 1 to 3 it is 900 EUR. For grades above 3 it is 2,400 EUR.
"""


def test_the_row_or_item_whose_range_holds_the_amount_that_is_asked_about_is_the_one_that_is_given(
    place: Place,
) -> None:
    place.write("everyone/purchasing.md", RANGES)
    place.ingest()
    engine = Engine(place.store)
    for question, said, others in (
        ("Who approves an order of 700 EUR?", "Ida Holt", ("Jo Berg", "Ute Lind")),
        ("An order of 500 EUR, who approves it?", "Jo Berg", ("Ida Holt", "Ute Lind")),
        ("Who approves an order over 2,000 EUR?", "Ute Lind", ("Jo Berg", "Ida Holt")),
        ("I have been here two years, how many days of leave do I get?", "25 days", ("20 days", "28 days")),
        ("How much leave do I have in my first 6 months?", "20 days", ("25 days", "31 days")),
        ("How much leave do I get after 12 years?", "31 days", ("20 days", "25 days", "28 days")),
        ("What do I get for a drive of 120 km?", "0.26 EUR", ("0.31 EUR", "Rollo")),
        ("How much is the bonus for a referral in grade 7?", "2,400 EUR", ("900 EUR",)),
    ):
        answer = engine.answer(question, groups=["everyone"])
        assert not answer.refused
        shown = answer.text.partition("See also:")[0]
        assert said in shown, shown
        assert not any(other in shown for other in others), shown
    asked = engine.answer("Who approves an order?", groups=["everyone"]).text
    assert all(name in asked for name in ("Jo Berg", "Ida Holt", "Ute Lind"))


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("1–3 years", (1, 3)),
        ("EUR 500 – 1,000", (500, 1000)),
        ("between 5 and 10 people", (5, 10)),
        ("more than 2 and up to 5 years", (2, 5)),
        ("Weight: ≥ 10 | Price: 4 EUR", (10, inf)),
        ("10+ years", (10, inf)),
        ("5 days or fewer", (-inf, 5)),
        ("von 500 bis 1.000 EUR", (500, 1000)),
        ("It has 5 rooms and 10 desks.", None),
        ("The pump HF-210 of 2026-03-01", None),
    ],
)
def test_ranges_are_told_however_they_are_written(text: str, ends: tuple[float, float] | None) -> None:
    found = [(pytest.approx(item.low), pytest.approx(item.high)) for item in ranges(text)]
    assert found == ([ends] if ends else [])


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("What holds after 2 years?", ("Weight: 1 to 3 kg | Fee: 4", "Weight: 4 to 9 kg | Fee: 8")),
        ("What holds for 20 kg?", ("Weight: 1 to 3 kg | Fee: 4", "Weight: 4 to 9 kg | Fee: 8")),
        ("What held in 2005?", ("Grade: 1000 to 3000 | Fee: 4", "Grade: 4000 to 9000 | Fee: 8")),
    ],
    ids=["of another kind", "none holds it", "a year"],
)
def test_ranges_that_are_not_about_the_amount_tell_nothing(question: str, rows: tuple[str, ...]) -> None:
    assert cases(question, term_set(question), rows) == [None, None]
