"""How many search at once, and who is next."""

from __future__ import annotations

import threading
import time

import pytest

from app.retrieval.turns import Turns

WAIT = 10.0  # seconds


def test_places_go_to_those_who_waited_longest() -> None:
    turns = Turns(1)
    order: list[int] = []

    def person(number: int) -> None:
        with turns:
            order.append(number)

    threads = [threading.Thread(target=person, args=(number,)) for number in range(5)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            until = time.monotonic() + WAIT
            while len(turns._waiting) <= number and time.monotonic() < until:
                time.sleep(0.001)
        assert order == []
    for thread in threads:
        thread.join(WAIT)
    assert order == [0, 1, 2, 3, 4]


def test_no_more_than_the_places_are_in_at_once_and_an_error_gives_its_place_back() -> None:
    turns, inside, most = Turns(2), [0], [0]
    counting = threading.Lock()

    def person() -> None:
        for _ in range(20):
            with turns:
                with counting:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                time.sleep(0.0005)
                with counting:
                    inside[0] -= 1

    for _ in range(3):
        with pytest.raises(ValueError, match="out"), turns:
            raise ValueError("out")
    threads = [threading.Thread(target=person) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert most == [2]
    assert inside == [0]
