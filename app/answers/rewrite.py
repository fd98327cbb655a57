"""The last turn of a conversation as a question by itself, in the language model's words: to search with.

Bounded in time, and never at the cost of somebody's answer: where the model is busy, too slow or of no use there is
none, and app/retrieval/followup.py carries the earlier turns in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from app.answers.amounts import numbers
from app.answers.phrases import language_of
from app.answers.prompt import harmless
from app.answers.prompt_files import Prompts
from app.records import Turn
from app.serving.briefly import Briefly
from storage.injection import aimed_at_model
from storage.words import question_terms

TURNS = 6  # of the conversation, the latest
CHARACTERS = 600  # of each
LONGEST = 400  # characters of a question that was made
KNOWN = 0.6  # of its terms, in the conversation
TOKENS = 160
_ADDRESS = re.compile(r"://|<[^>]*>|\]\(")
SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string", "maxLength": LONGEST}},
    "required": ["question"],
    "additionalProperties": False,
}


def standalone(briefly: Briefly, question: str, history: Sequence[Turn], *, prompts: Prompts) -> str | None:
    """The question with what it leaves out; None when it is not to be had in the model's time.

    Raises: Stopped, when the asker was.
    """
    with briefly.model.queue.ticket(briefly.asker.person) as ticket:
        if not ticket.wait(0):
            return None
        said = briefly.ask(_prompt(question, history, prompts), SCHEMA, tokens=TOKENS)
    try:
        found = json.loads(said)
    except ValueError:  # too slow, cut off, or no JSON
        return None
    text = " ".join(str(found.get("question", "")).split()) if isinstance(found, dict) else ""
    return text if len(text) <= LONGEST and _completes(text, question, history) else None


def _completes(text: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether it asks what was asked, in words of the conversation: what an answer repeats of a document may have told
    the model to ask something else."""
    told = "\n".join([*(turn.content for turn in history), question])
    own = frozenset(question_terms(text))
    if not own or aimed_at_model(text) is not None or _ADDRESS.search(text) or not numbers(question) <= numbers(text):
        return False
    # a question in another language than the conversation is completed in words that do not stand there
    return language_of(text) != language_of(told) or len(own.intersection(question_terms(told))) >= KNOWN * len(own)


def _prompt(question: str, history: Sequence[Turn], prompts: Prompts) -> list[Turn]:
    told = [f"{turn.role}: {' '.join(harmless(turn.content).split())[:CHARACTERS]}" for turn in history[-TURNS:]]
    talk = "\n".join(told)
    asked = f"<conversation>\n{talk}\n</conversation>\n\nThe last message:\n{harmless(question)}"
    return [Turn(role="system", content=prompts.fill("rewrite.md")), Turn(role="user", content=asked)]
