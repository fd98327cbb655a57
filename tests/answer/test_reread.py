"""Sentences that the language model, asked once more, does not find in their places: marked, and never vouched for."""

from __future__ import annotations

import json

import pytest
from scripted import Server

from app.answers.answer import TRANSLATED, UNSUPPORTED, WITHHELD
from app.answers.reread import MOST
from tests.answer.conftest import Ask

QUESTION = "When are travel expenses paid back, and who gets receipts?"
FIRST = "Travel expenses are paid back within 30 days."
SECOND = "Receipts are handed in at the accounts office in Rotterdam."
BOTH = f"{FIRST} [1] {SECOND} [1]"


def _said(*verdicts: object) -> str:
    return json.dumps({"said": verdicts})


def test_what_the_model_does_not_find_in_its_place_is_marked(ask: Ask, server: Server) -> None:
    server.script.says(BOTH)
    server.script.as_json = _said(True, False)
    answer = ask(QUESTION, llm_url=server.url, reread_seconds=5).answer
    assert [sentence.found for sentence in answer.sentences] == [True, False]
    assert answer.reason == UNSUPPORTED
    assert [citation.quote for citation in answer.citations] == [FIRST]
    asked = server.script.requests[-1]
    assert "true or false" in asked["messages"][0]["content"]
    assert asked["messages"][1]["content"] == (
        f"1. Sentence: {FIRST}\n   Text: {FIRST}\n2. Sentence: {SECOND}\n   Text: {SECOND}"
    )
    schema = asked["response_format"]["json_schema"]["schema"]["properties"]["said"]
    assert (schema["minItems"], schema["maxItems"], schema["items"]) == (2, 2, {"type": "boolean"})


def test_where_the_core_is_denied_all_is_withheld(ask: Ask, server: Server) -> None:
    server.script.says(f"{FIRST} [1]")
    server.script.as_json = _said(False)
    answer = ask("When are travel expenses paid back?", llm_url=server.url, reread_seconds=5).answer
    assert (answer.refused, answer.reason) == (True, WITHHELD)
    assert "30 days." not in answer.text


def test_its_yes_gives_no_support(ask: Ask, server: Server) -> None:
    server.script.says(f"{FIRST} [1] Beer is poured at the gate. [1]")
    server.script.as_json = _said(True, True)
    answer = ask("When are travel expenses paid back?", llm_url=server.url, reread_seconds=5).answer
    assert [sentence.found for sentence in answer.sentences] == [True, False]
    assert "Beer" not in server.script.requests[-1]["messages"][1]["content"]  # there is no place to read


@pytest.mark.parametrize(
    "reply", ["I cannot help with that.", '{"said": []}', '{"said": [null, 1]}', "", '{"said": [tr']
)
def test_without_a_verdict_the_check_by_words_stands(ask: Ask, server: Server, reply: str) -> None:
    server.script.says(BOTH)
    server.script.as_json = reply
    answer = ask(QUESTION, llm_url=server.url, reread_seconds=5).answer
    assert [sentence.found for sentence in answer.sentences] == [True, True]


def test_a_list_that_is_not_whole_counts_as_far_as_it_goes(ask: Ask, server: Server) -> None:
    server.script.says(BOTH)
    server.script.as_json = '{"said": [true, false'
    answer = ask(QUESTION, llm_url=server.url, reread_seconds=5).answer
    assert [sentence.found for sentence in answer.sentences] == [True, False]


def test_it_is_asked_only_where_it_is_given_time(ask: Ask, server: Server) -> None:
    server.script.says(BOTH)
    server.script.as_json = _said(False, False)
    answer = ask(QUESTION, llm_url=server.url).answer
    assert [sentence.found for sentence in answer.sentences] == [True, True]
    assert len(server.script.requests) == 1
    server.script.pause = 0.2
    slow = ask(QUESTION, llm_url=server.url, reread_seconds=0.01).answer
    assert [sentence.found for sentence in slow.sentences] == [True, True]


def test_what_was_translated_to_be_checked_is_read_once_more_too(ask: Ask, server: Server) -> None:
    server.script.says("Alkohol wird nicht erstattet. [1] Quittungen werden in der Buchhaltung abgegeben. [1]")
    translations = ["Alcohol is not paid back.", "Receipts are handed in at the accounts office."]
    server.script.as_json = json.dumps({"said": [True, False], "sentences": translations})
    question = "Werden travel expenses wie Alcohol auf einer Reise zurückgezahlt?"
    answer = ask(question, llm_url=server.url, reread_seconds=5).answer
    assert [sentence.found for sentence in answer.sentences] == [True, False]
    assert (answer.notice, answer.reason) == (TRANSLATED, UNSUPPORTED)
    assert [(citation.n, citation.quote) for citation in answer.citations] == [(1, "Alcohol is not paid back.")]
    assert len(server.script.requests) == 3
    told = server.script.requests[-1]["messages"][1]["content"]
    assert "1. Sentence: Alkohol wird nicht erstattet.\n   Text: Alcohol is not paid back." in told


def test_an_order_in_a_place_is_put_before_it_as_harmless_text(ask: Ask, server: Server) -> None:
    server.script.says("The barrier code is changed every Monday. [1]")
    server.script.as_json = _said(True)
    ask("When is the barrier code changed?", llm_url=server.url, reread_seconds=5)
    told = server.script.requests[-1]["messages"][1]["content"]
    assert "The barrier code is changed every Monday." in told
    assert "<|im_start|>" not in told


def test_as_many_are_asked_about_as_fit_the_context(ask: Ask, server: Server) -> None:
    days = [f"Travel expenses are paid back within 30 days in case {sign}." for sign in "ABCDEFGHIJ"]
    server.script.says(" ".join(f"{said} [1]" for said in days))
    server.script.as_json, server.script.context, server.script.characters_a_token = _said(), 900, 2
    ask("When are travel expenses paid back?", llm_url=server.url, reread_seconds=5)
    asked = server.script.requests[-1]
    pairs = asked["messages"][1]["content"].count("Sentence:")
    assert 0 < pairs < min(len(days), MOST)
    assert sum(len(message["content"]) for message in asked["messages"]) // 2 + asked["max_tokens"] <= 900
