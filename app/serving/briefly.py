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
) -> Any:
    """The model's JSON of this schema; None when it is too slow or fails. Raises: Stopped, when the asker was."""
    model.prepare()  # not in the time that the model has
    own = Asker(asker.person)
    clock = threading.Timer(seconds, own.stop)
    clock.daemon = True
    clock.start()
    try:
        with asker.calling(own.stop):
            return model.structured(messages, schema, answer_tokens=tokens, asker=own)
    except Stopped:
        if asker.stopped:
            raise
        return None
    except ServiceError:
        return None
    finally:
        clock.cancel()
