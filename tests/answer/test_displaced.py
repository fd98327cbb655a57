"""A reason, a step's time and a doer are those that the passage gives, however fluent the sentence."""

from __future__ import annotations

import pytest

from app.answers.displaced import displaced

STEPS = """How a lamp is bought:

1. Write down what the lamp is for and what it costs.
2. Show the plan and the price to the treasurer.
3. Order the lamp.
4. Send the bill to the office during or after the delivery."""

DUTIES = """- The porter fills a new sheet for each guest
- The cook completes the first part of the sheet as well as it goes
- We add a stove in the yard to see how warm it gets

The list of guests is kept short. In spring we gather the wishes of guests for the order of dishes."""


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("The plan and the price are shown to the treasurer once the lamp is ordered.", STEPS),
        ("After the lamp is ordered, the plan and the price are shown to the treasurer.", STEPS),
        ("The lamp is ordered before the plan and price are shown to the treasurer.", STEPS),
        ("The cook fills a new sheet for each guest and the porter completes the first part of the sheet.", DUTIES),
        ("A stove is added in the yard in order to change the order of dishes.", DUTIES),
    ],
)
def test_what_the_passage_gives_to_something_else_is_seen(claim: str, text: str) -> None:
    assert displaced(claim, text)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("The plan and the price are shown to the treasurer before the lamp is ordered.", STEPS),
        ("The lamp is ordered after the plan and the price are shown to the treasurer.", STEPS),
        ("Before the lamp is ordered, the plan and the price are shown to the treasurer.", STEPS),
        ("The bill is sent to the office after the delivery.", STEPS),
        ("The porter fills a new sheet for each guest and the cook completes the first part of the sheet.", DUTIES),
        ("The staff fill a new sheet for each guest.", DUTIES),  # another name for them, perhaps
        ("A stove is added in the yard in order to see how warm it gets.", DUTIES),
        ("The lamp is ordered after the plan is shown.", "Show the plan. Order the lamp."),  # no list of steps
        ("", ""),
    ],
)
def test_what_the_passage_says_so_is_left_alone(claim: str, text: str) -> None:
    assert not displaced(claim, text)
