"""Writing the two mails of a submission: the office's in German, the sender's copy in their language."""

from __future__ import annotations

import contextlib
import textwrap
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from email_validator import validate_email

from editorial.languages import default_language, load_languages
from editorial.words import gettext as _
from editorial.words import ngettext, use_language
from form_handler.forms import FORMS, FormDefinition
from form_handler.settings import Settings
from form_handler.storage.submissions import Draft, Submission
from form_handler.tokens import sign_address

OFFICE_LANGUAGE = "de"


def plan_mails(settings: Settings, definition: FormDefinition, submission: Submission) -> list[Draft]:
    """Return the mails that go out with a submission: always one to the office, and a copy if there is an address.

    Only whom they are for is stored; :func:`write_mail` writes them when they are sent, so that answers are kept once.
    """
    given = submission.answers.get(definition.sender_field or "") or None
    drafts = [Draft("office", settings.office_mail)]
    if given:
        drafts.append(Draft("copy", wire_address(given)))
    return drafts


def write_mail(settings: Settings, submission: Submission, kind: str, recipient: str) -> EmailMessage:
    """Return a mail of a submission: the office's in German, or the sender's copy in their language."""
    definition = FORMS[submission.form]
    if kind == "office":
        given = submission.answers.get(definition.sender_field or "") or None
        return _office_mail(settings, definition, submission, wire_address(given) if given else None)
    return _copy(settings, definition, submission, recipient)


def _office_mail(
    settings: Settings, definition: FormDefinition, submission: Submission, sender: str | None
) -> EmailMessage:
    with use_language(OFFICE_LANGUAGE):
        message = _message(settings, submission, "office", settings.office_mail)
        message["Subject"] = _("%(reference)s: %(form)s", reference=submission.reference, form=str(definition.title))
        if sender:
            # An address that no header takes must not keep the answers from the office; it stands among them.
            with contextlib.suppress(ValueError):
                message["Reply-To"] = Address(addr_spec=sender)
        lines = [
            _("A form has come in on the website."),
            _("Reference number: %(reference)s", reference=submission.reference),
            _("Language of the sender: %(language)s", language=submission.language),
            "",
            answers_as_text(definition, submission),
        ]
        message.set_content("\n".join(lines), cte="quoted-printable")
    return message


def _copy(settings: Settings, definition: FormDefinition, submission: Submission, sender: str) -> EmailMessage:
    published = {row.code for row in load_languages()}  # a language may have been given up since
    with use_language(submission.language if submission.language in published else OFFICE_LANGUAGE):
        message = _message(settings, submission, "copy", sender)
        message["Subject"] = _("Your entries have arrived (%(reference)s)", reference=submission.reference)
        message["Content-Language"] = submission.language
        message["Auto-Submitted"] = "auto-replied"
        lines = [
            _("Thank you. Your entries have arrived."),
            _("Reference number: %(reference)s", reference=submission.reference),
            *answer_time(definition),
            "",
            _("Your entries:"),
            "",
            answers_as_text(definition, submission),
            "",
            *confirm_lines(settings, submission),
            _("If this was not you, please tell us by replying to this mail."),
        ]
        message.set_content("\n".join(lines), cte="quoted-printable")
    return message


def confirm_lines(settings: Settings, submission: Submission) -> list[str]:
    """Return the lines with the link that confirms the address, where the city wants it confirmed."""
    if not settings.confirm_email:
        return []
    language = next((row for row in load_languages() if row.code == submission.language), default_language())
    mark = sign_address(settings.secret_key, submission.number)
    link = f"{settings.public_url.rstrip('/')}{language.root}adresse-bestaetigen/?nr={mark}"
    return [_("Please confirm your e-mail address with this link:"), link, ""]


def answer_words(reference: str) -> tuple[str, str]:
    """Return subject and first line of an answer by hand, in the current language."""
    return (
        _("Our answer to %(reference)s", reference=reference),
        _("Reference number: %(reference)s", reference=reference),
    )


def answer_time(definition: FormDefinition) -> list[str]:
    """Return the sentence that says by when the office answers; none where no answer is promised."""
    days = definition.answer_within_days
    if days is None:
        return []
    return [ngettext("We aim to answer you within %(num)s day.", "We aim to answer you within %(num)s days.", days)]


def _message(settings: Settings, submission: Submission, kind: str, recipient: str) -> EmailMessage:
    """Return a message with the headers that both mails share; header values cannot bring in new lines."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=recipient)
    message["Date"] = format_datetime(submission.received_at)
    domain = settings.mail_from.rpartition("@")[2]
    message["Message-ID"] = f"<{submission.number}.{kind}@{domain}>"
    if kind == "copy":
        message["Reply-To"] = Address(addr_spec=settings.office_mail)
    return message


def answers_as_text(definition: FormDefinition, submission: Submission) -> str:
    """Return questions and answers as plain text in the current language; unanswered questions are left out."""
    blocks = [
        f"{field.label.text}:\n{textwrap.indent(words, '  ')}"
        for field, words in definition.rows(submission.answers)
        if words
    ]
    return "\n\n".join(blocks)


def wire_address(address: str) -> str:
    """Return an address as mail headers carry it: an international domain in its ASCII form (RFC 5891)."""
    if address.isascii():
        return address
    checked = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    assert checked.ascii_email is not None
    return checked.ascii_email
