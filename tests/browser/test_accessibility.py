"""axe-core finds nothing (WCAG 2.0, 2.1 and 2.2, A and AA), on every template, language, direction, scheme and state."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from core.languages import Language, load_languages
from tests.browser.conftest import Visit
from tests.conftest import full_or_sample

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TEMPLATES = [
    "",
    "ankommen/",
    "arbeitgeber/mitmachen/",
    "arbeitgeber/pflichten/",
    "arbeitgeber/erfahrungen/",
    "arbeitgeber/werkzeugkasten/",
    "arbeitgeber/werkzeugkasten/auswahl/?want=training&obstacle=language&document=duldung",
    "allianz/umfrage/",
    "barriere-melden/",
    "rueckruf/",
    "kontakt/",
    "datenschutz/",
    "impressum/",
    "angebote/",
    "offline/",
    "not-kept.html",
]
Begin = Callable[..., Visit]


def violations(page: Page) -> list[str]:
    """Run axe on the page as it stands."""
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")  # a colour that still changes
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)", RULES
    )
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


# German and Arabic: every template in two looks, opened once. Every other language: three templates, in turn. `make test-all`
# runs every template in every language, and then every page in four looks (tests/everything).
LOOKS = full_or_sample(
    [(360, "light"), (1280, "dark"), (1280, "light"), (360, "dark")], [(360, "light"), (1280, "dark")]
)
PATHS = [*TEMPLATES, "gibt-es-nicht/"]
LANGUAGES = load_languages()
BOTH = ("de", "ar")
SHARE = {
    row.code: PATHS
    if row.code in BOTH
    else full_or_sample(PATHS, [PATHS[(3 * number + step) % len(PATHS)] for step in range(3)])
    for number, row in enumerate(LANGUAGES)
}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_no_template_breaks_a_rule(visit: Begin, language: Language) -> None:
    seen = visit(viewport={"width": 360, "height": 800}, color_scheme="light", expect_errors=True)
    for path in SHARE[language.code]:
        page = seen.open(language.root + path)
        for width, scheme in LOOKS if language.code in BOTH else LOOKS[:1]:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == [], f"{language.root}{path}, {width} px, {scheme}"
        page.close()


@pytest.mark.parametrize(
    ("code", "scheme"),
    full_or_sample(
        [(code, scheme) for code in BOTH for scheme in ("light", "dark")], [("de", "dark"), ("ar", "light")]
    ),
)
def test_no_state_breaks_a_rule(visit: Begin, code: str, scheme: str) -> None:
    root = "/" if code == "de" else f"/{code}/"
    page = visit(viewport={"width": 360, "height": 800}, color_scheme=scheme).open(root + "arbeitgeber/mitmachen/")

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
    page.locator("form[method=post] button.button").last.click()
    clean("form with faults")
    page.locator("#company").fill("Beispielbetrieb")
    page.locator("#email").fill("beispiel@example.org")
    page.locator("form[method=post] button.button").last.click()
    clean("review page")
    page.locator(".kim-review__send").last.click()
    page.wait_for_url("**/eingegangen/**")
    clean("receipt")
