"""What is seen of a source with the passage that is cited."""

from __future__ import annotations

import pytest

from app.ui.source import NEAR, near_and_far

SENTENCE = "The works council meets on every second Tuesday of the month. "


LONG = [SENTENCE * 20, "x" * 900, "每月开会一次。" * 200, SENTENCE * 9 + "\n\n"]


@pytest.mark.parametrize("before", ["", SENTENCE, "x" * NEAR, *LONG])
def test_little_stands_before_a_passage_and_the_rest_is_a_click_away(before: str) -> None:
    near, far = near_and_far(before)
    assert far + near == before and len(near) <= NEAR
    assert (far == "") == (len(before) <= NEAR)
    assert not near.startswith((" ", "\n"))


def test_what_is_near_begins_where_a_sentence_does() -> None:
    assert near_and_far(SENTENCE * 20)[0] == SENTENCE * 4
