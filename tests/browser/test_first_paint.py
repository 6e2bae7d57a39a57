"""Text comes first: no script stands in its way, and what is pressed before the script is there is not lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import BrowserSession
from tests.municipality import language_like

NewSession = Callable[..., BrowserSession]
PATHS = ["/", "/kontakt/", "/arbeitgeber/mitmachen/", "/ar/kontakt/"]
# What only some pages show has a stylesheet of its own.
OWN_STYLES = {"/": ["/assets/home.css"], "/arbeitgeber/mitmachen/": ["/assets/forms.css"]}
TIMES = """() => {
  const loaded = performance.getEntriesByType("resource");
  return {
    painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    blocking: loaded.filter((one) => one.renderBlockingStatus === "blocking").map((one) => new URL(one.name).pathname),
    script: loaded.find((one) => one.name.includes("/assets/kim.js"))?.startTime,
    onload: performance.getEntriesByType("navigation")[0].loadEventStart,
  };
}"""

SCRIPT_LOADED = """() => new Promise((done) => new PerformanceObserver((list) => {
  if (list.getEntries().some((one) => one.name.includes("/assets/kim.js"))) done();
}).observe({ type: "resource", buffered: true }))"""


@pytest.mark.parametrize("path", PATHS)
def test_only_the_stylesheet_comes_before_the_first_paint(new_session: NewSession, path: str) -> None:
    page = new_session().open(path)
    page.evaluate(SCRIPT_LOADED)
    times = page.evaluate(TIMES)
    assert times["blocking"] == ["/assets/kim.css", *OWN_STYLES.get(path, ())]
    assert times["script"] >= times["painted"]


def test_further_pages_of_a_visit_take_their_script_at_once(new_session: NewSession) -> None:
    page = new_session(viewport={"width": 1280, "height": 800}).open("/kim/")
    page.locator(".kim-breadcrumbs a").first.click()
    page.wait_for_url("**/")
    page.wait_for_load_state("load")
    times = page.evaluate(TIMES)
    assert times["script"] <= times["onload"]


def test_a_choice_in_the_address_is_there_when_the_page_is(new_session: NewSession) -> None:
    page = new_session().open("/angebote/?topic=health")
    assert page.locator("[name=topic][value=health]").is_checked()
    times = page.evaluate(TIMES)
    assert times["script"] <= times["onload"]


def test_a_button_pressed_before_its_script_is_there_does_its_work_later(new_session: NewSession) -> None:
    seen = new_session()
    page = seen.context.new_page()
    held: list[Route] = []
    page.route("**/assets/kim.js*", lambda route: held.append(route))
    with page.expect_request("**/assets/kim.js*"):
        page.goto(seen.url + "/kontakt/")
    page.locator("[data-kim-search]").click()
    expect(page.locator("#kim-search")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#kim-search")).to_be_visible()


def test_without_its_script_a_page_offers_what_works_without(new_session: NewSession) -> None:
    seen = new_session(expect_errors=True)
    page = seen.context.new_page()
    page.route("**/assets/kim.js*", lambda route: route.abort())
    page.goto(seen.url + "/kontakt/")
    expect(page.locator("[data-kim-search]")).to_be_hidden()
    expect(page.locator(".kim-header a.kim-no-js-only")).to_be_visible()


def test_a_scheme_chosen_by_hand_holds_before_the_script_is_there(new_session: NewSession) -> None:
    seen = new_session(color_scheme="light")
    page = seen.context.new_page()
    page.add_init_script("localStorage.setItem('kim-scheme', 'dark')")
    page.route("**/assets/kim.js*", lambda route: None)
    with page.expect_request("**/assets/kim.js*"):
        page.goto(seen.url + "/kontakt/")
    assert page.evaluate("document.documentElement.dataset.scheme") == "dark"


def test_a_network_that_goes_before_the_script_has_come_is_said_and_the_script_comes_with_it(
    new_session: NewSession,
) -> None:
    seen = new_session(expect_errors=True)
    page = seen.context.new_page()
    held: list[Route] = []
    page.route("**/assets/kim.js*", lambda route: held.append(route), times=1)
    with page.expect_request("**/assets/kim.js*"):
        page.goto(seen.url + "/barriere-melden/")
    note, search = page.locator(".kim-form__network"), page.locator("[data-kim-search]")
    expect(note).to_be_hidden()
    seen.context.set_offline(True)
    held[0].abort()
    expect(note).to_be_visible()
    expect(search).to_be_hidden()
    seen.context.set_offline(False)
    expect(note).to_be_hidden()
    search.click()
    expect(page.locator("#kim-search")).to_be_visible()


LINE_SHIFT = (
    0.05  # the layout-shift score of a line that comes late at the top of a page; a shift of a pixel is far below
)
SHIFTS = """() => new Promise((done) => {
  const found = [];
  const name = ({ node }) => node && `${node.nodeName} ${node.className ?? ""} ${(node.textContent ?? "").slice(0, 40)}`;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
    found.push([entry.value, ...entry.sources.map((one) => [name(one), one.previousRect.toJSON(), one.currentRect.toJSON()])]);
  })).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(found))));
})"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/", "/kontakt/", "/ar/arbeitgeber/mitmachen/"])
def test_nothing_moves_when_the_page_is_offered_in_the_readers_own_language(
    new_session: NewSession, path: str, width: int
) -> None:
    page = new_session(locale=language_like("uk"), viewport={"width": width, "height": 800}).open(path)
    expect(page.locator(".kim-language-hint")).to_be_visible()
    shifts = page.evaluate(SHIFTS)
    assert sum(shift[0] for shift in shifts) < LINE_SHIFT / 10, shifts
    assert page.locator("html").get_attribute("data-offer") is None


def test_where_no_line_comes_no_room_is_kept(new_session: NewSession) -> None:
    top = "document.querySelector('.kim-header').getBoundingClientRect().top"
    for options in ({"locale": "de-DE"}, {"locale": "ja-JP"}, {"locale": "uk-UA", "java_script_enabled": False}):
        assert new_session(**options).open("/").evaluate(top) == 0, options
