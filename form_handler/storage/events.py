"""The log of the office's actions; it never contains input of a person."""

import datetime
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import event

# The maximum number of references in the detail of an event.
MAX_LOGGED_REFERENCES = 16


def record_event(
    connection: sa.Connection,
    actor: str,
    kind: str,
    now: datetime.datetime,
    number: str | None = None,
    detail: str = "",
) -> None:
    """Record an action with actor and time; ``detail`` never contains input of a person."""
    connection.execute(
        event.insert().values(number=number, actor=actor, happened_at=now, kind=kind, detail=detail[:200])
    )


def record_copy(database: Database, found: Sequence[Submission], kind: str, actor: str, now: datetime.datetime) -> None:
    """Record that a person received a copy of these submissions (Art. 5(2) GDPR), without its content."""
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
    return database.rows(query.order_by(event.c.id.desc()).limit(limit))
