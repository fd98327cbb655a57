"""Conversations: kept per person, seen by that person only. Answers are kept whole, citations and quotes included."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from storage.database import Database, moment, now
from storage.erasure import ERASED, erased_meanwhile
from storage.errors import NotPermitted
from storage.records import places_of
from storage.schema import chats, documents, messages, revisions

TITLE_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A conversation of one person."""

    id: str
    title: str
    changed: datetime


@dataclass(frozen=True, kw_only=True)
class Message:
    """A question or an answer."""

    id: str
    role: str  # user | assistant
    content: str
    answer: dict[str, Any] | None  # the whole answer as `premise ask --json` prints it
    rating: int | None  # 1 or -1
    comment: str | None
    created: datetime


@dataclass(frozen=True, kw_only=True)
class Rated:
    """A question with the answer that its asker rated, whoever that was."""

    user: str
    question: str
    history: tuple[tuple[str, str], ...]  # (role, content) of the turns before the question
    answer: dict[str, Any]
    rating: int  # 1 or -1
    comment: str | None


class Conversations:
    """Chats, messages and ratings. Every method takes the person; other people's chats are as if not there."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def start(self, user: str, question: str) -> Chat:
        """A new conversation, named by its first question."""
        first = " ".join(question.split())
        title = first if len(first) <= TITLE_CHARACTERS else first[: TITLE_CHARACTERS - 1].rstrip() + "…"
        values = {"id": uuid.uuid4().hex, "user": user, "title": title, "created_at": now(), "changed_at": now()}
        with self.database.write() as connection:
            connection.execute(insert(chats).values(values))
        return self.get(user, str(values["id"]))

    def get(self, user: str, chat_id: str) -> Chat:
        """One conversation. Raises: NotPermitted."""
        with self.database.read() as connection:
            row = connection.execute(select(chats).where(chats.c.id == chat_id, chats.c.user == user)).first()
        if row is None:
            raise NotPermitted("There is no such conversation.")
        return _chat(row)

    def all(self, user: str, limit: int = 50) -> list[Chat]:
        """A person's conversations, the newest first."""
        query = select(chats).where(chats.c.user == user).order_by(chats.c.changed_at.desc()).limit(limit)
        with self.database.read() as connection:
            return [_chat(row) for row in connection.execute(query)]

    def rename(self, user: str, chat_id: str, title: str) -> None:
        """Give a conversation another name. Raises: NotPermitted."""
        self.get(user, chat_id)
        with self.database.write() as connection:
            connection.execute(update(chats).where(chats.c.id == chat_id).values(title=title[:TITLE_CHARACTERS]))

    def remove(self, user: str, chat_id: str) -> None:
        """Delete a conversation. Raises: NotPermitted."""
        self.get(user, chat_id)
        with self.database.write() as connection:
            connection.execute(delete(chats).where(chats.c.id == chat_id))

    def add(
        self,
        user: str,
        chat_id: str,
        role: str,
        content: str,
        answer: dict[str, Any] | None = None,
        *,
        to: str | None = None,
    ) -> Message:
        """Add a message; of an answer that cites what was erased while it was made, only that. Raises: NotPermitted.

        `to`: the question, by its id, that an answer stands behind, whatever was asked since; one that has an answer
        keeps it.
        """
        self.get(user, chat_id)
        values = {
            "id": uuid.uuid4().hex,
            "chat_id": chat_id,
            "role": role,
            "content": content,
            "answer": json.dumps(answer, ensure_ascii=False) if answer is not None else None,
            "created_at": now(),
        }
        with self.database.write() as connection:
            if answer is not None and erased_meanwhile(connection, answer):
                values |= {"content": ERASED, "answer": None}
            before = select(messages).where(messages.c.chat_id == chat_id).order_by(messages.c.position.desc())
            last = connection.execute(before if to is None else before.where(messages.c.id == to)).first()
            if last is None and to is not None:
                raise NotPermitted("There is no such question.")
            position = 1 if last is None else last.position + 1
            if last is not None and role == last.role == "user":
                position += 1  # the other's answer may be under way
            taken = select(messages).where(messages.c.chat_id == chat_id, messages.c.position == position)
            row = connection.execute(taken).first()
            if row is None:
                connection.execute(insert(messages).values(values | {"position": position}))
                connection.execute(update(chats).where(chats.c.id == chat_id).values(changed_at=now()))
                row = connection.execute(select(messages).where(messages.c.id == values["id"])).one()
        return _message(row)

    def messages(self, user: str, chat_id: str) -> list[Message]:
        """A conversation's messages, in order. Raises: NotPermitted."""
        self.get(user, chat_id)
        query = select(messages).where(messages.c.chat_id == chat_id).order_by(messages.c.position)
        with self.database.read() as connection:
            return [_message(row) for row in connection.execute(query)]

    def rate(self, user: str, message_id: str, rating: int | None, comment: str | None = None) -> None:
        """Thumbs up (1), down (-1) or neither (None) for an answer. Raises: NotPermitted."""
        mine = (
            select(messages.c.id)
            .join(chats, chats.c.id == messages.c.chat_id)
            .where(messages.c.id == message_id, messages.c.role == "assistant", chats.c.user == user)
        )
        with self.database.write() as connection:
            if connection.execute(mine).first() is None:
                raise NotPermitted("There is no such answer.")
            connection.execute(
                update(messages).where(messages.c.id == message_id).values(rating=rating, comment=comment)
            )

    def ratings(self) -> dict[str, int]:
        """How many answers were rated `up` and `down`."""
        query = (
            select(messages.c.rating, func.count()).where(messages.c.rating.is_not(None)).group_by(messages.c.rating)
        )
        with self.database.read() as connection:
            found = {row.rating: row[1] for row in connection.execute(query)}
        return {"up": found.get(1, 0), "down": found.get(-1, 0)}

    def rated(self, *, of_gone: bool = False) -> Iterator[Rated]:
        """Every rated answer of everybody, oldest conversation first: for the operator to measure by, for no page.

        `of_gone`: those too that hold text of documents that are no longer kept, in the answer or in a turn before it.
        """
        query = (
            select(messages, chats.c.user)
            .join(chats, chats.c.id == messages.c.chat_id)
            .where(messages.c.chat_id.in_(select(messages.c.chat_id).where(messages.c.rating.is_not(None))))
            .order_by(chats.c.created_at, chats.c.id, messages.c.position)
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
            here = set(connection.execute(select(documents.c.id).where(documents.c.revision_id.is_not(None))).scalars())
            kept = set(connection.execute(select(revisions.c.id)).scalars())
        turns: list[tuple[str, str]] = []
        chat = ""
        for row in rows:
            if row.chat_id != chat:
                chat, turns = row.chat_id, []
            answer = json.loads(row.answer) if row.answer else {}
            cited = {item["document"] for item in places_of(answer) if "document" in item}
            if not of_gone and not (cited <= here and kept.issuperset(answer.get("drawn") or ())):
                turns = turns[:-1] if turns and turns[-1][0] == "user" else turns  # its question goes with it
                continue
            if row.rating is not None and answer and turns and turns[-1][0] == "user":
                yield Rated(
                    user=row.user,
                    question=turns[-1][1],
                    history=tuple(turns[:-1]),
                    answer=answer,
                    rating=row.rating,
                    comment=row.comment,
                )
            turns.append((row.role, row.content))


def sources_of(answer: dict[str, Any]) -> frozenset[str]:
    """The revisions whose text an answer may hold."""
    cited = (str(item["revision"]) for item in places_of(answer) if "revision" in item)
    return frozenset([*cited, *map(str, answer.get("drawn") or ())])


def _chat(row: Row[Any]) -> Chat:
    return Chat(id=row.id, title=row.title, changed=moment(row.changed_at))


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        role=row.role,
        content=row.content,
        answer=json.loads(row.answer) if row.answer else None,
        rating=row.rating,
        comment=row.comment,
        created=moment(row.created_at),
    )
