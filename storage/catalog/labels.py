"""Access labels: interned sets of groups. A document carries one; a person's groups give those they may read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import insert, select

from storage.catalog.part import Part
from storage.schema import labels

_LABELS = select(labels.c.id, labels.c.groups)  # asked with every question


class Labels(Part):
    """Sets of groups, by number."""

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
        every = self.database.remembered("labels", lambda connection: connection.execute(_LABELS).all())
        return frozenset(label for label, names in every if not mine.isdisjoint(_named(names)))

    def groups(self) -> frozenset[str]:
        """Every group that any label names."""
        with self.database.read() as connection:
            return frozenset(
                name for names in connection.execute(select(labels.c.groups)).scalars() for name in json.loads(names)
            )

    def all_labels(self) -> frozenset[int]:
        """Every label there is: for rebuilding and checking the indexes, never for a question."""
        with self.database.read() as connection:
            return frozenset(connection.execute(select(labels.c.id)).scalars())


@lru_cache(maxsize=10_000)
def _named(groups: str) -> frozenset[str]:
    return frozenset(json.loads(groups))
