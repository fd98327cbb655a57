"""What only announces: it comes with the whole items or sentences that it announces, or not at all."""

from __future__ import annotations

import pytest
from place import Place

from app.engine import Engine

SHARING = """# Sharing data

## Rules

Employees must follow these rules when they share data of customers:

Data is encrypted before it leaves the company. The recipient is named in the register.

The contract of a partner is kept for ten years.

## Visitors

Before a visitor comes, the host has these duties:

* The visitor is registered in the portal.

  This takes a minute.

* A badge is ordered.
* The host collects the visitor at the gate.

The reception closes at six.

## Registers

These registers hold what is valid. What stands in them is kept up to date:

- The register of contracts
- The register of machines

## Conferences

A conference may be attended under these conditions:

### Budget

The team has EUR 900 left for it. Conferences may be attended by everybody once a year.
"""


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        (
            "Which rules must employees follow when they share data of customers?",
            "Employees must follow these rules when they share data of customers: [1] "
            "Data is encrypted before it leaves the company. [1] The recipient is named in the register. [1]",
        ),
        (
            "Which duties has the host before a visitor comes?",
            "Before a visitor comes, the host has these duties: [1]\n- The visitor is registered in the portal. [1] "
            "This takes a minute. [1]\n- A badge is ordered. [1]\n- The host collects the visitor at the gate. [1]",
        ),
        (
            "Which registers hold what is valid?",
            "These registers hold what is valid. [1] What stands in them is kept up to date: [1]\n"
            "- The register of contracts [1]\n- The register of machines [1]",
        ),
    ],
    ids=["a paragraph", "items with a paragraph in them", "by two sentences"],
)
def test_what_it_announces_comes_with_it(place: Place, question: str, shown: str) -> None:
    place.write("everyone/sharing.md", SHARING)
    place.ingest()
    first, *_ = Engine(place.store).answer(question, groups=["everyone"]).text.split("\n\nSee also:")
    assert first.replace("\n\n- ", "\n- ").startswith(shown), first


def test_what_announces_whole_sections_is_left_out_for_another_sentence(place: Place) -> None:
    place.write("everyone/sharing.md", SHARING)
    place.ingest()
    answer = Engine(place.store).answer("Under which conditions may a conference be attended?", groups=["everyone"])
    assert not any(sentence.text.endswith(":") for sentence in answer.sentences)
    assert not answer.refused


@pytest.mark.parametrize(("number", "whole"), [(10, True), (30, False)])
def test_of_a_list_that_nearly_fits_no_item_is_left_out(place: Place, number: int, whole: bool) -> None:
    items = "\n".join(f"- Lodge number {n}, which opens early on day {n} of June" for n in range(1, number + 1))
    place.write("everyone/lodges.md", f"# Lodges\n\nGuests of the summer camp may sleep in these lodges:\n\n{items}\n")
    place.ingest()
    answer = Engine(place.store).answer("In which lodges may guests of the summer camp sleep?", groups=["everyone"])
    assert answer.text.startswith("Guests of the summer camp may sleep in these lodges: [1]\n- Lodge number 1,")
    assert (f"Lodge number {number}," in answer.text) is whole
    assert answer.text.endswith("\n- … The source lists more. [1]") is not whole
    assert answer.text.count("The source lists more.") == (not whole)


def test_of_a_list_of_which_one_item_answers_it_is_said_that_there_are_others(place: Place) -> None:
    duties = [f"carries lamp {n} to gate {n} and stays there until all {n} guests are in" for n in "23456"]
    items = "\n".join(f"- {duty}" for duty in [*duties, "registers the visitor in the portal", *duties[::-1]])
    place.write("everyone/duties.md", f"# Hosts\n\nBefore a visitor comes, the host:\n\n{items}\n")
    place.ingest()
    text = Engine(place.store).answer("Where does one register the visitor?", groups=["everyone"]).text
    assert text.startswith("Before a visitor comes, the host: [1]\n\n- registers the visitor in the portal [2]"), text
    assert "\n- … The source lists more. [2]" in text


def test_the_names_of_which_the_paragraph_above_speaks_come_with_it_and_never_alone(place: Place) -> None:
    names = "- Northland\n- Eastland\n- Southland\n"
    place.write(
        "everyone/travel.md",
        f"# Travel\n\nNobody may work in any of these countries. This includes holidays.\n\n{names}\n"
        "A visa for Eastland or another country is asked for by the firm.\n",
    )
    place.ingest()
    engine = Engine(place.store)
    text = engine.answer("In which countries may nobody work?", groups=["everyone"]).text
    shown = "\n".join(f"{line} [1]" for line in names.splitlines())
    assert text.startswith(f"Nobody may work in any of these countries. [1] This includes holidays. [1]\n{shown}"), text
    text = engine.answer("Who asks for a visa?", groups=["everyone"]).text
    assert text.startswith("A visa for Eastland")
    assert "- Eastland" not in text


def test_that_a_list_goes_on_is_said_in_the_language_of_the_question(place: Place) -> None:
    items = "\n".join(f"- Hütte Nummer {n}, die am {n}. Juni schon sehr früh am Morgen öffnet" for n in range(1, 31))
    place.write("everyone/huetten.md", f"# Hütten\n\nGäste des Lagers schlafen in diesen Hütten:\n\n{items}\n")
    place.ingest()
    text = Engine(place.store).answer("In welchen Hütten schlafen die Gäste des Lagers?", groups=["everyone"]).text
    assert text.endswith("\n- … In der Quelle stehen weitere. [1]"), text


HEADED = """# Staff manual

## What is needed for a locker?

- a padlock of your own
- the signed form L-7
- a deposit

## Depots

* Varna
* Brno
* Turku

## Opening hours of the depots

- Varna: from 6:15
- Brno: from 7:45
- Turku: from 8:30

Depots are closed on public holidays.
"""


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        (
            "What do I need for a locker?",
            "- a padlock of your own [1]\n- the signed form L-7 [1]\n- a deposit [1]",
        ),
        ("Which depots do we have?", "- Varna [1]\n- Brno [1]\n- Turku [1]"),
        ("List the depots", "- Varna [1]\n- Brno [1]\n- Turku [1]"),
    ],
)
def test_a_list_below_its_heading_is_not_told_by_its_first_item(place: Place, question: str, shown: str) -> None:
    place.write("everyone/manual.md", HEADED)
    place.ingest()
    answer = Engine(place.store).answer(question, groups=["everyone"])
    assert answer.text.startswith(shown), answer.text


def test_of_a_list_below_its_heading_the_item_that_is_asked_for_comes_first(place: Place) -> None:
    place.write("everyone/manual.md", HEADED)
    place.ingest()
    text = Engine(place.store).answer("When does the depot of Brno open?", groups=["everyone"]).text
    assert text.lstrip("- ").startswith("Brno: from 7:45"), text


def test_a_long_list_below_its_heading_says_that_it_goes_on(place: Place) -> None:
    items = "\n".join(f"- lamp number {n} of the eastern gate, with two spare bulbs" for n in range(1, 31))
    place.write("everyone/lamps.md", f"# Manual\n\n## What the night guard carries\n\n{items}\n")
    place.ingest()
    text = Engine(place.store).answer("What does the night guard carry?", groups=["everyone"]).text
    assert text.startswith("- lamp number 1 of the eastern gate"), text
    assert "\n- … The source lists more. [1]" in text
    assert "number 30" not in text
