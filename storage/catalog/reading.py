"""What questions and pages read: passages, revisions and documents, each only for a set of labels."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.dialects import sqlite

from storage.catalog.chunks import CHUNK_COLUMNS, COUNT, chunk_of, from_bytes
from storage.catalog.entries import Candidate, Filter, Vector
from storage.catalog.models import VECTOR, beside, in_use
from storage.catalog.part import Part, batches
from storage.database import aware, folded, moment, read_moment
from storage.elements import elements_from_json, headings_in
from storage.errors import NotPermitted
from storage.filters import Filters, Within
from storage.records import ELEMENT_SEPARATOR, Document, Revision, State, StoredChunk
from storage.said import said_of
from storage.schema import chunks, documents, embeddings, labels, revisions, sources

MOST_PACKED = 150_000  # bytes of packed elements in which headings are looked for in passing: about 10 ms


def _tidy(text: str) -> str:
    """Every paragraph on one line, as the names of sections are kept."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split(ELEMENT_SEPARATOR))


class Reading(Part):
    """Passages, revisions and documents for those who may read them."""

    def chunks_by_id(self, ids: Sequence[str], *, labels: frozenset[int]) -> dict[str, StoredChunk]:
        """The chunks that are current and that `labels` may read, by id. What is missing is not for this person."""
        return {row[0]: _stored_chunk(row) for row in self._named(_BY_ID, ids, labels)}

    def candidates(self, ids: Sequence[str], *, labels: frozenset[int]) -> dict[str, Candidate]:
        """As `chunks_by_id`, without their texts, each with its vector, so that a chunk found by words can be compared
        by meaning too, and with what it says."""
        found = {row[0]: Candidate._make(row) for row in self._named(_CANDIDATES, ids, labels)}
        if unsaid := [name for name, one in found.items() if one.said_terms is None or not one.said.is_current]:
            for name, item in self.chunks_by_id(unsaid, labels=labels).items():
                said = said_of(item.chunk.header, item.chunk.body)
                found[name] = found[name]._replace(said_terms=said.terms, defines=said.defines)
            found = {name: one for name, one in found.items() if one.said_terms is not None}  # others have just gone
        return found

    def _named(self, statement: _Statement, ids: Sequence[str], labels: frozenset[int]) -> list[tuple[Any, ...]]:
        if not ids or not labels:
            return []
        return self._stated(statement, labels, ids=json.dumps(list(ids)))

    def _stated(self, statement: _Statement, labels: frozenset[int], **wanted: Any) -> list[tuple[Any, ...]]:
        return self.database.rows(statement.text, statement.values | wanted | {"labels": json.dumps(list(labels))})

    def matching(self, filters: Filters, *, labels: frozenset[int]) -> Within:
        """The current revisions that `labels` may read and the filter leaves."""
        query = (
            select(revisions.c.id, func.count(chunks.c.id))
            .join(documents, documents.c.revision_id == revisions.c.id)
            .join(chunks, chunks.c.revision_id == revisions.c.id)
            .where(documents.c.label_id.in_(labels), filters.condition())
            .group_by(revisions.c.id)
        )
        with self.database.read() as connection:
            found = connection.execute(query).all()
        return Within(revisions=frozenset(row[0] for row in found), chunks=sum(row[1] for row in found))

    def vectors_within(self, filters: Filters, *, labels: frozenset[int]) -> tuple[list[str], Vector]:
        """The ids and vectors of every chunk that `labels` may read and the filter leaves: (chunks, dimension)."""
        query = (
            select(chunks.c.id, VECTOR)
            .join(documents, documents.c.revision_id == chunks.c.revision_id)
            .join(revisions, revisions.c.id == chunks.c.revision_id)
            .outerjoin(embeddings, beside(in_use()))
            .where(documents.c.label_id.in_(labels), filters.condition())
            .order_by(chunks.c.id)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        vectors = [from_bytes(row.vector) for row in rows]
        return [row.id for row in rows], np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)

    def first_chunks(self, revision: str, count: int, *, labels: frozenset[int]) -> list[StoredChunk]:
        """The first chunks of a revision, in order."""
        return [_stored_chunk(row) for row in self._stated(_FIRST, labels, revision=revision, count=count)]

    def section_opening(
        self, revision: str, heading: str, before: int, *, labels: frozenset[int]
    ) -> StoredChunk | None:
        """The last chunk before position `before` that holds this heading on a line of its own."""
        word = heading.rsplit(maxsplit=1)[-1]  # a heading may have line ends between its words
        line = f"\n{heading}\n"
        for row in self._stated(_ABOVE, labels, revision=revision, before=before, word=word):
            if line in f"\n{_tidy(row[_BODY])}\n":
                return _stored_chunk(row)
        return None

    def revision(self, revision: str, *, labels: frozenset[int]) -> Revision:
        """A revision, superseded ones too. Raises: NotPermitted when it is not there or not for these labels."""
        return _revision(self._permitted(revision, labels, revisions, documents.c.revision_id.label("current_id")))

    def headings(self, revision_ids: Collection[str], *, labels: frozenset[int]) -> dict[str, frozenset[str]]:
        """The headings of these revisions, each on one line; none of one with too many elements."""
        query = (
            select(revisions.c.id, revisions.c.elements)
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(
                revisions.c.id.in_(list(revision_ids)),
                _open_to(labels),
                func.length(revisions.c.elements) <= MOST_PACKED,
            )
        )
        with self.database.read() as connection:
            return {row.id: headings_in(zlib.decompress(row.elements)) for row in connection.execute(query)}

    def readable(self, revision_ids: Collection[str], *, labels: frozenset[int]) -> set[str]:
        """Which of these revisions a person may still read: for showing answers that were given earlier."""
        query = (
            select(revisions.c.id)
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(revisions.c.id.in_(list(revision_ids)), _open_to(labels))
        )
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def superseded(self, revision_ids: Collection[str]) -> set[str]:
        """Which of these revisions are no longer their documents' current ones. Tells nothing of what is in them."""
        query = (
            select(revisions.c.id)
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(revisions.c.id.in_(list(revision_ids)), documents.c.revision_id != revisions.c.id)
        )
        with self.database.read() as connection:
            return set(connection.execute(query).scalars())

    def original_of(self, revision: str, *, labels: frozenset[int]) -> tuple[str, str, str]:
        """SHA-256, suffix and path of a revision's original, without loading its text. Raises: NotPermitted."""
        row = self._permitted(revision, labels, revisions.c.sha256, revisions.c.suffix)
        return row.sha256, row.suffix, row.path

    def _permitted(self, revision: str, labels: frozenset[int], *columns: Any) -> Any:
        """These columns of a revision, and the document's path. Raises: NotPermitted."""
        query = (
            select(*columns, documents.c.path)
            .join(documents, documents.c.id == revisions.c.document_id)
            .where(revisions.c.id == revision, _open_to(labels))
        )
        with self.database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotPermitted("There is no such document, or it is not for you to read.")
        return row

    def documents(self, *, labels: frozenset[int] | None) -> list[Document]:
        """Documents a person may read; `labels=None` is the administrator's list of every file, ignored ones too."""
        return self.documents_page(Filter(), labels=labels, limit=None)

    def documents_page(
        self,
        which: Filter,
        *,
        labels: frozenset[int] | None,
        limit: int | None,
        offset: int = 0,
        after: tuple[int, str] | None = None,
    ) -> list[Document]:
        """Some of the documents, by source and path; `labels` as for `documents`.

        `offset` skips so many; `after` is the source's number and the path of the last one that was given.
        """
        query = (
            select(documents, sources.c.root, _labels.c.groups.label("group_names"))
            .join(sources, sources.c.id == documents.c.source_id)
            .outerjoin(_labels, _labels.c.id == documents.c.label_id)
            .where(*_chosen(which, labels))
            .order_by(*([documents.c.state != State.FAILED] if which.failed_first else []))
            .limit(limit)
            .offset(offset)
        )
        if which.newest_first:
            query = query.outerjoin(revisions, revisions.c.id == documents.c.revision_id)
            query = query.order_by(revisions.c.indexed_at.desc())
        query = query.order_by(documents.c.source_id, documents.c.path)
        if after is not None:
            query = query.where(tuple_(documents.c.source_id, documents.c.path) > after)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
            sizes, revised = _made_of(connection, [row.revision_id for row in rows if row.revision_id is not None])
        return [_document(row, sizes.get(row.id, 0), revised.get(row.revision_id)) for row in rows]

    def readable_paths(self, *, labels: frozenset[int]) -> list[str]:
        """The paths of the documents a person may read, in the order of `documents`."""
        query = select(documents.c.path).where(*_chosen(Filter(), labels))
        with self.database.read() as connection:
            return list(connection.execute(query.order_by(documents.c.source_id, documents.c.path)).scalars())

    def count_documents(self, which: Filter, *, labels: frozenset[int] | None) -> int:
        """How many documents `documents_page` would give without a limit."""
        query = select(func.count()).select_from(documents).where(*_chosen(which, labels))
        with self.database.read() as connection:
            return connection.execute(query).scalar_one()

    def place(self, document_id: str) -> tuple[int, str] | None:
        """Where a document stands in the order of `documents_page`."""
        query = select(documents.c.source_id, documents.c.path).where(documents.c.id == document_id)
        with self.database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.source_id, row.path)

    def suffixes(self, *, labels: frozenset[int] | None) -> list[str]:
        """What the names of documents end with, as `Filter.suffix` takes it."""
        query = select(func.suffix(documents.c.path)).distinct().where(*_chosen(Filter(), labels))
        with self.database.read() as connection:
            return sorted(connection.execute(query).scalars())


_labels = labels.alias()  # `labels` is what those methods call the permitted ones


def _chosen(which: Filter, allowed: frozenset[int] | None) -> list[Any]:
    conditions: list[Any] = []
    if allowed is not None:
        conditions += [documents.c.label_id.in_(allowed), documents.c.revision_id.is_not(None)]
    if which.states:
        conditions.append(documents.c.state.in_(which.states))
    if which.containing:
        text = func.folded(documents.c.path + "\n" + documents.c.title)
        conditions.append(func.instr(text, folded(which.containing)) > 0)
    if which.suffix is not None:
        conditions.append(func.suffix(documents.c.path) == which.suffix)
    if which.read_by_nobody:
        conditions += [documents.c.label_id.is_(None), documents.c.state != State.IGNORED]
    return conditions


def _made_of(connection: Connection, revision_ids: Sequence[str]) -> tuple[dict[str, int], dict[str, Row[Any]]]:
    """Numbers of chunks by document, and pages and time by revision."""
    sizes: dict[str, int] = {}
    revised: dict[str, Row[Any]] = {}
    for batch in batches(revision_ids):
        names = ("id", "pages", "indexed_at", "author", "created_at", "modified_at", "language", "flags")
        made = select(*(revisions.c[name] for name in names))
        revised |= {row.id: row for row in connection.execute(made.where(revisions.c.id.in_(batch)))}
        counted = (
            select(chunks.c.document_id, func.count().label("chunks"))
            .where(chunks.c.revision_id.in_(batch))
            .group_by(chunks.c.document_id)
        )
        sizes |= {row.document_id: row.chunks for row in connection.execute(counted)}
    return sizes, revised


def _open_to(labels: frozenset[int]) -> Any:
    """Who may read a revision: who may read the document now and, of a superseded one, also could when it was replaced.

    Otherwise what was taken out of a document before it was opened to others would be opened with it.
    """
    then = or_(revisions.c.superseded_at.is_(None), revisions.c.label_id.in_(labels))
    return and_(documents.c.label_id.in_(labels), then)


_STORED = (  # what _stored_chunk takes
    *(chunks.c[name] for name in CHUNK_COLUMNS),
    documents.c.path,
    documents.c.label_id,
    *(revisions.c[name] for name in ("title", "modified_at", "created_at", "author")),
)
_JUDGED = (  # those of Candidate
    *(chunks.c[name] for name in ("id", "revision_id", "document_id", "section", "pages")),
    documents.c.path,
    revisions.c.title,
    revisions.c.modified_at,
    VECTOR,
    chunks.c.terms,
    chunks.c.defines,
)


def _readable(columns: Sequence[Any], which: Any, allowed: Any) -> Select[Any]:
    """The query for chunks that are current and that these labels may read.

    `+ 0` keeps SQLite from beginning with every document of these labels instead of with the few chunks named.
    """
    return (
        select(*columns)
        .select_from(chunks)
        .join(documents, documents.c.id == chunks.c.document_id)
        .join(revisions, revisions.c.id == chunks.c.revision_id)
        .where(which, (documents.c.label_id + 0).in_(allowed), documents.c.revision_id == chunks.c.revision_id)
    )


class _Statement:
    """A query that is written out once, for `Database.rows`. Lists, as `labels`, are JSON; `values` are its own."""

    def __init__(self, query: Select[Any]) -> None:
        written = query.compile(dialect=sqlite.dialect(paramstyle="named"))
        self.text = str(written)
        self.values = {name: value for name, value in written.params.items() if value is not None}


def _listed(name: str) -> Any:
    """What a parameter lists, as JSON: a statement that is the same for any number of values is prepared only once."""
    return select(func.json_each(bindparam(name)).table_valued("value").c.value)


_NAMED = (chunks.c.id.in_(_listed("ids")), _listed("labels"))
_BY_ID = _Statement(_readable(_STORED, *_NAMED))
_BODY = CHUNK_COLUMNS.index("body")
_FIRST = _Statement(
    _readable(
        _STORED,
        and_(chunks.c.revision_id == bindparam("revision"), chunks.c.position < bindparam("count")),
        _listed("labels"),
    ).order_by(chunks.c.position)
)
_ABOVE = _Statement(
    _readable(
        _STORED,
        and_(
            chunks.c.revision_id == bindparam("revision"),
            chunks.c.position < bindparam("before"),
            func.instr(chunks.c.body, bindparam("word")) > 0,
        ),
        _listed("labels"),
    ).order_by(chunks.c.position.desc())
)
_CANDIDATES = _Statement(_readable(_JUDGED, *_NAMED).outerjoin(embeddings, beside(in_use())))


def _stored_chunk(row: Sequence[Any]) -> StoredChunk:
    """The record that a row of _STORED is. By place: by name it takes twice the time, for a hundred candidates."""
    path, label, title, modified, made, author = row[COUNT : COUNT + 6]
    return StoredChunk(
        chunk=chunk_of(row),
        document_id=row[2],
        path=path,
        title=title,
        label=label,
        modified=read_moment(modified),
        made=read_moment(made),
        author=author,
    )


def _document(row: Row[Any], size: int, revised: Row[Any] | None) -> Document:
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
        pages=revised.pages if revised else None,
        chunks=size,
        changed=moment(row.changed_at),
        indexed=aware(revised.indexed_at) if revised else None,
        retry=aware(row.retry_at),
        author=revised.author if revised else None,
        made=aware(revised.created_at) if revised else None,
        modified=aware(revised.modified_at) if revised else None,
        language=revised.language if revised else None,
        flags=tuple(json.loads(revised.flags)) if revised else (),
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
