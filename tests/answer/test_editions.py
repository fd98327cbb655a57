"""Older editions of a document that lie beside the newer one: what they say is never shown as if it held now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from place import Place
from scripted import scripted_server

from app.answers.context import build_context
from app.answers.editions import OLDER, aged
from app.answers.extract import candidates
from app.engine import Engine
from app.retrieval.asked import understand

OLD = (
    "# Travel policy 2023\n\nEvery business trip is approved by the line manager before anything is booked.\n\n"
    "The key to the company bicycle hangs in the caretaker's lodge.\n"
)
NEW = (
    "# Travel and expense policy 2026\n\nEvery business trip is approved by the department head.\n\n"
    "Meals are refunded against receipts.\n"
)
QUESTION = "Who approves a business trip?"


def _ask(place: Place, question: str, documents: dict[str, str]) -> str:
    for name, text in documents.items():
        place.write(f"everyone/{name}", text)
    place.ingest()
    return Engine(place.store).answer(question, groups=["everyone"]).text


def test_what_the_newer_edition_says_comes_first_and_the_older_is_named_as_such(place: Place) -> None:
    text = _ask(place, QUESTION, {"a.md": OLD, "b.md": NEW})
    assert text.startswith("Every business trip is approved by the department head. [1]")
    before, _, after = text.partition("From an older edition (2023):")
    assert "line manager" not in before
    assert "line manager" in after


def test_what_holds_now_is_as_likely_as_what_the_older_edition_says_in_the_same_words(place: Place) -> None:
    rule = "Groups of more than {} guests need the consent of the porter."
    other = "Groups of guests from abroad are welcomed by Ida Holt."
    place.write("everyone/a.md", f"# Guest rules 2023\n\n{rule.format('five')}\n")
    place.write("everyone/b.md", f"# Guest rules 2026\n\n{rule.format('eight')}\n")
    place.write("everyone/c.md", f"# Groups\n\n{other}\n")
    place.ingest()
    engine, asked = Engine(place.store), understand("Who has to be asked for groups?", (), weigh=lambda term: 1.0)
    labels = engine.catalog.labels_of(["everyone"])
    passages = build_context(
        engine.search(asked.question, groups=["everyone"], k=9), engine.catalog, labels=labels, budget=999
    )
    scores = {rule.format("five"): 0.5, other: 0.4, rule.format("eight"): 0.1}
    found = {item.text: item for item in candidates(asked, passages, engine.embedder)}
    ranked = aged([replace(found[text], score=score) for text, score in scores.items()], passages, asked.question)
    assert [(item.text, item.score) for item in ranked] == [
        (rule.format("eight"), 0.5),
        (other, 0.4),
        (rule.format("five"), 0.5 * OLDER),
    ]


def test_what_only_the_older_edition_says_is_introduced_by_it(place: Place) -> None:
    text = _ask(place, "Where is the key to the company bicycle?", {"a.md": OLD, "b.md": NEW})
    assert text.startswith("From an older edition (2023):\n\nThe key to the company bicycle hangs in the caretaker")


def test_an_older_edition_is_named_once(place: Place) -> None:
    old = (
        "# Travel policy 2023\n\nThe key to the company bicycle hangs in the caretaker's lodge.\n\n"
        "Whoever takes the bicycle signs for it.\n\nThe company bicycle is cleaned on Fridays.\n"
    )
    text = _ask(place, "Where is the key to the company bicycle?", {"a.md": old, "b.md": NEW})
    assert text.startswith("From an older edition (2023):\n\nThe key to the company bicycle hangs"), text
    assert "\n\n- The company bicycle is cleaned on Fridays. [" in text
    assert text.count("From an older edition") == 1
    assert "See also:" not in text


def test_of_two_questions_the_one_that_only_the_older_edition_answers_comes_last(place: Place) -> None:
    question = "Where is the key to the company bicycle and who approves a business trip?"
    text = _ask(place, question, {"a.md": OLD, "b.md": NEW})
    assert text.startswith("Every business trip is approved by the department head. [1]"), text
    before, _, after = text.partition("From an older edition (2023):")
    assert "caretaker" in after
    assert "From an older edition" not in before + after


def test_what_a_model_takes_from_the_older_edition_is_introduced_by_it_too(
    place_at: Callable[..., Place], tmp_path: Path
) -> None:
    older, newer = "the line manager before anything is booked", "the department head"
    with scripted_server() as server:
        place = place_at(tmp_path / "data", llm_url=server.url)
        documents = {"a.md": OLD, "b.md": NEW}
        server.script.says(f"Every business trip is approved by {newer}. Every business trip is approved by {older}.")
        text = _ask(place, QUESTION, documents)
        assert text.startswith(f"Every business trip is approved by {newer}. [1]")
        assert f"From an older edition (2023): Every business trip is approved by {older}. [2]" in text
        server.script.says(f"- In 2023 every business trip was approved by {older}.")
        assert "older edition" not in _ask(place, QUESTION, documents)


def test_in_the_language_of_the_question(place: Place) -> None:
    old = "# Reiserichtlinie 2023\n\nDer Schlüssel zum Fahrrad hängt beim Hausmeister.\n\nDienstreisen sind selten.\n"
    new = "# Reiserichtlinie 2026\n\nDienstreisen genehmigt die Bereichsleitung.\n"
    text = _ask(place, "Wo hängt der Schlüssel zum Fahrrad?", {"a.md": old, "b.md": new})
    assert text.startswith("Aus einer älteren Fassung (2023):\n\nDer Schlüssel")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("leave-rules-2023.txt", "leave-rules-2026.txt"),
        ("Leave rules v1.2.md", "Leave rules v1.10.md"),
        ("leave_rules_rev3_draft.md", "leave_rules_rev4_final.md"),
    ],
)
def test_a_file_name_tells_the_edition_too(place: Place, old: str, new: str) -> None:
    text = _ask(
        place,
        "Where is the key to the bicycle?",
        {old: "The key to the bicycle hangs in the lodge.\n", new: "Leave is granted by the manager.\n"},
    )
    assert text.startswith("From an older edition (")


def test_minutes_of_another_day_are_no_older_edition(place: Place) -> None:
    said = "The bicycle has a new lock, and its key hangs in the lodge.\n"
    minutes = {"minutes-2023-11-30.txt": said, "minutes-2026-01-15.txt": "Leave is granted by the manager.\n"}
    assert "older edition" not in _ask(place, "Where is the key to the bicycle?", minutes)


@pytest.mark.parametrize(
    ("question", "other"),
    [
        (QUESTION, "# Canteen rules 2026\n\nThe canteen is closed on Fridays, also before a business trip.\n"),
        (QUESTION, "# Policy 2026\n\nThe canteen is closed on Fridays, also before a business trip.\n"),
        (QUESTION, "# Travel policy 2023\n\nThe canteen is closed on Fridays, also before a business trip.\n"),
        ("Who approves a business trip, by the policy of 2023?", NEW),
        ("Who used to approve a business trip?", NEW),
    ],
    ids=[
        "another document",
        "a name that says too little",
        "of the same year",
        "asked by its year",
        "asked of the past",
    ],
)
def test_what_is_no_older_edition_is_quoted_as_ever(place: Place, question: str, other: str) -> None:
    assert "older edition" not in _ask(place, question, {"a.md": OLD, "b.md": other})


def test_what_the_newer_edition_says_in_other_words_comes_before_what_the_older_says_in_those_of_the_question(
    place: Place,
) -> None:
    old = (
        "# Home office rules 2024\n\n## Days\n\nEmployees may work from home on up to two days a week.\n\n"
        "## Equipment\n\nWhoever works from home gets a screen and a chair.\n"
    )
    new = (
        "# Home office rules 2026\n\n## Mobile working\n\nWith the consent of the department, colleagues do their work "
        "elsewhere than in the office on three days.\n\n## Costs\n\nThe company pays 20 EUR a month for electricity.\n"
    )
    text = _ask(place, "How many days a week may employees work from home?", {"a.md": old, "b.md": new})
    assert text.startswith("From the newer edition (2026):\n\nWith the consent of the department")
    assert "two days a week" in text.partition("From an older edition (2024):")[2]
    only_old = _ask(place, "What does whoever works from home get?", {"a.md": old, "b.md": new})
    assert only_old.startswith("From an older edition (2024):\n\nWhoever works from home gets a screen")


TAXIS = {
    "a.md": "# Taxi rules 2023\n\nThe fare of a taxi at night is paid up to 24 EUR.\n\nReceipts go to Jo Berg.\n",
    "b.md": "# Taxi rules 2024\n\nThe fare of a taxi at night is paid up to 28 EUR.\n\nReceipts go to Ida Holt.\n",
    "c.md": "# Taxi rules 2026\n\nThe fare of a taxi at night is paid up to 32 EUR.\n\nTrains are booked by us.\n",
}


@pytest.mark.parametrize(
    ("question", "begins", "left_out"),
    [
        (
            "Up to which fare was a taxi at night paid in 2023?",
            "The fare of a taxi at night is paid up to 24 EUR.",
            "32",
        ),
        (
            "Up to which fare was a taxi at night paid in 2024?",
            "The fare of a taxi at night is paid up to 28 EUR.",
            "24",
        ),
        (
            "Up to which fare is a taxi at night paid in 2026?",
            "The fare of a taxi at night is paid up to 32 EUR.",
            "28",
        ),
        (
            "Up to which fare was a taxi at night paid in 2025?",
            "The fare of a taxi at night is paid up to 32 EUR.",
            "?",
        ),
        ("To whom do receipts of taxis go?", "From an older edition (2024):\n\nReceipts go to Ida Holt.", "?"),
    ],
    ids=["the oldest", "the middle one", "the newest", "of no edition: the newest", "no year: the newest that says it"],
)
def test_a_year_in_the_question_chooses_the_edition(place: Place, question: str, begins: str, left_out: str) -> None:
    text = _ask(place, question, TAXIS)
    assert text.startswith(begins), text
    assert f"{left_out} EUR" not in text
