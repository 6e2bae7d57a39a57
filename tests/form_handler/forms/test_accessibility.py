"""Each field of each form says what it takes, and each error is tied to its field and to a summary (WCAG 2.2, 1.3.5, 3.3.1, 4.1.3)."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag

from core.gettext import gettext, use_language
from core.languages import Language, find_language, load_languages
from form_handler.forms import FORMS, FormDefinition
from tests.form_handler.conftest import Browser

ALL = pytest.mark.parametrize("definition", FORMS.values(), ids=lambda d: d.key)
EMAIL = {
    "type": "email",
    "autocomplete": "email",
    "inputmode": "email",
    "autocapitalize": "none",
    "spellcheck": "false",
}
PHONE = {"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
# What a field about the person who fills in the form tells keyboard and autofill (WCAG 2.2, 1.3.5).
OWN_DATA = {
    "email": EMAIL,
    "phone": PHONE,
    "name": {"type": "text", "autocomplete": "name"},
    "contact_name": {"type": "text", "autocomplete": "name"},
    "company": {"type": "text", "autocomplete": "organization"},
    "district": {"type": "text", "autocomplete": "address-level2"},
}
# Text that is no datum of the list of WCAG 2.2, section 7. A new field belongs to one of the two tables.
OTHER_TEXT = {
    "aids", "hindered_text", "languages", "message", "missing", "page", "problem", "reach_when", "spoken", "when", "worked_text",
}  # fmt: skip
# Answers that break a rule of every field that has one, besides leaving it empty.
WRONG = {"email": "wrong@", "phone": "x"}


def page_of(browser: Browser, definition: FormDefinition, language: Language) -> Tag:
    """Return the page that answers a form with faults."""
    fields = definition.field_names()
    response = browser.post(language.root + definition.slug, {name: WRONG.get(name, "") for name in fields})
    assert response.status_code == 422
    return BeautifulSoup(response.text, "lxml")


@ALL
def test_each_field_tells_keyboard_and_autofill_what_it_takes(browser: Browser, definition: FormDefinition) -> None:
    page = page_of(browser, definition, load_languages()[0])
    for field in page.select(".kim-field__input:not(select)"):
        name = str(field["name"])
        assert (name in OWN_DATA) != (name in OTHER_TEXT), name
        wanted = OWN_DATA.get(name, {})
        assert {key: field.get(key) for key in ("autocomplete", "inputmode", "autocapitalize", "spellcheck")} == {
            key: wanted.get(key) for key in ("autocomplete", "inputmode", "autocapitalize", "spellcheck")
        }, name
        assert field.name == "textarea" or field["type"] == wanted.get("type", "text"), name
        assert field["dir"] == ("ltr" if name in WRONG else "auto"), name


@pytest.mark.parametrize("language", load_languages(), ids=lambda language: language.code)
@ALL
def test_each_error_is_said_at_its_field_and_in_a_summary_that_takes_the_focus(
    browser: Browser, definition: FormDefinition, language: Language
) -> None:
    """The summary has ``autofocus``, which works without script, and the role that announces it."""
    page = page_of(browser, definition, language)
    with use_language(language.code):
        error = gettext("Error:")
    assert page.title
    assert page.title.get_text().startswith(error)
    (summary,) = page.select("[autofocus]")
    assert (summary["role"], summary["tabindex"]) == ("alert", "-1")
    title = page.find(id=summary["aria-labelledby"])
    assert title
    assert title.name == "h2"
    links = summary.select("li a")
    assert links
    for link in links:
        field = page.find(id=str(link["href"]).removeprefix("#"))
        assert isinstance(field, Tag)
        message = page.find(id=f"{field['id']}-error")
        assert isinstance(message, Tag)
        assert message["id"] in str(field["aria-describedby"]).split(" ")
        assert message.get_text() == f"{error} {link.get_text()}"
        assert field.name == "fieldset" or field["aria-invalid"] == "true"
    for described in page.select("[aria-describedby]"):
        assert all(page.find(id=name) for name in str(described["aria-describedby"]).split(" "))


def test_german_words_of_a_form_are_marked_by_the_service_too(browser: Browser) -> None:
    """WCAG 2.2, 3.1.2; the built page is looked at in ``tests/site``."""
    language = find_language("ar")
    assert language
    page = page_of(browser, FORMS["survey"], language)
    marked = {one.get_text() for one in page.select('legend [lang="de"], label [lang="de"]')}
    assert {"Praktikum", "Ausbildung", "Agentur für Arbeit", "Jobcenter"} <= marked
