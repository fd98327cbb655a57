"""The files of each source and where they stand: new, waiting, failed, moved, gone. Knows no text and no chunk."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from storage.catalog.entries import Known, Seen, Waiting
from storage.catalog.members import delete_members
from storage.catalog.outbox import drop_revisions, tell_of_readers
from storage.catalog.part import BATCH, Part, batches
from storage.database import aware, now, stored
from storage.failures import BY_PERSON, Rule, advice
from storage.records import State
from storage.schema import documents, members, revisions, sources

LONGEST_WAIT = timedelta(days=1)  # longer than any wait for another try


class Files(Part):
    """Files as the scan sees them and as ingestion leaves them."""

    def known(self, source_id: int) -> dict[str, Known]:
        """Every file of a source that the catalog has a row for, by path; not what containers hold."""
        files = documents.c.id.not_in(select(members.c.document_id))
        query = select(*_KNOWN).where(documents.c.source_id == source_id, files)
        with self.database.read() as connection:
            return {row.path: _file(Known, tuple(row)) for row in connection.execute(query)}

    def add_files(self, source_id: int, files: Sequence[Seen]) -> None:
        """New files: waiting, or ignored where a rule says so."""
        added = now()
        with self.database.write() as connection:
            for start in range(0, len(files), BATCH):
                rows = [
                    _seen_values(seen)
                    | {
                        "id": uuid.uuid4().hex,
                        "source_id": source_id,
                        "path": seen.path,
                        "state": State.IGNORED if seen.rule else State.WAITING,
                        "code": seen.rule,
                        "reason": advice(seen.rule) if seen.rule else None,
                        "attempts": 0,
                        "title": "",
                        "changed_at": added,
                    }
                    for seen in files[start : start + BATCH]
                ]
                connection.execute(insert(documents), rows)

    def touch_files(self, files: Sequence[tuple[Known, Seen]], *, waiting: bool, code: str | None = None) -> None:
        """Their place, size or time changed. `waiting`: they have to be looked at again, because of `code`.

        Content and readers that change together: the old content is dropped at once, because the new readers were
        never meant to see it.
        """
        again = {"state": State.WAITING, "code": code, "reason": None, "attempts": 0, "retry_at": None}
        for start in range(0, len(files), BATCH):
            with self.database.write() as connection:
                for before, seen in files[start : start + BATCH]:
                    label = connection.execute(select(documents.c.label_id).where(documents.c.id == before.id)).scalar()
                    read = before.state is State.INDEXED and code is not None  # what is known of it is its content
                    if waiting and not read and label != seen.label:
                        drop_revisions(connection, [before.id])
                    tell_of_readers(connection, before.id, seen.label)
                    values = _seen_values(seen) | {"path": seen.path, "changed_at": now()}
                    connection.execute(
                        update(documents).where(documents.c.id == before.id).values(values | (again if waiting else {}))
                    )

    def pass_over(self, files: Sequence[tuple[Known, Seen]]) -> None:
        """These are no documents any more, by the rule that the scan saw."""
        with self.database.write() as connection:
            for before, seen in files:
                drop_revisions(connection, [before.id])
                values = _seen_values(seen) | _ignored_values(seen.rule) if seen.rule else _seen_values(seen)
                connection.execute(update(documents).where(documents.c.id == before.id).values(values))

    def relabel(self, document_ids: Sequence[str], label: int | None) -> None:
        """Other people may read these now. In force with the commit; the indexes follow."""
        with self.database.write() as connection:
            for document_id in document_ids:
                tell_of_readers(connection, document_id, label)
                connection.execute(
                    update(documents).where(documents.c.id == document_id).values(label_id=label, changed_at=now())
                )

    def waiting(self, source_ids: Sequence[int], limit: int) -> list[Waiting]:
        """Files that have to be looked at, the small ones first: new, changed, interrupted, or due for another try."""
        query = (
            select(*_KNOWN, revisions.c.sha256)
            .outerjoin(revisions, revisions.c.id == documents.c.revision_id)
            .where(documents.c.source_id.in_(list(source_ids)), _unfinished())
            .order_by(documents.c.size, documents.c.id)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [_file(Waiting, row[:-1], sha256=row.sha256) for row in connection.execute(query)]

    def unfinished(self, source_ids: Sequence[int]) -> int:
        """How many files `waiting` would give without a limit."""
        query = select(func.count()).where(documents.c.source_id.in_(list(source_ids)), _unfinished())
        with self.database.read() as connection:
            return connection.execute(query).scalar_one()

    def note_times(self, files: Sequence[tuple[Known, Seen]]) -> None:
        """When the status of these was last changed, which was not known."""
        noted = update(documents).where(documents.c.id == bindparam("file")).values(ctime_ns=bindparam("moment"))
        for batch in batches(files):
            with self.database.write() as connection:
                connection.execute(noted, [{"file": file.id, "moment": seen.ctime_ns} for file, seen in batch])

    def note_status(self, document_id: str, size: int, mtime_ns: int, inode: int, ctime_ns: int) -> None:
        """Size, times and inode of the content that was just read, unless the scan saw another since it began.

        Who may read it is the scan's to say.
        """
        with self.database.write() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id, documents.c.state == State.PARSING)
                .values(size=size, mtime_ns=mtime_ns, inode=inode, ctime_ns=ctime_ns)
            )

    def set_state(
        self, document_id: str, state: State, code: str | None = None, *, if_state: State | None = None
    ) -> None:
        """Where a file stands. What a person had ignored meanwhile stays ignored.

        With `if_state`, nothing happens to a file in another state: such as one that changed meanwhile and waits.
        Of a file that is indexed after all no try is left, nor counted.
        """
        tried = {"attempts": 0, "retry_at": None} if state is State.INDEXED else {}
        with self.database.write() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id, *_still(if_state))
                .values(state=state, code=code, reason=None, changed_at=now(), **tried)
            )

    def fail(
        self, document_id: str, code: str, reason: str, retry_at: datetime | None, *, if_state: State | None = None
    ) -> None:
        """A file could not be indexed. What was indexed of it before is taken out: its content is no longer that.

        `retry_at` None: it waits for the file to change or for a person. `if_state` is as in `set_state`.
        """
        with self.database.write() as connection:
            chosen = select(documents.c.id).where(documents.c.id == document_id, *_still(if_state))
            if connection.execute(chosen).first() is None:
                return
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

    def retry(self, document_ids: Sequence[str] | None, *, code: str | None = None) -> int:
        """Put failed files (None: all of them, or all with this code) back to waiting. Returns how many."""
        failed = update(documents).where(documents.c.state == State.FAILED)
        if code is not None:
            failed = failed.where(documents.c.code == code)
        again = {
            "state": State.WAITING,
            "code": None,
            "reason": None,
            "attempts": 0,
            "retry_at": None,
            "changed_at": now(),
        }
        with self.database.write() as connection:
            if document_ids is None:
                return connection.execute(failed.values(again)).rowcount
            return sum(
                connection.execute(failed.where(documents.c.id.in_(batch)).values(again)).rowcount
                for batch in batches(document_ids)
            )

    def ignore(self, document_ids: Sequence[str]) -> int:
        """A person has these passed over: out of every answer with this commit. Returns how many."""
        with self.database.write() as connection:
            return ignore_in(connection, document_ids, Rule.ASKED)

    def unignore(self, document_ids: Sequence[str]) -> int:
        """Have files read again that a person had ignored or forgotten. Returns how many."""
        mine = [documents.c.state == State.IGNORED, documents.c.code.in_(list(BY_PERSON))]
        with self.database.write() as connection:
            return sum(
                connection.execute(
                    update(documents)
                    .where(documents.c.id.in_(batch), *mine)
                    .values(state=State.WAITING, code=None, reason=None, attempts=0, retry_at=None, changed_at=now())
                ).rowcount
                for batch in batches(document_ids)
            )

    def paths(self, document_ids: Sequence[str]) -> list[str]:
        """Where these files are, in order of path."""
        found: list[str] = []
        with self.database.read() as connection:
            for batch in batches(document_ids):
                found += connection.execute(select(documents.c.path).where(documents.c.id.in_(batch))).scalars()
        return sorted(found)

    def ids_at(self, path: str) -> dict[str, str]:
        """Files at this path, or below it where it is a folder: their ids with their paths.

        `path` is absolute, or relative to any source. Where nothing is spelled so, in whatever form of Unicode it is.
        """
        ids: dict[str, str] = {}
        wanted = path.rstrip("/")
        with self.database.read() as connection:
            roots = connection.execute(select(sources.c.id, sources.c.root)).all()
            for source_id, root in roots:
                relative = wanted.removeprefix(f"{root}/")
                below = func.substr(documents.c.path, 1, len(relative) + 1) == f"{relative}/"
                query = select(documents.c.id, documents.c.path).where(
                    documents.c.source_id == source_id, or_(documents.c.path == relative, below)
                )
                ids |= {row.id: row.path for row in connection.execute(query)}
            for source_id, root in roots if not ids and not wanted.isascii() else ():
                relative = unicodedata.normalize("NFC", wanted).removeprefix(unicodedata.normalize("NFC", f"{root}/"))
                rows = connection.execute(
                    select(documents.c.id, documents.c.path).where(documents.c.source_id == source_id)
                )
                same = (row for row in rows if f"{unicodedata.normalize('NFC', row.path)}/".startswith(f"{relative}/"))
                ids |= {row.id: row.path for row in same}
        return ids

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Take documents out: rows, revisions, chunks. Gone from every answer with this commit."""
        with self.database.write() as connection:
            for start in range(0, len(document_ids), BATCH):
                batch = list(document_ids[start : start + BATCH])
                drop_revisions(connection, batch)
                delete_members(connection, batch)
                connection.execute(delete(documents).where(documents.c.id.in_(batch)))


def ignore_in(connection: Connection, document_ids: Sequence[str], rule: Rule) -> int:
    """Drop what is kept of these and pass them over from now on. Returns how many."""
    count = 0
    for batch in batches(document_ids):
        drop_revisions(connection, batch)
        chosen = update(documents).where(documents.c.id.in_(batch), documents.c.code.is_distinct_from(Rule.FORGOTTEN))
        count += connection.execute(chosen.values(_ignored_values(rule) | {"title": ""})).rowcount
    return count


def _still(state: State | None) -> list[Any]:
    """Conditions: in this state, or in any that is not a person's wish."""
    return [documents.c.state != State.IGNORED] if state is None else [documents.c.state == state]


def _seen_values(seen: Seen) -> dict[str, Any]:
    return {
        "label_id": seen.label,
        "size": seen.size,
        "mtime_ns": seen.mtime_ns,
        "ctime_ns": seen.ctime_ns,
        "inode": seen.inode,
    }


def _ignored_values(rule: Rule) -> dict[str, Any]:
    return {
        "state": State.IGNORED,
        "code": rule,
        "reason": advice(rule),
        "attempts": 0,
        "retry_at": None,
        "changed_at": now(),
    }


def _unfinished() -> Any:
    """Which files wait: new, changed or interrupted ones, and those due for another try."""
    at = documents.c.retry_at  # far ahead: the clock was, and was set back since
    due = and_(documents.c.state == State.FAILED, or_(at <= now(), at > now() + LONGEST_WAIT))
    return or_(documents.c.state.in_([State.WAITING, State.PARSING, State.EMBEDDING]), due)


_KNOWN: tuple[Any, ...] = (
    documents.c.id,
    documents.c.source_id,
    documents.c.path,
    documents.c.label_id,
    documents.c.state,
    documents.c.code,
    documents.c.reason,
    documents.c.size,
    documents.c.mtime_ns,
    documents.c.inode,
    documents.c.attempts,
    documents.c.retry_at,
    documents.c.ctime_ns,
)
_Kind = TypeVar("_Kind", bound=Known)
_STATES = {state.value: state for state in State}  # calling State for each of 100,000 rows takes half a second


def _file(kind: type[_Kind], row: tuple[Any, ...], **more: Any) -> _Kind:
    """The record that the columns _KNOWN are."""
    key, source_id, path, label, state, code, reason, size, mtime_ns, inode, attempts, retry_at, ctime_ns = row
    return kind(
        id=key,
        source_id=source_id,
        path=path,
        label=label,
        state=_STATES[state],
        code=code,
        reason=reason,
        size=size,
        mtime_ns=mtime_ns,
        inode=inode,
        attempts=attempts,
        retry_at=aware(retry_at),
        ctime_ns=ctime_ns,
        **more,
    )
