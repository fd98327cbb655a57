"""How numbers and records are said to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage.catalog import Pace

from app.records import HIGH, MEDIUM, Level, level
from app.web import safe
from storage.sections import innermost

BUSY_NEXT = "The language model is busy; yours is the next question…"


def confidence(value: float) -> tuple[str, str]:
    """A confidence as a word and what it means."""
    scale = f"High from {HIGH:.0%}, medium from {MEDIUM:.0%}, low below."
    return level(value).value.capitalize(), f"Confidence {value:.0%}. {scale} Check the sources before you rely on it."


def caution(value: float) -> str:
    """What a confidence asks of the reader, beside its word; empty where it is high."""
    return {Level.HIGH: "", Level.MEDIUM: ": check the sources", Level.LOW: ": may be beside the point"}[level(value)]


UNANSWERED = "There is no answer to this question yet."
NEXT = "The question before is answered first; this one is next…"
NOT_FOUND = "Underlined sentences were not found in the documents. Do not rely on them."
NOT_CONFIRMED = (
    "Dotted sentences are not confirmed: compare with the nearest place, by the number with a question mark."
)
EARLIER = "Quoted from an earlier version: the document has changed since. Ask again for what it says now."


def noticed(flags: Sequence[str]) -> str:
    """What was noticed about a document when it was read; empty where nothing was."""
    return f"Noticed when it was read: {'; '.join(flags)}." if flags else ""


def sentences(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Those of an answer, each with what it is marked as, or ""."""

    def mark(item: dict[str, Any]) -> str:
        if item.get("supported", True):
            return ""
        return safe.UNCONFIRMED if item.get("near") else safe.UNSUPPORTED

    return [(str(item["text"]), mark(item)) for item in found.get("sentences") or []]


def marked(sentences: Sequence[tuple[str, str]]) -> list[str]:
    """What the marks of an answer's sentences mean."""
    marks = {mark for _, mark in sentences}
    told = {safe.UNSUPPORTED: NOT_FOUND, safe.UNCONFIRMED: NOT_CONFIRMED}
    return [text for mark, text in told.items() if mark in marks]


def sources(answer: Mapping[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The places that an answer points to, below their heads: those that confirm it, then those that only come near,
    whose numbers are shown with a question mark behind them."""
    cited = ("Nearest passages" if answer.get("refused") else "Sources"), "", answer.get("citations") or []
    near = "Nearest places, not confirmed", "?", answer.get("near") or []
    return [(head, sign, items) for head, sign, items in (cited, near) if items]


def mode(answer: Mapping[str, Any]) -> str:
    """How an answer came to be."""
    return "Written by the language model" if answer.get("mode") == "written" else "Quoted from the documents"


def made(answer: Mapping[str, Any]) -> str:
    """Which model and which prompts made an answer, and how long each step took."""
    parts = [f"Model {answer['model']}, prompts {answer['prompts']}."] if answer.get("model") else []
    names = {"retrieve": "Search", "first_token": "first words after", "total": "whole answer"}
    seconds = answer.get("timings") or {}
    times = [f"{name} {float(seconds[key]):.2f} s" for key, name in names.items() if key in seconds]
    return " ".join([*parts, "; ".join(times) + "." if times else ""]).strip()


def busy(ahead: int) -> str:
    """That the language model answers others first."""
    return f"The language model is busy; {count(ahead, 'question')} ahead of yours…" if ahead else BUSY_NEXT


def place(citation: Mapping[str, Any]) -> str:
    """Page or section of a citation, empty when there is none."""
    pages = citation.get("pages") or []
    if pages:
        name = "slide" if str(citation.get("path", "")).lower().endswith((".pptx", ".ppt", ".odp")) else "p."
        return f"{name} {pages[0]}" if len(pages) == 1 else f"{name} {pages[0]}–{pages[-1]}"
    return innermost(str(citation.get("section") or "")).rstrip(" :：")


def title(citation: Mapping[str, Any]) -> str:
    """A citation's document, by title or else by file name."""
    return str(citation.get("title") or str(citation.get("path", "")).rsplit("/", 1)[-1] or "Document")


def size(number: int) -> str:
    """Bytes, in words."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{number / 1000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"


def progress(waiting: int, pace: Pace, work: Mapping[str, Any] | None = None) -> str:
    """How far ingestion is, how fast, and how long it will take; `work` as Catalog.ingesting says it."""
    told = f"Ingest is running: {count(waiting, 'file')} to go"
    if work is not None and work.get("chunks_waiting"):
        told += f", {count(work['chunks_waiting'], 'passage')} of what was read, {work['chunks_per_second']:g} a second"
    if work is not None and work["seconds_left"]:
        return f"{told}, about {duration(work['seconds_left'])} left"
    if pace.indexed < 2:
        return told
    each = pace.seconds / pace.indexed
    rate = f"{60 / each:,.0f} a minute" if each < 60 else f"{3600 / each:,.0f} an hour"
    return f"{told}, about {rate}, {duration(waiting * each)} left"


def duration(seconds: float) -> str:
    """A time as it is guessed: 40 seconds, 3 minutes, 5 hours, 2 days."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return count(round(seconds / length), unit)
    return count(max(1, round(seconds)), "second")


def count(number: int, thing: str) -> str:
    """1 document, 2 documents."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
