"""What the office and operators do from the command line, below ``kim``."""

from __future__ import annotations

import datetime
import json
import os
import signal
import threading
from typing import Any

import click
import sqlalchemy as sa

from editorial.languages import default_language
from editorial.words import use_language
from form_handler.forms import FORMS
from form_handler.settings import Settings, SettingsError, read_settings
from form_handler.storage.database import Database, DatabaseBusyError, PragmaError
from form_handler.storage.migrate import SchemaError, require_current, upgrade
from form_handler.storage.schema import outgoing_mail, submission
from form_handler.storage.submissions import Submission, find_by_reference, list_submissions


def load_settings() -> Settings:
    """Return the settings, or end with the sentence that says what is wrong."""
    try:
        return read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def open_database(settings: Settings) -> Database:
    """Return the database if its schema fits, or end with the sentence that says what to do."""
    try:
        database = Database(settings)
        if settings.mode == "development":
            upgrade(database)
        require_current(database)
    except (SettingsError, SchemaError, DatabaseBusyError, PragmaError) as error:
        raise click.ClickException(str(error)) from error
    except sa.exc.OperationalError as error:
        raise click.ClickException(f"Die Datenbank ist nicht erreichbar ({type(error.orig).__name__}).") from error
    return database


def serve_here(settings: Settings) -> None:
    """Serve site and forms in the foreground; say where to look."""
    from form_handler.server import serve

    if not (settings.site_dir / "404.html").is_file():
        raise click.ClickException(f"{settings.site_dir} holds no built site. Build it first: make build")
    open_database(settings).engine.dispose()
    mails = "über den Mailserver" if settings.smtp_url else f"als Dateien in {settings.mail_dir}"
    click.echo(
        f"Seite und Formulare:  http://{settings.bind}:{settings.port}\n"
        f"Eingänge ansehen:     kim submissions list\n"
        f"Mails:                {mails}\n"
        f"Beenden:              Strg-C"
    )
    serve(settings)


@click.group()
def submissions() -> None:
    """What came in through the forms."""


@submissions.command("list")
@click.option("--form", type=click.Choice(list(FORMS)), help="Only this form.")
@click.option("--state", help="Only this state, for example new.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON array.")
def list_command(form: str | None, state: str | None, as_json: bool) -> None:
    """List what came in, the newest first."""
    found = list_submissions(open_database(load_settings()), form, state)
    if as_json:
        click.echo(json.dumps([as_record(row) for row in found], ensure_ascii=False, indent=2))
        return
    for row in found:
        sender = FORMS[row.form].sender_of(row.answers) or "–"
        click.echo(
            f"{row.reference}  {row.received_at:%Y-%m-%d %H:%M}  {row.language}  {row.form}  {row.state}  {printable(sender)}"
        )
    if not found:
        click.echo("Es ist noch nichts eingegangen.")


@submissions.command("show")
@click.argument("reference")
def show_command(reference: str) -> None:
    """Show one submission with all its answers."""
    found = find_by_reference(open_database(load_settings()), reference)
    if found is None:
        raise click.ClickException(f"Unter {reference} ist nichts eingegangen.")
    click.echo(f"{found.reference}  {found.received_at:%Y-%m-%d %H:%M} UTC  Sprache {found.language}  {found.state}")
    with use_language(default_language().code):
        for field, words in FORMS[found.form].rows(found.answers):
            click.echo(f"\n{field.label.text}\n  {printable(words) or '–'}")


def printable(text: str) -> str:
    """Return text without control characters, which could talk to the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text).replace("\n", "\n  ")


def as_record(row: Submission) -> dict[str, Any]:
    """Return a submission as JSON holds it."""
    return {
        "reference": row.reference,
        "form": row.form,
        "language": row.language,
        "state": row.state,
        "received_at": row.received_at.isoformat(),
        "answers": dict(row.answers),
    }


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the schema of this version; keeps all data."""
    try:
        done = upgrade(Database(load_settings()))
    except (SchemaError, SettingsError, DatabaseBusyError, PragmaError) as error:
        raise click.ClickException(str(error)) from error
    click.echo("Die Datenbank ist auf dem neuen Stand." if done else "Die Datenbank war schon auf dem Stand.")


@click.group()
def mail() -> None:
    """Outgoing mail."""


@mail.command("run")
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
@click.option("--parent", type=int, hidden=True, help="End when this process has ended.")
def run_command(once: bool, parent: int | None) -> None:
    """Send what waits; further workers may run beside the server's own."""
    from form_handler.mail_worker import at_work, deliver_due, run_worker, utc_now

    settings = load_settings()
    database = open_database(settings)
    if once:
        with at_work(database, settings, utc_now):
            click.echo(f"{deliver_due(database, settings, utc_now)} gesendet")
    else:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if parent:
            threading.Thread(target=watch_parent, args=(parent, stop), daemon=True).start()
        run_worker(database, settings, stop)


def watch_parent(parent: int, stop: threading.Event) -> None:
    """Set ``stop`` when the process that started us has ended, killed or not."""
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()


@mail.command("list")
def list_mail_command() -> None:
    """List mails that have not been sent, and why."""
    query = (
        sa.select(outgoing_mail, submission.c.reference)
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.state != "sent")
        .order_by(outgoing_mail.c.next_attempt_at)
    )
    with open_database(load_settings()).reading() as connection:
        rows = connection.execute(query).mappings().all()
    for row in rows:
        click.echo(
            f"{row['reference']}  {row['kind']}  {row['state']}  {row['attempts']} Versuche  {row['last_error'] or ''}"
        )
    if not rows:
        click.echo("Alle Mails sind gesendet.")


@mail.command("retry")
def retry_command() -> None:
    """Try all mails that wait or were given up once more, now."""
    now = datetime.datetime.now(datetime.UTC)
    with open_database(load_settings()).writing() as connection:
        done = connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.state.in_(("waiting", "failed")))
            .values(state="waiting", attempts=0, next_attempt_at=now)
        )
    click.echo(f"{done.rowcount} werden noch einmal versucht")


COMMANDS = (submissions, db, mail)
