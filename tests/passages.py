"""A passage made of a text, for tests of what is done with passages."""

from __future__ import annotations

from app.answers.context import Passage
from storage.records import Chunk, StoredChunk


def passage_of(text: str, n: int = 1, *, title: str = "", header: str = "") -> Passage:
    """The passage of this number: one chunk, and a document of its own."""
    chunk = Chunk(
        id=f"r{n}:0",
        revision_id=f"r{n}",
        position=0,
        start=0,
        end=len(text),
        header=header,
        body=text,
        section="",
        pages=(),
        tokens=len(text.split()),
    )
    stored = StoredChunk(chunk=chunk, document_id=f"d{n}", path=f"{n}.md", title=title, label=1, modified=None)
    return Passage(n=n, score=1.0, chunks=(stored,), text=text)
