"""Which schema a database has, without the migrations: a server whose database fits never loads them."""

from __future__ import annotations

import sqlalchemy as sa

from form_handler.storage.database import Database

# The newest file of ``migrations/versions``; a test compares both.
LATEST_REVISION = "0008"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


class SchemaError(Exception):
    """The database does not fit this programme; the message says what to do."""


def current_revision(connection: sa.Connection) -> str | None:
    """Return the revision of a database; None for an empty one."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    revision: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return revision


def is_current(database: Database) -> bool:
    """Return whether a database has the schema that this programme needs."""
    with database.read_connection() as connection:
        return current_revision(connection) == LATEST_REVISION


def is_empty(database: Database) -> bool:
    """Return whether a database has no schema yet."""
    with database.read_connection() as connection:
        return current_revision(connection) is None
