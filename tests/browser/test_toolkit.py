"""The toolkit as employers meet it: with and without script, shared, and as the end of a loop that begins with a survey."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from form_handler.toolkit.recommend import all_answer_combinations
from tests.browser.conftest import BrowserSession
from tests.conftest import PATIENCE, ROOT
from tests.form_handler.conftest import HIDDEN, unescape
from tests.municipality import existing, needs_survey, survey_path
from tests.project import copy_project
from tests.server import running_server

NewSession = Callable[..., BrowserSession]
REFERENCE = re.compile(r"KIM-[2-9A-HJKMNP-TV-Z]{6}")
PAGE = "/arbeitgeber/werkzeugkasten/"


def shown(page: Page) -> list[tuple[str | None, str]]:
    """Return key and reasons of each measure on the list."""
    return [
        (item.get_attribute("data-key"), item.locator(".kim-result__why").inner_text())
        for item in page.locator(".kim-result").all()
    ]


def test_with_script_the_list_follows_each_choice_at_once(new_session: NewSession) -> None:
    page = new_session().open(PAGE)
    assert page.locator(".kim-result").count() == 0
    page.check("#choose-obstacle-language")
    page.wait_for_selector("[data-key=berufssprachkurs]")
    page.check("#choose-document-duldung")
    page.wait_for_selector(".kim-result--first[data-key=arbeitserlaubnis-duldung]")
    page.check("#choose-document-none")
    page.wait_for_selector("[data-key=arbeitserlaubnis-duldung]", state="detached")


@pytest.mark.parametrize("root", ["", *(path.rstrip("/") for path in existing("/ar/", "/tr/"))])
def test_without_script_the_same_list_comes_with_an_address_to_share(new_session: NewSession, root: str) -> None:
    page = new_session(java_script_enabled=False).open(root + PAGE)
    page.check("#choose-want-training")
    page.check("#choose-obstacle-language")
    page.click(".kim-chooser button")
    assert "/auswahl/?" in page.url
    without = shown(page)
    assert without[-1][0] == "gespraech-mit-kim"
    address = page.locator(".kim-chooser__share a").get_attribute("href") or ""
    assert address == f"{root}{PAGE}auswahl/?want=training&obstacle=language"
    again = new_session().open(address)
    assert shown(again) == without, "the shared address shows the same"
    assert again.locator("#choose-obstacle-language").is_checked()


def test_page_and_handler_follow_the_same_rules_for_every_answer(new_session: NewSession) -> None:
    page = new_session().open(PAGE)
    some = [*all_answer_combinations(1)][::7] + [*all_answer_combinations(2)][::97]
    wanted = [{question: list(keys) for question, keys in answers.items()} for answers in some]
    source = page.locator("#choose-template").get_attribute("data-script") or ""
    in_browser = page.evaluate(
        """async ([source, url, wanted]) => {
          const { choose } = await import(source);
          const data = await (await fetch(url)).json();
          return wanted.map((answers) => choose(data, answers).map(({ key, first, why }) => ({ key, first, why })));
        }""",
        [source, PAGE + "massnahmen.json", wanted],
    )
    from form_handler.toolkit.recommend import recommend

    data = json.loads((ROOT / "site" / PAGE.strip("/") / "massnahmen.json").read_text("utf-8"))
    assert in_browser == [recommend(data, answers) for answers in wanted]


def test_rubbish_in_the_address_shows_the_talk_and_no_fault(new_session: NewSession) -> None:
    page = new_session().open(PAGE + "auswahl/?want=%3Cscript%3E&obstacle=x&document=&size=" + "9" * 3000)
    assert [key for key, _why in shown(page)] == ["gespraech-mit-kim"]


def send(page: Page) -> None:
    """Go on from the form over the review page to the receipt."""
    page.click(".kim-form__submit")
    page.click(".kim-review__send")
    page.wait_for_selector(".kim-receipt__number")


def test_a_receipt_shows_the_measures_that_fit_the_answers(new_session: NewSession) -> None:
    page = new_session().open("/arbeitgeber/mitmachen/")
    page.fill("#company", "Beispielbetrieb")
    page.fill("#email", "beispiel@example.org")
    page.get_by_label("Einen Ausbildungsplatz anbieten").check()
    send(page)
    keys = [key for key, _why in shown(page)]
    assert "ausbildung" in keys
    assert "beispiel" not in page.url.lower()


def kim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy of the project."""
    env = {**{k: v for k, v in os.environ.items() if not k.startswith("KIM_")}, "KIM_DATA_DIR": str(folder / "var")}
    return subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, env=env, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, so that publishing changes nothing here."""
    return copy_project(tmp_path / "project", ("de",))


COMPANIES = 20
HARD = 10  # companies that find the language very hard; the others find it no obstacle
TEAM = 3  # companies that name working in a team


def answer_in_browser(page: Page) -> None:
    """Fill in the survey as a company that finds the language very hard."""
    page.get_by_label("Ja, als Beschäftigte").check()
    page.locator(".kim-form__more > summary").click()
    page.locator("#obstacle_language").get_by_label("sehr schwierig").check()
    page.get_by_label("Zusammenarbeit im Team").check()
    page.select_option("#trade", "crafts")
    send(page)


def answer_without_browser(url: str, number: int) -> None:
    """Send the survey as the company of this number, as a browser would."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    fields = [("done", "job"), ("obstacle_language", "2" if number < HARD else "0"), ("trade", "care")]
    fields += [("worked", "team")] if number < TEAM else []
    form = f"{url}/arbeitgeber/erfahrungen/"
    with opener.open(form, urllib.parse.urlencode(fields).encode(), timeout=PATIENCE) as page:
        hidden = [(name, unescape(value)) for name, value in HIDDEN.findall(page.read().decode())]
    with opener.open(f"{form}absenden/", urllib.parse.urlencode(hidden).encode(), timeout=PATIENCE) as page:
        assert "eingegangen" in page.url


@needs_survey
def test_what_employers_teach_the_city_comes_back_to_them(browser: Browser, project: Path) -> None:
    """Companies answer, the office says which answers count, the site shows the results, and the obstacle leads to its measures."""
    built = kim(project, "build", "--no-pdf")
    assert built.returncode == 0, built.stderr
    with serving_copy(project) as server:
        context = browser.new_context()
        page = context.new_page()
        page.goto(server.url + "/arbeitgeber/erfahrungen/")
        answer_in_browser(page)
        assert "berufssprachkurs" in [key for key, _why in shown(page)], "the receipt already helps"
        context.close()
        for number in range(1, COMPANIES):
            answer_without_browser(server.url, number)
        refused = kim(project, "survey", "publish")
        assert refused.returncode == 1
        assert "are undecided" in refused.stderr
        references = REFERENCE.findall(kim(project, "submissions", "list").stdout)
        assert len(references) == COMPANIES
        counted = kim(project, "survey", "count", *references)
        assert counted.returncode == 0, counted.stderr
        before = kim(project, "survey", "publish", "--dry-run")
        assert f"{COMPANIES} companies" in before.stdout, before.stderr
        assert not (project / "docs" / "data" / "survey.yml").exists()
        published = kim(project, "survey", "publish")
        assert published.returncode == 0, published.stderr
        assert kim(project, "build", "--no-pdf").returncode == 0
        context = browser.new_context()
        page = context.new_page()
        page.goto(server.url + survey_path() + "#ergebnisse")
        assert f"{COMPANIES} Betriebe haben geantwortet" in page.locator("main").inner_text()
        heavy = page.locator("section[aria-labelledby=survey-heavy] tbody tr").first
        assert heavy.inner_text().split()[:2] == ["Deutsch", str(HARD)]
        worked = page.locator("section[aria-labelledby=survey-worked] tbody tr", has_text="Zusammenarbeit im Team")
        assert "zu wenige Antworten" in worked.inner_text(), "three of twenty stay hidden"
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert f"Deutsch;{HARD}" in download.value.path().read_text("utf-8-sig")
        heavy.get_by_role("link", name="Deutsch").click()
        page.wait_for_url("**/auswahl/?obstacle=language")
        assert shown(page)[0][0] == "berufssprachkurs"
        page.goto(server.url + "/arbeitgeber/mitmachen/")
        page.fill("#company", "Beispielbetrieb")
        page.fill("#email", "beispiel@example.org")
        page.get_by_label("Ein Praktikum anbieten").check()
        send(page)
        assert "praktikum" in [key for key, _why in shown(page)]
        context.close()


def serving_copy(project: Path) -> Any:
    """Run the copy's server for the length of a ``with`` block."""
    return running_server(project / "var", project, KIM_SITE_DIR=str(project / "site"))
