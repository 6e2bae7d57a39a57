"""The settings and the database of a command; every error ends it with a sentence."""

import contextlib
import logging
from collections.abc import Iterator

import click
import sqlalchemy as sa

from form_handler.operations.health import find_corruption, find_folder_fault
from form_handler.operations.logs import log_event
from form_handler.settings import Settings
from form_handler.storage.database import (
    Database,
    describe_fault,
    missing_database,
    refuse_other_database,
    remember_database,
    remembered_database,
)
from form_handler.storage.schema_version import is_current, is_empty
from form_handler.storage.search import has_stale_columns, recompute_note_texts, recompute_search_columns
from form_handler.storage.work_list import has_stale_order, recompute_work_columns

_log = logging.getLogger(__name__)
# The actor of commands in events.
OPERATOR = "kim"


def open_database(settings: Settings, create: bool = False, service: bool = False) -> Database:
    """Return the database if its schema is current, and print its name; else end with an error message.

    :param create: whether one is made where none was: for the development server and the demonstration.
    :param service: whether the output is a log, which holds one event a line.
    """
    with database_errors(settings):
        refuse_other_database(settings)
        database = close_at_exit(Database(settings, create))
        if not is_current(database):
            from form_handler.storage.migrate import require_current, upgrade

            if is_empty(database) and (not create or remembered_database(settings) is not None):
                raise missing_database(settings)
            if settings.mode == "development":
                upgrade(database)
            require_current(database)
        refresh_columns(database)
        remember_database(settings)
    message = f"Database: {settings.database_name}"
    if service and settings.log_format == "json":
        log_event(_log, logging.INFO, "database", message)
    else:
        click.echo(message, err=True)
    return database


def open_existing(settings: Settings) -> Database:
    """Return the database with any schema; one that holds nothing is refused.

    :raises MissingDatabaseError: if there is none.
    """
    refuse_other_database(settings)
    database = close_at_exit(Database(settings, create=False))
    if is_empty(database):
        raise missing_database(settings)
    return database


def refresh_columns(database: Database) -> None:
    """Recompute the columns for search and work list if this version, or another time zone, computes them differently."""
    with database.read_connection() as connection:
        stale = has_stale_columns(connection)
    if stale:
        with database.transaction() as connection:
            recompute_search_columns(connection)
            recompute_note_texts(connection)
    with database.read_connection() as connection:
        stale = has_stale_order(connection, database.time_zone)
    if stale:
        with database.transaction() as connection:
            recompute_work_columns(connection, database.time_zone)


def close_at_exit(database: Database) -> Database:
    """Return the database; its connections are closed when the command ends."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(database.engine.dispose)
    return database


@contextlib.contextmanager
def database_errors(settings: Settings) -> Iterator[None]:
    """End with an error message on any error of opening or changing the database.

    :raises click.ClickException: for each error of the database.
    """
    try:
        yield
    except OSError as error:
        if settings.sqlite_path is not None and (fault := find_folder_fault(settings)) is not None:
            raise click.ClickException(fault) from error
        raise
    except sa.exc.DBAPIError as error:
        if "malformed" in str(error.orig):
            raise damaged_database(settings, str(error.orig)) from error
        if settings.sqlite_path is not None and (fault := find_folder_fault(settings)) is not None:
            raise click.ClickException(fault) from error
        reason = "is no SQLite database" if "not a database" in str(error.orig) else "cannot be reached"
        raise click.ClickException(
            f"The database {settings.database_name} {reason} ({describe_fault(error)}). Check KIM_DATABASE_URL and KIM_DATA_DIR."
        ) from error


def require_writable(settings: Settings) -> None:
    """End with a sentence if the data folder cannot be written.

    :raises click.ClickException: if the data folder cannot be written.
    """
    if (fault := find_folder_fault(settings)) is not None:
        raise click.ClickException(fault)


def require_sound(settings: Settings, database: Database) -> None:
    """End with a sentence if the database file is damaged."""
    if (fault := find_corruption(database)) is not None:
        raise damaged_database(settings, fault)


def damaged_database(settings: Settings, fault: str) -> click.ClickException:
    """Return the error for a database file that SQLite cannot read whole."""
    return click.ClickException(
        f"The database {settings.database_name} is damaged ({fault[:120]}). Nothing was changed. Keep the file, then "
        "restore the newest backup into an empty data folder: kim restore FILE"
    )
