"""Answers given earlier, seen again: a person may have lost the right to read what an answer quotes since.

An answer is text of its documents, so one that cites anything its reader may not read now is shown to nobody and told
to no language model; so is one that says what was not found in what it cites, where it may be of another document.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from app.records import Turn
from storage.conversations import Message, sources_of

if TYPE_CHECKING:
    from storage.accounts import User
    from storage.catalog import Catalog

TURNS = 6  # earlier messages that the engine is told
WITHHELD = (
    "This answer quoted documents that you may not read any more, or that were deleted. "
    "Ask again to get a current answer."
)


def withheld(catalog: Catalog, user: User, messages: Sequence[Message]) -> frozenset[str]:
    """The ids of the answers of what this person may not read now. One look into the catalog for all."""
    cited = {message.id: sources(message) for message in messages if message.role != "user"}
    revisions = frozenset[str]().union(*cited.values())
    if not revisions:
        return frozenset()
    readable = catalog.readable(revisions, labels=catalog.labels_of(user.all_groups))
    return frozenset(message_id for message_id, wanted in cited.items() if not wanted <= readable)


def superseded(catalog: Catalog, messages: Sequence[Message]) -> frozenset[str]:
    """The revisions cited by these messages that a newer one has taken the place of."""
    revisions = frozenset[str]().union(*(sources(message) for message in messages))
    return frozenset(catalog.superseded(revisions)) if revisions else frozenset()


def turns(messages: Sequence[Message], without: Collection[str], earlier: Collection[str] = ()) -> list[Turn]:
    """The last messages as the engine takes them, without these answers and those that cite an `earlier` revision: what
    a document no longer says is no part of what is asked about it now."""
    told = ((item, sources(item)) for item in messages[-TURNS:] if item.id not in without)
    return [
        Turn(role=message.role, content=message.content, revisions=tuple(sorted(known)))
        for message, known in told
        if known.isdisjoint(earlier)
    ]


def sources(message: Message) -> frozenset[str]:
    """The revisions whose text an answer may hold."""
    return sources_of(message.answer or {})
