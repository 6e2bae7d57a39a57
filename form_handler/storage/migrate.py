"""Migrations: bring the database to the schema of this programme, and refuse one that is newer."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from form_handler.storage.database import Database
from form_handler.storage.schema_version import (
    LATEST_REVISION,
    SchemaError,
    current_revision,
    is_usable,
    record_compatibility,
)

FOLDER = Path(__file__).parent / "migrations"


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file; its commands run on the connection."""
    config = Config()
    config.attributes["connection"] = connection
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))  # configparser expands %
    return config


def upgrade(database: Database) -> bool:
    """Bring the database to this programme's schema; return whether anything was done.

    All steps are one transaction, so a migration that fails leaves the database as it was.

    :raises SchemaError: if the database is newer than this programme.
    """
    with database.transaction() as connection:
        before = current_revision(connection)
        if is_usable(connection):
            if before == LATEST_REVISION:
                record_compatibility(connection)
            return False
        refuse_newer(before)
        command.upgrade(alembic_config(connection), "head")
        record_compatibility(connection)
    return True


def refuse_newer(revision: str | None) -> None:
    """Refuse a revision that this programme lacks.

    :raises SchemaError: see :func:`upgrade`.
    """
    if revision is None:
        return
    try:
        ScriptDirectory.from_config(alembic_config()).get_revision(revision)
    except CommandError as error:
        raise SchemaError(
            f"The database has the schema {revision}, which this version does not know. "
            "Start the newer version of the programme, or bring the backup from before the update into an empty data folder: kim restore FILE"
        ) from error


def require_current(database: Database) -> None:
    """Require the current schema.

    :raises SchemaError: if it is older (run ``kim db upgrade``) or newer.
    """
    with database.read_connection() as connection:
        revision = current_revision(connection)
        if is_usable(connection):
            return
    refuse_newer(revision)
    if revision is None:
        raise SchemaError("The database is empty. Create its tables with: kim db init, or: kim db upgrade")
    raise SchemaError("The database is older than this version. Bring it up to date with: kim db upgrade")
