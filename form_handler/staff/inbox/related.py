"""All entries of one sender: the same address, phone number or company, and the links made by colleagues."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core.gettext import gettext as _
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.search import phones_of
from form_handler.storage.submissions import GoneError, Submission, from_row
from form_handler.storage.tables import entry_link, event, submission

# Submissions of the same form and sender within this period are probably duplicates.
DUPLICATE_DAYS = datetime.timedelta(days=30)
MAX_RELATED = 200


@dataclass(frozen=True)
class Related:
    """Another entry of the same sender, and why: sentences in the current language.

    :ivar joined: whether a colleague has joined it.
    :ivar duplicate: whether it is probably the same thing sent twice.
    """

    submission: Submission
    reasons: list[str] = field(default_factory=list)
    joined: bool = False
    duplicate: bool = False


@dataclass(frozen=True)
class Sender:
    """Everything of one sender: the entries beside the opened one, and the separated ones."""

    related: list[Related]
    separated: list[Submission]


def find_related(database: Database, found: Submission) -> Sender:
    """Return the other entries of the same sender, the newest first.

    Joined entries include those that are joined with them. Separated entries are not part of the sender.
    """
    with database.read_connection() as connection:
        links = _read_links(connection, found.number)
        apart = {other for other, joined in links.items() if not joined}
        joined = _joined_numbers(connection, found.number) - {found.number}
        numbers = _alike(connection, found) - apart - {found.number}
        alike = _read(connection, submission.c.number.in_(sorted(numbers)[: MAX_RELATED + 1]))
        others = _read(connection, submission.c.number.in_(sorted(joined - {row.number for row in alike} - apart)))
        rows = sorted([*alike, *others], key=lambda row: row.received_at, reverse=True)
        separated = _read(connection, submission.c.number.in_(sorted(apart)))
    related = [
        Related(row, _reasons(found, row), row.number in joined, row.number not in joined and _is_duplicate(found, row))
        for row in rows
    ]
    return Sender(related[:MAX_RELATED], separated)


def _alike(connection: sa.Connection, found: Submission) -> set[str]:
    """Return the entries with the same address, company or phone number; each is looked up in an index of its own."""
    ways: list[sa.ColumnElement[bool]] = []
    if found.sender:
        ways.append(submission.c.sender == found.sender)
    if found.company_key:
        ways.append(submission.c.company_key == found.company_key)
    ways += [submission.c.phones.contains(f" {one} ", autoescape=True) for one in phones_of(found.answers)]
    numbers: set[str] = set()
    for way in ways:
        numbers.update(connection.execute(sa.select(submission.c.number).where(way).limit(MAX_RELATED + 1)).scalars())
    return numbers


def _reasons(one: Submission, other: Submission) -> list[str]:
    found = []
    if one.sender and one.sender == other.sender:
        found.append(_("same e-mail address"))
    if set(phones_of(one.answers)) & set(phones_of(other.answers)):
        found.append(_("same phone number"))
    if one.company_key and one.company_key == other.company_key:
        found.append(_("same company"))
    return found


def _is_duplicate(one: Submission, other: Submission) -> bool:
    return one.form == other.form and abs(one.received_at - other.received_at) <= DUPLICATE_DAYS


def _read(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Submission]:
    query = sa.select(submission).where(condition).order_by(submission.c.received_at.desc()).limit(MAX_RELATED + 1)
    return [from_row(row) for row in connection.execute(query)]


def _read_links(connection: sa.Connection, number: str) -> dict[str, bool]:
    query = sa.select(entry_link).where((entry_link.c.first == number) | (entry_link.c.second == number))
    return {row.second if row.first == number else row.first: row.joined for row in connection.execute(query)}


def _joined_numbers(connection: sa.Connection, number: str) -> set[str]:
    """Return everything that is joined with an entry, directly or through others."""
    known, waiting = {number}, {number}
    while waiting and len(known) <= MAX_RELATED:
        some = sorted(waiting)
        query = sa.select(entry_link.c.first, entry_link.c.second).where(
            entry_link.c.joined, entry_link.c.first.in_(some) | entry_link.c.second.in_(some)
        )
        waiting = {one for row in connection.execute(query) for one in row} - known
        known |= waiting
    return known


def link_entries(
    database: Database, one: Submission, other: Submission, joined: bool, actor: str, now: datetime.datetime
) -> None:
    """Record that two entries belong together, or that they do not; the last decision counts, and nothing else is changed.

    :raises ValueError: if both are the same entry.
    :raises GoneError: if one was deleted.
    """
    if one.number == other.number:
        raise ValueError("the same entry")
    first, second = sorted((one.number, other.number))
    pair = (entry_link.c.first == first) & (entry_link.c.second == second)
    with database.transaction() as connection:
        # Locked on PostgreSQL, so that neither is deleted meanwhile.
        query = sa.select(submission.c.number).where(submission.c.number.in_([first, second]))
        present = set(connection.execute(query.with_for_update()).scalars())
        for row in (one, other):
            if row.number not in present:
                raise GoneError(row.reference)
        connection.execute(entry_link.delete().where(pair))
        connection.execute(
            entry_link.insert().values(first=first, second=second, joined=joined, decided_by=actor, decided_at=now)
        )
        kind = "joined" if joined else "separated"
        record_event(connection, actor, kind, now, one.number, other.reference)
        record_event(connection, actor, kind, now, other.number, one.reference)


def forget_link(database: Database, one: Submission, other: Submission) -> None:
    """Withdraw a decision about two entries: similar ones belong together again."""
    first, second = sorted((one.number, other.number))
    database.change(entry_link.delete().where(entry_link.c.first == first, entry_link.c.second == second))


def contact_values(rows: Sequence[Submission], names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return the different values of contact fields, by name of the field, the newest first."""
    found = []
    for name in names:
        values = list(dict.fromkeys(str(row.answers[name]) for row in rows if row.answers.get(name)))
        if values:
            found.append((name, values))
    return found


def history_of(database: Database, numbers: Sequence[str], limit: int = 100) -> list[sa.Row[Any]]:
    """Return the office's actions on these entries, the newest first."""
    query = (
        sa.select(event, submission.c.reference)
        .join(submission, submission.c.number == event.c.number)
        .where(event.c.number.in_(list(numbers)))
        .order_by(event.c.happened_at.desc(), event.c.id.desc())
        .limit(limit)
    )
    return database.rows(query)
