"""Pages are edited in a real browser: a clerk corrects a sentence, sees its effect, publishes, and takes it back."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.languages import load_languages
from editorial.content.pages import read_content
from editorial.translations.lockfile import Lock, write_lock
from editorial.translations.update import update_lock
from form_handler.settings import read_settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.tables import staff_session
from tests.browser.conftest import BrowserSession
from tests.browser.test_accessibility import violations
from tests.conftest import PATIENCE
from tests.server import Server, running_server, wait_until
from tests.site.small_tree import write_small_tree

PASSWORD = "ein-langes-passwort"
PAGE = "/eingang/seiten/de/seite-1/"
FIRST, NEW = "Der erste Satz.", "Der bessere Satz."
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose pages lie in a git checkout of their own, with the workers as in development."""
    folder = tmp_path_factory.mktemp("editing")
    docs, languages = write_small_tree(folder / "content" / "docs"), load_languages()
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, Lock(), datetime.date(2026, 11, 1)))
    name = ["-c", "user.name=Entwicklung", "-c", "user.email=entwicklung@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "Stand"]):
        subprocess.run(["git", *words], cwd=folder / "content", check=True)
    own = {"KIM_CONTENT_DIR": str(folder / "content"), "KIM_SITE_DIR": str(folder / "site")}
    settings = read_settings({"KIM_DATA_DIR": str(folder / "var"), **own})
    database = Database(settings)
    upgrade(database)
    now = datetime.datetime.now(datetime.UTC)
    accounts.add_account(database, "eva", PASSWORD, now, ("edit", "publish"))
    accounts.add_account(database, "ida", PASSWORD, now, ("edit",))
    database.engine.dispose()
    with running_server(folder / "var", **own) as running:
        yield running


@pytest.fixture
def clerk(browser: Browser, server: Server) -> Iterator[Open]:
    """Open a page as somebody who is logged in; nothing may fault on the way."""
    visits: list[BrowserSession] = []

    def begin(path: str = PAGE, name: str = "eva", **options: object) -> Page:
        seen = BrowserSession(
            browser.new_context(**options), server.url, bool(options.get("java_script_enabled", True))
        )  # type: ignore[arg-type]
        seen.context.set_default_timeout(PATIENCE * 1000)
        visits.append(seen)
        page = seen.context.new_page()
        page.on("pageerror", lambda error: seen.faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and seen.faults.append(message.text))
        page.on("request", lambda request: seen._note(request.url))
        page.goto(server.url + "/eingang/anmelden/")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".kim-staff-nav")
        page.goto(server.url + path)
        return page

    yield begin
    for seen in visits:
        faults = [fault for fault in seen.faults if not any(f"status of {code}" in fault for code in (409, 422))]
        assert (seen.foreign, faults) == ([], [])
        seen.context.close()


def test_a_clerk_corrects_a_sentence_sees_the_effect_publishes_and_takes_it_back(clerk: Open, server: Server) -> None:
    page = clerk()
    page.get_by_text(FIRST, exact=True).first.click()  # a click anywhere in the paragraph
    area = page.locator("textarea[name=words]").first
    expect(area).to_be_focused()
    area.fill("Mehr [hier](nirgends.md).")
    expect(page.locator("[data-checked]")).to_contain_text("nirgends.md")
    area.fill(NEW)
    checked = page.locator("[data-checked]")
    expect(checked).to_contain_text("Kein Befund")
    expect(checked).to_contain_text("1 Absatz zu übersetzen")
    page.get_by_role("button", name="Im Entwurf speichern").click()
    expect(page.get_by_text("Noch nicht öffentlich")).to_be_visible()
    page.get_by_role("link", name="Veröffentlichen …").click()
    expect(page.locator("ins")).to_contain_text("bessere")
    page.get_by_role("button", name="Jetzt veröffentlichen").click()
    public = Path(server.settings["KIM_SITE_DIR"]) / "seite-1" / "index.html"
    wait_until(lambda: NEW in public.read_text("utf-8"), what="the page to be public")
    wait_until(
        lambda: page.reload() and "öffentlich" in page.locator("tbody tr").first.inner_text(),
        what="the publication to be done",
    )
    page.get_by_role("link", name="Zurücknehmen …").click()
    page.get_by_role("button", name="Jetzt zurücknehmen").click()
    wait_until(lambda: FIRST in public.read_text("utf-8"), what="the page to be as before")
    log = subprocess.run(
        ["git", "log", "--format=%an %s"],
        cwd=server.settings["KIM_CONTENT_DIR"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split(" ", 2)[0] for line in log.stdout.splitlines()] == ["Redaktion", "Redaktion", "Entwicklung"]


def test_without_script_each_step_is_a_page(clerk: Open) -> None:
    page = clerk(java_script_enabled=False)
    page.get_by_role("link", name="Ändern: ⁨en 1⁩").or_(page.locator("a.kim-edit").first).first.click()
    page.goto(page.url.partition("?")[0] + "?absatz=mehr.0")
    page.fill("textarea[name=words]", "Weiteres")
    page.get_by_role("button", name="Prüfen", exact=True).click()
    expect(page.get_by_text("Das bedeutet für die Übersetzungen").first).to_be_visible()
    page.get_by_role("button", name="Im Entwurf speichern").click()
    expect(page.locator("h2", has_text="Weiteres")).to_be_visible()
    page.get_by_role("link", name="Entwurf verwerfen …").click()
    page.get_by_role("button", name="Den Entwurf verwerfen").click()
    expect(page.get_by_text("Nichts ist geändert")).to_be_visible()


def test_an_idle_hour_in_the_middle_of_a_paragraph_loses_nothing(clerk: Open, server: Server) -> None:
    page = clerk("/eingang/seiten/de/seite-2/")
    page.get_by_text(FIRST, exact=True).first.click()
    area = page.locator("textarea[name=words]").first
    area.fill("Vor der Pause.")
    expect(page.locator("[data-saved]")).to_contain_text("auf dem Server aufgehoben")
    database = Database(read_settings({"KIM_DATA_DIR": str(server.data_dir)}))
    with database.transaction() as connection:
        connection.execute(staff_session.update().values(seen_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)))
    database.engine.dispose()
    area.fill("Nach der Pause.")
    page.get_by_role("button", name="Im Entwurf speichern").click()
    page.fill("#name", "eva")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Nach der Pause.")
    page.get_by_role("button", name="Noch einmal senden").first.click()
    expect(page.locator("article p", has_text="Nach der Pause.").first).to_be_visible()


def test_two_clerks_on_one_paragraph_lose_nothing(clerk: Open) -> None:
    first, second = clerk("/eingang/seiten/de/seite-4/"), clerk("/eingang/seiten/de/seite-4/", "ida")
    for page, words in ((first, "Von Eva."), (second, "Von Ida.")):
        page.get_by_text(FIRST, exact=True).first.click()
        page.locator("textarea[name=words]").first.fill(words)
    expect(second.get_by_text("Hier schreibt gerade auch: eva.")).to_be_visible()
    for page in (first, second):
        page.get_by_role("button", name="Im Entwurf speichern").click()
    expect(second.get_by_text("Jemand anderes war schneller").first).to_be_visible()
    assert second.locator("input[type=radio]:checked").count() == 0
    second.get_by_label("Beide, Ihrer zuerst").check()
    second.get_by_role("button", name="Speichern").click()
    expect(second.locator("article").get_by_text("Von Ida.", exact=True)).to_be_visible()
    expect(second.locator("article").get_by_text("Von Eva.", exact=True)).to_be_visible()


LOOKS = [(320, "light", "/eingang/"), (1280, "dark", "/en/eingang/")]


@pytest.mark.parametrize(("width", "scheme", "root"), LOOKS)
def test_no_page_of_the_editor_breaks_a_rule_or_runs_over(clerk: Open, width: int, scheme: str, root: str) -> None:
    page = clerk(f"{root}seiten/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    paths = ["seiten/", "seiten/de/seite-5/", "seiten/de/seite-5/?absatz=a.1", "seiten/ar/seite-5/?absatz=a.1", "seiten/veroeffentlichungen/",
             "seiten/verlauf/de/seite-5/", "seiten/abschnitt/de/seite-5/?section=mehr", "seiten/quelltext/de/seite-5/"]  # fmt: skip
    for path in paths:
        page.goto(page.url.partition("/eingang/")[0].removesuffix("/en") + root + path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_tab_leaves_the_field_and_the_toolbar_is_one_stop(clerk: Open) -> None:
    page = clerk("/eingang/seiten/de/seite-5/")
    page.locator("a.kim-edit[href*='absatz=a.1']").focus()
    page.keyboard.press("Enter")
    area = page.locator("textarea[name=words]").first
    expect(area).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Überschrift")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Fett")).to_be_focused()
    page.keyboard.press("Tab")
    expect(area).to_be_focused()
    page.keyboard.press("Tab")
    expect(area).not_to_be_focused()
