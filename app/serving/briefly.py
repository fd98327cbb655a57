"""A short answer of the language model as JSON, within a time and never at the cost of somebody's answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from app.asker import Asker
from app.records import Turn
from app.serving.llm import LanguageModel
from storage.errors import ServiceError, Stopped


def briefly(
    model: LanguageModel,
    messages: Sequence[Turn],
    schema: Mapping[str, Any],
    *,
    tokens: int,
    seconds: float,
    asker: Asker,
) -> str:
    """What the model says of such JSON in that time and so many tokens: not always all of it, or anything.

    Raises: Stopped, when the asker was.
    """
    model.prepare()  # not in the time that the model has
    own = Asker(asker.person)
    clock = threading.Timer(seconds, own.stop)
    clock.daemon = True
    clock.start()
    said: list[str] = []
    try:
        with asker.calling(own.stop):
            said.extend(model.stream(messages, answer_tokens=tokens, asker=own, schema=schema))
    except Stopped:
        if asker.stopped:
            raise
    except ServiceError:
        pass  # the answer itself will show what is wrong
    finally:
        clock.cancel()
    return "".join(said)
