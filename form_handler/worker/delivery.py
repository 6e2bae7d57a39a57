"""Deliver the mails that are due: each is claimed, sent and recorded, at least once and never by two workers at the same time."""

import contextlib
import datetime
import email
import email.policy
import logging
import secrets
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from core.clock import utc_now
from form_handler.mail.compose import Answer, compose_answer, compose_mail
from form_handler.mail.headers import format_date_header
from form_handler.mail.transport import UnconfirmedDeliveryError, file_transport, smtp_transport
from form_handler.operations.logs import log_event
from form_handler.settings import Settings
from form_handler.staff.inbox.correspondence import find_answer
from form_handler.staff.reports.digest import compose_account_mail
from form_handler.storage.database import DATABASE_FAULTS, Database
from form_handler.storage.deletion import delete_mail_files
from form_handler.storage.state import read_state, write_state
from form_handler.storage.submissions import Submission, from_row
from form_handler.storage.tables import outgoing_mail, submission

# After the first, second, … failed attempt. After the last one the mail is shown as failed.
RETRY_DELAYS = [
    datetime.timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 60, 240, 480, 720, 1440, 1440, 1440, 1440)
]  # fmt: skip
# The least delay after a server took a whole message and did not confirm it: it may still deliver it.
UNCLEAR_RETRY_DELAY = datetime.timedelta(hours=1)
# How long a mail belongs to one worker: longer than all steps of the slowest server, or it would go out twice.
CLAIM_TIMEOUT = datetime.timedelta(minutes=90)
# How often the outcome of a delivery is recorded again while the database is busy, and the pause between.
MAX_RECORD_ATTEMPTS = 600
# No mail is made to wait for longer: one that is due later was stored while the clock was ahead, and goes out now.
MAX_WAIT = max(RETRY_DELAYS) + datetime.timedelta(days=1)
RECORD_RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime.datetime]


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that one worker has claimed.

    :ivar claim: the worker's token in the mail's row; with another token there, the mail is no longer this worker's.
    :ivar raw_message: the whole message where version 0.1 stored it, else empty.
    :ivar attempts: this one included.
    :ivar submission: its submission; None for a mail to a colleague (:mod:`form_handler.staff.reports.digest`).
    :ivar answer: the office's text, if the mail is an answer.
    """

    id: int
    claim: str
    recipient: str
    raw_message: str
    attempts: int
    kind: str
    submission: Submission | None
    answer: Answer | None = None

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.submission.reference if self.submission else self.id}-{self.kind}"


def retry_delay(attempts: int) -> datetime.timedelta | None:
    """Return the delay after this many failed attempts, None after the last one."""
    return RETRY_DELAYS[attempts - 1] if attempts <= len(RETRY_DELAYS) else None


def deliver_due(database: Database, settings: Settings, clock: Clock = utc_now) -> int:
    """Send every mail that is due; return how many were sent."""
    sent = 0
    while (delivered := deliver_next(database, settings, clock)) is not None:
        sent += delivered
    return sent


def deliver_next(database: Database, settings: Settings, clock: Clock) -> bool | None:
    """Send the next mail that is due; return whether it was sent, None if none is due.

    A mail is claimed before it is sent and recorded after. A crash in between, or a server that does not confirm
    the message, sends it again later with the same Message-ID. An error with one mail does not stop the others.
    """
    claimed = claim_next(database, clock())
    if claimed is None:
        return None
    current = _reload(database, claimed)  # address and answers may have been corrected since, or deleted
    if current is None:
        return False
    send = smtp_transport(settings) if settings.smtp_url else file_transport(settings.mail_dir)
    try:
        composed = render_message(database, settings, current, clock())
        if composed is None:
            _drop(database, current)
            return False
        send(current.recipient, composed, current.name)
    except Exception as error:
        if settings.smtp_url and is_server_down(error):
            record_server_state(database, describe_error(error), clock())
        log_event(
            logger, logging.WARNING, "mail_failed", f"a mail of the kind {current.kind} was not sent: {describe_error(error)}",
            kind=current.kind, error=describe_error(error),
        )  # fmt: skip
        least = UNCLEAR_RETRY_DELAY if isinstance(error, UnconfirmedDeliveryError) else datetime.timedelta()
        _record_failure(database, current, describe_error(error), clock(), least)
        return False
    if not _record_success(database, current, clock()) and not settings.smtp_url:
        _delete_file_of_deleted(database, settings, current)
    if settings.smtp_url:
        record_server_state(database, None, clock())
    log_event(logger, logging.INFO, "mail_sent", f"a mail of the kind {current.kind} was sent", kind=current.kind)
    return True


def is_server_down(error: Exception) -> bool:
    """Return whether an error is one of the mail server, and not of one mail."""
    of_one_mail = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, UnconfirmedDeliveryError)
    return isinstance(error, OSError) and not isinstance(error, of_one_mail)  # every error of smtplib is an OSError


def record_server_state(database: Database, error: str | None, now: datetime.datetime) -> None:
    """Record since when the mail server takes no mails, or that it takes them again; log it only when that changes."""
    with database.read_connection() as connection:
        known = read_state(connection, "smtp_down")
    if (known is None) == (error is None):
        return
    with contextlib.suppress(*DATABASE_FAULTS), database.transaction() as connection:
        write_state(connection, "smtp_down", f"{now.isoformat()} {error}"[:200] if error else None)
    if error:
        words = f"the mail server takes no mails: {error}; they wait and are tried again"
        log_event(logger, logging.ERROR, "smtp_down", words, error=error)
    else:
        log_event(logger, logging.INFO, "smtp_up", "the mail server takes mails again")


def release_interrupted(database: Database, now: datetime.datetime) -> None:
    """Make mails due at once that a killed worker left as being sent; only for a worker that is alone."""
    database.change(
        outgoing_mail.update()
        .where(outgoing_mail.c.state == "sending")
        .values(state="waiting", next_attempt_at=now, claim=None)
    )


def _select_due(now: datetime.datetime) -> sa.Select[Any]:
    """Select the next due mail; a claimed one is due again after :data:`CLAIM_TIMEOUT`."""
    return (
        sa.select(
            *(c for c in outgoing_mail.c if c.name not in {"number", "state"}),
            *submission.c,
        )
        .outerjoin(submission, submission.c.number == outgoing_mail.c.number)
        .where(
            outgoing_mail.c.state.in_(("waiting", "sending")),
            (outgoing_mail.c.next_attempt_at <= now) | (outgoing_mail.c.next_attempt_at > now + MAX_WAIT),
        )
        .order_by(outgoing_mail.c.next_attempt_at, outgoing_mail.c.id)
        .limit(1)
    )


def claim_next(database: Database, now: datetime.datetime) -> ClaimedMail | None:
    """Claim the next due mail, or return None."""
    due = _select_due(now)
    if database.first(due) is None:
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
    about = from_row(found) if row["number"] is not None else None
    return ClaimedMail(row["id"], claim, row["recipient"], row["message"], attempts, row["kind"], about)


def _reload(database: Database, claimed: ClaimedMail) -> ClaimedMail | None:
    """Return a claimed mail as it is now, None if it is no longer this worker's."""
    query = (
        sa.select(outgoing_mail.c.recipient, outgoing_mail.c.message, *submission.c)
        .outerjoin(submission, submission.c.number == outgoing_mail.c.number)
        .where(outgoing_mail.c.id == claimed.id, outgoing_mail.c.claim == claimed.claim)
    )
    with database.read_connection() as connection:
        row = connection.execute(query).first()
        answer = find_answer(connection, row.number, claimed.kind) if row is not None and row.number else None
    if row is None:
        return None
    about = from_row(row) if row.number is not None else None
    return replace(claimed, recipient=row.recipient, raw_message=row.message, submission=about, answer=answer)


def _drop(database: Database, claimed: ClaimedMail) -> None:
    """Delete a mail that has become pointless before it is sent."""
    mine = (outgoing_mail.c.id == claimed.id) & (outgoing_mail.c.claim == claimed.claim)
    database.change(outgoing_mail.delete().where(mine))


def _delete_file_of_deleted(database: Database, settings: Settings, claimed: ClaimedMail) -> None:
    """Delete the file of a mail whose submission was deleted while the file was being written."""
    if claimed.submission is None:
        return
    with database.read_connection() as connection:
        query = sa.select(submission.c.number).where(submission.c.number == claimed.submission.number)
        if connection.execute(query).first() is None:
            delete_mail_files(settings.mail_dir, claimed.submission.reference)


def render_message(
    database: Database, settings: Settings, claimed: ClaimedMail, now: datetime.datetime
) -> EmailMessage | None:
    """Return the message, dated now; the office's mail that version 0.1 stored whole is otherwise unchanged.

    None for a mail to a colleague that has become pointless.
    """
    if claimed.submission is None:
        with database.read_connection() as connection:
            return compose_account_mail(connection, settings, claimed.id, now)
    if claimed.answer is not None:
        return compose_answer(settings, claimed.submission, claimed.kind, claimed.recipient, claimed.answer, now)
    if not claimed.raw_message or claimed.kind != "office":
        return compose_mail(settings, claimed.submission, claimed.kind, claimed.recipient, now)
    stored = email.message_from_bytes(claimed.raw_message.encode("utf-8"), policy=email.policy.SMTP)
    assert isinstance(stored, EmailMessage)
    del stored["Date"]
    stored["Date"] = format_date_header(now)
    return stored


def update_claimed(database: Database, claimed: ClaimedMail, **values: Any) -> bool:
    """Change a mail that is still this worker's; return whether it was."""
    mine = (outgoing_mail.c.id == claimed.id) & (outgoing_mail.c.claim == claimed.claim)
    return database.change(outgoing_mail.update().where(mine).values(**values, claim=None)) == 1


def _record_success(database: Database, claimed: ClaimedMail, now: datetime.datetime) -> bool:
    """Record that a mail was sent; retried while the database is busy or the disk full, or it would be sent again."""
    for _attempt in range(MAX_RECORD_ATTEMPTS):
        try:
            return update_claimed(database, claimed, state="sent", sent_at=now, last_error=None)
        except DATABASE_FAULTS:
            time.sleep(RECORD_RETRY_SECONDS)
    return update_claimed(database, claimed, state="sent", sent_at=now, last_error=None)


def _record_failure(
    database: Database, claimed: ClaimedMail, error: str, now: datetime.datetime, least: datetime.timedelta
) -> None:
    delay = retry_delay(claimed.attempts)
    if delay is None:
        update_claimed(database, claimed, state="failed", last_error=error)
    else:
        update_claimed(database, claimed, state="waiting", last_error=error, next_attempt_at=now + max(delay, least))


def describe_error(error: Exception) -> str:
    """Return kind of error and the server's code, without any address or text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _text in error.recipients.values()})
    else:
        codes = [str(c) for c in (getattr(error, "smtp_code", None) or getattr(error, "errno", None),) if c]
    return " ".join([type(error).__name__, *codes])[:200]
