"""What a written sentence may and may not claim of a passage: numbers, units, dates, names and denials are checked."""

from __future__ import annotations

import pytest

from app.answers.context import Passage
from app.answers.support import find_support, measures
from storage.embedder import Embedder
from storage.records import Chunk, StoredChunk

TEXT = (
    "Parental leave was introduced by Maria Lindgren in 2011. It lasts up to 36 months for each child. "
    "The data centre in Utrecht was opened by Hanna Vos on 3 March 2016. "
    "The daily allowance in Japan is EUR 44. Alcohol is not paid back. "
    "The barrier code is changed every Monday. Rail travel above 400 kilometres may be booked in first class."
)


def _passage(text: str = TEXT) -> Passage:
    chunk = Chunk(
        id="r:0",
        revision_id="r",
        position=0,
        start=0,
        end=len(text),
        header="Rules",
        body=text,
        section="",
        pages=(),
        tokens=100,
    )
    stored = StoredChunk(chunk=chunk, document_id="d", path="a.md", title="Rules", label=1, modified=None)
    return Passage(n=1, score=1.0, chunks=(stored,), text=text)


def _supported(claim: str, text: str = TEXT) -> str | None:
    found = find_support(claim, [_passage(text)], cited=frozenset({1}), weigh=lambda term: 1.0)
    return text[found[0].start : found[0].end] if found else None


@pytest.mark.parametrize(
    ("claim", "span"),
    [
        (
            "Maria Lindgren introduced parental leave in 2011.",
            "Parental leave was introduced by Maria Lindgren in 2011.",
        ),
        ("Parental leave lasts up to 36 months.", "It lasts up to 36 months for each child."),
        (
            "The data centre was opened on March 3, 2016.",
            "The data centre in Utrecht was opened by Hanna Vos on 3 March 2016.",
        ),
        ("The daily allowance in Japan is 44 euros.", "The daily allowance in Japan is EUR 44."),
        ("Alcohol is not paid back.", "Alcohol is not paid back."),
    ],
)
def test_the_span_that_says_it_is_found(claim: str, span: str) -> None:
    found = _supported(claim)
    assert found is not None
    assert span in found


@pytest.mark.parametrize(
    "claim",
    [
        "Parental leave was introduced by Hanna Vos in 2011.",  # another person of the same passage
        "Parental leave was introduced by Maria Lindgren in 2016.",  # another year
        "Parental leave lasts up to 24 months for each child.",  # another number
        "Parental leave lasts up to 36 weeks for each child.",  # another unit
        "The daily allowance in Japan is USD 44.",  # another currency
        "The data centre in Utrecht was opened by Hanna Vos on 3 May 2016.",  # another month
        "The data centre in Rotterdam was opened by Hanna Vos on 3 March 2016.",  # another place
        "Alcohol is paid back.",  # denial dropped
        "Parental leave was not introduced by Maria Lindgren in 2011.",  # denial added
        "The barrier code is changed every Friday.",  # another day
        "Rail travel above 400 miles may be booked in first class.",
        "Dogs are allowed in the canteen on weekdays.",  # made up
    ],
)
def test_what_is_changed_is_not_supported(claim: str) -> None:
    assert _supported(claim) is None


def test_a_name_may_stand_in_the_sentence_before() -> None:
    text = "Maria Lindgren leads the works council. She introduced parental leave for both parents in 2011."
    assert _supported("Maria Lindgren introduced parental leave for both parents in 2011.", text)


def test_units_are_read_on_both_sides_of_a_number() -> None:
    assert measures("EUR 44, 44 %, three days, 31 March") == {
        "44": frozenset({"eur", "percent"}),
        "3": frozenset({"day"}),
        "31": frozenset({"march"}),
    }


MEANT = (
    "Employees must not disclose business secrets. The canteen closes at noon. Suppliers are paid after 30 days. "
    "Visitors are met at the reception."
)


@pytest.mark.parametrize(
    ("claim", "supported"),
    [
        ("Employees may not reveal company secrets.", True),
        ("Employees may reveal company secrets.", False),  # alike in meaning, but for the denial
        ("Employees at Globex may not reveal company secrets.", False),  # but for the name
        ("The 12 employees may not reveal company secrets.", False),  # but for the number
        ("The canteen shuts at midnight.", False),  # but for the time of day
        ("Employees enjoy fishing.", False),  # a word in common and nothing else
    ],
)
def test_meaning_decides_where_words_leave_doubt_and_nothing_else_does(
    embedder: Embedder, claim: str, supported: bool
) -> None:
    passages = [_passage(MEANT)]
    alone = find_support(claim, passages, cited=frozenset({1}), weigh=lambda term: 1.0)
    found = find_support(claim, passages, cited=frozenset({1}), weigh=lambda term: 1.0, embedder=embedder)
    assert not alone
    assert bool(found) is supported
