"""What the command line shows at a terminal: the same as elsewhere, easier on the eye, and harmless."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from app.commands import shown

ESCAPE = "\x1b[31m\x1b]8;;http://evil.example\x07"


def _console() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=100, highlight=False, emoji=False, markup=False), written


def _citation(n: int, section: str = "Leave") -> dict[str, Any]:
    return {"n": n, "path": f"hr/{ESCAPE}leave.md", "section": section, "pages": []}


def test_sources_of_one_place_share_a_line_and_text_orders_no_terminal() -> None:
    console, written = _console()
    text = f"**30 days** [1] [a link](http://evil.example/x) {ESCAPE} [bold red]not markup[/] :smile:"
    answer = {"answer": text, "citations": [_citation(1), _citation(2), _citation(3, "Sick leave")], "near": []}
    sure = {
        "refused": False,
        "sentences": [{"text": f"Tea {ESCAPE}is free.", "supported": False, "near": []}],
        "mode": "extractive",
        "confidence": 0.8,
        "level": "high",
        "reason": "One passage says so.",
    }
    shown.answer(console, answer | sure | {"notice": "The model is down."})
    told = written.getvalue()
    assert "[1][2] hr/" in told
    assert "[3] hr/" in told
    assert "30 days [1]" in told and "**" not in told
    assert "High confidence (80%), quoted from the documents. One passage says so." in told
    assert "The model is down." in told
    assert "Not found in the documents: “Tea" in told
    assert "[bold red]not markup[/] :smile:" in " ".join(told.split())
    assert "\x1b" not in told and "\x07" not in told


def test_places_that_do_not_confirm_the_answer_are_told() -> None:
    how: dict[str, Any] = {"refused": False, "mode": "written", "level": "medium", "confidence": 0.7, "reason": ""}
    how |= {"sentences": [{"text": "One pays nothing.", "supported": False, "near": [2]}]}
    for close in (True, False):
        console, written = _console()
        cited = [_citation(1), *([_citation(2)] if close else [])]
        text = f"Tea is free [1]. One pays nothing [{2 if close else '2?'}]."
        places = {"citations": cited, "near": [] if close else [_citation(2)]}
        shown.answer(console, {"answer": text} | places | how)
        told = [line for line in written.getvalue().splitlines() if line.startswith(("[1]", "[2", "Not confirmed"))]
        assert [line.split()[0] for line in told] == (["[1][2]"] if close else ["[1]", "Not", "[2?]"])
        assert "Not found" not in written.getvalue()
        assert f"Tea is free [1]. One pays nothing [{2 if close else '2?'}]." in written.getvalue()


def test_passages_and_files_are_lines_of_their_own() -> None:
    console, written = _console()
    hit = {"rank": 1, "path": f"hr/{ESCAPE}a.md", "section": "S", "pages": [2, 3], "score": 0.7, "text": "x " * 400}
    shown.hits(console, [hit | {"also": ["b.md"]}])
    state = SimpleNamespace(value="failed")
    file = SimpleNamespace(
        state=state, path=f"hr/{ESCAPE}a.md", groups=(), indexed=None, code="empty", reason="The file is empty."
    )
    shown.documents(console, [file])  # type: ignore[list-item]
    told = written.getvalue()
    assert "p. 2–3, S" in told and "the same in b.md" in told and "…" in told
    assert "nobody" in told and "empty: The file is empty." in told
    assert "\x1b" not in told
