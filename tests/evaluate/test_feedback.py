"""A question set made of what people asked and rated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from place import Place

from app.evaluation.feedback import write_set
from app.evaluation.questions import read_questions
from storage.accounts import Accounts
from storage.audit import Audit, Event
from storage.conversations import Conversations
from storage.errors import QuestionError


def answer(*, refused: bool = False, path: str = "hr/leave.md") -> dict[str, Any]:
    citation = {"path": path, "quote": "30 days of leave", "pages": [2]}
    return {"answer": "30 days.", "refused": refused, "citations": [citation]}


def test_rated_answers_become_a_set_that_can_be_measured(place: Place, tmp_path: Path) -> None:
    accounts, talks = Accounts(place.store.database), Conversations(place.store.database)
    accounts.add("mia", "a long password", ["hr"], admin=False)
    chat = talks.start("mia", "How much leave?")
    talks.add("mia", chat.id, "user", "How much leave?")
    good = talks.add("mia", chat.id, "assistant", "30 days.", answer())
    talks.add("mia", chat.id, "user", "And in France?")
    bad = talks.add("mia", chat.id, "assistant", "30 days.", answer())
    talks.add("mia", chat.id, "user", "Who won the cup?")
    silent = talks.add("mia", chat.id, "assistant", "Not said.", answer(refused=True))
    talks.add("mia", chat.id, "user", "Never rated?")
    talks.add("mia", chat.id, "assistant", "30 days.", answer())
    file = tmp_path / "ours.jsonl"
    with pytest.raises(QuestionError, match="nothing to make"):
        write_set(place.settings, file)
    talks.rate("mia", good.id, 1)
    talks.rate("mia", bad.id, -1, "that is Germany")
    talks.rate("mia", silent.id, 1)

    assert write_set(place.settings, file) == {"confirmed": 2, "open": 1}
    assert file.stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert not any("mia" in json.dumps(line) for line in lines)
    first, second, third = read_questions(file)
    assert (first.text, first.files, first.pages, first.evidence) == (
        "How much leave?",
        ("hr/leave.md",),
        (2,),
        ("30 days of leave",),
    )
    assert first.groups == ("everyone", "hr")
    assert (second.files, second.evidence, len(second.history)) == ((), (), 2)
    assert lines[1]["comment"] == "that is Germany"
    assert (third.answerable, third.files) == (False, ())
    assert Audit(place.store.database).newest()[0].event is Event.SET_MADE
    with pytest.raises(QuestionError, match="there already"):
        write_set(place.settings, file)
