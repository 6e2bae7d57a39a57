"""Threads that write at the same time share a commit: nothing is called stored before it is on disk, and a fault stays with its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from core.gettext import current_language_code, set_language
from form_handler.storage import database as module
from form_handler.storage.database import Database, DatabaseBusyError
from tests.serving import wait_until

Write = Callable[[sa.Connection], str]
THREADS = 6


@pytest.fixture
def rows(database: Database) -> Callable[[], list[str]]:
    """What a table of texts holds, as a connection of its own sees it."""
    with database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE row (text TEXT UNIQUE)")

    def read() -> list[str]:
        with database.read_connection() as connection:
            return sorted(connection.exec_driver_sql("SELECT text FROM row").scalars())

    return read


@pytest.fixture
def commits(database: Database) -> list[str]:
    """One entry for each transaction that was committed."""
    seen: list[str] = []
    sa.event.listen(database.engine, "commit", lambda _connection: seen.append("commit"))
    return seen


def insert(text: str) -> Write:
    def write(connection: sa.Connection) -> str:
        connection.exec_driver_sql("INSERT INTO row VALUES (?)", (text,))
        return text

    return write


def broken(connection: sa.Connection) -> str:
    connection.exec_driver_sql("INSERT INTO row VALUES ('half')")
    raise ZeroDivisionError


@contextmanager
def at_once(database: Database, jobs: list[Write]) -> Iterator[list[Future[str]]]:
    """Hold the line until all jobs wait in it; then let them go, and yield their outcomes."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        with database._lock:
            futures = [pool.submit(database.run_in_transaction, job) for job in jobs]
            wait_until(lambda: len(database._jobs) == len(jobs), what="all jobs in line")
        yield futures


def test_what_waits_together_is_committed_together(
    database: Database, rows: Callable[[], list[str]], commits: list[str]
) -> None:
    with at_once(database, [insert(f"{number}") for number in range(THREADS)]) as futures:
        assert [future.result(10) for future in futures] == [f"{number}" for number in range(THREADS)]
    assert rows() == [f"{number}" for number in range(THREADS)]
    assert commits == ["commit"]


def test_one_that_fails_leaves_nothing_behind_and_the_others_alone(
    database: Database, rows: Callable[[], list[str]], commits: list[str]
) -> None:
    with at_once(database, [insert("a"), broken, insert("b"), insert("a")]) as futures:
        outcomes = [future.exception(10) for future in futures]
    assert [type(error) for error in outcomes if error] == [ZeroDivisionError, sa.exc.IntegrityError]
    assert rows() == ["a", "b"]
    assert commits == ["commit"]


def test_nobody_is_told_that_it_is_stored_before_the_commit(database: Database, rows: Callable[[], list[str]]) -> None:
    early: list[bool] = []
    futures: list[Future[str]] = []
    sa.event.listen(
        database.engine, "commit", lambda _connection: early.append(any(future.done() for future in futures))
    )
    with at_once(database, [insert("a"), insert("b")]) as started:
        futures += started
        assert {future.result(10) for future in started} == {"a", "b"}
    assert True not in early


def test_a_transaction_that_fails_as_a_whole_is_tried_once_more_for_each(
    database: Database, rows: Callable[[], list[str]], commits: list[str]
) -> None:
    """A full disk makes SQLite undo everything; what is small enough may still fit."""

    def undo_all(connection: sa.Connection) -> str:
        connection.exec_driver_sql("INSERT OR ROLLBACK INTO row VALUES ('a')")
        return "a"

    with at_once(database, [insert("a"), insert("b"), undo_all]) as futures:
        outcomes = [future.exception(10) for future in futures]
    assert [type(error).__name__ for error in outcomes] == ["NoneType", "NoneType", "IntegrityError"]
    assert rows() == ["a", "b"]
    assert len(commits) == 2


def test_a_disk_that_fails_tells_everybody(database: Database, rows: Callable[[], list[str]]) -> None:
    def fail(_connection: object) -> None:
        raise sa.exc.OperationalError("COMMIT", {}, OSError("disk I/O error"))

    sa.event.listen(database.engine, "commit", fail)
    with at_once(database, [insert("a"), insert("b")]) as futures:
        assert [type(future.exception(10)) for future in futures] == [sa.exc.OperationalError] * 2
    sa.event.remove(database.engine, "commit", fail)
    assert rows() == []


def test_what_was_called_not_stored_is_not_stored_later(
    database: Database, rows: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_SECONDS", 0.05)
    with database._lock, pytest.raises(DatabaseBusyError):
        database.run_in_transaction(insert("late"))
    assert database.run_in_transaction(insert("next")) == "next"
    assert rows() == ["next"]


def test_what_another_thread_has_begun_is_waited_for(database: Database, rows: Callable[[], list[str]]) -> None:
    """Its time in line runs out while somebody else is writing it: the outcome counts, not the clock."""
    begun, ran_out = threading.Event(), threading.Event()

    def slow(connection: sa.Connection) -> str:
        begun.set()
        assert ran_out.wait(10)
        return insert("slow")(connection)

    database._lock = Line("late", begun, ran_out)  # type: ignore[assignment]
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1, "late") as late:
        with database._lock:
            first = pool.submit(database.run_in_transaction, slow)
            wait_until(lambda: len(database._jobs) == 1, what="the first in line")
            second = late.submit(database.run_in_transaction, insert("late"))
            wait_until(lambda: len(database._jobs) == 2, what="both in line")
        assert (first.result(10), second.result(10)) == ("slow", "late")
    assert rows() == ["late", "slow"]


class Line:
    """A lock; for threads whose name begins with ``name``, time runs out as soon as ``begun`` is set."""

    def __init__(self, name: str, begun: threading.Event, ran_out: threading.Event) -> None:
        self.lock, self.name, self.begun, self.ran_out = threading.Lock(), name, begun, ran_out

    def acquire(self, timeout: float) -> bool:
        """Take the lock, or let time run out."""
        if threading.current_thread().name.startswith(self.name):
            assert self.begun.wait(10)
            return False
        return self.lock.acquire()

    def release(self) -> None:
        """Let go of it."""
        self.lock.release()

    def __enter__(self) -> None:
        if threading.current_thread().name.startswith(self.name):
            self.ran_out.set()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_each_job_sees_what_its_own_thread_sees(database: Database, rows: Callable[[], list[str]]) -> None:
    """A request's language and settings hang on its thread's context; another thread may do its work."""

    def in_language(code: str) -> str:
        set_language(code)

        def write(connection: sa.Connection) -> str:
            return insert(current_language_code())(connection)

        return database.run_in_transaction(write)

    with ThreadPoolExecutor(2) as pool:
        with database._lock:
            futures = [pool.submit(in_language, code) for code in ("uk", "tr")]
            wait_until(lambda: len(database._jobs) == 2, what="both in line")
        assert [future.result(10) for future in futures] == ["uk", "tr"]
    assert rows() == ["tr", "uk"]
