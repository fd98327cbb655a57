"""Answers given earlier, and who may still see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from served import Site

from app.records import Turn
from app.ui import kept
from storage.accounts import User
from storage.catalog import Catalog
from storage.conversations import Message

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _user(*groups: str) -> User:
    return User(name="mover", groups=groups, admin=False, disabled=False, created=NOW)


def _message(name: str, role: str, *revisions: str) -> Message:
    answer = {"citations": [{"n": 1, "revision": revision} for revision in revisions]} if role != "user" else None
    return Message(id=name, role=role, content=name, answer=answer, rating=None, comment=None, created=NOW)


def _drawing(name: str, cited: str, drawn: str) -> Message:
    found = _message(name, "assistant", cited)
    return replace(found, answer=(found.answer or {}) | {"drawn": [drawn]})


def test_an_answer_is_withheld_when_any_of_its_documents_is_out_of_reach(site: Site) -> None:
    catalog = Catalog(site.database)
    common, private = site.revision("everyone/zephyr.txt"), site.revision("hr/parental-leave.docx")
    messages = [
        _message("question", "user"),
        _message("open", "assistant", common),
        _message("private", "assistant", common, private),
        _message("deleted", "assistant", "0" * 32),
        _message("citing nothing", "assistant"),
        _drawing("drawing on private", common, private),
    ]
    assert kept.withheld(catalog, _user("hr"), messages) == {"deleted"}
    assert kept.withheld(catalog, _user(), messages) == {"deleted", "private", "drawing on private"}
    assert kept.withheld(catalog, _user(), messages[:1]) == frozenset()


def test_the_engine_is_not_told_what_is_withheld() -> None:
    messages = [_message(f"{role} {turn}", role) for turn in range(5) for role in ("user", "assistant")]
    told = kept.turns(messages, {"assistant 3", "assistant 0"})
    assert len(told) == kept.TURNS - 1
    assert told[:3] == [
        Turn(role="user", content="user 2"),
        Turn(role="assistant", content="assistant 2"),
        Turn(role="user", content="user 3"),
    ]
    assert told[3].content == "user 4"


def test_the_engine_is_told_whose_text_an_answer_may_hold() -> None:
    told = kept.turns([_message("asked", "user"), _drawing("said", "a", "b")], frozenset())
    assert [turn.revisions for turn in told] == [(), ("a", "b")]


def test_the_engine_is_not_told_what_a_document_said_before_it_changed() -> None:
    messages = [_message("asked", "user"), _message("old", "assistant", "a", "b"), _message("new", "assistant", "a")]
    assert [turn.content for turn in kept.turns(messages, frozenset(), {"b"})] == ["asked", "new"]
