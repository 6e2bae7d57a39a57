"""Storing and finding submissions; a submission and its mails are one transaction."""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from form_handler.storage.database import Database
from form_handler.storage.schema import outgoing_mail, submission

# Without 0 O 1 I L U, which are mistaken for each other on the phone (after Crockford's base 32).
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Submission:
    """One form as it came in.

    :ivar number: its one-time submission number, a UUID; the same number twice is one submission.
    :ivar reference: what people say on the phone, for example ``"KIM-7F3K9Q"``.
    :ivar answers: field name to answer.
    """

    number: str
    reference: str
    form: str
    language: str
    state: str
    received_at: datetime.datetime
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """A mail that goes out with a submission: its kind, whom it is for, the whole message."""

    kind: str
    recipient: str
    message: str


def new_reference() -> str:
    """Return a reference number, one of 729 million."""
    return "KIM-" + "".join(secrets.choice(ALPHABET) for _ in range(6))


def store(
    database: Database,
    number: str,
    form: str,
    language: str,
    answers: Mapping[str, Any],
    drafts: Callable[[Submission], Sequence[Draft]],
    now: datetime.datetime,
) -> Submission:
    """Store a submission and its mails in one transaction, once; return what is stored.

    When this returns, everything is on disk. A number that is already stored gives the stored one.

    :raises sqlalchemy.exc.SQLAlchemyError: if it could not be stored; then nothing was.
    :raises DatabaseBusyError: if other writers held the line for too long; nothing was stored.
    """
    for attempt in range(4):
        try:
            with database.writing() as connection:
                known = find_by_number(connection, number)
                if known is not None:
                    return known
                fresh = Submission(number, new_reference(), form, language, "new", now, answers)
                _insert(connection, fresh, drafts(fresh))
                return fresh
        except sa.exc.IntegrityError:
            # The reference was taken, or the same number came in another process at the same moment.
            if attempt == 3:
                raise
    raise AssertionError("unreachable")


def _insert(connection: sa.Connection, fresh: Submission, drafts: Sequence[Draft]) -> None:
    connection.execute(
        submission.insert().values(
            number=fresh.number,
            reference=fresh.reference,
            form=fresh.form,
            language=fresh.language,
            state=fresh.state,
            received_at=fresh.received_at,
            answers=json.dumps(fresh.answers, ensure_ascii=False),
        )
    )
    for draft in drafts:
        connection.execute(
            outgoing_mail.insert().values(
                number=fresh.number,
                kind=draft.kind,
                recipient=draft.recipient,
                message=draft.message,
                state="waiting",
                attempts=0,
                next_attempt_at=fresh.received_at,
            )
        )


def _read(row: sa.Row[Any]) -> Submission:
    data = row._mapping
    return Submission(
        number=data["number"],
        reference=data["reference"],
        form=data["form"],
        language=data["language"],
        state=data["state"],
        received_at=data["received_at"],
        answers=json.loads(data["answers"]),
    )


def find_by_number(connection: sa.Connection, number: str) -> Submission | None:
    """Return the submission with this one-time number, or None."""
    row = connection.execute(sa.select(submission).where(submission.c.number == number)).first()
    return _read(row) if row else None


def find_by_reference(database: Database, reference: str) -> Submission | None:
    """Return the submission with this reference number, or None; small letters are forgiven."""
    with database.reading() as connection:
        query = sa.select(submission).where(submission.c.reference == reference.strip().upper())
        row = connection.execute(query).first()
    return _read(row) if row else None


def list_submissions(database: Database, form: str | None = None, state: str | None = None) -> list[Submission]:
    """Return submissions, the newest first."""
    query = sa.select(submission).order_by(submission.c.received_at.desc(), submission.c.reference)
    if form:
        query = query.where(submission.c.form == form)
    if state:
        query = query.where(submission.c.state == state)
    with database.reading() as connection:
        return [_read(row) for row in connection.execute(query)]
