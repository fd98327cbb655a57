"""The catalog's database: migrations, damage, the lock of the data folder."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

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
