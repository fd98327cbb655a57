"""What is quoted from under a line that takes it back or restricts it is shown behind that line."""

from __future__ import annotations

import pytest
from place import Place

from app.answers.quote import _SAYS_NO_MORE
from app.answers.surroundings import restriction, takes_back
from app.engine import Engine

RULES = """# Keys and passwords

Every employee has one account. Passwords have at least 14 characters.

## What you should never do

- Share your password with colleagues
- Write the password on paper

## Common mistakes

- The lamp oil is changed every 30 days

## Visitors

Only for guests of the board:

- Parking in the northern yard is free

| Meal | Price |
| --- | --- |
| Trout | 9 euros |

## Dogs

Dogs are allowed on Fridays. That no longer applies in Ulm. Cats stay at home.

## If I move abroad, what becomes of my bicycle?

The bicycle is sold after ten years.

## Is the garage locked at night?

If you have a key, yes.

## Old prices

| Dish | Costs |
| --- | --- |
| Goulash | 4 euros |

## Why do we not have a canteen?

The kitchen of the building is too small for a canteen.
"""


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        (
            "May I share my password with colleagues?",
            "What you should never do:\n\n- Share your password with colleagues [1]\n- Write the password on paper [1]",
        ),
        (
            "When is the bicycle sold?",
            "If I move abroad, what becomes of my bicycle? The bicycle is sold after ten years. [1]",
        ),
        ("If I move abroad, what becomes of my bicycle?", "The bicycle is sold after ten years. [1]"),
        ("Is the garage locked?", "Is the garage locked at night? If you have a key, yes. [1]"),
        ("How often is the lamp oil changed?", "Common mistakes: The lamp oil is changed every 30 days [1]"),
        (
            "Is parking in the northern yard free?",
            "Only for guests of the board: Parking in the northern yard is free [1]",
        ),
        ("How much is goulash?", "Old prices:\n\n| Dish | Costs |\n| --- | --- |\n| Goulash | 4 euros [1] |"),
        ("Are dogs allowed?", "Dogs are allowed on Fridays. [1] That no longer applies in Ulm. [1]"),
        ("Are dogs allowed in Ulm?", "Dogs are allowed on Fridays. [1] That no longer applies in Ulm. [1]"),
        ("Why do we not have a canteen?", "The kitchen of the building is too small for a canteen. [1]"),
    ],
)
def test_the_line_that_restricts_comes_with_it(place: Place, question: str, shown: str) -> None:
    place.write("everyone/rules.md", RULES)
    place.ingest()
    answer = Engine(place.store).answer(question, groups=["everyone"])
    assert answer.text.startswith(shown), answer.text


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Yes.", True),
        ("If you are a U.S. employee with vested ISOs, yes.", True),
        ("不可以。", True),
        ("If you have a key, yes, until ten.", False),
        ("They say no.", False),
    ],
)
def test_which_sentences_say_no_more_than_yes_or_no(text: str, *, bare: bool) -> None:
    assert (_SAYS_NO_MORE.fullmatch(text) is not None) is bare


def test_what_only_supports_is_shown_behind_its_line_too(place: Place) -> None:
    place.write("everyone/rules.md", RULES)
    place.ingest()
    text = Engine(place.store).answer("How many characters has a password?", groups=["everyone"]).text
    assert text.startswith("Passwords have at least 14 characters. [1]"), text
    assert "\n- What you should never do: Share your password with colleagues [" in text
    assert "\n- Share your password" not in text


@pytest.mark.parametrize(
    ("line", "restricts"),
    [
        ("What you should never do", True),
        ("Only for managers:", True),
        ("For those who joined before May 2021:", True),
        ("For example:", False),
        ("For managers only", False),  # a heading tells of whom all below it is
        ("Veraltete Regeln", True),
        ("Opening hours", False),
        ("Why is it not open?", False),
        ("Wenn es regnet", True),
        ("The canteen is not open.", False),  # a sentence of its own
    ],
)
def test_which_lines_restrict_what_stands_below_them(line: str, *, restricts: bool) -> None:
    text = f"{line}\n\n- The gate is open\n- The yard is open"
    for item in ("- The gate", "- The yard"):
        assert restriction(text, text.index(item)) == (line if restricts else "")
    assert restriction("The gate is open", 0, line) == (line if restricts or "canteen" in line else "")


def test_a_sentence_takes_back_the_one_before_it() -> None:
    for told in ("This was revoked in 2021.", "That is a myth.", "However, it is no longer valid.", "Ausnahme: Ulm."):
        assert takes_back(told)
    for told in ("It is valid from May on.", "The old rule was revoked.", "However, Jo is there."):
        assert not takes_back(told)


def test_what_two_documents_say_is_shown_once_also_where_it_is_an_item_of_a_list(place: Place) -> None:
    place.write("everyone/fees.md", "# Fees\n\n- Parking costs 5 euros.\n- The locker costs 9 euros.\n")
    place.write(
        "everyone/parking.md", "# Parking at the harbour\n\nParking costs 5 euros. The harbour is open all year.\n"
    )
    place.ingest()
    text = Engine(place.store).answer("How much is parking?", groups=["everyone"]).text
    assert text.count("Parking costs 5 euros.") == 1, text


def test_of_two_sentences_that_take_back_one_after_the_other_none_is_lost(place: Place) -> None:
    told = "Skates are allowed in the hall. This was revoked in May. However, that is no longer valid. Bring a helmet."
    place.write("everyone/skates.md", f"# Skates in the hall\n\n{told}\n")
    place.ingest()
    text = Engine(place.store).answer("Are skates allowed in the hall?", groups=["everyone"]).text
    assert text.startswith(
        "Skates are allowed in the hall. [1] This was revoked in May. [1] However, that is no longer valid. [1]"
    ), text
