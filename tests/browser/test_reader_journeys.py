"""A person reads the site in their language, on any width, with or without script, mouse or eyes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from core.gettext import gettext, use_language
from core.languages import Language
from editorial.content.data.headings import load_headings
from tests.browser.conftest import BrowserSession
from tests.conftest import ROOT, full_or_sample
from tests.languages import LANGUAGES, SAMPLE_LANGUAGES
from tests.municipality import existing, language_like, translated_codes

STEPS = load_headings(ROOT / "docs" / "data").steps[0]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
TEMPLATES = ["", "kim/", "angebote/", "arbeitgeber/mitmachen/", "kontakt/", "offline/", "gibt-es-nicht/"]
STEPS = load_headings(ROOT / "docs" / "data").steps[0]
NewSession = Callable[..., BrowserSession]


def word(language: Language, message: str) -> str:
    with use_language(language.code):
        return gettext(message)


def by_code(code: str) -> Language:
    return next(language for language in LANGUAGES if language.code == code)


def test_arabic_home_is_read_from_right_to_left(new_session: NewSession) -> None:
    page = new_session(viewport=DESK).open("/ar/")
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    mark = page.locator(".kim-brand").bounding_box()
    assert mark is not None
    assert mark["x"] > DESK["width"] / 2, "the mark stands on the right"
    heading = page.locator("h1")
    assert heading.evaluate("e => getComputedStyle(e).textAlign") in ("start", "right")


def test_reading_leaves_no_cookie_and_stores_nothing(new_session: NewSession) -> None:
    seen, page = new_session(), None
    for place, path in enumerate(TEMPLATES[:-1]):
        for root in full_or_sample(["/", "/ar/"], [("/", "/ar/")[place % 2]]):
            page = seen.open(root + path, page)
            assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
            assert page.evaluate("caches.keys()") == []
            assert page.evaluate("navigator.serviceWorker.getRegistrations().then(rows => rows.length)") == 0
    assert seen.context.cookies() == []


@pytest.mark.parametrize("language", full_or_sample(LANGUAGES, SAMPLE_LANGUAGES), ids=lambda language: language.code)
def test_language_links_keep_the_page(new_session: NewSession, language: Language) -> None:
    page = new_session(viewport=DESK).open("/kim/")
    href = page.locator(f".kim-languages a[lang={language.code}]").first.get_attribute("href")
    page.goto(page.url.replace("/kim/", str(href)))
    assert page.url.endswith(f"{language.root}kim/")
    assert page.locator("html").get_attribute("lang") == language.code


def test_without_script_every_page_can_be_read_and_reached(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False, viewport=PHONE).open("/ar/")
    page.locator(".kim-menu > summary").click()
    page.locator(".kim-menu nav a").nth(1).click()
    assert page.locator("h1").is_visible()
    assert "/ar/" in page.url


def test_an_unknown_address_is_answered_in_the_language_of_its_path(new_session: NewSession) -> None:
    seen = new_session(expect_errors=True)
    for language in LANGUAGES:
        response = seen.context.request.get(f"{seen.url}{language.root}gibt-es-nicht/")
        assert response.status == 404
        soup = BeautifulSoup(response.text(), "html.parser")
        assert soup.html is not None
        assert soup.html["lang"] == language.code
        assert [h1.get_text(strip=True) for h1 in soup.select("h1")] == [word(language, "Page not found")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_device_and_the_switch(new_session: NewSession, scheme: str) -> None:
    seen = new_session(color_scheme=scheme, viewport=DESK)
    page = seen.open("/")
    background = "getComputedStyle(document.body).backgroundColor"
    first = page.evaluate(background)
    page.locator("[data-kim-scheme]").click()
    second = page.evaluate(background)
    assert first != second
    page.reload()
    assert page.evaluate(background) == second, "the choice is kept"


def test_the_keyboard_reaches_everything_in_the_header_and_leaves_it_again(new_session: NewSession) -> None:
    page = new_session(viewport=PHONE).open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("""() => {
            const e = document.activeElement, r = e.getBoundingClientRect();
            const style = getComputedStyle(e);
            return [e.tagName, r.width > 0 && r.height > 0 && style.visibility !== 'hidden',
                    style.outlineStyle !== 'none' || style.boxShadow !== 'none'];
        }""")
        )
    assert all(visible for _, visible, _ in seen), seen
    assert all(ring for _, _, ring in seen), seen


def test_escape_closes_menu_and_search_and_gives_the_focus_back(new_session: NewSession) -> None:
    page = new_session(viewport=PHONE).open(f"/{language_like('tr')}/")
    for opener, opened in (("[data-kim-search]", "dialog[open]"), (".kim-menu > summary", ".kim-menu[open]")):
        page.locator(opener).first.focus()
        page.keyboard.press("Enter")
        page.locator(opened).first.wait_for()
        page.keyboard.press("Escape")
        page.locator(opened).first.wait_for(state="detached" if "details" in opened else "hidden")
        assert page.evaluate("document.activeElement !== document.body")


def test_security_txt_and_feeds_are_served_and_json_ld_breaks_no_rule_of_the_csp(new_session: NewSession) -> None:
    seen = new_session()
    for path, kind in (("/.well-known/security.txt", "text/plain"), ("/ar/feed.xml", "xml")):
        response = seen.context.request.get(seen.url + path)
        assert response.ok, path
        assert kind in response.headers["content-type"]
    page = seen.open("/arbeitgeber/fragen/")
    assert page.locator("script[type='application/ld+json']").count() == 1


def test_german_titles_in_an_arabic_list_have_one_edge(new_session: NewSession) -> None:
    """Those that take two lines, too: they run from left to right, and stand where the list does."""
    page = new_session(viewport=PHONE).open("/ar/arbeitgeber/werkzeugkasten/")
    # Every page has its Arabic title, so some are given German ones, marked as the build marks them.
    first_lines = page.evaluate(
        """() => [...document.querySelectorAll(".kim-measures a")].map((link, number) => {
          if (number % 2) {
            Object.assign(link, { lang: "de", dir: "ltr", textContent: "Ein deutscher Titel, der auf einem Telefon zwei Zeilen braucht" });
          } else {
            link.textContent = "عنوان قصير";
          }
          const range = document.createRange();
          range.selectNodeContents(link);
          const lines = [...range.getClientRects()];
          return [Math.round(lines[0].right), lines.length];
        })"""
    )
    assert max(count for _right, count in first_lines) > 1, "one of them takes two lines"
    edges = [right for right, _count in first_lines]
    assert max(edges) - min(edges) <= 12, "but for the space at which a line ends"


@pytest.mark.parametrize("path", existing("/", "/ar/", "/ru/", "/pl/"))
def test_the_first_screen_of_a_phone_holds_search_topics_and_emergency_numbers(
    new_session: NewSession, path: str
) -> None:
    code = path.strip("/") or "de"
    page = new_session(viewport={"width": 360, "height": 640}, locale=code).open(path)
    boxes = [page.locator(name).bounding_box() for name in (".kim-finder input", ".kim-tiles", ".kim-sos")]
    assert all(box and box["y"] + box["height"] <= 640 for box in boxes), boxes
    calls = page.locator(".kim-sos a").evaluate_all("rows => rows.map(row => row.getBoundingClientRect().y)")
    assert len(set(calls)) == 1, "112 and 110 stand in one line"
    sizes = page.locator(".kim-sos a, .kim-tiles a, .kim-finder :is(input, button)").evaluate_all(
        "rows => rows.filter(row => row.checkVisibility()).map(row => row.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44


# A page below each page that breadcrumbs end with on a phone.
BELOW = existing("barriere-melden/", "ankommen/wohnen/", "angebote/anerkennung/", "arbeitgeber/pflichten/", "kim/bausteine/",
                 "arbeitgeber/werkzeugkasten/praktikum/", "allianz/themen/")  # fmt: skip
PARTS_OF_PLACE = """(title) => {
  document.querySelector(".kim-breadcrumbs li:last-child a").textContent = title;
  return [".kim-breadcrumbs", ".kim-translation"].map((name) => document.querySelector(name).getBoundingClientRect().y);
}"""


@pytest.mark.parametrize("code", translated_codes()[1:])
def test_on_a_phone_every_way_has_one_line_with_the_translators_note(new_session: NewSession, code: str) -> None:
    page = new_session(viewport=PHONE, locale=code).open(f"/{code}/ankommen/wohnen/")
    for path in BELOW:
        text = page.request.get(page.url.split(f"/{code}/")[0] + f"/{code}/{path}").text()
        title = BeautifulSoup(text, "html.parser").select(".kim-breadcrumbs li a")[-1].get_text(strip=True)
        way, note = page.evaluate(PARTS_OF_PLACE, title)
        assert abs(way - note) < 10, title


@pytest.mark.parametrize("code", sorted({"ar", "ru", "uk", "en"} & {*translated_codes()}))
def test_the_way_and_the_translators_note_take_one_line_under_the_heading(new_session: NewSession, code: str) -> None:
    page = new_session(viewport=PHONE, locale=code).open(f"/{code}/ankommen/wohnen/")
    place = page.locator("h1 + .kim-place")
    parts = [place.locator(name).bounding_box() for name in (".kim-breadcrumbs", ".kim-translation")]
    assert all(box and box["height"] <= 44 for box in parts), parts
    assert max(box["y"] for box in parts if box) - min(box["y"] for box in parts if box) < 10, "one line"
    assert not place.get_by_text(word(by_code(code), "Read the German text")).is_visible()
    place.locator("summary").click()
    assert place.get_by_text(word(by_code(code), "Read the German text")).is_visible()


def test_words_typed_into_the_page_are_searched_for(new_session: NewSession) -> None:
    seen = new_session(expect_errors=True)  # the page that is not found
    for path in ("/", "/gibt-es-nicht/"):
        page = seen.open(path)
        page.locator(".kim-finder input").fill("Wohnung")
        page.keyboard.press("Enter")
        page.locator("dialog .kim-search__results a").first.wait_for()
        assert page.locator("dialog input[type=search]").input_value() == "Wohnung"
        page.locator("[data-kim-close]").first.click()
        page.locator(".kim-finder input").fill("Kita")
        page.locator(".kim-finder button").click()
        page.locator("dialog .kim-search__results a", has_text="Kita").first.wait_for()
    page = seen.open("/ar/?q=KIM")
    page.locator("dialog .kim-search__results a").first.wait_for()


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_offer_of_a_language_covers_nothing(new_session: NewSession, width: int) -> None:
    """WCAG 2.2, 2.4.11: what has the focus is never hidden behind it."""
    page = new_session(viewport={"width": width, "height": 640}, locale="ar").open("/")
    bar = page.locator(".kim-language-hint")
    bar.wait_for()
    box = bar.bounding_box()
    assert box is not None
    assert box["height"] <= 64, "one slim line"
    assert bar.evaluate("e => getComputedStyle(e).position") == "static"
    hidden = []
    for _ in range(40):
        page.keyboard.press("Tab")
        hidden += page.evaluate("""() => {
          const e = document.activeElement, r = e.getBoundingClientRect();
          const top = document.elementFromPoint(r.x + r.width / 2, r.y + Math.min(r.height, innerHeight - r.y) / 2);
          return top && (e.contains(top) || top.contains(e)) ? [] : [e.outerHTML];
        }""")
    assert hidden == []
    bar.locator("button").click()
    assert bar.count() == 0


@pytest.mark.parametrize("path", existing("/ankommen/", "/ar/angebote/", "/ru/arbeitgeber/"))
def test_cards_of_a_section_begin_on_the_first_screen_two_abreast(new_session: NewSession, path: str) -> None:
    page = new_session(viewport={"width": 360, "height": 640}, locale=path.split("/")[1][:2]).open(path)
    first, second, third = (page.locator(".kim-card").nth(number).bounding_box() for number in range(3))
    assert first
    assert second
    assert third
    assert first["y"] + 44 < 640, "a target of 44 px is seen"
    assert first["y"] == second["y"] < third["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_large_screen_is_used(new_session: NewSession) -> None:
    seen = new_session(viewport={"width": 1440, "height": 900})
    page = seen.open("/ankommen/")
    assert page.locator(".kim-cards__list").bounding_box()["width"] > 1150  # type: ignore[index]
    columns = page.locator(".kim-directory__text h2").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().x)"
    )
    assert len(set(columns)) == 2
    page = seen.open("/arbeitgeber/werkzeugkasten/")
    groups = page.locator(".kim-chooser fieldset").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().x)"
    )
    assert len(set(groups)) == 2
    page = seen.open("/arbeitgeber/darf-arbeiten/")
    assert page.locator(".kim-table").first.bounding_box()["width"] > 850  # type: ignore[index]
    for path, items, abreast in (
        ("/ankommen/welches-dokument/", ".kim-pictures li", 5),
        ("/ankommen/welches-dokument/", "#titel ~ ul .kim-icon-item", 2),
        ("/ar/ankommen/checklisten/", ".kim-task", 2),
    ):
        page = seen.open(path)
        places = page.locator(items).evaluate_all("rows => rows.map(row => Math.round(row.getBoundingClientRect().x))")
        assert len(set(places)) == abreast, (path, items)


@pytest.mark.parametrize("path", ["/", "/ar/"])
def test_from_the_home_page_a_company_finds_help_for_an_intern_in_four_taps_and_four_screens(
    new_session: NewSession, path: str
) -> None:
    page = new_session(viewport=PHONE, locale=path.strip("/") or "de").open(path)
    link = page.locator(".kim-entry-card--2 a[href*=werkzeugkasten]")
    screens = 1 + max(0.0, (link.bounding_box()["y"] + 44) / PHONE["height"] - 1)  # type: ignore[index]
    link.click()
    for answer in ("#choose-want-internship", "#choose-document-section24"):
        choice = page.locator(answer)
        screens += max(0.0, choice.bounding_box()["y"] / PHONE["height"] - 1)  # type: ignore[index]
        choice.check()
        button = page.locator(".kim-chooser button[type=submit]").bounding_box()
        assert button is not None
        assert button["y"] + button["height"] <= PHONE["height"], "in reach without scrolling"
    page.locator(".kim-chooser button[type=submit]").click()
    result = page.locator(".kim-result").first
    expect(result).to_be_in_viewport()
    assert screens + 1 <= 4


def test_the_button_that_stays_in_reach_covers_no_question_that_has_the_focus(new_session: NewSession) -> None:
    """WCAG 2.2, 2.4.11."""
    page = new_session(viewport={"width": 320, "height": 568}).open("/arbeitgeber/werkzeugkasten/")
    page.locator("#choose-want-internship").check()
    for choice in page.locator(".kim-chooser input").all():
        choice.focus()
        box, button = choice.bounding_box(), page.locator(".kim-chooser button[type=submit]").bounding_box()
        assert box is not None
        assert button is not None
        assert box["y"] + box["height"] <= button["y"]


@pytest.mark.parametrize("path", existing("/ankommen/schule/", "/ar/ankommen/kita/", "/uk/angebote/anerkennung/"))
def test_from_the_first_screen_of_a_phone_one_tap_leads_to_the_steps(new_session: NewSession, path: str) -> None:
    page = new_session(viewport=PHONE, locale=path.split("/")[1][:2]).open(path)
    link = page.locator(f".kim-tools a[href='#{STEPS}']")
    box = link.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= PHONE["height"]
    link.click()
    expect(page.locator(f"#{STEPS}")).to_be_in_viewport()


@pytest.mark.parametrize("path", existing("/ankommen/schule/", "/ar/ankommen/wohnen/", "/ru/angebote/anerkennung/"))
def test_from_the_first_screen_of_a_phone_one_tap_leads_to_whom_to_ask(new_session: NewSession, path: str) -> None:
    for script in (True, False):
        page = new_session(viewport=PHONE, locale=path.split("/")[1][:2], java_script_enabled=script).open(path)
        link = page.locator(".kim-tools a[href='#kim-contact']")
        assert link.inner_text().strip()
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= PHONE["height"]
        link.click()
        way = page.locator(".kim-contact__ways a").first.bounding_box()
        assert way is not None
        assert 0 <= way["y"] <= PHONE["height"] - 44


@pytest.mark.parametrize("root", ["/", "/ar/"])
def test_from_any_page_two_taps_lead_to_the_report_of_a_barrier_and_it_knows_the_page(
    new_session: NewSession, root: str
) -> None:
    page = new_session(viewport=PHONE, locale=root.strip("/") or "de").open(f"{root}ankommen/wohnen/")
    page.locator(".kim-menu > summary").click()
    page.locator(".kim-menu__report a").click()
    page.wait_for_url(f"**{root}barriere-melden/?page={root}ankommen/wohnen/")
    assert page.locator("main form").is_visible()


# A word that takes two lines; hyphenation needs a dictionary, which not every browser has.
BROKEN_WORDS = """() => [...document.querySelectorAll(
  ".kim-tiles a, .kim-sos a, .kim-pictures a, .kim-card__title a, .kim-contact__ways bdi")].flatMap((link) => {
  const found = [], texts = document.createTreeWalker(link, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/[^\\s-]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].filter(({ width }) => width).map(({ top }) => Math.round(top)));
      if (lines.size > 1 && word[0].length < 14) found.push(word[0]);
    }
  }
  return found;
})"""


def test_words_of_tiles_cards_and_pictures_and_numbers_stay_whole_on_a_narrow_screen(new_session: NewSession) -> None:
    """Up to 13 letters, without a dictionary; longer ones are hyphenated where the browser knows how."""
    for language in LANGUAGES:
        seen, page = new_session(viewport={"width": 320, "height": 640}, locale=language.code), None
        for path in ("", "ankommen/", "ankommen/welches-dokument/"):
            page = seen.open(language.root + path, page)
            for width in (320, 360):
                page.set_viewport_size({"width": width, "height": 640})
                assert page.evaluate(BROKEN_WORDS) == [], (page.url, width)
