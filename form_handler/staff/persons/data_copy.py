"""The copy of a person's data (Art. 15(1) and (3) GDPR): one structure in German, as JSON and as a page to read and print.

It holds the stored data of the submissions that a colleague has chosen, mails with their texts included. It names no
colleague (CJEU C-579/21) and no internal number; the office checks notes for data of third persons before (Art. 15(4)).
"""

import datetime
import email
import email.policy
import json
import re
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from babel.dates import format_date, format_datetime
from flask import render_template

from core.clock import local_day
from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import default_language
from core.project import load_site_settings
from form_handler import rate_limit, retention
from form_handler.forms import FORMS
from form_handler.forms.contact_details import mailbox_key
from form_handler.mail.compose import compose_mail
from form_handler.mail.texts import language_name, office_name
from form_handler.settings import Settings
from form_handler.spam import DAY_MINUTES
from form_handler.staff import saved_forms
from form_handler.staff.inbox import correspondence, queries
from form_handler.staff.labels import (
    channel_label,
    event_label,
    mail_kind_label,
    mail_state_label,
    spam_reasons,
    state_label,
)
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import answer_draft, deletion_mark, saved_form, submission, survey_decision

# The link by which an address is confirmed is its owner's alone.
CONFIRM_LINK = re.compile(r"(adresse-bestaetigen/\?nr=)[\w.\-]+")


def copy_person_data(
    database: Database, settings: Settings, found: Sequence[Submission], now: datetime.datetime
) -> dict[str, Any]:
    """Return the copy, in German: headings and values, nested as they are shown."""
    zone = settings.time_zone
    with use_language(default_language().code):
        return {
            _("Information on stored data (Art. 15 GDPR)"): {
                _("Controller"): ", ".join(dict.fromkeys([str(load_site_settings()["municipality"]["authority"]), office_name()])),
                _("As of"): _format_time(now, zone),
                _("Entries"): [row.reference for row in found],
                _("Rights"): _("You may have data corrected (Art. 16 GDPR) or deleted (Art. 17 GDPR), restrict their use (Art. 18 GDPR), object to it (Art. 21 GDPR), withdraw a consent, and complain to a supervisory authority (Art. 77 GDPR)."),
                _("Origin and recipients"): _("The data come from the forms of this website. They are for the office named above. What was published with your consent stands on the website."),
                _("Not in this copy"): _("Names of colleagues are left out. The internet address of your connection is not stored. Against misuse, sendings are counted under a key that is deleted each day."),
            },
            _("Entries in full"): [_entry(database, settings, row, now) for row in found],
        }  # fmt: skip


def as_json(copy: dict[str, Any]) -> bytes:
    """Return the copy for machines (Art. 20 GDPR)."""
    return json.dumps(copy, ensure_ascii=False, indent=1).encode("utf-8")


def as_html(copy: dict[str, Any]) -> bytes:
    """Return the copy as one HTML file to read and to print, without script and style."""
    with use_language(default_language().code):
        text = render_template("partials/staff/copy.html", title=next(iter(copy)), copy=copy)
    return text.encode("utf-8")


def _entry(database: Database, settings: Settings, row: Submission, now: datetime.datetime) -> dict[str, Any]:
    definition, zone = FORMS[row.form], settings.time_zone
    story, known = queries.submission_history(database, row.number), _technical(database, row, now)
    consents = {str(definition.form_class()[name].label.text): _yes_no(bool(row.answers.get(name))) for name in definition.consents}  # fmt: skip
    answers = {str(field.label.text): words for field, words in definition.display_rows(row.answers) if words and field.name not in definition.consents}  # fmt: skip
    other = {name: value for name, value in row.answers.items() if name not in definition.field_names() and value}
    return {
        _("Reference"): row.reference,
        _("Form"): str(definition.title),
        _("Purpose"): str(definition.purpose),
        _("Legal basis"): definition.legal_bases(),
        _("Received"): _format_time(row.received_at, zone),
        _("Language of the form"): language_name(row.language),
        _("State"): state_label(row.state),
        _("Answered"): _format_time(row.answered_at, zone),
        _("Last reply that wants an answer"): _format_time(row.asked_at, zone),
        _("Follow-up"): format_date(row.follow_up, "long", locale=default_language().code) if row.follow_up else "–",
        _("Interim notice"): _format_time(row.interim_at, zone),
        _("E-mail address confirmed"): _format_time(row.confirmed_at, zone),
        _("Held as suspected spam"): _yes_no(row.held),
        _("Signs of spam"): spam_reasons(row.suspicion) or _("none"),
        _("Kept until"): _format_day(retention.retention_end(row, story["events"]), zone),
        _("Deletion announced"): _format_time(known["marked_at"], zone),
        _("Answers"): answers | {str(name): value for name, value in other.items()},
        _("Consents"): consents or _("none asked for"),
        _("Notes of the office"): [
            {_("Written"): _format_time(one.written_at, zone), _("Text"): one.text} for one in story["notes"]
        ] or _("none"),
        _("Begun by the office, not stored yet"): known["kept"] or _("none"),
        _("Mails"): [_mail(settings, row, one, now) for one in story["mails"]] or _("none"),
        _("Correspondence"): [_message(one, zone) for one in correspondence.list_messages(database, row.number)] or _("none"),
        _("Released quotations"): [
            {
                _("Text"): one.text,
                _("With the company's name"): _yes_no(one.named),
                _("Released"): _format_time(one.released_at, zone),
            }
            for one in story["quotations"]
        ] or _("none"),
        **({_("Counts in the survey"): known["survey"]} if row.form == "survey" else {}),
        _("History"): [
            {_("When"): _format_time(one.happened_at, zone), _("What the office did"): _event_words(row, one)}
            for one in story["events"]
        ] or _("none"),
        _("Technical data"): known["technical"],
    }  # fmt: skip


def _event_words(row: Submission, event: Any) -> str:
    """Return the action: of a correction the questions instead of the names of the fields, of an assignment no name."""
    if event.kind == "assignee" and event.detail:
        return _("assigned it to a colleague")
    if event.kind != "corrected":
        return event_label(event.kind, event.detail)
    form = FORMS[row.form].form_class()
    named = (f"„{form[name].label.text}“" if name in form else name for name in event.detail.split())
    return event_label(event.kind, ", ".join(named))


def _message(one: Any, zone: ZoneInfo) -> dict[str, Any]:
    return {
        _("From"): office_name() if one.direction == "out" else _("the sender"),
        _("When"): _format_time(one.happened_at, zone),
        _("How"): channel_label(one.channel),
        **({_("Subject"): one.subject} if one.subject else {}),
        _("Text"): one.text,
    }


def _mail(settings: Settings, row: Submission, mail: Any, now: datetime.datetime) -> dict[str, Any]:
    zone = settings.time_zone
    subject, text = _mail_text(settings, row, mail, now)
    return {
        _("Mail"): mail_kind_label(mail.kind),
        _("To"): mail.recipient,
        _("State"): mail_state_label(mail.state),
        _("Sent"): _format_time(mail.sent_at, zone),
        _("Attempts"): str(mail.attempts),
        _("Next attempt"): _format_time(mail.next_attempt_at, zone) if mail.state in {"waiting", "sending"} else "–",
        _("What happened"): mail.last_error or "–",
        _("Subject"): subject,
        _("Text"): text,
        _("About the text"): _("Mails are written from the answers when they are sent and are not stored. This is the text as it would be written now; after a correction it may differ from what was sent."),
    }  # fmt: skip


def _mail_text(settings: Settings, row: Submission, mail: Any, now: datetime.datetime) -> tuple[str, str]:
    """Return subject and text of a mail; a mail that version 0.1 stored whole is not changed."""
    if mail.kind.startswith("answer-"):
        return "–", _("It stands in the correspondence.")
    try:
        message = compose_mail(settings, row, mail.kind, mail.recipient, now)
        if mail.message and mail.kind == "office":
            stored = email.message_from_bytes(mail.message.encode("utf-8"), policy=email.policy.SMTP)
            message = stored if isinstance(stored, EmailMessage) else message
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
    except (ValueError, LookupError):  # an address that an earlier version took and no header takes
        return "–", _("This text cannot be written again.")
    return str(message["Subject"]), CONFIRM_LINK.sub(r"\1…", text.replace("\r\n", "\n")).strip()


def _technical(database: Database, row: Submission, now: datetime.datetime) -> dict[str, Any]:
    """Return the data stored besides answers and work: hash, count of the day, deletion mark, stored forms, survey."""
    zone = database.time_zone
    with database.read_connection() as connection:

        def value(column: sa.Column[Any]) -> Any:
            return connection.execute(sa.select(column).where(column.table.c.number == row.number)).scalar()

        counted = (
            rate_limit.current_count(connection, "recipient", mailbox_key(row.sender), now, DAY_MINUTES)
            if row.sender
            else 0
        )
        counts = value(survey_decision.c.counts)
        about = saved_form.c.path.like(f"%/v/{row.reference}/%") & (saved_form.c.expires_at > now)
        saved = connection.execute(sa.select(saved_form.c.fields, saved_form.c.created_at).where(about)).all()
        drafts = connection.execute(answer_draft.select().where(answer_draft.c.number == row.number)).all()
        technical = {
            _("Hash of browser and answers, against sending twice"): _("stored") if value(submission.c.fingerprint) else _("not stored"),
            _("Receipts to this e-mail address counted today"): str(counted),
        }  # fmt: skip
        return {
            "marked_at": value(deletion_mark.c.marked_at),
            "survey": _("not decided yet") if counts is None else _yes_no(counts),
            "technical": technical,
            "kept": [
                {_("Written"): _format_time(one.created_at, zone), _("Text"): text}
                for one in saved
                for text in saved_forms.saved_texts(one.fields)
            ]
            + [{_("Written"): _format_time(one.written_at, zone), _("Text"): one.text} for one in drafts],
        }


def _format_time(value: datetime.datetime | None, zone: ZoneInfo) -> str:
    code = default_language().code
    return format_datetime(value, "long", tzinfo=zone, locale=code) if value else "–"


def _format_day(value: datetime.datetime | None, zone: ZoneInfo) -> str:
    return format_date(local_day(value, zone), "long", locale=default_language().code) if value else "–"


def _yes_no(value: bool) -> str:
    return _("Yes") if value else _("No")
