"""What the parts of the catalog share: one database, of which each knows its own tables' side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from storage.database import Database

BATCH = 500  # rows a statement handles at once; SQLite's limit on parameters is 32,766


Item = TypeVar("Item")


class Part:
    """One side of the catalog. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database


def batches(ids: Sequence[Item]) -> Iterator[list[Item]]:
    """Lists that one statement takes."""
    for start in range(0, len(ids), BATCH):
        yield list(ids[start : start + BATCH])
