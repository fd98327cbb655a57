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
    assert but_asides((*BEFORE, *thanks)) == but_asides((*thanks, *BEFORE)) == BEFORE


LATER = (*BEFORE, Turn(role="user", content="And in\nPeru? [1]"), Turn(role="assistant", content="38 EUR"))


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("What did I ask first?", "en"),
        ("what was my last question again", "en"),
        ("Can you remind me what I asked before?", "en"),
        ("Was habe ich zuerst gefragt?", "de"),
        ("Qu'est-ce que j'ai demandé au début ?", "fr"),
        ("¿Cuál fue mi primera pregunta?", "es"),
        ("Cosa ho chiesto prima?", "it"),
        ("O que eu perguntei antes?", "pt"),
        ("Wat heb ik net gevraagd?", "nl"),
        ("我刚才问了什么？", "zh"),
        ("最初の質問は何でしたか？", "ja"),
        ("제 첫 번째 질문은 무엇이었나요?", "ko"),
    ],
)
def test_who_asks_what_was_asked_is_told_it(said: str, language: str) -> None:
    told = [in_language(language).asked, "", "1. Is there a daily allowance in Japan?", "2. And in Peru?"]
    assert (aside(said, LATER) or "").splitlines() == told
    again = (*LATER, Turn(role="user", content=said), Turn(role="assistant", content="\n".join(told)))
    assert aside(said, again) == aside(said, LATER)  # it is itself no question of the conversation


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("What did you just say?", "en"),
        ("Can you repeat that, please?", "en"),
        ("What have we talked about so far?", "en"),
        ("Please summarise our conversation.", "en"),
        ("Was hast du gerade gesagt?", "de"),
        ("Qu'avez-vous répondu ?", "fr"),
        ("¿Qué acabas de decir?", "es"),
        ("Che cosa hai detto?", "it"),
        ("O que você acabou de dizer?", "pt"),
        ("Herhaal dat.", "nl"),
        ("你刚才说了什么？", "zh"),
        ("もう一度言ってください。", "ja"),
        ("방금 뭐라고 말했나요?", "ko"),
    ],
)
def test_who_asks_what_was_answered_is_told_where_it_stands(said: str, language: str) -> None:
    assert aside(said, LATER) == in_language(language).conversation


@pytest.mark.parametrize("said", ["What did I ask first?", "What did you just say?"])
def test_before_anything_was_said_there_is_nothing_to_repeat(said: str) -> None:
    assert aside(said, ()) == in_language("en").vague


@pytest.mark.parametrize(
    "asked",
    [
        "What did I say in the interview?",
        "What was the first question of the audit?",
        "What did you change in the leave policy?",
        "What have we discussed in the works council?",
        "Can you summarise the travel policy?",
        "How often do I have to repeat the training?",
    ],
)
def test_what_is_said_elsewhere_is_asked_of_the_documents(asked: str) -> None:
    assert aside(asked, LATER) is None


def test_a_question_about_the_conversation_quotes_no_document(corpus: Store) -> None:
    answer = Engine(corpus).answer("What did I ask first?", groups=["everyone"], history=BEFORE)
    assert answer.text.endswith("1. Is there a daily allowance in Japan?")
    assert not answer.citations


def test_a_long_question_is_told_in_part() -> None:
    long = Turn(role="user", content="Is there a daily allowance in Japan? " * 20)
    assert len(aside("What did I ask?", (long,)) or "") < 300


def test_a_greeting_cites_nothing(corpus: Store) -> None:
    answer = Engine(corpus).answer("Hello!", groups=["everyone"])
    assert answer.refused
    assert not answer.citations
    assert answer.text == in_language("en").introduction
