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

from form_handler.mail.compose import date_of_sending, write_mail
from form_handler.mail.transport import Timeouts, UnclearEndError, send_by_smtp
from form_handler.retention import purge_if_due
from form_handler.settings import Settings
from form_handler.storage.database import Database, DatabaseBusyError, make_folder, sync_folder
from form_handler.storage.schema import outgoing_mail, submission
from form_handler.storage.submissions import Submission, read_row

# Pauses after the first, second, … failed attempt. After the last one the mail is shown as failed.
PAUSES = [
    datetime.timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 60, 240, 480, 720, 1440, 1440, 1440, 1440)
]  # fmt: skip
# The least pause after a server took a whole message and did not say whether it keeps it: it may be at work on it.
UNCLEAR_PAUSE = datetime.timedelta(hours=1)
# How long one worker keeps a mail for itself: longer than all steps of the slowest server, or it would go out twice.
CLAIM = datetime.timedelta(minutes=90)
POLL_SECONDS = 1.0
# How often a worker tries to note that a mail has gone, before it lets the claim run out and the mail go twice.
NOTE_ATTEMPTS = 600
# A worker lets others write between two mails; whoever sends a form waits for the disk, a mail can wait.
PACE_SECONDS = 0.05
# How often a worker looks whether the daily purge is due.
PURGE_LOOK_SECONDS = 600.0

Clock = Callable[[], datetime.datetime]


class Send(Protocol):
    """What hands a mail on: to a server, or into a file of this name."""

    def __call__(self, recipient: str, message: EmailMessage, name: str) -> None:
        """Hand it on, or raise."""


@dataclass(frozen=True)
class Claimed:
    """A mail that one worker keeps for itself until it is sent; ``attempts`` counts this one too.

    :ivar claim: the worker's token in the mail's row; once it is another, the mail is no longer this worker's.
    """

    identity: int
    claim: str
    recipient: str
    stored: str
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


def pause_after(attempts: int) -> datetime.timedelta | None:
    """Return the pause after this many failed attempts, None when it is time to give up and tell."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


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
    send = smtp_sender(settings) if settings.smtp_url else file_sender(settings.mail_dir)
    try:
        send(fresh.recipient, written(settings, fresh, clock()), fresh.name)
    except Exception as error:
        least = UNCLEAR_PAUSE if isinstance(error, UnclearEndError) else datetime.timedelta()
        _note_failure(database, fresh, describe(error), clock(), least)
        return False
    if not _note_success(database, fresh, clock()) and not settings.smtp_url:
        _remove_if_erased(database, settings.mail_dir, fresh)
    return True


def _due(now: datetime.datetime) -> sa.Select[Any]:
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


def _claim(database: Database, now: datetime.datetime) -> Claimed | None:
    """Take the next due mail for this worker, or return None."""
    due = _due(now)
    with database.reading() as connection:
        if connection.execute(due).first() is None:
            return None
    with database.writing() as connection:
        found = connection.execute(due.with_for_update(skip_locked=True, of=outgoing_mail)).first()
        if found is None:
            return None
        row = found._mapping
        attempts, claim = row["attempts"] + 1, secrets.token_hex(16)
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.id == row["id"])
            .values(state="sending", attempts=attempts, next_attempt_at=now + CLAIM, claim=claim)
        )
    return Claimed(row["id"], claim, row["recipient"], row["message"], attempts, row["kind"], read_row(found))


def _reload(database: Database, claimed: Claimed) -> Claimed | None:
    """Return a claimed mail as it is now, or None if it is no longer this worker's."""
    query = (
        sa.select(outgoing_mail.c.recipient, outgoing_mail.c.message, *submission.c)
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.id == claimed.identity, outgoing_mail.c.claim == claimed.claim)
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return replace(claimed, recipient=row.recipient, stored=row.message, submission=read_row(row))


def _remove_if_erased(database: Database, folder: Path, claimed: Claimed) -> None:
    """Remove the file of a mail whose submission was deleted while the file was being written."""
    with database.reading() as connection:
        query = sa.select(submission.c.number).where(submission.c.number == claimed.submission.number)
        if connection.execute(query).first() is None:
            (folder / f"{claimed.name}.eml").unlink(missing_ok=True)


def written(settings: Settings, claimed: Claimed, now: datetime.datetime) -> EmailMessage:
    """Return the mail itself, dated now; the office's mail that version 0.1 stored whole is otherwise taken as it is."""
    if not claimed.stored or claimed.kind != "office":
        return write_mail(settings, claimed.submission, claimed.kind, claimed.recipient, now)
    message = email.message_from_bytes(claimed.stored.encode("utf-8"), policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    del message["Date"]
    message["Date"] = date_of_sending(now)
    return message


def _change(database: Database, claimed: Claimed, **values: Any) -> bool:
    """Change a mail that is still this worker's; return whether it was."""
    mine = (outgoing_mail.c.id == claimed.identity) & (outgoing_mail.c.claim == claimed.claim)
    with database.writing() as connection:
        return connection.execute(outgoing_mail.update().where(mine).values(**values, claim=None)).rowcount == 1


def _note_success(database: Database, claimed: Claimed, now: datetime.datetime) -> bool:
    """Note that a mail has gone; a busy database or a full disk is waited out, because else it would go again."""
    for _attempt in range(NOTE_ATTEMPTS):
        try:
            return _change(database, claimed, state="sent", sent_at=now, last_error=None)
        except (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError):
            time.sleep(POLL_SECONDS)
    return _change(database, claimed, state="sent", sent_at=now, last_error=None)


def _note_failure(
    database: Database, claimed: Claimed, error: str, now: datetime.datetime, least: datetime.timedelta
) -> None:
    pause = pause_after(claimed.attempts)
    if pause is None:
        _change(database, claimed, state="failed", last_error=error)
    else:
        due = now + max(pause, least)
        _change(database, claimed, state="waiting", last_error=error, next_attempt_at=due)


def describe(error: Exception) -> str:
    """Say what went wrong without repeating an address or a text: kind of error and the server's code."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _text in error.recipients.values()})
    else:
        codes = [str(c) for c in (getattr(error, "smtp_code", None) or getattr(error, "errno", None),) if c]
    return " ".join([type(error).__name__, *codes])[:200]


@contextlib.contextmanager
def at_work(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
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
            _free_interrupted(database, clock())
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _free_interrupted(database: Database, now: datetime.datetime) -> None:
    with database.writing() as connection:
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.state == "sending")
            .values(state="waiting", next_attempt_at=now, claim=None)
        )


def file_sender(folder: Path) -> Send:
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


def smtp_sender(settings: Settings, timeouts: Timeouts = Timeouts()) -> Send:  # noqa: B008 - frozen
    """Return a sender that hands each mail to the SMTP server of the settings."""

    def send(recipient: str, message: EmailMessage, name: str) -> None:
        send_by_smtp(settings.smtp_url or "", settings.mail_from, recipient, message, timeouts)

    return send


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Send what is due, again and again, until ``stop`` is set, and purge once a day; a fault of the database is waited out."""
    next_look = 0.0
    while not stop.is_set():
        try:
            with at_work(database, settings, utc_now):
                while not stop.is_set():
                    if time.monotonic() >= next_look:
                        next_look = time.monotonic() + PURGE_LOOK_SECONDS
                        for line in purge_if_due(database, settings, utc_now()):
                            print(f"purge: {line}", flush=True)  # noqa: T201 - the worker's log
                    more = deliver_next(database, settings, utc_now) is not None
                    stop.wait(PACE_SECONDS if more else POLL_SECONDS)
        except Exception as error:
            print(f"mail worker: {type(error).__name__}, trying again", flush=True)  # noqa: T201 - the worker's log
            stop.wait(POLL_SECONDS)


def work_until_told(database: Database, settings: Settings, parent: int | None = None) -> None:
    """Be a mail worker until SIGTERM or SIGINT comes, or the process that started us has ended, killed or not.

    :param parent: the number of that process.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if parent:
        threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    run_worker(database, settings, stop)


def _watch(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
