"""The files of each source and where they stand: new, waiting, failed, moved, gone. Knows no text and no chunk."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update

from storage.catalog.entries import Known, Seen
from storage.catalog.outbox import drop_revisions, tell_of_readers
from storage.catalog.part import BATCH, Part
from storage.database import aware, now, stored
from storage.records import State
from storage.schema import documents, members, revisions


class Files(Part):
    """Files as the scan sees them and as ingestion leaves them."""

    def known(self, source_id: int) -> dict[str, Known]:
        """Every file of a source that the catalog has a row for, by path; not what containers hold."""
        query = (
            select(documents, revisions.c.sha256)
            .outerjoin(revisions, revisions.c.id == documents.c.revision_id)
            .where(documents.c.source_id == source_id, documents.c.id.not_in(select(members.c.document_id)))
        )
        with self.database.read() as connection:
            return {row.path: _known(row) for row in connection.execute(query)}

    def add_files(self, source_id: int, files: Sequence[Seen]) -> dict[str, str]:
        """New files, waiting. Returns their ids by path."""
        rows = [
            _seen_values(seen)
            | {
                "id": uuid.uuid4().hex,
                "source_id": source_id,
                "path": seen.path,
                "state": State.WAITING,
                "attempts": 0,
                "title": "",
                "changed_at": now(),
            }
            for seen in files
        ]
        with self.database.write() as connection:
            for start in range(0, len(rows), BATCH):
                connection.execute(insert(documents), rows[start : start + BATCH])
        return {row["path"]: row["id"] for row in rows}

    def touch_file(self, document_id: str, seen: Seen, *, waiting: bool, code: str | None = None) -> None:
        """The file's place, size or time changed. `waiting`: it has to be looked at again, because of `code`.

        Content and readers that change together: the old content is dropped at once, because the new readers were
        never meant to see it.
        """
        values = _seen_values(seen) | {"path": seen.path, "changed_at": now()}
        if waiting:
            values |= {"state": State.WAITING, "code": code, "reason": None, "attempts": 0, "retry_at": None}
        with self.database.write() as connection:
            before = connection.execute(select(documents.c.label_id).where(documents.c.id == document_id)).first()
            if waiting and code is None and before is not None and before.label_id != seen.label:
                drop_revisions(connection, [document_id])
            tell_of_readers(connection, document_id, seen.label)
            connection.execute(update(documents).where(documents.c.id == document_id).values(values))

    def relabel(self, document_ids: Sequence[str], label: int | None) -> None:
        """Other people may read these now. In force with the commit; the indexes follow."""
        with self.database.write() as connection:
            for document_id in document_ids:
                tell_of_readers(connection, document_id, label)
                connection.execute(
                    update(documents).where(documents.c.id == document_id).values(label_id=label, changed_at=now())
                )

    def waiting(self, source_ids: Sequence[int], limit: int) -> list[Known]:
        """Files that have to be looked at, the small ones first: new, changed, interrupted, or due for another try."""
        unfinished = documents.c.state.in_([State.WAITING, State.PARSING, State.EMBEDDING])
        due = and_(documents.c.state == State.FAILED, documents.c.retry_at <= now())
        query = (
            select(documents, revisions.c.sha256)
            .outerjoin(revisions, revisions.c.id == documents.c.revision_id)
            .where(documents.c.source_id.in_(list(source_ids)), or_(unfinished, due))
            .order_by(documents.c.size, documents.c.id)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [_known(row) for row in connection.execute(query)]

    def unfinished(self, source_ids: Sequence[int]) -> int:
        """How many files `waiting` would give without a limit."""
        query = select(func.count()).where(
            documents.c.source_id.in_(list(source_ids)),
            or_(
                documents.c.state.in_([State.WAITING, State.PARSING, State.EMBEDDING]),
                and_(documents.c.state == State.FAILED, documents.c.retry_at <= now()),
            ),
        )
        with self.database.read() as connection:
            return connection.execute(query).scalar_one()

    def note_status(self, document_id: str, size: int, mtime_ns: int, inode: int) -> None:
        """Size, time and inode of the content that was just read. Who may read it is the scan's to say."""
        with self.database.write() as connection:
            connection.execute(
                update(documents).where(documents.c.id == document_id).values(size=size, mtime_ns=mtime_ns, inode=inode)
            )

    def set_state(self, document_id: str, state: State, code: str | None = None, reason: str | None = None) -> None:
        """Where a file stands. An ignored file loses its revision: it is no longer part of the collection."""
        with self.database.write() as connection:
            if state is State.IGNORED:
                drop_revisions(connection, [document_id])
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(state=state, code=code, reason=reason, changed_at=now())
            )

    def fail(self, document_id: str, code: str, reason: str, retry_at: datetime | None) -> None:
        """A file could not be indexed. What was indexed of it before is taken out: its content is no longer that.

        `retry_at` None: it waits for the file to change or for a person.
        """
        with self.database.write() as connection:
            if retry_at is None:
                drop_revisions(connection, [document_id])
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    state=State.FAILED,
                    code=code,
                    reason=reason,
                    retry_at=stored(retry_at),
                    attempts=documents.c.attempts + 1,
                    changed_at=now(),
                )
            )

    def retry(self, document_ids: Sequence[str] | None) -> int:
        """Put failed files (None: all of them) back to waiting. Returns how many."""
        query = update(documents).where(documents.c.state == State.FAILED)
        if document_ids is not None:
            query = query.where(documents.c.id.in_(list(document_ids)))
        with self.database.write() as connection:
            return connection.execute(
                query.values(state=State.WAITING, code=None, reason=None, attempts=0, retry_at=None, changed_at=now())
            ).rowcount

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Take documents out: rows, revisions, chunks. Gone from every answer with this commit."""
        with self.database.write() as connection:
            for start in range(0, len(document_ids), BATCH):
                batch = list(document_ids[start : start + BATCH])
                drop_revisions(connection, batch)
                connection.execute(delete(documents).where(documents.c.id.in_(batch)))


def _seen_values(seen: Seen) -> dict[str, Any]:
    return {"label_id": seen.label, "size": seen.size, "mtime_ns": seen.mtime_ns, "inode": seen.inode}


def _known(row: Row[Any]) -> Known:
    return Known(
        id=row.id,
        source_id=row.source_id,
        path=row.path,
        label=row.label_id,
        state=State(row.state),
        code=row.code,
        reason=row.reason,
        size=row.size,
        mtime_ns=row.mtime_ns,
        inode=row.inode,
        attempts=row.attempts,
        retry_at=aware(row.retry_at),
        sha256=row.sha256,
    )
