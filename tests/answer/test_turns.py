"""The conversation as a chat template accepts it."""

from __future__ import annotations

import pytest

from app.answers.prompt import alternating
from app.records import Turn


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("u", ""),
        ("ua", "ua"),
        ("aua", "ua"),
        ("uua", "ua"),
        ("uauu", "ua"),
        ("uaua", "uaua"),
        ("uaaua", "uaua"),
    ],
)
def test_questions_and_answers_take_turns(given: str, kept: str) -> None:
    roles = {"u": "user", "a": "assistant"}
    turns = [Turn(role=roles[letter], content=str(place)) for place, letter in enumerate(given)]
    assert "".join(turn.role[0] for turn in alternating(turns)) == kept


def test_the_later_of_two_questions_is_kept() -> None:
    turns = [Turn(role="user", content="old"), Turn(role="user", content="new"), Turn(role="assistant", content="yes")]
    assert [turn.content for turn in alternating(turns)] == ["new", "yes"]
