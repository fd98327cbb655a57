"""Thoughts are taken off an answer, in whatever pieces and signs they come."""

from __future__ import annotations

import re

import pytest

from app.answers.thoughts import without_thoughts

SIZES = [1, 2, 3, 7, 50, 1000]


def told(text: str, size: int, *, begun: bool = False) -> tuple[str, bool]:
    """What stands at the end, and whether the answer began inside a thought."""
    stream = without_thoughts((text[at : at + size] for at in range(0, len(text), size)), begun=begun)
    said: list[str] = []
    while True:
        try:
            piece = next(stream)
        except StopIteration as end:
            return "".join(said), end.value
        if piece is None:
            said.clear()
        else:
            said.append(piece)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text",
    [
        "a < b <think>x</think>c",
        "<thinking>x < y [1]</thinking>a < b c",
        "a < b <Reasoning>x</think></REASONING>c",
        "[THINK]x[/THINK]a < b c",
        "◁think▷x◁/think▷a < b c",
        "<|START_THINKING|>x<|END_THINKING|>a < b c",
        "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>a < b c",
        "a < b c<think>x, and no end",
        "a < b c<thinking>x</think",
        "<think>x<think>y</think>z</think>a < b c",
    ],
)
def test_thoughts_are_taken_off(text: str, size: int) -> None:
    assert told(text, size)[0] == "a < b c"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("end", ["</think>", "[/THINK]", "</thinking>", "assistantfinal", "<channel|>"])
def test_what_stands_before_an_end_that_nobody_began_was_a_thought(end: str, size: int) -> None:
    assert told(f"The person asks for a < b.{end}a < b c", size) == ("a < b c", True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text",
    ["So a < b. </think>\n\na", "So a < b. </think> A", "a </think>", 'So `</think>`, "a".\n</think>a', "a `</think>"],
)
def test_an_end_that_no_sentence_goes_on_after_is_one(text: str, size: int) -> None:
    assert told(text, size) == (re.split("</think>`?", text)[-1], True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", ["x</think>a", "<think>x</think>a", "x[/THINK]a<think>y", "a"])
def test_of_a_model_that_begins_so_nothing_is_said_before(text: str, size: int) -> None:
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    assert "".join(piece or "!" for piece in without_thoughts(pieces, begun=True)) == "a"
    assert told(text, size, begun=True)[1] is (text != "a")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "text",
    [
        "The tags `<think>` and `</think>` are kept.",
        "A thought begins with <think> and ends with </think>, says the manual.",
        'What ends it is called "</think>", “[/THINK]” or </thinking>.',
        "Einige Modelle (</think>) vergessen „<think>“ am Anfang.",
        "a <thin> line, <thinker>",
        "if a<b, [THIN",
        "assistant, assist",
    ],
)
def test_what_is_no_thought_is_left(text: str, size: int) -> None:
    assert told(text, size) == (text, False)
