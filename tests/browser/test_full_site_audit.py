"""The look at every page (`make test-all`) sees what it is there to see: every planted fault."""

from __future__ import annotations

from playwright.sync_api import Browser

from core.languages import load_languages
from tests.full_site_audit.__main__ import dead_links, paths, summary
from tests.full_site_audit.faulty_page import FaultyPage
from tests.full_site_audit.page_audit import PageAuditor, Seen


def test_every_planted_fault_is_seen(browser: Browser) -> None:
    with FaultyPage() as planted:
        seen = PageAuditor(browser, planted.url).look("/")
        assert planted.missed(seen) == []


def test_every_built_page_is_on_the_list() -> None:
    listed = dict(paths())
    assert len(listed) > 80 * len(load_languages())
    assert listed["/"] == 200
    assert listed["/ar/gibt-es-nicht/"] == 404


def test_dead_links_and_anchors_are_named_with_their_page() -> None:
    seen = [
        Seen("/a/", links=["http://x/b/", "http://x/b/#no", "http://x/b/#top", "http://else/"]),
        Seen("/b/", ids=["top"]),
    ]
    assert dead_links(seen, "http://x") == ["/a/: no #no on /b/"]


def test_the_result_counts_pages_and_not_places() -> None:
    seen = [Seen("/a/", rules=["360 px, light: color-contrast: <a>", "360 px, dark: color-contrast: <b>"]), Seen("/b/", faults=["x", "y"])]  # fmt: skip
    result = summary(seen, "156.0.1")
    assert result["rules"] == [{"rule": "color-contrast", "pages": 1}]
    assert (result["other"], result["pages"], result["browser"]) == (1, 2, "Chromium 156")
