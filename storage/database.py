"""The catalog's database: opening, migrating, transactions. Knows SQLAlchemy and Alembic; knows no table's meaning."""

from __future__ import annotations

import sqlite3
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError

from storage import recollection
from storage.errors import DataFolderError

HEAD = "0016"  # the newest migration; a test compares it with migrations/versions
BUSY_SECONDS = 30  # wait for another process's transaction
MAPPED_BYTES = 1 << 40  # of the file; SQLite maps 2 GB at most

Found = TypeVar("Found")


def now() -> datetime:
    """The time as it is stored: UTC without a zone, since SQLite keeps none."""
    return datetime.now(UTC).replace(tzinfo=None)


def aware(value: datetime | None) -> datetime | None:
    """A stored time as the records carry it."""
    return value.replace(tzinfo=UTC) if value is not None else None


def moment(value: datetime) -> datetime:
    """A stored time of a column that is never NULL, as the records carry it."""
    return value.replace(tzinfo=UTC)


def read_moment(value: str | None) -> datetime | None:
    """A time of `Database.rows` as the records carry it."""
    return aware(datetime.fromisoformat(value)) if value is not None else None


def stored(value: datetime | None) -> datetime | None:
    """A record's time as it is stored."""
    return value.astimezone(UTC).replace(tzinfo=None) if value is not None else None


def restoring(path: Path) -> Path:
    """What a catalog is called until all that belongs to it is restored (storage/restore.py)."""
    return path.with_name(f"{path.name}.restoring")


class Database:
    """One SQL database. Safe to use from many threads; one per process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        recollection.keep(engine.clear_compiled_cache)  # each query with the values it was first asked with
        self._watching = sqlite3.connect(str(engine.url.database), isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[int, Any]] = {}
        self._mapped: deque[sqlite3.Connection] = deque()  # those that nobody reads with

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open, or make, the SQLite file at `path` and bring it to this version's tables.

        Raises: DataFolderError when it cannot be written, is damaged, half restored, or was made by a newer Premise.
        """
        if restoring(path).exists() and not path.exists():
            raise DataFolderError(f"A restore into {path.parent} was broken off. Empty that folder and restore again.")
        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        try:
            _migrate(engine)
        except (DatabaseError, sqlite3.DatabaseError) as error:
            raise DataFolderError(f"The catalog {path} cannot be opened: {_cause(error)}.") from error
        path.chmod(0o600)
        return cls(engine)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write. Raises: DataFolderError when the disk is full or read-only."""
        try:
            with self.engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    # take the write lock now: a read that turns into a write later could fail at once as busy
                    connection.exec_driver_sql("UPDATE facts SET value = value WHERE key = ''")
                yield connection
        except OperationalError as error:
            raise DataFolderError(f"The catalog cannot be written: {_cause(error)}.") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent moment. Raises: DataFolderError."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except DatabaseError as error:
            raise DataFolderError(f"The catalog cannot be read: {_cause(error)}.") from error

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of one statement that only reads, as SQLite gives them: times are text. For what every question
        reads: a row takes half the time where nothing is made of it, and where the file is mapped into memory.

        Raises: DataFolderError.
        """
        try:
            try:
                connection = self._mapped.pop()
            except IndexError:
                connection = self._mapping()
            try:
                return connection.execute(statement, values).fetchall()
            finally:
                self._mapped.append(connection)
        except sqlite3.DatabaseError as error:
            raise DataFolderError(f"The catalog cannot be read: {error}.") from error

    def _mapping(self) -> sqlite3.Connection:
        path = str(self.engine.url.database)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
        connection.execute(f"PRAGMA mmap_size={MAPPED_BYTES}")
        connection.execute("PRAGMA query_only=ON")
        return connection

    def remembered(self, what: Hashable, read: Callable[[Connection], Found]) -> Found:
        """What `read` finds, read anew only after a commit of anybody: for what every question asks and seldom is new.

        Raises: DataFolderError.
        """
        changes = self._changes()  # before it is read: what is committed in between is then read once more
        kept = self._kept.get(what)
        if kept is None or kept[0] != changes:
            with self.read() as connection:
                kept = self._kept[what] = (changes, read(connection))
        found: Found = kept[1]
        return found

    def _changes(self) -> int:
        """Another number after each commit of another connection; this one makes none."""
        try:
            with self._lock:
                return int(self._watching.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise DataFolderError(f"The catalog cannot be read: {error}.") from error

    def vacuum(self) -> None:
        """Write the database anew without what was deleted from it, its log too. Raises: DataFolderError.

        `secure_delete` alone does not do: copies of rows stay where SQLite once moved them from page to page.
        """
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            until = time.monotonic() + BUSY_SECONDS
            while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # somebody reads an older state
                if time.monotonic() > until:
                    raise DataFolderError("The catalog could not be rid of deleted text: it is read without a pause.")
                time.sleep(0.1)
            cursor.close()
        except sqlite3.DatabaseError as error:
            raise DataFolderError(f"The catalog cannot be written anew: {error}.") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Give back every connection."""
        self._watching.close()
        while self._mapped:
            self._mapped.pop().close()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's advice: we begin transactions ourselves (see _begin_sqlite)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _keep_a_log_of_writes(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # a commit is on the disk: the catalog is the truth
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros
    cursor.execute("PRAGMA cache_size=-4096")  # 4 MB; a process has a connection a thread
    cursor.close()
    connection.create_function("folded", 1, folded, deterministic=True)
    connection.create_function("suffix", 1, suffix, deterministic=True)


def _keep_a_log_of_writes(cursor: Any) -> None:
    """Let SQLite write ahead. For a new file it takes a lock that it does not wait for while another process, which is
    about to do the same, has the file reserved: busy_timeout is passed over."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def folded(text: str) -> str:
    """A text as it is compared when case and Unicode's forms do not matter. In queries too."""
    return unicodedata.normalize("NFC", text).casefold()


def suffix(path: str) -> str:
    """What a file's name ends with, lower case with the dot; empty without one. In queries too."""
    return PurePosixPath(path).suffix.lower()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _migrate(engine: Engine) -> None:
    """Run the migrations this database has not seen. Alembic is imported only when there are any."""
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        version = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if ("alembic_version" in tables)
            else None
        )
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise DataFolderError(f"The catalog was made by a newer Premise (version {version}, this knows {HEAD}).")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # Two processes may find an old database at once: the second waits here, and then finds nothing to do.
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _cause(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error)
