"""Answers on their way, by conversation: one is made at a time, the others wait in line. Each is made in a thread of
its own and kept behind its question, whatever the windows that show it look at meanwhile.

Kept in this process, which is the only one that serves pages. Safe to use from many threads; knows no page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing

from app.records import Answer, Delta, Finished, Retrieved, Waiting
from app.web.following import Following
from storage.errors import PremiseError

LOOK_SECONDS = 0.25  # between two looks at whether it is still wanted, and at whose turn it is
TOGETHER_SECONDS = 0.05  # what comes in that time is taken together
AWAY_SECONDS = 5.0  # after the window that showed it was closed; a page that is loaded anew is back sooner


class Growing:
    """The answer to one question, as far as it is."""

    def __init__(
        self, chat: str, question: str, begin: Callable[[], Following], keep: Callable[[Answer], object]
    ) -> None:
        """`begin` asks, when it is its turn; `keep` puts the answer where it belongs. Both are called in a thread."""
        self.chat = chat
        self.question = question  # its id
        self.text = ""
        self.step: Retrieved | Waiting | None = None  # the last before its text
        self.answer: Answer | None = None  # the whole, once it is kept
        self.failure: BaseException | None = None
        self.ended = False  # by itself or by a person
        self._begin, self._keep = begin, keep
        self._stopped = False
        self._left: float | None = None  # when the window that showed it was closed

    def ahead(self) -> bool:
        """Whether another of its conversation comes before."""
        with _lock:
            return _growing.get(self.chat, [self])[0] is not self

    def stop(self) -> None:
        """Nobody wants it any more."""
        self._stopped = True
        self._leave()

    def seen(self) -> None:
        """A window shows it."""
        self._left = None

    def left(self) -> None:
        """A window that showed it was closed, or is loaded anew."""
        self._left = time.monotonic()

    def run(self) -> None:
        """Make it and keep it."""
        try:
            self._grow()
        except PremiseError as error:
            self.failure = error
        except BaseException as error:
            self.failure = error
            raise  # into the log, where no window shows it
        finally:
            self._leave()
            self.ended = True

    def _grow(self) -> None:
        while self.ahead():
            if not self._wanted():
                return
            time.sleep(LOOK_SECONDS)
        with closing(self._begin()) as coming:
            while self._wanted() and (events := coming.get(timeout=LOOK_SECONDS)) is not None:
                for event in events:
                    if isinstance(event, Delta):
                        self.text = event.text if event.anew else self.text + event.text
                    elif isinstance(event, Finished):
                        self._keep(event.answer)
                        self.answer = event.answer
                        return
                    else:
                        self.step = event
                time.sleep(TOGETHER_SECONDS)

    def _wanted(self) -> bool:
        left = self._left
        return not self._stopped and (left is None or time.monotonic() - left < AWAY_SECONDS)

    def _leave(self) -> None:
        with _lock:
            line = _growing.get(self.chat, [])
            if self in line:
                line.remove(self)
            if not line:
                _growing.pop(self.chat, None)


_growing: dict[str, list[Growing]] = {}  # by conversation, in the order in which they were asked
_lock = threading.Lock()


def start(chat: str, question: str, begin: Callable[[], Following], keep: Callable[[Answer], object]) -> None:
    """Answer a question, when those before it in its conversation are answered; one that is under way goes on."""
    one = Growing(chat, question, begin, keep)
    with _lock:
        line = _growing.setdefault(chat, [])
        if any(other.question == question for other in line):
            return
        line.append(one)
    threading.Thread(target=one.run, name="growing", daemon=True).start()


def under_way(chat: str) -> dict[str, Growing]:
    """The answers of a conversation that are on their way, by the ids of their questions."""
    with _lock:
        return {one.question: one for one in _growing.get(chat, ())}
