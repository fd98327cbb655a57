"""Groups that a command names: those that no document and no person has are told, since a slip finds nothing.

A group may be named before the first of its documents or people is there, so only who measures for nobody is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from app.commands.invocation import say
from storage.settings import Settings

MOST_SHOWN = 20  # groups that are known
ORIGIN = (
    "Groups come from the folders of the inbox, its access.toml files, `ingest --readers`, and what people are given "
    "(`users add --groups`)."
)


@dataclass(frozen=True, kw_only=True)
class Named:
    """The groups of a command, against what is known."""

    new: tuple[str, ...]  # that no document and no person has
    known: tuple[str, ...]  # all that there are

    @property
    def told(self) -> str:
        """Which are new, which are known and where groups come from."""
        more = " …" if len(self.known) > MOST_SHOWN else ""
        known = f"{', '.join(self.known[:MOST_SHOWN])}{more}"
        return f"no document and no person has the group {' or '.join(self.new)}. Known: {known}. {ORIGIN}"


def look(settings: Settings, given: Sequence[str]) -> Named:
    """Compare with the catalog and the accounts."""
    from storage.accounts import Accounts
    from storage.catalog import Catalog
    from storage.database import Database
    from storage.datafolder import DataFolder
    from storage.records import EVERYONE

    database = Database.open(DataFolder(settings.data).catalog)
    try:
        known = {EVERYONE, *Catalog(database).groups()}
        known.update(group for user in Accounts(database).all() for group in user.groups)
    finally:
        database.close()
    return Named(new=tuple(sorted({*given} - known)), known=tuple(sorted(known)))


def tell_new(settings: Settings, given: Sequence[str]) -> None:
    """Say which of these groups are not there yet."""
    if given and (found := look(settings, given)).new:
        say(f"Note: {found.told}")


def refuse_new(settings: Settings, given: Sequence[str]) -> None:
    """The same; where none of them is there, there is nothing to measure. Raises: typer.BadParameter."""
    found = look(settings, given)
    if found.new and len(found.new) == len(set(given)):
        raise typer.BadParameter(found.told, param_hint="--groups")
    tell_new(settings, given)
