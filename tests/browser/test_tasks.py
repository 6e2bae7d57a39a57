"""Steps to tick: the ticks stay on the device and hold in every language; without script there is a list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import BrowserSession

NewSession = Callable[..., BrowserSession]
PATH = "ankommen/checklisten/"


def box(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} input")


def test_a_tick_stays_and_holds_in_another_language(new_session: NewSession) -> None:
    page = new_session().open(f"/{PATH}")
    page.locator("#wochen-konto label").click(position={"x": 5, "y": 5})
    expect(box(page, "wochen-konto")).to_be_checked()
    expect(page.locator(".kim-tasks__status").first).to_have_text("1 von 9 erledigt")
    page.reload()
    expect(box(page, "wochen-konto")).to_be_checked()
    page.goto(page.url.replace(PATH, f"ar/{PATH}"))
    expect(box(page, "wochen-konto")).to_be_checked()
    expect(box(page, "wochen-anmelden")).not_to_be_checked()
    page.locator("[data-action=clear]").click()
    expect(box(page, "wochen-konto")).not_to_be_checked()
    assert page.evaluate("localStorage.getItem('kim-tasks')") is None


def test_ticks_work_with_the_keyboard_and_say_how_many_are_done(new_session: NewSession) -> None:
    page = new_session().open(f"/en/{PATH}")
    box(page, "arbeit-vertrag").focus()
    page.keyboard.press("Space")
    status = page.locator(".kim-tasks__status").last
    expect(status).to_have_text("1 of 8 done")
    expect(status).to_have_role("status")
    expect(
        page.get_by_role("checkbox", name="Read the employment contract (Arbeitsvertrag), sign it and keep a copy.")
    ).to_be_checked()


@pytest.mark.parametrize(
    "stored", ["{", "null", "7", '{"a": 1}', '[1, null, "x#y"]', '"ankommen/checklisten/#kind-geld"']
)
def test_whatever_is_stored_the_list_works(new_session: NewSession, stored: str) -> None:
    page = new_session().open("/")
    page.evaluate("(value) => localStorage.setItem('kim-tasks', value)", stored)
    page.goto(page.url + PATH)
    expect(page.locator(".kim-task input:checked")).to_have_count(0)
    box(page, "kind-geld").check()
    page.reload()
    expect(box(page, "kind-geld")).to_be_checked()


def test_two_tabs_lose_no_tick(new_session: NewSession) -> None:
    seen = new_session()
    first, second = seen.open(f"/{PATH}"), seen.context.new_page()
    second.goto(first.url)
    box(first, "kind-geld").check()
    expect(box(second, "kind-geld")).to_be_checked()
    box(second, "kind-masern").check()
    expect(box(first, "kind-masern")).to_be_checked()
    first.reload()
    expect(first.locator(".kim-task input:checked")).to_have_count(2)


def test_without_storage_the_ticks_hold_for_the_page(new_session: NewSession) -> None:
    seen = new_session()
    seen.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied') } })"
    )
    page = seen.open(f"/{PATH}")
    box(page, "kind-geld").check()
    expect(page.locator(".kim-tasks__status").nth(1)).to_have_text("1 von 6 erledigt")


def test_without_script_it_is_a_list_with_its_links(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open(f"/{PATH}")
    expect(page.locator(".kim-task")).to_have_count(31)
    expect(page.locator(".kim-task input")).to_have_count(0)
    expect(page.locator("[data-kim-tasks]")).to_be_hidden()
    expect(page.locator("#wochen-konto a")).to_be_visible()
