"""Rated answers as data: a chat set to train a LoRA adapter with elsewhere, and the ratings of each model side by side.

The operator's, since it holds other people's words. (The question set of the same answers is
app/evaluation/feedback.py's.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.answers.phrases import phrases
from app.answers.prompt import harmless
from app.answers.prompt_files import Prompts, load_prompts
from app.evaluation.feedback import write_lines
from app.web.safe import CITATION
from storage.audit import Audit, Event
from storage.conversations import Conversations, Rated
from storage.database import Database
from storage.datafolder import DataFolder
from storage.errors import QuestionError
from storage.records import places_of
from storage.settings import Settings

QUOTED = "quoted from the documents"  # answers that no model wrote


def write_chats(settings: Settings, file: Path) -> int:
    """Write the answers with a thumb up as chat JSONL, readable by this account alone; returns how many.

    A line is `{"messages": [{role, content}, …]}`: the rules, the conversation, the passages that were cited with the
    question as the language model gets them, and the answer. Names nobody. Raises: QuestionError.
    """
    database = Database.open(DataFolder(settings.data).catalog)
    try:
        lines = list(chats(Conversations(database).rated(), load_prompts(settings.data)))
        if not lines:
            raise QuestionError("No answer with passages has a thumb up yet: there is nothing to train with.")
        write_lines(file, lines)
        Audit(database).record("operator", Event.SET_MADE, str(file))
    finally:
        database.close()
    return len(lines)


def chats(rated: Iterable[Rated], prompts: Prompts) -> Iterator[dict[str, Any]]:
    """The lines: of answers with a thumb up, cited, and whole in the eyes of our own check."""
    for item in rated:
        answer = item.answer
        sentences: Sequence[dict[str, Any]] = answer.get("sentences", [])
        places = places_of(answer)
        if item.rating <= 0 or not places or answer.get("refused"):
            continue
        if not all(sentence.get("supported") or sentence.get("near") for sentence in sentences):
            continue  # what no passage supports is nothing to learn
        passages = "\n".join(map(_passage, places))
        silent = phrases(item.question).silent
        asked = prompts.fill("question.md", passages=passages, question=harmless(item.question), silent=silent)
        turns = [{"role": role, "content": content} for role, content in item.history]
        yield {
            "messages": [
                {"role": "system", "content": prompts.fill("answer.md")},
                *turns,
                {"role": "user", "content": asked},
                {"role": "assistant", "content": CITATION.sub(r"[\1]", answer["answer"])},
            ]
        }


def _passage(citation: dict[str, Any]) -> str:
    title = harmless(str(citation.get("title") or citation["path"])).replace('"', "'")
    return f'<passage number="{citation["n"]}" document="{title}">\n{harmless(str(citation["quote"]))}\n</passage>'


def ratings(settings: Settings) -> list[dict[str, Any]]:
    """`{model, up, down, share}` of every model whose answers were rated, most rated first; `share` of thumbs up."""
    database = Database.open(DataFolder(settings.data).catalog)
    try:
        return count(Conversations(database).rated(of_gone=True))
    finally:
        database.close()


def count(rated: Iterable[Rated]) -> list[dict[str, Any]]:
    """The same of these answers."""
    counts: dict[str, list[int]] = {}
    for item in rated:
        model = str(item.answer.get("model") or QUOTED)
        counts.setdefault(model, [0, 0])[0 if item.rating > 0 else 1] += 1
    rows = [
        {"model": model, "up": up, "down": down, "share": round(up / (up + down), 3)}
        for model, (up, down) in counts.items()
    ]
    return sorted(rows, key=lambda row: -(int(str(row["up"])) + int(str(row["down"]))))
