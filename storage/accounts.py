"""People: local accounts, their groups, their sessions. Passwords are argon2id; session tokens are kept as hashes."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, delete, insert, select, update

from storage.database import Database, moment, now
from storage.errors import AccountError
from storage.records import EVERYONE
from storage.schema import sessions, tokens, users

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
SHORTEST_PASSWORD = 10
FEWEST_CHARACTERS = 4  # different ones
# the letters of passwords that are handed out with products, whatever digits and signs go with them
DEFAULTS = frozenset(
    "password passwort kennwort changeme changethis premise admin administrator welcome willkommen letmein secret "
    "default master qwertz qwerty qwertyuiop qwertzuiop abcdefghij test testtest adminadmin rootroot".split()
)
_hasher = PasswordHasher()


@dataclass(frozen=True, kw_only=True)
class User:
    """A person who can sign in."""

    name: str
    groups: tuple[str, ...]  # without `everyone`
    admin: bool
    disabled: bool
    created: datetime

    @property
    def all_groups(self) -> frozenset[str]:
        """The groups that count for reading: everybody who has an account belongs to `everyone`."""
        return frozenset(self.groups) | {EVERYONE}


class Accounts:
    """Local accounts and their sessions."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # --- accounts ----------------------------------------------------------------------------------------------

    def add(self, name: str, password: str, groups: Iterable[str], *, admin: bool = False) -> User:
        """A new account. Raises: AccountError."""
        if not NAME.fullmatch(name):
            raise AccountError(f"The user name {name!r} must be lower-case letters, digits and . _ @ -, 64 at most.")
        values = {
            "name": name,
            "password": _hash(password, name),
            "groups": _groups(groups),
            "admin": admin,
            "disabled": False,
            "created_at": now(),
        }
        with self.database.write() as connection:
            if connection.execute(select(users.c.name).where(users.c.name == name)).first():
                raise AccountError(f"There is a user {name} already.")
            connection.execute(insert(users).values(values))
        return self.get(name)

    def change(
        self,
        name: str,
        *,
        password: str | None = None,
        groups: Sequence[str] | None = None,
        admin: bool | None = None,
        disabled: bool | None = None,
    ) -> User:
        """Change what is given. A new password or disabling ends sessions and tokens. Raises: AccountError."""
        values: dict[str, Any] = {}
        if password is not None:
            values["password"] = _hash(password, name)
        if groups is not None:
            values["groups"] = _groups(groups)
        if admin is not None:
            values["admin"] = admin
        if disabled is not None:
            values["disabled"] = disabled
        self.get(name)
        with self.database.write() as connection:
            if values:
                connection.execute(update(users).where(users.c.name == name).values(values))
            if password is not None or disabled:
                connection.execute(delete(sessions).where(sessions.c.user == name))
                connection.execute(delete(tokens).where(tokens.c.user == name))
        return self.get(name)

    def remove(self, name: str) -> None:
        """Delete an account with its sessions and conversations. Raises: AccountError."""
        self.get(name)
        with self.database.write() as connection:
            connection.execute(delete(users).where(users.c.name == name))

    def get(self, name: str) -> User:
        """One account. Raises: AccountError."""
        with self.database.read() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).first()
        if row is None:
            raise AccountError(f"There is no user {name}.")
        return _user(row)

    def all(self) -> list[User]:
        """Every account, by name."""
        with self.database.read() as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]

    # --- signing in --------------------------------------------------------------------------------------------

    def check(self, name: str, password: str) -> User | None:
        """The person, if name and password are right and the account is not disabled. Takes as long either way."""
        with self.database.read() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).first()
        try:
            _hasher.verify(row.password if row else _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return None
        return None if row is None or row.disabled else _user(row)

    def sign_in(self, name: str, hours: float) -> str:
        """A new session. Returns the secret for the cookie, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        with self.database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at < now()))
            connection.execute(
                insert(sessions).values(
                    token=_digest(token), user=name, created_at=now(), expires_at=now() + timedelta(hours=hours)
                )
            )
        return token

    def session(self, token: str | None) -> User | None:
        """Whose session this is; None when it has ended or never was."""
        if not token:
            return None
        query = (
            select(users)
            .join(sessions, sessions.c.user == users.c.name)
            .where(sessions.c.token == _digest(token), sessions.c.expires_at > now(), users.c.disabled.is_(False))
        )
        with self.database.read() as connection:
            row = connection.execute(query).first()
        return _user(row) if row is not None else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self.database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token == _digest(token)))


def new_password() -> str:
    """A password that is easy to type: three groups of letters and digits, about 71 bits."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(3))


def _hash(password: str, name: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise AccountError(f"The password must have {SHORTEST_PASSWORD} characters or more.")
    letters = re.sub(r"[^a-z]", "", password.lower())
    if letters in {*DEFAULTS, re.sub(r"[^a-z]", "", name)} or len(set(password)) < FEWEST_CHARACTERS:
        raise AccountError("That password is the first that somebody would try. Choose another, or let one be made.")
    return _hasher.hash(password)


def _groups(groups: Iterable[str]) -> str:
    names = sorted({group.strip() for group in groups} - {"", EVERYONE})
    for name in names:
        if "," in name or "/" in name:
            raise AccountError(f"The group name {name!r} must not contain a comma or a slash.")
    return json.dumps(names, ensure_ascii=False)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        groups=tuple(json.loads(row.groups)),
        admin=row.admin,
        disabled=row.disabled,
        created=moment(row.created_at),
    )


_NOBODY = _hasher.hash(secrets.token_urlsafe(16))  # verified for unknown names, so that they take as long
