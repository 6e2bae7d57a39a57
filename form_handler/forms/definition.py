"""The definition of a form: path, fields in sections, purpose, legal basis, retention."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, StringField

from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import default_language
from core.states import provision
from form_handler.forms.fields import (
    CHECKED_VALUE,
    ChoiceField,
    EmailField,
    MultiChoiceField,
    MultilineField,
    PhoneField,
    RadioChoiceField,
    RatingField,
    choice_labels,
    display_value,
)

# Mean reading speed over 17 languages (S. Trauzettel-Klosinski and K. Dietz, Standardized Assessment of Reading
# Performance: The New International Reading Speed Texts IReST, IOVS 53 (2012): 184 words a minute; German 179).
WORDS_PER_MINUTE = 180
# Seconds to think and to answer, beside reading; an assumption, on the safe side.
ANSWER_SECONDS = {"rating": 4, "choice": 8, "line": 15, "text": 60}


@dataclass(frozen=True)
class FormDefinition:
    """One form of the site.

    :ivar key: its name in storage and settings, for example ``"participation"``.
    :ivar slug: its page, below a language's root.
    :ivar form_class: the WTForms class, usable without a request.
    :ivar title: its title, as a lazy string.
    :ivar purpose: why the answers are processed (Art. 13(1)(c) GDPR), a whole sentence.
    :ivar provision: which law of the federal state is its basis, see :func:`core.states.load_state`.
    :ivar retention_months: retention of the answers in months; the one number for notice, job and test.
    :ivar answer_within_days: by when the office answers, in days; None if no answer is promised.
    :ivar interim_within_days: by when an interim notice is due if there is no answer yet, in days; or None.
    :ivar sender_field: the field that holds the sender's e-mail address, or None.
    :ivar receipt_note: a further sentence on the receipt, for example where to complain; or None.
    :ivar consents: fields that are a consent (Art. 6(1)(a) GDPR), each for its own purpose; empty where the task of
        the public body is basis enough, as for a plain contact request.
    :ivar name_fields: fields that name the sender in a list, the best first.
    :ivar prefill: fields that a link to the form may fill, for example by ``?page=/kontakt/``.
    :ivar link_names: further parameters of such a link, which the service turns into answers.
    :ivar sections: headings of the form with the fields below each, in order.
    :ivar folded_sections: how many of the last sections are folded; none of their questions is required.
    """

    key: str
    slug: str
    form_class: type[Form]
    title: Any
    purpose: Any
    retention_months: int
    answer_within_days: int | None
    sender_field: str | None
    sections: tuple[tuple[Any, tuple[str, ...]], ...]
    receipt_note: Any = None
    provision: str = "data_protection"
    interim_within_days: int | None = None
    consents: tuple[str, ...] = ()
    name_fields: tuple[str, ...] = ()
    prefill: tuple[str, ...] = ()
    link_names: tuple[str, ...] = ()
    folded_sections: int = 0

    @property
    def open_sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """Return the sections that everybody sees."""
        return self.sections[: len(self.sections) - self.folded_sections]

    @property
    def more_sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """Return the sections that are folded."""
        return self.sections[len(self.sections) - self.folded_sections :]

    def question_count(self, folded: bool = False) -> int:
        """Return the number of questions that everybody sees, or of those that are folded."""
        return sum(len(names) for _heading, names in (self.more_sections if folded else self.open_sections))

    def has_folded_answers(self, form: Form) -> bool:
        """Return whether a folded question was answered or has an error, so that its section must be seen."""
        return any(form[name].data or form[name].errors for _heading, names in self.more_sections for name in names)

    def estimated_minutes(self) -> int:
        """Return how long it takes to read and answer every question, folded ones included, in minutes, rounded.

        Words are read at :data:`WORDS_PER_MINUTE`, a text that is repeated (the steps of a scale) once, and each question
        takes its :data:`ANSWER_SECONDS`; text fields that may be left empty are read, not answered. Measured with the
        German words, so that every language names the same time.
        """
        seconds = 0
        with use_language(default_language().code):
            form = self.form_class()
            texts = [str(heading) for heading, _names in self.sections]
            for name in self.field_names():
                field = form[name]
                texts += [str(field.label.text), str(field.description), *map(str, choice_labels(field).values())]
                if isinstance(field, RatingField):
                    seconds += ANSWER_SECONDS["rating"]
                elif isinstance(field, ChoiceField | RadioChoiceField | MultiChoiceField):
                    seconds += ANSWER_SECONDS["choice"]
                elif field.flags.required:
                    seconds += ANSWER_SECONDS["text" if isinstance(field, MultilineField) else "line"]
        words = sum(len(text.split()) for text in dict.fromkeys(texts))
        return max(1, round(words / WORDS_PER_MINUTE + seconds / 60))

    def choices(self, name: str) -> list[tuple[str, str]]:
        """Return key and words of each choice of a field, in order; "please choose" is none."""
        return [(key, str(label)) for key, label in choice_labels(self.form_class()[name]).items() if key]

    def bind(self, data: MultiDict[str, str] | None = None) -> Form:
        """Return the form bound to submitted data."""
        return self.form_class(data)

    def prefilled(self, given: MultiDict[str, str], is_page: Callable[[str], bool]) -> Form:
        """Return the form with the values of a link; anything else in the address, and any value that does not fit, is ignored.

        :param given: the parameters of the address.
        :param is_page: whether the site has a page at a path; a field without choices takes such a path only.
        """
        form = self.form_class()
        for name in self.prefill:
            value = given.get(name, "")
            choices = choice_labels(form[name])
            if isinstance(form[name], MultiChoiceField):
                form[name].data = [key for key in choices if key in given.getlist(name)]
            elif value and (value in choices if choices else is_page(value)):
                form[name].data = value
        return form

    def field_names(self) -> list[str]:
        """Return the names of all fields, in the order of the page."""
        return [name for _heading, names in self.sections for name in names]

    def legal_basis(self) -> str:
        """Return on which basis the answers are processed (Art. 13(1)(c) GDPR), a whole sentence."""
        if law := provision(self.provision):
            return _("Legal basis: Art. 6(1)(e) GDPR with %(law)s.", law=law)
        return _("Legal basis: Art. 6(1)(e) GDPR.")

    def legal_bases(self) -> list[str]:
        """Return the legal bases as sentences (Art. 13(1)(c) GDPR): of the form, then of each consent in it."""
        form = self.form_class()
        return [
            self.legal_basis(),
            *(
                _("For “%(label)s”, the legal basis is your consent (Art. 6(1)(a) GDPR).", label=form[name].label.text)
                for name in self.consents
            ),
        ]

    def answers(self, form: Form) -> dict[str, Any]:
        """Return the answers as they are stored: text, the key of a choice, a list of keys, or a boolean."""
        return {name: form[name].data for name in self.field_names()}

    def sender_label(self, answers: Mapping[str, Any]) -> str:
        """Return the name by which a list shows a submission, else its e-mail address, else nothing."""
        fields = (*self.name_fields, *((self.sender_field,) if self.sender_field else ()))
        return next((str(answers[name]) for name in fields if answers.get(name)), "")

    def display_rows(self, answers: Mapping[str, Any]) -> Iterator[tuple[Field, str]]:
        """Yield each field with its answer in the current language; empty if not answered."""
        form = self.form_class()
        for name in self.field_names():
            field = form[name]
            yield field, display_value(field, answers.get(name))

    def hidden_fields(self, form: Form) -> list[tuple[str, str]]:
        """Return the submitted answers as name and value of hidden fields.

        Text is the cleaned one, because not every submitted character survives in a page.
        """
        carried: list[tuple[str, str]] = []
        for name in self.field_names():
            field = form[name]
            raw = [field.data] if isinstance(field, StringField) else field.raw_data or []
            carried += [(name, str(value)) for value in raw if value]
        return carried

    def hidden_fields_from_answers(self, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return stored answers as name and value of hidden fields."""
        carried: list[tuple[str, str]] = []
        for name in self.field_names():
            value = answers.get(name)
            values = (
                value if isinstance(value, list) else [CHECKED_VALUE] if value is True else [value] if value else []
            )
            carried += [(name, str(one)) for one in values]
        return carried

    def is_reachable(self, answers: Mapping[str, Any]) -> bool:
        """Return whether the sender gave an e-mail address or a telephone number."""
        form = self.form_class()
        return any(answers.get(name) and isinstance(form[name], EmailField | PhoneField) for name in self.field_names())
