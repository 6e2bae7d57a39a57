"""Sending what waits: with growing pauses, never twice at the same time, and losing nothing."""

from __future__ import annotations

import contextlib
import datetime
import email
import email.policy
import fcntl
import os
import secrets
import signal
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from form_handler.mail.compose import compose_mail, format_date_header
from form_handler.mail.transport import Timeouts, UnconfirmedDeliveryError, send_by_smtp
from form_handler.retention import purge_if_due
from form_handler.settings import Settings
from form_handler.storage.database import Database, DatabaseBusyError, make_folder, sync_folder
from form_handler.storage.submissions import Submission, from_row
from form_handler.storage.tables import outgoing_mail, submission

# Pauses after the first, second, … failed attempt. After the last one the mail is shown as failed.
RETRY_DELAYS = [
    datetime.timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 60, 240, 480, 720, 1440, 1440, 1440, 1440)
]  # fmt: skip
# The least pause after a server took a whole message and did not say whether it keeps it: it may be at work on it.
UNCLEAR_RETRY_DELAY = datetime.timedelta(hours=1)
# How long one worker keeps a mail for itself: longer than all steps of the slowest server, or it would go out twice.
CLAIM_TIMEOUT = datetime.timedelta(minutes=90)
POLL_SECONDS = 1.0
# How often a worker tries to note that a mail has gone, before it lets the claim run out and the mail go twice.
MAX_RECORD_ATTEMPTS = 600
# A worker lets others write between two mails; whoever sends a form waits for the disk, a mail can wait.
THROTTLE_SECONDS = 0.05
# How often a worker looks whether the daily purge is due.
PURGE_CHECK_SECONDS = 600.0

Clock = Callable[[], datetime.datetime]


class Transport(Protocol):
    """What hands a mail on: to a server, or into a file of this name."""

    def __call__(self, recipient: str, message: EmailMessage, name: str) -> None:
        """Hand it on, or raise."""


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that one worker keeps for itself until it is sent; ``attempts`` counts this one too.

    :ivar claim: the worker's token in the mail's row; once it is another, the mail is no longer this worker's.
    """

    id: int
    claim: str
    recipient: str
    raw_message: str
    attempts: int
    kind: str
    submission: Submission

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.submission.reference}-{self.kind}"


def utc_now() -> datetime.datetime:
    """Return this moment."""
    return datetime.datetime.now(datetime.UTC)


def retry_delay(attempts: int) -> datetime.timedelta | None:
    """Return the pause after this many failed attempts, None when it is time to give up and tell."""
    return RETRY_DELAYS[attempts - 1] if attempts <= len(RETRY_DELAYS) else None


def deliver_due(database: Database, settings: Settings, clock: Clock = utc_now) -> int:
    """Send every mail that is due; return how many were sent."""
    sent = 0
    while (went := deliver_next(database, settings, clock)) is not None:
        sent += went
    return sent


def deliver_next(database: Database, settings: Settings, clock: Clock) -> bool | None:
    """Send the next mail that is due; return whether it went, or None if none is due.

    A mail is claimed before it is sent and marked after: a crash in between, or a server that does not answer the
    final dot, sends it again later (the Message-ID stays the same); it never gets lost. Whatever one mail meets,
    the others go on.
    """
    claimed = _claim(database, clock())
    if claimed is None:
        return None
    # Address and answers may have been corrected since, or deleted.
    fresh = _reload(database, claimed)
    if fresh is None:
        return False
    send = smtp_transport(settings) if settings.smtp_url else file_transport(settings.mail_dir)
    try:
        send(fresh.recipient, render_message(settings, fresh, clock()), fresh.name)
    except Exception as error:
        least = UNCLEAR_RETRY_DELAY if isinstance(error, UnconfirmedDeliveryError) else datetime.timedelta()
        _record_failure(database, fresh, describe_error(error), clock(), least)
        return False
    if not _record_success(database, fresh, clock()) and not settings.smtp_url:
        _remove_if_deleted(database, settings.mail_dir, fresh)
    return True


def _select_due(now: datetime.datetime) -> sa.Select[Any]:
    """Select the next due mail; one that a worker claimed is due again when the claim has run out."""
    return (
        sa.select(
            *(c for c in outgoing_mail.c if c.name not in {"number", "state"}),
            *submission.c,
        )
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.state.in_(("waiting", "sending")), outgoing_mail.c.next_attempt_at <= now)
        .order_by(outgoing_mail.c.next_attempt_at, outgoing_mail.c.id)
        .limit(1)
    )


def _claim(database: Database, now: datetime.datetime) -> ClaimedMail | None:
    """Take the next due mail for this worker, or return None."""
    due = _select_due(now)
    with database.read_connection() as connection:
        if connection.execute(due).first() is None:
            return None
    with database.transaction() as connection:
        found = connection.execute(due.with_for_update(skip_locked=True, of=outgoing_mail)).first()
        if found is None:
            return None
        row = found._mapping
        attempts, claim = row["attempts"] + 1, secrets.token_hex(16)
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.id == row["id"])
            .values(state="sending", attempts=attempts, next_attempt_at=now + CLAIM_TIMEOUT, claim=claim)
        )
    return ClaimedMail(row["id"], claim, row["recipient"], row["message"], attempts, row["kind"], from_row(found))


def _reload(database: Database, claimed: ClaimedMail) -> ClaimedMail | None:
    """Return a claimed mail as it is now, or None if it is no longer this worker's."""
    query = (
        sa.select(outgoing_mail.c.recipient, outgoing_mail.c.message, *submission.c)
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.id == claimed.id, outgoing_mail.c.claim == claimed.claim)
    )
    with database.read_connection() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return replace(claimed, recipient=row.recipient, raw_message=row.message, submission=from_row(row))


def _remove_if_deleted(database: Database, folder: Path, claimed: ClaimedMail) -> None:
    """Remove the file of a mail whose submission was deleted while the file was being written."""
    with database.read_connection() as connection:
        query = sa.select(submission.c.number).where(submission.c.number == claimed.submission.number)
        if connection.execute(query).first() is None:
            (folder / f"{claimed.name}.eml").unlink(missing_ok=True)


def render_message(settings: Settings, claimed: ClaimedMail, now: datetime.datetime) -> EmailMessage:
    """Return the mail itself, dated now; the office's mail that version 0.1 stored whole is otherwise taken as it is."""
    if not claimed.raw_message or claimed.kind != "office":
        return compose_mail(settings, claimed.submission, claimed.kind, claimed.recipient, now)
    message = email.message_from_bytes(claimed.raw_message.encode("utf-8"), policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    del message["Date"]
    message["Date"] = format_date_header(now)
    return message


def _update(database: Database, claimed: ClaimedMail, **values: Any) -> bool:
    """Change a mail that is still this worker's; return whether it was."""
    mine = (outgoing_mail.c.id == claimed.id) & (outgoing_mail.c.claim == claimed.claim)
    with database.transaction() as connection:
        return connection.execute(outgoing_mail.update().where(mine).values(**values, claim=None)).rowcount == 1


def _record_success(database: Database, claimed: ClaimedMail, now: datetime.datetime) -> bool:
    """Note that a mail has gone; a busy database or a full disk is waited out, because else it would go again."""
    for _attempt in range(MAX_RECORD_ATTEMPTS):
        try:
            return _update(database, claimed, state="sent", sent_at=now, last_error=None)
        except (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError):
            time.sleep(POLL_SECONDS)
    return _update(database, claimed, state="sent", sent_at=now, last_error=None)


def _record_failure(
    database: Database, claimed: ClaimedMail, error: str, now: datetime.datetime, least: datetime.timedelta
) -> None:
    pause = retry_delay(claimed.attempts)
    if pause is None:
        _update(database, claimed, state="failed", last_error=error)
    else:
        due = now + max(pause, least)
        _update(database, claimed, state="waiting", last_error=error, next_attempt_at=due)


def describe_error(error: Exception) -> str:
    """Say what went wrong without repeating an address or a text: kind of error and the server's code."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _text in error.recipients.values()})
    else:
        codes = [str(c) for c in (getattr(error, "smtp_code", None) or getattr(error, "errno", None),) if c]
    return " ".join([type(error).__name__, *codes])[:200]


@contextlib.contextmanager
def worker_lock(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """Be a worker for the length of the block.

    On SQLite, the first worker knows that it is alone: what is marked as being sent was left by one that
    was killed, and is due now. On PostgreSQL workers run on several machines, and a claim just runs out.
    """
    if not database.is_sqlite:
        yield
        return
    with (settings.data_dir / "mail.lock").open("a") as file:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _release_interrupted(database, clock())
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _release_interrupted(database: Database, now: datetime.datetime) -> None:
    with database.transaction() as connection:
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.state == "sending")
            .values(state="waiting", next_attempt_at=now, claim=None)
        )


def file_transport(folder: Path) -> Transport:
    """Return a sender that writes each mail as an ``.eml`` file, whole or not at all."""

    def send(recipient: str, message: EmailMessage, name: str) -> None:
        make_folder(folder)
        draft = folder / f".{name}.part"
        with draft.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / f"{name}.eml")
        sync_folder(folder)

    return send


def smtp_transport(settings: Settings, timeouts: Timeouts = Timeouts()) -> Transport:  # noqa: B008 - frozen
    """Return a sender that hands each mail to the SMTP server of the settings."""

    def send(recipient: str, message: EmailMessage, name: str) -> None:
        send_by_smtp(settings.smtp_url or "", settings.mail_from, recipient, message, timeouts)

    return send


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Send what is due, again and again, until ``stop`` is set, and purge once a day; a fault of the database is waited out."""
    next_look = 0.0
    while not stop.is_set():
        try:
            with worker_lock(database, settings, utc_now):
                while not stop.is_set():
                    if time.monotonic() >= next_look:
                        next_look = time.monotonic() + PURGE_CHECK_SECONDS
                        for line in purge_if_due(database, settings, utc_now()):
                            print(f"purge: {line}", flush=True)  # noqa: T201 - the worker's log
                    more = deliver_next(database, settings, utc_now) is not None
                    stop.wait(THROTTLE_SECONDS if more else POLL_SECONDS)
        except Exception as error:
            print(f"mail worker: {type(error).__name__}, trying again", flush=True)  # noqa: T201 - the worker's log
            stop.wait(POLL_SECONDS)


def run_forever(database: Database, settings: Settings, parent: int | None = None) -> None:
    """Be a mail worker until SIGTERM or SIGINT comes, or the process that started us has ended, killed or not.

    :param parent: the number of that process.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if parent:
        threading.Thread(target=_stop_with_parent, args=(parent, stop), daemon=True).start()
    run_worker(database, settings, stop)


def _stop_with_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
