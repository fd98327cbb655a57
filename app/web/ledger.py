"""Questions from the pages and the API: asked for a person, counted for Prometheus, noted in the audit trail."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from app.asker import OPERATOR, Asker
from app.records import AnswerEvent, Finished, Turn
from app.retrieval.retrieve import Found
from app.web import metrics
from app.web.following import Following
from storage.audit import Event
from storage.errors import PremiseError
from storage.filters import Filters
from storage.indexes import NO_FILTERS

if TYPE_CHECKING:
    from app.engine import Engine


def ask(
    engine: Engine,
    question: str,
    *,
    asker: Asker,
    groups: frozenset[str],
    history: Sequence[Turn] = (),
    filters: Filters = NO_FILTERS,
) -> Following:
    """The answer as it is made; close it to stop.

    Raises: QuestionError, TooManyQuestions; while it is followed other PremiseErrors, Stopped among them.
    """
    metrics.question()
    try:
        _in_time(engine, asker.person)
        events = engine.ask(question, groups=groups, history=history, asker=asker, filters=filters)
    except PremiseError as error:
        metrics.failed(error)
        raise
    return Following(_noted(engine, events, asker.person), asker)


def check(engine: Engine, question: str) -> None:
    """Whether it can be asked. Raises: QuestionError."""
    try:
        engine.check(question)
    except PremiseError as error:
        metrics.question()
        metrics.failed(error)
        raise


def _in_time(engine: Engine, person: str) -> None:
    if person != OPERATOR:  # stands for many people, and is answerable for what it runs
        engine.rate.take(person)


def _noted(engine: Engine, events: Iterator[AnswerEvent], person: str) -> Generator[AnswerEvent, None, None]:
    began = time.monotonic()
    try:
        for event in events:
            if isinstance(event, Finished):
                seconds = time.monotonic() - began
                metrics.answered(event.answer, seconds)
                made = f"prompts {event.answer.prompts}" if event.answer.prompts else ""
                engine.audit.record(person, Event.ASKED, made, seconds)
            yield event
    except PremiseError as error:
        metrics.failed(error)
        raise
    finally:
        if isinstance(events, Generator):
            events.close()


def search(
    engine: Engine,
    question: str,
    *,
    person: str,
    groups: frozenset[str],
    k: int,
    history: Sequence[Turn] = (),
    filters: Filters = NO_FILTERS,
) -> tuple[Found, float]:
    """The k best passages, and the seconds it took. Raises: QuestionError, TooManyQuestions and others."""
    began = time.monotonic()
    try:
        _in_time(engine, person)
        found = engine.search_noted(question, groups=groups, k=k, history=history, filters=filters)
    except PremiseError as error:
        metrics.failed(error)
        raise
    seconds = time.monotonic() - began
    metrics.searched(seconds)
    engine.audit.record(person, Event.SEARCHED, seconds=seconds)
    return found, seconds
