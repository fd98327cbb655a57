"""Documents that answer one question with different values: both said, each cited, the newer marked as newer."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from place import Place

from app.engine import Engine
from app.records import Level, Mode, level
from tests.answer.conftest import Server

OLD = "# Travel policy 2023\n\nTravel claims are handed in within 60 days after the end of the trip, on form F-17.\n"
NEW = (
    "# Travel policy 2026\n\nTravel claims are handed in within 30 days after the end of the trip, in the app Spesa.\n"
)
QUESTION = "Within how many days are travel claims handed in?"


def _ask(place: Place, question: str, **documents: str) -> tuple[str, Engine]:
    for name, text in documents.items():
        place.write(f"everyone/{name}.md", text)
    place.ingest()
    engine = Engine(place.store)
    return engine.answer(question, groups=["everyone"]).text, engine


def test_both_are_said_and_cited_and_the_newer_is_marked(place: Place) -> None:
    _, engine = _ask(place, QUESTION, a_new=NEW, b_old=OLD)
    answer = engine.answer(QUESTION, groups=["everyone"])
    lines = answer.text.splitlines()
    assert lines[0] == "The documents differ on this:"
    assert lines[2] == f"- **Travel policy 2026** (newer, 2026): {NEW.splitlines()[2]} [1]"
    assert lines[3] == f"- **Travel policy 2023** (2023): {OLD.splitlines()[2]} [2]"
    assert [citation.path for citation in answer.citations] == ["everyone/a_new.md", "everyone/b_old.md"]
    assert level(answer.confidence) is not Level.HIGH
    assert "disagree" in answer.reason


def _undated(days: int, line: str = "") -> str:
    return f"# Travel policy\n\n{line}\n\nTravel claims are handed in within {days} days after the end of the trip.\n"


def test_the_newer_is_told_by_the_day_that_the_documents_say_whenever_they_were_copied(place: Place) -> None:
    old = place.write("everyone/a.md", _undated(60, "Effective date: 2 May 2023"))
    new = place.write("everyone/b.md", _undated(30, "Stand: 01.03.2024"))
    os.utime(old, (2e9, 2e9))
    os.utime(new, (1e9, 1e9))
    text, _ = _ask(place, QUESTION)
    first, second = text.splitlines()[2:4]
    assert first.startswith("- **Travel policy** (b.md, newer, 2024-03-01): ") and "within 30 days" in first
    assert second.startswith("- **Travel policy** (a.md, 2023-05-02): ") and "within 60 days" in second


def test_where_neither_says_when_it_is_from_the_file_changed_later_is_the_newer_and_told_as_changed(
    place: Place,
) -> None:
    os.utime(place.write("everyone/a.md", _undated(60)), (1.7e9, 1.7e9))
    os.utime(place.write("everyone/b.md", _undated(30)), (1.6e9, 1.6e9))
    text, _ = _ask(place, QUESTION)
    assert "\n- **Travel policy** (a.md, newer, changed 2023-11-14): " in text
    assert "\n- **Travel policy** (b.md, changed 2020-09-13): " in text


def test_a_day_that_is_said_and_one_of_a_file_make_neither_the_newer(place: Place) -> None:
    os.utime(place.write("everyone/a.md", _undated(60)), (1.7e9, 1.7e9))
    place.write("everyone/b.md", _undated(30, "Effective date: 2 May 2021"))
    text, _ = _ask(place, QUESTION)
    assert "(a.md, changed 2023-11-14): " in text and "(b.md, 2021-05-02): " in text and "newer" not in text


def test_policies_of_two_things_do_not_differ_about_a_third(place: Place) -> None:
    form = "# {0} leave policy\n\n{0} leave of {1} weeks is possible with approval by the head of the department.\n"
    medical, parental = form.format("Medical", 12), form.format("Parental", 16)
    text, engine = _ask(place, "Has my head to approve weeks of leave?", one=medical, two=parental)
    assert "differ" not in text
    place.write("everyone/two.md", medical.replace("12", "9").replace("# Medical", "# New medical"))
    place.ingest()
    text = engine.answer("How many weeks of medical leave are possible?", groups=["everyone"]).text
    assert text.startswith("The documents differ on this:"), text


def test_a_number_that_both_have_does_not_hide_one_that_differs(place: Place) -> None:
    text, _ = _ask(place, QUESTION, old=OLD, new=OLD.replace("2023", "2026").replace("60", "30"))
    assert text.startswith("The documents differ on this:\n\n- **Travel policy 2026** (newer, 2026): Travel claims")


@pytest.mark.parametrize(
    "other",
    [
        OLD.replace("60", "30").replace("2023", "2025").replace("Travel claims", "Bicycles"),  # of another thing
        NEW.replace("2026", "2025"),  # the same value
        "# Travel policy 2025\n\nRental cars are booked 60 days ahead of a trip.\n",  # about something else
        "# Archive\n\nThe museum's coin collection holds 60 silver coins of the trip to Rome.\n",
    ],
)
def test_documents_that_agree_or_speak_of_other_things_do_not_differ(place: Place, other: str) -> None:
    text, _ = _ask(place, QUESTION, one=NEW, two=other)
    assert "differ" not in text
    assert "30 days" in text


@pytest.mark.parametrize(
    ("question", "sheet", "value"),
    [
        ("How many chairs has room R12?", "Room R{n} has {n} chairs and a blackboard on wheels.", "12 chairs"),
        ("How many gates has the depot in Lyon?", "The depot in {town} opens at {n}:30 and has {n} gates.", "12 gates"),
        ("Wie viele Stühle hat Raum R12?", "Der Raum R{n} hat {n} Stühle und eine fahrbare Tafel.", "12 Stühle"),
    ],
)
def test_sheets_about_other_things_do_not_differ_from_the_one_that_is_asked_about(
    place: Place, question: str, sheet: str, value: str
) -> None:
    towns = {"Porto": 14, "Lyon": 12, "Turin": 17}
    text, _ = _ask(
        place, question, **{town: f"# Sheet\n\n{sheet.format(n=n, town=town)}\n" for town, n in towns.items()}
    )
    assert value in text.splitlines()[0]
    assert not any(word in text for word in ("differ", "Verschiedenes"))


def test_says_so_in_the_language_of_the_question(place: Place) -> None:
    old = "# Reiserichtlinie 2023\n\nReisekosten werden innerhalb von 60 Tagen nach dem Ende der Reise abgerechnet.\n"
    text, _ = _ask(
        place,
        "Innerhalb von wie vielen Tagen werden Reisekosten nach dem Ende der Reise abgerechnet?",
        a=old,
        b=old.replace("60", "30").replace("2023", "2026"),
    )
    assert text.startswith("Die Dokumente sagen dazu Verschiedenes:")
    assert "(neuer, 2026)" in text


def test_rules_that_differ_are_told_apart_also_where_one_asks_whether(place: Place) -> None:
    text, _ = _ask(
        place,
        "Are flights in business class allowed?",
        old="# Travel policy 2024\n\nFor flights of more than 8 hours business class may be booked with the approval "
        "of the vice president.\n",
        new="# Travel policy 2026\n\nFor flights of more than 9 hours business class may be booked with the approval "
        "of the CFO.\n",
    )
    assert text.startswith("The documents differ on this:\n\n- **Travel policy 2026** (newer, 2026):")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Travel claims are handed in within 60 days after the end of the trip [1][2].", True),
        ("Form F-17 is for travel claims [1][2].", True),  # the same sentence of the old policy
        ("Receipts are kept for ten years [1][2].", False),  # neither side is what the answer is about
    ],
)
def test_a_written_answer_that_tells_one_side_is_followed_by_both(
    place: Place, server: Server, said: str, told: bool
) -> None:
    _ask(place, QUESTION, a_new=NEW, b_old=f"{OLD} Receipts are kept for ten years.\n")
    server.script.says(said)
    settings = place.settings.model_copy(update={"llm_url": server.url})
    answer = Engine(replace(place.store, settings=settings)).answer(QUESTION, groups=["everyone"])
    assert answer.mode is Mode.WRITTEN
    assert ("\n\nThe documents differ on this:\n" in answer.text) is told
    assert ("**Travel policy 2026** (newer, 2026)" in answer.text) is told
    assert level(answer.confidence) is not Level.HIGH
    if told:
        assert {citation.path for citation in answer.citations} == {"everyone/a_new.md", "everyone/b_old.md"}


def test_values_of_different_units_or_off_the_point_do_not_differ(place: Place) -> None:
    _, engine = _ask(
        place,
        "How much of the per diem is taken off for breakfast?",
        one="# Travel policy 2026\n\nFor a breakfast from the hotel, 20 percent of the per diem is taken off.\n",
        two="# Travel policy 2025\n\nFor a breakfast from the hotel, EUR 5.60 of the per diem is taken off.\n",
    )
    assert (
        "differ" not in engine.answer("How much of the per diem is taken off for breakfast?", groups=["everyone"]).text
    )


def test_the_newer_is_told_also_where_it_is_worded_further_from_the_question(place: Place) -> None:
    text, _ = _ask(
        place,
        "How long after a trip can I still hand in my expenses?",
        old="# Travel policy 2024\n\nExpense claims are handed in within 60 days after the end of the trip, with the "
        "original receipts, on form F-17.\n",
        new="# Travel expense policy 2026\n\nPhotograph receipts with Spesa and submit the claim within 30 days after "
        "the end of the trip.\n",
    )
    assert text.index("30 days") < text.index("60 days")
    assert "(newer, 2026)" in text


OLD_STAY = "# Guest house 2022\n\nEvery guest of the house may stay for 12 nights a year.\n"
NEW_STAY = """# Guest house 2024

Every guest of the house may stay for 15 nights a year.

| House | Nights a year | Keys |
| --- | --- | --- |
| Bergen | 9 | Ida Holm |
| Split | 21 | Luka Peric |
"""


def test_what_is_said_of_the_very_thing_that_is_asked_about_is_not_hidden_by_what_differs(place: Place) -> None:
    place.write("everyone/guest-house-2022.md", OLD_STAY)
    place.write("everyone/guest-house-2024.md", NEW_STAY)
    place.ingest()
    engine = Engine(place.store)
    assert "differ" in engine.answer("How many nights a year may a guest stay?", groups=["everyone"]).text
    text = engine.answer("How many nights a year may a guest stay in Split?", groups=["everyone"]).text
    assert "differ" not in text
    assert "| Split | 21 | Luka Peric" in text, text


def test_where_documents_differ_about_one_question_the_other_is_answered_too(place: Place) -> None:
    place.write("everyone/guest-house-2022.md", OLD_STAY)
    place.write("everyone/guest-house-2024.md", NEW_STAY)
    place.write("everyone/boiler.md", "# Boiler\n\nThe boiler is repaired by Greta Falk on weekdays.\n")
    place.ingest()
    answer = Engine(place.store).answer(
        "How many nights a year may a guest stay, and who repairs the boiler?", groups=["everyone"]
    )
    assert "15 nights" in answer.text and "12 nights" in answer.text
    assert "\n\nThe boiler is repaired by Greta Falk on weekdays. [3]" in answer.text, answer.text
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (2,), (3,)]
