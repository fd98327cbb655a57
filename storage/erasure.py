"""Erasing documents with every trace: text, vectors, originals, and the answers in stored chats that quote them.

`forget` is one commit, after which nothing of them is found or shown. `scrub` then removes the bytes from the disk; it
takes minutes on a large catalog and is done by whoever holds the ingest lock. `Forgetting` has the processes that go on
let go of what they keep in memory. Knows nothing of backups.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from storage import recollection
from storage.catalog import Catalog
from storage.catalog.files import ignore_in
from storage.catalog.members import containers_of, with_members
from storage.database import Database
from storage.errors import DataFolderError, InsideContainer
from storage.failures import Rule
from storage.indexes import Indexes
from storage.originals import Originals
from storage.records import places_of
from storage.schema import documents, facts, messages, revisions

SCRUB = "scrub"  # the fact that bytes have still to be removed from the disk
FORGOTTEN = "forgotten"  # the fact that is another after each `forget`
LOOK_SECONDS = 1.0  # how often it is looked whether a document was forgotten
AGAIN_SECONDS = 60.0  # memory is emptied once more: a question that was under way may keep what it read before
LINGERING_SECONDS = 600.0  # and so on, for so long
ERASED = "This answer quoted a document that was erased."
_IDS = re.compile(r"\b[0-9a-f]{32}\b")


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What was erased."""

    paths: tuple[str, ...]
    answers: int  # in stored chats


def forget(database: Database, document_ids: Sequence[str]) -> Forgotten:
    """Erase these documents. In force with the commit; `scrub` has to follow.

    Their path, size and time stay, as the rule by which they are not read again.
    Raises: InsideContainer for what an archive or a mail holds that is not erased with it: nothing is erased then.
    """
    with database.write() as connection:
        inside = containers_of(connection, document_ids)
        if inside:
            path, container = min(inside.items())
            raise InsideContainer(
                f"{path} lies inside {container}, whose original holds it too. Forget {container}, with all that it "
                "holds, or take the file out of it there. Nothing was erased."
            )
        ids = with_members(connection, document_ids)
        rows = connection.execute(select(documents.c.id, documents.c.path).where(documents.c.id.in_(ids))).all()
        gone = {row.id for row in rows}
        gone |= set(connection.execute(select(revisions.c.id).where(revisions.c.document_id.in_(ids))).scalars())
        answers = _erase_answers(connection, gone)
        ignore_in(connection, ids, Rule.FORGOTTEN)
        connection.execute(delete(facts).where(facts.c.key.in_([SCRUB, FORGOTTEN])))
        told = [{"key": SCRUB, "value": "due"}, {"key": FORGOTTEN, "value": uuid.uuid4().hex}]
        connection.execute(insert(facts), told)
    return Forgotten(paths=tuple(sorted(row.path for row in rows)), answers=answers)


def _erase_answers(connection: Connection, gone: set[str]) -> int:
    """Take the text out of every stored answer that names one of these documents or revisions."""
    query = select(messages.c.id, messages.c.answer).where(messages.c.answer.is_not(None))
    found = [row.id for row in connection.execute(query) if not gone.isdisjoint(_IDS.findall(row.answer))]
    for message in found:
        values = {"content": ERASED, "answer": None, "comment": None}
        connection.execute(update(messages).where(messages.c.id == message).values(values))
    return len(found)


def erased_meanwhile(connection: Connection, answer: dict[str, Any]) -> bool:
    """Whether an answer that is to be stored is of a document that went while it was made."""
    cited = {str(place["document"]) for place in places_of(answer) if "document" in place}
    here = select(documents.c.id).where(documents.c.id.in_(cited), documents.c.code.is_distinct_from(Rule.FORGOTTEN))
    drawn = {str(revision) for revision in answer.get("drawn") or ()}
    still = select(revisions.c.id).where(revisions.c.id.in_(drawn))
    return not (cited <= set(connection.execute(here).scalars()) and drawn <= set(connection.execute(still).scalars()))


def scrub_due(catalog: Catalog) -> bool:
    """Whether something was forgotten whose bytes are still on the disk."""
    return catalog.fact(SCRUB) is not None


def scrub(indexes: Indexes, originals: Originals) -> None:
    """Remove what was forgotten from the disk. The caller holds the ingest lock, and no file is being read.

    Both indexes are made anew, because they only mark rows as deleted; the catalog is written anew without its free
    pages. After a crash it is done again.
    """
    catalog = indexes.catalog
    originals.remove_except(catalog.originals())
    catalog.drop_unused_embeddings()
    indexes.rebuild()
    indexes.keywords.remove_unused()
    catalog.database.vacuum()
    catalog.forget_fact(SCRUB)


class Forgetting:
    """Has this process let go of what it keeps in memory once somebody, in whichever process, forgot a document."""

    def __init__(self, catalog: Catalog, clock: Callable[[], float] = time.monotonic) -> None:
        self._catalog = catalog
        self._clock = clock
        self._begun = False
        self._last: str | None = None
        self._again = self._until = -1.0

    def look(self) -> None:
        """Every second or so. Raises: DataFolderError."""
        last, now = self._catalog.fact(FORGOTTEN), self._clock()
        if not self._begun:
            self._begun, self._last = True, last
        elif last != self._last:
            self._last, self._until = last, now + LINGERING_SECONDS
            self._again = now
        if self._again <= now <= self._until:
            self._again = now + AGAIN_SECONDS
            recollection.let_go()


@contextmanager
def letting_go(catalog: Catalog) -> Iterator[None]:
    """Have this process let go of what was forgotten as long as the context lasts, also when nobody asks anything."""
    ended, forgetting = threading.Event(), Forgetting(catalog)

    def look() -> None:
        with suppress(DataFolderError):  # whoever needs the catalog tells
            forgetting.look()

    def looking() -> None:
        while not ended.wait(LOOK_SECONDS):
            look()

    look()  # what is forgotten from here on is noticed
    thread = threading.Thread(target=looking, name="forgetting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
