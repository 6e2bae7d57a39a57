"""``kim mail``: outgoing mail and its worker."""

import click
import sqlalchemy as sa

from core.clock import utc_now
from form_handler.operations.logs import configure_logging
from form_handler.settings import read_settings
from form_handler.storage.state import read_state
from form_handler.storage.tables import outgoing_mail, submission
from kim.database import open_database, require_sound, require_writable
from kim.terminal import replace_control_characters


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
    from form_handler.server.worker_process import AnotherWorkerError, stop_event
    from form_handler.worker import mail_worker

    settings = read_settings()
    if not once:
        configure_logging(settings.log_format)
    require_writable(settings)
    database = open_database(settings, service=not once)
    if not once:
        require_sound(settings, database)
        mail_worker.run_worker(database, settings, stop_event(parent))
        return
    try:
        click.echo(f"{mail_worker.run_once(database, settings)} sent.")
    except AnotherWorkerError:
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
    from form_handler.mail.heartbeat import is_worker_missing

    query = (
        sa.select(outgoing_mail, submission.c.reference)
        .outerjoin(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.state != "sent")
        .order_by(outgoing_mail.c.next_attempt_at)
    )
    database = open_database(read_settings())
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
    with open_database(read_settings()).transaction() as connection:
        done = connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.state.in_(("waiting", "failed")))
            .values(state="waiting", attempts=0, next_attempt_at=now)
        )
    click.echo(f"{done.rowcount} mails will be tried again now.")
