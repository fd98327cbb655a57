"""The catalog: documents, revisions, chunks, access labels, and what the indexes have still to be told. The truth.

Every method is one transaction. Nothing here decides who may read or what is indexed when; it keeps what it is told,
and gives out chunks and revisions only for a set of labels. Knows no index, no model and no file outside its database.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from storage.database import Database, aware, moment, now, stored
from storage.elements import elements_from_json, elements_to_json
from storage.errors import EmbedderMismatch, NotPermitted
from storage.records import Chunk, Document, Parsed, Revision, State, StoredChunk, revision_text
from storage.schema import chunks, documents, facts, labels, outbox, revisions, sources

Vector = np.ndarray[Any, np.dtype[np.float32]]
EMBEDDER = "embedder"  # the fact that names the model the vectors were made by: "name revision"
BATCH = 500  # rows a statement handles at once; SQLite's limit on parameters is 32,766


@dataclass(frozen=True, kw_only=True)
class Source:
    """A folder that is kept in step."""

    id: int
    root: str
    readers: tuple[str, ...] | None  # None: first-level folder names are groups
    scanned: datetime | None
    held: str | None
    confirmed: bool


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the catalog knows of a file, as the reconciling scan compares it."""

    id: str
    source_id: int
    path: str
    label: int | None
    state: State
    code: str | None
    reason: str | None
    size: int
    mtime_ns: int
    inode: int
    attempts: int
    retry_at: datetime | None
    sha256: str | None  # of the current revision


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A file as the scan saw it."""

    path: str
    label: int | None
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A current revision as it was parsed: enough to chunk and embed it anew."""

    id: str
    document_id: str
    content: str  # SHA-256 of the original
    suffix: str
    title: str
    parsed: Parsed


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing the indexes have still to be told."""

    id: int
    action: str  # put | drop
    revision_id: str
    label: int
    chunks: int


@dataclass(frozen=True, kw_only=True)
class IndexRow:
    """A chunk as the indexes take it."""

    chunk: Chunk
    label: int
    title: str
    path: str
    vector: Vector


def revision_id(document_id: str, content: str) -> str:
    """The id of the revision that `document_id` has with content of this SHA-256."""
    return sha256(f"{document_id}\n{content}".encode()).hexdigest()[:32]


class Catalog:
    """Documents and everything made of them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # --- facts -------------------------------------------------------------------------------------------------

    def fact(self, key: str) -> str | None:
        """A fact about the catalog, or None."""
        with self.database.read() as connection:
            return connection.execute(select(facts.c.value).where(facts.c.key == key)).scalar()

    def set_fact(self, key: str, value: str) -> None:
        """Remember a fact."""
        with self.database.write() as connection:
            connection.execute(delete(facts).where(facts.c.key == key))
            connection.execute(insert(facts).values(key=key, value=value))

    def check_embedder(self, name: str, revision: str) -> None:
        """Compare with the model the vectors were made by. Raises: EmbedderMismatch."""
        made_by = self.fact(EMBEDDER)
        if made_by is not None and made_by != f"{name} {revision}":
            raise EmbedderMismatch(
                f"The index was made with the embedding model {made_by}, but the settings name {name} {revision}. "
                "Set `embedder` back, or run `premise reindex --embed` to embed everything anew."
            )

    # --- labels ------------------------------------------------------------------------------------------------

    def label_for(self, groups: Iterable[str]) -> int | None:
        """The label of exactly these groups, made when new. None for no groups: nobody may read."""
        names = sorted(set(groups))
        if not names:
            return None
        key = json.dumps(names, ensure_ascii=False)
        with self.database.read() as connection:
            found = connection.execute(select(labels.c.id).where(labels.c.groups == key)).scalar()
        if found is not None:
            return int(found)
        with self.database.write() as connection:
            found = connection.execute(select(labels.c.id).where(labels.c.groups == key)).scalar()
            if found is None:
                found = connection.execute(insert(labels).values(groups=key).returning(labels.c.id)).scalar_one()
            return int(found)

    def labels_of(self, groups: Iterable[str]) -> frozenset[int]:
        """The labels that a person of these groups may read."""
        mine = set(groups)
        with self.database.read() as connection:
            rows = connection.execute(select(labels.c.id, labels.c.groups)).all()
        return frozenset(label for label, names in rows if mine.intersection(json.loads(names)))

    def all_labels(self) -> frozenset[int]:
        """Every label there is: for rebuilding and checking the indexes, never for a question."""
        with self.database.read() as connection:
            return frozenset(connection.execute(select(labels.c.id)).scalars())

    # --- sources -----------------------------------------------------------------------------------------------

    def source(self, root: str, readers: Sequence[str] | None) -> Source:
        """The source at `root`, registered when new. `readers` None keeps what is registered."""
        names = json.dumps(sorted(set(readers)), ensure_ascii=False) if readers is not None else None
        with self.database.write() as connection:
            found = connection.execute(select(sources).where(sources.c.root == root)).first()
            if found is None:
                connection.execute(insert(sources).values(root=root, readers=names, confirmed=False))
            elif names is not None and found.readers != names:
                connection.execute(update(sources).where(sources.c.id == found.id).values(readers=names))
            return _source(connection.execute(select(sources).where(sources.c.root == root)).one())

    def sources(self) -> list[Source]:
        """All registered sources."""
        with self.database.read() as connection:
            return [_source(row) for row in connection.execute(select(sources).order_by(sources.c.id))]

    def scanned(self, source_id: int, *, held: str | None) -> None:
        """A full pass over a source has ended. `held`: why deletions wait, None when they do not."""
        with self.database.write() as connection:
            connection.execute(update(sources).where(sources.c.id == source_id).values(scanned_at=now(), held=held))

    def confirmation_used(self, source_id: int) -> None:
        """A confirmation is for one pass, and that pass has begun."""
        with self.database.write() as connection:
            connection.execute(update(sources).where(sources.c.id == source_id).values(confirmed=False))

    def confirm_deletions(self, source_id: int) -> None:
        """A person says that the files held back as missing are really gone."""
        with self.database.write() as connection:
            connection.execute(update(sources).where(sources.c.id == source_id).values(confirmed=True))

    def forget_source(self, source_id: int) -> None:
        """Unregister a source whose documents have been deleted."""
        with self.database.write() as connection:
            connection.execute(delete(sources).where(sources.c.id == source_id))

    # --- files, as the scan sees them --------------------------------------------------------------------------

    def known(self, source_id: int) -> dict[str, Known]:
        """Every file of a source that the catalog has a row for, by path."""
        query = (
            select(documents, revisions.c.sha256)
            .outerjoin(revisions, revisions.c.id == documents.c.revision_id)
            .where(documents.c.source_id == source_id)
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
                self._drop_revisions(connection, [document_id])
            self._relabel(connection, document_id, seen.label)
            connection.execute(update(documents).where(documents.c.id == document_id).values(values))

    def relabel(self, document_ids: Sequence[str], label: int | None) -> None:
        """Other people may read these now. In force with the commit; the indexes follow."""
        with self.database.write() as connection:
            for document_id in document_ids:
                self._relabel(connection, document_id, label)
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
                self._drop_revisions(connection, [document_id])
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
                self._drop_revisions(connection, [document_id])
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
                self._drop_revisions(connection, batch)
                connection.execute(delete(documents).where(documents.c.id.in_(batch)))

    # --- indexing ----------------------------------------------------------------------------------------------

    def index_revision(
        self,
        document_id: str,
        *,
        content: str,
        suffix: str,
        title: str,
        parsed: Parsed,
        pieces: Sequence[Chunk],
        embedded: Sequence[str],
        vectors: Vector,
    ) -> None:
        """A new content of a document takes the old one's place: one commit.

        `content` is the SHA-256 of the original; `embedded` names what each vector was made of; `vectors` is
        (len(pieces), dimension), float32. Superseded revisions keep their text for the citations that quote them.
        """
        new = revision_id(document_id, content)
        with self.database.write() as connection:
            old = connection.execute(
                select(documents.c.revision_id, documents.c.label_id).where(documents.c.id == document_id)
            ).first()
            if old is None:
                return  # deleted while it was parsed
            self._drop_chunks(connection, [document_id])
            connection.execute(
                update(revisions)
                .where(revisions.c.document_id == document_id, revisions.c.id != new)
                .where(revisions.c.superseded_at.is_(None))
                .values(superseded_at=now(), label_id=old.label_id)
            )
            connection.execute(delete(revisions).where(revisions.c.id == new))
            connection.execute(
                insert(revisions).values(
                    id=new,
                    document_id=document_id,
                    sha256=content,
                    suffix=suffix,
                    title=title,
                    author=parsed.author,
                    created_at=stored(parsed.created),
                    modified_at=stored(parsed.modified),
                    pages=parsed.pages,
                    language=main_language(pieces),
                    flags=json.dumps(list(parsed.flags), ensure_ascii=False),
                    text=zlib.compress(revision_text(parsed.elements).encode()),
                    elements=zlib.compress(elements_to_json(parsed.elements)),
                    warnings=json.dumps(list(parsed.warnings), ensure_ascii=False),
                    indexed_at=now(),
                    superseded_at=None,
                    label_id=None,
                )
            )
            rows = [
                _chunk_values(piece) | {"document_id": document_id, "embedded": key, "embedding": _to_bytes(vector)}
                for piece, key, vector in zip(pieces, embedded, vectors, strict=True)
            ]
            for start in range(0, len(rows), BATCH):
                connection.execute(insert(chunks), rows[start : start + BATCH])
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    state=State.INDEXED,
                    code=None,
                    reason=None,
                    attempts=0,
                    retry_at=None,
                    revision_id=new,
                    title=title,
                    changed_at=now(),
                )
            )
            self._note(connection, "put", new, old.label_id, len(rows))

    def vectors_of(self, embedded: Iterable[str]) -> dict[str, Vector]:
        """Vectors already made, by what they were made of: equal text is embedded once."""
        keys = list(dict.fromkeys(embedded))
        found: dict[str, Vector] = {}
        with self.database.read() as connection:
            for start in range(0, len(keys), BATCH):
                query = select(chunks.c.embedded, chunks.c.embedding).where(
                    chunks.c.embedded.in_(keys[start : start + BATCH])
                )
                found |= {key: _from_bytes(value) for key, value in connection.execute(query)}
        return found

    def current_revisions(self) -> Iterator[Kept]:
        """Every current revision as it was parsed, one at a time."""
        query = (
            select(revisions)
            .join(documents, documents.c.revision_id == revisions.c.id)
            .order_by(revisions.c.id)
            .limit(1)
        )
        last = ""
        while True:
            with self.database.read() as connection:
                row = connection.execute(query.where(revisions.c.id > last)).first()
            if row is None:
                return
            last = row.id
            yield Kept(
                id=row.id,
                document_id=row.document_id,
                content=row.sha256,
                suffix=row.suffix,
                title=row.title,
                parsed=Parsed(
                    elements=elements_from_json(zlib.decompress(row.elements)),
                    title=row.title,
                    author=row.author,
                    created=aware(row.created_at),
                    modified=aware(row.modified_at),
                    pages=row.pages,
                    flags=tuple(json.loads(row.flags)),
                    warnings=tuple(json.loads(row.warnings)),
                ),
            )

    # --- what the indexes have still to be told ----------------------------------------------------------------

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

    def index_rows(self, revision_ids: Sequence[str] | None = None) -> Iterator[list[IndexRow]]:
        """Chunks as the indexes take them, in batches: of these revisions, or of every current one."""
        query = (
            select(chunks, documents.c.label_id, documents.c.path, revisions.c.title)
            .join(documents, documents.c.id == chunks.c.document_id)
            .join(revisions, revisions.c.id == chunks.c.revision_id)
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
                    chunk=_chunk(row),
                    label=row.label_id,
                    title=row.title,
                    path=row.path,
                    vector=_from_bytes(row.embedding),
                )
                for row in rows
            ]

    def last_note(self) -> int:
        """The newest note's number, 0 when there is none."""
        with self.database.read() as connection:
            return connection.execute(select(func.max(outbox.c.id))).scalar() or 0

    # --- for questions -----------------------------------------------------------------------------------------

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
                row.id: (_stored_chunk(row), _from_bytes(row.embedding))
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

    # --- for keeping house -------------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """Documents by state, and `chunks`, `revisions`, `unlabelled`, `notes` (what the indexes wait for)."""
        with self.database.read() as connection:
            states = connection.execute(select(documents.c.state, func.count()).group_by(documents.c.state)).all()
            result = {str(state): 0 for state in State} | {row[0]: row[1] for row in states}
            result["chunks"] = connection.execute(select(func.count()).select_from(chunks)).scalar_one()
            result["revisions"] = connection.execute(select(func.count()).select_from(revisions)).scalar_one()
            result["notes"] = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
            result["unlabelled"] = connection.execute(
                select(func.count()).select_from(documents).where(documents.c.label_id.is_(None))
            ).scalar_one()
        return result

    def chunks_by_label(self) -> dict[int, int]:
        """How many chunks each label has: what the indexes should hold."""
        query = (
            select(documents.c.label_id, func.count())
            .join(chunks, chunks.c.document_id == documents.c.id)
            .where(documents.c.label_id.is_not(None))
            .group_by(documents.c.label_id)
        )
        with self.database.read() as connection:
            return {label: count for label, count in connection.execute(query) if label is not None}

    def originals(self) -> frozenset[str]:
        """SHA-256 of every original that a revision needs."""
        with self.database.read() as connection:
            return frozenset(connection.execute(select(revisions.c.sha256).distinct()).scalars())

    def purge_superseded(self, before: datetime) -> int:
        """Remove revisions superseded before this time. Returns how many."""
        with self.database.write() as connection:
            return connection.execute(delete(revisions).where(revisions.c.superseded_at < stored(before))).rowcount

    # --- inside ------------------------------------------------------------------------------------------------

    def _chunks(self, which: Any, allowed: frozenset[int]) -> list[StoredChunk]:
        with self.database.read() as connection:
            return [_stored_chunk(row) for row in connection.execute(_readable(which, allowed))]

    def _relabel(self, connection: Connection, document_id: str, label: int | None) -> None:
        row = connection.execute(
            select(documents.c.label_id, documents.c.revision_id).where(documents.c.id == document_id)
        ).first()
        if row is None or row.label_id == label or row.revision_id is None:
            return
        count = connection.execute(
            select(func.count()).select_from(chunks).where(chunks.c.document_id == document_id)
        ).scalar_one()
        self._note(connection, "drop", row.revision_id, row.label_id, count)
        self._note(connection, "put", row.revision_id, label, count)

    def _drop_chunks(self, connection: Connection, document_ids: Sequence[str]) -> None:
        query = (
            select(documents.c.revision_id, documents.c.label_id, func.count(chunks.c.id).label("chunks"))
            .join(chunks, chunks.c.document_id == documents.c.id)
            .where(documents.c.id.in_(document_ids), documents.c.revision_id.is_not(None))
            .group_by(documents.c.id)
        )
        for row in connection.execute(query).all():
            self._note(connection, "drop", row.revision_id, row.label_id, row.chunks)
        connection.execute(delete(chunks).where(chunks.c.document_id.in_(document_ids)))

    def _drop_revisions(self, connection: Connection, document_ids: Sequence[str]) -> None:
        self._drop_chunks(connection, document_ids)
        connection.execute(update(documents).where(documents.c.id.in_(document_ids)).values(revision_id=None))
        connection.execute(delete(revisions).where(revisions.c.document_id.in_(document_ids)))

    def _note(self, connection: Connection, action: str, revision: str, label: int | None, count: int) -> None:
        if label is not None and count:
            connection.execute(insert(outbox).values(action=action, revision_id=revision, label_id=label, chunks=count))


_labels = labels.alias()


def _groups_column() -> Any:
    return _labels.c.groups.label("group_names")


def _open_to(labels: frozenset[int]) -> Any:
    """Who may read a revision: who may read the document now and, of a superseded one, also could when it was replaced.

    Otherwise what was taken out of a document before it was opened to others would be opened with it.
    """
    then = or_(revisions.c.superseded_at.is_(None), revisions.c.label_id.in_(labels))
    return and_(documents.c.label_id.in_(labels), then)


def _seen_values(seen: Seen) -> dict[str, Any]:
    return {"label_id": seen.label, "size": seen.size, "mtime_ns": seen.mtime_ns, "inode": seen.inode}


def _readable(which: Any, allowed: frozenset[int]) -> Any:
    """The query for chunks that are current and that these labels may read.

    `+ 0` keeps SQLite from beginning with every document of these labels instead of with the few chunks named.
    """
    return (
        select(chunks, documents.c.path, documents.c.label_id, revisions.c.title)
        .add_columns(revisions.c.modified_at, revisions.c.created_at, revisions.c.author)
        .join(documents, documents.c.id == chunks.c.document_id)
        .join(revisions, revisions.c.id == chunks.c.revision_id)
        .where(which, (documents.c.label_id + 0).in_(allowed), documents.c.revision_id == chunks.c.revision_id)
        .order_by(chunks.c.revision_id, chunks.c.position)
    )


def _stored_chunk(row: Row[Any]) -> StoredChunk:
    return StoredChunk(
        chunk=_chunk(row),
        document_id=row.document_id,
        path=row.path,
        title=row.title,
        label=row.label_id,
        modified=aware(row.modified_at),
        made=aware(row.created_at),
        author=row.author,
    )


def _chunk_values(chunk: Chunk) -> dict[str, Any]:
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


def _chunk(row: Row[Any]) -> Chunk:
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


def _source(row: Row[Any]) -> Source:
    return Source(
        id=row.id,
        root=row.root,
        readers=tuple(json.loads(row.readers)) if row.readers is not None else None,
        scanned=aware(row.scanned_at),
        held=row.held,
        confirmed=row.confirmed,
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


def main_language(pieces: Sequence[Chunk]) -> str | None:
    """The language that most of the text of these chunks is in."""
    letters: Counter[str] = Counter()
    for piece in pieces:
        letters[piece.language or ""] += len(piece.body)
    del letters[""]
    return letters.most_common(1)[0][0] if letters else None


def _to_bytes(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _from_bytes(value: bytes) -> Vector:
    return np.frombuffer(value, dtype="<f4")
