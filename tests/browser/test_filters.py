"""A reader narrows a long list down, with or without script, with mouse or keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import BrowserSession
from tests.browser.test_accessibility import violations
from tests.conftest import full_or_sample

NewSession = Callable[..., BrowserSession]


def open_directory(session: BrowserSession, path: str) -> Page:
    """Open the page of a section and its filter, which is folded as long as nothing is chosen."""
    page = session.open(path)
    if not page.locator(".kim-filter[open]").count():
        page.locator(".kim-filter > summary").click()
    return page


def shown(page: Page) -> list[str]:
    """Return what each visible card can be found by."""
    return [str(card.get_attribute("data-tags")) for card in page.locator("[data-tags]:visible").all()]


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
@pytest.mark.parametrize("root", ["/", "/ar/"])
def test_only_cards_that_fit_every_choice_stay_and_a_reset_brings_all_back(
    new_session: NewSession, root: str, script: bool
) -> None:
    page = open_directory(new_session(java_script_enabled=script), root + "angebote/")
    everything = shown(page)
    page.locator("[name=topic][value=work]").check()
    page.locator("[name=audience][value=employers]").check()
    found = shown(page)
    assert found == [tags for tags in everything if {"work", "employers"} <= set(tags.split())]
    assert 0 < len(found) < len(everything)
    page.locator(".kim-filter button[type=reset]").click()
    assert shown(page) == everything


def test_a_card_that_does_not_fit_is_not_read_out(new_session: NewSession) -> None:
    page = open_directory(new_session(), "/angebote/")
    everything = shown(page)
    page.locator("[name=topic][value=health]").check()
    names = page.locator(".kim-cards__list").aria_snapshot()
    assert 0 < names.count("listitem") == len(shown(page)) < len(everything)


def test_the_number_of_pages_is_announced_and_an_empty_list_says_what_to_do(new_session: NewSession) -> None:
    page = open_directory(new_session(), "/en/angebote/")
    status = page.locator(".kim-filter [role=status]")
    page.locator("[name=topic][value=health]").check()
    assert status.inner_text() == f"Pages found: {len(shown(page))}"
    page.locator("[name=audience][value=employers]").check()
    assert shown(page) == []
    assert status.inner_text() == "No page fits this choice. Choose something else or show all."
    assert violations(page) == []


def test_without_script_the_number_is_counted_by_the_stylesheet(new_session: NewSession) -> None:
    page = open_directory(new_session(java_script_enabled=False), "/angebote/")
    page.locator("[name=topic][value=health]").check()
    found = len(shown(page))
    assert found > 0
    assert page.locator(".kim-filter__shown").is_visible()
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    texts = [str(node.get("name", {}).get("value")).strip() for node in nodes if node["role"]["value"] == "StaticText"]
    assert texts[texts.index("Angezeigte Seiten:") + 1] == str(found)


def test_the_address_keeps_the_choice(new_session: NewSession) -> None:
    seen = new_session()
    page = open_directory(seen, "/angebote/?topic=health&language=no-such")
    assert page.locator("[name=topic][value=health]").is_checked()
    assert shown(page)
    assert all("health" in tags.split() for tags in shown(page))
    page.locator("[name=topic][value=work]").check()
    assert page.url == seen.url + "/angebote/?topic=work"
    page.locator(".kim-filter button[type=reset]").click()
    page.wait_for_url(seen.url + "/angebote/")


def test_the_keyboard_chooses_and_enter_does_not_load_the_page_again(new_session: NewSession) -> None:
    seen = new_session()
    page = open_directory(seen, "/angebote/")
    page.locator("[name=topic][value='']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.value") != ""
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring != "none"
    before = page.url
    page.evaluate("window.still = true")
    page.keyboard.press("Enter")
    assert page.evaluate("window.still") is True
    assert page.url == before


@pytest.mark.parametrize(
    ("root", "scheme"),
    full_or_sample(
        [(root, scheme) for root in ("/", "/ar/") for scheme in ("light", "dark")], [("/", "dark"), ("/ar/", "light")]
    ),
)
def test_filters_break_no_rule_on_a_phone(new_session: NewSession, root: str, scheme: str) -> None:
    page = open_directory(new_session(viewport={"width": 320, "height": 640}, color_scheme=scheme), root + "angebote/")
    page.locator("[name=topic][value=work]").check()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    heights = page.locator(".kim-chip, .kim-filter button:visible").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
