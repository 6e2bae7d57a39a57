"""Stored means on disk; migrations keep data; the journal that can lose commits is refused."""

from __future__ import annotations

import datetime
import sqlite3
import threading
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from form_handler.settings import Settings, SettingsError, read_settings
from form_handler.storage.database import Database, PragmaError, set_pragmas, wal_is_safe
from form_handler.storage.migrate import alembic_config, require_current, upgrade
from form_handler.storage.schema_version import LATEST_REVISION, SchemaError, is_current
from form_handler.storage.submissions import Submission, find_by_reference, list_submissions, store_submission

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


def put(database: Database, number: str | None = None) -> Submission:
    return store_submission(
        database, number or str(uuid.uuid4()), "participation", "de", {"company": "A"}, lambda _s: [], NOW
    )


def test_every_connection_waits_for_the_disk_and_forgets_what_is_deleted(database: Database) -> None:
    with database.read_connection() as connection:
        values = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                  ("journal_mode", "synchronous", "secure_delete", "foreign_keys")}  # fmt: skip
    assert values == {"journal_mode": "truncate", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_a_setting_that_sqlite_does_not_take_stops_the_start() -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(PragmaError, match="journal_mode"):
        set_pragmas(connection, "truncate")
    connection.close()


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
     ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True), ((4, 0, 0), True)],
)  # fmt: skip
def test_wal_is_allowed_only_where_it_cannot_lose_commits(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_wal_on_a_faulty_sqlite_is_refused_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(SettingsError, match="can lose commits"):
        Database(read_settings({"KIM_DATA_DIR": str(tmp_path), "KIM_SQLITE_JOURNAL": "wal"}))


def test_the_database_belongs_to_its_owner_only(settings: Settings, database: Database) -> None:
    put(database)
    assert (settings.data_dir / "kim.sqlite3").stat().st_mode & 0o077 == 0


def test_writers_in_line_all_get_through(settings: Settings, database: Database) -> None:
    others = [Database(settings) for _ in range(3)]
    faults: list[Exception] = []

    def write(one: Database) -> None:
        try:
            for _ in range(15):
                put(one)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(one,)) for one in [database, *others] for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.engine.dispose()
    assert faults == []
    assert len(list_submissions(database)) == 8 * 15


def test_the_same_number_from_two_threads_at_once_is_one_submission(database: Database) -> None:
    number = str(uuid.uuid4())
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(put(database, number).reference)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
    assert len(list_submissions(database)) == 1


def test_a_fault_while_the_mails_are_written_leaves_nothing_half_stored(database: Database) -> None:
    def broken(_submission: Submission) -> list[object]:
        raise ValueError("mail")

    with pytest.raises(ValueError, match="mail"):
        store_submission(database, str(uuid.uuid4()), "participation", "de", {}, broken, NOW)  # type: ignore[arg-type]
    assert list_submissions(database) == []


def test_a_reference_that_is_taken_is_drawn_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = put(database).reference
    draws = iter([taken, "KIM-234567"])
    monkeypatch.setattr("form_handler.storage.submissions.new_reference", lambda: next(draws))
    assert put(database).reference == "KIM-234567"


def test_a_reference_is_found_in_small_letters_too(database: Database) -> None:
    stored = put(database)
    assert find_by_reference(database, f" {stored.reference.lower()} ") == stored
    assert stored.received_at == NOW


def test_migrating_twice_does_nothing_and_keeps_the_data(database: Database) -> None:
    put(database)
    assert upgrade(database) is False
    assert len(list_submissions(database)) == 1


def test_an_empty_database_is_refused_until_it_was_migrated(tmp_path: Path) -> None:
    database = Database(read_settings({"KIM_DATA_DIR": str(tmp_path)}))
    with pytest.raises(SchemaError, match="kim db upgrade"):
        require_current(database)
    assert upgrade(database) is True
    require_current(database)
    database.engine.dispose()


def test_the_schema_that_the_server_asks_for_is_the_newest_migration(database: Database) -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == LATEST_REVISION
    assert is_current(database)


def test_a_newer_schema_that_does_more_than_add_is_refused(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("UPDATE service_state SET value = '9999' WHERE name = 'schema_compatible'"))
    with pytest.raises(SchemaError, match="9999"):
        require_current(database)
    with pytest.raises(SchemaError, match="9999"):
        upgrade(database)


def test_the_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from form_handler.storage.tables import metadata

    with database.read_connection() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
