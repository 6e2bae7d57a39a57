"""Answers to senders and their replies: drafts, sending by the outbox, replies entered by hand."""

import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date

from core.clock import local_day
from core.gettext import use_language
from core.languages import Language, default_language, find_language
from form_handler.forms import FORMS
from form_handler.forms.fields import MultilineField
from form_handler.mail.answer_templates import fill, load_answer_texts
from form_handler.mail.compose import Answer
from form_handler.mail.headers import ascii_address
from form_handler.mail.texts import reply_template
from form_handler.settings import Settings
from form_handler.staff.inbox.actions import update_submission
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.search import add_note_text
from form_handler.storage.submissions import ConflictError, Submission
from form_handler.storage.tables import account, answer_draft, message, outgoing_mail

MAX_SUBJECT_CHARS, MAX_TEXT_CHARS = 150, 10_000
MAX_QUOTED_CHARS = 2_000
CHANNELS = ("mail", "phone", "visit")
# States of the entry after an answer: answered; still open; still open, with an interim notice given.
OUTCOMES = ("answered", "in_work", "interim")
NAME_FIELDS = ("contact_name", "name")


@dataclass(frozen=True)
class Draft:
    """An answer that is being written."""

    language: str
    subject: str
    text: str
    written_at: datetime.datetime | None = None


def answer_language(found: Submission) -> Language:
    """Return the sender's language, or the default one if the site does not have it any more."""
    return find_language(found.language) or default_language()


def sender_address(found: Submission) -> str:
    """Return the address of the sender as it was given, or nothing."""
    definition = FORMS.get(found.form)
    return str(found.answers.get(definition.sender_field or "") or "") if definition else ""


def begin_answer(settings: Settings, found: Submission, language: Language, template: str = "") -> Draft:
    """Return an answer to begin with: reference, greeting, template, closing, and the question as a quotation."""
    texts, code = load_answer_texts(), language.code
    chosen = next((one for one in texts.for_form(found.form) if one.key == template), None)
    name = next((str(found.answers[field]) for field in NAME_FIELDS if found.answers.get(field)), "")
    with use_language(code):
        subject, reference = reply_template(found.reference)
    greeting = texts.frame["greeting" if name else "greeting_unnamed"].get(code, "")
    body = chosen.text.get(code, "") if chosen else ""
    parts = [reference, fill(greeting, name=name), body, texts.frame["closing"].get(code, "")]
    if question := question_of(found):
        day = format_date(local_day(found.received_at, settings.time_zone), "long", locale=code)
        quoted = "\n".join(f"> {line}".rstrip() for line in question[:MAX_QUOTED_CHARS].split("\n"))
        parts.append(f"{fill(texts.frame['question'].get(code, ''), date=day)}\n{quoted}")
    return Draft(code, subject, "\n\n".join(parts).strip() + "\n")


def question_of(found: Submission) -> str:
    """Return the free texts of the sender."""
    form = FORMS[found.form].form_class()
    names = [name for name, field in form._fields.items() if isinstance(field, MultilineField)]
    return "\n\n".join(str(found.answers[name]).strip() for name in names if found.answers.get(name))


def save_draft(database: Database, number: str, account_id: int, draft: Draft, now: datetime.datetime) -> None:
    """Keep the answer that an account is writing; an earlier draft of the same account is replaced."""
    mine = (answer_draft.c.number == number) & (answer_draft.c.account_id == account_id)
    values = {"language": draft.language, "subject": draft.subject[:200], "text": draft.text[:MAX_TEXT_CHARS]}
    with database.transaction() as connection:
        connection.execute(answer_draft.delete().where(mine))
        connection.execute(answer_draft.insert().values(number=number, account_id=account_id, written_at=now, **values))


def find_draft(database: Database, number: str, account_id: int) -> Draft | None:
    """Return the draft of an account, or None."""
    query = sa.select(answer_draft).where(answer_draft.c.number == number, answer_draft.c.account_id == account_id)
    row = database.first(query)
    return Draft(row.language, row.subject, row.text, row.written_at) if row else None


def delete_draft(database: Database, number: str, account_id: int) -> None:
    """Throw the draft of an account away."""
    mine = (answer_draft.c.number == number) & (answer_draft.c.account_id == account_id)
    database.change(answer_draft.delete().where(mine))


def draft_authors(database: Database, number: str, account_id: int) -> list[str]:
    """Return the names of the colleagues who have begun an answer."""
    query = (
        sa.select(account.c.name)
        .join(answer_draft, answer_draft.c.account_id == account.c.id)
        .where(answer_draft.c.number == number, account.c.id != account_id)
        .order_by(account.c.name)
    )
    return [row.name for row in database.rows(query)]


def list_messages(database: Database, number: str) -> list[sa.Row[Any]]:
    """Return the correspondence of an entry, the oldest first; within a minute as it was stored."""
    rows = database.rows(sa.select(message).where(message.c.number == number))
    return sorted(rows, key=lambda row: (row.happened_at.replace(second=0, microsecond=0), row.id))


def last_message_id(rows: list[sa.Row[Any]]) -> int:
    """Return the number of the newest message, 0 for none."""
    return max((row.id for row in rows), default=0)


def send_answer(
    database: Database,
    seen: Submission,
    last_seen: int,
    draft: Draft,
    outcome: str,
    token: str,
    sender: tuple[int, str],
    now: datetime.datetime,
) -> None:
    """Store an answer and put its mail into the outbox, once for each token; state and due day follow.

    :param last_seen: number of the newest message that the clerk has seen.
    :param outcome: one of :data:`OUTCOMES`.
    :param sender: number and name of the account.
    :raises ConflictError: if there is a newer message, a colleague's answer for example.
    :raises ValueError: if the sender gave no address.
    :raises GoneError: if the entry was deleted.
    """
    account_id, actor = sender

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if connection.execute(sa.select(message.c.id).where(message.c.token == token)).first() is not None:
            return None
        rows = connection.execute(
            sa.select(message.c.id, message.c.direction).where(message.c.number == current.number)
        )
        known = rows.all()
        if max((row.id for row in known), default=0) > last_seen:
            raise ConflictError(current, ["answer"])
        address = sender_address(current)
        if not address:
            raise ValueError("no address")
        kind = f"answer-{sum(row.direction == 'out' for row in known) + 1}"
        connection.execute(
            outgoing_mail.insert().values(
                number=current.number, kind=kind, recipient=ascii_address(address), message="",
                state="held" if current.held else "waiting", attempts=0, next_attempt_at=now,
            )
        )  # fmt: skip
        insert_message(connection, current.number, "out", draft, actor, now, token, "mail", kind)
        mine = (answer_draft.c.number == current.number) & (answer_draft.c.account_id == account_id)
        connection.execute(answer_draft.delete().where(mine))
        record_event(connection, actor, "sent-answer", now, current.number, outcome)
        if outcome == "answered":
            return {"state": "answered", "answered_at": now}
        interim = {"interim_at": now} if outcome == "interim" and current.interim_at is None else {}
        return {"state": "in_work", **interim}

    update_submission(database, seen.number, change)


def record_reply(
    database: Database,
    found: Submission,
    draft: Draft,
    channel: str,
    came_at: datetime.datetime,
    wants_answer: bool,
    token: str,
    actor: str,
    now: datetime.datetime,
) -> None:
    """Store a reply of the sender that came outside, once for each token.

    One that needs an answer opens the entry again, due from the day of the reply; another one closes it.

    :raises GoneError: if the entry was deleted.
    """

    def change(connection: sa.Connection, current: Submission) -> dict[str, Any] | None:
        if connection.execute(sa.select(message.c.id).where(message.c.token == token)).first() is not None:
            return None
        insert_message(connection, current.number, "in", draft, actor, came_at, token, channel, None)
        record_event(connection, actor, "reply", now, current.number, channel)
        if not wants_answer:
            return {"state": "closed"}
        return {"state": "in_work", "asked_at": max(came_at, current.asked_at or came_at)}

    update_submission(database, found.number, change)


def insert_message(
    connection: sa.Connection,
    number: str,
    direction: str,
    draft: Draft,
    author: str,
    happened_at: datetime.datetime,
    token: str,
    channel: str,
    mail_kind: str | None,
) -> None:
    """Insert one message of a correspondence."""
    connection.execute(
        message.insert().values(
            number=number, direction=direction, mail_kind=mail_kind, channel=channel, language=draft.language,
            subject=draft.subject, text=draft.text, author=author, happened_at=happened_at, token=token,
        )
    )  # fmt: skip
    add_note_text(connection, number, draft.text)


def as_answer(row: Mapping[str, Any] | Draft, earlier: tuple[str, ...] = ()) -> Answer:
    """Return a draft or a stored message as :func:`form_handler.mail.compose.compose_answer` takes it."""
    if isinstance(row, Draft):
        return Answer(row.language, row.subject, row.text, earlier)
    return Answer(row["language"], row["subject"], row["text"], earlier)


def find_answer(connection: sa.Connection, number: str, kind: str) -> Answer | None:
    """Return the office's text in a mail of a submission, with the mails before it; None if it is not an answer."""
    query = sa.select(message).where(message.c.number == number, message.c.mail_kind == kind)
    row = connection.execute(query).first()
    return Answer(row.language, row.subject, row.text, earlier_mails(connection, number, kind)) if row else None


def earlier_mails(connection: sa.Connection, number: str, kind: str = "") -> tuple[str, ...]:
    """Return the kinds of the mails to the sender before one of this kind, the oldest first."""
    mail = outgoing_mail.c
    to_sender = mail.kind.in_(("copy", "full-copy")) | mail.kind.startswith("answer-")
    kinds = connection.execute(sa.select(mail.kind).where(mail.number == number, to_sender).order_by(mail.id)).scalars()
    return tuple(itertools.takewhile(lambda one: one != kind, kinds))
