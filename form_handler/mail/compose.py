"""Compose the mails of a submission: for the office in German, for the sender in their language.

An unconfirmed sender's address may be a stranger's. So the first mail, the
receipt, repeats no input. Its link confirms the address, and then the copy of the answers is sent.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import textwrap
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from babel.dates import format_datetime as format_moment
from email_validator import validate_email

from core.clock import utc_now
from core.contacts import load_fallback_contact, load_office_contact
from core.gettext import gettext as _
from core.gettext import ngettext, use_language
from core.languages import Language, default_language, find_language
from core.project import load_site_settings
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.cleaning import remove_unneeded_joiners
from form_handler.settings import Settings
from form_handler.storage.submissions import OutgoingMail, Submission
from form_handler.tokens import sign_email_confirmation

STAFF_LANGUAGE = "de"
# The longest part of a subject that comes from a sender, and the longest subject, in characters.
MAX_SENDER_CHARS = 80
MAX_SUBJECT_CHARS = 200
# Signs that end a sentence or lead over to the answer, in all scripts of the site; after them stands no colon.
SENTENCE_ENDS = frozenset(".?!:;…،؛؟۔。？！：；．")
CLOSING_QUOTES = "\"'“”‘’«»‹›"
# What a mail program may take for the beginning of an encoded word (RFC 2047).
ENCODED_WORD = re.compile(r"=(?=\?)")


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
    whole = kind == "full-copy" and submission.confirmed_at is not None
    return _sender_mail(settings, definition, submission, kind, recipient, now, whole)


def _office_mail(
    settings: Settings, definition: FormDefinition, submission: Submission, sender: str | None, now: datetime.datetime
) -> EmailMessage:
    with use_language(STAFF_LANGUAGE):
        message = _message(settings, submission, "office", settings.office_mail, now)
        message["Subject"] = office_subject(definition, submission)
        message["Auto-Submitted"] = "auto-generated"
        if sender:
            # An address that no header takes must not keep the answers from the office; it stands among them.
            with contextlib.suppress(ValueError):
                message["Reply-To"] = Address(addr_spec=sender)
        lines = [
            _("A form has come in on the website."),
            _("Form: %(form)s", form=str(definition.title)),
            _("Reference number: %(reference)s", reference=submission.reference),
            _("Received: %(moment)s", moment=format_utc(submission.received_at, STAFF_LANGUAGE)),
            _("Language of the sender: %(language)s", language=language_name(submission.language)),
            "",
            _("In the inbox:"),
            f"{settings.public_url.rstrip('/')}/eingang/v/{submission.reference}/",
            "",
            answers_as_text(definition, submission),
        ]
        _set_text(message, lines, STAFF_LANGUAGE)
    return message


def office_subject(definition: FormDefinition, submission: Submission) -> str:
    """Return the subject of the office's mail: reference, form and, if given, the sender's name."""
    sender = header_text(definition.sender_label(submission.answers), MAX_SENDER_CHARS)
    words = {"reference": submission.reference, "form": str(definition.title)}
    subject = _("%(reference)s: %(form)s, %(sender)s", **words, sender=sender) if sender else _("%(reference)s: %(form)s", **words)  # fmt: skip
    return header_text(subject, MAX_SUBJECT_CHARS)


def header_text(text: str, limit: int) -> str:
    """Return text for a header: one line, no encoded word, at most ``limit`` characters.

    Nothing invisible is in it but the joiners of scripts and emoji, see :func:`form_handler.forms.cleaning.clean_line`.
    """
    shown = (" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in text[: 4 * limit])
    kept = (c for c in shown if c in "\u200c\u200d" or unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    line = remove_unneeded_joiners(" ".join("".join(kept).split()))
    line = ENCODED_WORD.sub("= ", line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _sender_mail(
    settings: Settings,
    definition: FormDefinition,
    submission: Submission,
    kind: str,
    recipient: str,
    now: datetime.datetime,
    whole: bool,
) -> EmailMessage:
    """Return a mail to the sender; the answers are in it only if ``whole``."""
    language = find_language(submission.language) or default_language()  # a language may have been given up since
    with use_language(language.code):
        message = _message(settings, submission, kind, recipient, now)
        message["Subject"] = (
            _("Copy of your entries (%(reference)s)", reference=submission.reference)
            if whole
            else _("Your entries have arrived (%(reference)s)", reference=submission.reference)
        )
        message["Auto-Submitted"] = "auto-replied"
        lines = [
            _("Thank you. Your entries have arrived."),
            _("Form: %(form)s", form=str(definition.title)),
            _("Reference number: %(reference)s", reference=submission.reference),
            _("Received: %(moment)s", moment=format_utc(submission.received_at, language.code)),
            *response_time_note(definition),
            "",
            *(
                [_("Your entries:"), "", answers_as_text(definition, submission), ""]
                if whole
                else confirmation_text(settings, language, submission)
            ),
            _("If this was not you, please tell us by replying to this mail."),
            "",
            *signature(settings, language),
        ]
        _set_text(message, lines, language.code)
    return message


def confirmation_text(settings: Settings, language: Language, submission: Submission) -> list[str]:
    """Return the text that explains why the answers are not in the mail, and how to get them."""
    lines = [_("This e-mail does not repeat your entries, because anybody can enter any e-mail address in a form.")]
    given = submission.answers.get(FORMS[submission.form].sender_field or "")
    if not settings.confirm_email or not given:
        return [*lines, _("If you need a copy, reply to this e-mail or call us."), ""]
    mark = sign_email_confirmation(settings.secret_key, submission.number, str(given))
    link = f"{settings.public_url.rstrip('/')}{language.root}adresse-bestaetigen/?nr={mark}"
    return [*lines, _("Do you want a copy? Then confirm your e-mail address with this link:"), link, ""]


def signature(settings: Settings, language: Language) -> list[str]:
    """Return the signature: office and city, the site's address, and the phone number if known.

    Names and numbers are in Latin letters; in a mail that is read from the right they are isolated (Unicode UAX #9, 3.1).
    """
    site, contact = load_site_settings(), load_fallback_contact()

    def plain(text: str) -> str:
        return f"\u2066{text}\u2069" if language.dir == "rtl" else text

    authority = str(site["municipality"]["authority"])
    lines = ["-- ", plain(", ".join(dict.fromkeys([office_name(), authority])))]
    lines.append(_("Website: %(address)s", address=plain(settings.public_url.rstrip("/") + language.root)))
    phone = load_office_contact()
    if phone is None or not phone.phone:
        phone = contact
    if phone is not None and phone.phone:
        number = _("Phone: %(number)s", number=plain(f"{phone.phone} ({phone.name})"))
        lines.append(number if phone.confirmed else f"{number} – {_('not yet confirmed by the city')}")
    return lines


def office_name() -> str:
    """Return the name of the office that receives the forms; without one, that of the programme."""
    office = load_office_contact()
    return office.name if office is not None else str(load_site_settings()["municipality"]["programme"])


def language_name(code: str) -> str:
    """Return a language's own name with its code; the code alone if the site does not speak it."""
    language = find_language(code)
    return f"{language.name} ({code})" if language is not None else code


def format_utc(moment: datetime.datetime, code: str) -> str:
    """Return a time in the format of a language, in UTC."""
    return format_moment(moment, "medium", locale=code) + " UTC"


def format_date_header(now: datetime.datetime) -> str:
    """Return the value of the ``Date`` field (RFC 5322, 3.6.1): when this attempt is made, not when the form came in."""
    return format_datetime(now)


def reply_template(reference: str) -> tuple[str, str]:
    """Return subject and first line of an answer by hand, in the current language."""
    return (
        _("Our answer to %(reference)s", reference=reference),
        _("Reference number: %(reference)s", reference=reference),
    )


def response_time_note(definition: FormDefinition) -> list[str]:
    """Return the sentence with the response time; none where no answer is promised."""
    days = definition.answer_within_days
    if days is None:
        return []
    return [ngettext("We aim to answer you within %(num)s day.", "We aim to answer you within %(num)s days.", days)]


def _message(
    settings: Settings, submission: Submission, kind: str, recipient: str, now: datetime.datetime
) -> EmailMessage:
    """Return a message with the headers that all mails share; header values cannot bring in new lines.

    ``Message-ID`` is the same in every attempt, so that duplicates can be recognised (RFC 5322, 3.6.4).
    """
    message = EmailMessage(policy=SMTP)
    name = header_text(office_name(), MAX_SENDER_CHARS)
    message["From"] = Address(display_name=name, addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=recipient)
    message["Date"] = format_date_header(now)
    domain = settings.mail_from.rpartition("@")[2]
    message["Message-ID"] = f"<{submission.number}.{kind}@{domain}>"
    if kind != "office":
        message["Reply-To"] = Address(display_name=name, addr_spec=settings.office_mail)
    return message


def _set_text(message: EmailMessage, lines: list[str], code: str) -> None:
    """Set text and language (RFC 3282) of a message; in this order, because setting the text removes ``Content-…`` fields."""
    message.set_content("\n".join(lines), cte="quoted-printable")
    message["Content-Language"] = code


def answers_as_text(definition: FormDefinition, submission: Submission) -> str:
    """Return questions and answers as plain text in the current language; unanswered questions are left out."""
    blocks = [
        f"{with_colon(str(field.label.text))}\n{textwrap.indent(words, '  ')}"
        for field, words in definition.display_rows(submission.answers)
        if words
    ]
    return "\n\n".join(blocks)


def with_colon(label: str) -> str:
    """Return a label with a colon, unless it ends with punctuation, inside closing quotation marks or not."""
    label = label.rstrip()
    return label if label.rstrip(CLOSING_QUOTES)[-1:] in SENTENCE_ENDS else f"{label}:"


def ascii_address(address: str) -> str:
    """Return an address as mail headers carry it: an international domain in its ASCII form (RFC 5891)."""
    if address.isascii():
        return address
    checked = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    assert checked.ascii_email is not None
    return checked.ascii_email
