"""Questions from the pages and the API: asked for a person, counted for Prometheus, noted in the audit trail."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from app import metrics
from app.records import AnswerEvent, Finished, Hit, Turn
from storage.audit import Event
from storage.errors import PremiseError

if TYPE_CHECKING:
    from app.engine import Engine


def ask(
    engine: Engine, question: str, *, person: str, groups: frozenset[str], history: Sequence[Turn] = ()
) -> Generator[AnswerEvent, None, None]:
    """The events of an answer; close it to stop. Raises: QuestionError at once, other PremiseErrors as it goes on."""
    metrics.question()
    try:
        events = engine.ask(question, groups=groups, history=history)
    except PremiseError as error:
        metrics.failed(error)
        raise
    return _noted(engine, events, person)


def _noted(engine: Engine, events: Iterator[AnswerEvent], person: str) -> Generator[AnswerEvent, None, None]:
    began = time.monotonic()
    try:
        for event in events:
            if isinstance(event, Finished):
                seconds = time.monotonic() - began
                metrics.answered(event.answer, seconds)
                engine.audit.record(person, Event.ASKED, seconds=seconds)
            yield event
    except PremiseError as error:
        metrics.failed(error)
        raise
    finally:
        if isinstance(events, Generator):
            events.close()  # whoever asked has gone: the language model need not go on


def search(
    engine: Engine, question: str, *, person: str, groups: frozenset[str], k: int, history: Sequence[Turn] = ()
) -> tuple[list[Hit], float]:
    """The k best passages, and the seconds it took. Raises: QuestionError and other PremiseErrors."""
    began = time.monotonic()
    try:
        hits = engine.search(question, groups=groups, k=k, history=history)
    except PremiseError as error:
        metrics.failed(error)
        raise
    seconds = time.monotonic() - began
    metrics.searched(seconds)
    engine.audit.record(person, Event.SEARCHED, seconds=seconds)
    return hits, seconds
