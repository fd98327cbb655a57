"""Vectors by another model: made beside those in use, put in their place in one step, kept until that is confirmed.

A chunk has the vector it was indexed with. Where `embeddings` has one for it by the model in use, that one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, insert, not_, select, update

from storage.catalog.chunks import chunk_of, to_bytes
from storage.catalog.entries import Vector
from storage.catalog.facts import EMBEDDER, EMBEDDER_AT, GENERATION, PREVIOUS
from storage.catalog.part import BATCH, Part
from storage.records import Chunk, State
from storage.schema import chunks, documents, embeddings, facts

EARLY = "on its way"  # stands for the model in `embeddings`: vectors of documents that are not whole yet
ON_ITS_WAY = (State.WAITING, State.PARSING, State.EMBEDDING)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A chunk, and what its own vector was made of."""

    chunk: Chunk
    embedded: str


def in_use() -> Any:
    """The model in use, as part of a query."""
    return select(facts.c.value).where(facts.c.key == EMBEDDER).scalar_subquery()


def beside(model: Any) -> Any:
    """The condition that joins `embeddings` to chunks."""
    return and_(embeddings.c.embedded == chunks.c.embedded, embeddings.c.model == model)


VECTOR = func.coalesce(embeddings.c.embedding, chunks.c.embedding).label("vector")


class Models(Part):
    """From one embedding model to another."""

    def chunks_without(self, model: str) -> Iterator[list[Made]]:
        """Every chunk for which there is no vector by `model` in `embeddings`, in batches."""
        query = (
            select(chunks)
            .outerjoin(embeddings, beside(model))
            .where(embeddings.c.model.is_(None))
            .order_by(chunks.c.id)
            .limit(BATCH)
        )
        last = ""
        while True:
            with self.database.read() as connection:
                rows = connection.execute(query.where(chunks.c.id > last)).all()
            if not rows:
                return
            last = rows[-1].id
            yield [Made(chunk=chunk_of(row), embedded=row.embedded) for row in rows]

    def put_embeddings(self, model: str, made: Sequence[tuple[str, str, Vector]]) -> None:
        """Vectors by `model`: what the chunks' own was made of, what this one was made of, and the vector."""
        rows = [
            {"model": model, "embedded": embedded, "key": key, "embedding": to_bytes(vector)}
            for embedded, key, vector in made
        ]
        with self.database.write() as connection:
            same = embeddings.c.embedded.in_([row["embedded"] for row in rows])
            connection.execute(delete(embeddings).where(embeddings.c.model == model, same))
            if rows:
                connection.execute(insert(embeddings), rows)

    def switch_model(self, model: str, at: str, generation: str) -> None:
        """From this commit on, questions are asked of this model's vectors. What was in use is remembered."""
        with self.database.write() as connection:
            known = {row.key: row.value for row in connection.execute(select(facts))}
            values = {EMBEDDER: model, EMBEDDER_AT: at, GENERATION: generation}
            if known.get(EMBEDDER) not in (None, model):
                values[PREVIOUS] = known.get(EMBEDDER_AT, "")
            connection.execute(delete(facts).where(facts.c.key.in_(list(values))))
            connection.execute(insert(facts), [{"key": key, "value": value} for key, value in values.items()])

    def drop_unused_embeddings(self) -> None:
        """Vectors made beside, of chunks that are gone, and of documents that are not on their way any more."""
        on_its_way = select(documents.c.id).where(documents.c.state.in_(ON_ITS_WAY))
        early = and_(embeddings.c.model == EARLY, embeddings.c.key.in_(on_its_way))
        unused = embeddings.c.embedded.not_in(select(chunks.c.embedded))
        with self.database.write() as connection:
            connection.execute(delete(embeddings).where(unused, not_(early)))

    def confirm_model(self) -> int:
        """Vectors of the model in use move to their chunks; what other models made is gone. Returns how many moved."""
        moved = 0
        while True:
            with self.database.write() as connection:
                model = connection.execute(select(facts.c.value).where(facts.c.key == EMBEDDER)).scalar()
                rows = connection.execute(select(embeddings).where(embeddings.c.model == model).limit(BATCH)).all()
                for row in rows:
                    connection.execute(
                        update(chunks)
                        .where(chunks.c.embedded == row.embedded)
                        .values(embedded=row.key, embedding=row.embedding)
                    )
                connection.execute(
                    delete(embeddings).where(
                        embeddings.c.model == model, embeddings.c.embedded.in_([row.embedded for row in rows])
                    )
                )
                moved += len(rows)
                if not rows:
                    connection.execute(delete(embeddings))
                    connection.execute(delete(facts).where(facts.c.key == PREVIOUS))
                    return moved
