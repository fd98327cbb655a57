"""People's own words: what means nearly the same in the passages counts; other names and numbers do not."""

from __future__ import annotations

import pytest
from place import Place

from app.answers.akin import AKIN, in_other_words
from app.answers.context import build_context
from app.engine import Engine
from app.retrieval.asked import Asked, rarity, term_set, understand

HOUSE = """# House rules

## Absence

Plan an absence together with your group. Tell your supervisor at least ten working days before a longer absence begins.
Absences are entered in the portal on the first floor of the calendar.

## Animals

Animals are welcome on the ground floor. A visit to a vet with a pet is a reason to work from elsewhere for a day.

## Notebooks

Notebooks are replaced every four years. A notebook that falls down is repaired in the workshop.

## Videos

Gatherings that others want to see later are recorded by the host. Recordings are deleted after thirty days.

## Allowances

The daily allowance in Norway is NOK 620 and is paid with the salary.
"""


@pytest.fixture
def engine(place: Place) -> Engine:
    place.write("everyone/house.md", HOUSE)
    place.ingest()
    return Engine(place.store)


def _understood(engine: Engine, question: str) -> Asked:
    labels = engine.catalog.labels_of(("everyone",))
    asked = understand(question, (), weigh=rarity(engine.indexes.keywords, labels))
    hits = engine.search(question, groups=("everyone",), k=5)
    passages = build_context(hits, engine.catalog, labels=labels, budget=1500)
    return in_other_words(asked, passages, engine.embedder)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How early must my boss know?", "Tell your supervisor at least ten working days before"),
        ("Which pets are welcome at the firm?", "Animals are welcome"),
        ("Does the boss have to know when I am away?", "Tell your supervisor"),
        ("How do I tell my boss that I am off?", "Tell your supervisor"),
        ("How much do I get for a trip to Norway?", "NOK 620"),
        ("May I stay at home when my dog has to see a doctor?", "A visit to a vet with a pet"),
    ],
)
def test_a_question_in_other_words_finds_the_sentence(engine: Engine, question: str, first: str) -> None:
    answer = engine.answer(question, groups=("everyone",))
    assert not answer.refused
    assert first in answer.sentences[0].text


def test_a_word_that_no_passage_says_is_covered_in_part_by_one_that_means_the_same(engine: Engine) -> None:
    asked = _understood(engine, "When is a laptop replaced?")
    alone, akin = asked.covered(term_set("They are replaced.")), asked.covered(term_set("Notebooks are replaced."))
    assert AKIN / 2 < asked.akin["laptop"]["notebook"] <= AKIN + 1e-6
    assert alone < akin < asked.covered(term_set("A laptop is replaced.")) == 1
    assert asked.covered(term_set("Animals are replaced.")) == alone


def test_a_word_that_a_passage_says_is_only_itself(engine: Engine) -> None:
    assert _understood(engine, "When is a notebook replaced?").akin == {}


@pytest.mark.parametrize(
    "question",
    ["What is the allowance in Sweden?", "Is it replaced every three years?", "How many weeks are recordings there?"],
)
def test_names_numbers_and_times_stand_for_no_others(engine: Engine, question: str) -> None:
    assert _understood(engine, question).akin == {}
