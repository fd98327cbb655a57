"""Facts about the catalog itself: which model made its vectors, which generation of the vector index is in use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from storage.catalog.part import Part
from storage.errors import EmbedderMismatch
from storage.schema import facts, sources

PARSER_NETWORK = "parser network"  # the fact whether the parsing child still has one: open | closed
EMBEDDER = "embedder"  # the fact that names the model the vectors were made by: "name revision"

EMBEDDER_AT = "embedder_at"  # where that model lies, as storage/embedder.py writes and reads it
PREVIOUS = "embedder_before"  # likewise, of the model before; there until the switch is confirmed
GENERATION = "generation"  # the vector index in use
CUT_AS = "keywords_cut"  # how the text in the keyword index was cut into words, as storage/words.py counts it
SAID_AS = "chunks_said"  # likewise, of the terms that every chunk has beside it
RULE_PROBLEMS = "rule problems of source {source}"  # access rules that let nobody in, a line each; empty: none do
INGESTING = "ingesting"  # how far the work has come, as JSON; empty: nothing is on its way
STALE_SECONDS = 120.0  # progress older than that was left by a process that was killed, or one file takes long
_FACT = select(facts.c.value).where(facts.c.key == bindparam("name"))  # asked with every question


class Facts(Part):
    """What is true of the catalog as a whole."""

    def fact(self, key: str) -> str | None:
        """A fact about the catalog, or None."""

        def read(connection: Connection) -> str | None:
            return connection.execute(_FACT, {"name": key}).scalar()

        return self.database.remembered(("fact", key), read)

    def set_fact(self, key: str, value: str) -> None:
        """Remember a fact."""
        with self.database.write() as connection:
            connection.execute(delete(facts).where(facts.c.key == key))
            connection.execute(insert(facts).values(key=key, value=value))

    def ingesting(self) -> dict[str, Any] | None:
        """How far the files on their way have come (see ingest/progress.py); None when none are."""
        kept = self.fact(INGESTING)
        if not kept:
            return None
        progress: dict[str, Any] = json.loads(kept)
        age = datetime.now(UTC) - datetime.fromisoformat(progress["at"])
        return progress if age.total_seconds() < STALE_SECONDS else None

    def rule_problems(self) -> list[str]:
        """The access rules that let nobody in because they cannot be read, and why, as the last scan saw them."""
        with self.database.read() as connection:
            keys = [
                RULE_PROBLEMS.format(source=source) for source in connection.execute(select(sources.c.id)).scalars()
            ]
        return [line for key in keys for line in (self.fact(key) or "").splitlines()]

    def forget_fact(self, key: str) -> None:
        """What was a fact is none any more."""
        with self.database.write() as connection:
            connection.execute(delete(facts).where(facts.c.key == key))

    def check_embedder(self, name: str, revision: str) -> None:
        """Compare with the model the vectors were made by. Raises: EmbedderMismatch."""
        made_by = self.fact(EMBEDDER)
        if made_by is not None and made_by != f"{name} {revision}":
            raise EmbedderMismatch(
                f"The index was made with the embedding model {made_by}, but the settings name {name} {revision}. "
                "Set `embedder` back, or run `premise reindex --embed` to embed everything anew."
            )
