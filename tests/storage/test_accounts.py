"""Accounts, sessions and conversations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.accounts import Accounts, new_password
from storage.conversations import Conversations
from storage.database import Database
from storage.errors import AccountError, NotPermitted


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


def test_only_the_right_password_signs_in(database: Database) -> None:
    accounts = Accounts(database)
    accounts.add("mia", "correct horse", ["hr"])
    assert accounts.check("mia", "wrong horse!") is None
    assert accounts.check("nobody", "correct horse") is None
    user = accounts.check("mia", "correct horse")
    assert user is not None
    assert user.all_groups == {"hr", "everyone"}


def test_passwords_and_tokens_are_not_in_the_database(database: Database, tmp_path: Path) -> None:
    accounts = Accounts(database)
    accounts.add("mia", "correct horse", [])
    token = accounts.sign_in("mia", hours=1)
    database.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"correct horse" not in kept
    assert token.encode() not in kept


def test_sessions_end(database: Database) -> None:
    accounts = Accounts(database)
    accounts.add("mia", "correct horse", [])
    token = accounts.sign_in("mia", hours=1)
    assert accounts.session(token) is not None
    assert accounts.session(token + "x") is None
    assert accounts.session(None) is None
    accounts.sign_out(token)
    assert accounts.session(token) is None
    assert accounts.session(accounts.sign_in("mia", hours=-1)) is None
    for change in ({"password": "another horse"}, {"disabled": True}):
        token = accounts.sign_in("mia", hours=1)
        accounts.change("mia", **change)  # type: ignore[arg-type]
        assert accounts.session(token) is None
    assert accounts.check("mia", "another horse") is None  # disabled


def test_unacceptable_accounts_are_refused_in_words(database: Database) -> None:
    accounts = Accounts(database)
    with pytest.raises(AccountError, match="10 characters"):
        accounts.add("mia", "short", [])
    with pytest.raises(AccountError, match="comma"):
        accounts.add("mia", "correct horse", ["a,b"])
    with pytest.raises(AccountError, match="no user"):
        accounts.change("mia", admin=True)
    assert len({new_password() for _ in range(100)}) == 100


def test_conversations_are_for_their_owner_alone(database: Database) -> None:
    accounts, conversations = Accounts(database), Conversations(database)
    accounts.add("mia", "correct horse", [])
    accounts.add("ben", "correct horse", [])
    chat = conversations.start("mia", "How many days of leave?")
    conversations.add("mia", chat.id, "user", "How many days of leave?")
    answer = conversations.add("mia", chat.id, "assistant", "30 days [1]", {"answer": "30 days [1]"})
    conversations.rate("mia", answer.id, -1, "wrong year")
    assert [message.rating for message in conversations.messages("mia", chat.id)] == [None, -1]
    assert conversations.all("ben") == []
    for forbidden in (
        lambda: conversations.messages("ben", chat.id),
        lambda: conversations.rate("ben", answer.id, 1),
        lambda: conversations.add("ben", chat.id, "user", "mine"),
        lambda: conversations.remove("ben", chat.id),
        lambda: conversations.rename("ben", chat.id, "mine"),
    ):
        with pytest.raises(NotPermitted):
            forbidden()
    accounts.remove("mia")
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM messages").scalar() == 0


@pytest.mark.parametrize("password", ["changeme123", "Password2026!", "premise-2026", "aaaaaaaaaaaa", "mia.mia-2026"])
def test_passwords_that_come_with_products_are_refused(tmp_path: Path, password: str) -> None:
    database = Database.open(tmp_path / "catalog.sqlite")
    with pytest.raises(AccountError):
        Accounts(database).add("mia.mia", password, [])
    Accounts(database).add("mia.mia", new_password(), [])
    database.close()


def test_an_answer_stands_behind_its_question_whatever_was_asked_since(database: Database) -> None:
    Accounts(database).add("mia", "correct horse", [])
    conversations = Conversations(database)
    chat = conversations.start("mia", "one")

    def asked(question: str) -> str:
        return conversations.add("mia", chat.id, "user", question).id

    def answered(question: str, answer: str) -> None:
        conversations.add("mia", chat.id, "assistant", answer, to=question)

    one, two, three = asked("1"), asked("2"), asked("3")
    answered(two, "2!")
    answered(one, "1!")
    four = asked("4")
    answered(three, "3!")
    answered(two, "again")
    answered(four, "4!")
    assert [message.content for message in conversations.messages("mia", chat.id)] == "1 1! 2 2! 3 3! 4 4!".split()
    with pytest.raises(NotPermitted):
        answered("nobody's", "x")
