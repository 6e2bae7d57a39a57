"""Pages are edited in a real browser: a clerk corrects a sentence, sees its effect, publishes, and takes it back."""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, Route, expect

from core.gettext import LOCALE_DIR
from core.languages import load_languages
from editorial.content.local_version import mark_version, version_of
from editorial.content.pages import read_content
from editorial.translations.lockfile import Lock, write_lock
from editorial.translations.update import update_lock
from form_handler.settings import read_settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.tables import staff_session
from tests.browser.conftest import BrowserSession, said
from tests.browser.test_accessibility import violations
from tests.browser.test_reading import focus_stops
from tests.conftest import PATIENCE, full_or_sample
from tests.editing.test_routes import ALL
from tests.editing.views import addresses_of
from tests.municipality import language_like
from tests.server import Server, running_server, wait_until
from tests.site.small_tree import write, write_small_tree

PASSWORD = "ein-langes-passwort"
PAGE = "/eingang/seiten/de/seite-1/"
FIRST, NEW = "Der erste Satz.", "Der bessere Satz."
Open = Callable[..., Page]
OTHER = language_like("uk")  # the language of the translators


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose pages lie in a git checkout of their own, with the workers as in development."""
    folder = tmp_path_factory.mktemp("editing")
    docs, languages = write_small_tree(folder / "content" / "docs"), load_languages()
    shutil.copytree(LOCALE_DIR, folder / "content/core/locale", ignore=shutil.ignore_patterns("__pycache__", "office"))
    for number in (6, 7):
        write(docs, OTHER, f"seite-{number}", f"Сторінка {number}", "Перше речення.")
    write_own_versions(docs)
    write_lock(docs, update_lock(docs, read_content(docs, languages), languages, Lock(), datetime.date(2026, 11, 1)))
    name = ["-c", "user.name=Entwicklung", "-c", "user.email=entwicklung@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "Stand"]):
        subprocess.run(["git", *words], cwd=folder / "content", check=True)
    for number in (3, 6, 7):  # changed since a version was made of it, or since it was translated
        path = docs / f"de/seite-{number}.md"
        path.write_text(path.read_text("utf-8").replace(FIRST, "Der zweite Satz."), "utf-8")
    subprocess.run(["git", *name, "commit", "-q", "-a", "-m", "Neu"], cwd=folder / "content", check=True)
    own = {"KIM_CONTENT_DIR": str(folder / "content"), "KIM_SITE_DIR": str(folder / "site")}
    settings = read_settings({"KIM_DATA_DIR": str(folder / "var"), **own})
    database = Database(settings)
    upgrade(database)
    now = datetime.datetime.now(datetime.UTC)
    accounts.add_account(database, "eva", PASSWORD, now, ("edit", "publish"))
    accounts.add_account(database, "ida", PASSWORD, now, ("edit",))
    for translator in ("olena", "mara"):
        accounts.add_account(database, translator, PASSWORD, now, (f"translate:{OTHER}",))
    database.engine.dispose()
    with running_server(folder / "var", **own) as running:
        yield running


def write_own_versions(docs: Path) -> None:
    """Write the municipality's versions of two shared pages; the header of the second does not say what it was made from."""
    for number in (0, 3):
        shared = docs / f"de/seite-{number}.md"
        text = shared.read_text("utf-8").replace(FIRST, "Bei uns ist es anders.") + "\nUnd eine Zeile nur von hier.\n"
        own = docs.parent / "city/docs/de" / shared.name
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(mark_version(text, version_of(shared.read_bytes())) if number else text, "utf-8")


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
        page.on("console", lambda message: message.type == "error" and seen.faults.append(said(message)))
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


def end_sessions(server: Server) -> None:
    """Let an idle hour pass for everybody."""
    database = Database(read_settings({"KIM_DATA_DIR": str(server.data_dir)}))
    with database.transaction() as connection:
        connection.execute(staff_session.update().values(seen_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)))
    database.engine.dispose()


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
    assert [line.split(" ", 2)[0] for line in log.stdout.splitlines()] == [
        "Redaktion",
        "Redaktion",
        "Entwicklung",
        "Entwicklung",
    ]


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
    end_sessions(server)
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


def test_a_translator_brings_the_stale_paragraph_up_to_date_and_signs_the_page(clerk: Open, server: Server) -> None:
    page = clerk("/eingang/", "olena")
    expect(page).to_have_url(re.compile("/eingang/uebersetzen/$"))
    page.get_by_role("link", name="Seite 6").click()
    row = page.locator(".kim-translate-row--stale")
    expect(row.locator("del")).to_contain_text("erste")
    expect(row.locator("ins")).to_contain_text("zweite")
    area = row.locator("textarea")
    assert (area.get_attribute("lang"), area.input_value()) == (OTHER, "Перше речення.")
    area.fill("Речення з [посиланням](kontakt.md).")
    expect(row.locator("[data-checked]")).to_contain_text("andere Links")
    area.fill("Друге речення.")
    expect(row.locator("[data-checked]")).to_contain_text("Kein Befund")
    row.get_by_role("button", name="Im Entwurf speichern").click()
    expect(page.get_by_text("Alles ist übersetzt. Lesen Sie")).to_be_visible()
    page.get_by_label("Ihr Name, wie er").fill("Olena Beispiel")
    page.get_by_label("Ich habe die ganze Seite").check()
    page.get_by_role("button", name="Ich habe diese Seite geprüft").click()
    expect(page.get_by_text("Geprüft von Olena Beispiel")).to_be_visible()
    office = clerk(f"/eingang/seiten/veroeffentlichen/{OTHER}/seite-6/")
    expect(office.locator("ins", has_text="Друге")).to_be_visible()
    office.get_by_role("button", name="Jetzt veröffentlichen").click()
    public = Path(server.settings["KIM_SITE_DIR"]) / OTHER / "seite-6" / "index.html"
    wait_until(lambda: "Друге речення." in public.read_text("utf-8"), what="the translation to be public")
    note = BeautifulSoup(public.read_text("utf-8"), "html.parser").select_one("[data-kim-translation]")
    assert note is not None
    assert note["data-kim-translation"] == "reviewed"
    assert "Olena Beispiel" in note.get_text()


def test_two_translators_on_one_paragraph_lose_nothing(clerk: Open) -> None:
    address = f"/eingang/uebersetzen/{OTHER}/seite-7/"
    first, second = clerk(address, "olena"), clerk(address, "mara")
    for page, words in ((first, "Від Олени."), (second, "Від Марії.")):
        page.locator(".kim-translate-row--stale textarea").fill(words)
        page.locator(".kim-translate-row--stale").get_by_role("button", name="Im Entwurf speichern").click()
    expect(second.get_by_text("Jemand anderes war schneller").first).to_be_visible()
    assert second.locator("input[type=radio]:checked").count() == 0
    expect(second.locator("textarea")).to_have_value("Від Марії.")
    expect(second.get_by_text("Від Олени.")).to_be_visible()
    second.get_by_label("Beide, Ihrer zuerst").check()
    second.get_by_role("button", name="Speichern").click()
    expect(second.locator("p", has_text="Від Марії. Від Олени.")).to_be_visible()


def test_an_idle_hour_in_the_middle_of_a_translation_loses_nothing(clerk: Open, server: Server) -> None:
    page = clerk(f"/eingang/uebersetzen/{OTHER}/seite-7/?absatz=mehr.0", "olena")
    area = page.locator("[data-edit$=' mehr.0'] textarea")
    area.fill("До перерви")
    expect(page.locator("[data-edit$=' mehr.0'] [data-saved]")).to_contain_text("auf dem Server aufgehoben")
    end_sessions(server)
    area.fill("Після перерви")
    page.locator("[data-edit$=' mehr.0']").get_by_role("button", name="Im Entwurf speichern").click()
    page.fill("#name", "olena")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Після перерви")
    page.get_by_role("button", name="Noch einmal senden").first.click()
    expect(page.locator("p", has_text="Після перерви").first).to_be_visible()


def test_translating_works_without_script_and_with_the_keyboard_alone(clerk: Open) -> None:
    page = clerk(f"/eingang/uebersetzen/{OTHER}/seite-7/?absatz=a.0", "mara", java_script_enabled=False)
    area = page.locator("[data-edit$=' a.0'] textarea")
    area.fill("Сторінка 7, нова")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Im Entwurf gespeichert")).to_be_visible()
    expect(page.locator("p", has_text="Сторінка 7, нова")).to_be_visible()


# Each view is opened once and looked at in all looks (`make test-all`), or in one of them, in turn, and in English each third
# view (`make test`).
LOOKS: list[tuple[int, dict[str, str]]] = [
    (width, colours)
    for colours in (
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"color_scheme": "dark", "forced_colors": "active"},
    )
    for width in (320, 1280)
]
ADDRESSES = addresses_of(path for path, methods in ALL.items() if "GET" in methods)


@pytest.mark.parametrize("root", ["/eingang/", "/en/eingang/"])
def test_no_page_of_the_editor_breaks_a_rule_or_runs_over(clerk: Open, root: str) -> None:
    page = clerk(f"{root}seiten/de/seite-5/?absatz=mehr.0")
    page.locator("textarea[name=words]").first.fill(f"Weiteres {root}")
    page.locator("button[value=save]").click()
    page.wait_for_selector(".kim-edit-bar")
    base = page.url.partition("/eingang/")[0].removesuffix("/en")
    for number, address in enumerate(ADDRESSES[:: full_or_sample(1, 3 if root == "/en/eingang/" else 1)]):
        page.goto(base + root + address)
        for width, colours in full_or_sample(LOOKS, [LOOKS[(number + (root != "/eingang/")) % 6]]):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(**{"forced_colors": "none", **colours})  # type: ignore[arg-type]
            assert violations(page, "forced_colors" in colours) == [], (address, width, colours)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)


def test_findings_belong_to_their_field_and_are_announced(clerk: Open) -> None:
    for address, place in (("seiten/de/seite-1/", "mehr.0"), ("uebersetzen/ar/seite-1/", "mehr.1")):
        page = clerk(f"/eingang/{address}?absatz={place}")
        area = page.locator(f"[data-edit$=' {place}'] textarea[name=words]").first
        area.fill("Mehr [hier](nirgends.md)")
        described = (area.get_attribute("aria-describedby") or "").split()
        findings = page.locator("[data-checked]", has_text="Fehler")
        expect(findings.first).to_be_visible()
        assert findings.first.get_attribute("id") in described
        assert findings.first.get_attribute("aria-live") == "polite"


def test_the_end_of_the_session_is_announced_and_put_off_with_one_button(clerk: Open) -> None:
    page = clerk("/eingang/seiten/de/seite-1/", viewport={"width": 360, "height": 568})
    page.route("**/seiten/de/seite-1/", lambda route: end_soon(route))
    page.reload()
    warning = page.get_by_role("alert").filter(has_text="Ihre Sitzung endet in zwei Minuten")
    expect(warning).to_be_visible()
    expect(warning).to_be_in_viewport()
    stops = focus_stops(page)
    assert len(stops) > 10
    assert [one for one in stops if one] == [], "the warning covers nothing that has the focus (WCAG 2.2, 2.4.11)"
    warning.get_by_role("button", name="Ich bin noch da").click()
    expect(warning).to_be_hidden()


def end_soon(route: Route) -> None:
    """Hand on a page as it is a minute and a half before its session ends."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(r'data-session="\d+"', 'data-session="90"', answer.text()))


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
