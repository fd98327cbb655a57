"""Chunks and vectors as rows, and rows as chunks and vectors. Pure functions; knows no query."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from sqlalchemy import Row

from storage.catalog.entries import Vector
from storage.records import Chunk


def chunk_values(chunk: Chunk) -> dict[str, Any]:
    """A chunk's own columns."""
    return {
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


def chunk_of(row: Row[Any]) -> Chunk:
    """The chunk that a row is."""
    return Chunk(
        id=row.id,
        revision_id=row.revision_id,
        position=row.position,
        start=row.start,
        end=row.end,
        header=row.header,
        body=row.body,
        section=row.section,
        pages=tuple(json.loads(row.pages)),
        cells=row.cells,
        tokens=row.tokens,
        language=row.language,
    )


def to_bytes(vector: Vector) -> bytes:
    """A vector as the column keeps it: float32, little endian."""
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def from_bytes(value: bytes) -> Vector:
    """The vector that a column keeps."""
    return np.frombuffer(value, dtype="<f4")
