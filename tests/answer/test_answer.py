"""Quoted answers: what they say, what they cite, what they refuse."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from place import Place
from scripted import Server

from app.answers.answer import TRIES
from app.answers.confidence import MOST_UNSAID, NOT_CLOSE, UNCLEAR, WHOLE
from app.answers.phrases import language_of
from app.engine import Engine
from app.records import Level, Mode, Turn, level
from storage.store import Store
from tests.answer.conftest import Ask


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many days of paid leave does every employee have?", "28 days"),
        ("Who introduced parental leave?", "Maria Lindgren"),
        ("When was the data centre in Utrecht opened?", "2016"),
        ("Where are receipts handed in?", "Rotterdam"),
        ("What is the hotel limit in Japan?", "180 EUR"),
        ("Wie lange dauert die Probezeit?", "sechs Monate"),
        ("年假由谁负责审批？", "王丽"),
        ("迟到几次扣工资？", "三次"),
    ],
)
def test_answers_with_the_sentence_that_says_it(ask: Ask, question: str, expected: str) -> None:
    asked = ask(question)
    assert expected in asked.answer.text
    assert not asked.answer.refused
    assert asked.answer.mode is Mode.EXTRACTIVE


def test_every_quote_is_the_revisions_own_text(ask: Ask, corpus: Store) -> None:
    labels = corpus.catalog.labels_of(["everyone"])
    questions = ("How many days of leave?", "What is the daily allowance in France?", "年假多少天？", "parking barrier")
    for question in questions:
        answer = ask(question).answer
        assert answer.citations
        for citation in answer.citations:
            revision = corpus.catalog.revision(citation.revision, labels=labels)
            assert citation.quote == revision.text[citation.start : citation.end]


def test_marks_and_citations_agree(ask: Ask) -> None:
    answer = ask("How many days of paid leave does every employee have?").answer
    assert [citation.n for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    named = {n for sentence in answer.sentences for n in sentence.citations}
    assert named == {citation.n for citation in answer.citations}
    assert all(f"{sentence.text} [{sentence.citations[0]}]" in answer.text for sentence in answer.sentences)
    assert answer.citations[0].path == "everyone/leave.md"
    assert answer.citations[0].section == "Annual leave"


def test_a_citation_names_the_section_it_stands_in_not_the_one_its_chunk_begins_with(place: Place) -> None:
    place.write(
        "hr/trips.md",
        "# Trips\n\n## Claims\n\nClaims are handed in within thirty days.\n\n"
        "## What is not refunded\n\nMinibars and parking fines are never refunded.\n",
    )
    place.ingest()
    answer = Engine(place.store).answer("Are minibars and parking fines refunded?", groups=["hr"])
    first = answer.citations[0]
    assert "never refunded" in first.quote
    assert first.section == "What is not refunded"


def test_a_superseded_revision_is_cited_by_no_new_answer_and_can_still_be_opened(place: Place) -> None:
    question = "Within how many days are claims handed in?"
    place.write("hr/trips.md", "# Trips\n\nClaims are handed in within thirty days.\n")
    place.ingest()
    engine = Engine(place.store)
    before = engine.answer(question, groups=["hr"])
    place.write("hr/trips.md", "# Trips\n\nClaims are handed in within sixty days.\n")
    place.ingest()
    after = engine.answer(question, groups=["hr"])
    labels = engine.catalog.labels_of(["hr"])
    assert "sixty" in after.text and "thirty" not in after.text
    assert all(engine.catalog.revision(item.revision, labels=labels).current for item in after.citations)
    old = before.citations[0]
    revision = engine.catalog.revision(old.revision, labels=labels)
    assert not revision.current
    assert revision.text[old.start : old.end] == old.quote == "Claims are handed in within thirty days."


@pytest.mark.parametrize("change", ["deleted", "closed", "replaced"])
def test_what_goes_while_the_model_writes_about_it_is_in_no_answer(place: Place, server: Server, change: str) -> None:
    old, new = "Claims are handed in within thirty days.", "Claims are handed in within sixty days."
    place.write("hr/trips.md", f"# Trips\n\n## Claims\n\n{old}\n")
    place.write("hr/rooms.md", "# Rooms\n\nRooms are booked in the portal.\n")
    place.ingest()
    engine = Engine(replace(place.store, settings=place.settings.model_copy(update={"llm_url": server.url})))
    changes = [change]

    def answers(prompt: str) -> str:
        said = new if new in prompt else old
        if changes:
            _change(place, changes.pop(), new)
        return f"{said} [1]"

    server.script.answers = answers
    answer = engine.answer("Within how many days are claims handed in?", groups=["hr"])
    assert "thirty" not in answer.text
    assert all("thirty" not in citation.quote for citation in answer.citations)
    assert (answer.text == f"{new} [1]") is (change == "replaced")
    assert answer.refused is (change != "replaced")


def _change(place: Place, change: str, new: str) -> None:
    if change == "deleted":
        (place.inbox / "hr/trips.md").unlink()
    elif change == "closed":
        place.write("hr/access.toml", 'readers = ["board"]\n')
    else:
        place.write("hr/trips.md", f"# Trips\n\n## Claims\n\n{new}\n")
    place.ingest()


def test_a_document_that_is_replaced_again_and_again_is_answered_from_all_the_same(
    place: Place, server: Server
) -> None:
    place.write("hr/trips.md", "# Trips\n\nClaims are handed in within 1 days.\n")
    place.ingest()
    engine = Engine(replace(place.store, settings=place.settings.model_copy(update={"llm_url": server.url})))

    def answers(prompt: str) -> str:
        said = max(int(found) for found in re.findall(r"within (\d+) days", prompt))
        place.write("hr/trips.md", f"# Trips\n\nClaims are handed in within {said + 1} days.\n")
        place.ingest()
        return f"Claims are handed in within {said} days. [1]"

    server.script.answers = answers
    answer = engine.answer("Within how many days are claims handed in?", groups=["hr"])
    assert answer.text == f"Claims are handed in within {TRIES} days. [1]"


def test_a_row_is_quoted_whole_and_shown_without_bars(ask: Ask) -> None:
    answer = ask("What is the daily allowance in Germany?").answer
    assert answer.sentences[0].text == "Country: Germany; Daily allowance: 28 EUR; Hotel limit: 120 EUR"
    assert answer.citations[0].quote == "Country: Germany | Daily allowance: 28 EUR | Hotel limit: 120 EUR"


def test_is_streamed_sentence_by_sentence(ask: Ask) -> None:
    asked = ask("How many days of paid leave does every employee have?")
    assert asked.kinds[0] == "Retrieved"
    assert asked.kinds[-1] == "Finished"
    assert asked.kinds.count("Delta") == len(asked.answer.sentences)
    assert asked.streamed == asked.answer.text
    assert set(asked.answer.timings) == {"retrieve", "answer", "total"}


@pytest.mark.parametrize(
    ("question", "silent"),
    [
        ("Which composer wrote the opera about the volcano eruption on Krakatoa?", "The documents do not say."),
        ("Welcher Komponist schrieb die Oper über den Vulkan Krakatau?", "Dazu sagen die Dokumente nichts."),
        ("哪位作曲家创作了火山歌剧？", "文档中没有相关说明。"),
    ],
)
def test_refuses_in_the_language_of_the_question(ask: Ask, question: str, silent: str) -> None:
    answer = ask(question).answer
    assert answer.refused
    assert answer.text.startswith(silent) or not answer.citations


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Outlook Web Access for External Partners 怎么登录？", "zh"),
        ("Terms and Conditions 在哪里？", "zh"),
        ("IT 部门电话", "zh"),
        ("Microsoft Teams Rooms Pro 许可证", "zh"),
        ("What does 年假 mean in the leave policy?", "en"),
        ("Who is 王小明?", "en"),
        ("Was bedeutet 年假 im Vertrag?", "de"),
        ("Microsoft Teams の使い方は？", "ja"),
        ("Where does カイゼン stand in the manual?", "en"),
        ("Outlook Web Access 연결은 어떻게 합니까?", "ko"),
        ("Who is 김철수 in sales?", "en"),
    ],
)
def test_names_in_another_script_do_not_change_the_language(question: str, language: str) -> None:
    assert language_of(question) == language


def test_who_may_read_nothing_is_told_so(ask: Ask) -> None:
    answer = ask("How many days of leave?", groups=("nobody",)).answer
    assert answer.refused
    assert answer.citations == ()
    assert answer.text.startswith("No document that you may read")


def test_what_one_may_not_read_is_in_no_answer(ask: Ask) -> None:
    question = "What does the merger with Nordwind cost?"
    assert "17 million" in ask(question, groups=("board",)).answer.text
    open_answer = ask(question).answer
    assert "17 million" not in open_answer.text
    assert all("Nordwind" not in citation.quote for citation in open_answer.citations)


def test_a_follow_up_question_borrows_from_the_turns_before(ask: Ask) -> None:
    history = [
        Turn(role="user", content="What do I have to know about parental leave?"),
        Turn(role="assistant", content="It lasts up to 36 months."),
    ]
    answer = ask("Who introduced it?", history=history).answer
    assert "Maria Lindgren" in answer.text


def test_a_question_about_something_else_is_answered_as_if_nothing_had_been_said(ask: Ask) -> None:
    history = [
        Turn(role="user", content=asked)
        for asked in ("How long is parental leave?", "Who introduced parental leave?", "Is leave paid?")
    ]
    question = "When was the data centre in Utrecht opened?"
    before, alone = ask(question, history=history).answer, ask(question).answer
    assert "2016" in alone.text
    assert (before.text, before.reason) == (alone.text, alone.reason)
    assert before.confidence == pytest.approx(alone.confidence)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How are summer parties audited?", False),
        ("How are summer parties planned?", True),
        ("How are summer parties paid?", True),
    ],
)
def test_where_no_passage_says_what_is_asked_of_a_thing_the_answer_is_not_sure(
    place: Place, question: str, said: bool
) -> None:
    place.write(
        "everyone/parties.md",
        "# Summer parties\n\nSummer parties bring all colleagues of a department together once a year.\n\n"
        "Planning a summer party takes two months. The company pays for summer parties by invoice.\n",
    )
    place.ingest()
    answer = Engine(place.store).answer(question, groups=["everyone"])
    assert (answer.confidence > MOST_UNSAID) is said
    assert ("“audited”" in answer.reason) is not said


def test_a_higher_threshold_refuses_more(ask: Ask) -> None:
    refused = ask("How many days of paid leave does every employee have?", refuse_below=1.0).answer
    assert refused.refused
    assert refused.reason == NOT_CLOSE, "what speaks for an answer is no reason to refuse one"


@pytest.mark.parametrize(
    ("question", "sure", "reason"),
    [
        ("Who opened the service desk?", Level.LOW, UNCLEAR),
        ("Why are flights booked in economy class?", Level.MEDIUM, WHOLE),
    ],
)
def test_what_speaks_for_an_answer_is_no_reason_to_doubt_it(ask: Ask, question: str, sure: Level, reason: str) -> None:
    answer = ask(question).answer
    assert not answer.refused
    assert (level(answer.confidence), answer.reason) == (sure, reason)
