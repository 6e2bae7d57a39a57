"""A day in the inbox, in a real browser: two clerks at the same entries, an answer in Arabic, a phone, the keyboard."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import correspondence, queries
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, find_by_reference
from form_handler.storage.tables import note
from tests.browser.test_accessibility import violations
from tests.browser.test_office import PASSWORD, Open, clerk, office
from tests.conftest import full_or_sample
from tests.form_handler.staff.test_staff_area import put
from tests.server import Server, wait_until

__all__ = ["clerk", "office"]
NOW = datetime.datetime.now(datetime.UTC)
Put = Callable[..., Submission]


@pytest.fixture
def stored(office: Server) -> Any:
    """The settings and the database behind the server."""
    settings = read_settings({"KIM_DATA_DIR": str(office.data_dir)})
    database = Database(settings)
    yield settings, database
    database.engine.dispose()


def colleague(clerk: Open, database: Database) -> Page:
    """Return a page of somebody else who is logged in."""
    if "kollegin" not in [name for name, _active in accounts.list_accounts(database)]:
        accounts.add_account(database, "kollegin", PASSWORD, NOW)
    page = clerk()
    page.context.clear_cookies()
    page.goto(page.url)
    page.fill("#name", "kollegin")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".kim-staff-nav")
    return page


def save_work(page: Page, **values: str) -> None:
    """Set state, assignment or follow-up on the page of an entry; whoever is asked sets the own choice."""
    for name, value in values.items():
        field = page.locator(f"#new-{name.replace('_', '-')}")
        if name == "follow_up":
            field.fill(value)
        else:
            field.select_option(value)
    page.get_by_role("button", name="Speichern", exact=True).click()
    page.wait_for_load_state()


def write_note(page: Page, text: str) -> None:
    page.fill("#note", text)
    page.get_by_role("button", name="Notiz speichern").click()
    page.wait_for_load_state()


def test_two_clerks_work_on_the_same_entries_and_nothing_is_lost_or_overwritten(
    clerk: Open, office: Server, stored: tuple[Settings, Database]
) -> None:
    settings, database = stored
    entries = [
        put(database, settings, "callback", days=n, name=f"Probe {n}", email=f"probe{n}@example.org", topic="work")
        for n in range(full_or_sample(10, 4))
    ]
    one, two = clerk(), colleague(clerk, database)
    shown = 0
    for number, entry in enumerate(entries):
        address = f"{office.url}/eingang/v/{entry.reference}/"
        one.goto(address)
        two.goto(address)
        assert two.get_by_text("Auch hier: demo.").is_visible(), "the second sees the first"
        save_work(one, assignee="demo", follow_up="2027-03-01")
        # Every other time both mean the same field, and the second one is asked.
        save_work(two, **({"assignee": "kollegin"} if number % 2 else {"state": "in_work"}))
        if number % 2:
            shown += two.get_by_text("Während diese Seite offen war").count()
            if number == 1:
                assert violations(two) == []
            two.get_by_role("button", name="Beibehalten, was jetzt gesetzt ist").click()
            two.wait_for_load_state()
        write_note(one, f"Von eins zu {number}")
        write_note(two, f"Von zwei zu {number}")
    assert shown == len(entries) // 2
    with database.read_connection() as connection:
        texts = {row.text for row in connection.execute(note.select())}
    assert {f"Von {who} zu {number}" for who in ("eins", "zwei") for number in range(len(entries))} <= texts
    for number, entry in enumerate(entries):
        now = find_by_reference(database, entry.reference)
        assert now is not None
        assert (now.assignee, str(now.follow_up)) == ("demo", "2027-03-01"), number
        assert now.state == ("new" if number % 2 else "in_work")
        kinds = {row.kind for row in queries.submission_history(database, entry.number)["events"]}
        assert {"assignee", "follow-up", "note"} <= kinds


def test_a_clerk_answers_in_arabic_the_reply_is_entered_and_the_entry_closes_in_time(
    clerk: Open, office: Server, stored: tuple[Settings, Database]
) -> None:
    settings, database = stored
    entry = put(database, settings, "callback", days=2, name="Sami Beispiel", email="sami@example.org", topic="work", message="مرحبا، متى يمكنكم الاتصال؟")  # fmt: skip
    page = clerk(viewport={"width": 360, "height": 800})
    page.goto(f"{office.url}/eingang/v/{entry.reference}/")
    page.get_by_role("link", name="Antworten", exact=True).click()
    page.select_option("#vorlage", "not-reached")
    page.select_option("#sprache", "ar")
    page.get_by_role("button", name="Übernehmen").click()
    body = page.locator("#body")
    expect(body).to_have_attribute("dir", "rtl")
    assert "مرحباً Sami Beispiel،" in body.input_value()
    body.press("End")
    body.type(" ")
    expect(page.locator("[data-draft-state]")).to_have_text("Entwurf gespeichert.")
    page.goto(f"{office.url}/eingang/v/{entry.reference}/antwort/")
    assert "مرحباً Sami Beispiel،" in page.locator("#body").input_value(), "the draft is there again"
    page.get_by_role("button", name="Ansehen").click()
    letter = page.locator(".kim-staff-letter")
    assert "حاولنا الاتصال بكم" in letter.inner_text()
    assert letter.evaluate("(box) => getComputedStyle(box).direction") == "rtl"
    assert violations(page) == []
    page.get_by_role("button", name="Antwort senden").dblclick()
    page.wait_for_selector("text=ist unterwegs")
    assert len(correspondence.list_messages(database, entry.number)) == 1
    wait_until(lambda: list(settings.mail_dir.glob(f"{entry.reference}-answer-1*.eml")), what="the answer's mail")
    assert len(list(settings.mail_dir.glob(f"{entry.reference}-answer-*.eml"))) == 1
    page.get_by_role("link", name="Rückmeldung eintragen").click()
    page.fill("#body", "شكراً جزيلاً")
    page.get_by_label("Nein: Der Eingang ist erledigt").check()
    page.get_by_role("button", name="Rückmeldung eintragen").click()
    page.wait_for_selector("text=Die Rückmeldung ist eingetragen.")
    now = find_by_reference(database, entry.reference)
    assert now is not None
    assert now.state == "closed"
    assert queries.deadlines(now, NOW, settings.time_zone).overdue == ""
    assert page.locator(".kim-staff-message").count() == 2
    assert violations(page) == []


def test_who_writes_is_told_to_the_colleague_while_both_pages_are_open(
    clerk: Open, office: Server, stored: tuple[Settings, Database]
) -> None:
    settings, database = stored
    entry = put(database, settings, "callback", name="Probe", email="wer@example.org", topic="work")
    one, two = clerk(), colleague(clerk, database)
    for page in (one, two):
        page.clock.install()
        page.goto(f"{office.url}/eingang/v/{entry.reference}/")
    with two.expect_response("**/dabei"):
        two.focus("#note")
    with one.expect_response("**/dabei"):
        one.clock.fast_forward(16_000)
    expect(one.locator("[data-presence]")).to_contain_text("Schreibt hier gerade: kollegin.")
    save_work(two, state="in_work")
    with one.expect_response("**/dabei"):
        one.clock.fast_forward(16_000)
    expect(one.locator("[data-presence]")).to_contain_text("Dieser Eingang wurde geändert")
    assert violations(one) == []


def test_on_a_phone_the_first_entry_is_in_the_first_screen_and_every_target_is_large(clerk: Open) -> None:
    page = clerk(viewport={"width": 360, "height": 640})
    first = page.locator("[data-line]").first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] <= 640
    page.locator(".kim-staff-menu summary").click()
    page.locator(".kim-staff-search__more > summary").click()
    small = """[...document.querySelectorAll("a, button, input, select, summary")]
      .filter((one) => one.checkVisibility() && !one.closest(".kim-skip-link") && one.type !== "hidden")
      .map((one) => [one.outerHTML.slice(0, 80), (one.closest("label") ?? one).getBoundingClientRect().height])
      .filter(([, height]) => height > 1 && height < 43.5)"""
    assert page.evaluate(small) == []
    page.locator(".kim-staff-menu summary").click()
    page.locator("[data-line]").first.click()
    assert page.evaluate(small) == []


def tabs_to_first_entry(page: Page) -> int:
    """Return after how many tabs the first entry of the list has the focus; 99 if it does not come."""
    for number in range(1, 40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.hasAttribute('data-line')"):
            return number
    return 99


def test_the_first_entry_is_ten_tabs_away_and_three_by_the_skip_link(clerk: Open) -> None:
    page = clerk()
    page.goto(page.url)
    assert tabs_to_first_entry(page) <= 10
    page.goto(page.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#list"
    page.keyboard.press("Enter")
    assert tabs_to_first_entry(page) == 1


def test_shortcuts_do_nothing_until_they_are_switched_on_and_never_in_a_field(clerk: Open) -> None:
    page = clerk()
    address = page.url
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.goto(address + "tasten/")
    page.get_by_role("button", name="Einschalten").click()
    page.wait_for_selector("text=Die Tastenkürzel sind eingeschaltet.")
    page.goto(address)
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("[data-line]").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#f-q")).to_be_focused()
    page.keyboard.type("jku?/")
    assert page.locator("#f-q").input_value() == "jku?/"
    second.click()
    page.wait_for_selector("#note")
    page.wait_for_load_state("load")
    page.keyboard.press("n")
    expect(page.locator("#note")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/eingang/\?.*#e-KIM-"))
    page.goto(address + "tasten/")
    page.get_by_role("button", name="Ausschalten").click()
    page.wait_for_selector("text=Die Tastenkürzel sind ausgeschaltet.")


def test_without_script_a_clerk_filters_answers_and_changes_several(clerk: Open, office: Server, stored: tuple[Settings, Database]) -> None:  # fmt: skip
    settings, database = stored
    entry = put(database, settings, "callback", name="Ohne Skript", email="ohne@example.org", topic="work")
    page = clerk(java_script_enabled=False)
    page.fill("#f-q", "ohne@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=ohne**")
    page.locator("input[name=ref]").check()
    page.select_option("#b-assignee", "me")
    page.get_by_role("button", name="Ändern").click()
    page.wait_for_selector("text=1 Eingang ist geändert.")
    page.locator("[data-line]").click()
    page.get_by_role("link", name="Antworten", exact=True).click()
    page.fill("#body", "Ohne Skript geantwortet.")
    page.get_by_role("button", name="Ansehen").click()
    page.get_by_role("button", name="Antwort senden").click()
    page.wait_for_selector("text=ist unterwegs")
    now = find_by_reference(database, entry.reference)
    assert now is not None
    assert (now.state, now.assignee) == ("answered", "demo")
