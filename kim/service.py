"""Commands of the service: submissions, database, mail, accounts, retention, backup."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from core.clock import utc_now
from core.gettext import use_language
from core.languages import default_language
from form_handler import retention
from form_handler.forms import FORMS
from form_handler.layout import missing_pages
from form_handler.mail.worker import last_heartbeat
from form_handler.operations.health import can_write, find_corruption, folder_fault
from form_handler.operations.logs import configure_logging
from form_handler.retention import PurgeRefusedError
from form_handler.settings import Settings, SettingsError, read_settings
from form_handler.staff.auth import second_factor
from form_handler.staff.auth.accounts import (
    AccountError,
    account_by_name,
    add_account,
    list_accounts,
    set_active,
    set_password,
)
from form_handler.staff.auth.roles import INBOX, RoleError, change_roles, list_roles, parse_role
from form_handler.staff.reports.export import as_record
from form_handler.storage.database import (
    Database,
    DatabaseBusyError,
    MissingDatabaseError,
    PragmaError,
    forget_database,
    missing_database,
    refuse_other_database,
    remember_database,
    remembered_database,
)
from form_handler.storage.schema_version import SchemaError, is_current, is_empty, is_outdated
from form_handler.storage.search import has_stale_columns, recompute_note_texts, recompute_search_columns
from form_handler.storage.state import read_state
from form_handler.storage.submissions import find_by_reference, list_submissions
from form_handler.storage.tables import outgoing_mail, submission
from form_handler.storage.work_list import has_stale_order, recompute_work_columns
from kim.terminal import escape_control_characters, replace_control_characters

if TYPE_CHECKING:
    from form_handler.server.run import Middleware

# Who did what is done from the command line.
OPERATOR = "kim"


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings, or end with an error message."""
    try:
        return read_settings(env)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def open_database(settings: Settings, create: bool = False) -> Database:
    """Return the database if its schema is current, and print its name; else end with an error message.

    :param create: whether one is made where none was: for the development server and the demonstration.
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
    click.echo(f"Database: {settings.database_name}", err=True)
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
    """End with an error message on any error of opening or changing the database."""
    faults = (SettingsError, SchemaError, DatabaseBusyError, PragmaError, MissingDatabaseError)
    try:
        yield
    except faults as error:
        raise click.ClickException(str(error)) from error
    except sa.exc.DBAPIError as error:
        if "malformed" in str(error.orig):
            raise damaged_database(settings, str(error.orig)) from error
        reason = "is no SQLite database" if "not a database" in str(error.orig) else "cannot be reached"
        raise click.ClickException(
            f"The database {settings.database_name} {reason} ({type(error.orig).__name__}). Check KIM_DATABASE_URL and KIM_DATA_DIR."
        ) from error


def require_writable(settings: Settings) -> None:
    """End with a sentence if the data folder cannot be written."""
    if not can_write(settings):
        raise click.ClickException(folder_fault(settings))


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


def ensure_port_free(bind: str, port: int) -> None:
    """End with a sentence if the server cannot listen on an address; else a browser would show another program's site."""
    address = f"{bind}:{port}"
    try:
        family = socket.getaddrinfo(bind.strip("[]"), port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bind.strip("[]"), port))
    except socket.gaierror as error:
        raise click.ClickException(f"KIM_BIND={bind}: this is no address of this machine.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"{address}: another program is running there. End it, or take another port: "
                f"PORT={port % 65535 + 1} make run"
            ) from error
        raise click.ClickException(f"{address}: this address cannot be used ({error.strerror}).") from error


def require_site(settings: Settings) -> None:
    """End with a sentence if there is no built site; say so if pages are missing in it.

    A site without some of its pages is served all the same: the forms work without their layout.
    """
    place = settings.site_dir
    if not (place / "index.html").is_file() and not (place / "404.html").is_file():
        raise click.ClickException(
            f"{place} holds no built site. Build it first: kim build, or name its folder in KIM_SITE_DIR."
        )
    missing = missing_pages(place)
    if missing:
        click.echo(
            f"Warning: {place} lacks {len(missing)} pages that the forms need, {missing[0]} among them. "
            "Forms work without their layout. Build the site again: kim build",
            err=True,
        )


def serve_foreground(
    settings: Settings,
    middleware: Middleware | None = None,
    worker_env: Mapping[str, str] | None = None,
    publish_options: Sequence[str] = (),
) -> None:
    """Serve site and forms in the foreground; in development with the workers as child processes.

    :param middleware: put around the application.
    :param worker_env: environment of the workers, by default that of this process.
    :param publish_options: further options of the publication worker.
    """
    from editing.views import register
    from form_handler.server.run import listen_addresses, serve
    from form_handler.server.worker_process import WorkerProcess

    configure_logging(settings.log_format)
    require_site(settings)
    require_writable(settings)
    database = open_database(settings, settings.mode == "development")
    require_sound(settings, database)
    seen = last_heartbeat(database)
    database.engine.dispose()
    if not os.environ.get("LISTEN_FDS"):  # else systemd holds the sockets and hands them on (sd_listen_fds(3))
        for host, number in listen_addresses(settings):
            ensure_port_free(host, number)
    mails = "through the mail server" if settings.smtp_url else f"as files in {settings.mail_dir}"
    if settings.mode == "production":
        when = f"last seen {seen.astimezone(settings.time_zone):%Y-%m-%d %H:%M}" if seen else "never seen so far"
        mails += f", by the service of its own: kim mail run ({when})"
    click.echo(
        f"Site and forms:    http://{settings.bind}:{settings.port}\n"
        f"What came in:      kim submissions list\n"
        f"Mails:             {mails}\n"
        f"Stop:              Ctrl-C"
    )
    workers = []
    if settings.mode == "development":
        commands = [("mail", "run"), ("publish", "run", *publish_options)]
        workers = [WorkerProcess(*words, env=worker_env) for words in commands]
    serve(settings, middleware, workers, register)


@click.group()
def submissions() -> None:
    """Submissions of the forms."""


@submissions.command("list")
@click.option("--form", type=click.Choice(list(FORMS)), help="Only this form.")
@click.option("--state", help="Only this state, for example new.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON array.")
def list_command(form: str | None, state: str | None, as_json: bool) -> None:
    """List submissions, the newest first."""
    settings = load_settings()
    found, zone = list_submissions(open_database(settings), form, state), settings.time_zone
    if as_json:
        click.echo(
            escape_control_characters(json.dumps([as_record(row, zone) for row in found], ensure_ascii=False, indent=2))
        )
        return
    for row in found:
        sender = FORMS[row.form].sender_label(row.answers) or "–"
        click.echo(
            f"{row.reference}  {row.received_at.astimezone(zone):%Y-%m-%d %H:%M}  {row.language}  {row.form}  {row.state}  {replace_control_characters(sender)}"
        )
    if not found:
        click.echo("Nothing has been submitted yet.")


@submissions.command("show")
@click.argument("reference")
def show_command(reference: str) -> None:
    """Show one submission with all its answers."""
    settings = load_settings()
    found = find_by_reference(open_database(settings), reference)
    if found is None:
        raise click.ClickException(f"There is no submission {replace_control_characters(reference)}.")
    received = found.received_at.astimezone(settings.time_zone)
    click.echo(f"{found.reference}  {received:%Y-%m-%d %H:%M}  language {found.language}  {found.state}")
    with use_language(default_language().code):
        for field, words in FORMS[found.form].display_rows(found.answers):
            click.echo(f"\n{field.label.text}\n  {replace_control_characters(words) or '–'}")


@click.group()
def db() -> None:
    """The database."""


@db.command("init")
@click.option("--new", is_flag=True, help="Even if the data folder remembers another database or one that is missing.")
def init_command(new: bool) -> None:
    """Create the database that the settings name; one that is there already stays as it is."""
    from form_handler.storage.migrate import upgrade

    settings = load_settings()
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

    settings = load_settings()
    with database_errors(settings):
        refuse_other_database(settings)
        database = close_at_exit(Database(settings, create=False))
        if is_empty(database):
            raise missing_database(settings)
        done = upgrade(database)
        remember_database(settings)
    click.echo(f"Database: {settings.database_name}", err=True)
    click.echo("The database has been upgraded." if done else "The database was up to date.")


@db.command("status")
def status_command() -> None:
    """Say whether the database fits this version. Exit code 0: it does; 3: it needs `kim db upgrade`; 1: it cannot be used."""
    from form_handler.storage.migrate import require_current

    settings = load_settings()
    with database_errors(settings):
        refuse_other_database(settings)
        database = close_at_exit(Database(settings, create=False))
        if is_empty(database):
            raise missing_database(settings)
        is_older = is_outdated(database)
        if not is_older:
            require_current(database)
    click.echo(f"{settings.database_name}: {'older than this version' if is_older else 'fits this version'}")
    sys.exit(3 if is_older else 0)


@click.group()
def mail() -> None:
    """Outgoing mail."""


@mail.command("run")
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
@click.option("--parent", type=int, hidden=True, help="Process id of the server; the worker ends with it.")
def run_command(once: bool, parent: int | None) -> None:
    """Deliver mails and purge once a day, until SIGTERM; in production a service of its own (deploy/systemd/kim-mail.service).

    On SQLite one worker runs at a time and a further one waits; on PostgreSQL several may run.
    """
    from form_handler.mail import worker

    settings = load_settings()
    require_writable(settings)
    database = open_database(settings)
    if not once:
        configure_logging(settings.log_format)
        require_sound(settings, database)
        worker.run_forever(database, settings, parent)
        return
    try:
        click.echo(f"{worker.run_once(database, settings)} sent.")
    except worker.AnotherWorkerError:
        click.echo("A mail worker is running; it sends what is due.")
    with database.read_connection() as connection:
        down = read_state(connection, "smtp_down")
    if down:
        when, _blank, error = down.partition(" ")
        raise click.ClickException(
            f"The mail server has taken no mails since {when[:16]} UTC: {error}. Check KIM_SMTP_URL."
        )


@mail.command("list")
def list_mail_command() -> None:
    """List mails that have not been sent, and why."""
    from form_handler.mail.worker import is_worker_missing

    query = (
        sa.select(outgoing_mail, submission.c.reference)
        .outerjoin(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.state != "sent")
        .order_by(outgoing_mail.c.next_attempt_at)
    )
    database = open_database(load_settings())
    with database.read_connection() as connection:
        rows = connection.execute(query).mappings().all()
    for row in rows:
        click.echo(
            f"{row['reference'] or '–'}  {row['kind']}  {row['state']}  {row['attempts']} attempts  "
            f"{replace_control_characters(row['last_error'] or '')}"
        )
    if not rows:
        click.echo("All mails have been sent.")
    if is_worker_missing(database, utc_now()):
        click.echo("No mail worker seems to be running. Start it: systemctl start kim-mail, or kim mail run", err=True)


@mail.command("retry")
def retry_command() -> None:
    """Make all waiting and failed mails due now."""
    now = utc_now()
    with open_database(load_settings()).transaction() as connection:
        done = connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.state.in_(("waiting", "failed")))
            .values(state="waiting", attempts=0, next_attempt_at=now)
        )
    click.echo(f"{done.rowcount} mails will be tried again now.")


@click.group()
def users() -> None:
    """Who may log in to the staff area /eingang/."""


def ask_password(from_stdin: bool) -> str:
    """Return a new password, typed twice or read from the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password (at least 12 characters)", hide_input=True, confirmation_prompt="Repeat")
    return password


@users.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--no-password", is_flag=True, help="Only the city's own log-in (OpenID Connect) opens this account.")
@click.option(
    "--role", "roles", multiple=True, default=(INBOX,), show_default=True,
    help="What it opens: inbox, edit, publish, translate:LANGUAGE or admin; may be given several times.",
)  # fmt: skip
def add_user_command(name: str, password_stdin: bool, no_password: bool, roles: tuple[str, ...]) -> None:
    """Make an account."""
    database = open_database(load_settings())
    try:
        given = [parse_role(role) for role in roles]
        password = None if no_password else ask_password(password_stdin)
        add_account(database, name, password, utc_now(), given)
    except (AccountError, RoleError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} can now log in at /eingang/ with: {', '.join(sorted(given))}.")


@users.command("roles")
@click.argument("name", required=False)
@click.option("--add", multiple=True, metavar="ROLE", help="A role to give; may be given several times.")
@click.option("--remove", multiple=True, metavar="ROLE", help="A role to take; may be given several times.")
def roles_command(name: str | None, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Show the roles of all accounts, or change those of one.

    inbox opens what people sent; edit changes pages, publish makes changes public, translate:LANGUAGE changes the
    pages of one language, admin gives roles. Changes count from the next click of the person.
    """
    database = open_database(load_settings())
    if name is None and (add or remove):
        raise click.UsageError("Name the account whose roles are to change.")
    try:
        changed = (
            {name: change_roles(database, name, add, remove, OPERATOR, utc_now())} if name else list_roles(database)
        )
    except RoleError as error:
        raise click.ClickException(str(error)) from error
    for who, roles in changed.items():
        if roles is None:
            raise click.ClickException(f"There is no account {who}. List all accounts: kim users list")
        click.echo(f"{replace_control_characters(who)}  {', '.join(sorted(roles)) or 'no role'}")


@users.command("set-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def set_password_command(name: str, password_stdin: bool) -> None:
    """Set a new password and end the account's sessions."""
    database = open_database(load_settings())
    try:
        set_password(database, name, ask_password(password_stdin))
    except AccountError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} has a new password.")


@users.command("reset-second-factor")
@click.argument("name")
def reset_second_factor_command(name: str) -> None:
    """Turn an account's second factor off, for somebody who has lost device and recovery codes."""
    database = open_database(load_settings())
    who = account_by_name(database, name)
    if who is None or not second_factor.disable(database, who.id, OPERATOR, utc_now()):
        raise click.ClickException(
            f"There is no open account {name} with a second factor. List all accounts: kim users list"
        )
    click.echo(f"{name} logs in with the password alone.")


@users.command("disable")
@click.argument("name")
def disable_command(name: str) -> None:
    """Disable an account; notes and history keep its name."""
    _set_active(name, False)
    click.echo(f"{name} can no longer log in.")


@users.command("enable")
@click.argument("name")
def enable_command(name: str) -> None:
    """Enable a disabled account again."""
    _set_active(name, True)
    click.echo(f"{name} can log in again.")


def _set_active(name: str, active: bool) -> None:
    try:
        set_active(open_database(load_settings()), name, active)
    except AccountError as error:
        raise click.ClickException(str(error)) from error


@users.command("list")
def list_users_command() -> None:
    """List all accounts."""
    found = list_accounts(open_database(load_settings()))
    for name, active in found:
        click.echo(f"{replace_control_characters(name)}  {'enabled' if active else 'disabled'}")
    if not found:
        click.echo("There is no account yet. Make the first one: kim users add NAME")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option(
    "--confirm", "confirmed", type=click.IntRange(0), metavar="NUMBER",
    help="Delete so many now, all that is past its retention, announced or not; this confirms the clock, too.",
)  # fmt: skip
def purge(dry_run: bool, confirmed: int | None) -> None:
    """Delete announced submissions past their retention; the mail worker does this once a day."""
    settings = load_settings()
    now = utc_now()
    try:
        lines = retention.purge(open_database(settings), settings, now, dry_run, confirmed)
    except PurgeRefusedError as error:
        raise click.ClickException(str(error)) from error
    for line in lines:
        click.echo(line)
