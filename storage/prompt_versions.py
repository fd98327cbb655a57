"""The prompts that answers were made with: every version's text, so that an old answer's prompt can still be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from storage.database import Database, moment, now
from storage.schema import prompts


@dataclass(frozen=True, kw_only=True)
class PromptVersion:
    """Prompts that were in force."""

    version: str  # the hash of the texts
    texts: dict[str, str]  # by file name
    first_used: datetime


class PromptVersions:
    """Keeps versions; none is ever changed or removed."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def keep(self, version: str, texts: Mapping[str, str]) -> None:
        """Note a version that is in force, if it is new."""
        query = select(prompts.c.version).where(prompts.c.version == version)
        with self.database.read() as connection:
            if connection.execute(query).first() is not None:
                return
        with self.database.write() as connection:
            if connection.execute(query).first() is None:  # another process may have been quicker
                values = {"version": version, "texts": json.dumps(dict(texts), ensure_ascii=False)}
                connection.execute(insert(prompts).values(first_used_at=now(), **values))

    def all(self) -> list[PromptVersion]:
        """Every version, the newest first."""
        query = select(prompts).order_by(prompts.c.first_used_at.desc())
        with self.database.read() as connection:
            return [_version(row) for row in connection.execute(query)]


def _version(row: Row[Any]) -> PromptVersion:
    return PromptVersion(version=row.version, texts=json.loads(row.texts), first_used=moment(row.first_used_at))
