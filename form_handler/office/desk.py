"""What the office does with submissions: find, count, change their state, note, release, correct, delete."""

from __future__ import annotations

import calendar
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from form_handler.forms import FORMS
from form_handler.storage.database import Database
from form_handler.storage.schema import event, note, outgoing_mail, quotation, submission
from form_handler.storage.submissions import Submission, derived, read_row

STATES = ("new", "in_work", "answered", "closed")
PER_PAGE = 50
OPEN = ("new", "in_work")


@dataclass(frozen=True)
class Wanted:
    """What the inbox is filtered by; empty means everything.

    :ivar since: first day, inclusive.
    :ivar until: last day, inclusive.
    :ivar held: whether what is kept apart as suspected spam is shown, instead of everything else.
    """

    text: str = ""
    form: str = ""
    state: str = ""
    language: str = ""
    trade: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    held: bool = False

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the filter as conditions on the submission table."""
        where: list[sa.ColumnElement[bool]] = [submission.c.held == self.held]
        for word in self.text.casefold().split()[:10]:
            where.append(submission.c.search_text.contains(word, autoescape=True))
        for column, value in (
            (submission.c.form, self.form),
            (submission.c.state, self.state),
            (submission.c.language, self.language),
            (submission.c.trade, self.trade),
        ):
            if value:
                where.append(column == value)
        if self.since:
            where.append(submission.c.received_at >= midnight(self.since))
        if self.until:
            where.append(submission.c.received_at < midnight(self.until) + datetime.timedelta(days=1))
        return where


def midnight(day: datetime.date) -> datetime.datetime:
    """Return the beginning of a day, UTC."""
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


@dataclass(frozen=True)
class Due:
    """By when a submission needs what.

    :ivar interim_by: by when an interim notice is due, or None.
    :ivar answer_by: by when the answer is due, or None.
    :ivar overdue: which of both has passed: ``"answer"``, ``"interim"`` or empty.
    """

    interim_by: datetime.datetime | None
    answer_by: datetime.datetime | None
    overdue: str


def due(found: Submission, now: datetime.datetime) -> Due:
    """Return the due dates of a submission; one that is answered or closed has none left.

    For a barrier report § 5(2) BITVNRW asks for an interim notice after two and an answer after six weeks.
    """
    definition = FORMS.get(found.form)
    if definition is None or definition.answer_within_days is None or found.state not in OPEN:
        return Due(None, None, "")
    answer_by = found.received_at + datetime.timedelta(days=definition.answer_within_days)
    interim_by = None
    if definition.interim_within_days is not None and found.interim_at is None:
        interim_by = found.received_at + datetime.timedelta(days=definition.interim_within_days)
    late = "answer" if now > answer_by else "interim" if interim_by is not None and now > interim_by else ""
    return Due(interim_by, answer_by, late)


def overdue_condition(now: datetime.datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a submission is overdue; the same rule as :func:`due`, for the database."""
    late: list[sa.ColumnElement[bool]] = []
    for definition in FORMS.values():
        mine = submission.c.form == definition.key
        if definition.answer_within_days is not None:
            late.append(
                mine & (submission.c.received_at < now - datetime.timedelta(days=definition.answer_within_days))
            )
        if definition.interim_within_days is not None:
            limit = now - datetime.timedelta(days=definition.interim_within_days)
            late.append(mine & submission.c.interim_at.is_(None) & (submission.c.received_at < limit))
    return submission.c.state.in_(OPEN) & sa.or_(sa.false(), *late)


def find(database: Database, wanted: Wanted, now: datetime.datetime, page: int = 1) -> tuple[list[Submission], int]:
    """Return one page of fifty, overdue ones first, then the newest; and how many there are altogether."""
    where = wanted.conditions()
    query = (
        sa.select(submission)
        .where(*where)
        .order_by(
            sa.case((overdue_condition(now), 0), else_=1), submission.c.received_at.desc(), submission.c.reference
        )
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    with database.reading() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(submission).where(*where)).scalar_one()
        return [read_row(row) for row in connection.execute(query)], int(total)


def find_all(database: Database, wanted: Wanted) -> list[Submission]:
    """Return everything that fits, the newest first; for exports."""
    query = sa.select(submission).where(*wanted.conditions())
    with database.reading() as connection:
        rows = connection.execute(query.order_by(submission.c.received_at.desc(), submission.c.reference))
        return [read_row(row) for row in rows]


def counts(database: Database, now: datetime.datetime) -> dict[str, int]:
    """Return how many are new, overdue, held, and how many mails are stuck."""

    def how_many(table: sa.Table, *where: Any) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())

    open_ones = submission.c.held.is_(False)
    with database.reading() as connection:
        return {
            "new": how_many(submission, open_ones, submission.c.state == "new"),
            "overdue": how_many(submission, open_ones, overdue_condition(now)),
            "held": how_many(submission, submission.c.held.is_(True)),
            "mails": how_many(outgoing_mail, stuck()),
        }


def stuck() -> sa.ColumnElement[bool]:
    """Return the condition that a mail could not be sent so far."""
    mail = outgoing_mail.c
    return (mail.state == "failed") | (mail.state.in_(("waiting", "sending")) & (mail.attempts > 0))


def log(
    connection: sa.Connection,
    actor: str,
    kind: str,
    now: datetime.datetime,
    number: str | None = None,
    detail: str = "",
) -> None:
    """Note who did what when; the detail never holds what a person wrote."""
    connection.execute(
        event.insert().values(number=number, actor=actor, happened_at=now, kind=kind, detail=detail[:200])
    )


def set_state(database: Database, found: Submission, state: str, actor: str, now: datetime.datetime) -> None:
    """Change the state of a submission; "answered" notes when.

    :raises ValueError: if there is no such state.
    """
    if state not in STATES:
        raise ValueError(state)
    with database.writing() as connection:
        values: dict[str, Any] = {"state": state}
        if state == "answered":
            values["answered_at"] = now
        connection.execute(submission.update().where(submission.c.number == found.number).values(**values))
        log(connection, actor, "state", now, found.number, state)


def add_note(database: Database, found: Submission, text: str, actor: str, now: datetime.datetime) -> None:
    """Add a note that only the office sees."""
    with database.writing() as connection:
        connection.execute(note.insert().values(number=found.number, author=actor, written_at=now, text=text))
        log(connection, actor, "note", now, found.number)


def give_interim(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Note that an interim notice was given (§ 5(2) BITVNRW)."""
    with database.writing() as connection:
        connection.execute(submission.update().where(submission.c.number == found.number).values(interim_at=now))
        log(connection, actor, "interim", now, found.number)


def release(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Take a held submission into the inbox and let its mails go out."""
    with database.writing() as connection:
        connection.execute(submission.update().where(submission.c.number == found.number).values(held=False))
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.number == found.number, outgoing_mail.c.state == "held")
            .values(state="waiting", next_attempt_at=now)
        )
        log(connection, actor, "released", now, found.number)


def retry_mails(database: Database, actor: str, now: datetime.datetime, number: str | None = None) -> int:
    """Let stuck mails be tried again at once, of one submission or of all; return how many."""
    where = [stuck()] if number is None else [stuck(), outgoing_mail.c.number == number]
    with database.writing() as connection:
        done = connection.execute(
            outgoing_mail.update()
            .where(*where, outgoing_mail.c.state != "sending")
            .values(state="waiting", attempts=0, next_attempt_at=now, last_error=None)
        )
        log(connection, actor, "retry", now, number, str(done.rowcount))
    return done.rowcount


def correct(
    database: Database, found: Submission, answers: Mapping[str, Any], actor: str, now: datetime.datetime
) -> list[str]:
    """Put right answers in the place of wrong ones (Art. 16 GDPR); return the names of the changed fields."""
    changed = [name for name, value in answers.items() if found.answers.get(name) != value]
    if not changed:
        return []
    with database.writing() as connection:
        connection.execute(
            submission.update()
            .where(submission.c.number == found.number)
            .values(answers=json.dumps(dict(answers), ensure_ascii=False), **derived(found.reference, answers))
        )
        connection.execute(quotation.delete().where(quotation.c.number == found.number))
        log(connection, actor, "corrected", now, found.number, " ".join(changed))
    return changed


def erase(
    database: Database, numbers: list[str], actor: str, kind: str, now: datetime.datetime, mail_dir: Path | None = None
) -> int:
    """Delete submissions with mails, notes and events for good (Art. 17 GDPR); note only that it was done, and how many.

    ``mail_dir`` is the folder of mails that were written as files; theirs are deleted as well.
    """
    done = 0
    with database.writing() as connection:
        references: list[str] = []
        for start in range(0, len(numbers), 500):
            some = submission.c.number.in_(numbers[start : start + 500])
            references += connection.execute(sa.select(submission.c.reference).where(some)).scalars().all()
            done += connection.execute(submission.delete().where(some)).rowcount
        if done:
            log(connection, actor, kind, now, None, str(done))
    for reference in references if mail_dir else []:
        for path in (mail_dir or Path()).glob(f"{reference}-*.eml"):
            path.unlink(missing_ok=True)
    return done


def of_person(database: Database, address: str) -> list[Submission]:
    """Return everything that came from an e-mail address."""
    query = sa.select(submission).where(submission.c.sender == address.strip().casefold())
    with database.reading() as connection:
        return [read_row(row) for row in connection.execute(query.order_by(submission.c.received_at))]


def story(database: Database, number: str) -> dict[str, list[Any]]:
    """Return notes, events, mails and released quotations of a submission, the oldest first."""
    with database.reading() as connection:
        return {
            "notes": list(connection.execute(note.select().where(note.c.number == number).order_by(note.c.id))),
            "events": list(connection.execute(event.select().where(event.c.number == number).order_by(event.c.id))),
            "mails": list(
                connection.execute(
                    outgoing_mail.select().where(outgoing_mail.c.number == number).order_by(outgoing_mail.c.id)
                )
            ),
            "quotations": list(connection.execute(quotation.select().where(quotation.c.number == number))),
        }


def stuck_mails(database: Database) -> list[sa.Row[Any]]:
    """Return the mails that could not be sent so far, with the reference they belong to."""
    query = (
        sa.select(outgoing_mail, submission.c.reference)
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(stuck())
        .order_by(outgoing_mail.c.next_attempt_at)
    )
    with database.reading() as connection:
        return list(connection.execute(query.limit(500)))


def quote(
    database: Database, found: Submission, field: str, text: str, named: bool, actor: str, now: datetime.datetime
) -> None:
    """Release a sentence of a survey for publication; a second release of the same answer replaces the first."""
    with database.writing() as connection:
        connection.execute(quotation.delete().where(quotation.c.number == found.number, quotation.c.field == field))
        connection.execute(
            quotation.insert().values(
                number=found.number, field=field, text=text, named=named, released_by=actor, released_at=now
            )
        )
        log(connection, actor, "quoted", now, found.number, field)


def unquote(database: Database, found: Submission, field: str, actor: str, now: datetime.datetime) -> None:
    """Take a released sentence back."""
    with database.writing() as connection:
        connection.execute(quotation.delete().where(quotation.c.number == found.number, quotation.c.field == field))
        log(connection, actor, "unquoted", now, found.number, field)


def months_back(now: datetime.datetime, months: int) -> datetime.datetime:
    """Return the same moment so many months earlier; on the last day of a shorter month if need be."""
    total = now.year * 12 + now.month - 1 - months
    year, month = divmod(total, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def past_retention(database: Database, now: datetime.datetime) -> dict[str, list[str]]:
    """Return, by form, the numbers of what is older than the form's retention."""
    found: dict[str, list[str]] = {}
    with database.reading() as connection:
        for definition in FORMS.values():
            query = sa.select(submission.c.number).where(
                submission.c.form == definition.key,
                submission.c.received_at < months_back(now, definition.retention_months),
            )
            numbers = list(connection.execute(query).scalars())
            if numbers:
                found[definition.key] = numbers
    return found
