"""Sentence spans: whole sentences, nothing lost."""

from __future__ import annotations

import pytest

from storage.sentences import sentence_spans


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        (
            "Dr. Smith paid $3.50 to J. R. Tolkien, e.g. for tea. He left.",
            ["Dr. Smith paid $3.50 to J. R. Tolkien, e.g. for tea.", "He left."],
        ),
        (
            "The U.S. Army came. It stayed in the U.S. The rest left.",
            ["The U.S. Army came.", "It stayed in the U.S.", "The rest left."],
        ),
        ("At 5 p.m. the doors close. See No. 5 and Fig. 2.", ["At 5 p.m. the doors close.", "See No. 5 and Fig. 2."]),
        (
            "He wondered ... and left. “Why? I don't know.” Nobody did.",
            ["He wondered ... and left.", "“Why? I don't know.”", "Nobody did."],
        ),
        (
            "Train. Second class for journeys of up to three hours. First class for longer ones.",
            ["Train. Second class for journeys of up to three hours.", "First class for longer ones."],
        ),
        ("It was law.[12] Then it was not.", ["It was law.[12]", "Then it was not."]),
        (
            "Am 3. Oktober ist zu. Das gilt z. B. für Hr. Müller, d. h. immer. Im 19. Jahrhundert war es anders.",
            [
                "Am 3. Oktober ist zu.",
                "Das gilt z. B. für Hr. Müller, d. h. immer.",
                "Im 19. Jahrhundert war es anders.",
            ],
        ),
        (
            "他说：「你好。我走了。」然后离开了！真的吗？是的。",
            ["他说：「你好。我走了。」", "然后离开了！", "真的吗？", "是的。"],
        ),
        ("今日は休みです。明日は働きます。", ["今日は休みです。", "明日は働きます。"]),
        ("Name: A. Foo. Bar | Price: 3\nName: B | Price: 4", ["Name: A. Foo. Bar | Price: 3", "Name: B | Price: 4"]),
        (
            "Parking ........ 2\nBadges . . . . . 12\nAnnex …… iv\nI do not know.... He did.",
            ["Parking ........ 2", "Badges . . . . . 12", "Annex …… iv", "I do not know....", "He did."],
        ),
        ("- one item\n- second item\n1. third", ["- one item", "- second item", "1. third"]),
        (
            "A line that was wrapped by an editor at about sixty columns and\ngoes on here. New.",
            ["A line that was wrapped by an editor at about sixty columns and\ngoes on here.", "New."],
        ),
        (
            "A line that was wrapped by an editor at about sixty columns in\norder to fit.",
            ["A line that was wrapped by an editor at about sixty columns in\norder to fit."],
        ),
        ("", []),
        (" \n ", []),
    ],
)
def test_splits_at_sentences(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


@pytest.mark.parametrize("text", ["a.b c. D", "...", "。。。", "(((. A", "“" * 50 + ". A", "x" * 5000, "1. 2. 3. "])
def test_loses_nothing(text: str) -> None:
    assert "".join("".join(piece.split()) for piece in split(text)) == "".join(text.split())


def test_a_line_that_cannot_end_there_goes_on_below_a_blank_line() -> None:
    text = "Please report bugs using the tracker at\n\n  https://tracker.example/groff\n\nYou may use the form."
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "Please report bugs using the tracker at\n\n  https://tracker.example/groff",
        "You may use the form.",
    ]
    for apart in (
        "Terms of\n\nThe price is fixed.",
        "How you can log in to it\n\nThe page asks.",
        "It is sold by the\n\n- Plan A",
    ):
        assert len(sentence_spans(apart)) == 2


MANY = 300_000


@pytest.mark.parametrize(
    "text",
    [
        "Yes" + " " * MANY + "no. Then.",
        "Yes." + " \t" * MANY + "\n No.",
        "a" + "." * MANY + "b c",
        "." * MANY + '"' * MANY + "x",
        "a. " * MANY,
        "(" * MANY + "a. B",
        "He left (a. " * MANY,
        '{"a": 1}\n' * MANY,
        "the word and the word and the word and\n\n" * (MANY // 10),
    ],
    ids=["spaces", "blanks", "stops", "quotes", "initials", "brackets", "open", "records", "paragraphs"],
)
def test_reading_a_text_takes_time_in_proportion_to_its_length(text: str) -> None:
    """Were it the square of that, this would take hours."""
    spans = sentence_spans(text)
    assert sum(len(text[start:end].split()) for start, end in spans) == len(text.split())


def test_lines_inside_a_record_of_data_belong_together() -> None:
    data = '[{"a": 1,\n"b": 2},\n{"a": 3,\n"b": 4}]'
    assert split(data) == ['[{"a": 1,\n"b": 2},', '{"a": 3,\n"b": 4}]']
