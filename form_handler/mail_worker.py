"""Sending what waits: with growing pauses, never twice at the same time, and losing nothing."""

from __future__ import annotations

import datetime
import email
import email.policy
import os
import smtplib
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from form_handler.settings import Settings
from form_handler.storage.database import Database, sync_folder
from form_handler.storage.schema import outgoing_mail, submission

# Pauses after the first, second, … failed attempt. After the last one the mail is shown as failed.
PAUSES = [
    datetime.timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 60, 240, 480, 720, 1440, 1440, 1440, 1440)
]  # fmt: skip
# How long one worker keeps a mail for itself; a worker that dies in between gives it free by that.
CLAIM = datetime.timedelta(minutes=5)
POLL_SECONDS = 1.0
SMTP_SECONDS = 30.0

Send = Callable[[int, str, str, EmailMessage, str], None]


def pause_after(attempts: int) -> datetime.timedelta | None:
    """Return the pause after this many failed attempts, None when it is time to give up and tell."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def deliver_due(database: Database, settings: Settings, now: datetime.datetime) -> int:
    """Send every mail that is due; return how many were sent.

    A mail is claimed before it is sent and marked after: a crash in between sends it again later
    (the Message-ID stays the same), it never gets lost.
    """
    send = smtp_sender(settings) if settings.smtp_url else file_sender(settings.mail_dir)
    sent = 0
    while (claimed := _claim(database, now)) is not None:
        identity, recipient, message, attempts, name = claimed
        try:
            send(identity, recipient, settings.mail_from, message, name)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            _note_failure(database, identity, attempts, describe(error), now)
        else:
            _note_success(database, identity, now)
            sent += 1
    return sent


def _claim(database: Database, now: datetime.datetime) -> tuple[int, str, EmailMessage, int, str] | None:
    """Take the next due mail for this worker, or return None."""
    due = (
        sa.select(outgoing_mail, submission.c.reference)
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.state == "waiting", outgoing_mail.c.next_attempt_at <= now)
        .order_by(outgoing_mail.c.next_attempt_at, outgoing_mail.c.id)
        .limit(1)
    )
    with database.reading() as connection:
        if connection.execute(due).first() is None:
            return None
    with database.writing() as connection:
        row = connection.execute(due.with_for_update(skip_locked=True, of=outgoing_mail)).first()
        if row is None:
            return None
        data = row._mapping
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.id == data["id"])
            .values(attempts=data["attempts"] + 1, next_attempt_at=now + CLAIM)
        )
    message = email.message_from_bytes(data["message"].encode("utf-8"), policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return data["id"], data["recipient"], message, data["attempts"] + 1, f"{data['reference']}-{data['kind']}"


def _note_success(database: Database, identity: int, now: datetime.datetime) -> None:
    with database.writing() as connection:
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.id == identity)
            .values(state="sent", sent_at=now, last_error=None)
        )


def _note_failure(database: Database, identity: int, attempts: int, error: str, now: datetime.datetime) -> None:
    pause = pause_after(attempts)
    values = {"last_error": error} | (
        {"state": "failed"} if pause is None else {"next_attempt_at": now + pause}
    )  # fmt: skip
    with database.writing() as connection:
        connection.execute(outgoing_mail.update().where(outgoing_mail.c.id == identity).values(**values))


def describe(error: Exception) -> str:
    """Say what went wrong without repeating an address or a text: kind of error and SMTP code."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"[:200]


def file_sender(folder: Path) -> Send:
    """Return a sender that writes each mail as an ``.eml`` file, whole or not at all."""

    def send(identity: int, recipient: str, sender: str, message: EmailMessage, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{name}.{identity}.part"
        with draft.open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / f"{name}.eml")
        sync_folder(folder)

    return send


def smtp_sender(settings: Settings) -> Send:
    """Return a sender that hands each mail to the SMTP server of the settings."""
    parts = urlsplit(settings.smtp_url or "")
    port = parts.port or {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[parts.scheme]

    def send(identity: int, recipient: str, sender: str, message: EmailMessage, name: str) -> None:
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(parts.hostname or "", port, timeout=SMTP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(parts.hostname or "", port, timeout=SMTP_SECONDS)
        with server:
            if parts.scheme == "smtp+starttls":
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message, sender, [recipient])

    return send


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Send what is due, again and again, until ``stop`` is set; a fault of the database is waited out."""
    while not stop.is_set():
        try:
            deliver_due(database, settings, datetime.datetime.now(datetime.UTC))
        except (sa.exc.SQLAlchemyError, OSError, RuntimeError) as error:
            print(f"mail worker: {type(error).__name__}, trying again", flush=True)  # noqa: T201 - the worker's log
        stop.wait(POLL_SECONDS)
