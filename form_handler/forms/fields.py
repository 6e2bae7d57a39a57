"""Fields that take what people type, refuse what cannot be kept unchanged, and say so in plain words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from wtforms import BooleanField, Field, Form, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms import SelectChoice as Choice  # type: ignore[attr-defined]  # newer than its published types
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from editorial.words import gettext as _
from editorial.words import lazy_gettext as _l

ONE_LINE_LIMIT = 200
TEXT_LIMIT = 4000
# Marks that turn the direction of text (Unicode TR9, TR36): they can make one line look like another.
DIRECTION_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Control characters and what is no character at all (Unicode Cc, Cs, Cn ends).
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
CONTROLS_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Line ends that are no control characters (Unicode Zl, Zp).
LINE_ENDS = re.compile("[\u2028\u2029]")
TICKED = "yes"

Validator = Callable[[Form, Field], None]


def clean_line(value: str | None) -> str:
    """Return a line in Unicode NFC without blanks at its ends; nothing else is changed."""
    return unicodedata.normalize("NFC", value or "").strip(" \t\u00a0\r\n")


def clean_text(value: str | None) -> str:
    """Return text in Unicode NFC with LF as line end and no empty lines at its ends."""
    text = unicodedata.normalize("NFC", value or "").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip("\n") if text.strip() else ""


def required(message: Any) -> Validator:
    """Demand an answer; the message says what to enter."""

    def check(form: Form, field: Field) -> None:
        if not field.data:
            raise StopValidation(str(message))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


def plain_line(limit: int = ONE_LINE_LIMIT) -> Validator:
    """Refuse what a single line cannot hold: control characters, line ends, marks that turn its direction, too much."""

    def check(form: Form, field: Field) -> None:
        line = field.data or ""
        if CONTROLS.search(line) or DIRECTION_MARKS.search(line) or LINE_ENDS.search(line):
            raise StopValidation(
                _("“%(label)s” holds characters that cannot be shown. Type the text again.", label=field.label.text)
            )
        check_length(field, limit)

    check.field_flags = {"maxlength": limit}  # type: ignore[attr-defined]
    return check


def plain_text(limit: int = TEXT_LIMIT) -> Validator:
    """Refuse control characters other than line end and tab, and too much text."""

    def check(form: Form, field: Field) -> None:
        if CONTROLS_IN_TEXT.search(field.data or ""):
            raise StopValidation(
                _("“%(label)s” holds characters that cannot be shown. Type the text again.", label=field.label.text)
            )
        check_length(field, limit)

    check.field_flags = {"maxlength": limit}  # type: ignore[attr-defined]
    return check


def check_length(field: Field, limit: int) -> None:
    """Refuse more than ``limit`` characters.

    :raises StopValidation: with both numbers, so that a person knows how much to cut.
    """
    length = len(field.data or "")
    if length > limit:
        raise StopValidation(
            _(
                "“%(label)s” may have at most %(limit)s characters; yours has %(length)s.",
                label=field.label.text,
                limit=limit,
                length=length,
            )
        )


def one_answer(form: Form, field: Field) -> None:
    """Refuse a field that came more than once where one answer is meant."""
    if len(field.raw_data or []) > 1:
        raise StopValidation(_("“%(label)s” was answered more than once. Give one answer.", label=field.label.text))


def known_choice(form: Form, field: Field) -> None:
    """Refuse an answer that is not on the list."""
    keys = set(labels_of(field))
    given = field.data if isinstance(field.data, list) else [field.data or ""]
    if any(key not in keys and key != "" for key in given):
        raise StopValidation(_("“%(label)s”: choose from the list.", label=field.label.text))


def ticked_or_not(form: Form, field: Field) -> None:
    """Refuse what a box to tick cannot send; anything but its own value must never become a "yes"."""
    if any(value not in {TICKED, ""} for value in field.raw_data or []):
        raise StopValidation(_("“%(label)s”: choose from the list.", label=field.label.text))


def mail_address(form: Form, field: Field) -> None:
    """Refuse what is no e-mail address (RFC 5321); the network is not asked.

    International domains are taken (RFC 5891); letters beyond ASCII before the ``@`` are not, because few
    servers deliver to them (RFC 6531) and a copy that never arrives would be worse than a clear fault. Nor is what
    a mail program would take for an encoded word (RFC 2047), and show as something else.
    """
    if not field.data:
        return
    from email_validator import EmailNotValidError, validate_email  # the build, which validates nothing, does without

    try:
        if "=?" in field.data:
            raise EmailNotValidError("an encoded word")
        validate_email(field.data, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise StopValidation(_("Enter the e-mail address in full, for example name@example.org.")) from error


def offered(choices: Sequence[tuple[str, Any]]) -> list[Any]:
    """Return pairs of key and label as WTForms takes choices."""
    return [Choice(key, label) for key, label in choices]


def labels_of(field: Field) -> dict[str, Any]:
    """Return the label of each choice of a field by its key, in order."""
    return {choice.value: choice.label for choice in getattr(field, "choices", None) or []}


class Line(StringField):
    """One line of text."""

    def __init__(self, label: Any, *checks: Validator, limit: int = ONE_LINE_LIMIT, **options: Any) -> None:
        super().__init__(label, [one_answer, *checks, plain_line(limit)], filters=[clean_line], **options)


class Email(Line):
    """An e-mail address."""

    def __init__(self, label: Any, *checks: Validator, **options: Any) -> None:
        super().__init__(label, *checks, limit=254, **options)
        self.validators = [*self.validators, mail_address]


class Phone(Line):
    """A telephone number, in any way people write it."""

    def __init__(self, label: Any, *checks: Validator, **options: Any) -> None:
        super().__init__(label, *checks, limit=60, **options)


class Text(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: Any, *checks: Validator, limit: int = TEXT_LIMIT, **options: Any) -> None:
        super().__init__(label, [one_answer, *checks, plain_text(limit)], filters=[clean_text], **options)


class OneOf(SelectField):
    """One choice from a list, or none."""

    def __init__(self, label: Any, choices: Sequence[tuple[str, Any]], *checks: Validator, **options: Any) -> None:
        full = offered([("", _l("Please choose")), *choices])
        super().__init__(
            label, [one_answer, *checks, known_choice], choices=full, validate_choice=False, default="", **options
        )


class OneShown(RadioField):
    """One choice, all of them in sight, or none."""

    def __init__(self, label: Any, choices: Sequence[tuple[str, Any]], *checks: Validator, **options: Any) -> None:
        super().__init__(
            label,
            [one_answer, *checks, known_choice],
            choices=offered(choices),
            validate_choice=False,
            default="",
            **options,
        )


class Scale(OneShown):
    """How much: few steps in one row, least first, or no answer."""


class AnyOf(SelectMultipleField):
    """Any number of choices, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any, choices: Sequence[tuple[str, Any]], *checks: Validator, **options: Any) -> None:
        super().__init__(label, [*checks, known_choice], choices=offered(choices), validate_choice=False, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep each choice once, in the order of the list; unknown ones stay for the check to name."""
        order = list(labels_of(self))
        known = [key for key in order if key in valuelist]
        self.data = known + [value for value in valuelist if value and value not in order]


class Consent(BooleanField):
    """A box that is never ticked beforehand, and is "yes" only if it was ticked (Art. 4(11), Art. 7 GDPR)."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, [one_answer, ticked_or_not], default=False, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take one tick as "yes" and everything else as "no"."""
        self.data = valuelist == [TICKED]


def display_value(field: Field, value: Any) -> str:
    """Return an answer in words of the current language; empty if there is none."""
    if isinstance(field, BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(field, SelectMultipleField):
        labels = labels_of(field)
        return "\n".join(str(labels.get(key, key)) for key in value or [])
    if isinstance(field, SelectField):
        labels = labels_of(field)
        return str(labels.get(value, value)) if value else ""
    return str(value or "")
