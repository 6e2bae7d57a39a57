"""Deletion at the end of retention (Art. 5(1)(e) GDPR): announced first, and refused while the clock is implausible.

A submission is marked two weeks before its retention ends, and the staff area announces it; it is deleted when its
retention is over and it has been marked for a week. Submissions that expired while the service did not run are
therefore deleted a week after the next start. Nothing is marked or deleted while the clock is implausible, or when
more than half of everything stored would go at once; an operator then decides with ``kim purge --confirm``.
"""

import datetime
from collections.abc import Collection

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from core.errors import KindError
from form_handler import rate_limit, search_misses
from form_handler.forms import FORMS
from form_handler.retention import ANNOUNCEMENT_DAYS, past_retention
from form_handler.settings import Settings
from form_handler.staff import saved_forms
from form_handler.staff.inbox import presence
from form_handler.staff.reports import digest
from form_handler.storage.database import Database
from form_handler.storage.deletion import delete_submissions
from form_handler.storage.events import record_event
from form_handler.storage.state import MAX_CLOCK_AHEAD, MAX_CLOCK_BACK, read_state, read_time, write_state
from form_handler.storage.tables import (
    deletion_mark,
    event,
    page_presence,
    publication,
    scratch,
    staff_session,
    submission,
)
from form_handler.worker.future_times import correct_future_times

ACTOR = "kim"
# How long it stays known that something was deleted, exported or copied (proof of it, Art. 5(2) GDPR).
EVENT_RETENTION_MONTHS = 24
GRACE_DAYS = 7
# The maximum number that is deleted at once although they are more than half of everything.
MAX_UNCONFIRMED = 10
ONE_DAY = datetime.timedelta(days=1)
SCRATCH_RETENTION = datetime.timedelta(days=90)


class PurgeRefusedError(KindError):
    """Nothing was deleted; the message names cause and remedy."""


def check_clock(connection: sa.Connection, now: datetime.datetime) -> None:
    """Compare the clock with the last time that the service has seen, or else the newest entry.

    :raises PurgeRefusedError: if it is implausible.
    """
    known = read_time(connection, "last_seen") or _newest_entry_time(connection)
    if known is None or known - MAX_CLOCK_BACK <= now <= known + MAX_CLOCK_AHEAD:
        return
    raise PurgeRefusedError(
        "clock",
        f"Nothing is deleted: the clock of this machine shows {now:%Y-%m-%d}, the last known time is "
        f"{known:%Y-%m-%d}. Set the clock. If it is right (the service did not run for long, or an old backup was "
        "restored): kim purge --dry-run shows the number N of deletions, kim purge --confirm N confirms them.",
    )


def _newest_entry_time(connection: sa.Connection) -> datetime.datetime | None:
    found = [
        connection.execute(sa.select(sa.func.max(column))).scalar()
        for column in (submission.c.received_at, event.c.happened_at)
    ]
    return max((moment for moment in found if moment is not None), default=None)


def record_time(database: Database, now: datetime.datetime) -> None:
    """Record the time as the last known one.

    :raises PurgeRefusedError: if it is implausible.
    """
    with database.transaction() as connection:
        check_clock(connection, now)
        known = read_time(connection, "last_seen")
        write_state(connection, "last_seen", max(now, known or now).isoformat())
        if (read_state(connection, "purge_refused") or "").startswith("clock"):
            write_state(connection, "purge_refused", None)
            write_state(connection, "last_purge", None)  # the next one is due at once and corrects dates in the future


def purge(
    database: Database,
    settings: Settings,
    now: datetime.datetime,
    dry_run: bool = False,
    confirmed: int | None = None,
) -> list[str]:
    """Delete expired and announced submissions, mark those that expire next; return a sentence for each result.

    :param dry_run: only return the results.
    :param confirmed: how many an operator expects to be deleted now, all that is past its retention, announced or
        not; this also confirms the clock.
    :raises PurgeRefusedError: if clock or number are implausible, or another number was confirmed.
    """
    if confirmed is None and not dry_run:
        record_time(database, now)
        correct_future_times(database, now)
    past = past_retention(database, now)
    if confirmed is None:
        announced = _announced(database, now)
        chosen = {key: [number for number in numbers if number in announced] for key, numbers in past.items()}
        if not dry_run:
            _check_share(database, chosen)
    else:
        chosen = past
        _check_confirmed(sum(map(len, past.values())), confirmed)
    lines = [] if not dry_run else _objections(database, now, chosen)
    for key, numbers in chosen.items():
        if not numbers:
            continue
        if not dry_run:
            delete_submissions(database, numbers, ACTOR, "purged", now, settings.mail_dir)
        done = "would be deleted" if dry_run else "deleted"
        lines.append(f"{key}: {len(numbers)} {done}, older than {FORMS[key].retention_months} months.")
    late = sum(map(len, past.values())) - sum(map(len, chosen.values()))
    if late:
        lines.append(
            f"{late} more are past their retention and are deleted once they have been announced for {GRACE_DAYS} days."
        )
    if dry_run and lines:
        lines.append(
            f"Delete all {sum(map(len, past.values()))} now: kim purge --confirm {sum(map(len, past.values()))}"
        )
    if not dry_run:
        _purge_sessions_and_events(database, now, confirmed is not None)
        _announce(database, now)
    return lines or ["Nothing is past its retention."]


def _announced(database: Database, now: datetime.datetime) -> frozenset[str]:
    """Return the numbers of the submissions that have been announced for :data:`GRACE_DAYS`."""
    limit = now - datetime.timedelta(days=GRACE_DAYS)
    query = sa.select(deletion_mark.c.number).where(deletion_mark.c.marked_at <= limit)
    return frozenset(row.number for row in database.rows(query))


def _check_share(database: Database, chosen: dict[str, list[str]]) -> None:
    number = sum(map(len, chosen.values()))
    with database.read_connection() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(submission)).scalar_one()
    if number > MAX_UNCONFIRMED and number * 2 > total:
        raise PurgeRefusedError(
            "share",
            f"Nothing is deleted: {number} of {total} submissions would be deleted at once. Check the clock and the retention "
            "periods. If it is meant: kim purge --dry-run, then kim purge --confirm N with the number of deletions.",
        )


def _check_confirmed(number: int, confirmed: int) -> None:
    if number != confirmed:
        raise PurgeRefusedError(
            "confirm", f"Nothing was deleted: {confirmed} were confirmed, but {number} would be deleted."
        )


def _objections(database: Database, now: datetime.datetime, chosen: dict[str, list[str]]) -> list[str]:
    """Return the reasons that would refuse a purge, for a dry run."""
    lines = []
    try:
        with database.read_connection() as connection:
            check_clock(connection, now)
        _check_share(database, chosen)
    except PurgeRefusedError as error:
        lines.append(str(error))
    return lines


def _purge_sessions_and_events(database: Database, now: datetime.datetime, confirmed: bool) -> None:
    """Delete expired counts, sessions, forms and events, and record the purge."""
    with database.transaction() as connection:
        rate_limit.delete_before(connection, f"{now:%Y-%m-%d}")
        connection.execute(staff_session.delete().where(staff_session.c.created_at < now - ONE_DAY))
        saved_forms.delete_expired(connection, now)
        _purge_editing(connection, now)
        search_misses.delete_expired(connection, now, database)
        presence.delete_presence(connection, now)
        digest.delete_old_mails(connection, now)
        old = now - relativedelta(months=EVENT_RETENTION_MONTHS)
        connection.execute(event.delete().where(event.c.number.is_(None), event.c.happened_at < old))
        if confirmed:
            write_state(connection, "last_seen", now.isoformat())
        write_state(connection, "last_purge", now.isoformat())
        write_state(connection, "purge_refused", None)
        record_event(connection, ACTOR, "purge", now)


def _purge_editing(connection: sa.Connection, now: datetime.datetime) -> None:
    """Delete unstored texts, presences, and after two years the names of who published; published texts stay."""
    connection.execute(scratch.delete().where(scratch.c.saved_at < now - SCRATCH_RETENTION))
    connection.execute(page_presence.delete().where(page_presence.c.seen_at < now - ONE_DAY))
    old = publication.c.finished_at < now - relativedelta(months=EVENT_RETENTION_MONTHS)
    connection.execute(publication.update().where(old, publication.c.actor != "").values(actor=""))


def _announce(database: Database, now: datetime.datetime) -> None:
    """Announce the deletions of the next two weeks, and withdraw announcements that no longer hold."""
    soon = past_retention(database, now + datetime.timedelta(days=ANNOUNCEMENT_DAYS))
    wanted = {number for numbers in soon.values() for number in numbers}
    with database.transaction() as connection:
        marked = set(connection.execute(sa.select(deletion_mark.c.number)).scalars())
        _withdraw_announcements(connection, sorted(marked - wanted))
        stored = _stored(connection, sorted(wanted - marked))
        if stored:
            connection.execute(deletion_mark.insert(), [{"number": number, "marked_at": now} for number in stored])


def _withdraw_announcements(connection: sa.Connection, numbers: Collection[str]) -> None:
    for number in numbers:
        connection.execute(deletion_mark.delete().where(deletion_mark.c.number == number))


def _stored(connection: sa.Connection, numbers: list[str]) -> list[str]:
    """Return which of these are still stored; somebody may have deleted one meanwhile."""
    found: list[str] = []
    for start in range(0, len(numbers), 500):
        some = submission.c.number.in_(numbers[start : start + 500])
        found += connection.execute(sa.select(submission.c.number).where(some)).scalars()
    return found


def purge_if_due(database: Database, settings: Settings, now: datetime.datetime) -> list[str]:
    """Record the time, and purge once a day; return the results, or once a day the reason of a refusal."""
    try:
        record_time(database, now)
        with database.read_connection() as connection:
            last = read_time(connection, "last_purge")
        if last is not None and abs(now - last) < ONE_DAY:
            return []
        return purge(database, settings, now)
    except PurgeRefusedError as error:
        return [str(error)] if _record_refusal(database, error.kind, now) else []


def _record_refusal(database: Database, kind: str, now: datetime.datetime) -> bool:
    """Record the refusal for the staff area; return whether it is to be logged today."""
    with database.transaction() as connection:
        before = (read_state(connection, "purge_refused") or "").split(" ")
        known = before[0] == kind and abs(now - datetime.datetime.fromisoformat(before[1])) < ONE_DAY
        if not known:
            write_state(connection, "purge_refused", f"{kind} {now.isoformat()}")
        if kind == "share":
            write_state(connection, "last_purge", now.isoformat())
    return not known
