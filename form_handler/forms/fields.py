"""Fields that clean their input, and validators with plain error messages."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from wtforms import BooleanField, Field, Form, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms import SelectChoice as Choice  # type: ignore[attr-defined]  # newer than its published types
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, EmailInput, ListWidget, TelInput

from core.gettext import gettext as _
from core.gettext import lazy_gettext as _l
from form_handler.forms.cleaning import (
    MAX_COMBINING_MARKS,
    UNUSABLE_IN_LINE,
    UNUSABLE_IN_TEXT,
    clean_line,
    clean_text,
    find_overlong_marks,
    skip_overlong,
)
from form_handler.forms.contact_details import clean_phone, clean_typed_address

MAX_LINE_CHARS = 200
# Companies of the commercial register have names of more than 220 characters.
MAX_NAME_CHARS = 500
MAX_TEXT_CHARS = 4000
MAX_ADDRESS_CHARS = 254
MAX_PHONE_CHARS = 60
# Characters of context that an error message quotes on each side of an error.
CONTEXT_CHARS = 12
CHECKED_VALUE = "yes"

Validator = Callable[[Form, Field], None]


def required(message: Any) -> Validator:
    """Require an answer; the message names the expected input."""

    def check(form: Form, field: Field) -> None:
        if not field.data:
            raise StopValidation(str(message))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


def storable_text(limit: int, unusable: re.Pattern[str]) -> Validator:
    """Refuse text that a field cannot store; the message names the position.

    Refused are overlong text, overlong runs of combining marks, and characters that match ``unusable``.
    """

    def check(form: Form, field: Field) -> None:
        check_length(field, limit)
        check_characters(field, unusable)

    check.field_flags = {"maxlength": limit}  # type: ignore[attr-defined]
    return check


def check_characters(field: Field, unusable: re.Pattern[str]) -> None:
    """Refuse characters that cannot be stored.

    :raises StopValidation: with the field, the line and place, the character's number and the words around it.
    """
    text = field.data or ""
    if (found := unusable.search(text)) is not None:
        place = found.start()
        values = {
            "label": field.label.text,
            "line": text.count("\n", 0, place) + 1,
            "position": place - text.rfind("\n", 0, place),
            "code": f"U+{ord(found[0]):04X}",
            "near": surrounding_text(text, place),
        }
        if isinstance(field, MultilineField):
            raise StopValidation(
                _(
                    "“%(label)s”, line %(line)s: character %(position)s (%(code)s), at “%(near)s”, cannot be shown. "
                    "Please delete it or type it again.",
                    **values,
                )
            )
        del values["line"]
        raise StopValidation(
            _(
                "“%(label)s”: character %(position)s (%(code)s), at “%(near)s”, cannot be shown. "
                "Please delete it or type it again.",
                **values,
            )
        )
    if (start := find_overlong_marks(text)) is not None:
        base = start
        while base and (unicodedata.combining(text[base]) or unicodedata.category(text[base])[0] == "M"):
            base -= 1
        raise StopValidation(
            _(
                "“%(label)s”: near “%(near)s”, one letter has too many accents. We can store at most %(limit)s. "
                "Please type the word again.",
                label=field.label.text,
                near=surrounding_text(text[: base + 1], base + 1),
                limit=MAX_COMBINING_MARKS,
            )
        )


def surrounding_text(text: str, place: int) -> str:
    """Return the characters around a position, with an ellipsis in its place."""
    before, after = text[max(0, place - CONTEXT_CHARS) : place], text[place + 1 : place + 1 + CONTEXT_CHARS]
    return "".join(c for c in f"{before}…{after}".replace("\n", " ") if c.isprintable())


def check_length(field: Field, limit: int) -> None:
    """Refuse more than ``limit`` characters.

    :raises StopValidation: with both numbers, for the person who shortens the text.
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


def single_value(form: Form, field: Field) -> None:
    """Refuse more than one value.

    :raises StopValidation: if the field was sent more than once.
    """
    if len(field.raw_data or []) > 1:
        raise StopValidation(
            _("“%(label)s” was answered more than once. Please give only one answer.", label=field.label.text)
        )


def valid_choice(form: Form, field: Field) -> None:
    """Refuse an answer that is not on the list.

    :raises StopValidation: if a value is none of the choices.
    """
    keys = set(choice_labels(field))
    given = field.data if isinstance(field.data, list) else [field.data or ""]
    if any(key not in keys and key != "" for key in given):
        raise StopValidation(_("“%(label)s”: choose from the list.", label=field.label.text))


def valid_checkbox(form: Form, field: Field) -> None:
    """Refuse any value that a checkbox cannot send.

    :raises StopValidation: if the value is not that of the checkbox.
    """
    if any(value not in {CHECKED_VALUE, ""} for value in field.raw_data or []):
        raise StopValidation(_("“%(label)s”: choose from the list.", label=field.label.text))


def valid_email(form: Form, field: Field) -> None:
    """Refuse text that is not an e-mail address (RFC 5321); the message names the wrong character. No network access.

    International domains are taken (RFC 5891); letters beyond ASCII before the ``@`` are not, because few
    servers deliver to them (RFC 6531) and a mail that never arrives would be worse than a clear fault. Nor is text
    that a mail program would decode as an encoded word (RFC 2047).

    :raises StopValidation: if it is not an e-mail address.
    """
    if not field.data:
        return
    from email_validator import EmailNotValidError, validate_email  # the build, which validates nothing, does without

    text, label = field.data, field.label.text
    if text.count("@") > 1 and any(sign in text for sign in " ,;/"):
        raise StopValidation(_("“%(label)s”: enter one address only.", label=label))
    if (place := find_invalid_address_character(text)) is not None:
        raise StopValidation(
            _(
                "“%(label)s”: %(character)s at “%(near)s” cannot be used in an e-mail address. "
                "Enter the address in full, for example name@example.org.",
                label=label,
                character=describe_character(text[place]),
                near="".join(
                    c for c in text[max(0, place - CONTEXT_CHARS) : place + 1 + CONTEXT_CHARS] if c.isprintable()
                ),
            )
        )
    try:
        validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise StopValidation(_("Enter the e-mail address in full, for example name@example.org.")) from error


def find_invalid_address_character(text: str) -> int | None:
    """Return the index of the first character that no e-mail address has at its place (RFC 5321, 4.1.2), or None.

    An incomplete address, without ``@`` or without a dot after it, has no such character.
    """
    local, at, domain = text.rpartition("@")
    if not at:
        return next((i for i, c in enumerate(text) if c.isspace()), None)
    if (word := local.find("=?")) >= 0:
        return word
    for index, char in enumerate(local):
        if not (char.isascii() and (char.isalnum() or char in "!#$%&'*+-/=?^_`{|}~.")):
            return index
    for index, char in enumerate(domain, len(local) + 1):
        if char.isspace() or (char.isascii() and not (char.isalnum() or char in "-.")):
            return index
    doubled = text.find("..")
    if doubled >= 0:
        return doubled + 1
    if local.startswith("."):
        return 0
    edges = (len(local) - 1 if local.endswith(".") else -1, len(local) + 1 if domain.startswith(".") else -1)
    return next((edge for edge in edges if edge >= 0), None)


def describe_character(char: str) -> str:
    """Return a character for a message: itself with its code point, or a word if it is invisible."""
    code = f"U+{ord(char):04X}"
    return _("a space") if char == " " else f"“{char}” ({code})" if char.isprintable() else code


def to_choices(choices: Sequence[tuple[str, Any]]) -> list[Any]:
    """Return pairs of key and label as WTForms takes choices."""
    return [Choice(key, label) for key, label in choices]


def choice_labels(field: Field) -> dict[str, Any]:
    """Return the label of each choice of a field by its key, in order."""
    return {choice.value: choice.label for choice in getattr(field, "choices", None) or []}


class LineField(StringField):
    """One line of text."""

    clean = staticmethod(clean_line)

    def __init__(self, label: Any, *checks: Validator, limit: int = MAX_LINE_CHARS, **options: Any) -> None:
        super().__init__(
            label,
            [single_value, *checks, storable_text(limit, UNUSABLE_IN_LINE)],
            filters=[skip_overlong(self.clean, limit)],
            **options,
        )


class EmailField(LineField):
    """An e-mail address: a phone shows its keyboard for addresses, writes no capital first, and offers the person's own.

    The forms are ``novalidate``: only :func:`valid_email` validates addresses.
    """

    clean = staticmethod(clean_typed_address)
    widget = EmailInput()

    def __init__(self, label: Any, *checks: Validator, **options: Any) -> None:
        keyboard = {"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(label, *checks, limit=MAX_ADDRESS_CHARS, render_kw=keyboard, **options)
        self.validators = [*self.validators, valid_email]


class PhoneField(LineField):
    """A telephone number, in any way people write it."""

    clean = staticmethod(clean_phone)
    widget = TelInput()

    def __init__(self, label: Any, *checks: Validator, **options: Any) -> None:
        keyboard = {"autocomplete": "tel", "inputmode": "tel"}
        super().__init__(label, *checks, limit=MAX_PHONE_CHARS, render_kw=keyboard, **options)


class MultilineField(TextAreaField):
    """Several lines of text."""

    def __init__(self, label: Any, *checks: Validator, limit: int = MAX_TEXT_CHARS, **options: Any) -> None:
        super().__init__(
            label,
            [single_value, *checks, storable_text(limit, UNUSABLE_IN_TEXT)],
            filters=[skip_overlong(clean_text, limit)],
            **options,
        )


class ChoiceField(SelectField):
    """One choice from a list, or none."""

    def __init__(self, label: Any, choices: Sequence[tuple[str, Any]], *checks: Validator, **options: Any) -> None:
        full = to_choices([("", _l("Please choose")), *choices])
        super().__init__(
            label, [single_value, *checks, valid_choice], choices=full, validate_choice=False, default="", **options
        )


class RadioChoiceField(RadioField):
    """One choice as radio buttons, or none."""

    def __init__(self, label: Any, choices: Sequence[tuple[str, Any]], *checks: Validator, **options: Any) -> None:
        super().__init__(
            label,
            [single_value, *checks, valid_choice],
            choices=to_choices(choices),
            validate_choice=False,
            default="",
            **options,
        )


class RatingField(RadioChoiceField):
    """One of few steps in a row, the least first, or none."""


class MultiChoiceField(SelectMultipleField):
    """Any number of choices as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any, choices: Sequence[tuple[str, Any]], *checks: Validator, **options: Any) -> None:
        super().__init__(label, [*checks, valid_choice], choices=to_choices(choices), validate_choice=False, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Keep each choice once, in the order of the list; unknown ones stay for the validator."""
        order = list(choice_labels(self))
        known = [key for key in order if key in valuelist]
        self.data = known + [value for value in valuelist if value and value not in order]


class ConsentField(BooleanField):
    """A checkbox that is never checked beforehand (Art. 4(11), Art. 7 GDPR)."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, [single_value, valid_checkbox], default=False, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Set true for exactly one checked value."""
        self.data = valuelist == [CHECKED_VALUE]


def display_value(field: Field, value: Any) -> str:
    """Return an answer in the current language; empty if there is none."""
    if isinstance(field, BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(field, SelectMultipleField):
        labels = choice_labels(field)
        return "\n".join(str(labels.get(key, key)) for key in value or [])
    if isinstance(field, SelectField):
        labels = choice_labels(field)
        return str(labels.get(value, value)) if value else ""
    return str(value or "")
