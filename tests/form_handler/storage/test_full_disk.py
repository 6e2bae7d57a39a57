"""A disk that is really full (a small tmpfs), and a database that somebody else holds: the answers stay, the next attempt works."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from form_handler.app import create_app
from form_handler.settings import read_settings
from form_handler.storage import database as storage
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from tests.conftest import ROOT
from tests.form_handler.conftest import VALID_FORM, Browser, write_shells
from tests.form_handler.production import run_kim
from tests.municipality import HAS_PHONE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, in a mount namespace of its own where we are not root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(filler: Path) -> None:
    """Write until nothing goes in any more."""
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            with contextlib.suppress(OSError):
                while os.write(handle, b"x" * size):
                    pass
    finally:
        os.close(handle)


def on_a_small_disk(folder: Path, tmp_path: Path) -> None:
    """Fill the disk, send, make room, send again."""
    write_shells(tmp_path / "site")
    settings = read_settings({"KIM_DATA_DIR": str(folder), "KIM_SITE_DIR": str(tmp_path / "site")})
    database = Database(settings)
    upgrade(database)
    browser = Browser(create_app(settings, database).test_client(), database)
    hidden = browser.review({**VALID_FORM, "message": "Bleibt erhalten. " * 100})
    filler = folder / "filler"
    fill(filler)
    assert shutil.disk_usage(folder).free < 4096
    log = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(log))
    refused = browser.send(hidden)
    assert refused.status_code == 503
    assert "Bleibt erhalten." in refused.text
    assert ("tel:" in refused.text) == HAS_PHONE
    assert browser.stored() == []
    assert "not stored: OperationalError SQLITE_FULL" in log.getvalue(), "operators learn the cause"
    assert "erhalten" not in log.getvalue()
    for words in (
        ["users", "add", "probe", "--no-password"],
        ["mail", "run"],
        ["doctor", "--no-network", "--no-content"],
    ):
        told = run_kim({"KIM_DATA_DIR": str(folder)}, *words, code=1)
        assert f"The disk of {folder} is full. Make room" in told.stdout + told.stderr, words
        assert "Traceback" not in told.stderr
    filler.unlink()
    assert browser.send(hidden).status_code == 303, "the next attempt works"
    assert len(browser.stored()) == 1
    database.engine.dispose()


def test_a_full_disk_loses_nothing_and_the_next_attempt_works(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if os.geteuid() == 0:
        on_a_small_disk(request.getfixturevalue("small_disk"), tmp_path)
        return
    # Not root: the same in a user and mount namespace, where mounting is allowed.
    code = (
        "import pathlib, subprocess, sys; from tests.form_handler.storage.test_full_disk import on_a_small_disk; "
        "disk = pathlib.Path(sys.argv[1], 'disk'); disk.mkdir(); "
        "subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(disk)], check=True); "
        "on_a_small_disk(disk, pathlib.Path(sys.argv[1]))"
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)


def test_a_disk_that_went_read_only_is_named_as_such(small_disk: Path, migrated_data_dir: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root may mount a disk read-only.")
    folder = Path(shutil.copytree(migrated_data_dir, small_disk / "var"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for words in (
        ["users", "add", "probe", "--no-password"],
        ["mail", "run"],
        ["doctor", "--no-network", "--no-content"],
    ):
        told = run_kim({"KIM_DATA_DIR": str(folder)}, *words, code=1)
        assert "lies on a disk that is mounted read-only" in told.stdout + told.stderr, words
        assert "Traceback" not in told.stderr


def test_a_locked_database_loses_nothing_and_the_next_attempt_works(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LOCK_TIMEOUT_SECONDS", 0.2)
    hidden = browser.review({**VALID_FORM, "company": "Bleibt erhalten"})
    path = browser.database.engine.url.database
    holder = sqlite3.connect(str(path), isolation_level=None)
    with browser.database.read_connection() as connection:  # the waiting time of connections that are open already
        connection.exec_driver_sql("PRAGMA busy_timeout=200")
    holder.execute("BEGIN EXCLUSIVE")
    refused = browser.send(hidden)
    assert refused.status_code == 503
    assert "Bleibt erhalten" in refused.text
    assert ("tel:" in refused.text) == HAS_PHONE
    holder.execute("ROLLBACK")
    holder.close()
    assert browser.send(hidden).status_code == 303
    assert len(browser.stored()) == 1
