"""The queue: who comes next, and how many are ahead."""

from __future__ import annotations

from contextlib import ExitStack

from app.serving.waiting import Queue, Ticket


def test_people_take_turns_whatever_they_ask_at_once() -> None:
    queue = Queue(1)
    order: list[str] = []
    with ExitStack() as opened:
        holding = ExitStack()
        holding.enter_context(queue.ticket("zoe"))
        waiting: list[tuple[str, Ticket, ExitStack]] = []
        for name in ["ann"] * 4 + ["bob", "bob", "cem"]:
            place = opened.enter_context(ExitStack())
            waiting.append((name, place.enter_context(queue.ticket(name)), place))
        assert [ticket.ahead() for _, ticket, _ in waiting] == [0, 3, 5, 6, 1, 4, 2]
        assert queue.load() == (1, 7)
        holding.close()
        while waiting:
            at = next(number for number, (_, ticket, _) in enumerate(waiting) if ticket.granted.is_set())
            name, ticket, place = waiting.pop(at)
            order.append(name)
            assert ticket.ahead() == 0
            place.close()
    assert order == ["ann", "bob", "cem", "ann", "bob", "ann", "ann"]
    assert queue.load() == (0, 0)
    assert not queue._last and not queue._running and not queue._waiting  # nobody is remembered


def test_how_many_are_ahead_is_told_as_the_turns_will_come() -> None:
    queue = Queue(1)
    with ExitStack() as opened:
        first = ExitStack()
        first.enter_context(queue.ticket("ann"))
        names = ["ann", "ann", "zoe", "bob", "bob"]
        one, two, running, three, four = (opened.enter_context(queue.ticket(name)) for name in names)
        first.close()
        assert running.granted.is_set()
        assert [ticket.ahead() for ticket in (three, one, four, two)] == [0, 1, 2, 3]  # ann's last turn was later


def test_whoever_has_fewer_answers_under_way_comes_first() -> None:
    queue = Queue(3)
    with queue.ticket("ann") as one, queue.ticket("ann") as two:
        done = ExitStack()
        done.enter_context(queue.ticket("ann"))
        assert one.granted.is_set() and two.granted.is_set()
        with queue.ticket("ann") as fourth, queue.ticket("bob") as other:
            assert (other.ahead(), fourth.ahead()) == (0, 1)
            done.close()
            assert other.granted.is_set() and not fourth.granted.is_set()


def test_whoever_gives_up_leaves_the_queue() -> None:
    queue = Queue(1)
    with ExitStack() as first:
        first.enter_context(queue.ticket("ann"))
        with queue.ticket("cem") as last:
            with queue.ticket("bob"):
                assert not last.wait(0.01)
            assert last.ahead() == 0
            first.close()
            assert last.wait(0)
