"""What questions and pages read: passages, revisions and documents, each only for a set of labels."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from storage.catalog.chunks import chunk_of, from_bytes
from storage.catalog.entries import Vector
from storage.catalog.models import VECTOR, beside, in_use
from storage.catalog.part import BATCH, Part
from storage.database import aware, moment
from storage.elements import elements_from_json
from storage.errors import NotPermitted
from storage.records import Document, Revision, State, StoredChunk
from storage.schema import chunks, documents, embeddings, labels, revisions, sources


class Reading(Part):
    """Passages, revisions and documents for those who may read them."""

    def chunks_by_id(self, ids: Sequence[str], *, labels: frozenset[int]) -> dict[str, StoredChunk]:
        """The chunks that are current and that `labels` may read, by id. What is missing is not for this person."""
        return {
            item.chunk.id: item
            for start in range(0, len(ids), BATCH)
            for item in self._chunks(chunks.c.id.in_(list(ids[start : start + BATCH])), labels)
        }

    def candidates(self, ids: Sequence[str], *, labels: frozenset[int]) -> dict[str, tuple[StoredChunk, Vector]]:
        """As `chunks_by_id`, each with its vector, so that a chunk found by words can be compared by meaning too."""
        with self.database.read() as connection:
            return {
                row.id: (_stored_chunk(row), from_bytes(row.vector))
                for start in range(0, len(ids), BATCH)
                for row in connection.execute(_readable(chunks.c.id.in_(list(ids[start : start + BATCH])), labels))
            }

    def chunks_around(self, revision: str, first: int, last: int, *, labels: frozenset[int]) -> list[StoredChunk]:
        """The chunks of a revision from position `first` to `last`, both included, in order."""
        return self._chunks(and_(chunks.c.revision_id == revision, chunks.c.position.between(first, last)), labels)

    def revision(self, revision: str, *, labels: frozenset[int]) -> Revision:
        """A revision, superseded ones too. Raises: NotPermitted when it is not there or not for these labels."""
        query = (
            select(revisions, documents.c.path, documents.c.revision_id.label("current_id"))
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(revisions.c.id == revision, _open_to(labels))
        )
        with self.database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotPermitted("There is no such document, or it is not for you to read.")
        return _revision(row)

    def readable(self, revision_ids: Collection[str], *, labels: frozenset[int]) -> set[str]:
        """Which of these revisions a person may still read: for showing answers that were given earlier."""
        query = (
            select(revisions.c.id)
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(revisions.c.id.in_(list(revision_ids)), _open_to(labels))
        )
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def original_of(self, revision: str, *, labels: frozenset[int]) -> tuple[str, str, str]:
        """SHA-256, suffix and path of a revision's original, without loading its text. Raises: NotPermitted."""
        query = (
            select(revisions.c.sha256, revisions.c.suffix, documents.c.path)
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(revisions.c.id == revision, _open_to(labels))
        )
        with self.database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotPermitted("There is no such document, or it is not for you to read.")
        return row.sha256, row.suffix, row.path

    def documents(self, *, labels: frozenset[int] | None) -> list[Document]:
        """Documents a person may read; `labels=None` is the administrator's list of every file, ignored ones too."""
        counts = select(chunks.c.document_id, func.count().label("chunks")).group_by(chunks.c.document_id).subquery()
        query = (
            select(
                documents,
                sources.c.root,
                *(revisions.c[name] for name in ("pages", "indexed_at", "author", "created_at", "modified_at")),
                revisions.c.language,
                revisions.c.flags,
                counts.c.chunks,
                _groups_column(),
            )
            .join(sources, sources.c.id == documents.c.source_id)
            .outerjoin(revisions, revisions.c.id == documents.c.revision_id)
            .outerjoin(counts, counts.c.document_id == documents.c.id)
            .outerjoin(_labels, _labels.c.id == documents.c.label_id)
            .order_by(sources.c.id, documents.c.path)
        )
        if labels is not None:
            query = query.where(documents.c.label_id.in_(labels), documents.c.revision_id.is_not(None))
        with self.database.read() as connection:
            return [_document(row) for row in connection.execute(query)]

    def _chunks(self, which: Any, allowed: frozenset[int]) -> list[StoredChunk]:
        with self.database.read() as connection:
            return [_stored_chunk(row) for row in connection.execute(_readable(which, allowed))]


_labels = labels.alias()  # `labels` is what those methods call the permitted ones


def _groups_column() -> Any:
    return _labels.c.groups.label("group_names")


def _open_to(labels: frozenset[int]) -> Any:
    """Who may read a revision: who may read the document now and, of a superseded one, also could when it was replaced.

    Otherwise what was taken out of a document before it was opened to others would be opened with it.
    """
    then = or_(revisions.c.superseded_at.is_(None), revisions.c.label_id.in_(labels))
    return and_(documents.c.label_id.in_(labels), then)


def _readable(which: Any, allowed: frozenset[int]) -> Any:
    """The query for chunks that are current and that these labels may read.

    `+ 0` keeps SQLite from beginning with every document of these labels instead of with the few chunks named.
    """
    return (
        select(chunks, VECTOR, documents.c.path, documents.c.label_id, revisions.c.title)
        .add_columns(revisions.c.modified_at, revisions.c.created_at, revisions.c.author)
        .join(documents, documents.c.id == chunks.c.document_id)
        .join(revisions, revisions.c.id == chunks.c.revision_id)
        .outerjoin(embeddings, beside(in_use()))
        .where(which, (documents.c.label_id + 0).in_(allowed), documents.c.revision_id == chunks.c.revision_id)
        .order_by(chunks.c.revision_id, chunks.c.position)
    )


def _stored_chunk(row: Row[Any]) -> StoredChunk:
    return StoredChunk(
        chunk=chunk_of(row),
        document_id=row.document_id,
        path=row.path,
        title=row.title,
        label=row.label_id,
        modified=aware(row.modified_at),
        made=aware(row.created_at),
        author=row.author,
    )


def _document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        source=row.root,
        path=row.path,
        groups=tuple(json.loads(row.group_names or "[]")),
        state=State(row.state),
        code=row.code,
        reason=row.reason,
        size=row.size,
        mtime_ns=row.mtime_ns,
        attempts=row.attempts,
        revision=row.revision_id,
        title=row.title,
        pages=row.pages,
        chunks=row.chunks or 0,
        changed=moment(row.changed_at),
        indexed=aware(row.indexed_at),
        author=row.author,
        made=aware(row.created_at),
        modified=aware(row.modified_at),
        language=row.language,
        flags=tuple(json.loads(row.flags or "[]")),
    )


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        id=row.id,
        document_id=row.document_id,
        sha256=row.sha256,
        path=row.path,
        title=row.title,
        pages=row.pages,
        text=zlib.decompress(row.text).decode(),
        elements=elements_from_json(zlib.decompress(row.elements)),
        created=moment(row.indexed_at),
        current=row.id == row.current_id,
        author=row.author,
        made=aware(row.created_at),
        modified=aware(row.modified_at),
        language=row.language,
        flags=tuple(json.loads(row.flags)),
    )
