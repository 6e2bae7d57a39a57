"""``kim doctor`` and ``kim secret``: the faults of this machine, and the key of the service."""

import json
import os
import secrets
import sys
from pathlib import Path

import click
import sqlalchemy as sa

from core.clock import utc_now
from core.files import write_file
from form_handler.operations.doctor import as_in_container, check_machine, in_container
from form_handler.operations.health import Finding, check_health, find_corruption, find_folder_fault
from form_handler.settings import Settings, SettingsError, read_settings
from form_handler.settings.secret import read_secret_file
from form_handler.storage.database import (
    Database,
    MissingDatabaseError,
    PragmaError,
    refuse_other_database,
)
from kim.database import close_at_exit

MAX_FORMER_KEYS = 2


@click.command()
@click.option("--network/--no-network", default=True, help="Connect to the mail server and the public address, or not.")
@click.option("--content/--no-content", default=True, help="Check the pages, too, which takes some seconds.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON array.")
def doctor(network: bool, content: bool, as_json: bool) -> None:
    """Say in sentences what is wrong: settings, proxies, rights, time, units, mail, TLS, content. Exit code 1: something is."""
    findings = diagnose(network, content)
    if in_container(os.environ):
        findings = [as_in_container(one) for one in findings]
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
    """Return a finding for each part; a part that cannot be checked is a finding, too."""
    try:
        settings = read_settings()
    except SettingsError as error:
        return [Finding("settings", "failed", str(error))]
    found = list(check_machine(settings, os.environ, network))
    if (fault := find_folder_fault(settings)) is not None:
        return [*found, Finding("disk", "failed", fault)]
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
    """Write a new key into KIM_SECRET_FILE; the former one is accepted as long as it is there, so open forms still work.

    Restart the service and the mail worker after it. Former keys go with the next but one rotation.
    """
    settings = read_settings()
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

    :raises ClickException: if the key is in the settings themselves.
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
