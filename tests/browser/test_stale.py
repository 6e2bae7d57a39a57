"""A stale page in a real browser: no rule broken, the line on the side where reading begins, and on paper too."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_accessibility import violations
from tests.site.stale_site import CHANGED, PAGE, build_stale


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A plain file server that says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the changed site is served."""
    site = build_stale(tmp_path_factory.mktemp("stale"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_a_stale_page_breaks_no_rule_and_does_not_run_over(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for key in CHANGED:
        page.goto(f"{address}/ar/{'' if key == 'index' else key + '/'}")
        assert violations(page) == [], key
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), key
    context.close()


def line(page: Page) -> list[str]:
    """Return how the marked passage is drawn: style and width of the line on its right and on its left."""
    found: list[str] = page.locator("p.kim-stale").first.evaluate(
        "e => { const s = getComputedStyle(e); return [s.borderRightStyle, s.borderRightWidth, s.borderLeftWidth] }"
    )
    return found


def test_the_line_stands_where_arabic_begins_without_script_and_on_paper(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/ar/{PAGE}/")
    assert line(page) == ["dashed", "4px", "0px"]
    page.emulate_media(media="print")
    assert line(page) == ["dashed", "4px", "0px"]
    assert page.locator(".kim-translation--stale strong").is_visible()
    context.close()
