"""A reader tells us about a page, from that page."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.conftest import BrowserSession

NewSession = Callable[..., BrowserSession]


def test_the_form_knows_the_page_the_reader_comes_from_and_shows_it(new_session: NewSession) -> None:
    page = new_session().open("/ar/ankommen/notfall/")
    page.locator(".kim-feedback a").first.click()
    page.wait_for_url("**/ar/rueckmeldung/**")
    field = page.locator("input[name=page]")
    assert field.input_value() == "/ar/ankommen/notfall/"
    assert field.is_visible()


def test_the_form_takes_nothing_but_a_path_from_the_address(new_session: NewSession) -> None:
    seen = new_session()
    for words in ("https://example.org/", "//example.org", "/a<b>", "x" * 300):
        page = seen.open("/rueckmeldung/?page=" + words)
        assert page.locator("input[name=page]").input_value() == "", words
        page.close()


def test_without_script_the_form_works_and_knows_the_page_too(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open("/rueckmeldung/?page=/kontakt/")
    assert page.locator("input[name=page]").input_value() == "/kontakt/"
    page.locator("label[for=helpful-0], .kim-choice label").first.click()
    page.locator("form[method=post] button.kim-button").click()
    assert page.locator(".kim-review__list").is_visible()
