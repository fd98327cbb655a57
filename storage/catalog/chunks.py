"""Chunks and vectors as rows, and rows as chunks and vectors. Pure functions; knows no query."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from storage.catalog.entries import Vector, pages_of
from storage.records import Chunk
from storage.said import said_of

# what chunk_of takes: the table's first columns, in its order
CHUNK_COLUMNS = (
    "id",
    "revision_id",
    "document_id",
    "position",
    "start",
    "end",
    "header",
    "body",
    "section",
    "pages",
    "cells",
    "tokens",
    "language",
)
COUNT = len(CHUNK_COLUMNS)


def chunk_values(chunk: Chunk, said: dict[str, Any]) -> dict[str, Any]:
    """A chunk's own columns, with those of what it says."""
    return said | {
        "id": chunk.id,
        "revision_id": chunk.revision_id,
        "position": chunk.position,
        "start": chunk.start,
        "end": chunk.end,
        "header": chunk.header,
        "body": chunk.body,
        "section": chunk.section,
        "pages": json.dumps(list(chunk.pages)),
        "cells": chunk.cells,
        "tokens": chunk.tokens,
        "language": chunk.language,
    }


def said_values(header: str, body: str) -> dict[str, Any]:
    """The columns of what a chunk says."""
    said = said_of(header, body)
    return {"terms": said.terms, "defines": said.defines}


def chunk_of(row: Sequence[Any]) -> Chunk:
    """The chunk that a row is: one that begins with CHUNK_COLUMNS."""
    name, revision, _, position, start, end, header, body, section, pages, cells, tokens, language = row[:COUNT]
    return Chunk(
        id=name,
        revision_id=revision,
        position=position,
        start=start,
        end=end,
        header=header,
        body=body,
        section=section,
        pages=pages_of(pages),
        cells=cells,
        tokens=tokens,
        language=language,
    )


def to_bytes(vector: Vector) -> bytes:
    """A vector as the column keeps it: float32, little endian."""
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def from_bytes(value: bytes) -> Vector:
    """The vector that a column keeps."""
    return np.frombuffer(value, dtype="<f4")
