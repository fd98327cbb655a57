"""The commands `premise users …`: accounts, who can sign in, their groups and their programs' tokens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.groups import tell_new
from app.commands.invocation import Json, names, print_json, settings_here, show

if TYPE_CHECKING:
    from storage.accounts import Accounts, User
    from storage.audit import Audit
    from storage.tokens import Tokens

OPERATOR = "operator"
MOST_DAYS = 36_500  # that a token may last

users = typer.Typer(no_args_is_help=True, help="Accounts: who can sign in, and their groups.")

Password = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input; otherwise one is made.")
]


@users.command("add")
def add(
    name: str,
    groups: Annotated[str, typer.Option(help="Groups: a,b. Everybody belongs to everyone anyway.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May administer.")] = False,
    password_stdin: Password = False,
    as_json: Json = False,
) -> None:
    """A new account. Prints the password that was made."""
    from storage.audit import Event

    password = _password(password_stdin)
    tell_new(settings_here(), names(groups))
    with _opened() as kept:
        user = kept.accounts.add(name, password, names(groups), admin=admin)
        kept.audit.record(OPERATOR, Event.USER_ADDED, name)
    _show(user, None if password_stdin else password, as_json)


@users.command("change")
def change(
    name: str,
    groups: Annotated[str | None, typer.Option(help="All groups from now on: a,b.")] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="May administer.")] = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="May not sign in.")] = None,
    new_password: Annotated[bool, typer.Option("--new-password", help="Make a new password.")] = False,
    password_stdin: Password = False,
    as_json: Json = False,
) -> None:
    """Change an account: groups, rights, password."""
    from storage.audit import Event

    password = _password(password_stdin) if new_password or password_stdin else None
    given = names(groups) if groups is not None else None
    tell_new(settings_here(), names(groups))
    with _opened() as kept:
        user = kept.accounts.change(name, password=password, groups=given, admin=admin, disabled=disabled)
        kept.audit.record(OPERATOR, Event.USER_CHANGED, name)
    _show(user, None if password_stdin else password, as_json)


@users.command("remove")
def remove(name: str, as_json: Json = False) -> None:
    """Delete an account with its conversations."""
    from storage.audit import Event

    with _opened() as kept:
        kept.accounts.remove(name)
        kept.audit.record(OPERATOR, Event.USER_REMOVED, name)
    show({"removed": name}, f"{name} was removed.", as_json)


@users.command("list")
def list_users(as_json: Json = False) -> None:
    """Every account."""
    with _opened() as kept:
        people = kept.accounts.all()
    if as_json:
        print_json({"users": [_as_json(user) for user in people]})
        return
    for user in people:
        marks = ", ".join(filter(None, ["admin" if user.admin else "", "disabled" if user.disabled else ""]))
        print(f"{user.name}  groups: {', '.join(user.groups) or 'everyone only'}{f'  ({marks})' if marks else ''}")
    if not people:
        print("There are no accounts yet: premise users add NAME --groups a,b")


def _lasting(days: float | None) -> float | None:
    """The days of a token that can be used. Raises: typer.BadParameter."""
    if days is not None and not 0 < days <= MOST_DAYS:
        told = f"a token lasts more than 0 and at most {MOST_DAYS:,} days; leave --days out for one until it is revoked"
        raise typer.BadParameter(told)
    return days


@users.command("token")
def token(
    name: str,
    days: Annotated[
        float | None, typer.Option(callback=_lasting, help="For so many days. Default: until it is revoked.")
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="End every token of this account instead.")] = False,
    as_json: Json = False,
) -> None:
    """A token by which this person's programs ask in their name, at /v1 and /api/v1. Shown once."""
    from storage.audit import Event

    if revoke and days is not None:
        raise typer.BadParameter("--revoke ends every token at once; leave --days out")
    with _opened() as kept:
        if revoke:
            ended = kept.tokens.revoke(name)
            kept.audit.record(OPERATOR, Event.TOKENS_REVOKED, name)
            result: dict[str, Any] = {"name": name, "revoked": ended}
        else:
            made = kept.tokens.make(name, days)
            kept.audit.record(OPERATOR, Event.TOKEN_MADE, name)
            result = {"name": name, "token": made}
    show(result, f"{result['revoked']} revoked" if revoke else f"token: {result['token']}", as_json)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    accounts: Accounts
    audit: Audit
    tokens: Tokens


@contextmanager
def _opened() -> Iterator[_Kept]:
    from storage.accounts import Accounts
    from storage.audit import Audit
    from storage.database import Database
    from storage.datafolder import DataFolder
    from storage.tokens import Tokens

    database = Database.open(DataFolder(settings_here().data).catalog)
    try:
        yield _Kept(accounts=Accounts(database), audit=Audit(database), tokens=Tokens(database))
    finally:
        database.close()


def administered() -> bool:
    """Whether there is an administrator who can sign in."""
    with _opened() as kept:
        return any(user.admin and not user.disabled for user in kept.accounts.all())


def _password(from_stdin: bool) -> str:
    from storage.accounts import new_password

    return sys.stdin.readline().rstrip("\n") if from_stdin else new_password()


def _as_json(user: User) -> dict[str, Any]:
    return {"name": user.name, "groups": list(user.groups), "admin": user.admin, "disabled": user.disabled}


def _show(user: User, password: str | None, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(user) | ({"password": password} if password else {}))
        return
    print(f"{user.name}  groups: {', '.join(user.groups) or 'everyone only'}{'  (admin)' if user.admin else ''}")
    if password:
        print(f"password: {password}")
