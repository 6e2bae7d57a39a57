"""Forms where readers are: from the chooser to the form, five questions first, another language, yes and no on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from core.gettext import gettext, use_language
from form_handler.forms import FORMS
from tests.browser.conftest import BrowserSession
from tests.municipality import existing, language_like, needs_survey

NewSession = Callable[..., BrowserSession]
CHOOSER = "/arbeitgeber/werkzeugkasten/"
SURVEY = "/arbeitgeber/erfahrungen/"
FORM = "/arbeitgeber/mitmachen/"
OTHER = language_like("pl")


def top_of(page: Page, selector: str) -> float:
    return float(page.locator(selector).evaluate("(element) => element.getBoundingClientRect().top"))


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("root", ["", "/ar"])
def test_the_result_of_the_chooser_is_on_the_screen(new_session: NewSession, script: bool, root: str) -> None:
    page = new_session(java_script_enabled=script, viewport={"width": 360, "height": 740}).open(root + CHOOSER)
    page.check("#choose-want-job")
    page.check("#choose-size-large")
    page.click(".kim-chooser button[type=submit]")
    heading = page.locator("#choose-result")
    heading.wait_for()
    assert -1 <= heading.bounding_box()["y"] < 400  # type: ignore[index]
    if script:
        expect(heading).to_be_focused()
    else:
        assert page.url.endswith("#choose-result")


@pytest.mark.parametrize("script", [True, False])
def test_choices_go_from_the_chooser_into_the_form(new_session: NewSession, script: bool) -> None:
    page = new_session(java_script_enabled=script).open(CHOOSER)
    page.check("#choose-want-job")
    page.check("#choose-size-large")
    page.click(".kim-chooser button[type=submit]")
    page.click(".kim-chooser__take-part a")
    page.wait_for_url(f"**{FORM}**")
    assert page.locator("input[name=ways]:checked").evaluate_all("(all) => all.map(({ value }) => value)") == ["job"]
    assert page.locator("input[name=employees]:checked").input_value() == "250+"


def test_choices_go_over_the_page_of_a_measure_into_the_form(new_session: NewSession) -> None:
    page = new_session().open(CHOOSER)
    page.check("#choose-want-training")
    page.check("#choose-size-medium")
    page.click(".kim-chooser button[type=submit]")
    page.locator(".kim-result__title a").first.click()
    button = page.locator(".kim-take-part a")
    expect(button).to_have_attribute("href", re.compile("size=medium"))
    button.click()
    assert page.locator("input[name=ways][value=training]").is_checked()
    assert page.locator("input[name=employees]:checked").input_value() == "50-249"
    assert page.locator("textarea[name=message]").input_value().startswith("Es geht um: ")


def test_the_button_of_a_measure_works_without_script(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open(f"{CHOOSER}praktikum/")
    page.click(".kim-take-part a")
    assert page.locator("textarea[name=message]").input_value() == "Es geht um: Praktikum im Betrieb"


@pytest.mark.parametrize(
    "query", ["message=Spam&company=x&email=a@example.org", "ways=<b>&employees=9", "measure=../x&want=x"]
)
def test_a_link_fills_in_no_words_of_others(new_session: NewSession, query: str) -> None:
    page = new_session(java_script_enabled=False).open(f"{FORM}?{query}")
    for name in ("company", "email", "message"):
        assert page.locator(f"[name={name}]").input_value() == ""
    assert page.locator(".kim-form input:checked").count() == 0


@needs_survey
def test_the_survey_is_sent_after_five_questions(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open(SURVEY)
    assert page.locator(".kim-form > .kim-form__section .kim-field").count() == 5
    assert FORMS["survey"].estimated_minutes() == 4
    expect(page.locator(".kim-form__time")).to_contain_text("etwa 4 Minuten")
    expect(page.locator("#obstacle_language")).to_be_hidden()
    page.get_by_label("Ja, im Praktikum").or_(page.locator("#done-1")).first.check()
    page.click(".kim-form__submit")
    rows = page.locator(".kim-review__list .kim-review__row")
    assert rows.count() == 1, "the review shows given answers only"
    expect(page.locator(".kim-review__left-out")).to_contain_text("26 Fragen")
    page.click(".kim-review__send")
    page.wait_for_selector(".kim-receipt__number")
    assert "anbieten möchten" not in page.locator("main").inner_text()


@needs_survey
def test_folded_answers_stay_and_are_seen_after_an_error(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open(SURVEY)
    page.locator(".kim-form__more > summary").click()
    page.locator("#obstacle_language input").last.check()
    page.fill("#hindered_text", "Termine")
    page.click(".kim-form__submit")  # the one required question is open
    expect(page.locator("#kim-summary")).to_be_visible()
    expect(page.locator("#obstacle_language input").last).to_be_checked()
    expect(page.locator("#hindered_text")).to_be_visible()
    assert page.locator("#hindered_text").input_value() == "Termine"


@needs_survey
@pytest.mark.parametrize("root", ["", *(path.rstrip("/") for path in existing("/ar/", "/ru/"))])
def test_the_steps_of_a_scale_stand_in_one_row_on_a_phone(new_session: NewSession, root: str) -> None:
    page = new_session(viewport={"width": 360, "height": 740}).open(root + SURVEY)
    page.locator(".kim-form__more > summary").click()
    scales = page.locator(".kim-field--scale")
    assert scales.count() == 14
    tops = scales.evaluate_all(
        "(all) => all.map((one) => [...one.querySelectorAll('input')].map((i) => i.getBoundingClientRect().top))"
    )
    assert all(max(row) - min(row) < 1 for row in tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("script", [True, False])
def test_a_filled_in_form_goes_along_into_another_language(new_session: NewSession, script: bool) -> None:
    page = new_session(java_script_enabled=script).open(FORM)
    page.fill("#company", "Beispiel & Söhne")
    page.check("#ways-0")
    if script:
        page.locator(".kim-languages summary").click()
        page.locator(f".kim-languages a[hreflang={OTHER}]").click()
    else:
        page.locator(".kim-form__languages > summary").click()
        page.locator(f"[data-kim-language={OTHER}]").click()
    page.wait_for_url(f"**/{OTHER}{FORM}")
    assert page.locator("html").get_attribute("lang") == OTHER
    assert page.locator("#company").input_value() == "Beispiel & Söhne"
    assert page.locator("#ways-0").is_checked()
    assert page.locator("#kim-summary").count() == 0, "nothing is shown as wrong before it was sent"


@pytest.mark.parametrize("script", [True, False])
def test_the_review_goes_along_into_another_language(new_session: NewSession, script: bool) -> None:
    page = new_session(java_script_enabled=script).open(FORM)
    page.fill("#company", "Beispielbetrieb")
    page.fill("#email", "beispiel@example.org")
    page.click(".kim-form__submit")
    page.wait_for_selector(".kim-review__send")
    if script:
        page.locator(".kim-languages summary").click()
        page.locator(".kim-languages a[hreflang=ar]").click()
    else:
        page.locator(".kim-form__languages > summary").click()
        page.locator("[data-kim-language=ar]").click()
    page.wait_for_url(f"**/ar{FORM}")
    expect(page.locator(".kim-review__list")).to_contain_text("Beispielbetrieb")
    page.click(".kim-review__send")
    page.wait_for_selector(".kim-receipt__number")
    assert urlsplit(page.url).path.startswith("/ar/")


def test_an_empty_form_changes_the_language_by_its_link(new_session: NewSession) -> None:
    page = new_session().open(FORM)
    page.locator(".kim-languages summary").click()
    with page.expect_navigation() as navigation:
        page.locator(f".kim-languages a[hreflang={OTHER}]").click()
    assert navigation.value.request.method == "GET"


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_yes_and_no_are_answered_in_place(new_session: NewSession, answer: str) -> None:
    page = new_session(viewport={"width": 360, "height": 740}).open(f"/{OTHER}/kontakt/")
    button = page.locator(f".kim-feedback button[value={answer}]")
    button.scroll_into_view_if_needed()
    below = top_of(page, ".kim-footer")
    with page.expect_response("**/rueckmeldung/kurz/") as sent:
        button.click()
    assert sent.value.status == 204
    with use_language(OTHER):
        thanks = gettext("Thank you. Your answer helps us.")
    status = page.locator(".kim-feedback [role=status]")
    expect(status).to_have_text(thanks)
    expect(status).to_be_focused()
    expect(button).to_be_hidden()
    assert abs(top_of(page, ".kim-footer") - below) < 1, "nothing moves"
    assert urlsplit(page.url).path == f"/{OTHER}/kontakt/"
    page.locator(".kim-feedback a").first.click()
    assert page.locator(f"input[name=helpful][value={answer}]").is_checked()
    assert page.locator("input[name=page]").input_value() == f"/{OTHER}/kontakt/"


def test_without_script_yes_and_no_lead_to_the_form_that_knows_both(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open("/kontakt/")
    page.locator(".kim-feedback button[value=no]").click()
    assert page.locator("input[name=helpful][value=no]").is_checked()
    assert page.locator("input[name=page]").input_value() == "/kontakt/"


def test_if_the_answer_cannot_be_stored_the_form_takes_it(new_session: NewSession) -> None:
    page = new_session().open("/kontakt/")
    page.route("**/rueckmeldung/kurz/", lambda route: route.fulfill(status=422))
    page.locator(".kim-feedback button[value=no]").click()
    page.wait_for_url("**/rueckmeldung/?**")
    assert page.locator("input[name=helpful][value=no]").is_checked()


@pytest.mark.parametrize("script", [True, False])
def test_the_barrier_report_knows_the_page_it_came_from(new_session: NewSession, script: bool) -> None:
    page = new_session(java_script_enabled=script).open("/ar/ankommen/wohnen/")
    link = ".kim-footer a[href*='barriere-melden']" if script else ".kim-feedback a[href*='barriere-melden']"
    page.locator(link).click()
    page.wait_for_url("**/ar/barriere-melden/**")
    assert page.locator("input[name=page]").input_value() == "/ar/ankommen/wohnen/"
