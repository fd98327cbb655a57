"""How numbers and records are said to people. The one place of the confidence thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BUSY_NEXT = "The language model is busy; yours is the next question…"
HIGH, MEDIUM = 0.75, 0.5  # confidence from which it is called so


def confidence(value: float) -> tuple[str, str]:
    """A confidence as a word and what it means."""
    scale = f"High from {HIGH:.0%}, medium from {MEDIUM:.0%}, low below."
    word = "High" if value >= HIGH else "Medium" if value >= MEDIUM else "Low"
    return word, f"Confidence {value:.0%}. {scale} Check the sources before you rely on it."


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
    return str(citation.get("section") or "").split(" > ")[-1]


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


def count(number: int, thing: str) -> str:
    """1 document, 2 documents."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
