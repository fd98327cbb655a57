"""Numbers for Prometheus. The only owner of prometheus-client. Counts and durations only: no names, no text."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.records import Answer
from storage.records import State

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 120)

_registry = CollectorRegistry()
_questions = Counter("premise_questions", "Questions asked.", registry=_registry)
_searches = Counter("premise_searches", "Searches without an answer.", registry=_registry)
_refusals = Counter("premise_refusals", "Answers that the documents do not say.", registry=_registry)
_errors = Counter("premise_question_errors", "Questions that ended with an error.", ["error"], registry=_registry)
_answers = Histogram(
    "premise_answer_seconds", "Time to the whole answer.", ["mode"], buckets=_SECONDS, registry=_registry
)
_retrieval = Histogram("premise_retrieval_seconds", "Time to find passages.", buckets=_SECONDS, registry=_registry)
_replaced = Counter(
    "premise_search_processes_replaced", "Processes that search, ended and replaced.", registry=_registry
)
_model = Gauge(
    "premise_language_model_questions", "Questions at a language model.", ["model", "state"], registry=_registry
)
_servers = Gauge("premise_language_model_up", "Whether a server is used.", ["model", "server"], registry=_registry)
_written = Counter("premise_written_answers", "Answers written by a model, by its name.", ["name"], registry=_registry)
_documents = Gauge("premise_documents", "Files by state.", ["state"], registry=_registry)
_ratings = Gauge("premise_ratings", "Rated answers.", ["rating"], registry=_registry)


def question() -> None:
    """A question was asked."""
    _questions.inc()


def failed(error: Exception) -> None:
    """A question ended with an error."""
    _errors.labels(type(error).__name__).inc()


def searched(seconds: float) -> None:
    """Passages were asked for, without an answer."""
    _searches.inc()
    _retrieval.observe(seconds)


def answered(answer: Answer, seconds: float) -> None:
    """A whole answer was given."""
    _answers.labels(answer.mode.value).observe(seconds)
    if "retrieve" in answer.timings:
        _retrieval.observe(answer.timings["retrieve"])
    if answer.refused:
        _refusals.inc()
    if answer.model:
        _written.labels(answer.model).inc()


def language_model(model: str, running: int, waiting: int, servers: Mapping[str, bool]) -> None:
    """What a model (`first`, `second`) does now: answers under way, questions that wait, its servers by address."""
    _model.labels(model, "running").set(running)
    _model.labels(model, "waiting").set(waiting)
    for address, up in servers.items():
        _servers.labels(model, address).set(up)


def searchers_replaced(replaced: int) -> None:
    """How many processes that search have ended and were replaced, since the server started."""
    _replaced.reset()
    _replaced.inc(replaced)


def exposition(counts: dict[str, int], ratings: dict[str, int]) -> bytes:
    """Everything in Prometheus' text form. `counts` as Catalog.counts gives them."""
    for state in State:
        _documents.labels(state.value).set(counts.get(state, 0))
    for rating, number in ratings.items():
        _ratings.labels(rating).set(number)
    return generate_latest(_registry)
