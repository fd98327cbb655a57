"""Answers on their way: made one after the other, kept whoever looks, ended by whom they are for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.asker import Asker
from app.records import Answer, AnswerEvent, Delta, Finished, Mode, Waiting
from app.ui import growing
from app.web.following import Following
from storage.errors import ServiceError

ANSWER = Answer(
    text="Thirty days.", refused=False, mode=Mode.WRITTEN, confidence=1, sentences=(), citations=(), timings={}
)


class Model:
    """Says a piece, then the whole answer when it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on, self.hung_up = threading.Event(), threading.Event()
        self.kept: list[Answer] = []

    def begin(self) -> Following:
        self.asked += 1
        asker = Asker()

        def events() -> Iterator[AnswerEvent]:
            yield Waiting(ahead=0)
            yield Delta(text="I think ")
            yield Delta(text="Thirty ", anew=True)
            yield Delta(text="days")
            with asker.calling(self._stopped):
                assert self.go_on.wait(30)
            yield Finished(answer=ANSWER)

        return Following(events(), asker)

    def _stopped(self) -> None:
        self.hung_up.set()
        self.go_on.set()


def _start(model: Model, question: str) -> growing.Growing:
    growing.start("chat", question, model.begin, model.kept.append)
    return growing.under_way("chat")[question]


def _until(check: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not check():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_answer_grows_and_is_kept_though_nobody_looks() -> None:
    model = Model()
    one = _start(model, "how many")
    _until(lambda: one.text == "Thirty days")
    assert one.step == Waiting(ahead=0) and not one.ended
    assert growing.under_way("chat") == {"how many": one} and growing.under_way("other") == {}
    model.go_on.set()
    _until(lambda: one.ended)
    assert model.kept == [one.answer] == [ANSWER]
    assert growing.under_way("chat") == {}


def test_one_of_a_conversation_is_made_at_a_time_and_none_twice() -> None:
    first, second = Model(), Model()
    one, other = _start(first, "first"), _start(second, "second")
    assert _start(Model(), "second") is other
    _until(lambda: one.text)
    time.sleep(2 * growing.LOOK_SECONDS)
    assert other.ahead() and not one.ahead() and second.asked == 0
    first.go_on.set()
    second.go_on.set()
    _until(lambda: other.ended)
    assert (first.kept, second.kept) == ([ANSWER], [ANSWER])


def test_stopping_ends_it_at_the_model_and_lets_the_next_begin() -> None:
    first, second = Model(), Model()
    one, other = _start(first, "first"), _start(second, "second")
    _until(lambda: one.text)
    one.stop()
    assert growing.under_way("chat") == {"second": other}
    assert first.hung_up.wait(30)
    _until(lambda: one.ended and other.text)
    other.stop()
    _until(lambda: other.ended)
    assert first.kept == second.kept == [] and one.answer is None


def test_one_whose_window_was_closed_ends_but_not_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "AWAY_SECONDS", 1.5)
    closed, back = Model(), Model()
    one = _start(closed, "closed")
    _until(lambda: one.text)
    one.left()
    assert closed.hung_up.wait(30)
    _until(lambda: one.ended)
    other = _start(back, "back")
    _until(lambda: other.text)
    other.left()
    other.seen()
    assert not back.hung_up.wait(2)
    back.go_on.set()
    _until(lambda: other.ended)
    assert (closed.kept, back.kept) == ([], [ANSWER])


def test_what_fails_is_kept_for_whoever_shows_it() -> None:
    def begin() -> Following:
        raise ServiceError("too many questions")

    growing.start("chat", "failing", begin, lambda _: None)
    _until(lambda: not growing.under_way("chat"))
    one = growing.Growing("chat", "again", begin, lambda _: None)
    one.run()
    assert one.ended and str(one.failure) == "too many questions"
