"""Commands for operating the service: ``kim doctor``, ``secret``, ``backup``, ``restore``, ``restore-drill``."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

import click
import sqlalchemy as sa

from core.clock import utc_now
from core.files import write_file
from form_handler.operations.doctor import check_machine
from form_handler.operations.health import Finding, can_write, check_health, find_corruption, folder_fault
from form_handler.settings import Settings, SettingsError, read_secret_file, read_settings
from form_handler.storage.backup import BackupError, check_backup, restore_backup, write_backup
from form_handler.storage.database import (
    Database,
    MissingDatabaseError,
    PragmaError,
    forget_database,
    refuse_other_database,
    remember_database,
    remembered_database,
)
from form_handler.storage.schema_version import SchemaError
from form_handler.storage.state import write_state
from kim.service import close_at_exit, database_errors, load_settings, open_database

BACKUP_NAMES = "kim-*.zip"
# So many backups stay whatever their age: after a standstill the old ones are all there is.
MIN_BACKUPS = 7
MAX_FORMER_KEYS = 2


@click.command()
@click.option("--network/--no-network", default=True, help="Connect to the mail server and the public address, or not.")
@click.option("--content/--no-content", default=True, help="Check the pages, too, which takes some seconds.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON array.")
def doctor(network: bool, content: bool, as_json: bool) -> None:
    """Say in sentences what is wrong: settings, proxies, rights, time, units, mail, TLS, content. Exit code 1: something is."""
    findings = diagnose(network, content)
    if as_json:
        click.echo(json.dumps([{"part": one.name, "status": one.status, "message": one.message} for one in findings]))
    else:
        for one in findings:
            mark = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}[one.status]
            click.echo(f"{mark}  {one.name}: {one.message or 'well.'}")
    wrong = [one for one in findings if one.status != "ok"]
    if not as_json:
        click.echo(f"{len(wrong)} of {len(findings)} parts need somebody." if wrong else "Everything is well.")
    sys.exit(1 if wrong else 0)


def diagnose(network: bool = True, content: bool = True) -> list[Finding]:
    """Return a finding for each part; whatever cannot be looked at is a finding, too."""
    try:
        settings = read_settings()
    except SettingsError as error:
        return [Finding("settings", "failed", str(error))]
    found = list(check_machine(settings, os.environ, network))
    if not can_write(settings):
        return [*found, Finding("disk", "failed", folder_fault(settings))]
    found += _diagnose_database(settings)
    if content:
        found.append(_diagnose_content())
    return found


def _diagnose_database(settings: Settings) -> list[Finding]:
    try:
        refuse_other_database(settings)
        database = close_at_exit(Database(settings, create=False))
        fault = find_corruption(database)
    except (MissingDatabaseError, PragmaError, SettingsError, OSError) as error:
        return [Finding("database", "failed", str(error))]
    except sa.exc.SQLAlchemyError as error:
        fault = str(getattr(error, "orig", error))
    if fault is not None:
        words = f"{settings.database_name} is damaged ({fault[:120]}). Keep the file and restore the newest backup: kim restore FILE"
        return [Finding("database", "failed", words)]
    return check_health(database, settings, utc_now())


def _diagnose_content() -> Finding:
    from core.findings import ContentError, errors
    from core.project import ConfigError
    from editorial.checks.runner import run_checks

    try:
        wrong = errors(run_checks(publish=True).findings)
    except (ContentError, ConfigError) as error:
        return Finding("content", "failed", f"The pages cannot be read: {error}. See: kim check")
    if not wrong:
        return Finding("content", "ok")
    return Finding(
        "content", "warning", f"{len(wrong)} faults keep the pages from going public. See: kim check --publish"
    )


@click.group()
def secret() -> None:
    """The key that signs the tokens of forms and sessions."""


@secret.command("rotate")
@click.option(
    "--forget",
    is_flag=True,
    help="Former keys count no longer: after a leak. Open forms then have to be sent once more.",
)
def rotate_command(forget: bool) -> None:
    """Write a new key into KIM_SECRET_FILE; the former one is accepted as long as it stands there, so open forms still work.

    Restart the service and the mail worker after it. Former keys go with the next but one rotation.
    """
    settings = load_settings()
    path = secret_file(settings)
    former = [] if forget else read_secret_file(path).split()[:MAX_FORMER_KEYS]
    owner = path.stat()
    write_file(path, "\n".join([secrets.token_hex(32), *former]) + "\n", 0o600)
    if os.getuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid)
    click.echo(
        f"{path} has a new key; {len(former)} former ones are still accepted. Restart: systemctl restart kim kim-mail"
    )


def secret_file(settings: Settings) -> Path:
    """Return the file that holds the key.

    :raises ClickException: if the key stands in the settings themselves.
    """
    from form_handler.settings.file import merge_settings

    env = merge_settings(os.environ)
    if env.get("KIM_SECRET_FILE"):
        return Path(env["KIM_SECRET_FILE"])
    if env.get("KIM_SECRET_KEY"):
        raise click.ClickException(
            "The key stands in KIM_SECRET_KEY. Put it into a file of its own (mode 0600, owner: the service) and name that in "
            "KIM_SECRET_FILE instead; then it can be renewed while forms are open."
        )
    return settings.data_dir / "secret"


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
    settings = load_settings()
    database = open_database(settings)
    try:
        report = write_backup(database, path)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    with database.transaction() as connection:
        write_state(connection, "last_backup", now.isoformat())
    click.echo(f"{path}: {report}")
    if folder is not None and keep_days is not None:
        for old in expired_backups(folder, now - datetime.timedelta(days=keep_days)):
            old.unlink()
            click.echo(f"Deleted: {old}")


def expired_backups(folder: Path, limit: datetime.datetime) -> list[Path]:
    """Return the backups in a folder that are older than ``limit``, but for the newest :data:`MIN_BACKUPS`."""
    by_age = sorted(folder.glob(BACKUP_NAMES), key=lambda path: path.stat().st_mtime)
    return [path for path in by_age[:-MIN_BACKUPS] if path.stat().st_mtime < limit.timestamp()]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Bring a backup into an empty database, then read it back and compare."""
    settings = load_settings()
    try:
        check_backup(file)
        with database_errors(settings):
            database = open_for_restore(settings)
            report = restore_backup(database, file)
            remember_database(settings)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Restored and verified: {report}. Database: {settings.database_name}")


def open_for_restore(settings: Settings) -> Database:
    """Return the database for a backup, made anew where the remembered one is missing or empty."""
    remembered = remembered_database(settings)
    refuse_other_database(settings)
    forget_database(settings)
    try:
        return close_at_exit(Database(settings))
    finally:
        if remembered is not None:
            remember_database(settings)


@click.command("restore-drill")
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--max-age-hours", type=click.IntRange(1), default=50, show_default=True, help="How old the newest backup may be."
)
def restore_drill(folder: Path, max_age_hours: int) -> None:
    """Restore the newest backup of a folder (or one file) into a database of its own, compare, report; the real one stays as it is."""
    settings = load_settings()
    database = open_database(settings)
    file = (
        folder
        if folder.is_file()
        else max(folder.glob(BACKUP_NAMES), key=lambda one: one.stat().st_mtime, default=None)
    )
    if file is None:
        raise click.ClickException(f"{folder} holds no backup ({BACKUP_NAMES}). Check: systemctl status kim-backup")
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
