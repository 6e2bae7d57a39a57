"""axe-core finds nothing (WCAG 2.0, 2.1 and 2.2, A and AA), on every template, language, direction, scheme and state."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from editorial.languages import load_languages
from tests.browser.conftest import Visit

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
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)", RULES
    )
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


# Every language once, every direction in both widths and both schemes.
LOOKS = [(row.code, 360, "light") for row in load_languages()] + [
    (code, width, scheme) for code in ("de", "ar") for width, scheme in ((1280, "light"), (1280, "dark"), (360, "dark"))
]


@pytest.mark.parametrize(("code", "width", "scheme"), LOOKS)
def test_no_template_breaks_a_rule(visit: Begin, code: str, width: int, scheme: str) -> None:
    language = next(row for row in load_languages() if row.code == code)
    seen = visit(viewport={"width": width, "height": 800}, color_scheme=scheme, expect_errors=True)
    for path in [*TEMPLATES, "gibt-es-nicht/"]:
        page = seen.open(language.root + path)
        assert violations(page) == [], f"{language.root}{path}"
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("code", ["de", "ar"])
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
