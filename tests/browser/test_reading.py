"""What a reader meets on a page besides its words: focus, tables, boxes, sources, sizes, paper (WCAG 2.2)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.gettext import gettext, use_language
from tests.browser.conftest import BrowserSession
from tests.browser.test_print import on_paper
from tests.browser.test_tools import GERMAN, with_voices
from tests.languages import LANGUAGES
from tests.municipality import existing, language_like, translated_codes

NewSession = Callable[..., BrowserSession]
PHONE = {"width": 360, "height": 640}


# The focused element, if another element lies on the whole of it (WCAG 2.2, 2.4.11), with what lies there.
COVERED = """() => {
  const focused = document.activeElement, box = focused.getBoundingClientRect();
  if (focused === document.body || !box.width || !box.height) return null;
  const points = [[.5, .5], [.1, .1], [.9, .1], [.1, .9], [.9, .9]]
    .map(([x, y]) => [box.x + box.width * x, box.y + box.height * y]);
  const seen = points.map(([x, y]) => document.elementFromPoint(x, y))
    .filter((top) => top && (focused.contains(top) || top.contains(focused) || top.closest("label")?.control === focused));
  const words = (element) => element ? (element.className || element.tagName) : "outside the window";
  return seen.length ? null : `${focused.textContent.trim().slice(0, 40)} below ${words(document.elementFromPoint(...points[0]))}`;
}"""


# The height of each link below the heading that no other one of another line lies on.
FREE_HEIGHTS = """() => {
  const all = [...document.querySelectorAll(".kim-place :is(a, button, summary)")].filter((one) => one.checkVisibility());
  const boxes = all.map((one) => one.getBoundingClientRect());
  return boxes.map((box) => boxes.reduce((left, other) => {
    const besides = other.left >= box.right || other.right <= box.left || other.top <= box.top;
    return besides ? left : Math.min(left, other.top - box.top);
  }, box.height));
}"""


def focus_stops(page: Page) -> list[str | None]:
    """Go through a page by Tab, once; return for each stop what covers it, or None (WCAG 2.2, 2.4.11)."""
    stops, seen = [], set()
    for _step in range(300):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "document.activeElement === document.body ? '' : [...document.querySelectorAll('*')].indexOf(document.activeElement)"
        )
        if place in seen:
            break
        seen.add(place)
        stops.append(page.evaluate(COVERED))
    return stops


@pytest.mark.parametrize(
    ("path", "width"), [("/ankommen/wohnen/", 320), ("/kontakt/", 360), ("/", 320), ("/rueckruf/", 360)]
)
def test_no_bar_covers_an_element_that_has_the_focus(new_session: NewSession, path: str, width: int) -> None:
    """A reader of another language on a German page, where the bar that offers the language is shown, goes through it by Tab."""
    page = new_session(viewport={"width": width, "height": 568}, locale=language_like("uk")).open(path)
    expect(page.locator(".kim-language-hint")).to_be_attached()
    stops = focus_stops(page)
    assert len(stops) > 20
    assert [one for one in stops if one] == []


def test_the_bar_of_reading_aloud_covers_no_element_that_has_the_focus(new_session: NewSession) -> None:
    seen = new_session(viewport={"width": 320, "height": 568})
    with_voices(seen.context, GERMAN)
    page = seen.open("/ankommen/wohnen/")
    page.locator("[data-action=read]").click()
    expect(page.locator(".kim-reader")).to_be_visible()
    assert [one for one in focus_stops(page) if one] == []


def test_links_below_the_heading_leave_each_other_24_px(new_session: NewSession) -> None:
    """WCAG 2.2, 2.5.8: however breadcrumbs, note and tools share their lines."""
    code = language_like("pl")
    page = new_session(locale=code).open(f"/{code}/angebote/jugendmigrationsdienst/")
    small = {}
    for width in range(320, 1320, 80):
        page.set_viewport_size({"width": width, "height": 700})
        small[width] = page.evaluate(FREE_HEIGHTS)
    assert {width: found for width, found in small.items() if min(found) < 24} == {}


@pytest.mark.parametrize(
    "path", existing("/en/ankommen/beratung/", "/arbeitgeber/darf-arbeiten/", "/uk/arbeitgeber/bussgelder/")
)
@pytest.mark.parametrize("width", [320, 360])
def test_long_words_in_tables_wrap_when_text_is_twice_as_large(new_session: NewSession, path: str, width: int) -> None:
    page = new_session(viewport={"width": width, "height": 700}, java_script_enabled=False).open(path)
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize(
    ("path", "script"), [("/barriere-melden/", True), ("/ar/rueckruf/", False), ("/arbeitgeber/mitmachen/", False)]
)
def test_after_errors_the_focus_is_on_their_summary(new_session: NewSession, path: str, script: bool) -> None:
    page = new_session(viewport=PHONE, java_script_enabled=script).open(path)
    page.locator(".kim-form__submit").click()
    expect(page.locator("#kim-summary")).to_be_focused()
    expect(page.locator("#kim-summary")).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/arbeitgeber/darf-arbeiten/", "/ar/arbeitgeber/darf-arbeiten/"])
def test_on_a_phone_each_row_of_a_table_is_a_card_with_the_words_of_its_columns(
    new_session: NewSession, path: str
) -> None:
    page = new_session(viewport=PHONE, java_script_enabled=False).open(path)
    table = page.get_by_role("table").first
    assert table.get_by_role("rowheader").count() > 2
    for cell in table.get_by_role("cell").all():
        box = cell.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    label = table.get_by_role("cell").first.evaluate("(cell) => getComputedStyle(cell, '::before').content")
    assert label.strip('"') == table.get_by_role("columnheader").nth(1).text_content()
    assert page.locator(".kim-table").first.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert table.get_by_role("columnheader").first.is_visible()
    assert table.get_by_role("cell").first.evaluate("(cell) => getComputedStyle(cell, '::before').content") == "none"


# The number of characters in each line of the paragraphs of the text.
LINES = """() => [...document.querySelectorAll(".kim-prose > p, .kim-prose > ul > li")].flatMap((paragraph) => {
  const counts = new Map(), walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = walker.nextNode());) {
    for (let i = 0; i < node.length; i++) {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const { bottom, width } = range.getBoundingClientRect();
      const line = Math.round(bottom / 12);
      if (width) counts.set(line, (counts.get(line) ?? 0) + 1);
    }
  }
  return [...counts.values()];
})"""


@pytest.mark.parametrize("code", sorted({"ar", "fa"} & {*translated_codes()}))
def test_arabic_script_is_larger_and_no_line_holds_more_than_75_characters(new_session: NewSession, code: str) -> None:
    session = new_session(viewport={"width": 1280, "height": 800})
    size = "parseFloat(getComputedStyle(document.querySelector('.kim-prose > p:last-of-type')).fontSize)"
    german = session.open("/ankommen/wohnen/").evaluate(size)
    page = session.open(f"/{code}/ankommen/wohnen/")
    assert page.evaluate(size) >= 1.12 * german
    assert max(page.evaluate(LINES)) <= 75


def test_on_paper_addresses_stand_in_the_sources_only_and_the_footer_is_gone(
    new_session: NewSession, tmp_path: Path
) -> None:
    page = new_session(java_script_enabled=False).open("/ankommen/beratung/")
    text = on_paper(page, tmp_path / "page.pdf")
    page.emulate_media(media="print")
    assert page.locator(".kim-footer").is_hidden()
    after = "(links) => links.map((a) => getComputedStyle(a, '::after').content).filter((text) => text !== 'none')"
    assert page.locator(".kim-prose a[href^=http]").evaluate_all(after) == []
    assert len(page.locator(".kim-sources a[href^=http]").evaluate_all(after)) > 3
    assert text.count("https://") > 4, "the folded sources are printed"


@pytest.mark.parametrize("code", [language.code for language in LANGUAGES])
def test_the_emergency_numbers_are_large_on_one_sheet(new_session: NewSession, tmp_path: Path, code: str) -> None:
    page = new_session().open("/ankommen/notfall/" if code == "de" else f"/{code}/ankommen/notfall/")
    text = on_paper(page, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") == 1
    assert "116 016" in text
    page.emulate_media(media="print")
    sizes = page.locator(".admonition [href^='tel:']").evaluate_all(
        "(all) => all.map((a) => parseFloat(getComputedStyle(a).fontSize))"
    )
    assert min(sizes) >= 32 / 72 * 96, "32 points"


@pytest.mark.parametrize("path", ["/angebote/anerkennung/", f"/{language_like('fa')}/ankommen/beratung/"])
def test_each_part_of_a_source_has_a_line_and_a_direction_of_its_own(new_session: NewSession, path: str) -> None:
    page = new_session(viewport=PHONE).open(path)
    page.locator(".kim-more summary").click()
    rows = page.locator(".kim-sources__list > li")
    assert rows.count() > 1
    for row in rows.all():
        parts = row.locator("> *").all()
        boxes = [part.bounding_box() or {"y": 0.0, "height": 0.0} for part in parts]
        assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in itertools.pairwise(boxes))
        assert [part.get_attribute("dir") for part in parts if part.evaluate("(one) => one.tagName") != "SMALL"] == [
            "ltr"
        ] * (len(parts) - (row.locator("> small").count()))


def folded(page: Page) -> bool:
    return not page.locator(".kim-more").evaluate("(details) => details.open")


def test_sources_are_folded_and_an_anchor_into_them_opens_them(new_session: NewSession) -> None:
    session = new_session(viewport=PHONE)
    page = session.open("/ankommen/wohnen/")
    assert folded(page)
    expect(page.locator("#kim-laws")).not_to_be_in_viewport()
    page.evaluate("location.hash = 'kim-laws'")
    expect(page.locator("#kim-laws")).to_be_in_viewport()
    assert not folded(page)
    assert not folded(session.open("/ankommen/wohnen/#kim-laws"))


def test_the_keyboard_of_a_phone_fits_the_field(new_session: NewSession) -> None:
    page = new_session().open("/rueckruf/")
    fields = {
        name: page.locator(f"#{name}").evaluate(
            "(one) => [one.type, one.inputMode, one.autocomplete, one.autocapitalize]"
        )
        for name in ("email", "phone")
    }
    assert fields == {"email": ["email", "email", "email", "none"], "phone": ["tel", "tel", "tel", ""]}


def test_what_an_address_is_is_decided_by_the_server_alone(new_session: NewSession) -> None:
    """The browser does not hold the form back, and the domain comes back as the person wrote it."""
    page = new_session().open("/rueckruf/")
    page.locator("#name").fill("Beispiel")
    page.locator("#email").fill("wrong")
    page.locator("#topic").select_option("work")
    page.locator(".kim-form__submit").click()
    with use_language("de"):
        expect(page.locator("#email-error")).to_contain_text(
            gettext("Enter the e-mail address in full, for example name@example.org.")
        )
    page.locator("#email").fill("beispiel@bücher.example.org")
    page.locator(".kim-form__submit").click()
    expect(page.locator(".kim-review__list")).to_contain_text("beispiel@bücher.example.org")
