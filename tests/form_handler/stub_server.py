"""The production server in front of stub pages, for tests of the server that need no built site."""

from __future__ import annotations

import contextlib
import http.cookiejar
import os
import re
import shutil
import signal
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from form_handler.settings import Settings, read_settings
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from tests.conftest import PATIENCE
from tests.form_handler.conftest import FORM, HIDDEN, VALID_FORM, unescape, write_shells
from tests.server import Server

SERVE_WITHOUT_BUILD = "from form_handler.settings import read_settings; from kim.server import serve_foreground; serve_foreground(read_settings())"


class StubSiteServer(Server):
    """The real server in front of stub pages, so that no site is built for it."""

    def start(self) -> None:
        """Migrate the database, start the server and wait for its first answer."""
        site = self.data_dir.with_name("stub-site")
        if not site.exists():
            write_shells(site)
            shutil.copyfile(site / "404.html", site / "index.html")
        self.settings = {**self.settings, "KIM_SITE_DIR": str(site)}
        self.command = [sys.executable, "-c", SERVE_WITHOUT_BUILD]
        database = Database(self.read_settings())
        upgrade(database)
        database.engine.dispose()
        super().start()

    def read_settings(self) -> Settings:
        """Return the settings of the server."""
        return read_settings({"KIM_DATA_DIR": str(self.data_dir), **self.settings})

    def send_form(self, company: str) -> str:
        """Send the form as a browser does; return the reference on the receipt."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        data = urllib.parse.urlencode({**VALID_FORM, "company": company}).encode()
        with browser.open(self.url + FORM, data, timeout=PATIENCE) as page:
            hidden = [(n, unescape(v)) for n, v in HIDDEN.findall(page.read().decode())]
        with browser.open(
            self.url + FORM + "absenden/", urllib.parse.urlencode(hidden).encode(), timeout=PATIENCE
        ) as page:
            found = re.search(r"KIM-[2-9A-HJKMNP-TV-Z]{6}", page.read().decode())
        assert found is not None
        return found[0]

    def children(self) -> dict[int, str]:
        """Return the processes that work on its data, each process id with its command line."""
        mark = f"KIM_DATA_DIR={self.data_dir}".encode()
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found[int(process.name)] = " ".join((process / "cmdline").read_text().split("\0"))
        return found

    def mail_workers(self) -> list[int]:
        """Return the process ids of its mail workers."""
        return [number for number, name in self.children().items() if "mail run" in name]


@contextlib.contextmanager
def stub_site_server(data_dir: Path, **settings: str) -> Iterator[StubSiteServer]:
    """Run a server for the length of the block, and leave none of its processes behind."""
    server = StubSiteServer(data_dir, **settings)
    server.start()
    try:
        yield server
    finally:
        for number in server.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        if server.process is not None:
            server.process.wait()
