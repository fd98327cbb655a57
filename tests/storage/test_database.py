"""The catalog's database: migrations, damage, the lock of the data folder."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from storage.conversations import Conversations
from storage.database import HEAD, Database
from storage.datafolder import DataFolder
from storage.errors import DataFolderBusy, DataFolderError
from storage.schema import metadata


def test_the_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "catalog.sqlite")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    database.close()


def test_a_catalog_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "catalog.sqlite")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(DataFolderError, match="newer Premise"):
        Database.open(tmp_path / "catalog.sqlite")


def test_a_failed_transaction_changes_nothing(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "catalog.sqlite")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(text("INSERT INTO facts (key, value) VALUES ('a', 'b')"))
        raise ZeroDivisionError
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM facts")).scalar() == 0
    database.close()


def test_what_is_kept_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    Database.open(folder.catalog).close()
    folder.operator_token()
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.catalog.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder.run / "operator.token").stat().st_mode) == 0o600
    assert folder.operator_token() == folder.operator_token()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    hold = (
        "import sys; from pathlib import Path; from storage.datafolder import DataFolder\n"
        "with DataFolder(Path(sys.argv[1])).owned(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataFolderBusy, match=str(other.pid)), folder.owned():
            pass
        other.kill()  # a killed owner leaves no lock behind
        other.wait()
        with folder.owned(wait=5):
            pass


def test_one_web_server_at_a_time_beside_the_ingest_service(tmp_path: Path) -> None:
    folder, same = DataFolder(tmp_path), DataFolder(tmp_path)
    with folder.answering(), folder.ingesting(), pytest.raises(DataFolderBusy), same.answering():
        pass
    with same.answering():
        pass


def test_a_data_folder_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    file = tmp_path / "catalog.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO sources (id, root, confirmed) VALUES (1, '/x', 0)"))
        connection.execute(
            text(
                "INSERT INTO documents (id, source_id, path, state, size, mtime_ns, inode, attempts, title, changed_at)"
                " VALUES ('d', 1, 'a.txt', 'indexed', 1, 1, 1, 0, 'a', '2026-01-01')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO revisions (id, document_id, sha256, suffix, title, text, elements, warnings, indexed_at)"
                " VALUES ('r', 'd', 'x', '.txt', 'a', x'00', x'00', '[]', '2026-01-01')"
            )
        )
    engine.dispose()
    database = Database.open(file)
    with database.read() as connection:
        row = connection.execute(text("SELECT language, flags FROM revisions")).one()
        assert (row.language, row.flags) == (None, "[]")
    database.close()


def test_who_finds_a_new_file_reserved_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with ThreadPoolExecutor() as pool, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # what SQLite does on the way to its log of writes
        opened = pool.submit(Database.open, path)
        with pytest.raises(TimeoutError):
            opened.result(timeout=0.5)
        other.execute("COMMIT")
        opened.result(timeout=60).close()


def test_two_processes_may_make_a_catalog_at_once(tmp_path: Path) -> None:
    script = "import sys, pathlib\nfrom storage.database import Database\nimport alembic.command, storage.schema\n"
    script += "print('ready', flush=True); input(); Database.open(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", script, str(tmp_path / "catalog.sqlite")]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in both:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0, 0]


def test_places_of_stored_answers_that_only_come_near_are_told_apart_from_citations(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    file = tmp_path / "catalog.sqlite"
    engine = create_engine(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    place = {"document": "d", "revision": "r", "quote": "Tea is free."}
    answer = {
        "answer": "Tea is free [1]. One pays nothing [2]. Not [3].",
        "sentences": [
            {"text": "Tea is free.", "citations": [1], "supported": True},
            {"text": "One pays nothing.", "citations": [2], "supported": True},
            {"text": "Both.", "citations": [1, 2], "supported": True},
            {"text": "So:", "citations": [], "supported": True},
            {"text": "Not.", "citations": [], "supported": False},
        ],
        "citations": [place | {"n": 1, "close": True}, place | {"n": 2, "close": False}],
    }
    older = {"answer": "Tea [1].", "citations": [place | {"n": 1}]}  # of a version that did not tell
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
        connection.execute(
            text("INSERT INTO chats (id, user, title, created_at, changed_at) VALUES ('c', 'mia', 't', :at, :at)"),
            {"at": "2026-01-01"},
        )
        for at, told in enumerate((answer, older)):
            connection.execute(
                text(
                    "INSERT INTO messages (id, chat_id, position, role, content, answer, created_at)"
                    " VALUES (:id, 'c', :at, 'assistant', :content, :answer, '2026-01-01')"
                ),
                {"id": f"m{at}", "at": at, "content": told["answer"], "answer": json.dumps(told)},
            )
    engine.dispose()
    database = Database.open(file)
    kept, left = Conversations(database).messages("mia", "c")
    assert kept.content == "Tea is free [1]. One pays nothing [2?]. Not [3]."
    assert kept.answer == {
        "answer": kept.content,
        "sentences": [
            {"text": "Tea is free.", "citations": [1], "supported": True, "near": []},
            {"text": "One pays nothing.", "citations": [], "supported": False, "near": [2]},
            {"text": "Both.", "citations": [1], "supported": True, "near": [2]},
            {"text": "So:", "citations": [], "supported": True, "near": []},
            {"text": "Not.", "citations": [], "supported": False, "near": []},
        ],
        "citations": [place | {"n": 1}],
        "near": [place | {"n": 2}],
    }
    assert left.answer == older
    database.close()
