"""The retention of submissions, and the notice of their deletion; :mod:`form_handler.worker.purge` deletes them."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from form_handler.forms import FORMS
from form_handler.storage.database import Database
from form_handler.storage.state import CLOCK_EVENT, read_state
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import (
    deletion_mark,
    event,
    submission,
)

ANNOUNCEMENT_DAYS = 14
# The maximum number in the notice; reading all would slow down each page of a large inbox.
SHOWN_REFERENCES = 50


@dataclass(frozen=True)
class DeletionNotice:
    """The notice about deletion in the staff area.

    :ivar number: how many submissions will be deleted within two weeks.
    :ivar references: reference numbers of the first of them, by the day on which they were announced.
    :ivar refused: why nothing is deleted at present: ``clock``, ``share`` or empty.
    """

    number: int
    references: list[str]
    refused: str


def deletion_notice(database: Database) -> DeletionNotice:
    """Return the notice for the staff area."""
    count = sa.select(sa.func.count()).select_from(deletion_mark)
    first = sa.select(deletion_mark.c.number).order_by(deletion_mark.c.marked_at, deletion_mark.c.number)
    shown = submission.c.number.in_(first.limit(SHOWN_REFERENCES).scalar_subquery())
    with database.read_connection() as connection:
        refused = (read_state(connection, "purge_refused") or "").partition(" ")[0]
        number = connection.execute(count).scalar_one()
        marked = connection.execute(sa.select(submission.c.received_at, submission.c.reference).where(shown)).all()
        return DeletionNotice(number, [reference for _moment, reference in sorted(map(tuple, marked))], refused)


def retention_end(found: Submission, events: Iterable[Any] = ()) -> datetime.datetime:
    """Return when the retention of a submission ends; it is deleted by the next purge after that.

    :param events: rows of its history; one of the kind :data:`CLOCK_EVENT` counts instead of the time at which it came in.
    """
    corrected = [row.happened_at for row in events if row.kind == CLOCK_EVENT]
    begun = max(corrected, default=found.received_at)
    end: datetime.datetime = begun + relativedelta(months=FORMS[found.form].retention_months)
    return end


def past_retention(database: Database, now: datetime.datetime) -> dict[str, list[str]]:
    """Return, by form, the numbers of submissions older than the form's retention."""
    found: dict[str, list[str]] = {}
    corrected = sa.select(sa.func.max(event.c.happened_at)).where(
        event.c.number == submission.c.number, event.c.kind == CLOCK_EVENT
    )
    begun = sa.func.coalesce(corrected.scalar_subquery(), submission.c.received_at)
    with database.read_connection() as connection:
        for definition in FORMS.values():
            query = sa.select(submission.c.number).where(
                submission.c.form == definition.key,
                begun < now - relativedelta(months=definition.retention_months),
            )
            numbers = list(connection.execute(query).scalars())
            if numbers:
                found[definition.key] = numbers
    return found
