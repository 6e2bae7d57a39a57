"""A reader keeps their language on the device, reads it without a network, and removes it again."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from core.gettext import gettext, use_language
from core.languages import load_languages
from editorial.build.listings.offline import write_offline_lists
from editorial.content.pages import read_content
from form_handler.security import HEADERS
from tests.browser.conftest import BrowserSession
from tests.browser.test_accessibility import violations
from tests.conftest import ROOT
from tests.municipality import language_like
from tests.server import free_port

NewSession = Callable[..., BrowserSession]
STORED = """async () => [
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length, localStorage.length,
]"""


class Files(http.server.SimpleHTTPRequestHandler):
    """The built site with the site's own headers, and nothing else."""

    def end_headers(self) -> None:
        """Send what the real server sends."""
        for name, value in (*HEADERS, ("Vary", "Accept-Encoding"), ("Cache-Control", "no-cache")):
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Network:
    """A copy of the built site behind a server that can be switched off, as a network can."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server: http.server.ThreadingHTTPServer | None = None

    def on(self) -> None:
        """Switch the network on."""
        handler = functools.partial(Files, directory=str(self.folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def off(self) -> None:
        """Switch the network off."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@pytest.fixture
def network(tmp_path: Path, server: object) -> Iterator[Network]:
    """The network, switched on."""
    one = Network(shutil.copytree(ROOT / "site", tmp_path / "site"))
    one.on()
    yield one
    one.off()


def word(code: str, message: str) -> str:
    with use_language(code):
        return gettext(message)


def keep(context: BrowserContext, network: Network, root: str) -> Page:
    page = context.new_page()
    page.goto(f"{network.url}{root}offline/")
    page.locator("[data-action=download]").click()
    expect(page.locator("[data-action=remove]")).to_be_visible()
    return page


@contextlib.contextmanager
def without(network: Network) -> Iterator[None]:
    network.off()
    yield
    network.on()


@pytest.mark.parametrize("root", ["/", "/ar/"])
def test_nothing_is_stored_before_the_click(new_session: NewSession, root: str) -> None:
    page = new_session().open(root + "offline/")
    expect(page.locator("[data-action=download]")).to_be_visible()
    assert "MB" in page.locator("[data-offline=status]").inner_text() or root == "/ar/"
    assert page.evaluate(STORED) == [0, 0, 0]
    assert violations(page) == []


def test_a_kept_language_is_read_and_searched_without_a_network(new_session: NewSession, network: Network) -> None:
    context = new_session(expect_errors=True, locale="ar").context
    page = keep(context, network, "/ar/")
    with without(network):
        page.goto(network.url + "/ar/ankommen/notfall/")
        assert page.locator("html").get_attribute("dir") == "rtl"
        assert page.evaluate("getComputedStyle(document.querySelector('.kim-header')).display") != "inline", "styled"
        assert page.locator("h1").is_visible()
        page.locator(".kim-brand").click()
        expect(page.locator(".kim-entry-cards")).to_be_visible()
        page.goto(network.url + "/ar/kontakt/?x=1")
        assert page.locator("h1").is_visible(), "search words in the address do not count"
        page.locator("[data-kim-search]").click()
        page.locator("dialog input").fill("الشركات")
        expect(page.locator("dialog .kim-search__results a").first).to_be_visible()


def test_a_page_that_is_not_kept_says_so_in_the_readers_language(new_session: NewSession, network: Network) -> None:
    context = new_session(expect_errors=True).context
    page = keep(context, network, "/ar/")
    with without(network):
        for path in ("/ar/no-such-page/", "/kontakt/", f"/{language_like('tr')}/"):
            response = page.goto(network.url + path)
            assert response is not None
            assert response.status == 503
            assert page.locator("html").get_attribute("lang") == "ar"
            assert page.locator("h1").inner_text() == word("ar", "This page is not saved on your device")
        page.locator("main ul a").first.click()
        expect(page.locator(".kim-entry-cards")).to_be_visible()


def test_the_network_comes_first(new_session: NewSession, network: Network) -> None:
    page = keep(new_session(expect_errors=True).context, network, "/ar/")
    home = network.folder / "ar" / "index.html"
    home.write_text(home.read_text("utf-8").replace("</h1>", " NEW</h1>"), "utf-8")
    page.goto(network.url + "/ar/")
    assert page.locator("h1").inner_text().endswith("NEW")


def test_after_a_rebuild_the_newer_version_can_be_loaded(new_session: NewSession, network: Network) -> None:
    page = keep(new_session(expect_errors=True).context, network, "/ar/")
    home = network.folder / "ar" / "index.html"
    home.write_text(home.read_text("utf-8").replace("</h1>", " NEW</h1>"), "utf-8")
    languages = load_languages()
    write_offline_lists(network.folder, read_content(ROOT / "docs", languages), languages)
    page.reload()
    page.locator("[data-action=update]").click()
    expect(page.locator("[data-action=update]")).to_be_hidden()
    expect(page.locator("[data-action=remove]")).to_be_visible()
    assert page.evaluate("caches.keys().then(names => names.length)") == 1
    with without(network):
        page.goto(network.url + "/ar/")
        assert page.locator("h1").inner_text().endswith("NEW")


def test_removing_leaves_nothing_behind(new_session: NewSession, network: Network) -> None:
    page = keep(new_session(expect_errors=True).context, network, "/ar/")
    assert page.evaluate(STORED) == [1, 1, 0]
    page.locator("[data-action=remove]").click()
    expect(page.locator("[data-offline=status]")).to_have_text(
        word("ar", "Everything has been removed from your device.")
    )
    assert page.evaluate(STORED) == [0, 0, 0]
    assert page.evaluate("document.activeElement.dataset.action") == "download"


def test_a_load_that_breaks_off_keeps_nothing_and_says_so(new_session: NewSession, network: Network) -> None:
    page = new_session(expect_errors=True).context.new_page()
    page.goto(network.url + "/ar/offline/")
    expect(page.locator("[data-action=download]")).to_be_visible()
    shutil.rmtree(network.folder / "ar" / "kontakt")
    page.locator("[data-action=download]").click()
    expect(page.locator("[data-offline=status]")).to_have_text(
        word("ar", "That did not work. Please check your internet connection and try again.")
    )
    assert page.evaluate(STORED) == [0, 0, 0]


def test_a_kept_form_says_that_sending_needs_a_network(new_session: NewSession) -> None:
    seen = new_session(expect_errors=True)
    page = seen.open("/ar/barriere-melden/")
    note = page.locator(".kim-form__network")
    expect(note).to_be_hidden()
    seen.context.set_offline(True)
    expect(note).to_be_visible()
    seen.context.set_offline(False)
    expect(note).to_be_hidden()


def test_without_script_the_page_says_that_keeping_needs_it(new_session: NewSession) -> None:
    page = new_session(java_script_enabled=False).open("/ar/offline/")
    note = page.locator(".kim-offline .kim-no-js-only")
    assert note.is_visible()
    assert page.locator("[data-action=download]").is_hidden()


def test_the_service_worker_is_asked_for_every_time_and_keeps_the_csp(new_session: NewSession) -> None:
    seen = new_session()
    response = seen.context.request.get(seen.url + "/sw.js")
    assert response.headers["cache-control"] == "no-cache"
    assert "javascript" in response.headers["content-type"]
    page = seen.open("/offline/")
    page.locator("[data-action=download]").click()
    expect(page.locator("[data-action=remove]")).to_be_visible()
    assert violations(page) == []
