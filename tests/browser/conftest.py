"""A real Chromium in front of the real server. Nothing here skips itself: no Chromium is a failure."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from editorial.build.build import build_if_changed
from tests.conftest import FULL, PATIENCE, ROOT
from tests.server import Server, running_server

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # Processes and services that no page here needs; they double the cost of a new tab. This list replaces Playwright's own.
    "--disable-features=SpareRendererForSitePerProcess,PreloadTopChromeWebUI,Translate,MediaRouter,OptimizationHints,"
    "PaintHolding,HttpsUpgrades,LensOverlay,GlobalMediaControls,AcceptCHFrame,AutofillServerCommunication",
]  # fmt: skip

# A promise that is kept when `kim.js` has run on this page. It is loaded after the first paint, and a test that clicks
# before it has come depends on the speed of the machine.
SCRIPT_RAN = """window.kimScriptRan = new Promise((done) => {
  for (const type of ["load", "error"]) {
    document.addEventListener(type, ({ target }) => { if (target.src?.includes("/assets/kim.js")) done(); }, true);
  }
});"""
UNTIL_SCRIPT_RAN = "() => document.querySelector('script[data-script]') ? window.kimScriptRan : undefined"

expect.set_options(timeout=PATIENCE * 1000)


def find_chromium() -> str:
    """Return the path of a Chromium.

    :raises FileNotFoundError: if there is none; `make test` installs one where it may.
    """
    for name in (os.environ.get("KIM_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name) if name else None
        if path:
            return path
    raise FileNotFoundError("No Chromium. Install it with `sudo apt-get install chromium` or name it in KIM_CHROMIUM.")


def find_test_browser() -> str:
    """Return the path of the browser that the tests drive.

    `make test` takes Chromium's headless shell where there is one: the same engine without the browser around it, for less
    than half the processor time. `make test-all`, and whoever names a browser in KIM_CHROMIUM, takes the whole Chromium.
    """
    shell = None if FULL or os.environ.get("KIM_CHROMIUM") else shutil.which("chromium-headless-shell")
    return shell or find_chromium()


@pytest.fixture(scope="session")
def browser() -> Browser:
    """One Chromium for the whole run, also where another folder imports the fixture: Playwright starts once a process."""
    return start_chromium()


@functools.cache
def start_chromium() -> Browser:
    """Start Chromium; both end with the process."""
    playwright = sync_playwright().start()
    chromium = playwright.chromium.launch(executable_path=find_test_browser(), args=FLAGS)
    atexit.register(playwright.stop)
    atexit.register(chromium.close)
    return chromium


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The site and its forms, as `make run` starts them."""
    build_if_changed(ROOT / "site")
    with running_server(tmp_path_factory.mktemp("var")) as running:
        yield running


def said(message: ConsoleMessage) -> str:
    """Return what the console says and the address that it is about."""
    return f"{message.text} {message.location['url']}".strip()


@dataclass
class BrowserSession:
    """What a browser context saw: everything that should not happen is collected."""

    context: BrowserContext
    url: str
    script: bool = True
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, path: str = "/", page: Page | None = None) -> Page:
        """Open a path of the site; return when the page's script has run, if it has one.

        :param page: the tab; default: a new one, which begins a process.
        """
        if page is None:
            page = self.context.new_page()
            page.on("request", lambda request: self._note(request.url))
            page.on(
                "console",
                lambda message: message.type == "error" and self.faults.append(said(message)),
            )
            page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(self.url + path)
        if self.script:
            page.evaluate(UNTIL_SCRIPT_RAN)
        return page

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture
def new_session(browser: Browser, server: Server) -> Iterator[Callable[..., BrowserSession]]:
    """Make browser contexts; afterwards no foreign request, no script error and no CSP violation may have come."""
    visits: list[BrowserSession] = []

    def begin(url: str = server.url, expect_errors: bool = False, **options: Any) -> BrowserSession:
        new_session = BrowserSession(browser.new_context(**options), url, options.get("java_script_enabled", True))
        new_session.context.add_init_script(SCRIPT_RAN)
        new_session.context.set_default_timeout(PATIENCE * 1000)
        if not expect_errors:
            visits.append(new_session)
        return new_session

    yield begin
    for one in visits:
        one.context.close()
        assert one.foreign == []
        # A fault page answers 422, which Chromium also writes to its console.
        assert [fault for fault in one.faults if "status of 422" not in fault] == []


@pytest.fixture(scope="session")
def screenshot_dir() -> Path:
    """Where pictures go that a failing test takes."""
    folder = ROOT / "var" / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
