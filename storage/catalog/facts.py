"""Facts about the catalog itself: which model made its vectors, which generation of the vector index is in use."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from storage.catalog.part import Part
from storage.errors import EmbedderMismatch
from storage.schema import facts

PARSER_NETWORK = "parser network"  # the fact whether the parsing child still has one: open | closed
EMBEDDER = "embedder"  # the fact that names the model the vectors were made by: "name revision"


class Facts(Part):
    """What is true of the catalog as a whole."""

    def fact(self, key: str) -> str | None:
        """A fact about the catalog, or None."""
        with self.database.read() as connection:
            return connection.execute(select(facts.c.value).where(facts.c.key == key)).scalar()

    def set_fact(self, key: str, value: str) -> None:
        """Remember a fact."""
        with self.database.write() as connection:
            connection.execute(delete(facts).where(facts.c.key == key))
            connection.execute(insert(facts).values(key=key, value=value))

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
