"""Quotations of survey answers that the office releases for publication, or withdraws."""

import datetime
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from form_handler.staff.inbox.actions import update_submission
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.submissions import (
    ConflictError,
    Submission,
)
from form_handler.storage.tables import quotation


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
    """Release a quotation of a survey answer for publication; a second one of the same answer replaces the first.

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

    update_submission(database, found.number, change)


def find_quotation(connection: sa.Connection, number: str, field: str) -> dict[str, Any]:
    """Return text and name of a released quotation, each empty if there is none."""
    query = sa.select(quotation.c.text, quotation.c.named).where(
        quotation.c.number == number, quotation.c.field == field
    )
    row = connection.execute(query).first()
    return {"text": row.text, "named": row.named} if row else {"text": "", "named": False}


def withdraw_quotation(database: Database, found: Submission, field: str, actor: str, now: datetime.datetime) -> None:
    """Withdraw a released quotation.

    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        where = (quotation.c.number == current.number) & (quotation.c.field == field)
        if connection.execute(quotation.delete().where(where)).rowcount == 0:
            return None
        record_event(connection, actor, "unquoted", now, current.number, field)
        return {}

    update_submission(database, found.number, change)
