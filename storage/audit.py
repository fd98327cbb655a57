"""The audit trail: typed events with actor, time and subject. Holds no text of questions, answers or documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select

from storage.database import Database, moment, now
from storage.schema import audit


class Event(StrEnum):
    """What can happen that one may have to account for."""

    SIGNED_IN = "signed in"
    SIGN_IN_REFUSED = "sign-in refused"
    SIGNED_OUT = "signed out"
    ASKED = "asked"
    SEARCHED = "searched"
    OPENED = "opened"  # a page, a passage or a download
    SAVED = "saved a conversation"  # as a file
    RETRIED = "retried"
    IGNORED = "ignored"
    UNIGNORED = "unignored"
    FORGOT = "forgot"
    CONFIRMED_DELETIONS = "confirmed deletions"
    SET_MADE = "question set made"  # of what people asked and rated
    USER_ADDED = "user added"
    USER_CHANGED = "user changed"
    USER_REMOVED = "user removed"
    TOKEN_MADE = "token made"  # noqa: S105
    TOKENS_REVOKED = "tokens revoked"
    BACKED_UP = "backed up"
    RESTORED = "restored"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event."""

    at: datetime
    actor: str  # user name, or "operator" for the command line
    event: Event
    subject: str  # a path, a user name, a revision
    seconds: float | None


class Audit:
    """Writes and reads events."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def record(self, actor: str, event: Event, subject: str = "", seconds: float | None = None) -> None:
        """One event, now."""
        with self.database.write() as connection:
            connection.execute(
                insert(audit).values(at=now(), actor=actor[:64], event=event, subject=subject, seconds=seconds)
            )

    def newest(self, limit: int = 200) -> list[Entry]:
        """The last events, the newest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.id.desc()).limit(limit)).all()
        return [
            Entry(at=moment(row.at), actor=row.actor, event=Event(row.event), subject=row.subject, seconds=row.seconds)
            for row in rows
        ]
