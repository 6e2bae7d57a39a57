"""Compose the mails of a submission: for the office in German, for the sender in their language.

An unconfirmed sender's address may be a stranger's. So the first mail, the
receipt, repeats no input. Its link confirms the address, and then the copy of the answers is sent.
"""

import contextlib
import datetime
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from core.clock import utc_now
from core.formatting import format_moment
from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import Language, default_language, find_language
from form_handler.forms import FORMS, FormDefinition
from form_handler.mail.headers import (
    MAX_SENDER_CHARS,
    MAX_SUBJECT_CHARS,
    ascii_address,
    format_date_header,
    header_text,
)
from form_handler.mail.texts import (
    answers_as_text,
    language_name,
    office_name,
    response_time_note,
    signature,
)
from form_handler.settings import Settings
from form_handler.storage.submissions import OutgoingMail, Submission
from form_handler.tokens import sign_email_confirmation

STAFF_LANGUAGE = "de"


def submission_mails(settings: Settings, definition: FormDefinition, submission: Submission) -> list[OutgoingMail]:
    """Return the mails that go out with a submission: always one to the office, and a receipt if there is an address.

    Only the recipient is stored; :func:`compose_mail` composes a mail when it is sent, so that answers are stored once.
    """
    given = submission.answers.get(definition.sender_field or "") or None
    drafts = [OutgoingMail("office", settings.office_mail)]
    if given:
        drafts.append(OutgoingMail("copy", ascii_address(given)))
    return drafts


def full_copy_mail(definition: FormDefinition, submission: Submission) -> OutgoingMail | None:
    """Return the mail with all answers, for a sender who has confirmed the address; None if there is none."""
    given = submission.answers.get(definition.sender_field or "")
    return OutgoingMail("full-copy", ascii_address(given)) if given else None


def compose_mail(
    settings: Settings, submission: Submission, kind: str, recipient: str, now: datetime.datetime | None = None
) -> EmailMessage:
    """Return a mail of a submission as it is sent now.

    :param kind: ``"office"`` (in German), ``"copy"`` (the receipt) or ``"full-copy"`` (all answers), in the sender's language.
    :param now: the moment of sending; this moment by default.
    """
    definition = FORMS[submission.form]
    now = now or utc_now()
    if kind == "office":
        given = submission.answers.get(definition.sender_field or "") or None
        return _office_mail(settings, definition, submission, ascii_address(given) if given else None, now)
    with_answers = kind == "full-copy" and submission.confirmed_at is not None
    return _sender_mail(settings, definition, submission, kind, recipient, now, with_answers)


def _office_mail(
    settings: Settings, definition: FormDefinition, submission: Submission, sender: str | None, now: datetime.datetime
) -> EmailMessage:
    with use_language(STAFF_LANGUAGE):
        message = _message(settings, submission, "office", settings.office_mail, now)
        message["Subject"] = office_subject(definition, submission)
        message["Auto-Submitted"] = "auto-generated"
        if sender:
            # An address that no header takes must not keep the answers from the office; it is among them.
            with contextlib.suppress(ValueError):
                message["Reply-To"] = Address(addr_spec=sender)
        lines = [
            _("A form has come in on the website."),
            _("Form: %(form)s", form=str(definition.title)),
            _("Reference number: %(reference)s", reference=submission.reference),
            _("Received: %(moment)s", moment=format_moment(submission.received_at, settings.time_zone, STAFF_LANGUAGE)),
            _("Language of the sender: %(language)s", language=language_name(submission.language)),
            "",
            _("In the inbox:"),
            f"{settings.public_url.rstrip('/')}/eingang/v/{submission.reference}/",
            "",
            answers_as_text(definition, submission),
        ]
        set_text(message, lines, STAFF_LANGUAGE)
    return message


def office_subject(definition: FormDefinition, submission: Submission) -> str:
    """Return the subject of the office's mail: reference, form and, if given, the sender's name."""
    sender = header_text(definition.sender_label(submission.answers), MAX_SENDER_CHARS)
    words = {"reference": submission.reference, "form": str(definition.title)}
    subject = _("%(reference)s: %(form)s, %(sender)s", **words, sender=sender) if sender else _("%(reference)s: %(form)s", **words)  # fmt: skip
    return header_text(subject, MAX_SUBJECT_CHARS)


def _sender_mail(
    settings: Settings,
    definition: FormDefinition,
    submission: Submission,
    kind: str,
    recipient: str,
    now: datetime.datetime,
    with_answers: bool,
) -> EmailMessage:
    """Return a mail to the sender; the answers are in it only if ``with_answers``."""
    language = find_language(submission.language) or default_language()  # a language may have been given up since
    with use_language(language.code):
        message = _message(settings, submission, kind, recipient, now)
        message["Subject"] = (
            _("Copy of your answers (%(reference)s)", reference=submission.reference)
            if with_answers
            else _("Your answers have arrived (%(reference)s)", reference=submission.reference)
        )
        message["Auto-Submitted"] = "auto-replied"
        lines = [
            _("Thank you. Your answers have arrived."),
            _("Form: %(form)s", form=str(definition.title)),
            _("Reference number: %(reference)s", reference=submission.reference),
            _("Received: %(moment)s", moment=format_moment(submission.received_at, settings.time_zone, language.code)),
            *response_time_note(definition),
            "",
            *(
                [_("Your answers:"), "", answers_as_text(definition, submission), ""]
                if with_answers
                else confirmation_text(settings, language, submission)
            ),
            _("If this was not you, please tell us by replying to this mail."),
            "",
            *signature(settings, language),
        ]
        set_text(message, lines, language.code)
    return message


@dataclass(frozen=True)
class Answer:
    """An answer of the office to a sender.

    :ivar earlier: kinds of the mails of this entry that the sender got before, the oldest first.
    """

    language: str
    subject: str
    text: str
    earlier: tuple[str, ...] = ()


def compose_answer(
    settings: Settings,
    submission: Submission,
    kind: str,
    recipient: str,
    answer: Answer,
    now: datetime.datetime | None = None,
) -> EmailMessage:
    """Return the mail of an answer, as plain text with the office's signature.

    ``References`` and ``In-Reply-To`` name the earlier mails, so that mail programs show one conversation (RFC 5322, 3.6.4).
    """
    language = find_language(answer.language) or default_language()
    with use_language(language.code):
        mail = _message(settings, submission, kind, recipient, now or utc_now())
        mail["Subject"] = header_text(answer.subject, MAX_SUBJECT_CHARS)
        if answer.earlier:
            identities = [message_id(settings, submission, one) for one in answer.earlier]
            mail["In-Reply-To"] = identities[-1]
            mail["References"] = " ".join(identities)
        set_text(mail, [answer.text.rstrip(), "", *signature(settings, language)], language.code)
    return mail


def message_id(settings: Settings, submission: Submission, kind: str) -> str:
    """Return the ``Message-ID`` of a submission's mail.

    It is the same in every attempt, so that duplicates can be recognised (RFC 5322, 3.6.4).
    """
    return f"<{submission.number}.{kind}@{settings.mail_from.rpartition('@')[2]}>"


def confirmation_text(settings: Settings, language: Language, submission: Submission) -> list[str]:
    """Return the text that explains why the answers are not in the mail, and how to get them."""
    lines = [_("This e-mail does not repeat your answers, because anyone can enter any e-mail address in a form.")]
    given = submission.answers.get(FORMS[submission.form].sender_field or "")
    if not settings.confirm_email or not given:
        return [*lines, _("If you need a copy, reply to this e-mail or call us."), ""]
    mark = sign_email_confirmation(settings.secret_keys, submission.number, str(given))
    link = f"{settings.public_url.rstrip('/')}{language.root}adresse-bestaetigen/?nr={mark}"
    return [*lines, _("Do you want a copy? Then confirm your e-mail address with this link:"), link, ""]


def _message(
    settings: Settings, submission: Submission, kind: str, recipient: str, now: datetime.datetime
) -> EmailMessage:
    message = new_message(settings, recipient, message_id(settings, submission, kind), now)
    if kind != "office":
        name = header_text(office_name(), MAX_SENDER_CHARS)
        message["Reply-To"] = Address(display_name=name, addr_spec=settings.office_mail)
    return message


def new_message(settings: Settings, recipient: str, identity: str, now: datetime.datetime) -> EmailMessage:
    """Return a message with the headers that all mails share; header values cannot bring in new lines.

    :param identity: the ``Message-ID``.
    """
    message = EmailMessage(policy=SMTP)
    name = header_text(office_name(), MAX_SENDER_CHARS)
    message["From"] = Address(display_name=name, addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=recipient)
    message["Date"] = format_date_header(now)
    message["Message-ID"] = identity
    return message


def set_text(message: EmailMessage, lines: list[str], code: str) -> None:
    """Set text and language (RFC 3282) of a message; in this order, because setting the text removes ``Content-…`` fields."""
    message.set_content("\n".join(lines), cte="quoted-printable")
    message["Content-Language"] = code
