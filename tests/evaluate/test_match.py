"""What counts as found when a question set is measured."""

from __future__ import annotations

import pytest

from app.evaluation.match import contains, same_file, words_found


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("Employees get 30 days. [1]", "30 days", True),
        ("Employees get 30 [1] days.", "30 days", True),  # the mark is not part of the text
        ("Employees get 130 days.", "30 days", False),
        ("The price is 1,250 EUR", "1,250", True),
        ("这条线路共有8班固定列车", "8班", True),
        ("食堂于十一点半开门", "十一点半", True),
        ("anything", "?!", False),
    ],
)
def test_an_answer_is_found_as_whole_words_in_one_piece(text: str, wanted: str, found: bool) -> None:
    assert contains(text, wanted) is found


def test_evidence_is_found_by_its_words_in_order() -> None:
    evidence = "the quick brown fox jumps over the lazy dog today"
    assert words_found(evidence, f"before {evidence.upper()}! after") == 1.0
    assert words_found(evidence, evidence.replace("quick ", "").replace("lazy ", "")) == 0.8
    assert words_found("one two three", "three two one") == pytest.approx(1 / 3)
    assert words_found("", "anything") == 0.0


@pytest.mark.parametrize(
    ("path", "named", "same"),
    [
        ("docs/a.md", "docs/a.md", True),
        ("a.md", "docs/a.md", True),
        ("squad/docs/a.md", "docs/a.md", True),
        ("docs/ba.md", "a.md", False),
        ("x/a.md", "docs/a.md", False),
        ("", "a.md", False),
    ],
)
def test_a_file_is_the_same_wherever_the_set_was_put(path: str, named: str, same: bool) -> None:
    assert same_file(path, named) is same
