"""What the office does with submissions: find, count, change their state, note, release, correct, delete."""

from __future__ import annotations

import calendar
import datetime
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from form_handler.forms import FORMS
from form_handler.mail.compose import ascii_address
from form_handler.mail.transport import delete_mail_files
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.search import matches_query
from form_handler.storage.submissions import Submission, computed_columns, from_row
from form_handler.storage.tables import event, note, outgoing_mail, quotation, saved_form, submission

STATES = ("new", "in_work", "answered", "closed")
PER_PAGE = 50
OPEN_STATES = ("new", "in_work")
# States of a mail that has not left for good.
PENDING_MAIL_STATES = ("held", "waiting", "sending", "failed")
MAX_ATTEMPTS = 20
# So many references fit into the detail of an event.
MAX_LOGGED_REFERENCES = 16
DUPLICATE_NOTE_WINDOW = datetime.timedelta(minutes=1)


class GoneError(Exception):
    """The submission was deleted in the meantime; nothing was changed."""


class ConflictError(Exception):
    """A colleague has changed the same thing in the meantime; nothing was changed.

    :ivar current: the submission as it is now.
    :ivar fields: what both have changed: names of answers, or ``"state"``.
    :ivar merged: the answers in which everything else is merged.
    """

    def __init__(self, current: Submission, fields: list[str], merged: Mapping[str, Any] | None = None) -> None:
        super().__init__(" ".join(fields))
        self.current = current
        self.fields = fields
        self.merged = dict(merged or {})


class _ChangedError(Exception):
    """The version has changed between reading and writing."""


@dataclass(frozen=True)
class SubmissionFilter:
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
        if self.text.strip():
            where.append(matches_query(self.text))
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
        if self.until and self.until < datetime.date.max:
            where.append(submission.c.received_at < midnight(self.until) + datetime.timedelta(days=1))
        return where


def midnight(day: datetime.date) -> datetime.datetime:
    """Return the beginning of a day, UTC."""
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


@dataclass(frozen=True)
class Deadlines:
    """By when a submission needs what.

    :ivar interim_by: by when an interim notice is due, or None.
    :ivar answer_by: by when the answer is due, or None.
    :ivar overdue: which of both has passed: ``"answer"``, ``"interim"`` or empty.
    """

    interim_by: datetime.datetime | None
    answer_by: datetime.datetime | None
    overdue: str


def deadlines(found: Submission, now: datetime.datetime) -> Deadlines:
    """Return the due dates of a submission; one that is answered or closed has none left.

    For a barrier report § 5(2) BITVNRW asks for an interim notice after two and an answer after six weeks.
    """
    definition = FORMS.get(found.form)
    if definition is None or definition.answer_within_days is None or found.state not in OPEN_STATES:
        return Deadlines(None, None, "")
    answer_by = found.received_at + datetime.timedelta(days=definition.answer_within_days)
    interim_by = None
    if definition.interim_within_days is not None and found.interim_at is None:
        interim_by = found.received_at + datetime.timedelta(days=definition.interim_within_days)
    late = "answer" if now > answer_by else "interim" if interim_by is not None and now > interim_by else ""
    return Deadlines(interim_by, answer_by, late)


def overdue_condition(now: datetime.datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a submission is overdue; the same rule as :func:`deadlines`, for the database."""
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
    return submission.c.state.in_(OPEN_STATES) & sa.or_(sa.false(), *late)


def search_submissions(
    database: Database, wanted: SubmissionFilter, now: datetime.datetime, page: int = 1
) -> tuple[list[Submission], int]:
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
    with database.read_connection() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(submission).where(*where)).scalar_one()
        return [from_row(row) for row in connection.execute(query)], int(total)


def all_submissions(database: Database, wanted: SubmissionFilter) -> list[Submission]:
    """Return everything that fits, the newest first; for exports."""
    query = sa.select(submission).where(*wanted.conditions())
    with database.read_connection() as connection:
        rows = connection.execute(query.order_by(submission.c.received_at.desc(), submission.c.reference))
        return [from_row(row) for row in rows]


def inbox_counts(database: Database, now: datetime.datetime) -> dict[str, int]:
    """Return how many are new, overdue, held, and how many mails are stuck."""

    def how_many(table: sa.Table, *where: Any) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())

    open_ones = submission.c.held.is_(False)
    with database.read_connection() as connection:
        return {
            "new": how_many(submission, open_ones, submission.c.state == "new"),
            "overdue": how_many(submission, open_ones, overdue_condition(now)),
            "held": how_many(submission, submission.c.held.is_(True)),
            "mails": how_many(outgoing_mail, undelivered_condition()),
        }


def undelivered_condition() -> sa.ColumnElement[bool]:
    """Return the condition that a mail could not be sent so far."""
    mail = outgoing_mail.c
    return (mail.state == "failed") | (mail.state.in_(("waiting", "sending")) & (mail.attempts > 0))


def record_event(
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


Change = Callable[[sa.Connection, Submission], dict[str, Any] | None]


def _update(database: Database, number: str, change: Change) -> None:
    """Change a submission from the version that was read to the next one; begin again if a colleague was faster.

    :param change: takes the submission as it is now and returns the new values, or None if there is nothing to do; what
        else it writes is undone with the transaction.
    :raises GoneError: if the submission was deleted.
    """
    for _attempt in range(MAX_ATTEMPTS):
        try:
            with database.transaction() as connection:
                row = connection.execute(sa.select(submission).where(submission.c.number == number)).first()
                if row is None:
                    raise GoneError(number)
                current = from_row(row)
                values = change(connection, current)
                if values is None:
                    return
                done = connection.execute(
                    submission.update()
                    .where(submission.c.number == number, submission.c.version == current.version)
                    .values(**values, version=current.version + 1)
                )
                if done.rowcount == 0:
                    raise _ChangedError
                return
        except _ChangedError:
            continue
        except sa.exc.IntegrityError as error:  # deleted between reading and writing an event
            if _is_gone(database, number):
                raise GoneError(number) from error
            raise
    raise DatabaseBusyError("the submission is being changed all the time")


def _is_gone(database: Database, number: str) -> bool:
    with database.read_connection() as connection:
        found = connection.execute(sa.select(submission.c.number).where(submission.c.number == number)).first()
    return found is None


def set_state(database: Database, seen: Submission, state: str, actor: str, now: datetime.datetime) -> None:
    """Change the state of a submission; "answered" notes when.

    :param seen: the submission as the colleague saw it.
    :raises ValueError: if there is no such state.
    :raises ConflictError: if a colleague has set another state since.
    :raises GoneError: if it was deleted.
    """
    if state not in STATES:
        raise ValueError(state)

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if current.state == state:
            return None
        if current.version != seen.version and current.state != seen.state:
            raise ConflictError(current, ["state"])
        record_event(connection, actor, "state", now, current.number, state)
        return {"state": state, **({"answered_at": now} if state == "answered" else {})}

    _update(database, seen.number, change)


def add_note(database: Database, found: Submission, text: str, actor: str, now: datetime.datetime) -> None:
    """Add a note that only the office sees; the same text from the same person within a minute is one note.

    :raises GoneError: if the submission was deleted.
    """
    with database.transaction() as connection:
        # Locked on PostgreSQL, so that it is not deleted meanwhile and a second click waits for the first.
        query = sa.select(submission.c.number).where(submission.c.number == found.number).with_for_update()
        if connection.execute(query).first() is None:
            raise GoneError(found.number)
        same = (note.c.number == found.number) & (note.c.author == actor) & (note.c.text == text)
        again = sa.select(note.c.id).where(same, note.c.written_at > now - DUPLICATE_NOTE_WINDOW)
        if connection.execute(again).first() is not None:
            return
        connection.execute(note.insert().values(number=found.number, author=actor, written_at=now, text=text))
        record_event(connection, actor, "note", now, found.number)


def record_interim_notice(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Note that an interim notice was given (§ 5(2) BITVNRW); the first one counts.

    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if current.interim_at is not None:
            return None
        record_event(connection, actor, "interim", now, current.number)
        return {"interim_at": now}

    _update(database, found.number, change)


def accept_held(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Take a held submission into the inbox and let its mails go out.

    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if not current.held:
            return None
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.number == current.number, outgoing_mail.c.state == "held")
            .values(state="waiting", next_attempt_at=now)
        )
        record_event(connection, actor, "released", now, current.number)
        return {"held": False}

    _update(database, found.number, change)


def retry_mails(database: Database, actor: str, now: datetime.datetime, number: str | None = None) -> int:
    """Let stuck mails be tried again at once, of one submission or of all; return how many."""
    where = [undelivered_condition()] if number is None else [undelivered_condition(), outgoing_mail.c.number == number]
    with database.transaction() as connection:
        done = connection.execute(
            outgoing_mail.update()
            .where(*where, outgoing_mail.c.state != "sending")
            .values(state="waiting", attempts=0, next_attempt_at=now, last_error=None)
        )
        record_event(connection, actor, "retry", now, number, str(done.rowcount))
    return done.rowcount


def update_answers(
    database: Database, seen: Submission, answers: Mapping[str, Any], actor: str, now: datetime.datetime
) -> list[str]:
    """Put right answers in the place of wrong ones (Art. 16 GDPR); return the names of the changed fields.

    What a colleague has changed since in other fields stays. Mails to the sender that have not left yet go to the
    corrected address; a mail that is being sent at this moment goes there once more.

    :param seen: the submission as the colleague saw it.
    :raises ConflictError: if a colleague has changed the same field since.
    :raises GoneError: if it was deleted.
    """
    changed: list[str] = []

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        merged, conflicts = merge(seen.answers, answers, current.answers)
        if conflicts:
            raise ConflictError(current, conflicts, merged)
        changed[:] = [name for name, value in merged.items() if current.answers.get(name) != value]
        if not changed:
            return None
        connection.execute(quotation.delete().where(quotation.c.number == current.number))
        values = {
            "answers": json.dumps(merged, ensure_ascii=False),
            **computed_columns(current.form, current.reference, merged),
        }
        if _redirect_mails(connection, current, merged, now):
            values["confirmed_at"] = None
        record_event(connection, actor, "corrected", now, current.number, " ".join(changed))
        return values

    _update(database, seen.number, change)
    return changed


def merge(
    before: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return both changes in one, field by field, and the names of the fields that both have changed differently.

    A field that is no longer part of the form is kept as it is. Where both differ, the result holds theirs.
    """
    merged, conflicts = dict(theirs), []
    for name, value in mine.items():
        if value in (before.get(name), theirs.get(name)):
            continue
        if theirs.get(name) == before.get(name):
            merged[name] = value
        else:
            conflicts.append(name)
    return merged, conflicts


def _redirect_mails(
    connection: sa.Connection, current: Submission, answers: Mapping[str, Any], now: datetime.datetime
) -> bool:
    """Let the sender's mails that have not left yet go to the corrected address; return whether it has changed.

    A mail loses its worker's claim: the worker that is sending it now cannot call it sent or failed any more.
    """
    pending = (outgoing_mail.c.number == current.number) & outgoing_mail.c.state.in_(PENDING_MAIL_STATES)
    # What version 0.1 stored whole holds the answers of then.
    connection.execute(outgoing_mail.update().where(pending).values(message=""))
    definition = FORMS.get(current.form)
    name = definition.sender_field if definition else None
    old, new = (current.answers.get(name), answers.get(name)) if name else (None, None)
    old, new = (_ascii_address_or_same(str(address)) if address else None for address in (old, new))
    if old == new:
        return False
    to_sender = pending & (outgoing_mail.c.kind != "office")
    if new is None:
        connection.execute(outgoing_mail.delete().where(to_sender))
        return True
    # A mail that only a confirmed address gets is not for the new one, which is not confirmed yet.
    connection.execute(outgoing_mail.delete().where(to_sender, outgoing_mail.c.kind != "copy"))
    is_held = outgoing_mail.c.state == "held"
    connection.execute(
        outgoing_mail.update()
        .where(to_sender)
        .values(
            recipient=new,
            state=sa.case((is_held, "held"), else_="waiting"),
            attempts=0,
            next_attempt_at=now,
            last_error=None,
            claim=None,
        )
    )
    return True


def _ascii_address_or_same(address: str) -> str:
    """Return an address as mail headers carry it; one that an earlier version took and this one refuses, as it is."""
    try:
        return ascii_address(address)
    except ValueError:
        return address


def delete_submissions(
    database: Database,
    numbers: list[str],
    actor: str,
    kind: str,
    now: datetime.datetime,
    mail_dir: Path | None = None,
    mark: str | None = None,
) -> int:
    """Delete submissions with mails, notes and events for good (Art. 17 GDPR); note only that it was done, and how many.

    :param mail_dir: the folder of mails that were written as files; theirs are deleted as well.
    :param mark: what :func:`work_digest` returned when the colleague was asked; None: not compared.
    :raises ConflictError: if somebody has worked on one of them since; then nothing is deleted.
    """
    done = 0
    with database.transaction() as connection:
        batches = [submission.c.number.in_(numbers[start : start + 500]) for start in range(0, len(numbers), 500)]
        # Locked, so that nobody can add a note between comparing and deleting.
        found = [
            row for some in batches for row in connection.execute(sa.select(submission).where(some).with_for_update())
        ]
        if found and mark is not None and mark != _work_digest(connection, numbers):
            raise ConflictError(from_row(found[0]), ["notes"])
        for some in batches:
            done += connection.execute(submission.delete().where(some)).rowcount
        references = [row.reference for row in found]
        _shorten_saved_forms(connection, references, now)
        if done:
            record_event(connection, actor, kind, now, None, str(done))
    for reference in references if mail_dir else []:
        delete_mail_files(mail_dir or Path(), reference)
    return done


def _shorten_saved_forms(connection: sa.Connection, references: list[str], now: datetime.datetime) -> None:
    """Keep what a clerk sent about a deleted submission after the session had ended for one more day only."""
    soon = now + datetime.timedelta(days=1)
    for reference in references:
        about = saved_form.c.path.like(f"%/v/{reference}/%") & (saved_form.c.expires_at > soon)
        connection.execute(saved_form.update().where(about).values(expires_at=soon))


def work_digest(database: Database, numbers: list[str]) -> str:
    """Return a mark of everything that the office has done with these submissions so far."""
    with database.read_connection() as connection:
        return _work_digest(connection, numbers)


def _work_digest(connection: sa.Connection, numbers: list[str]) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(numbers), 500):
        some = sorted(numbers)[start : start + 500]
        for table, column in ((submission, submission.c.version), (note, note.c.id)):
            query = sa.select(table.c.number, column).where(table.c.number.in_(some)).order_by(table.c.number, column)
            digest.update(repr([tuple(row) for row in connection.execute(query)]).encode())
    return digest.hexdigest()[:32]


def record_copy(database: Database, found: Sequence[Submission], kind: str, actor: str, now: datetime.datetime) -> None:
    """Note that a person got a copy of these submissions (Art. 5(2) GDPR), of each and of all, without what it held."""
    with database.transaction() as connection:
        for row in found:
            record_event(connection, actor, "copied", now, row.number, kind)
        named = " ".join(row.reference for row in found[:MAX_LOGGED_REFERENCES]) + (
            " …" if len(found) > MAX_LOGGED_REFERENCES else ""
        )
        record_event(connection, actor, "copied", now, None, f"{kind} {len(found)} {named}")


def list_data_requests(database: Database, limit: int = 20) -> list[sa.Row[Any]]:
    """Return the last copies and deletions on request, the newest first."""
    query = event.select().where(event.c.number.is_(None), event.c.kind.in_(("copied", "erased")))
    with database.read_connection() as connection:
        return list(connection.execute(query.order_by(event.c.id.desc()).limit(limit)))


def submission_history(database: Database, number: str) -> dict[str, list[Any]]:
    """Return notes, events, mails and released quotations of a submission, the oldest first."""
    with database.read_connection() as connection:
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


def undelivered_mails(database: Database) -> list[sa.Row[Any]]:
    """Return the mails that could not be sent so far, with the reference they belong to."""
    query = (
        sa.select(outgoing_mail, submission.c.reference)
        .join(submission, submission.c.number == outgoing_mail.c.number)
        .where(undelivered_condition())
        .order_by(outgoing_mail.c.next_attempt_at)
    )
    with database.read_connection() as connection:
        return list(connection.execute(query.limit(500)))


def publish_quotation(
    database: Database,
    found: Submission,
    field: str,
    text: str,
    named: bool,
    actor: str,
    now: datetime.datetime,
    shown: Mapping[str, Any] | None = None,
) -> None:
    """Release a sentence of a survey for publication; a second release of the same answer replaces the first.

    :param found: the submission in which the text was found to be a part of the answer.
    :param shown: text and name of the quotation that was released when the page was shown, each empty if none; None: not
        compared.
    :raises ConflictError: if the answer was corrected since, or a colleague has released another sentence.
    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if current.answers != found.answers:
            raise ConflictError(current, [field])
        released = find_quotation(connection, current.number, field)
        if released == {"text": text, "named": named}:
            return None
        if shown is not None and released != shown:
            raise ConflictError(current, [field])
        connection.execute(quotation.delete().where(quotation.c.number == current.number, quotation.c.field == field))
        connection.execute(
            quotation.insert().values(
                number=current.number, field=field, text=text, named=named, released_by=actor, released_at=now
            )
        )
        record_event(connection, actor, "quoted", now, current.number, field)
        return {}

    _update(database, found.number, change)


def find_quotation(connection: sa.Connection, number: str, field: str) -> dict[str, Any]:
    """Return text and name of a released quotation, each empty if there is none."""
    query = sa.select(quotation.c.text, quotation.c.named).where(
        quotation.c.number == number, quotation.c.field == field
    )
    row = connection.execute(query).first()
    return {"text": row.text, "named": row.named} if row else {"text": "", "named": False}


def withdraw_quotation(database: Database, found: Submission, field: str, actor: str, now: datetime.datetime) -> None:
    """Take a released sentence back.

    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        where = (quotation.c.number == current.number) & (quotation.c.field == field)
        if connection.execute(quotation.delete().where(where)).rowcount == 0:
            return None
        record_event(connection, actor, "unquoted", now, current.number, field)
        return {}

    _update(database, found.number, change)


def subtract_months(now: datetime.datetime, months: int) -> datetime.datetime:
    """Return the same moment so many months earlier; on the last day of a shorter month if need be."""
    total = now.year * 12 + now.month - 1 - months
    year, month = divmod(total, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def retention_end(found: Submission) -> datetime.datetime:
    """Return when the retention of a submission ends; it is deleted by the next purge after that."""
    return subtract_months(found.received_at, -FORMS[found.form].retention_months)


def past_retention(database: Database, now: datetime.datetime) -> dict[str, list[str]]:
    """Return, by form, the numbers of what is older than the form's retention."""
    found: dict[str, list[str]] = {}
    with database.read_connection() as connection:
        for definition in FORMS.values():
            query = sa.select(submission.c.number).where(
                submission.c.form == definition.key,
                submission.c.received_at < subtract_months(now, definition.retention_months),
            )
            numbers = list(connection.execute(query).scalars())
            if numbers:
                found[definition.key] = numbers
    return found
