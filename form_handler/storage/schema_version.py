"""Which schema a database has, without the migrations: a server whose database fits never loads them."""

import sqlalchemy as sa

from core.errors import UserError
from form_handler.storage.database import Database
from form_handler.storage.state import read_state, write_state

# The newest file of ``migrations/versions``; a test compares both.
LATEST_REVISION = "0011"
# The oldest revision whose programmes work on the schema of this one: what came after only adds tables, and columns that may
# be empty or have a default of the database. So a programme is rolled back without its database. A migration that is not
# additive raises this number to its own; a test compares.
COMPATIBLE_SINCE = "0008"
_COMPATIBLE_STATE = "schema_compatible"
_VERSION = sa.table("alembic_version", sa.column("version_num"))


class SchemaError(UserError):
    """The database does not fit this programme; the message names the remedy."""


def current_revision(connection: sa.Connection) -> str | None:
    """Return the revision of a database; None for an empty one."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    revision: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return revision


def is_current(database: Database) -> bool:
    """Return whether a database has the schema that this programme needs."""
    with database.read_connection() as connection:
        return is_usable(connection)


def is_outdated(database: Database) -> bool:
    """Return whether a database has an older schema than this programme."""
    with database.read_connection() as connection:
        revision = current_revision(connection)
    return revision is not None and revision < LATEST_REVISION


def is_usable(connection: sa.Connection) -> bool:
    """Return whether a schema is the one of this programme, or a newer one that only adds to it."""
    revision = current_revision(connection)
    if revision is None or revision <= LATEST_REVISION:
        return revision == LATEST_REVISION
    return (read_state(connection, _COMPATIBLE_STATE) or revision) <= LATEST_REVISION


def record_compatibility(connection: sa.Connection) -> None:
    """Record for older programmes whether they work on this schema."""
    if read_state(connection, _COMPATIBLE_STATE) != COMPATIBLE_SINCE:
        write_state(connection, _COMPATIBLE_STATE, COMPATIBLE_SINCE)


def is_empty(database: Database) -> bool:
    """Return whether a database has no schema yet."""
    with database.read_connection() as connection:
        return current_revision(connection) is None
