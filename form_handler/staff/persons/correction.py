"""Correcting a person's name, address or number in several submissions at once (Art. 16 GDPR)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from form_handler.forms import FORMS
from form_handler.storage.submissions import Submission

# Who somebody is and how they are reached; everything else is corrected in its own submission.
FIELDS = ("name", "company", "contact_name", "email", "phone")


@dataclass(frozen=True)
class ContactField:
    """One field of the correction.

    :ivar stored: the different values that are stored, in order.
    :ivar value: the content of the field: the typed text, else the value that all submissions share, else nothing.
    :ivar errors: the errors of the typed text.
    """

    name: str
    label: str
    stored: list[str]
    value: str
    errors: list[str]


def contact_fields(
    found: Sequence[Submission], typed: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> list[ContactField]:
    """Return the fields that are answered in at least one submission, labelled in the current language."""
    fields = []
    for name in FIELDS:
        stored = list(dict.fromkeys(str(row.answers[name]) for row in found if row.answers.get(name)))
        if not stored:
            continue
        form = next(FORMS[row.form].form_class() for row in found if row.answers.get(name))
        value = (typed or {}).get(name, stored[0] if len(stored) == 1 else "")
        fields.append(ContactField(name, str(form[name].label.text), stored, value, (errors or {}).get(name, [])))
    return fields


def apply_correction(row: Submission, typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the answers of a submission with the typed values, by the rules of its form, and their errors.

    An empty field changes nothing, and a field that the sender left empty stays empty.
    """
    definition = FORMS[row.form]
    names = [name for name in FIELDS if typed.get(name) and row.answers.get(name)]
    others = [(name, value) for name, value in definition.hidden_fields_from_answers(row.answers) if name not in names]
    form = definition.bind(MultiDict([*others, *((name, typed[name]) for name in names)]))
    form.validate()
    errors = {name: [str(error) for error in form[name].errors] for name in names if form[name].errors}
    return {**row.answers, **{name: form[name].data for name in names}}, errors
