"""Open the database: "stored" means "on disk", and one writer at a time on SQLite.

SQLite 3.7.0 to 3.51.2 can lose commits in WAL mode with several connections (sqlite.org/wal.html#walresetbug),
and Debian 12 ships such a version; so the journal is truncated and every commit waits for the disk.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.errors import UserError
from core.files import give_to_owner, make_folder, sync_folder, write_file
from form_handler.settings import Settings, SettingsError

# Names the database that the data folder was used with; if that is absent later, none is created in its place.
MARKER_FILE = "database"
LOCK_TIMEOUT_SECONDS = 10.0
WAL_FIXED_VERSIONS = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def describe_fault(error: BaseException) -> str:
    """Return class and code of an error of the database, ``OperationalError SQLITE_FULL``: never its text, which holds data."""
    orig = getattr(error, "orig", None)
    code = getattr(orig, "sqlite_errorname", None) or getattr(orig, "sqlstate", None)
    if code is None and isinstance(error, OSError) and error.errno is not None:
        code = errno.errorcode.get(error.errno)
    return " ".join([type(error).__name__, *([str(code)] if code else [])])


class DatabaseBusyError(UserError):
    """Another writer held the write lock for too long; nothing was stored."""


# Exceptions of a database that cannot store or answer.
DATABASE_FAULTS = (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError)


class MissingDatabaseError(UserError):
    """No database exists at the configured path; the message names path and remedy."""


class PragmaError(UserError):
    """SQLite did not accept a setting that durability depends on."""


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite version is free of the WAL reset bug."""
    newest = WAL_FIXED_VERSIONS[0]
    return version >= newest or any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_FIXED_VERSIONS)


class Database:
    """The database of one process.

    :ivar engine: SQLAlchemy's engine; use :meth:`read_connection` and :meth:`transaction` instead of connecting yourself.
    :ivar time_zone: the time zone of the days by which entries are filtered, counted and due.
    """

    def __init__(self, settings: Settings, create: bool = True) -> None:
        """Open the database.

        :param create: whether a missing SQLite file is made; never where the data folder names a database.
        :raises MissingDatabaseError: if there is no SQLite file and none is made.
        """
        path = settings.sqlite_path
        self.is_sqlite = path is not None
        self.time_zone = settings.time_zone
        if path is not None and not path.exists():
            _refuse_creation(settings, create)
        self._lock = threading.Lock()
        self._lock_path = settings.data_dir / "kim.lock"
        make_folder(settings.data_dir)
        if self.is_sqlite:
            self.engine = _sqlite_engine(settings)
        else:
            # Errors are logged and shown; parameters hold input of people.
            self.engine = sa.create_engine(settings.database_url, pool_pre_ping=True, hide_parameters=True)

    @contextlib.contextmanager
    def read_connection(self) -> Iterator[sa.Connection]:
        """Open a connection that only reads."""
        with self.engine.connect() as connection:
            yield connection

    def rows(self, query: sa.Executable) -> list[sa.Row[Any]]:
        """Return the rows of one query."""
        with self.read_connection() as connection:
            return list(connection.execute(query))

    def first(self, query: sa.Executable) -> sa.Row[Any] | None:
        """Return the first row of one query, or None."""
        with self.read_connection() as connection:
            return connection.execute(query).first()

    def change(self, statement: sa.Executable) -> int:
        """Run one statement in a transaction of its own; return the number of rows that it changed."""
        with self.transaction() as connection:
            return connection.execute(statement).rowcount

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Open a transaction in which every query sees the same moment."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master")  # takes the lock that holds the moment
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Open a transaction that writes: committed at the end of the block, rolled back on any exception.

        On SQLite a lock of our own lets one writer of all processes in at a time, in turn; SQLite's busy loop is unfair.

        :raises DatabaseBusyError: if the lock is not free within ten seconds.
        """
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._write_lock(), self._begin_immediate() as connection:
            yield connection

    @contextlib.contextmanager
    def _begin_immediate(self) -> Iterator[sa.Connection]:
        """Open an SQLite transaction that writes; the caller holds the write lock."""
        with self.engine.connect() as connection:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except sa.exc.OperationalError as error:
                raise DatabaseBusyError("the database is locked") from error
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    @contextlib.contextmanager
    def _write_lock(self) -> Iterator[None]:
        """Hold the write lock: of this process, then of all processes on this machine."""
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        if not self._lock.acquire(timeout=LOCK_TIMEOUT_SECONDS):
            raise DatabaseBusyError("the write lock is taken")
        try:
            with self._lock_path.open("a") as file:
                give_to_owner(self._lock_path)
                _lock_file(file.fileno(), deadline)
                yield
        finally:
            self._lock.release()


def _lock_file(handle: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DatabaseBusyError("the write lock is taken") from None
            time.sleep(0.0003)
        else:
            return


def _sqlite_engine(settings: Settings) -> sa.Engine:
    if settings.sqlite_journal == "wal" and not wal_is_safe(sqlite3.sqlite_version_info):
        raise SettingsError(
            f"KIM_SQLITE_JOURNAL=wal is refused: SQLite {sqlite3.sqlite_version} can lose commits in WAL mode. "
            "Use truncate, or SQLite 3.51.3, 3.50.7, 3.44.6 or later."
        )
    path = settings.sqlite_path
    assert path is not None
    if not path.exists():
        _create_durably(path)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),  # any character may be in a path
        hide_parameters=True,
        poolclass=sa.pool.QueuePool,
        connect_args={"timeout": LOCK_TIMEOUT_SECONDS, "isolation_level": None, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        set_pragmas(connection, settings.sqlite_journal)
        # 256 KiB instead of 2 MB for each connection: the system keeps the file's pages, too, and once another
        # process has written, SQLite throws its own away.
        connection.execute("PRAGMA cache_size=-256")

    return engine


def remembered_database(settings: Settings) -> str | None:
    """Return the name of the database that the data folder was used with, or None."""
    try:
        return (settings.data_dir / MARKER_FILE).read_text("utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


def remember_database(settings: Settings) -> None:
    """Write down, durably, which database the data folder is used with."""
    if remembered_database(settings) == _marker_text(settings):
        return
    make_folder(settings.data_dir)
    write_file(settings.data_dir / MARKER_FILE, _marker_text(settings) + "\n")


def forget_database(settings: Settings) -> None:
    """Forget which database the data folder was used with, so that a new one may be made."""
    (settings.data_dir / MARKER_FILE).unlink(missing_ok=True)


def refuse_other_database(settings: Settings) -> None:
    """Make sure that the settings name the database that the data folder was used with.

    :raises MissingDatabaseError: if they name another one, for example because the environment of the service is missing.
    """
    remembered = remembered_database(settings)
    if remembered is not None and remembered != _marker_text(settings):
        raise MissingDatabaseError(
            f"The data folder {settings.data_dir} belongs to the database {remembered}, but the settings name "
            f"{settings.database_name}. Set KIM_DATABASE_URL as for the service, in the settings file for example. "
            "If the database has moved: kim db init --new"
        )


def missing_database(settings: Settings) -> MissingDatabaseError:
    """Return the error for a database that is absent or empty."""
    remembered = remembered_database(settings)
    if remembered is None:
        return MissingDatabaseError(
            f"There is no database at {settings.database_name}; `kim db init` creates one. If the service uses another "
            "one, give this command the same settings, for example by KIM_SETTINGS=/etc/kim/kim.env."
        )
    return MissingDatabaseError(
        f"The database {settings.database_name} is missing, but the data folder {settings.data_dir} remembers one. "
        "No empty one is put in its place. Bring the file back or restore a backup (kim restore FILE); "
        "to begin with an empty one: kim db init --new"
    )


def _marker_text(settings: Settings) -> str:
    """Return the database's name; a file in the data folder goes without it, so that the folder may move."""
    path = settings.sqlite_path
    if path is not None and path.is_relative_to(settings.data_dir):
        return path.relative_to(settings.data_dir).as_posix()
    return settings.database_name


def _refuse_creation(settings: Settings, create: bool) -> None:
    if not create or remembered_database(settings) is not None:
        raise missing_database(settings)


def set_pragmas(connection: sqlite3.Connection, journal: str) -> None:
    """Set the pragmas for durability and secure deletion, and verify them.

    :raises PragmaError: if SQLite did not take a setting.
    """
    cursor = connection.cursor()
    wanted = {"journal_mode": journal, "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    for name, value in wanted.items():
        cursor.execute(f"PRAGMA {name}={value}")
        got = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if str(got).lower() != str(value):
            raise PragmaError(f"SQLite did not take PRAGMA {name}={value}, it says {got}")
    cursor.close()


def _create_durably(path: Path) -> None:
    """Create the file for its owner only, and its entry in the folder, on disk."""
    make_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    give_to_owner(path)
    sync_folder(path.parent)
