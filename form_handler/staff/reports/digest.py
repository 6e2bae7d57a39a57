"""Optional mails to colleagues: once a day a digest of new, own, overdue and soon deleted entries; at once a barrier report.

A mail is a row of the outbox without a submission. The worker that marks the day of a digest, or locks the account's
settings for an alert, writes it, so that two workers write one. Its text is composed when it is sent, from the data at that time; it
names no person and holds no answers.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date
from email_validator import EmailNotValidError, validate_email

from core.clock import local_day
from core.formatting import format_moment
from core.gettext import gettext as _
from core.gettext import ngettext, use_language
from form_handler.forms import FORMS
from form_handler.mail.compose import new_message, set_text
from form_handler.settings import Settings
from form_handler.staff.auth.roles import INBOX, read_roles
from form_handler.storage.database import Database
from form_handler.storage.tables import (
    account,
    account_setting,
    deletion_mark,
    outgoing_mail,
    publication,
    publication_file,
    submission,
)
from form_handler.storage.work_list import OPEN_STATES

# From this hour on, local time, the digest of the day is written.
DIGEST_HOUR = 7
# Older reports are not sent when they are released from the suspected spam.
MAX_ALERT_AGE = datetime.timedelta(days=7)
# How long it stays known which mails a colleague got; longer than an alert could be written again.
MAIL_RETENTION = datetime.timedelta(days=30)
MAX_LISTED = 20
ALERT_FORM = "barrier"
DIGEST, ALERT, REFUSAL = "digest", "alert", "refusal"
LANGUAGE = "de"
MAX_ADDRESS_CHARS = 320


class AddressError(ValueError):
    """The input is not an e-mail address."""


@dataclass(frozen=True)
class Notifications:
    """The mails that an account has chosen, and their address."""

    mail: str = ""
    digest: bool = False
    barrier_alert: bool = False


def read_notifications(database: Database, account_id: int) -> Notifications:
    """Return the mails that an account has chosen."""
    query = sa.select(account_setting).where(account_setting.c.account_id == account_id)
    row = database.first(query)
    return Notifications(row.mail or "", row.digest, row.barrier_alert) if row else Notifications()


def save_notifications(database: Database, account_id: int, wanted: Notifications, now: datetime.datetime) -> None:
    """Store the mails that an account has chosen; earlier barrier reports are not sent.

    :raises AddressError: if the address is invalid, or missing although mails are chosen.
    """
    address = check_address(wanted.mail) if wanted.mail or wanted.digest or wanted.barrier_alert else None
    values = {"mail": address, "digest": wanted.digest, "barrier_alert": wanted.barrier_alert}
    mine = account_setting.c.account_id == account_id
    with database.transaction() as connection:
        connection.execute(sa.select(account.c.id).where(account.c.id == account_id).with_for_update())
        before = connection.execute(sa.select(account_setting).where(mine)).first()
        if before is None:
            connection.execute(account_setting.insert().values(account_id=account_id, **values))
        else:
            connection.execute(account_setting.update().where(mine).values(values))
        if wanted.barrier_alert and address and not (before and before.barrier_alert):
            for reference in _unalerted(connection, account_id, now):
                connection.execute(
                    outgoing_mail.insert().values(_row(account_id, ALERT, address, now, reference, "sent"))
                )
        elif address is None:
            unsent = (outgoing_mail.c.account_id == account_id) & (outgoing_mail.c.state != "sent")
            connection.execute(outgoing_mail.delete().where(unsent))


def check_address(text: str) -> str:
    """Return an e-mail address as mail headers carry it.

    :raises AddressError: if it is invalid.
    """
    try:
        found = validate_email(
            text.strip()[: MAX_ADDRESS_CHARS + 1],
            check_deliverability=False,
            test_environment=True,
            allow_smtputf8=False,
        )
    except EmailNotValidError as error:
        raise AddressError(str(error)) from error
    assert found.ascii_email is not None
    return found.ascii_email


def queue_account_mails(database: Database, now: datetime.datetime) -> int:
    """Write the mails to colleagues that are due now into the outbox; return how many."""
    query = (
        sa.select(account_setting)
        .join(account, account.c.id == account_setting.c.account_id)
        .where(account.c.active, account_setting.c.mail.is_not(None), account_setting.c.digest | account_setting.c.barrier_alert)
    )  # fmt: skip
    today = local_day(now, database.time_zone)
    is_morning = now.astimezone(database.time_zone).hour >= DIGEST_HOUR
    with database.read_connection() as connection:
        wishes = [
            (
                row.account_id,
                row.digest and is_morning and (row.digest_day or "") < today.isoformat(),
                row.barrier_alert and bool(_unalerted(connection, row.account_id, now)),
            )
            for row in connection.execute(query).all()
            if INBOX in read_roles(connection, row.account_id)
        ]
    written = 0
    for account_id, digest, alert in wishes:
        if digest:
            written += _queue_digest(database, account_id, today, now)
        if alert:
            written += _queue_alerts(database, account_id, now)
    return written


def _queue_digest(database: Database, account_id: int, today: datetime.date, now: datetime.datetime) -> int:
    mine, day = account_setting.c.account_id == account_id, today.isoformat()
    not_yet = account_setting.c.digest_day.is_(None) | (account_setting.c.digest_day < day)
    with database.transaction() as connection:
        row = connection.execute(
            account_setting.update()
            .where(mine, not_yet, account_setting.c.digest)
            .values(digest_day=day)
            .returning(account_setting.c.mail)
        ).first()
        if row is None or not row.mail:  # another worker was faster
            return 0
        name = connection.execute(sa.select(account.c.name).where(account.c.id == account_id)).scalar_one()
        found = _lists(connection, name, today)
        # A coming deletion is worth a mail on the day on which it is announced, and a line in each later one.
        announced = deletion_mark.c.marked_at > now - datetime.timedelta(days=1)
        is_news = connection.execute(sa.select(deletion_mark.c.number).where(announced).limit(1)).first() is not None
        if not is_news and not any(rows for key, rows in found.items() if key != "deleted"):
            return 0
        connection.execute(outgoing_mail.insert().values(_row(account_id, DIGEST, row.mail, now, day)))
    return 1


def _queue_alerts(database: Database, account_id: int, now: datetime.datetime) -> int:
    with database.transaction() as connection:
        query = sa.select(account_setting).where(account_setting.c.account_id == account_id).with_for_update()
        row = connection.execute(query).first()
        if row is None or not row.mail or not row.barrier_alert:
            return 0
        references = _unalerted(connection, account_id, now)
        for reference in references:
            connection.execute(outgoing_mail.insert().values(_row(account_id, ALERT, row.mail, now, reference)))
    return len(references)


def _unalerted(connection: sa.Connection, account_id: int, now: datetime.datetime) -> Sequence[str]:
    """Return the references of new barrier reports for which the account has no mail yet."""
    reported = sa.select(outgoing_mail.c.message).where(
        outgoing_mail.c.account_id == account_id, outgoing_mail.c.kind == ALERT
    )
    query = sa.select(submission.c.reference).where(
        submission.c.form == ALERT_FORM,
        submission.c.held.is_(False),
        submission.c.received_at > now - MAX_ALERT_AGE,
        submission.c.reference.not_in(reported),
    )
    return connection.execute(query.order_by(submission.c.received_at)).scalars().all()


def _row(
    account_id: int, kind: str, recipient: str, now: datetime.datetime, about: str, state: str = "waiting"
) -> dict[str, Any]:
    """Return a row of the outbox; ``about`` is the day of a digest, or the reference of a report."""
    return {
        "number": None, "account_id": account_id, "kind": kind, "recipient": recipient, "message": about, "state": state,
        "attempts": 0, "next_attempt_at": now, "sent_at": now if state == "sent" else None,
    }  # fmt: skip


def delete_old_mails(connection: sa.Connection, now: datetime.datetime) -> None:
    """Delete mails to colleagues that were sent, or given up before the retention period."""
    old = outgoing_mail.c.number.is_(None) & (outgoing_mail.c.next_attempt_at < now - MAIL_RETENTION)
    connection.execute(outgoing_mail.delete().where(old, outgoing_mail.c.state.in_(("sent", "failed"))))


def compose_account_mail(
    connection: sa.Connection, settings: Settings, identity: int, now: datetime.datetime
) -> EmailMessage | None:
    """Return a mail to a colleague as it is sent now; None if it has become pointless, or the account may not read it.

    :param identity: number of the mail in the outbox; its ``Message-ID`` is the same in every attempt.
    """
    query = (
        sa.select(outgoing_mail, account.c.name, account.c.active)
        .join(account, account.c.id == outgoing_mail.c.account_id)
        .where(outgoing_mail.c.id == identity)
    )
    row = connection.execute(query).first()
    roles = read_roles(connection, row.account_id) if row is not None else frozenset[str]()
    if row is None or not row.active or not (roles if row.kind == REFUSAL else INBOX in roles):
        return None
    today = local_day(now, settings.time_zone)
    with use_language(LANGUAGE):
        if row.kind == DIGEST:
            found = _lists(connection, row.name, today)
            if not any(found.values()):
                return None
            subject = _("KIM inbox: %(new)s new, %(mine)s yours, %(overdue)s overdue", **{key: len(rows) for key, rows in found.items()})  # fmt: skip
            lines = _digest_lines(settings, found, row.name)
        elif row.kind == REFUSAL:
            one = connection.execute(sa.select(publication).where(publication.c.id == row.message)).first()
            if one is None or one.state != "refused":
                return None
            subject = _("Not published: a text that was to come at a time")
            lines = _refusal_lines(connection, settings, one)
        else:
            report = connection.execute(sa.select(submission).where(submission.c.reference == row.message)).first()
            if report is None or report.held:
                return None
            subject = _("%(reference)s: a barrier was reported", reference=row.message)
            lines = _alert_lines(settings, report)
        header = f"<account.{row.account_id}.{row.kind}.{row.message}@{settings.mail_from.rpartition('@')[2]}>"
        message = new_message(settings, row.recipient, header, now)
        message["Subject"] = subject
        message["Auto-Submitted"] = "auto-generated"
        end = [
            "",
            _("You get this mail because you wrote or published this text. Your address stands under “My account”:")
            if row.kind == REFUSAL
            else _("You get this mail because you wished it under “My account”; you can turn it off there:"),
            _url(settings, "konto/"),
        ]
        set_text(message, [*lines, *end], LANGUAGE)
    return message


def _lists(connection: sa.Connection, name: str, today: datetime.date) -> dict[str, Sequence[Any]]:
    """Return the entries that are new, open and assigned to an account, overdue, and announced for deletion."""
    columns = (submission.c.reference, submission.c.form, submission.c.received_at, submission.c.due_on)
    here = submission.c.held.is_(False)
    wanted = {
        "new": submission.c.state == "new",
        "mine": (submission.c.assignee == name) & submission.c.state.in_(OPEN_STATES),
        "overdue": submission.c.due_on < today,
        "deleted": submission.c.number.in_(sa.select(deletion_mark.c.number)),
    }
    return {
        key: connection.execute(
            sa.select(*columns).where(here, where).order_by(submission.c.work_key, submission.c.reference)
        ).all()
        for key, where in wanted.items()
    }


def _digest_lines(settings: Settings, found: dict[str, Sequence[Any]], name: str) -> list[str]:
    titles = {"overdue": _("Overdue"), "mine": _("Yours, still open"), "new": _("New"), "deleted": _("To be deleted within two weeks, because their retention period ends")}  # fmt: skip
    lines = [_("Good morning, %(name)s.", name=name), _url(settings, "")]
    for key, title in titles.items():
        rows = found[key]
        if not rows:
            continue
        lines += ["", f"{title}: {len(rows)}", *(_entry_line(settings, row) for row in rows[:MAX_LISTED])]
        if more := len(rows) - MAX_LISTED:
            lines += [ngettext("and %(num)s more", "and %(num)s more", more)] if more > 0 else []
    return lines


def _entry_line(settings: Settings, row: sa.Row[Any]) -> str:
    received = format_date(local_day(row.received_at, settings.time_zone), "medium", locale=LANGUAGE)
    title = str(FORMS[row.form].title) if row.form in FORMS else row.form
    if row.due_on is None:
        return _("- %(reference)s, %(form)s, received %(received)s", reference=row.reference, form=title, received=received)  # fmt: skip
    due = format_date(row.due_on, "medium", locale=LANGUAGE)
    return _("- %(reference)s, %(form)s, received %(received)s, due %(due)s", reference=row.reference, form=title, received=received, due=due)  # fmt: skip


def _alert_lines(settings: Settings, report: sa.Row[Any]) -> list[str]:
    lines = [_("Somebody has reported a barrier on the website."), _url(settings, f"v/{report.reference}/")]
    if report.due_on is not None:
        due = format_date(report.due_on, "medium", locale=LANGUAGE)
        lines.append(_("The next step is due on %(due)s.", due=due))
    return lines


def _refusal_lines(connection: sa.Connection, settings: Settings, one: sa.Row[Any]) -> list[str]:
    paths = connection.execute(sa.select(publication_file.c.path).where(publication_file.c.publication_id == one.id)).scalars()  # fmt: skip
    due = format_moment(one.due_at, settings.time_zone, LANGUAGE)
    return [
        _("This was to be published on %(moment)s and does not fit any more:", moment=due), *(f"- {path}" for path in sorted(paths)),
        "", one.problem, "", _("Nothing is lost: the text is still a draft."), _url(settings, "seiten/veroeffentlichungen/"),
    ]  # fmt: skip


def queue_refusal(connection: sa.Connection, number: str, names: Collection[str], now: datetime.datetime) -> int:
    """Write a mail to each account of these names that has an address: a publication that was to come at a time is refused.

    :param number: the number of the publication. Asked for twice, it is one mail.
    :return: how many mails were written.
    """
    reported = sa.select(outgoing_mail.c.account_id).where(
        outgoing_mail.c.kind == REFUSAL, outgoing_mail.c.message == number
    )
    query = (
        sa.select(account.c.id, account_setting.c.mail)
        .join(account_setting, account_setting.c.account_id == account.c.id)
        .where(account.c.active, account.c.name.in_(names), account_setting.c.mail.is_not(None), account.c.id.not_in(reported))
    )  # fmt: skip
    rows = connection.execute(query).all()
    for row in rows:
        connection.execute(outgoing_mail.insert().values(_row(row.id, REFUSAL, row.mail, now, number)))
    return len(rows)


def _url(settings: Settings, path: str) -> str:
    return f"{settings.public_url.rstrip('/')}/eingang/{path}"
