"""Personal tokens: by them a person's programs ask in that person's name. Kept as hashes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, or_, select

from storage.accounts import Accounts, User
from storage.database import Database, now
from storage.errors import AccountError
from storage.schema import tokens, users

PREFIX = "premise-"  # so that people and scanners of secrets know one when they see it


class Tokens:
    """Makes, checks and revokes tokens."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._accounts = Accounts(database)

    def make(self, name: str, days: float | None = None) -> str:
        """A new token of this person, for so many days or until revoked. Kept nowhere else. Raises: AccountError."""
        if self._accounts.get(name).disabled:
            enable = f"premise users change {name} --enable"
            raise AccountError(f"{name} is disabled, and a token would let nobody in. First: {enable}")
        token = PREFIX + secrets.token_urlsafe(32)
        until = now() + timedelta(days=days) if days is not None else None
        with self.database.write() as connection:
            connection.execute(
                insert(tokens).values(token=_digest(token), user=name, created_at=now(), expires_at=until)
            )
        return token

    def person(self, token: str) -> User | None:
        """Whose token this is; None when it is none, has ended, or the account may not sign in."""
        if not token.startswith(PREFIX):
            return None
        alive = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now())
        query = (
            select(users.c.name)
            .join(tokens, tokens.c.user == users.c.name)
            .where(tokens.c.token == _digest(token), alive, users.c.disabled.is_(False))
        )
        with self.database.read() as connection:
            name = connection.execute(query).scalar()
        return self._accounts.get(name) if name is not None else None

    def revoke(self, name: str) -> int:
        """End every token of this person. Returns how many there were. Raises: AccountError."""
        self._accounts.get(name)
        with self.database.write() as connection:
            return connection.execute(delete(tokens).where(tokens.c.user == name)).rowcount


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
