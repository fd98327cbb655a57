"""The language model: one or several servers on the premises that serve the same one, and who is served when.

Chooses the server with the fewest answers under way, goes on to another before the first piece of an answer and never
after it, and leaves a server that failed alone until it answers again. Knows no question and no document; the
protocol is app/serving/llm_server.py's.
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from app.asker import Asker
from app.records import Turn
from app.serving import llm_server
from app.serving.llm_server import Model, RequestError, Server, ServerError
from app.serving.tokens import Tokenizer
from app.serving.waiting import Queue
from storage.errors import ModelBusy, ModelRefuses, ModelSlow, ServiceError
from storage.settings import Settings

REST_SECONDS = (5.0, 10.0, 20.0, 30.0)  # after so many failures in a row the server is looked at again so much later
LOOK_SECONDS = 0.5  # between two looks at whose rest is over
AGAIN_SECONDS = 0.3  # before a lone server is tried once more


@dataclass(kw_only=True, eq=False)
class _Known:
    """A server with what we know of it."""

    server: Server
    busy: int = 0  # answers under way
    failures: int = 0  # in a row
    rest_until: float = 0.0  # of time.monotonic; over 0 it is not asked until it was seen to answer
    last: int = field(default=0)  # when it was chosen last
    doubted: bool = False  # it refused a request: it is looked at, and used meanwhile
    problem: ServiceError | None = None  # what its last failure was, until it answers again


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who writes an answer: a server, and what it serves."""

    url: str
    model: str  # its name on that server


class LanguageModel:
    """Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        if not settings.llm_urls:
            raise ValueError("a language model needs llm_url")  # the client's own default is an address on the internet
        self.queue = Queue(settings.llm_at_once)
        self.begin_in_thought: set[Speaker] = set()  # whose answers do, as was seen (app/answers/write.py)
        self._tokenizer = Tokenizer(settings.llm_tokenizer)
        self._servers = [_Known(server=Server(url, settings)) for url in settings.llm_urls]
        self._lock = threading.Lock()
        self._looking = False
        self._chosen = 0

    def available(self) -> bool:
        """Whether a server answers now: each is asked for a token. Takes as long as first words may take, at most."""
        answering = [self._look(known) for known in self._servers]
        return any(answering)

    def resting(self) -> bool:
        """Whether every server failed so recently that none is tried."""
        return all(known.rest_until > 0 for known in self._servers)

    def states(self) -> list[dict[str, Any]]:
        """Every server for status, metrics and Administration: {url, model, context, up, busy, problem}. Asks nobody.

        `model` and `context` as it said them, None before that.
        """
        with self._lock:
            return [
                {
                    "url": item.server.url,
                    "model": served.name if (served := item.server.known) else None,
                    "context": served.context if served else None,
                    "up": item.rest_until == 0,
                    "busy": item.busy,
                    "problem": str(item.problem) if item.problem else None,
                }
                for item in self._servers
            ]

    def problems(self) -> list[str]:
        """What was wrong with a server when it was last asked. Asks nobody."""
        return list(dict.fromkeys(state["problem"] for state in self.states() if state["problem"]))

    def model(self, asker: Asker | None = None) -> Model:
        """Name and context; the smallest context where servers differ. Raises: ServiceError; Stopped."""
        found: list[Model] = []
        failure: ServiceError | None = None
        for known in self._servers:
            if known.rest_until > 0:
                continue
            try:
                found.append(known.server.model(asker=asker))
            except ServiceError as error:
                self._failed(known, error)
                failure = error
        if not found:
            raise failure or self._all_rest()
        return min(found, key=lambda model: model.context)

    def prepare(self) -> None:
        """Import the client, which takes seconds, before the first question does."""
        llm_server.prepare()

    def count(self, messages: Sequence[Turn], asker: Asker | None = None) -> int:
        """Tokens of a prompt: by the tokenizer of the settings, else by a server's own, else a careful estimate.

        Raises: ServiceError, Stopped.
        """
        asker = asker or Asker()
        if not self._tokenizer.exact:
            for known in self._servers:
                if known.rest_until == 0 and (found := known.server.count(messages, asker)) is not None:
                    return found
        return self._tokenizer.count(messages)

    def stream(
        self,
        messages: Sequence[Turn],
        *,
        answer_tokens: int,
        asker: Asker | None = None,
        schema: Mapping[str, Any] | None = None,
        spoken_by: Callable[[Speaker], None] = lambda _: None,
    ) -> Generator[str, None, bool]:
        """Pieces of the answer as they come; closing the iterator, or stopping the asker, ends the request.

        `spoken_by` is told who answers, before the first piece. Returns whether the answer was cut off at
        `answer_tokens`.

        With a JSON `schema` the answer is JSON of that form. Raises: ServiceError, at the first piece or later (gone,
        too slow, an error, broken off), PromptTooLong, Stopped.
        """
        asker = asker or Asker()
        tried: list[_Known] = []
        while True:
            known = self._choose(tried)
            begun = False
            try:
                with (
                    self._serving(known),
                    closing(
                        known.server.pieces(messages, answer_tokens=answer_tokens, asker=asker, schema=schema)
                    ) as pieces,
                ):
                    # before its first word: were it asked for its name later, it could be gone in mid-answer
                    speaker = Speaker(url=known.server.url, model=known.server.model(asker=asker).name)
                    while True:
                        try:
                            piece = next(pieces)
                        except StopIteration as end:
                            cut = bool(end.value)
                            break
                        if not begun:
                            begun = True
                            spoken_by(speaker)
                        yield piece
                known.failures, known.problem = 0, None
                return cut
            except RequestError as error:
                self._failed(known, error, doubted=True)
                raise
            except ServerError as error:
                again = self._others(known, tried) or (error.passing and known not in tried)
                tried.append(known)
                if not begun and again:
                    if not self._others(known, tried):
                        threading.Event().wait(AGAIN_SECONDS)
                    else:
                        self._failed(known, error)
                    continue
                self._failed(known, error)
                raise

    def structured(
        self, messages: Sequence[Turn], schema: Mapping[str, Any], *, answer_tokens: int, asker: Asker | None = None
    ) -> Any:
        """An answer as JSON of this schema. Raises: ServiceError, also when what came is no whole JSON; Stopped."""
        text = "".join(self.stream(messages, answer_tokens=answer_tokens, asker=asker, schema=schema))
        try:
            return json.loads(text)
        except ValueError as error:
            raise ServiceError("The language model's answer is no JSON, or was cut off.") from error

    # --- which server --------------------------------------------------------------------------------------------

    def _choose(self, tried: Sequence[_Known]) -> _Known:
        """The least busy server that is up, one that was not tried for this answer if there is one."""
        with self._lock:
            up = [known for known in self._servers if known.rest_until == 0]
            fresh = [known for known in up if known not in tried] or up
            if not fresh:
                raise self._all_rest()
            chosen = min(fresh, key=lambda known: (known.busy, known.last))
            self._chosen += 1
            chosen.last = self._chosen
            return chosen

    def _others(self, known: _Known, tried: Sequence[_Known]) -> bool:
        return any(item.rest_until == 0 and item is not known and item not in tried for item in self._servers)

    @contextmanager
    def _serving(self, known: _Known) -> Iterator[None]:
        with self._lock:
            known.busy += 1
        try:
            yield
        finally:
            with self._lock:
                known.busy -= 1

    def _all_rest(self) -> ServiceError:
        where = " and ".join(known.server.url for known in self._servers)
        problems = [known.problem for known in self._servers if known.problem]
        told = " ".join(dict.fromkeys(map(str, problems)))
        kinds = (ModelRefuses, ModelBusy, ModelSlow)
        alike = (kind for kind in kinds if problems and all(isinstance(problem, kind) for problem in problems))
        kind: type[ServiceError] = next(alike, ServiceError)
        return kind(f"The language model server at {where} failed a moment ago and is left alone. {told}".rstrip())

    # --- health --------------------------------------------------------------------------------------------------

    def _failed(self, known: _Known, error: ServiceError, *, doubted: bool = False) -> None:
        """Leave the server alone until it answers again, which a thread looks after.

        `doubted`: it refused one request, and may be well.
        """
        with self._lock:
            known.doubted, known.problem = doubted, error
            if not doubted:
                known.rest_until = monotonic() + REST_SECONDS[min(known.failures, len(REST_SECONDS) - 1)]
                known.failures += 1
            if self._looking:
                return
            self._looking = True
        threading.Thread(target=_look_after, args=(weakref.ref(self),), name="language-model", daemon=True).start()

    def _look(self, known: _Known) -> bool:
        """Whether the server answers; it is used again, or rests on, accordingly."""
        try:
            known.server.trial()
        except ServiceError as error:
            self._failed(known, error)
            return False
        known.rest_until, known.doubted, known.problem = 0.0, False, None
        return True

    def _look_once(self) -> bool:
        """Look at every server whose rest is over, or that is doubted. Returns whether any still rests."""
        for known in self._servers:
            if known.doubted or 0 < known.rest_until <= monotonic():
                self._look(known)
        with self._lock:
            self._looking = any(known.doubted or known.rest_until > 0 for known in self._servers)
            return self._looking


def _look_after(model: weakref.ref[LanguageModel]) -> None:
    """Look at servers that failed until all are up again, or nobody needs them any more."""
    while (found := model()) is not None and found._look_once():
        del found  # while we sleep, only those who use it keep it
        threading.Event().wait(LOOK_SECONDS)
