"""``kim db``: the database and its schema."""

import sys

import click

from form_handler.settings import read_settings
from form_handler.storage.database import (
    Database,
    forget_database,
    missing_database,
    refuse_other_database,
    remember_database,
    remembered_database,
)
from form_handler.storage.schema_version import is_empty, is_outdated
from kim.database import close_at_exit, database_errors, open_existing


@click.group()
def db() -> None:
    """The database."""


@db.command("init")
@click.option("--new", is_flag=True, help="Even if the data folder remembers another database or one that is missing.")
def init_command(new: bool) -> None:
    """Create the database that the settings name; one that is there already stays as it is."""
    from form_handler.storage.migrate import upgrade

    settings = read_settings()
    with database_errors(settings):
        if new:
            forget_database(settings)
        refuse_other_database(settings)
        database = close_at_exit(Database(settings))
        if is_empty(database) and remembered_database(settings) is not None:
            raise missing_database(settings)
        done = upgrade(database)
        remember_database(settings)
    click.echo(f"{'Created' if done else 'Already there'}: {settings.database_name}")


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the schema of this version; keeps all data."""
    from form_handler.storage.migrate import upgrade

    settings = read_settings()
    with database_errors(settings):
        database = open_existing(settings)
        done = upgrade(database)
        remember_database(settings)
    click.echo(f"Database: {settings.database_name}", err=True)
    click.echo("The database has been upgraded." if done else "The database was up to date.")


@db.command("status")
def status_command() -> None:
    """Say whether the database fits this version. Exit code 0: it does; 3: it needs `kim db upgrade`; 1: it cannot be used."""
    from form_handler.storage.migrate import require_current

    settings = read_settings()
    with database_errors(settings):
        database = open_existing(settings)
        is_older = is_outdated(database)
        if not is_older:
            require_current(database)
    click.echo(f"{settings.database_name}: {'older than this version' if is_older else 'fits this version'}")
    sys.exit(3 if is_older else 0)
