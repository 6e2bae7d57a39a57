"""How the service starts in production: it builds nothing, and what would fail later is refused with a sentence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from form_handler.layout import missing_pages
from tests.conftest import PATIENCE, ROOT
from tests.form_handler.conftest import FORM, write_shells
from tests.form_handler.production import PRODUCTION, run_kim
from tests.form_handler.stub_server import stub_site_server
from tests.server import Server, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def env(tmp_path: Path, migrated_data_dir: Path) -> dict[str, str]:
    """Settings of a production service with a small site and an empty database."""
    shutil.copytree(migrated_data_dir, tmp_path / "var")
    write_shells(tmp_path / "site")
    (tmp_path / "site" / "index.html").write_text("Startseite")
    folders = {"KIM_DATA_DIR": str(tmp_path / "var"), "KIM_SITE_DIR": str(tmp_path / "site")}
    return {**PRODUCTION, **folders, "PORT": str(free_port())}


def test_the_site_in_place_is_served_whatever_its_age_and_nothing_is_built(env: dict[str, str], tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "pdf").mkdir()
    (site / "pdf" / "heft.pdf").write_bytes(b"%PDF-1.7 an older booklet")
    before = {path: path.stat().st_mtime_ns for path in sorted(site.rglob("*"))}
    server = Server(tmp_path / "var", **env)
    server.port = int(env["PORT"])
    server.url = f"http://127.0.0.1:{server.port}"
    server.start()
    try:
        assert {path: path.stat().st_mtime_ns for path in sorted(site.rglob("*"))} == before
        assert "built" not in server.log()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "var"], "no files of a build"
    finally:
        server.kill()


def test_forms_work_in_front_of_a_site_that_lacks_pages(tmp_path: Path) -> None:
    site = tmp_path / "stub-site"
    write_shells(site)
    (site / "index.html").write_text("Startseite")
    (site / FORM.strip("/") / "index.html").unlink()
    (site / "404.html").unlink()
    with stub_site_server(tmp_path / "var", **PRODUCTION) as server:
        assert "lacks 2 pages that the forms need" in server.log()
        assert server.send_form("Beispielbetrieb").startswith("KIM-")
    assert missing_pages(site) == ["404.html", f"{FORM.strip('/')}/index.html"]


@pytest.mark.parametrize("words", ["serve", "mail run", "publish run"])
def test_a_service_in_production_writes_nothing_but_json_lines_from_its_start_to_its_end(
    env: dict[str, str], tmp_path: Path, words: str
) -> None:
    (tmp_path / "content" / "docs").mkdir(parents=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KIM_")}
    with subprocess.Popen(
        [sys.executable, "-m", "kim", *words.split()],
        cwd=ROOT,
        env={**inherited, **env, "KIM_SETTINGS": "none", "KIM_CONTENT_DIR": str(tmp_path / "content")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()  # it runs: its signals are answered
        process.send_signal(signal.SIGTERM)
        rest, _none = process.communicate(timeout=PATIENCE)
    events = [json.loads(line) for line in (first + rest).splitlines()]
    assert events[0]["event"] == "database"
    assert all({"time", "level", "event", "message"} <= set(event) for event in events)


def _no_site(tmp_path: Path, env: dict[str, str]) -> None:
    shutil.rmtree(tmp_path / "site")


def _no_smtp(_tmp_path: Path, env: dict[str, str]) -> None:
    del env["KIM_SMTP_URL"]


def _unwritable_folder(_tmp_path: Path, env: dict[str, str]) -> None:
    env["KIM_DATA_DIR"] = "/sys/kim"  # a file system in which not even root makes folders


def _sub_path(_tmp_path: Path, env: dict[str, str]) -> None:
    env["KIM_PUBLIC_URL"] = "https://www.example.org/kim/"


def _damaged_page(tmp_path: Path, _env: dict[str, str]) -> None:
    path = tmp_path / "var" / "kim.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 5] = b"\xff" * 8192
    path.write_bytes(data)


def _cut_short(tmp_path: Path, _env: dict[str, str]) -> None:
    path = tmp_path / "var" / "kim.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _no_database(tmp_path: Path, _env: dict[str, str]) -> None:
    path = tmp_path / "var" / "kim.sqlite3"
    path.write_bytes(b"something else altogether, and long enough to be looked at " * 100)


def _old_schema(tmp_path: Path, _env: dict[str, str]) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "var" / "kim.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")


def _same_port(_tmp_path: Path, env: dict[str, str]) -> None:
    env["KIM_METRICS"] = f"127.0.0.1:{env['PORT']}"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_no_site, "holds no built site"), (_no_smtp, "KIM_SMTP_URL is missing"),
        (_unwritable_folder, "/sys/kim cannot be written by this user"), (_sub_path, "cannot lie below the path '/kim/'"),
        (_damaged_page, "is damaged"), (_cut_short, "is damaged"), (_no_database, "is no SQLite database"),
        (_old_schema, "kim db upgrade"), (_same_port, "a port of their own"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)  # fmt: skip
def test_what_would_fail_later_is_refused_at_the_start_with_a_sentence(
    env: dict[str, str], tmp_path: Path, spoil: object, words: str
) -> None:
    spoil(tmp_path, env)  # type: ignore[operator]
    for command in ("serve", "mail run") if spoil in {_unwritable_folder, _damaged_page} else ("serve",):
        told = run_kim(env, *command.split(), code=1)
        assert words in told.stderr, command
        assert "Traceback" not in told.stderr
