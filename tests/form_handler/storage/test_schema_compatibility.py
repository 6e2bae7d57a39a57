"""A programme is rolled back without its database: migrations only add, and an older programme knows whether it may work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from form_handler.settings import read_settings
from form_handler.storage import schema_version
from form_handler.storage.database import Database
from form_handler.storage.migrate import SchemaError, alembic_config, require_current, upgrade
from form_handler.storage.schema_version import COMPATIBLE_SINCE, LATEST_REVISION, is_current
from form_handler.storage.state import write_state


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    found = Database(read_settings({"KIM_DATA_DIR": str(tmp_path)}))
    yield found
    found.engine.dispose()


def migrate(database: Database, revision: str) -> dict[str, dict[str, sa.engine.interfaces.ReflectedColumn]]:
    """Bring the database to a revision; return its columns by table and name."""
    with database.transaction() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        looked = sa.inspect(connection)
        return {name: {one["name"]: one for one in looked.get_columns(name)} for name in looked.get_table_names()}


def test_what_came_after_the_compatible_revision_only_adds(database: Database) -> None:
    """Else an older programme could not write; then COMPATIBLE_SINCE has to be raised to the migration's own number."""
    before = migrate(database, COMPATIBLE_SINCE)
    after = migrate(database, "head")
    for table, columns in before.items():
        assert table in after, f"{table} is gone"
        for name, column in columns.items():
            assert name in after[table], f"{table}.{name} is gone"
            assert str(after[table][name]["type"]) == str(column["type"]), f"{table}.{name} has another type"
            assert after[table][name]["nullable"] or not column["nullable"], f"{table}.{name} may no longer be empty"
        for name in after[table].keys() - columns.keys():
            new = after[table][name]
            assert new["nullable"] or new["default"] is not None, f"{table}.{name} has to be filled by older programmes"
    assert COMPATIBLE_SINCE <= LATEST_REVISION


@pytest.mark.parametrize(("since", "works"), [(LATEST_REVISION, True), ("0001", True), ("9999", False), (None, False)])
def test_an_older_programme_works_on_a_newer_schema_that_only_adds(
    database: Database, since: str | None, works: bool
) -> None:
    upgrade(database)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        write_state(connection, "schema_compatible", since)
    assert is_current(database) is works
    if works:
        require_current(database)
        assert upgrade(database) is False
        return
    for act in (require_current, upgrade):
        with pytest.raises(SchemaError, match="does not know"):
            act(database)


def test_a_newer_programme_never_works_on_an_older_schema(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(database)
    monkeypatch.setattr(schema_version, "LATEST_REVISION", "9999")
    assert not is_current(database)
