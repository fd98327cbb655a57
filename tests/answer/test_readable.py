"""Quotes as an answer shows them, questions that ask several things, and sentences that say it of another."""

from __future__ import annotations

import pytest

from app.answers.cite import readable
from app.answers.parts import parts
from app.answers.phrases import section_name
from app.answers.swapped import swapped


@pytest.mark.parametrize(
    ("quote", "shown"),
    [
        ("> We need 240 pieces,\n> this year.", "We need 240 pieces, this year."),
        (">> Late by\n>> a week", "Late by a week"),
        ("a value > 3 is too high", "a value > 3 is too high"),
        (">= 15 is high", ">= 15 is high"),
        ('"site_lead": "Jo Berg, Director",', "site lead: Jo Berg, Director"),
        (
            '"canteen": {"hours": "11:30", "closed": "Sunday"},\n  "seats": 24',
            "canteen: hours: 11:30; closed: Sunday; seats: 24",
        ),
        ('{"name": "Gauss", "video": true}', "name: Gauss; video: true"),
        ('"Report" is the name of the button', '"Report" is the name of the button'),
        ("# defaults of the gateway", "defaults of the gateway"),
        ("A: Each parent is eligible.", "Each parent is eligible."),
        ("- A: Yes, you will.", "Yes, you will."),
        ("A: ", "A:"),
    ],
)
def test_signs_of_mails_and_data_are_left_out(quote: str, shown: str) -> None:
    assert readable(quote) == shown


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How many days are there and who approves them?", ("How many days are there", "who approves them?")),
        ("Is it open on Sunday? What does it cost?", ("Is it open on Sunday?", "What does it cost?")),
        ("Wie viele Tage gibt es und wer genehmigt sie?", ("Wie viele Tage gibt es", "wer genehmigt sie?")),
        ("食堂几点开门，在哪里？", ("食堂几点开门", "在哪里？")),
        ("When and where does it open?", ()),
        ("What do research and development cost?", ()),
        ("When the alarm sounds, what do I do?", ()),
        ("申请被退回时，应该怎么办？", ()),
    ],
)
def test_several_questions_are_told_apart(question: str, asked: tuple[str, ...]) -> None:
    assert parts(question) == asked


@pytest.mark.parametrize(
    ("question", "sentence", "other"),
    [
        ("What does Hooke's law state?", "Newton's law states that things fall.", True),
        ("What does Newton's law state?", "Newton's law states that things fall.", False),
        ("Which is the oldest hall in Kassel?", "The oldest hall in Bremen was built in 1611.", True),
        ("Which is the oldest hall in Kassel?", "Kassel has the oldest hall in Hesse.", False),
        ("When was the Selby strike?", "The Grimsby strike lasted from May to July.", True),
        ("Who is the head of the EU commission?", "The head of the Union commission is Ida Holt.", False),
        ("What is the set of unconnected graphs called?", "The set of connected graphs is called C.", True),
        ("What is the set of united graphs called?", "The set of united graphs is called C.", False),
    ],
)
def test_what_is_said_of_another_is_told(question: str, sentence: str, *, other: bool) -> None:
    assert swapped(question, sentence, sentence) is other


def test_a_section_is_named_without_its_number_and_pictures() -> None:
    assert section_name("2. \U0001f3d6\ufe0f Time off") == "Time off"
