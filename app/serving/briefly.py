"""Short answers of the language model as JSON, within a time and never at the cost of somebody's answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.asker import Asker
from app.records import Turn
from app.serving.llm import LanguageModel
from storage.errors import ServiceError, Stopped


@dataclass(frozen=True, kw_only=True)
class Briefly:
    """A model that is asked something by the way, and how long it has to say it."""

    model: LanguageModel
    seconds: float
    asker: Asker

    def count(self, messages: Sequence[Turn]) -> int:
        """Tokens of a prompt. Raises: Stopped."""
        return self.model.count(messages, self.asker)

    def ask(self, messages: Sequence[Turn], schema: Mapping[str, Any], *, tokens: int) -> str:
        """What the model says of such JSON in that time and so many tokens: not always all of it, or anything.

        Raises: Stopped, when the asker was.
        """
        self.model.prepare()  # not in the time that the model has
        own = Asker(self.asker.person)
        clock = threading.Timer(self.seconds, own.stop)
        clock.daemon = True
        clock.start()
        said: list[str] = []
        try:
            with self.asker.calling(own.stop):
                said.extend(self.model.stream(messages, answer_tokens=tokens, asker=own, schema=schema))
        except Stopped:
            if self.asker.stopped:
                raise
        except ServiceError:
            pass  # the answer itself will show what is wrong
        finally:
            clock.cancel()
        return "".join(said)
