"""Changes of a submission by the office: state, assignment, notes, spam, mails; simultaneous changes are reported."""

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from form_handler.staff.inbox.queries import STATES, undelivered_condition
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.events import record_event
from form_handler.storage.search import add_note_text
from form_handler.storage.submissions import (
    ConflictError,
    GoneError,
    Submission,
    from_row,
    work_order,
)
from form_handler.storage.tables import note, outgoing_mail, submission

MAX_ATTEMPTS = 20
DUPLICATE_NOTE_WINDOW = datetime.timedelta(minutes=1)
# Columns that the order of the work list depends on, besides the answers.
ORDERING_FIELDS = frozenset({"state", "asked_at", "interim_at", "follow_up"})
WORK_FIELDS = ("state", "assignee", "follow_up")
Change = Callable[[sa.Connection, Submission], dict[str, Any] | None]


class _ChangedError(Exception):
    """The version has changed between reading and writing."""


def update_submission(database: Database, number: str, change: Change) -> None:
    """Change a submission from the version that was read to the next one; begin again if the version has changed.

    :param change: takes the submission as it is now and returns the new values, or None if there is nothing to do; its
        other statements are rolled back with the transaction.
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
                changed = replace(current, **{name: values[name] for name in ORDERING_FIELDS & values.keys()})
                if "answers" in values:
                    changed = replace(changed, answers=json.loads(values["answers"]))
                values |= {**work_order(changed, database.time_zone), "version": current.version + 1}
                done = connection.execute(
                    submission.update()
                    .where(submission.c.number == number, submission.c.version == current.version)
                    .values(values)
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
    found = database.first(sa.select(submission.c.number).where(submission.c.number == number))
    return found is None


def set_work(
    database: Database, seen: Submission, wanted: Mapping[str, Any], actor: str, now: datetime.datetime
) -> list[str]:
    """Change state, assignee and follow-up day of a submission; return the names of changed fields.

    The state "answered" notes when. A colleague's later changes of other fields stay.

    :param seen: the submission as the colleague saw it.
    :param wanted: new values by name: ``state``, ``assignee`` (empty for nobody), ``follow_up`` (None for none).
    :raises ValueError: if there is no such state.
    :raises ConflictError: if a colleague has changed the same field to something else since.
    :raises GoneError: if it was deleted.
    """
    if wanted.get("state", STATES[0]) not in STATES:
        raise ValueError(wanted["state"])
    changed: list[str] = []

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        theirs = {name: getattr(current, name) for name in WORK_FIELDS}
        before = {name: getattr(seen, name) for name in WORK_FIELDS} if seen.version != current.version else theirs
        merged, conflicts = merge_fields(before, wanted, theirs)
        if conflicts:
            raise ConflictError(current, conflicts, merged)
        changed[:] = [name for name in WORK_FIELDS if merged[name] != theirs[name]]
        if not changed:
            return None
        for name in changed:
            detail = merged[name].isoformat() if isinstance(merged[name], datetime.date) else merged[name] or ""
            record_event(connection, actor, name.replace("_", "-"), now, current.number, detail)
        values: dict[str, Any] = {name: merged[name] for name in changed}
        if "assignee" in values:
            values["assignee"] = values["assignee"] or None
        return {**values, **({"answered_at": now} if values.get("state") == "answered" else {})}

    update_submission(database, seen.number, change)
    return changed


def merge_fields(
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
        add_note_text(connection, found.number, text)
        record_event(connection, actor, "note", now, found.number)


def record_interim_notice(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Record an interim notice (§ 5(2) BITVNRW); the first one counts.

    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if current.interim_at is not None:
            return None
        record_event(connection, actor, "interim", now, current.number)
        return {"interim_at": now}

    update_submission(database, found.number, change)


def accept_held(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Move a held submission into the inbox and queue its mails.

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

    update_submission(database, found.number, change)


def mark_as_spam(database: Database, found: Submission, actor: str, now: datetime.datetime) -> None:
    """Move a submission to the suspected spam from any state; its mails that have not left are held.

    It no longer counts in the inbox, in the numbers and in the survey, save where it is published already.

    :raises GoneError: if the submission was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if current.held:
            return None
        connection.execute(
            outgoing_mail.update()
            .where(outgoing_mail.c.number == current.number, outgoing_mail.c.state.in_(("waiting", "failed")))
            .values(state="held")
        )
        record_event(connection, actor, "spam", now, current.number)
        return {"held": True, "suspicion": " ".join(dict.fromkeys([*current.suspicion.split(), "hand"]))}

    update_submission(database, found.number, change)


def retry_mails(database: Database, actor: str, now: datetime.datetime, number: str | None = None) -> int:
    """Make undelivered mails due now, of one submission or of all; return their number."""
    where = [undelivered_condition()] if number is None else [undelivered_condition(), outgoing_mail.c.number == number]
    with database.transaction() as connection:
        done = connection.execute(
            outgoing_mail.update()
            .where(*where, outgoing_mail.c.state != "sending")
            .values(state="waiting", attempts=0, next_attempt_at=now, last_error=None)
        )
        record_event(connection, actor, "retry", now, number, str(done.rowcount))
    return done.rowcount
