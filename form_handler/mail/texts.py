"""Text blocks that mails share: answers, signature, response time."""

import textwrap

from core.contacts import load_fallback_contact, load_office_contact
from core.gettext import gettext as _
from core.gettext import ngettext
from core.languages import Language, find_language
from core.project import load_site_settings
from form_handler.forms import FormDefinition
from form_handler.settings import Settings
from form_handler.storage.submissions import Submission

# Signs that end a sentence or introduce the answer, in all scripts of the site; no colon follows them.
SENTENCE_ENDS = frozenset(".?!:;…،؛؟۔。？！：；．")
CLOSING_QUOTES = "\"'“”‘’«»‹›"


def signature(settings: Settings, language: Language) -> list[str]:
    """Return the signature: office and city, the site's address, and the phone number if known.

    Names and numbers are in Latin letters; in a mail that is read from the right they are isolated (Unicode UAX #9, 3.1).
    """
    site, contact = load_site_settings(), load_fallback_contact()

    def isolate(text: str) -> str:
        return f"\u2066{text}\u2069" if language.dir == "rtl" else text

    authority = str(site["municipality"]["authority"])
    lines = ["-- ", isolate(", ".join(dict.fromkeys([office_name(), authority])))]
    lines.append(_("Website: %(address)s", address=isolate(settings.public_url.rstrip("/") + language.root)))
    phone = load_office_contact()
    if phone is None or not phone.phone:
        phone = contact
    if phone is not None and phone.phone:
        number = _("Phone: %(number)s", number=isolate(f"{phone.phone} ({phone.name})"))
        lines.append(number if phone.confirmed else f"{number} – {_('not yet officially confirmed')}")
    return lines


def office_name() -> str:
    """Return the name of the office that receives the forms; without one, that of the programme."""
    office = load_office_contact()
    return office.name if office is not None else str(load_site_settings()["municipality"]["programme"])


def language_name(code: str) -> str:
    """Return a language's own name with its code; the code alone if the site has no such language."""
    language = find_language(code)
    return f"{language.name} ({code})" if language is not None else code


def response_time_note(definition: FormDefinition) -> list[str]:
    """Return the sentence with the response time; none where no answer is promised."""
    days = definition.answer_within_days
    if days is None:
        return []
    return [ngettext("We aim to answer you within %(num)s day.", "We aim to answer you within %(num)s days.", days)]


def reply_template(reference: str) -> tuple[str, str]:
    """Return subject and first line of an answer by hand, in the current language."""
    return (
        _("Our answer to %(reference)s", reference=reference),
        _("Reference number: %(reference)s", reference=reference),
    )


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
