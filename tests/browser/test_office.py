"""The staff area in a real browser: log in, work on a submission, export; German and English, phone and desk, light and dark."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from form_handler.settings import read_settings
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.tables import staff_session
from kim.commands.demo import seed_demo_data
from tests.browser.conftest import BrowserSession
from tests.browser.test_accessibility import violations
from tests.browser.test_reading import focus_stops
from tests.conftest import full_or_sample
from tests.server import Server, running_server

PASSWORD = "ein-langes-passwort"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose inbox holds example data."""
    folder = tmp_path_factory.mktemp("office")
    settings = read_settings({"KIM_DATA_DIR": str(folder / "var")})
    database = Database(settings)
    upgrade(database)
    seed_demo_data(database, settings, folder / "survey.yml", datetime.datetime.now(datetime.UTC), PASSWORD)
    database.engine.dispose()
    with running_server(folder / "var") as running:
        yield running


@pytest.fixture
def clerk(browser: Browser, office: Server) -> Iterator[Open]:
    """Open staff pages as somebody who is logged in; nothing may fault on the way."""
    visits: list[BrowserSession] = []

    def begin(root: str = "/eingang/", **options: object) -> Page:
        seen = BrowserSession(browser.new_context(**options), office.url)  # type: ignore[arg-type]
        visits.append(seen)
        page = seen.open(root)
        page.fill("#name", "demo")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".kim-staff-nav")
        return page

    yield begin
    for seen in visits:
        # Pages that refuse something (400, 409) are written to Chromium's console, too.
        faults = [fault for fault in seen.faults if "status of 400" not in fault and "status of 409" not in fault]
        assert (seen.foreign, faults) == ([], [])
        seen.context.close()


def entry_path(page: Page) -> str:
    """Return the path of the first entry of the list, without its place there."""
    return (page.locator("tbody a").first.get_attribute("href") or "").partition("?")[0]


# `make test` opens each page in one of these looks, in turn, and the list of entries in all; `make test-all` each in all.
LOOKS = [
    ("/eingang/", 360, "light"),
    ("/eingang/", 1280, "dark"),
    ("/en/eingang/", 1280, "light"),
    ("/en/eingang/", 360, "dark"),
]


@pytest.mark.parametrize(("root", "width", "scheme"), LOOKS)
def test_no_staff_page_breaks_a_rule_or_runs_over(clerk: Open, root: str, width: int, scheme: str) -> None:
    page = clerk(root, viewport={"width": width, "height": 800}, color_scheme=scheme)
    first, held = (page.goto(page.url.partition("?")[0] + query) and entry_path(page) for query in ("", "?held=1"))
    paths = [root, root + "?q=gibtesnicht", root + "zahlen/", root + "umfrage/", root + "mails/",
             root + "umfrage/veroeffentlichen/", root + "umfrage/zaehlung/", root + "konto/", root + "konto/zweiter-faktor/",
             root + "konten/", root + "konten/1/",
             root + "person/?q=betrieb1@example.org", root + "person/?q=Beispielbetrieb",
             root + "person/berichtigen?picked=1&ref=" + first.split("/")[-2], first, held, first + "berichtigen", first + "loeschen",
             first + "antwort/?sprache=ar", first + "rueckmeldung/", first + "absender/", root + "tasten/"]  # fmt: skip
    turn = LOOKS.index((root, width, scheme))
    for path in full_or_sample(paths, [root, *paths[1 + turn :: len(LOOKS)]]):
        page.goto(page.url.split("/eingang/")[0].removesuffix("/en") + str(path))
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} runs over"
    page.context.clear_cookies()
    page.goto(page.url.split("/eingang/")[0].removesuffix("/en") + root)
    assert violations(page) == [], "log-in"


@pytest.mark.parametrize("width", full_or_sample([320, 360], [320]))
def test_nothing_covers_an_element_of_the_staff_area_that_has_the_focus(clerk: Open, width: int) -> None:
    """WCAG 2.2, 2.4.11, on the list, an entry and an account."""
    page = clerk(viewport={"width": width, "height": 568})
    for path in ("/eingang/", entry_path(page), "/eingang/konto/"):
        page.goto(page.url.split("/eingang/")[0] + path)
        stops = focus_stops(page)
        assert len(stops) > 10, path
        assert [one for one in stops if one] == [], path


def test_the_keyboard_alone_finds_opens_notes_and_answers(clerk: Open) -> None:
    page = clerk()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "kim-skip-link"
    page.focus("#f-q")
    page.keyboard.type("betrieb3@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=betrieb3**")
    assert page.locator("tbody tr").count() == 1
    page.focus("tbody a")
    page.keyboard.press("Enter")
    page.wait_for_selector("#note")
    page.focus("#note")
    page.keyboard.type("Angerufen, kommt am Montag.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".kim-staff-note")
    assert "Angerufen, kommt am Montag." in page.locator(".kim-staff-note").first.inner_text()
    page.select_option("#new-state", "answered")
    page.get_by_role("button", name="Speichern", exact=True).click()
    page.wait_for_selector("text=hat den Stand auf „beantwortet“ gesetzt")


def test_a_filtered_export_is_downloaded_and_opens(clerk: Open) -> None:
    page = clerk()
    page.goto(page.url + "?form=barrier")
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    rows = list(book.active.iter_rows(values_only=True))
    assert len(rows) == 2
    assert "القائمة لا تفتح" in str(rows[1])


def test_a_submission_prints_without_buttons(clerk: Open) -> None:
    page = clerk()
    page.goto(page.url + "?form=callback")
    page.locator("tbody a").first.click()
    page.emulate_media(media="print")
    assert page.locator("button:visible").count() == 0
    assert page.get_by_text("Örnek Kişi").is_visible()


def test_no_script_can_read_the_cookies_of_the_staff_area(clerk: Open) -> None:
    page = clerk()
    cookies = page.context.cookies()
    assert sorted(cookie["name"] for cookie in cookies) == ["kim", "kim-device"]
    assert {(cookie.get("httpOnly"), cookie.get("sameSite")) for cookie in cookies} == {(True, "Lax")}
    assert page.evaluate("document.cookie") == ""


def log_in(page: Page) -> None:
    """Fill in the log-in page."""
    page.fill("#name", "demo")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")


def test_a_note_written_for_more_than_an_hour_survives_the_log_in(clerk: Open, office: Server) -> None:
    page = clerk(viewport={"width": 320, "height": 800})
    page.locator("tbody a").first.click()
    page.fill("#note", "Lange Notiz.\nZweite Zeile <b>&</b>.")
    database = Database(read_settings({"KIM_DATA_DIR": str(office.data_dir)}))
    with database.transaction() as connection:
        long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=61)
        connection.execute(staff_session.update().values(seen_at=long_ago))
    database.engine.dispose()
    page.get_by_role("button", name="Notiz speichern").click()
    page.wait_for_url("**/anmelden/**")
    assert page.get_by_text("aufgehoben").is_visible()
    assert violations(page) == []
    log_in(page)
    page.wait_for_url("**/ungesendet/")
    assert page.locator("textarea").input_value() == "Lange Notiz.\nZweite Zeile <b>&</b>."
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Noch einmal senden").click()
    page.wait_for_selector(".kim-staff-note")
    assert "Zweite Zeile <b>&</b>." in page.locator(".kim-staff-note").first.inner_text()


def test_two_corrections_of_one_answer_are_shown_side_by_side(clerk: Open) -> None:
    pages = [clerk(viewport={"width": 320, "height": 800}) for _ in range(2)]
    for page in pages:
        page.goto(page.url + "?form=callback")
        page.locator("tbody a").first.click()
        page.get_by_role("link", name="Berichtigen").click()
        page.wait_for_selector("#name")
    for page, name in zip(pages, ("Name Eins", "Name Zwei"), strict=True):
        page.fill("#name", name)
        page.get_by_role("button", name="Speichern").click()
        page.wait_for_load_state()
    page = pages[1]
    page.wait_for_selector("fieldset")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("input[type=radio]:checked").count() == 0
    page.get_by_label("Name Eins").check()
    page.get_by_role("button", name="Speichern").click()
    page.wait_for_selector(".kim-staff-answers")
    assert page.get_by_text("Name Eins").first.is_visible()


def test_a_wrong_filter_says_so_at_the_field(clerk: Open) -> None:
    page = clerk(viewport={"width": 320, "height": 800})
    page.goto(page.url + "?until=9999-12-31&state=quatsch")
    assert page.locator("[aria-invalid=true]").count() == 2
    expect(page.locator("#kim-summary")).to_be_focused()
    assert page.locator("#kim-summary a").count() == 2
    assert page.locator("tbody tr").count() == 0
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_each_entry_is_a_card_with_the_words_of_its_columns(clerk: Open) -> None:
    page = clerk(viewport={"width": 360, "height": 800}, java_script_enabled=False)
    labels = (
        page.locator("tbody tr")
        .first.locator("td")
        .evaluate_all("(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)")
    )
    columns = page.locator("thead th").all_text_contents()
    assert [label.strip('"') for label in labels] == columns[1:]


def test_a_failed_log_in_says_so_where_the_focus_is(browser: Browser, office: Server) -> None:
    seen = BrowserSession(browser.new_context(java_script_enabled=False), office.url, script=False)
    page = seen.open("/eingang/")
    page.fill("#name", "demo")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#kim-summary")).to_be_focused()
    seen.context.close()
