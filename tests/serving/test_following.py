"""An answer that is followed: joined pieces, its end, its errors, and stopping it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.asker import Asker
from app.records import AnswerEvent, Delta, Waiting
from app.serving import misses
from app.serving.misses import Misses
from app.serving.rate import Rate
from app.web.following import Following
from storage.errors import ServiceError, TooManyQuestions


def test_pieces_that_come_together_are_one() -> None:
    said = threading.Event()

    def events() -> Iterator[AnswerEvent]:
        yield Delta(text="a")
        yield Delta(text="b")
        yield Waiting(ahead=1)
        yield Delta(text="c")
        said.set()

    answer = Following(events(), Asker())
    assert said.wait(10)
    found: list[AnswerEvent] = []
    while (some := answer.get()) is not None:
        found += some
    assert found == [Delta(text="ab"), Waiting(ahead=1), Delta(text="c")]
    assert answer.get() is None


def test_an_error_comes_after_what_came_before_it() -> None:
    def events() -> Iterator[AnswerEvent]:
        yield Delta(text="a")
        raise ServiceError("gone")

    answer = Following(events(), Asker())
    assert answer.get() == [Delta(text="a")]
    with pytest.raises(ServiceError, match="gone"):
        answer.get()


def test_looking_away_and_stopping() -> None:
    asker, ended = Asker(), threading.Event()

    def events() -> Iterator[AnswerEvent]:
        try:
            woken = threading.Event()
            with asker.calling(woken.set):
                assert woken.wait(10)
            yield Delta(text="late")
            raise AssertionError("nobody wants this")
        finally:
            ended.set()

    answer = Following(events(), asker)
    assert answer.get(timeout=0.01) == []
    answer.close()
    assert ended.wait(10)
    assert [event for some in iter(answer.get, None) for event in some] == [Delta(text="late")]


def test_a_person_may_ask_so_many_questions_a_minute() -> None:
    now = [0.0]
    rate = Rate(2, clock=lambda: now[0])
    rate.take("ann")
    now[0] = 30.0
    rate.take("ann")
    with pytest.raises(TooManyQuestions, match=r"2 questions within a minute.*in 31 seconds") as told:
        rate.take("ann")
    assert told.value.seconds == 31
    rate.take("bob")
    now[0] = 59.5
    with pytest.raises(TooManyQuestions, match=r"in 1 second\.$"):
        rate.take("ann")
    now[0] = 60.0
    rate.take("ann")
    now[0] = 120.0
    rate.take("cem")
    assert set(rate._asked) == {"cem"}  # nobody is remembered longer than that
    for _ in range(100):
        Rate(0).take("ann")


def test_answers_that_were_quoted_instead_are_told_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Misses()
    assert kept.of_late() is None
    for why in ("gone", "slow"):
        kept.add(why)
    kept.written()
    assert (missed := kept.of_late()) is not None
    assert (missed.count, missed.why, missed.over) == (2, "slow", True)
    kept.add("gone")
    assert (missed := kept.of_late()) is not None
    assert (missed.count, missed.why, missed.over) == (3, "gone", False)
    monkeypatch.setattr(misses, "OF_LATE", timedelta(0))
    assert kept.of_late() is None
