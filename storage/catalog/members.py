"""Documents that came out of a container: what an archive or a mail holds. They live and are read as their container.

A member's path is its container's, `!/`, and its name there. Deleting, forgetting or failing a container takes its
members with it in the same commit, and so does a change of its readers.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from storage.catalog.part import BATCH, Part, batches
from storage.database import now
from storage.failures import Rule
from storage.records import MEMBER_SEPARATOR, Member, State
from storage.schema import documents, members


class Members(Part):
    """What containers hold."""

    def member_content(self, document_id: str) -> str | None:
        """SHA-256 of what a member holds; None for a document that is a file of its own."""
        with self.database.read() as connection:
            return connection.execute(select(members.c.content).where(members.c.document_id == document_id)).scalar()

    def inside(self, path: str) -> int:
        """How many documents the container at this path holds, at any depth."""
        below = func.substr(documents.c.path, 1, len(path) + 2) == f"{path}{MEMBER_SEPARATOR}"
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(documents).where(below)).scalar_one()

    def follow_containers(self) -> None:
        """Give members the paths of containers that were moved."""
        moved, taken = documents.alias(), documents.alias()
        query = (
            select(members.c.document_id, members.c.name, moved.c.path.label("above"), moved.c.mtime_ns)
            .join(documents, documents.c.id == members.c.document_id)
            .join(moved, moved.c.id == members.c.container_id)
            .where(documents.c.path != moved.c.path + MEMBER_SEPARATOR + members.c.name)
            .where(
                ~exists().where(
                    taken.c.source_id == documents.c.source_id,
                    taken.c.path == moved.c.path + MEMBER_SEPARATOR + members.c.name,
                )
            )
        )
        for _ in range(BATCH):  # from the outside in: members may hold members
            with self.database.write() as connection:
                rows = connection.execute(query.limit(BATCH)).all()
                for row in rows:
                    connection.execute(
                        update(documents)
                        .where(documents.c.id == row.document_id)
                        .values(path=f"{row.above}{MEMBER_SEPARATOR}{row.name}", mtime_ns=row.mtime_ns)
                    )
            if not rows:
                return


def set_members(connection: Connection, container_id: str, found: Sequence[Member]) -> None:
    """These and no others are in a container now. New and changed ones wait; equal ones stay as they are.

    What a person had passed over stays so, also when it changes, and while it is not there.
    """
    from storage.catalog.outbox import drop_revisions

    container = connection.execute(select(documents).where(documents.c.id == container_id)).one()
    have = {row.name: row for row in connection.execute(select(members).where(members.c.container_id == container_id))}
    names = {member.name for member in found}
    gone = [row.document_id for name, row in have.items() if name not in names]
    drop_members(connection, gone, drop_revisions)
    for member in found:
        before = have.get(member.name)
        if before is None:
            _add(connection, container, member)
        elif before.content != member.content or member.code:
            drop_revisions(connection, [before.document_id])
            connection.execute(
                update(documents)
                .where(documents.c.id == before.document_id, documents.c.code.is_distinct_from(Rule.ASKED))
                .values(_standing(member))
            )
            connection.execute(
                update(members).where(members.c.document_id == before.document_id).values(content=member.content)
            )


def _add(connection: Connection, container: Any, member: Member) -> None:
    key, name = uuid.uuid4().hex, _free(connection, container, member.name)
    values = _standing(member) | {
        "id": key,
        "source_id": container.source_id,
        "path": f"{container.path}{MEMBER_SEPARATOR}{name}",
        "label_id": container.label_id,
        "mtime_ns": container.mtime_ns,
        "inode": container.inode,
        "title": "",
    }
    connection.execute(insert(documents).values(values))
    connection.execute(
        insert(members).values(document_id=key, container_id=container.id, name=name, content=member.content)
    )


def _free(connection: Connection, container: Any, name: str) -> str:
    """This name, or one beside it where a file in a folder of the container's name and `!` has it."""
    path = PurePosixPath(name)
    for number in count(1):
        one = name if number == 1 else str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        same = select(documents.c.id).where(
            documents.c.source_id == container.source_id,
            documents.c.path == f"{container.path}{MEMBER_SEPARATOR}{one}",
        )
        if connection.execute(same).first() is None:
            return one
    raise AssertionError  # never: there is always another number


def _standing(member: Member) -> dict[str, Any]:
    state = State.FAILED if member.code else State.WAITING
    return {
        "state": state,
        "code": member.code,
        "reason": member.reason,
        "size": member.size,
        "attempts": 0,
        "retry_at": None,
        "changed_at": now(),
    }


def members_of(connection: Connection, container_ids: Sequence[str]) -> list[str]:
    """The documents directly inside these."""
    return list(
        connection.execute(select(members.c.document_id).where(members.c.container_id.in_(container_ids))).scalars()
    )


def with_members(connection: Connection, document_ids: Sequence[str]) -> list[str]:
    """These and all that they hold, at any depth."""
    found = level = list(document_ids)
    while level:
        level = members_of(connection, level)
        found = [*found, *level]
    return found


def drop_members(connection: Connection, document_ids: Sequence[str], drop: Any) -> None:
    """Take members out with all that was made of them; `drop` removes revisions, and what is inside them in turn.

    Of what a person had passed over, that stays.
    """
    for batch in batches(document_ids):
        drop(connection, batch)
        asked = documents.c.code == Rule.ASKED
        passed_over = select(documents.c.id).where(documents.c.id.in_(batch), asked)
        connection.execute(update(members).where(members.c.document_id.in_(passed_over)).values(content=None))
        connection.execute(
            delete(documents).where(documents.c.id.in_(batch), documents.c.code.is_distinct_from(Rule.ASKED))
        )


def delete_members(connection: Connection, container_ids: Sequence[str]) -> None:
    """Delete everything that these hold, at any depth; what was made of it has been dropped."""
    inside = with_members(connection, container_ids)[len(container_ids) :]
    for batch in batches(inside[::-1]):  # from the inside out
        connection.execute(delete(documents).where(documents.c.id.in_(batch)))


def containers_of(connection: Connection, document_ids: Sequence[str]) -> dict[str, str]:
    """The paths of these that lie inside a container which is not among them, and the path of the outermost."""
    above = documents.alias()
    query = (
        select(documents.c.path, members.c.container_id, above.c.path.label("container"))
        .join(documents, documents.c.id == members.c.document_id)
        .join(above, above.c.id == members.c.container_id)
    )
    found: dict[str, str] = {}
    chosen = set(document_ids)
    for batch in batches(document_ids):
        for row in connection.execute(query.where(members.c.document_id.in_(batch))):
            if row.container_id not in chosen:
                found[row.path] = row.container.split(MEMBER_SEPARATOR, maxsplit=1)[0]
    return found
