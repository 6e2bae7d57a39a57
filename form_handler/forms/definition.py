"""What a form is besides its fields: where it lives, why it asks, how long answers are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form

from form_handler.forms.fields import display_value


@dataclass(frozen=True)
class FormDefinition:
    """One form of the site.

    :ivar key: its name in storage and settings, for example ``"participation"``.
    :ivar slug: the page it lives on, below a language's root.
    :ivar form_class: the WTForms class, usable without a request.
    :ivar title: what it is called, as a lazy word.
    :ivar purpose: why the answers are processed (Art. 13(1)(c) GDPR), a whole sentence.
    :ivar legal_basis: on which basis (Art. 13(1)(c) GDPR), a whole sentence.
    :ivar retention_months: how long answers are kept, in months; the one number for notice, job and test.
    :ivar answer_within_days: by when the office answers, in days.
    :ivar sender_field: the field that holds the sender's e-mail address, or None.
    :ivar after_receipt: what a receipt says besides, for example where to complain; or None.
    :ivar sections: headings of the form with the fields below each, in order.
    """

    key: str
    slug: str
    form_class: type[Form]
    title: Any
    purpose: Any
    legal_basis: Any
    retention_months: int
    answer_within_days: int
    sender_field: str | None
    sections: tuple[tuple[Any, tuple[str, ...]], ...]
    after_receipt: Any = None

    def fill(self, data: MultiDict[str, str] | None = None) -> Form:
        """Return the form, filled with what was sent."""
        return self.form_class(data)

    def field_names(self) -> list[str]:
        """Return the names of all fields, in the order of the page."""
        return [name for _, names in self.sections for name in names]

    def answers(self, form: Form) -> dict[str, Any]:
        """Return what is stored: text, the key of a choice, a list of keys, or true and false."""
        return {name: form[name].data for name in self.field_names()}

    def rows(self, answers: Mapping[str, Any]) -> Iterator[tuple[Field, str]]:
        """Yield each field with its answer in words of the current language; empty if not answered."""
        form = self.form_class()
        for name in self.field_names():
            field = form[name]
            yield field, display_value(field, answers.get(name))

    def pairs(self, form: Form) -> list[tuple[str, str]]:
        """Return the answers as the pairs of a browser's request, for hidden fields that carry them on."""
        carried: list[tuple[str, str]] = []
        for name in self.field_names():
            raw = form[name].raw_data or []
            carried += [(name, str(value)) for value in raw if value != ""]
        return carried
