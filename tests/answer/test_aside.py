"""What is said to us and asked of no document: answered by set sentences, with and without a language model."""

from __future__ import annotations

import pytest

from app.answers.aside import aside, but_asides
from app.answers.phrases import in_language
from app.engine import Engine
from app.records import Turn
from storage.store import Store

BEFORE = (Turn(role="user", content="Is there a daily allowance in Japan?"), Turn(role="assistant", content="44 EUR"))


@pytest.mark.parametrize("said", ["hello", "Hi there!", "what can you do?", "Who are you", "Hi, can you help me?"])
def test_who_greets_us_is_told_what_we_are_for(said: str) -> None:
    assert aside(said, ()) == aside(said, BEFORE) == in_language("en").introduction


@pytest.mark.parametrize(
    ("said", "language"), [("thanks!", "en"), ("Vielen Dank!", "de"), ("merci beaucoup", "fr"), ("谢谢你！", "zh")]
)
def test_who_thanks_us_is_answered_in_the_same_language(said: str, language: str) -> None:
    assert aside(said, BEFORE) == in_language(language).welcome


@pytest.mark.parametrize(("said", "language"), [("How much?", "en"), ("When is it?", "en"), ("Wie viel?", "de")])
def test_a_question_without_a_subject_is_asked_for_one_unless_a_conversation_has_it(said: str, language: str) -> None:
    assert aside(said, ()) == in_language(language).vague
    assert aside(said, BEFORE) is None


@pytest.mark.parametrize(
    "asked",
    ["leave", "IT", "Who works in IT?", "How do I get help?", "Hello Kitty licence?", "How old is HF-210?", "年假"],
)
def test_what_names_something_is_asked_of_the_documents(asked: str) -> None:
    assert aside(asked, ()) is None


def test_thanks_are_no_turn_that_a_question_refers_to() -> None:
    thanks = (Turn(role="user", content="thanks"), Turn(role="assistant", content="You are welcome."))
    assert but_asides((*BEFORE, *thanks)) == (*BEFORE, thanks[1])


def test_a_greeting_cites_nothing(corpus: Store) -> None:
    answer = Engine(corpus).answer("Hello!", groups=["everyone"])
    assert answer.refused
    assert not answer.citations
    assert answer.text == in_language("en").introduction
