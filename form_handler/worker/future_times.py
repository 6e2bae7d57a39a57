"""Corrects rows that were stored while the clock was ahead: they would wait, or be kept, for years."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from form_handler.staff import saved_forms
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.state import CLOCK_EVENT, MAX_CLOCK_AHEAD
from form_handler.storage.tables import (
    account_setting,
    daily_key,
    deletion_mark,
    event,
    page_presence,
    presence,
    rate,
    saved_form,
    scratch,
    search_miss,
    staff_session,
    submission,
)

ACTOR = "kim"
# From these times on something is kept or announced: they become the present.
COUNTED_FROM = (scratch.c.saved_at, deletion_mark.c.marked_at)
# Short-lived rows are deleted: sessions that never end, who is where, and what is thrown away each day.
SHORT_LIVED = (staff_session.c.created_at, page_presence.c.seen_at, presence.c.seen_at)
OF_A_DAY = (rate.c.day, daily_key.c.day, search_miss.c.day)


def correct_future_times(database: Database, now: datetime.datetime) -> None:
    """Let what came in while the clock was ahead be kept from now on, and forget what is short-lived.

    What is dated less than thirty days ahead passes by itself. Mails need nothing: one that is due too far ahead is sent (:data:`form_handler.worker.delivery.MAX_WAIT`).
    """
    ahead = now + MAX_CLOCK_AHEAD
    last_day = f"{ahead:%Y-%m-%d}"
    with database.transaction() as connection:
        for column in COUNTED_FROM:
            connection.execute(column.table.update().where(column > ahead).values({column.name: now}))
        for column in SHORT_LIVED:
            connection.execute(column.table.delete().where(column > ahead))
        for column in OF_A_DAY:
            connection.execute(column.table.delete().where(column > last_day))
        kept = saved_form.c.expires_at > ahead + saved_forms.RETENTION
        connection.execute(saved_form.update().where(kept).values(expires_at=now + saved_forms.RETENTION))
        written = account_setting.c.digest_day > last_day
        connection.execute(account_setting.update().where(written).values(digest_day=None))
        _correct_retention(connection, ahead, now)


def _correct_retention(connection: sa.Connection, ahead: datetime.datetime, now: datetime.datetime) -> None:
    """Record for submissions dated ahead that they are kept as if they had come in now."""
    is_clock = event.c.kind == CLOCK_EVENT
    corrected = sa.select(event.c.number).where(is_clock, event.c.number.is_not(None))
    wrong = sa.select(submission.c.number).where(
        submission.c.received_at > ahead, submission.c.number.not_in(corrected)
    )
    connection.execute(event.update().where(is_clock, event.c.happened_at > ahead).values(happened_at=now))
    for number in connection.execute(wrong).scalars().all():
        record_event(connection, ACTOR, CLOCK_EVENT, now, number)
