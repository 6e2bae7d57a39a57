"""Queries of the inbox: filter, deadlines, counts, undelivered mails, history of a submission."""

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.clock import day_start, local_day, utc_now
from form_handler.storage.database import Database
from form_handler.storage.search import matches_query
from form_handler.storage.submissions import Submission, from_row
from form_handler.storage.tables import event, note, outgoing_mail, quotation, submission
from form_handler.storage.work_list import OPEN_STATES, due_days

STATES = ("new", "in_work", "answered", "closed")
PER_PAGE = 50
# See :mod:`form_handler.storage.work_list`.
LIST_ORDER = (submission.c.work_key, submission.c.reference)
ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class SubmissionFilter:
    """A filter of the inbox; empty means everything.

    :ivar since: first day, inclusive.
    :ivar until: last day, inclusive.
    :ivar state: a state, or ``open`` for all that is not answered or closed.
    :ivar held: whether suspected spam is shown, instead of everything else.
    :ivar assignee: name of an account, ``me``, or ``none`` for unassigned entries.
    :ivar me: the account that ``me`` means.
    :ivar due: ``overdue``, or ``follow-up`` for entries whose follow-up day has come.
    """

    text: str = ""
    form: str = ""
    state: str = ""
    language: str = ""
    trade: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    held: bool = False
    assignee: str = ""
    me: str = ""
    due: str = ""

    def conditions(self, zone: ZoneInfo) -> list[sa.ColumnElement[bool]]:
        """Return the filter as conditions on the submission table; its days are those of a time zone."""
        where: list[sa.ColumnElement[bool]] = [submission.c.held == self.held]
        if self.text.strip():
            where.append(matches_query(self.text, with_notes=True))
        for column, value in (
            (submission.c.form, self.form),
            (submission.c.state, "" if self.state == "open" else self.state),
            (submission.c.language, self.language),
            (submission.c.trade, self.trade),
        ):
            if value:
                where.append(column == value)
        if self.state == "open":
            where.append(submission.c.state.in_(OPEN_STATES))
        if self.assignee:
            name = {"me": self.me, "none": None}.get(self.assignee, self.assignee)
            where.append(submission.c.assignee.is_(None) if name is None else submission.c.assignee == name)
        if self.due == "overdue":
            where.append(overdue_condition(utc_now(), zone))
        if self.due == "follow-up":
            where.append(submission.c.follow_up <= local_day(utc_now(), zone))
        if self.since:
            where.append(submission.c.received_at >= day_start(self.since, zone))
        if self.until and self.until < datetime.date.max:
            where.append(submission.c.received_at < day_start(self.until + ONE_DAY, zone))
        return where


@dataclass(frozen=True)
class Deadlines:
    """The deadlines of a submission.

    :ivar interim_by: the last day for an interim notice, or None.
    :ivar answer_by: the last day for the answer, or None.
    :ivar overdue: which of both has passed: ``"answer"``, ``"interim"`` or empty.
    """

    interim_by: datetime.date | None
    answer_by: datetime.date | None
    overdue: str


def deadlines(found: Submission, now: datetime.datetime, zone: ZoneInfo) -> Deadlines:
    """Return the due dates of a submission, see :func:`form_handler.storage.work_list.due_days`."""
    asked = found.asked_at or found.received_at
    due = due_days(found.form, found.state, found.answers, asked, found.interim_at, zone)
    late = [
        name
        for name, day in (("answer", due.answer_by), ("interim", due.interim_by))
        if day and local_day(now, zone) > day
    ]
    return Deadlines(due.interim_by, due.answer_by, late[0] if late else "")


def overdue_condition(now: datetime.datetime, zone: ZoneInfo) -> sa.ColumnElement[bool]:
    """Return the condition that a submission is overdue; the same rule as :func:`deadlines`, for the database."""
    return submission.c.due_on < local_day(now, zone)


def list_query(wanted: SubmissionFilter, zone: ZoneInfo, page: int) -> sa.Select[Any]:
    """Return the query of one page of the list; the inner one is answered by one index, however many entries there are."""
    numbers = sa.select(submission.c.number).where(*wanted.conditions(zone)).order_by(*LIST_ORDER)
    shown = numbers.limit(PER_PAGE).offset((page - 1) * PER_PAGE).scalar_subquery()
    return sa.select(submission).where(submission.c.number.in_(shown)).order_by(*LIST_ORDER)


def search_submissions(database: Database, wanted: SubmissionFilter, page: int = 1) -> tuple[list[Submission], int]:
    """Return one page of fifty, open ones with the nearest day first; and how many there are altogether."""
    where = wanted.conditions(database.time_zone)
    count = sa.select(sa.func.count()).select_from(submission).where(*where)
    with database.read_connection() as connection:
        if wanted.text.strip():
            # A search reads all texts once: it counts and sorts its hits. The order is an expression,
            # so that no index of the order makes the database jump through the table.
            order = (submission.c.work_key + "", submission.c.reference)
            hits = sa.select(submission.c.number, sa.func.count().over().label("total")).where(*where).order_by(*order)
            found = connection.execute(hits.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
            total = found[0].total if found else connection.execute(count).scalar_one() if page > 1 else 0
            shown = submission.c.number.in_([row.number for row in found])
            query = sa.select(submission).where(shown).order_by(*LIST_ORDER)
        else:
            total = connection.execute(count).scalar_one()
            query = list_query(wanted, database.time_zone, page)
        return [from_row(row) for row in connection.execute(query)], int(total)


def find_neighbours(
    database: Database, wanted: SubmissionFilter, position: tuple[str, str]
) -> tuple[Submission | None, Submission | None]:
    """Return the entries before and after a position in the filtered list.

    :param position: key of the position and reference, as they were when the list was shown.
    """
    here, key = sa.tuple_(*LIST_ORDER), sa.tuple_(*map(sa.literal, position))
    query = sa.select(submission).where(*wanted.conditions(database.time_zone)).limit(1)
    with database.read_connection() as connection:
        before = connection.execute(query.where(here < key).order_by(*(one.desc() for one in LIST_ORDER))).first()
        after = connection.execute(query.where(here > key).order_by(*LIST_ORDER)).first()
    return from_row(before) if before else None, from_row(after) if after else None


def count_elsewhere(database: Database, wanted: SubmissionFilter) -> tuple[int, int]:
    """Return how many submissions a search finds without its other filters, and how many of suspected spam.

    Both are zero for a filter without a search. The filter itself has found nothing.
    """
    if not wanted.text.strip():
        return 0, 0
    found = []
    with database.read_connection() as connection:
        for held in (False, True):
            plain = SubmissionFilter(text=wanted.text, held=held, me=wanted.me)
            count = sa.select(sa.func.count()).select_from(submission).where(*plain.conditions(database.time_zone))
            found.append(0 if plain == wanted else connection.execute(count).scalar_one())
    return found[0], found[1]


def all_submissions(database: Database, wanted: SubmissionFilter) -> list[Submission]:
    """Return all submissions of a filter, the newest first."""
    query = sa.select(submission).where(*wanted.conditions(database.time_zone))
    with database.read_connection() as connection:
        rows = connection.execute(query.order_by(submission.c.received_at.desc(), submission.c.reference))
        return [from_row(row) for row in rows]


def inbox_counts(database: Database, now: datetime.datetime, me: str = "") -> dict[str, int]:
    """Return the numbers of open, new, overdue and held submissions, of those of one account, and of undelivered mails."""

    def count_rows(table: sa.Table, *where: Any) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())

    open_ones = submission.c.held.is_(False)
    with database.read_connection() as connection:
        return {
            "open": count_rows(submission, open_ones, submission.c.state.in_(OPEN_STATES)),
            "mine": count_rows(submission, open_ones, submission.c.assignee == me, submission.c.state.in_(OPEN_STATES)),
            "follow_up": count_rows(
                submission, open_ones, submission.c.follow_up <= local_day(now, database.time_zone)
            ),
            "new": count_rows(submission, open_ones, submission.c.state == "new"),
            "overdue": count_rows(submission, open_ones, overdue_condition(now, database.time_zone)),
            "held": count_rows(submission, submission.c.held.is_(True)),
            "mails": count_rows(outgoing_mail, undelivered_condition()),
        }


def undelivered_condition() -> sa.ColumnElement[bool]:
    """Return the condition that a mail could not be sent so far."""
    mail = outgoing_mail.c
    return (mail.state == "failed") | (mail.state.in_(("waiting", "sending")) & (mail.attempts > 0))


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
    """Return the mails that could not be sent so far, with the reference they belong to; a mail to a colleague has none."""
    query = (
        sa.select(outgoing_mail, submission.c.reference)
        .outerjoin(submission, submission.c.number == outgoing_mail.c.number)
        .where(undelivered_condition())
        .order_by(outgoing_mail.c.next_attempt_at)
    )
    return database.rows(query.limit(500))
