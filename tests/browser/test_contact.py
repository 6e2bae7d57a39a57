"""Whom to ask: hours in a sentence, numbers to press, and the call-back form that knows where the reader comes from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from bench.static_server import static
from core.text import yaml
from editorial.build.build import build_site
from tests.browser.conftest import BrowserSession
from tests.browser.test_accessibility import violations
from tests.municipality import HAS_PHONE, has_page, language_like
from tests.site.small_tree import write_small_tree

NewSession = Callable[..., BrowserSession]
# An office of nobody, with every way to reach it.
OFFICE = """
stadt:
  name: Amt für Beispiele
  address: Beispielweg 1, 00000 Musterstadt
  phone: 0201 0000000
  email: amt@example.org
  appointment: https://example.org/termin
  hours:
    monday: 8:00–12:30, 13:30–16:00
    wednesday: nach Vereinbarung
    friday: 8:00–12:00
    exceptions:
      - {from: 2026-12-24, to: 2026-12-31, hours: geschlossen}
      - {from: 2026-12-05, hours: 9:00–13:00}
  source: own
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small site whose contact has confirmed hours, number and address; its address."""
    folder = tmp_path_factory.mktemp("office")
    docs = write_small_tree(folder / "docs")
    contacts = docs.parent / "city" / "data" / "contacts.yml"
    rows = yaml.load_strings(contacts.read_text("utf-8")) | yaml.load_strings(OFFICE)
    contacts.write_text(json.dumps(rows), "utf-8")
    build_site(folder / "site", "https://kim.example.org/", docs)
    with static(folder / "site") as (address, _sent):
        yield address
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("moment", "path", "said"),
    [row for row in (
        ("2026-11-30T10:00:00+01:00", "/", "Heute offen bis 12:30 Uhr, dann wieder ab 13:30 Uhr."),
        ("2026-11-30T12:45:00+01:00", "/", "Jetzt geschlossen. Öffnet heute um 13:30 Uhr."),
        ("2026-11-30T15:59:00+01:00", "/", "Heute offen bis 16:00 Uhr."),
        ("2026-11-30T16:00:00+01:00", "/", "Jetzt geschlossen. Öffnet am Freitag um 08:00 Uhr."),
        ("2026-12-01T10:00:00+01:00", "/", "Heute geschlossen. Öffnet am Freitag um 08:00 Uhr."),
        ("2026-12-02T10:00:00+01:00", "/", "Heute nur nach Vereinbarung. Öffnet am Freitag um 08:00 Uhr."),
        ("2026-12-03T23:59:00+01:00", "/", "Heute geschlossen. Öffnet morgen um 08:00 Uhr."),
        ("2026-12-04T12:00:00+01:00", "/", "Jetzt geschlossen. Öffnet morgen um 09:00 Uhr."),  # a Saturday by exception
        ("2026-12-25T10:00:00+01:00", "/", "Heute geschlossen. Öffnet am Montag, 4. Januar um 08:00 Uhr."),
        ("2027-03-26T10:00:00+01:00", "/", "Heute geschlossen. Öffnet am Freitag, 2. April um 08:00 Uhr."),  # Easter
        ("2027-07-05T05:30:00+02:00", "/", "Jetzt geschlossen. Öffnet heute um 08:00 Uhr."),  # summer time
        ("2026-11-30T07:30:00+01:00", "/en/", "Closed now. Opens today at 8:00 AM."),
        ("2026-11-30T15:00:00+01:00", "/fa/", "امروز تا ساعت ۱۶:۰۰ باز است."),
        ("2026-11-30T15:00:00+01:00", "/ar/", "مفتوح اليوم حتى الساعة 4:00 م."),
        ("2026-11-30T15:00:00+01:00", "/ru/", "Сегодня открыто до 16:00."),
    ) if has_page(row[1])],
)  # fmt: skip
def test_hours_are_said_for_now_in_the_offices_time_and_the_pages_language(
    browser: Browser, office: str, moment: str, path: str, said: str
) -> None:
    context = browser.new_context(timezone_id="America/Los_Angeles", locale="de")
    page = context.new_page()
    page.clock.set_fixed_time(moment)
    page.goto(office + path)
    line = page.locator(".kim-hours__now")
    expect(line).to_be_visible()
    assert " ".join(line.inner_text().split()) == said
    context.close()


def test_an_open_page_says_when_the_office_closes(browser: Browser, office: str) -> None:
    context = browser.new_context(locale="de")
    page = context.new_page()
    page.clock.install(time="2026-11-30T15:59:30+01:00")
    page.goto(office + "/")
    expect(page.locator(".kim-hours__now")).to_have_text("Heute offen bis 16:00 Uhr.")
    page.clock.run_for(61_000)
    expect(page.locator(".kim-hours__now")).to_contain_text("Jetzt geschlossen.")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_contact_that_is_known_is_called_written_to_and_found(browser: Browser, office: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 640},
        java_script_enabled=False,
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(office + "/kontakt/")
    box = page.locator(".kim-contact")
    expect(box.locator(".kim-hours")).to_contain_text("08:00 – 12:30")
    expect(box.locator(".kim-hours tr").nth(2)).to_contain_text("nach Vereinbarung")
    expect(box.locator(".kim-hours__now")).to_be_hidden()
    assert box.locator("a[href='tel:+492010000000']").is_visible()
    assert box.locator("a[href^='mailto:']").is_visible()
    assert box.locator("a[href='https://example.org/termin']").inner_text() == "Termin vereinbaren"
    href = box.get_by_text("OpenStreetMap").get_attribute("href")
    assert href == "https://www.openstreetmap.org/search?query=Beispielweg%201%2C%2000000%20Musterstadt"
    assert not box.locator(".kim-unconfirmed, .kim-contact__row--unknown").count()
    heights = box.locator("a").evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    assert min(heights) >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.parametrize("path", ["/", f"/{language_like('fa')}/kontakt/"])
def test_a_contact_with_hours_breaks_no_rule(browser: Browser, office: str, path: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(office + path)
    page.locator(".kim-hours__now").wait_for()
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_where_no_number_is_confirmed_we_call_back_and_know_page_and_topic(
    new_session: NewSession, script: bool
) -> None:
    page = new_session(java_script_enabled=script, viewport={"width": 360, "height": 640}).open("/ar/ankommen/wohnen/")
    ways = page.locator(".kim-contact__ways a")
    assert "/rueckruf/" in str(ways.first.get_attribute("href"))
    if HAS_PHONE:
        assert str(ways.nth(1).get_attribute("href")).startswith("tel:")
    heights = page.locator(".kim-contact :is(li, dd) > a").evaluate_all(
        "rows => rows.map(r => r.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    ways.first.click()
    page.wait_for_url("**/ar/rueckruf/**")
    assert page.locator("[name=page]").input_value() == "/ar/ankommen/wohnen/"
    assert page.locator("[name=topic]").input_value() == "housing"
    page.locator("[name=name]").fill("Testperson")
    page.locator("[name=phone]").fill("0201 0000000")
    page.locator(".kim-form button.kim-button").click()
    expect(page.locator(".kim-review__list")).to_contain_text("/ar/ankommen/wohnen/")
