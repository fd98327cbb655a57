"""What a document's content became: its revisions, their text, their chunks and vectors."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from storage.catalog.chunks import chunk_values, from_bytes, said_values, to_bytes
from storage.catalog.entries import Kept, Vector, revision_id
from storage.catalog.members import set_members
from storage.catalog.models import EARLY
from storage.catalog.outbox import drop_chunks, note
from storage.catalog.part import BATCH, Part
from storage.database import aware, now, stored
from storage.elements import elements_from_json, elements_to_json
from storage.records import Chunk, Element, Member, Parsed, State, revision_text
from storage.said import MARK
from storage.schema import chunks, documents, embeddings, revisions


@dataclass(frozen=True, kw_only=True)
class PackedText:
    """A revision's text and elements as the catalog keeps them: a fraction of what they take in memory."""

    text: bytes
    elements: bytes


def packed_text(elements: Sequence[Element]) -> PackedText:
    """What `index_revision` keeps of these elements."""
    text = zlib.compress(revision_text(elements).encode())
    return PackedText(text=text, elements=zlib.compress(elements_to_json(elements)))


class Revisions(Part):
    """Contents as they were indexed."""

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
        if_state: State | None = None,
        members: Sequence[Member] | None = None,
        packed: PackedText | None = None,
    ) -> None:
        """A new content of a document takes the old one's place: one commit.

        `content` is the SHA-256 of the original; `embedded` names what each vector was made of; `vectors` is
        (len(pieces), dimension), float32. With `if_state`, nothing happens to a document in another state. `members` is
        what the content holds; None leaves what it held. `packed` is what `parsed.elements` were, where they are not
        there any more. Superseded revisions keep their text for the citations that
        quote them.
        """
        new = revision_id(document_id, content)
        kept = packed or packed_text(parsed.elements)
        said = [said_values(piece.header, piece.body) for piece in pieces]  # before nobody else can write
        with self.database.write() as connection:
            old = connection.execute(
                select(documents.c.revision_id, documents.c.label_id, documents.c.state).where(
                    documents.c.id == document_id
                )
            ).first()
            if old is None or old.state == State.IGNORED or (if_state is not None and old.state != if_state):
                return  # deleted, ignored, forgotten or changed while it was parsed
            drop_chunks(connection, [document_id])
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
                    text=kept.text,
                    elements=kept.elements,
                    warnings=json.dumps(list(parsed.warnings), ensure_ascii=False),
                    indexed_at=now(),
                    superseded_at=None,
                    label_id=None,
                )
            )
            rows = (
                chunk_values(piece, words)
                | {"document_id": document_id, "embedded": key, "embedding": to_bytes(vector)}
                for piece, words, key, vector in zip(pieces, said, embedded, vectors, strict=True)
            )
            while some := list(islice(rows, BATCH)):
                connection.execute(insert(chunks), some)
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
            note(connection, "put", new, old.label_id, len(pieces))
            if members is not None:
                set_members(connection, document_id, members)

    def vectors_of(self, embedded: Iterable[str]) -> dict[str, Vector]:
        """Vectors already made, by what they were made of: equal text is embedded once."""
        keys = list(dict.fromkeys(embedded))
        found: dict[str, Vector] = {}
        with self.database.read() as connection:
            for start in range(0, len(keys), BATCH):
                some = keys[start : start + BATCH]
                query = select(chunks.c.embedded, chunks.c.embedding).where(chunks.c.embedded.in_(some))
                found |= {key: from_bytes(value) for key, value in connection.execute(query)}
                query = select(embeddings.c.embedded, embeddings.c.embedding).where(
                    embeddings.c.model == EARLY, embeddings.c.embedded.in_(some)
                )
                found |= {key: from_bytes(value) for key, value in connection.execute(query)}
        return found

    def keep_early(self, made: Mapping[str, tuple[str, Vector]]) -> None:
        """Vectors of documents that are not whole yet: by what they were made of, the document and the vector."""
        rows = [
            {"model": EARLY, "embedded": embedded, "key": document, "embedding": to_bytes(vector)}
            for embedded, (document, vector) in made.items()
        ]
        with self.database.write() as connection:
            connection.execute(delete(embeddings).where(embeddings.c.model == EARLY, embeddings.c.embedded.in_(made)))
            connection.execute(insert(embeddings), rows)

    def drop_early(self) -> None:
        """No document is on its way any more."""
        with self.database.write() as connection:
            connection.execute(delete(embeddings).where(embeddings.c.model == EARLY))

    def say_anew(self) -> int:
        """Make what chunks say, where a version that did not, or that cut text otherwise, wrote them. Returns how many.

        Some hundred at a time, each time in one transaction: what was made stays made.
        """
        outdated = or_(chunks.c.terms.is_(None), func.substr(chunks.c.terms, 1, len(MARK)) != MARK)
        query = select(chunks.c.id, chunks.c.header, chunks.c.body).where(outdated).order_by(chunks.c.id).limit(BATCH)
        change = update(chunks).where(chunks.c.id == bindparam("name"))
        done, last = 0, ""
        while True:
            with self.database.write() as connection:
                rows = connection.execute(query.where(chunks.c.id > last)).all()
                if not rows:
                    return done
                last = rows[-1].id
                connection.execute(change, [said_values(row.header, row.body) | {"name": row.id} for row in rows])
            done += len(rows)

    def current_revisions(self) -> Iterator[Kept]:
        """Every current revision as it was parsed, one at a time."""
        query = (
            select(revisions, documents.c.path)
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
                path=row.path,
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


def main_language(pieces: Sequence[Chunk]) -> str | None:
    """The language that most of the text of these chunks is in."""
    letters: Counter[str] = Counter()
    for piece in pieces:
        letters[piece.language or ""] += len(piece.body)
    del letters[""]
    return letters.most_common(1)[0][0] if letters else None
