"""Documents of the same title are told apart; others are called by their titles alone."""

from __future__ import annotations

import pytest
from place import Place

from app.answers.namesakes import apart
from app.engine import Engine

QUESTION = "Within how many days are travel claims handed in?"
CLAIMS = "# Travel policy\n\nTravel claims are handed in within {days} days after the end of the trip.\n"


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ([("Leave", "hr/leave.md"), ("Travel", "hr/travel.md")], {}),
        ([("Leave", "hr/leave.md"), ("Leave", "hr/leave.md")], {}),  # one document
        (
            [("Leave", "hr/leave-a.md"), ("leave ", "hr/leave-b.md"), ("Travel", "hr/travel.md")],
            {"hr/leave-a.md": "leave-a.md", "hr/leave-b.md": "leave-b.md"},
        ),
        ([("Leave", "lyon/leave.md"), ("Leave", "leave.md")], {"lyon/leave.md": "lyon", "leave.md": "leave.md"}),
        (
            [("Leave", "lyon/a.md"), ("Leave", "porto/a.md"), ("Leave", "porto/b.md")],
            {"lyon/a.md": "lyon", "porto/a.md": "porto", "porto/b.md": "b.md"},
        ),
    ],
)
def test_file_name_or_else_folder(documents: list[tuple[str, str]], told: dict[str, str]) -> None:
    assert apart(documents) == told


def test_documents_that_differ_and_are_called_alike_are_told_apart(place: Place) -> None:
    for folder, days in (("everyone/lyon", 30), ("everyone/porto", 60)):
        place.write(f"{folder}/travel.md", CLAIMS.format(days=days))
    place.ingest()
    lines = Engine(place.store).answer(QUESTION, groups=["everyone"]).text.splitlines()
    assert sorted(line.partition(",")[0] for line in lines[2:4]) == [
        "- **Travel policy** (everyone/lyon",
        "- **Travel policy** (everyone/porto",
    ]
