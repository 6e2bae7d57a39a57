"""`kim demo` shows the whole loop with made-up companies, says so on every page, and touches nothing real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.conftest import PATIENCE
from tests.municipality import survey_path
from tests.project import copy_project
from tests.server import free_port, is_up, wait_until

BANNER = "Vorführung mit erfundenen Betrieben"


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        text: str = response.read().decode()
    return text


def test_the_demonstration_marks_every_page_and_keeps_apart(tmp_path: Path) -> None:
    port = free_port()
    project, data_dir = copy_project(tmp_path / "project", ("de", "ar")), tmp_path / "var"
    env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")}
    env |= {"KIM_DATA_DIR": str(data_dir), "KIM_SMTP_URL": "smtp://127.0.0.1:9"}
    before = {path: path.stat().st_mtime_ns for path in (project / "docs" / "data").iterdir()}
    process = subprocess.Popen(
        [sys.executable, "-m", "kim", "demo", "--port", str(port)],
        cwd=project, env=env, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is None and is_up(f"http://127.0.0.1:{port}/"), what="the demonstration")
        pages = sorted((data_dir / "demo" / "site").rglob("*.html"))
        assert len(pages) > 100
        texts = [page.read_text("utf-8") for page in pages if "pagefind" not in page.parts]
        assert all("kim-demo" in text for text in texts if 'http-equiv="refresh"' not in text), "redirects show nothing"
        for path in filter(None, ("/", survey_path(), "/eingang/anmelden/", "/gibt-es-nicht/")):
            try:
                text = read(f"http://127.0.0.1:{port}{path}")
            except urllib.error.HTTPError as error:
                with error:
                    text = error.read().decode()
            assert BANNER in text, path
        if survey_path():  # a municipality may do without
            assert "24 Betriebe haben geantwortet" in read(f"http://127.0.0.1:{port}{survey_path()}")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert sorted(path.name for path in data_dir.iterdir()) == ["demo"], "real data have a folder of their own"
    assert {path: path.stat().st_mtime_ns for path in (project / "docs" / "data").iterdir()} == before
