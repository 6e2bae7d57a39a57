"""An employer sends the participation form: with a fault, then right, twice, late, and with the power gone."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from core.gettext import gettext, use_language
from core.languages import Language
from tests.browser.conftest import BrowserSession
from tests.conftest import full_or_sample
from tests.languages import LANGUAGES, SAMPLE_LANGUAGES
from tests.municipality import language_like
from tests.server import Server, running_server, wait_until

FORM = "arbeitgeber/mitmachen/"
OTHER = language_like("tr")
REFERENCE = re.compile(r"KIM-[2-9A-HJKMNP-Z]{6}")
NewSession = Callable[..., BrowserSession]


def word(code: str, message: str) -> str:
    with use_language(code):
        return gettext(message)


def fill_in(page: Page, company: str, address: str = "beispiel@example.org") -> None:
    page.locator("#company").fill(company)
    page.locator("#email").fill(address)


def submit(page: Page) -> None:
    page.locator("form[method=post] button.kim-button[type=submit]").last.click()


def reference_on(page: Page) -> str:
    page.wait_for_url("**/eingegangen/**")
    return page.locator(".kim-receipt__number").inner_text()


def mails(server: Server, reference: str) -> dict[str, email.message.EmailMessage]:
    """Wait for both mails of a submission and return them by kind."""
    paths = {kind: server.data_dir / "mail" / f"{reference}-{kind}.eml" for kind in ("office", "copy")}
    wait_until(lambda: all(path.exists() for path in paths.values()), what="both mails")
    return {k: email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for k, p in paths.items()}  # type: ignore[misc]


def test_a_translated_form_with_a_fault_first_and_then_right_reaches_the_office(
    new_session: NewSession, server: Server
) -> None:
    page = new_session(viewport={"width": 360, "height": 740}).open(f"/{OTHER}/{FORM}")
    page.locator("#email").fill("yanlis@")
    page.locator("#message").fill("Merhaba, ğüşöçı İ")
    page.get_by_label(word(OTHER, "Offer an internship")).check()
    submit(page)

    assert page.title().startswith(word(OTHER, "Error:"))
    summary = page.locator(".kim-summary")
    assert word(OTHER, "Enter the name of your company.") in summary.inner_text()
    assert word(OTHER, "Enter the e-mail address in full, for example name@example.org.") in summary.inner_text()
    assert word(OTHER, "Enter the name of your company.") in page.locator("#company-error").inner_text()
    assert page.locator("#message").input_value() == "Merhaba, ğüşöçı İ"
    summary.locator("a").first.click()
    assert page.evaluate("document.activeElement.id") == "company"

    fill_in(page, "Beispiel Fırın", "firin@example.org")  # one mailbox gets few receipts a day
    submit(page)
    assert page.locator("h1").inner_text() == word(OTHER, "Check your answers")
    assert word(OTHER, "Offer an internship") in page.locator(".kim-review__list").inner_text()
    submit(page)

    reference = reference_on(page)
    assert REFERENCE.fullmatch(reference)
    assert "Beispiel Fırın" in server.run_cli("submissions", "list")
    record = next(r for r in json.loads(server.run_cli("submissions", "list", "--json")) if r["reference"] == reference)
    assert record["language"] == OTHER
    assert record["answers"]["message"] == "Merhaba, ğüşöçı İ"
    assert record["answers"]["ways"] == ["internship"]
    sent = mails(server, reference)
    assert reference in sent["copy"]["Subject"]
    assert word(OTHER, "Thank you. Your answers have arrived.") in sent["copy"].get_content()
    assert word("de", "A form has come in on the website.") in sent["office"].get_content()
    assert "Merhaba" not in sent["copy"].get_content()
    assert "Beispiel Fırın" in sent["office"]["Subject"]
    assert sent["office"]["Reply-To"] == "firin@example.org"


@pytest.mark.parametrize("language", full_or_sample(LANGUAGES, SAMPLE_LANGUAGES), ids=lambda language: language.code)
def test_form_faults_review_and_receipt_speak_the_language_and_its_direction(
    new_session: NewSession, language: Language
) -> None:
    page = new_session().open(language.root + FORM)

    def speaks() -> bool:
        html = page.locator("html")
        return (html.get_attribute("lang"), html.get_attribute("dir")) == (language.code, language.dir)

    submit(page)
    assert speaks()
    assert (
        page.locator("#email-error")
        .inner_text()
        .endswith(word(language.code, "Enter an e-mail address, so that we can answer you."))
    )
    fill_in(page, "Beispielbetrieb")
    submit(page)
    assert speaks()
    submit(page)
    reference_on(page)
    assert speaks()
    assert page.locator("h1").inner_text() == word(language.code, "Thank you, your answers have arrived")


def test_everything_works_without_script(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open("/ar/" + FORM)
    submit(page)
    assert page.locator(".kim-summary li").count() == 2
    fill_in(page, "شركة مثال")
    submit(page)
    submit(page)
    assert REFERENCE.fullmatch(reference_on(page))


def test_each_answer_can_be_changed_from_the_review_page(new_session: NewSession) -> None:
    page = new_session().open("/" + FORM)
    fill_in(page, "Beispielbetrieb")
    page.locator("#message").fill("Zeile eins\nZeile zwei")
    submit(page)
    page.locator("button[name=_change][value=message]").click()
    assert page.url.endswith("#message")
    assert page.locator("#message").input_value() == "Zeile eins\nZeile zwei"
    assert page.locator(".kim-summary").count() == 0
    page.locator("#message").fill("Neu")
    submit(page)
    assert "Neu" in page.locator(".kim-review__list").inner_text()


def test_a_double_click_a_reload_and_the_back_button_make_one_submission(
    new_session: NewSession, server: Server
) -> None:
    page = new_session().open("/" + FORM)
    fill_in(page, "Doppelklick Beispiel")
    submit(page)
    page.locator(".kim-review__send").last.dblclick()
    first = reference_on(page)
    page.reload()
    assert reference_on(page) == first
    page.go_back()
    page.locator(".kim-review__send").last.click()
    assert reference_on(page) == first
    found = [
        r
        for r in json.loads(server.run_cli("submissions", "list", "--json"))
        if r["answers"].get("company") == "Doppelklick Beispiel"
    ]
    assert len(found) == 1


def test_a_page_left_open_until_its_token_is_gone_loses_no_answer(new_session: NewSession) -> None:
    seen, code = new_session(), language_like("uk")
    page = seen.open(f"/{code}/{FORM}")
    fill_in(page, "Підприємство Приклад")
    submit(page)
    seen.context.clear_cookies()
    submit(page)
    assert word(code, "Not sent yet") in page.locator(".kim-summary").inner_text()
    assert "Підприємство Приклад" in page.locator(".kim-review__list").inner_text()
    submit(page)
    assert REFERENCE.fullmatch(reference_on(page))


def test_a_cookie_lives_only_on_the_review_page(new_session: NewSession) -> None:
    seen = new_session()
    page = seen.open("/" + FORM)
    submit(page)
    assert seen.context.cookies() == []
    fill_in(page, "Beispielbetrieb")
    submit(page)
    (cookie,) = seen.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Lax", -1)


def test_killing_the_server_right_after_the_receipt_loses_nothing(new_session: NewSession, tmp_path: Path) -> None:
    server = Server(tmp_path / "var")
    server.start()
    page = new_session(server.url).open("/ar/" + FORM)
    fill_in(page, "شركة مثال")
    submit(page)
    submit(page)
    reference = reference_on(page)
    server.kill()
    page.close()

    with running_server(tmp_path / "var") as again:
        assert reference in again.run_cli("submissions", "list")
        assert set(mails(again, reference)) == {"office", "copy"}
        assert again.stop() == 0
