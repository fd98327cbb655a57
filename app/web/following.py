"""An answer made in a thread of its own, followed by whoever shows it: they may stop it at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

from app.asker import Asker
from app.records import AnswerEvent, Delta


class Following:
    """The events of one answer. One thread at a time may follow it."""

    def __init__(self, events: Iterator[AnswerEvent], asker: Asker) -> None:
        self._asker = asker
        self._come: SimpleQueue[AnswerEvent | BaseException | None] = SimpleQueue()  # None: that was all
        self._ended = False
        self._failure: BaseException | None = None
        self._tell: Callable[[], None] | None = None
        threading.Thread(target=self._run, args=(events,), name="answer", daemon=True).start()

    def get(self, timeout: float | None = None) -> list[AnswerEvent] | None:
        """What came since, at once or as soon as something does; pieces of text joined.

        An empty list when nothing came in `timeout` seconds; None after the end. Raises what making the answer raised.
        """
        found: list[AnswerEvent] = []
        with suppress(Empty):
            item = None if self._ended else self._come.get(timeout=timeout)
            while item is not None and not isinstance(item, BaseException):
                last = found[-1] if found else None
                if isinstance(item, Delta) and isinstance(last, Delta):
                    found[-1] = item if item.anew else Delta(text=last.text + item.text, anew=last.anew)
                else:
                    found.append(item)
                item = self._come.get_nowait()
            self._failure = self._failure or item
            self._ended = True
        if found or not self._ended:
            return found
        if self._failure is not None:
            raise self._failure
        return None

    @contextmanager
    def telling(self, call: Callable[[], None]) -> Iterator[None]:
        """Meanwhile `call` is called when something came, by the thread that makes the answer: it must not wait.

        It is called at once too, for what came before.
        """
        self._tell = call
        call()
        try:
            yield
        finally:
            self._tell = None

    def close(self) -> None:
        """The answer is not wanted any more."""
        self._asker.stop()

    def _run(self, events: Iterator[AnswerEvent]) -> None:
        end: BaseException | None = None
        try:
            for event in events:
                self._put(event)
                if self._asker.stopped:
                    break
        except BaseException as error:  # noqa: BLE001  raised again where the answer is followed
            end = error
        finally:
            if hasattr(events, "close"):
                events.close()
            self._put(end)

    def _put(self, item: AnswerEvent | BaseException | None) -> None:
        self._come.put(item)
        tell = self._tell
        if tell is not None:
            tell()
