"""What the indexes have still to be told. Written in the same commit as the change itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from storage.catalog.chunks import chunk_of, from_bytes
from storage.catalog.entries import IndexRow, Note
from storage.catalog.members import drop_members, members_of
from storage.catalog.models import VECTOR, beside, in_use
from storage.catalog.part import BATCH, Part, batches
from storage.schema import chunks, documents, embeddings, outbox, revisions


class Outbox(Part):
    """Notes for the indexes, and the rows that answer them."""

    def notes(self, limit: int = BATCH) -> list[Note]:
        """The oldest things the indexes have still to be told, in order."""
        with self.database.read() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.id).limit(limit)).all()
        return [
            Note(id=row.id, action=row.action, revision_id=row.revision_id, label=row.label_id, chunks=row.chunks)
            for row in rows
        ]

    def told(self, last: int) -> None:
        """The indexes have been told everything up to note `last`."""
        with self.database.write() as connection:
            connection.execute(delete(outbox).where(outbox.c.id <= last))

    def index_rows(
        self, revision_ids: Sequence[str] | None = None, *, model: str | None = None
    ) -> Iterator[list[IndexRow]]:
        """Chunks as the indexes take them, in batches: of these revisions, or of every current one.

        `model`: with its vectors; None: with those of the model in use.
        """
        query = (
            select(chunks, VECTOR, documents.c.label_id, documents.c.path, revisions.c.title)
            .join(documents, documents.c.id == chunks.c.document_id)
            .join(revisions, revisions.c.id == chunks.c.revision_id)
            .outerjoin(embeddings, beside(model if model is not None else in_use()))
            .where(documents.c.label_id.is_not(None), documents.c.revision_id == chunks.c.revision_id)
            .order_by(chunks.c.id)
        )
        if revision_ids is not None:
            query = query.where(chunks.c.revision_id.in_(list(revision_ids)))
        last = ""
        while True:
            with self.database.read() as connection:
                rows = connection.execute(query.where(chunks.c.id > last).limit(BATCH)).all()
            if not rows:
                return
            last = rows[-1].id
            yield [
                IndexRow(
                    chunk=chunk_of(row),
                    label=row.label_id,
                    title=row.title,
                    path=row.path,
                    vector=from_bytes(row.vector),
                )
                for row in rows
            ]

    def indexed_ids(self) -> Iterator[tuple[int, str]]:
        """Every chunk that the indexes should hold: its label and its id."""
        query = (
            select(documents.c.label_id, chunks.c.revision_id, chunks.c.position)  # from an index, not the wide rows
            .join(chunks, chunks.c.revision_id == documents.c.revision_id)
            .where(documents.c.label_id.is_not(None))
        )
        with self.database.read() as connection:
            for label, revision, position in connection.execute(query):
                yield label, f"{revision}:{position}"

    def noted_revisions(self) -> frozenset[str]:
        """Revisions of which the indexes have still to be told something."""
        with self.database.read() as connection:
            return frozenset(connection.execute(select(outbox.c.revision_id).distinct()).scalars())

    def paths_of_revisions(self, revision_ids: Sequence[str]) -> dict[str, str]:
        """The paths of the documents that these are, or were, revisions of; for who looks after the indexes."""
        query = select(revisions.c.id, documents.c.path).join(documents, documents.c.id == revisions.c.document_id)
        with self.database.read() as connection:
            found: dict[str, str] = {}
            for batch in batches(revision_ids):
                found |= {row.id: row.path for row in connection.execute(query.where(revisions.c.id.in_(batch)))}
            return found

    def last_note(self) -> int:
        """The newest note's number, 0 when there is none."""
        with self.database.read() as connection:
            return connection.execute(select(func.max(outbox.c.id))).scalar() or 0


def tell_of_readers(connection: Connection, document_id: str, label: int | None) -> None:
    """Note for the indexes that a document is about to get this label, unless it has it; what it holds gets it too."""
    for member in members_of(connection, [document_id]):
        tell_of_readers(connection, member, label)
        connection.execute(update(documents).where(documents.c.id == member).values(label_id=label))
    row = connection.execute(
        select(documents.c.label_id, documents.c.revision_id).where(documents.c.id == document_id)
    ).first()
    if row is None or row.label_id == label or row.revision_id is None:
        return
    count = connection.execute(
        select(func.count()).select_from(chunks).where(chunks.c.document_id == document_id)
    ).scalar_one()
    note(connection, "drop", row.revision_id, row.label_id, count)
    note(connection, "put", row.revision_id, label, count)


def drop_chunks(connection: Connection, document_ids: Sequence[str]) -> None:
    """Delete the chunks of these documents, and note it for the indexes."""
    query = (
        select(documents.c.revision_id, documents.c.label_id, func.count(chunks.c.id).label("chunks"))
        .join(chunks, chunks.c.document_id == documents.c.id)
        .where(documents.c.id.in_(document_ids), documents.c.revision_id.is_not(None))
        .group_by(documents.c.id)
    )
    for row in connection.execute(query).all():
        note(connection, "drop", row.revision_id, row.label_id, row.chunks)
    connection.execute(delete(chunks).where(chunks.c.document_id.in_(document_ids)))


def drop_revisions(connection: Connection, document_ids: Sequence[str]) -> None:
    """Delete every revision of these documents with its chunks, and what they hold, and note it for the indexes."""
    drop_members(connection, members_of(connection, document_ids), drop_revisions)
    drop_chunks(connection, document_ids)
    connection.execute(update(documents).where(documents.c.id.in_(document_ids)).values(revision_id=None))
    connection.execute(delete(revisions).where(revisions.c.document_id.in_(document_ids)))


def note(connection: Connection, action: str, revision: str, label: int | None, count: int) -> None:
    """One thing the indexes have to be told: `put` or `drop` a revision of `count` chunks."""
    if label is not None and count:
        connection.execute(insert(outbox).values(action=action, revision_id=revision, label_id=label, chunks=count))
