"""Threads that write at the same time: nothing counts as stored before it is on disk, and one error does not affect the others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from form_handler.storage import database as module
from form_handler.storage.database import Database, DatabaseBusyError

Rows = Callable[[], list[str]]


@pytest.fixture
def rows(database: Database) -> Rows:
    """The content of a table of texts, as a connection of its own sees it."""
    with database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE row (text TEXT UNIQUE)")

    def read() -> list[str]:
        with database.read_connection() as connection:
            return sorted(connection.exec_driver_sql("SELECT text FROM row").scalars())

    return read


def insert(database: Database, text: str, error: type[Exception] | None = None) -> str:
    with database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO row VALUES (?)", (text,))
        if error is not None:
            raise error
    return text


def test_a_write_that_fails_leaves_nothing_behind_and_does_not_affect_others(database: Database, rows: Rows) -> None:
    with ThreadPoolExecutor(4) as pool:
        good = [pool.submit(insert, database, text) for text in ("a", "b")]
        broken = pool.submit(insert, database, "half", ZeroDivisionError)
        assert isinstance(broken.exception(), ZeroDivisionError)
        assert isinstance(pool.submit(insert, database, good[0].result()).exception(), sa.exc.IntegrityError)
        assert [future.result() for future in good] == ["a", "b"]
    assert rows() == ["a", "b"]


def test_a_disk_that_fails_at_commit_stores_nothing_and_says_so(database: Database, rows: Rows) -> None:
    def fail(_connection: object) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, OSError("disk I/O error"))

    sa.event.listen(database.engine, "commit", fail)
    with pytest.raises(sa.exc.OperationalError):
        insert(database, "a")
    sa.event.remove(database.engine, "commit", fail)
    assert rows() == []
    assert insert(database, "b") == "b"


def test_a_write_that_was_refused_is_not_stored_later(
    database: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_SECONDS", 0.05)
    with database.transaction(), ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(insert, database, "late").exception(), DatabaseBusyError)
    assert insert(database, "next") == "next"
    assert rows() == ["next"]
