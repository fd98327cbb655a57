"""What questions yield: hits, answers, citations, and the events of a streamed answer. Frozen; knows no engine.

`as_json` gives the objects that `premise search`, `premise ask` and the REST API print: one form everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from storage.records import StoredChunk


@dataclass(frozen=True, kw_only=True)
class Turn:
    """An earlier message of the conversation."""

    role: str  # user | assistant
    content: str
    revisions: tuple[str, ...] = ()  # whose text it may hold, as far as is known


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A passage that was found: permitted and current when it was loaded."""

    rank: int  # from 1
    score: float  # fused, 0 to 1
    found: StoredChunk
    legs: dict[str, float] = field(default_factory=dict)  # what each leg said: {"vector": cosine, "keyword": bm25}
    also: tuple[str, ...] = ()  # paths of other documents that say the same, and are not listed for it

    def as_json(self) -> dict[str, Any]:
        """The object of `premise search --json`."""
        chunk = self.found.chunk
        return {
            "rank": self.rank,
            "score": round(self.score, 4),
            "path": self.found.path,
            "title": self.found.title,
            "revision": chunk.revision_id,
            "pages": list(chunk.pages),
            "section": chunk.section,
            "cells": chunk.cells,
            "text": chunk.body,
            "start": chunk.start,
            "end": chunk.end,
            "legs": {name: round(value, 4) for name, value in self.legs.items()},
            "also": list(self.also),
        }


HIGH, MEDIUM = 0.8, 0.55  # confidence from which it is called so; measured by tests/benchmarks/answers.py


class Level(StrEnum):
    """A confidence in a word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def level(confidence: float) -> Level:
    """The word for a confidence."""
    return Level.HIGH if confidence >= HIGH else Level.MEDIUM if confidence >= MEDIUM else Level.LOW


class Mode(StrEnum):
    """How an answer came to be."""

    EXTRACTIVE = "extractive"  # sentences quoted from the documents
    WRITTEN = "written"  # by the language model


@dataclass(frozen=True, kw_only=True)
class Citation:
    """A place in an exact revision: one that says a sentence, or only comes near to it (`near` of Sentence and Answer).
    `quote` is the revision's text from start to end."""

    n: int  # from 1, as shown
    document_id: str
    path: str
    title: str
    revision: str
    pages: tuple[int, ...]
    section: str
    quote: str
    start: int
    end: int

    def as_json(self) -> dict[str, Any]:
        """The object in `citations` and in `near` of `premise ask --json`."""
        return {
            "n": self.n,
            "path": self.path,
            "title": self.title,
            "revision": self.revision,
            "document": self.document_id,
            "pages": list(self.pages),
            "section": self.section,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of an answer: confirmed (`supported`), not confirmed (`near`), or not found (neither)."""

    text: str
    citations: tuple[int, ...]  # numbers of the places that say it
    supported: bool  # they do, or it says nothing that a place would have to
    near: tuple[int, ...] = ()  # numbers of the places that come nearest, where it is not sure that they say it

    @property
    def found(self) -> bool:
        """Whether a place says it or comes near."""
        return self.supported or bool(self.near)

    def as_json(self) -> dict[str, Any]:
        """The object in `sentences` of `premise ask --json`."""
        told = {"text": self.text, "citations": list(self.citations), "supported": self.supported}
        return told | {"near": list(self.near)}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer."""

    # untrusted text with citation marks: [1], and [2?] for a place that only comes near; app/web/safe.py makes it safe
    text: str
    refused: bool  # the documents do not say
    mode: Mode
    confidence: float  # 0 to 1
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]  # places that say what the answer says; of a refusal, the nearest passages
    timings: dict[str, float]  # seconds by stage: retrieve, answer, total, first_token where written
    reason: str = ""  # why the confidence is what it is, for the person
    notice: str | None = None  # for the person: such as that the language model did not answer
    model: str | None = None  # the language model that wrote it
    prompts: str | None = None  # and the version of the prompts it was given (app/answers/prompt_files.py)
    searched: str | None = None  # what was searched for, where a follow-up was completed by the language model
    near: tuple[Citation, ...] = ()  # places for the reader to compare with: they confirm nothing, and are no sources
    # revisions that are not cited and whose text may stand in it: what the language model was told, where it says
    # something that no passage supports
    drawn: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[Citation, ...]:
        """All that the answer points to, by number."""
        return tuple(sorted((*self.citations, *self.near), key=lambda place: place.n))

    def as_json(self) -> dict[str, Any]:
        """The object of `premise ask --json`."""
        return {
            "answer": self.text,
            "refused": self.refused,
            "mode": self.mode.value,
            "confidence": round(self.confidence, 3),
            "level": level(self.confidence).value,
            "reason": self.reason,
            "notice": self.notice,
            "model": self.model,
            "prompts": self.prompts,
            "searched": self.searched,
            "sentences": [sentence.as_json() for sentence in self.sentences],
            "citations": [citation.as_json() for citation in self.citations],
            "near": [place.as_json() for place in self.near],
            "drawn": list(self.drawn),
            "timings": {name: round(value, 4) for name, value in self.timings.items()},
        }


@dataclass(frozen=True, kw_only=True)
class Retrieved:
    """First event of an answer: what was found."""

    hits: tuple[Hit, ...]
    question: str | None = None  # what was searched for, where a follow-up was completed by the language model


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The language model is busy with the questions of others; told anew whenever the number changes."""

    ahead: int  # questions that come before


@dataclass(frozen=True, kw_only=True)
class Delta:
    """More text of the answer."""

    text: str
    anew: bool = False  # what was shown before it was no part of the answer


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Last event: the checked answer, which replaces the text shown so far."""

    answer: Answer


AnswerEvent = Retrieved | Waiting | Delta | Finished
