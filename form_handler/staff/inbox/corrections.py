"""Correcting answers (Art. 16 GDPR): field by field, merged with colleagues' changes; waiting mails are redirected."""

import datetime
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from form_handler.forms import FORMS
from form_handler.mail.headers import ascii_address
from form_handler.staff.inbox.actions import merge_fields, update_submission
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.submissions import (
    ConflictError,
    Submission,
    computed_columns,
)
from form_handler.storage.tables import outgoing_mail, quotation

# States of a mail that has not left for good.
PENDING_MAIL_STATES = ("held", "waiting", "sending", "failed")


def update_answers(
    database: Database, seen: Submission, answers: Mapping[str, Any], actor: str, now: datetime.datetime
) -> list[str]:
    """Correct answers (Art. 16 GDPR); return the names of the changed fields.

    A colleague's later changes of other fields stay. Mails to the sender that have not left yet go to the
    corrected address; a mail that is being sent at this moment goes there once more.

    :param seen: the submission as the colleague saw it.
    :raises ConflictError: if a colleague has changed the same field since.
    :raises GoneError: if it was deleted.
    """
    changed: list[str] = []

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        merged, conflicts = merge_fields(seen.answers, answers, current.answers)
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

    update_submission(database, seen.number, change)
    return changed


def _redirect_mails(
    connection: sa.Connection, current: Submission, answers: Mapping[str, Any], now: datetime.datetime
) -> bool:
    """Let the sender's mails that have not left yet go to the corrected address; return whether it has changed.

    A mail loses its worker's claim: the worker that is sending it now cannot call it sent or failed any more.
    """
    pending = (outgoing_mail.c.number == current.number) & outgoing_mail.c.state.in_(PENDING_MAIL_STATES)
    # Mails that version 0.1 stored whole hold the old answers.
    connection.execute(outgoing_mail.update().where(pending).values(message=""))
    definition = FORMS.get(current.form)
    name = definition.sender_field if definition else None
    old, new = (current.answers.get(name), answers.get(name)) if name else (None, None)
    old, new = (_ascii_address_or_same(str(address)) if address else None for address in (old, new))
    if old == new:
        return False
    to_sender = pending & (outgoing_mail.c.kind.in_(("copy", "full-copy")) | outgoing_mail.c.kind.startswith("answer-"))
    if new is None:
        connection.execute(outgoing_mail.delete().where(to_sender))
        return True
    # A mail that only a confirmed address gets is not for the new one, which is not confirmed yet.
    connection.execute(outgoing_mail.delete().where(to_sender, outgoing_mail.c.kind == "full-copy"))
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
