"""Question sets: reading them, and making one from what people asked and rated. One JSON object a line.

The form: `question`, `files`, `answers`, `evidence`, `evidence_pages`, `answerable`, `history`, `groups`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.answers.phrases import language_of
from app.records import Turn
from storage.conversations import Rated
from storage.errors import QuestionError
from storage.records import places_of


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line of a question set."""

    set: str  # the set's name: its folder's where the file is called questions.jsonl, else the file's
    text: str
    files: tuple[str, ...]
    answers: tuple[str, ...]
    evidence: tuple[str, ...]
    pages: tuple[int, ...]
    answerable: bool
    history: tuple[Turn, ...]
    groups: tuple[str, ...] | None  # who asks, where the set says

    @property
    def slices(self) -> Iterable[str]:
        """The slices it belongs to."""
        yield f"set: {self.set}"
        yield f"language: {language_of(self.text)}"
        yield "answerable" if self.answerable else "unanswerable"
        yield "with history" if self.history else "single turn"
        yield "several files" if len(self.files) > 1 else "one file" if self.files else "no file named"

    @property
    def key(self) -> str:
        """What tells it from the other questions of its set: a follow-up is another question after other turns."""
        turns = "\n".join(turn.content for turn in self.history)
        return f"{self.set}\n{turns}\n{self.text}"


def read_questions(file: Path) -> list[Question]:
    """Every question of a set. Raises: QuestionError, naming the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"{file} cannot be read: {error}") from error
    name = file.resolve().parent.name if file.stem == "questions" else file.stem
    questions = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line), name))
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionError(f"{file}, line {number}, is no question: {_reason(error)}") from error
    if not questions:
        raise QuestionError(f"{file} holds no questions.")
    return questions


def _reason(error: ValueError | KeyError | TypeError) -> str:
    return f"it has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _question(value: Any, name: str) -> Question:
    if not isinstance(value, dict):
        raise TypeError("it is no JSON object")
    for key in ("files", "answers", "evidence", "evidence_pages", "history", "groups"):
        if not isinstance(value.get(key) or [], list):
            raise TypeError(f"{key!r} is no list")
    answerable = value.get("answerable", True)
    return Question(
        set=name,
        text=str(value["question"]),
        files=tuple(value.get("files") or ()),
        answers=tuple(str(item) for item in value.get("answers") or ()),
        evidence=tuple(str(item) for item in value.get("evidence") or ()),
        pages=tuple(int(item) for item in value.get("evidence_pages") or ()),
        answerable=answerable if isinstance(answerable, bool) else str(answerable).upper() in ("ANSWERABLE", "PARTIAL"),
        history=tuple(Turn(role=turn["role"], content=turn["content"]) for turn in value.get("history") or ()),
        groups=tuple(value["groups"]) if "groups" in value else None,
    )


def lines_of(rated: Iterable[Rated], groups: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """Rated answers as lines of a question set. `groups`: those of each person who is still there.

    What a thumb up confirms is taken over: the cited files, pages and quotes, or that the documents do not say. After a
    thumb down nothing is known but that it was wrong: `files` stays empty until a person who knows fills it in.
    """
    for item in rated:
        answer = item.answer
        good = item.rating > 0
        refused = bool(answer.get("refused"))
        citations = places_of(answer) if good and not refused else []
        line = {
            "question": item.question,
            "files": list(dict.fromkeys(citation["path"] for citation in citations)),
            "answers": [],
            "evidence": list(dict.fromkeys(citation["quote"] for citation in citations)),
            "answerable": not (good and refused),
            "rating": item.rating,
        }
        if pages := sorted({page for citation in citations for page in citation["pages"]}):
            line["evidence_pages"] = pages
        if item.history:
            line["history"] = [{"role": role, "content": content} for role, content in item.history]
        if item.comment:
            line["comment"] = item.comment
        if item.user in groups:
            line["groups"] = [*groups[item.user]]
        yield line
