"""axe-core finds nothing (WCAG 2.0, 2.1 and 2.2, A and AA), on every template, language, direction, scheme and state."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from core.languages import Language
from tests.browser.conftest import BrowserSession
from tests.conftest import full_or_sample
from tests.languages import LANGUAGES
from tests.municipality import survey_path

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TEMPLATES = [
    "",
    "ankommen/",
    "ankommen/welches-dokument/",
    "ankommen/aufenthalt/",
    "ankommen/checklisten/",
    "ankommen/saetze/",
    "angebote/termine/",
    "arbeitgeber/mitmachen/",
    "arbeitgeber/pflichten/",
    "arbeitgeber/erfahrungen/",
    "arbeitgeber/werkzeugkasten/",
    "arbeitgeber/werkzeugkasten/auswahl/?want=training&obstacle=language&document=duldung",
    *([survey_path().lstrip("/")] if survey_path() else []),
    "barriere-melden/",
    "rueckruf/",
    "kontakt/",
    "datenschutz/",
    "impressum/",
    "angebote/",
    "offline/",
    "offline-fallback.html",
]
WIDTHS = (1280, 320, 360)
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NEEDED = (".kim-brand", "[data-kim-search]", ".kim-menu > summary")
NewSession = Callable[..., BrowserSession]


def violations(page: Page, forced_colors: bool = False) -> list[str]:
    """Run axe on the page as it stands.

    :param forced_colors: whether the platform chooses the colours. Then contrast is the platform's, and axe-core 4 measures it
        wrongly: it reads ``-webkit-text-fill-color``, which Chromium does not force.
    """
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")  # a colour that still changes
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "([tags, contrast]) => axe.run(document, {runOnly: tags, rules: {'color-contrast': {enabled: contrast}}, "
        "resultTypes: ['violations']}).then(r => r.violations)",
        [RULES, not forced_colors],
    )
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


def overflows(page: Page) -> list[str]:
    """Return where the page is wider than the window, and what is lost of the header with text at twice its size."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate(OVER) > 0:
            found.append(f"too wide at {width} px")
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    if page.evaluate(OVER) > 0:
        found.append("too wide with text at twice its size")
    for selector in NEEDED:
        box = page.locator(selector).bounding_box()
        if box is None:
            found.append(f"{selector} is lost")
        elif box["x"] < 0 or box["x"] + box["width"] > WIDTHS[-1]:
            found.append(f"{selector} is cut off")
    return found


# `make test` opens every template in German; in Arabic those with most controls, in another look; in Ukrainian each third of
# them; in every other language one template. `make test-all` opens every template in every language and
# look, and then every page in four looks (tests/full_site_audit).
LOOKS = [(360, "light"), (1280, "dark"), (1280, "light"), (360, "dark")]
PATHS = [*TEMPLATES, "gibt-es-nicht/"]
BOTH = ("de", "ar")
MOST_CONTROLS = ["", "kim/", "angebote/", "arbeitgeber/mitmachen/", "kontakt/", "offline/", "gibt-es-nicht/"]


def paths_of(number: int, code: str) -> list[str]:
    """Return the paths to open in a language."""
    if code == "de":
        return PATHS
    if code == "ar":
        return full_or_sample(PATHS, MOST_CONTROLS)
    if code == "uk":
        return full_or_sample([*PATHS, "kim/"], MOST_CONTROLS[::3])
    return full_or_sample(PATHS, [PATHS[(3 * number) % len(PATHS)]])


def looks_of(number: int, code: str) -> list[tuple[int, str]]:
    """Return width and scheme of each look at the path of this number."""
    return full_or_sample(LOOKS if code in BOTH else LOOKS[:1], [LOOKS[(number + (code == "ar")) % 2]])


@pytest.mark.parametrize(("number", "language"), [*enumerate(LANGUAGES)], ids=[language.code for language in LANGUAGES])
def test_no_template_breaks_a_rule_or_runs_over_the_edge(
    new_session: NewSession, number: int, language: Language
) -> None:
    """WCAG 2.2 by axe-core; 1.4.10 Reflow and 1.4.4 Resize Text by measuring."""
    seen = new_session(viewport={"width": 360, "height": 800}, color_scheme="light", expect_errors=True)
    page = None
    for place, path in enumerate(paths_of(number, language.code)):
        page = seen.open(language.root + path, page)
        for width, scheme in looks_of(place, language.code):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page) == [], f"{language.root}{path}, {width} px, {scheme}"
        assert overflows(page) == [], f"{language.root}{path}"


@pytest.mark.parametrize(
    ("code", "scheme"),
    full_or_sample(
        [(code, scheme) for code in BOTH for scheme in ("light", "dark")], [("de", "dark"), ("ar", "light")]
    ),
)
def test_no_state_breaks_a_rule(new_session: NewSession, code: str, scheme: str) -> None:
    root = "/" if code == "de" else f"/{code}/"
    page = new_session(viewport={"width": 360, "height": 800}, color_scheme=scheme).open(
        root + "arbeitgeber/mitmachen/"
    )

    def clean(state: str) -> None:
        assert violations(page) == [], state

    page.locator(".kim-menu > summary").click()
    clean("menu open")
    page.keyboard.press("Escape")
    page.locator(".kim-header .kim-languages > summary").click()
    clean("languages open")
    page.keyboard.press("Escape")
    page.locator("[data-kim-search]").click()
    page.locator("dialog input").fill("KIM")
    page.locator("dialog .kim-search__results a").first.wait_for()
    clean("search with results")
    page.locator("dialog input").fill("qqqqxxxx")
    page.locator("dialog .kim-search__none:not([hidden])").wait_for()
    clean("search without results")
    page.locator("dialog [data-kim-close]").click()
    page.locator("form[method=post] button.kim-button").last.click()
    clean("form with faults")
    page.locator("#company").fill("Beispielbetrieb")
    page.locator("#email").fill("beispiel@example.org")
    page.locator("form[method=post] button.kim-button").last.click()
    clean("review page")
    page.locator(".kim-review__send").last.click()
    page.wait_for_url("**/eingegangen/**")
    clean("receipt")
