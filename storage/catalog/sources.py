"""The folders that are kept in step, and what a person has still to confirm of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from storage.catalog.entries import Source
from storage.catalog.part import Part
from storage.database import aware, now
from storage.schema import sources


class Sources(Part):
    """Registered folders."""

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


def _source(row: Row[Any]) -> Source:
    return Source(
        id=row.id,
        root=row.root,
        readers=tuple(json.loads(row.readers)) if row.readers is not None else None,
        scanned=aware(row.scanned_at),
        held=row.held,
        confirmed=row.confirmed,
    )
