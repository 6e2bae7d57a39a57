"""Store and find submissions; a submission and its mails are one transaction."""

import datetime
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from form_handler.forms.contact_details import canonical_address
from form_handler.storage.database import Database
from form_handler.storage.search import reference_spellings, search_columns
from form_handler.storage.state import CLOCK_EVENT, MAX_CLOCK_BACK, read_time
from form_handler.storage.tables import event, outgoing_mail, submission
from form_handler.storage.work_list import work_columns

# Without 0 O 1 I L U, which are mistaken for each other on the phone (after Crockford's base 32).
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Submission:
    """A form as it was submitted.

    :ivar number: its one-time submission number, a UUID; the same number twice is one submission.
    :ivar reference: the number that people quote, for example ``"KIM-7F3K9Q"``.
    :ivar answers: field name to answer.
    :ivar held: whether it is quarantined as suspected spam; then its mails wait for the office.
    :ivar suspicion: why it may be spam, kinds with blanks between; empty if there is no sign.
    :ivar sender: the sender's e-mail address in its canonical spelling, or None.
    :ivar interim_at: when an interim notice was given, or None.
    :ivar answered_at: when it was marked as answered, or None.
    :ivar confirmed_at: when the sender confirmed the address, or None.
    :ivar version: rises with every change by the office.
    :ivar assignee: the account that works on it; empty for nobody.
    :ivar follow_up: the day of the office's follow-up, or None.
    :ivar asked_at: the time of the last reply that needs an answer, or None.
    :ivar company_key: the company's name for comparison, or None.
    :ivar work_key: its place in the work list, see :mod:`form_handler.storage.work_list`.
    """

    number: str
    reference: str
    form: str
    language: str
    state: str
    received_at: datetime.datetime
    answers: Mapping[str, Any]
    held: bool = False
    suspicion: str = ""
    sender: str | None = None
    interim_at: datetime.datetime | None = None
    answered_at: datetime.datetime | None = None
    confirmed_at: datetime.datetime | None = None
    version: int = 1
    assignee: str = ""
    follow_up: datetime.date | None = None
    asked_at: datetime.datetime | None = None
    company_key: str | None = None
    work_key: str = ""


@dataclass(frozen=True)
class OutgoingMail:
    """A mail that goes out with a submission: its kind and its recipient."""

    kind: str
    recipient: str


@dataclass(frozen=True)
class SpamVerdict:
    """Whether a submission looks like spam: the signs, kinds with blanks between, and whether it is held.

    :ivar silent: whether the sender's address gets no mail, because too many went there today.
    """

    suspicion: str = ""
    held: bool = False
    silent: bool = False


class GoneError(Exception):
    """The submission was deleted in the meantime; nothing was changed."""


class ConflictError(Exception):
    """A colleague has changed the same thing in the meantime; nothing was changed.

    :ivar current: the submission as it is now.
    :ivar fields: the fields that both have changed: names of answers, or ``"state"``.
    :ivar merged: the answers in which everything else is merged.
    """

    def __init__(self, current: Submission, fields: list[str], merged: Mapping[str, Any] | None = None) -> None:
        super().__init__(" ".join(fields))
        self.current = current
        self.fields = fields
        self.merged = dict(merged or {})


# The same answers from the same browser within this time are one submission: two tabs, a form sent again.
DUPLICATE_WINDOW = datetime.timedelta(minutes=15)
MAX_STORE_ATTEMPTS = 4

# Made once: building a statement takes longer than running it.
INSERT_SUBMISSION = submission.insert()
INSERT_MAIL = outgoing_mail.insert()
FIND_DUPLICATE = sa.select(submission).where(
    (submission.c.number == sa.bindparam("number"))
    | (
        (submission.c.fingerprint == sa.bindparam("fingerprint"))
        & (submission.c.received_at > sa.bindparam("since", type_=submission.c.received_at.type))
    )
)

SpamClassifier = Callable[[sa.Connection], SpamVerdict]


def new_reference() -> str:
    """Return a reference number, one of 729 million."""
    return "KIM-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(6))


def store_submission(
    database: Database,
    number: str,
    form: str,
    language: str,
    answers: Mapping[str, Any],
    mails: Callable[[Submission], Sequence[OutgoingMail]],
    now: datetime.datetime,
    classify: SpamClassifier = lambda _connection: SpamVerdict(),
    fingerprint: str | None = None,
    state: str = "new",
    by_clock: bool = False,
) -> Submission:
    """Store a submission and its mails in one transaction, once; return the stored submission.

    When this returns, everything is on disk. A number that is already stored gives the stored one, and so
    does a fingerprint that came within the last :data:`DUPLICATE_WINDOW`. The mails of a held submission are stored
    as held, too: none is sent before the office has released it.

    :param by_clock: whether ``now`` is the clock of this machine. If it is before the last known time, that time is recorded
        beside it, because a wrong year would end the retention at once.
    :raises sqlalchemy.exc.SQLAlchemyError: if it could not be stored; then nothing was.
    :raises DatabaseBusyError: if other writers held the write lock for too long; nothing was stored.
    """

    sender = canonical_address(str(answers.get("email") or "")) or None
    order = work_columns(form, state, answers, now, None, None, None, database.time_zone)
    for attempt in range(MAX_STORE_ATTEMPTS):
        # Everything that needs no database comes before the write lock.
        reference = new_reference()
        columns = computed_columns(form, reference, answers) | order
        try:
            with database.transaction() as connection:
                known = find_duplicate(database, connection, number, fingerprint, now)
                if known is not None:
                    return known
                verdict = classify(connection)
                new = Submission(
                    number, reference, form, language, state, now, answers, verdict.held, verdict.suspicion, sender,
                    company_key=order["company_key"], work_key=order["work_key"],
                )  # fmt: skip
                sent = [mail for mail in mails(new) if mail.kind == "office" or not verdict.silent]
                _insert(connection, new, sent, columns, fingerprint)
                if by_clock:
                    _note_wrong_clock(connection, new)
            return new
        except sa.exc.IntegrityError:
            # The reference was taken, or the same number came in another process at the same moment.
            if attempt == MAX_STORE_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _insert(
    connection: sa.Connection,
    new: Submission,
    mails: Sequence[OutgoingMail],
    columns: Mapping[str, Any],
    fingerprint: str | None,
) -> None:
    connection.execute(
        INSERT_SUBMISSION,
        {
            **{
                name: getattr(new, name) for name in ("number", "reference", "form", "language", "state", "received_at")
            },
            "answers": json.dumps(new.answers, ensure_ascii=False),
            "held": new.held,
            "fingerprint": fingerprint,
            "suspicion": new.suspicion or None,
            **columns,
        },
    )
    rows = [_mail_row(new, mail, new.received_at) for mail in mails]
    if rows:
        connection.execute(INSERT_MAIL, rows)


def _note_wrong_clock(connection: sa.Connection, new: Submission) -> None:
    known = read_time(connection, "last_seen")
    if known is not None and new.received_at < known - MAX_CLOCK_BACK:
        connection.execute(
            event.insert().values(number=new.number, actor="kim", happened_at=known, kind=CLOCK_EVENT, detail="")
        )


def _mail_row(found: Submission, mail: OutgoingMail, due: datetime.datetime) -> dict[str, Any]:
    return {
        "number": found.number,
        "kind": mail.kind,
        "recipient": mail.recipient,
        "message": "",
        "state": "held" if found.held else "waiting",
        "attempts": 0,
        "next_attempt_at": due,
    }


def computed_columns(form: str, reference: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are computed from the answers, for searching and filtering."""
    return {"trade": answers.get("trade") or None, **search_columns(reference, form, answers)}


def work_order(found: Submission, zone: ZoneInfo) -> dict[str, Any]:
    """Return the columns that order the work list, computed from everything else in a submission."""
    return work_columns(
        found.form, found.state, found.answers, found.received_at, found.asked_at, found.interim_at, found.follow_up,
        zone,
    )  # fmt: skip


def from_row(row: sa.Row[Any]) -> Submission:
    """Return the submission of a row."""
    values = {name: row._mapping[name] for name in Submission.__dataclass_fields__}
    values["answers"] = json.loads(values["answers"])
    return Submission(**values | {name: values[name] or "" for name in ("suspicion", "assignee")})


def find_duplicate(
    database: Database, connection: sa.Connection, number: str, fingerprint: str | None, now: datetime.datetime
) -> Submission | None:
    """Return the submission with this one-time number, or the same browser's submission of a short while ago, or None."""
    if fingerprint is not None and not database.is_sqlite:
        # Two processes at the same moment wait for each other; on SQLite all writers do.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(int(fingerprint[:15], 16))))
    row = connection.execute(
        FIND_DUPLICATE, {"number": number, "fingerprint": fingerprint, "since": now - DUPLICATE_WINDOW}
    ).first()
    return from_row(row) if row else None


def find_by_reference(database: Database, reference: str) -> Submission | None:
    """Return the submission with this reference number, or None.

    Case, blanks and a missing hyphen are forgiven, and signs that look alike if that leaves one submission only.
    """
    if not reference.isprintable():  # PostgreSQL takes no NUL in a text
        return None
    exact = reference.strip().upper()
    query = sa.select(submission).where(submission.c.reference.in_([exact, *reference_spellings(reference)]))
    found = [from_row(row) for row in database.rows(query)]
    right = [row for row in found if row.reference == exact] or found
    return right[0] if len(right) == 1 else None


def list_submissions(database: Database, form: str | None = None, state: str | None = None) -> list[Submission]:
    """Return submissions, the newest first."""
    query = sa.select(submission).order_by(submission.c.received_at.desc(), submission.c.reference)
    if form:
        query = query.where(submission.c.form == form)
    if state:
        query = query.where(submission.c.state == state)
    return [from_row(row) for row in database.rows(query)]


def find_by_number(database: Database, number: str) -> Submission | None:
    """Return the submission with this one-time number, or None."""
    row = database.first(sa.select(submission).where(submission.c.number == number))
    return from_row(row) if row else None


def mail_state(database: Database, number: str, kind: str) -> str | None:
    """Return the state of a submission's mail of this kind, or None if there is no such mail."""
    with database.read_connection() as connection:
        query = sa.select(outgoing_mail.c.state).where(outgoing_mail.c.number == number, outgoing_mail.c.kind == kind)
        found: str | None = connection.execute(query).scalar()
    return found


def confirm_email(
    database: Database, found: Submission, now: datetime.datetime, mail: OutgoingMail | None = None
) -> None:
    """Record that a sender confirmed the e-mail address, and queue the mail that this allows; only the first time counts.

    :param mail: the mail, for example the copy of the answers; for a held submission it is held, too.
    """
    with database.transaction() as connection:
        done = connection.execute(
            submission.update()
            .where(
                submission.c.number == found.number,
                submission.c.confirmed_at.is_(None),
                # The office may have corrected the address since it was read.
                submission.c.sender.is_not_distinct_from(found.sender),
            )
            .values(confirmed_at=now)
        )
        if mail is not None and done.rowcount:
            is_held = connection.execute(
                sa.select(submission.c.held).where(submission.c.number == found.number)
            ).scalar_one()
            # A mail to an address that the office has corrected since is replaced.
            same = (outgoing_mail.c.number == found.number) & (outgoing_mail.c.kind == mail.kind)
            connection.execute(outgoing_mail.delete().where(same))
            connection.execute(INSERT_MAIL, _mail_row(replace(found, held=is_held), mail, now))
