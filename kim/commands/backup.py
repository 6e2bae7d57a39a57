"""``kim backup``, ``restore`` and ``restore-drill``."""

import datetime
import tempfile
from pathlib import Path

import click

from core.clock import utc_now
from form_handler.operations.health import find_corruption
from form_handler.settings import Settings, read_settings
from form_handler.storage.backup import BackupError, check_backup, restore_backup, write_backup
from form_handler.storage.database import (
    Database,
    forget_database,
    refuse_other_database,
    remember_database,
    remembered_database,
)
from form_handler.storage.schema_version import SchemaError
from form_handler.storage.state import write_state
from form_handler.worker.purge import PurgeRefusedError, check_clock
from kim.database import close_at_exit, database_errors, open_database

BACKUP_NAMES = "kim-*.zip"
# The minimum number of backups that are kept regardless of age: after an outage only old ones exist.
MIN_BACKUPS = 7


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--into", "folder", type=click.Path(path_type=Path), help="A folder: the name is made from the time.")
@click.option(
    "--keep-days", type=click.IntRange(1), help="With --into: delete older backups there, but never the newest seven."
)
def backup(file: Path | None, folder: Path | None, keep_days: int | None) -> None:
    """Write a consistent copy of everything stored, while the server runs."""
    if (file is None) == (folder is None):
        raise click.UsageError("Name a FILE, or a folder with --into.")
    now = utc_now()
    path = file or (folder or Path()) / f"kim-{now:%Y-%m-%dT%H%M%S}Z.zip"
    settings = read_settings()
    require_folder(path.absolute().parent)
    database = open_database(settings)
    report = write_backup(database, path)
    with database.transaction() as connection:
        write_state(connection, "last_backup", now.isoformat())
    click.echo(f"{path}: {report}")
    if folder is not None and keep_days is not None:
        try:
            with database.read_connection() as connection:
                check_clock(connection, now)
        except PurgeRefusedError as error:
            click.echo(f"No older backup was deleted. {error}", err=True)
            return
        for old in expired_backups(folder, now - datetime.timedelta(days=keep_days)):
            old.unlink()
            click.echo(f"Deleted: {old}")


def require_folder(folder: Path) -> None:
    """End with a sentence if a folder for backups is not there: a share may not be mounted, or the name is mistyped.

    :raises click.ClickException: if it is not there; none is made.
    """
    if not folder.is_dir():
        raise click.ClickException(
            f"There is no folder {folder}, so no backup was written. Is its disk or share mounted? If it is meant to be new: "
            f"mkdir -m 700 {folder}"
        )


def expired_backups(folder: Path, limit: datetime.datetime) -> list[Path]:
    """Return the backups in a folder that are older than ``limit``, but for the newest :data:`MIN_BACKUPS`."""
    by_age = sorted(folder.glob(BACKUP_NAMES), key=lambda path: path.stat().st_mtime)
    return [path for path in by_age[:-MIN_BACKUPS] if path.stat().st_mtime < limit.timestamp()]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Bring a backup into an empty database, then read it back and compare."""
    settings = read_settings()
    check_backup(file)
    with database_errors(settings):
        database = open_for_restore(settings)
        report = restore_backup(database, file)
        remember_database(settings)
    click.echo(f"Restored and verified: {report}. Database: {settings.database_name}")


def open_for_restore(settings: Settings) -> Database:
    """Return the database for a backup, created where the remembered one is missing or empty."""
    remembered = remembered_database(settings)
    refuse_other_database(settings)
    forget_database(settings)
    try:
        return close_at_exit(Database(settings))
    finally:
        if remembered is not None:
            remember_database(settings)


def newest_backup(folder: Path) -> Path:
    """Return the newest backup in a folder; those dated ahead of the clock were made while it was wrong and are passed over.

    :raises click.ClickException: if there is none.
    """
    by_age = sorted(folder.glob(BACKUP_NAMES), key=lambda one: one.stat().st_mtime)
    if not by_age:
        raise click.ClickException(f"{folder} holds no backup ({BACKUP_NAMES}). Check: systemctl status kim-backup")
    tomorrow = (utc_now() + datetime.timedelta(days=1)).timestamp()
    past = [path for path in by_age if path.stat().st_mtime < tomorrow]
    if not past:
        raise click.ClickException(
            f"All backups in {folder} are dated ahead of the clock of this machine. Set the clock."
        )
    return past[-1]


@click.command("restore-drill")
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--max-age-hours", type=click.IntRange(1), default=50, show_default=True, help="How old the newest backup may be."
)
def restore_drill(folder: Path, max_age_hours: int) -> None:
    """Restore the newest backup of a folder (or one file) into a database of its own, compare, report; the real one stays as it is."""
    settings = read_settings()
    database = open_database(settings)
    file = folder if folder.is_file() else newest_backup(folder)
    age = utc_now() - datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC)
    if folder != file and age > datetime.timedelta(hours=max_age_hours):
        raise click.ClickException(
            f"The newest backup, {file}, is {age.days} days old. Check: systemctl status kim-backup"
        )
    with tempfile.TemporaryDirectory(prefix="kim-drill-") as place:
        own = read_settings({"KIM_DATA_DIR": place})
        try:
            with database_errors(own):
                restored = close_at_exit(Database(own))
                report = restore_backup(restored, file)
                fault = find_corruption(restored)
        except (BackupError, SchemaError) as error:
            raise click.ClickException(f"The drill failed: {error}") from error
        if fault is not None:
            raise click.ClickException(f"The drill failed: the restored database is damaged ({fault}).")
    with database.transaction() as connection:
        write_state(connection, "last_restore_drill", utc_now().isoformat())
    click.echo(
        f"The drill succeeded: {file.name} of {age.total_seconds() / 3600:.0f} hours ago was restored and compared: {report}"
    )
