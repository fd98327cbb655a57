"""Sections, tables and documents alike but for a country, office or team: the one that the question names answers."""

from __future__ import annotations

import pytest
from place import Place

from app.engine import Engine

OFFICES = """# Offices

## Lisbon

### Opening hours

The office is open from 8 to 19. The key is at the bakery.

### Parking

Parking costs 4 EUR a day.

## Krakow

### Opening hours

Doors are unlocked between 7 and 20. The guard lets people in on weekends.

### Parking

There is none at the building.

## Milan

### Opening hours

The office opens at 9 and closes at 18.

### Parking

Parking is free on the roof.
"""
TEAMS = """# On-call

## Platform team

The on-call shift lasts seven days. The person on call answers within 10 minutes.

## Billing team

A shift takes 3 days. Whoever has it answers within half an hour.

## Search team

The on-call shift lasts two days. The person on call answers within 15 minutes.
"""
BANDS = "# Salary bands\n" + "".join(
    f"\n## {country}\n\n| Level | Minimum | Maximum |\n| --- | --- | --- |\n"
    f"| Junior | {low}1,000 | {low}9,000 |\n| Senior | {low + 3}1,000 | {low + 3}9,000 |\n"
    for country, low in (("Germany", 42), ("Poland", 11), ("Portugal", 24))
)
LEAVE = {
    "leave-spain.md": "# Leave\n\nEvery employee has 23 days of leave a year.\n",
    "leave-italy.md": "# Leave\n\nEvery employee has 26 days of leave a year.\n",
    "leave-austria.md": "# Leave\n\nPeople are entitled to 25 days of leave in each year.\n",
    "norway/travel.md": "# Travel\n\nFlights are booked by the assistant.\n",
    "sweden/travel.md": "# Travel\n\nIn the portal everybody books flights by themselves.\n",
}


@pytest.mark.parametrize(
    ("question", "said", "other"),
    [
        ("When is the office in Krakow open?", "between 7 and 20", "from 8 to 19"),
        ("What are the opening hours in Milan?", "opens at 9", "from 8 to 19"),
        ("Is there parking at the Milan office?", "free on the roof", "none at the building"),
        ("How long does the on-call shift of the billing team last?", "A shift takes 3 days.", "seven days"),
        ("What are the salary bands in Poland?", "111,000", "421,000"),
        ("What does a senior earn at least in Portugal?", "271,000", "141,000"),
        ("How many days of leave does every employee have in Austria?", "25 days", "23 days"),
        ("How many days of leave do I get in Italy?", "26 days", "23 days"),
        ("Who books flights in Sweden?", "everybody books", "assistant"),
    ],
)
def test_the_one_that_the_question_names_answers(place: Place, question: str, said: str, other: str) -> None:
    for name, text in ({"offices.md": OFFICES, "teams.md": TEAMS, "bands.md": BANDS} | LEAVE).items():
        place.write(f"everyone/{name}", text)
    place.ingest()
    answer = Engine(place.store).answer(question, groups=["everyone"])
    assert not answer.refused
    assert said in answer.text
    first = answer.text.partition("See also:")[0]
    assert said in first
    assert other not in first


def test_where_none_is_named_the_documents_are_told_to_differ(place: Place) -> None:
    for name in ("leave-spain.md", "leave-italy.md"):
        place.write(f"everyone/{name}", LEAVE[name])
    place.ingest()
    text = Engine(place.store).answer("How many days of leave does every employee have?", groups=["everyone"]).text
    assert "differ" in text
    assert "23 days" in text
    assert "26 days" in text


def test_what_names_it_itself_may_stand_in_another_section(place: Place) -> None:
    place.write(
        "everyone/benefits.md",
        "# Benefits\n\n## Parental leave\n\nIt lasts 16 weeks and is paid in full.\n\n## Annual leave\n\n"
        "Employees get 25 days of leave a year. During parental leave they keep these days.\n",
    )
    place.ingest()
    answer = Engine(place.store).answer("How many days of leave do I keep during parental leave?", groups=["everyone"])
    assert any("keep these days" in sentence.text for sentence in answer.sentences[:2])
