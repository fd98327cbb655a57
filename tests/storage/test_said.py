"""What chunks say, as numbers: where the terms of a question stand."""

from __future__ import annotations

import numpy as np

from storage.said import APART, Occurrences, Wording, said_of
from storage.words import question_terms


def test_terms_are_found_in_headers_bodies_and_paths_and_nowhere_else() -> None:
    wanted = question_terms("annual leave report zebra 年假")
    said = [said_of("Annual report", "Leave of staff"), said_of("", ""), said_of("", "年假 and annual leave, leave")]
    found = Occurrences(wanted, [one.terms for one in said], ["hr/leave_report.md", "hr/annual.md", "a.md"])
    assert wanted == ["annual", "leav", "report", "zebra", "年假"]
    assert found.held.tolist() == [
        [True, True, True, False, False],
        [True, False, False, False, False],  # by its path alone
        [True, True, False, False, True],
    ]
    rows, places = found.in_bodies(wanted.index("leav"))
    assert rows.tolist() == [0, 2, 2]
    assert np.diff(places).tolist()[1] == 1
    assert np.diff(places).tolist()[0] > APART - 100  # of another text: never near
    assert found.in_bodies(wanted.index("report"))[0].tolist() == []  # no body has it
    assert Occurrences([], [one.terms for one in said], ["x"] * 3).held.shape == (3, 0)


def test_what_stands_for_a_term_counts_for_less_and_reaches_over_no_text() -> None:
    said = [
        said_of("Annual leave", "Sick days"),
        said_of("Annual", "leave of annual leave, vacation"),
        said_of("", "annual"),
        said_of("", "leave"),
    ]
    instead = {"vacat": [("annual", "leav")], "absenc": [("day",), ("leav", "hr")]}
    found = Occurrences(
        ["vacat", "absenc"],
        [one.terms for one in said],
        ["hr/a.md", "b.md", "leave.md", "hr.md"],
        instead=instead,
        share=0.5,
    )
    assert found.held.tolist() == [[0.5, 0.5], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    rows, places = found.in_bodies(0)
    assert rows.tolist() == [1, 1]
    assert np.diff(places).tolist() == [2]  # in order: the first of the two that stand for it, and the word itself
    assert found.in_bodies(1)[0].tolist() == [0]


def test_runs_of_terms_stand_in_a_body_or_in_header_and_path_as_they_are() -> None:
    said = said_of("Manual of the HF", "Turn the HF-210 on. Code 14 means no pressure.").terms

    def part(*runs: list[str]) -> float:
        return Wording(runs).part_said(said, "manuals/hf_210.md")

    assert (
        part(["hf", "210"]) == part(["no", "pressur"]) == part(["manual", "hf", "210"]) == 1.0
    )  # the last by its path
    assert part(["210", "hf"]) == part(["hf", "on"]) == part(["e14"]) == part([]) == part() == 0.0
    assert part(["hf", "210"], ["e14"]) == 0.5
    assert part(["hf", "turn"]) == 0.0  # header and body are two texts
