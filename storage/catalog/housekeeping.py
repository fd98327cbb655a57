"""Counting what is kept, and finding and removing what nobody needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from storage.catalog.entries import Pace
from storage.catalog.part import Part
from storage.database import now, stored
from storage.records import State
from storage.schema import chunks, documents, members, outbox, revisions


class Housekeeping(Part):
    """Numbers, and what can go."""

    def counts(self) -> dict[str, int]:
        """Documents by state, and `chunks`, `revisions`, `unlabelled`, `notes` (what the indexes wait for)."""
        with self.database.read() as connection:
            states = connection.execute(select(documents.c.state, func.count()).group_by(documents.c.state)).all()
            result = {str(state): 0 for state in State} | {row[0]: row[1] for row in states}
            result["chunks"] = connection.execute(select(func.count()).select_from(chunks)).scalar_one()
            result["revisions"] = connection.execute(select(func.count()).select_from(revisions)).scalar_one()
            result["notes"] = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
            result["unlabelled"] = connection.execute(
                select(func.count())
                .select_from(documents)
                .where(documents.c.label_id.is_(None), documents.c.state != State.IGNORED)
            ).scalar_one()
        return result

    def pace(self, seconds: float) -> Pace:
        """What was indexed in the last `seconds`, and what is in work."""
        since = now() - timedelta(seconds=seconds)
        indexed = (
            select(func.count(), func.min(revisions.c.indexed_at))
            .select_from(documents)
            .join(revisions, revisions.c.id == documents.c.revision_id)
            .where(documents.c.changed_at > since, revisions.c.indexed_at > since)
        )
        working = select(documents.c.path).where(documents.c.state.in_([State.PARSING, State.EMBEDDING])).limit(4)
        with self.database.read() as connection:
            count, first = connection.execute(indexed).one()
            paths = tuple(connection.execute(working).scalars())
        # a load that began a moment ago is not measured against the time before it
        lasted = (now() - first).total_seconds() if first is not None else seconds
        return Pace(indexed=count, seconds=max(1.0, min(seconds, lasted)), now=paths)

    def originals(self) -> frozenset[str]:
        """SHA-256 of every original that a revision needs, or a member that waits."""
        with self.database.read() as connection:
            held = select(members.c.content).where(members.c.content.is_not(None))
            return frozenset(connection.execute(select(revisions.c.sha256).union(held)).scalars())

    def purge_superseded(self, before: datetime) -> int:
        """Remove revisions superseded before this time. Returns how many."""
        with self.database.write() as connection:
            return connection.execute(delete(revisions).where(revisions.c.superseded_at < stored(before))).rowcount
