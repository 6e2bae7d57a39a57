"""Acknowledged means on disk: a run in which only what was fsynced survives, and kills at random moments under load."""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from form_handler.settings import read_settings
from form_handler.storage.database import Database
from form_handler.storage.tables import outgoing_mail, submission
from tests.conftest import PATIENCE, ROOT, full_or_sample
from tests.form_handler.conftest import FORM, HIDDEN, unescape, write_shells
from tests.server import Server, is_up, wait_until

pytestmark = pytest.mark.slow

CLIENTS = 8
REFERENCE = re.compile(r"KIM-[2-9A-HJKMNP-TV-Z]{6}")
NAMES = itertools.count()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that cuts the power, compiled."""
    out = tmp_path_factory.mktemp("cut") / "cut.so"
    source = ROOT / "tests" / "power_cut" / "lose_unsynced_writes.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(out), str(source), "-ldl"], check=True)
    return out


class Plugged(Server):
    """A server whose disk keeps only what was fsynced, if it has a library; all in one folder."""

    def __init__(self, folder: Path, program: list[str], library: Path | None = None, **more: str) -> None:
        write_shells(folder / "site")
        super().__init__(folder / "var", KIM_SITE_DIR=str(folder / "site"), **more)
        self.program = program
        self.disk = folder / "disk"
        self.library = library

    def start(self) -> None:
        """Start and wait until it answers."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.disk.mkdir(exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")}
        env |= {"PORT": str(self.port), "KIM_DATA_DIR": str(self.data_dir), "KIM_RATE_LIMIT": "0", **self.settings}
        subprocess.run([*self.program, "db", "init"], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        for path in self.data_dir.glob("kim.sqlite3*"):  # the database as it was made is on disk
            shutil.copy(path, self.disk)
        if self.library is not None:
            env |= {"LD_PRELOAD": str(self.library), "CUT_FROM": str(self.data_dir), "CUT_TO": str(self.disk)}
        code = "import sys; sys.argv=['kim','serve']; from form_handler.settings import read_settings; from kim.server import serve_foreground; serve_foreground(read_settings())"
        if self.program[-1].endswith(".py"):
            code = (
                "import sys; sys.argv=['kim','db','upgrade']\ntry:\n  import tests.power_cut.unsafe_server\nexcept SystemExit: pass\n"
                + code
            )
        with (self.data_dir / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )  # fmt: skip
        wait_until(lambda: self._alive() and is_up(self.url + "/"), what="the server's first answer")

    def kill_all(self) -> None:
        """Kill every process that works on its data, as a power switch would.

        All are stopped first: a child whose parent is gone would otherwise close its database, which syncs it.
        """
        mark = f"KIM_DATA_DIR={self.data_dir}".encode()
        for sent in (signal.SIGSTOP, signal.SIGSTOP, signal.SIGKILL, signal.SIGKILL):
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if mark in (process / "environ").read_bytes().split(b"\0"):
                        os.kill(int(process.name), sent)
        if self.process is not None:
            self.process.wait()


def send_one(url: str) -> str | None:
    """Send a form as a browser does; return the reference on the receipt, or None if none came."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    number = next(NAMES)  # of one address only three receipts a day are sent
    form = {"company": f"Beispielbetrieb {number}", "email": f"beispiel-{number}@example.org"}
    try:
        with browser.open(url + FORM, urllib.parse.urlencode(form).encode(), timeout=PATIENCE) as page:
            hidden = [(name, unescape(value)) for name, value in HIDDEN.findall(page.read().decode())]
        body = urllib.parse.urlencode(hidden).encode()
        with browser.open(url + FORM + "absenden/", body, timeout=PATIENCE) as page:
            found = REFERENCE.search(page.read().decode())
    except (OSError, http.client.HTTPException):  # the server went away
        return None
    return found[0] if found else None


@contextlib.contextmanager
def under_load(url: str) -> Iterator[list[str]]:
    """Let eight clients send forms for the length of the block; yield the references they were shown."""
    shown: list[str] = []
    stop = threading.Event()

    def client() -> None:
        while not stop.is_set():
            reference = send_one(url)
            if reference is not None:
                shown.append(reference)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield shown
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def stored_at(folder: Path) -> tuple[set[str], int, int]:
    """Return the references in a database, the number of its submissions, and of those without both mails."""
    database = Database(read_settings({"KIM_DATA_DIR": str(folder)}))
    try:
        with database.read_connection() as connection:
            references = list(connection.execute(sa.select(submission.c.reference)).scalars())
            mails = sa.select(outgoing_mail.c.number, sa.func.count().label("n")).group_by(outgoing_mail.c.number)
            pairs = sum(1 for row in connection.execute(mails) if row.n == 2)
    finally:
        database.engine.dispose()
    return set(references), len(references), len(references) - pairs


def cut_power(folder: Path, program: list[str], library: Path, at_least: int = 5) -> tuple[int, int]:
    """Run under load, cut the power at a random moment; return how many receipts were shown and how many were lost."""
    server = Plugged(folder, program, library)
    server.start()
    with under_load(server.url) as shown:
        wait_until(lambda: len(shown) >= at_least, what="the first receipts")
        threading.Event().wait(random.random())
        server.kill_all()
    references, _total, halves = stored_at(server.disk)
    assert halves == 0, "a submission without its mails survived"
    return len(shown), len(set(shown) - references)


KIM = [sys.executable, "-m", "kim"]
CARELESS = [sys.executable, "tests/power_cut/unsafe_server.py"]


CUTS = full_or_sample(10, 2)
KILLS = full_or_sample(20, 4)


def test_power_cuts_lose_no_acknowledged_submission(library: Path, tmp_path: Path) -> None:
    shown = lost = 0
    for number in range(CUTS):
        more, gone = cut_power(tmp_path / str(number), KIM, library)
        shown, lost = shown + more, lost + gone
    assert shown >= 5 * CUTS
    assert lost == 0, f"{lost} of {shown}"


def test_the_same_cut_loses_what_was_not_fsynced(library: Path, tmp_path: Path) -> None:
    shown, lost = cut_power(tmp_path, CARELESS, library, at_least=40)
    assert lost > 0, f"the power cut cuts nothing: {shown} shown, none lost"


def test_kills_under_load_lose_no_receipt_and_store_none_twice(tmp_path: Path) -> None:
    server = Plugged(tmp_path, KIM)
    shown: list[str] = []
    for _ in range(KILLS):
        server.start()
        with under_load(server.url) as seen:
            wait_until(lambda seen=seen: len(seen) >= 3, what="the first receipts")
            threading.Event().wait(random.random() / 4)
            server.kill_all()
        shown += seen
    references, total, halves = stored_at(server.data_dir)
    assert set(shown) <= references
    assert len(shown) == len(set(shown))
    assert total == len(references)
    assert halves == 0
