"""Sentences of an answer read once more, by the model that wrote them, beside the places that they were found in.

What supports a sentence is told by words (app/answers/support.py), and words that agree are no proof of sense: a fluent
sentence may exchange who does what, or drop a condition. The model is asked whether each place says it. Its no takes a
sentence's support away; its yes gives none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from app.answers.prompt import harmless
from app.answers.prompt_files import Prompts
from app.records import Turn
from app.serving.briefly import Briefly

MOST = 30  # sentences
LONGEST = 2_000  # characters of a place
TOKENS_EACH, TOKENS_BESIDE = 4, 20  # of the reply: "false, " and what stands around the list
_LIST = re.compile(r"\[([^\[\]]*)")
_WORD = re.compile(r"\b(?:true|false)\b")


def doubted(briefly: Briefly, places: Mapping[str, str], *, context: int, prompts: Prompts) -> frozenset[str]:
    """The sentences of which the model says in its time that their places do not say them.

    `places`: sentences, each with the text it was found in. `context`: tokens of prompt and reply together; what does
    not fit into it is not asked. Raises: Stopped.
    """
    asked = dict(islice(places.items(), MOST))
    if not asked or not briefly.seconds:
        return frozenset()
    messages = _messages(asked, prompts)
    while briefly.count(messages) + _tokens(asked) > context:
        asked.popitem()  # what answers comes first
        if not asked:
            return frozenset()
        messages = _messages(asked, prompts)
    said = briefly.ask(messages, schema_of(len(asked)), tokens=_tokens(asked))
    listed = _LIST.search(said)
    verdicts = _WORD.findall(listed[1]) if listed else []
    return frozenset(sentence for sentence, verdict in zip(asked, verdicts, strict=False) if verdict == "false")


def _messages(asked: Mapping[str, str], prompts: Prompts) -> list[Turn]:
    pairs = (
        f"{number}. Sentence: {_line(sentence)}\n   Text: {_line(place[:LONGEST])}"
        for number, (sentence, place) in enumerate(asked.items(), 1)
    )
    return [
        Turn(role="system", content=prompts.fill("reread.md")),
        Turn(role="user", content="\n".join(pairs)),
    ]


def _line(text: str) -> str:
    return harmless(" ".join(text.split()))


def _tokens(asked: Mapping[str, str]) -> int:
    return TOKENS_BESIDE + TOKENS_EACH * len(asked)


def schema_of(number: int) -> dict[str, Any]:
    """The form of the reply on so many pairs, as a JSON schema."""
    verdicts = {"type": "array", "items": {"type": "boolean"}, "minItems": number, "maxItems": number}
    return {
        "type": "object",
        "properties": {"said": verdicts},
        "required": ["said"],
        "additionalProperties": False,
    }
