"""One database: no command creates a second, empty one beside the service's, and each says which it works on."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from form_handler.settings import file as settings_file
from form_handler.settings import read_settings
from form_handler.storage.database import Database, MissingDatabaseError
from kim.cli import main

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
WRITERS = [
    ["users", "add", "probe", "--no-password"], ["backup", "kim.zip"], ["db", "upgrade"], ["submissions", "list"],
    ["mail", "list"], ["mail", "retry"], ["mail", "run", "--once"], ["purge"], ["survey", "publish"], ["users", "list"],
]  # fmt: skip


@pytest.fixture
def kim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line in a folder of its own, with the service's data below ``service``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "service"))
    run = CliRunner()
    done = run.invoke(main, ["db", "init"])
    assert done.exit_code == 0, done.output
    assert str(tmp_path / "service" / "kim.sqlite3") in done.output
    assert run.invoke(main, ["users", "add", "echt", "--no-password"]).exit_code == 0
    return run


@pytest.mark.parametrize("words", WRITERS, ids=lambda words: "-".join(words[:2]))
@pytest.mark.parametrize("mode", ["development", "production"])
def test_a_command_without_the_services_settings_creates_no_database(
    kim: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], mode: str
) -> None:
    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "second"))
    production = {
        "KIM_MODE": "production", "KIM_SECRET_KEY": "0123456789abcdef0123456789abcdef", "KIM_HOSTS": "kim.example.org",
        "KIM_MAIL_FROM": "kim@example.org", "KIM_OFFICE_MAIL": "office@example.org", "KIM_SMTP_URL": "smtp://127.0.0.1:1",
    }  # fmt: skip
    for name, value in production.items() if mode == "production" else ():
        monkeypatch.setenv(name, value)
    told = kim.invoke(main, words)
    assert told.exit_code == 1, told.output
    assert f"There is no database at {tmp_path / 'second' / 'kim.sqlite3'}; `kim db init` creates one" in told.output
    assert not (tmp_path / "second" / "kim.sqlite3").exists()
    assert not (tmp_path / "kim.zip").exists()


@pytest.mark.parametrize(
    "words", [words for words in WRITERS if words[0] != "survey"], ids=lambda words: "-".join(words[:2])
)
def test_each_command_says_which_database_it_works_on(kim: CliRunner, tmp_path: Path, words: list[str]) -> None:
    told = kim.invoke(main, words)
    assert told.exit_code == 0, told.output
    assert f"Database: {tmp_path / 'service' / 'kim.sqlite3'}" in told.stderr


def test_commands_find_the_settings_file_of_the_service(
    kim: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kim.env"
    file.write_text(f"KIM_DATA_DIR={tmp_path / 'service'}\n")
    monkeypatch.delenv("KIM_DATA_DIR")
    monkeypatch.delenv("KIM_SETTINGS")
    monkeypatch.setattr(settings_file, "SETTINGS_FILES", (tmp_path / "absent.env", file))
    told = kim.invoke(main, ["users", "list"])
    assert "echt" in told.output


@pytest.mark.parametrize("words", [*WRITERS, ["db", "init"]], ids=lambda words: "-".join(words[:2]))
@pytest.mark.parametrize("left", ["nothing", "empty file"])
def test_a_database_that_has_gone_is_no_reason_for_an_empty_one(
    kim: CliRunner, tmp_path: Path, words: list[str], left: str
) -> None:
    path = tmp_path / "service" / "kim.sqlite3"
    path.unlink()
    if left == "empty file":
        path.touch()
    told = kim.invoke(main, words)
    assert told.exit_code == 1, told.output
    assert "is missing" in told.output
    assert "kim restore" in told.output
    assert not path.exists() or path.stat().st_size == 0
    if left == "nothing":
        with pytest.raises(MissingDatabaseError):
            Database(read_settings())


def test_a_lost_database_comes_back_from_a_backup_or_anew_on_purpose(kim: CliRunner, tmp_path: Path) -> None:
    assert kim.invoke(main, ["backup", "kim.zip"]).exit_code == 0
    path = tmp_path / "service" / "kim.sqlite3"
    path.unlink()
    assert kim.invoke(main, ["restore", "nothing.zip"]).exit_code == 1
    assert not path.exists()
    back = kim.invoke(main, ["restore", "kim.zip"])
    assert back.exit_code == 0, back.output
    assert "echt" in kim.invoke(main, ["users", "list"]).output
    path.unlink()
    assert kim.invoke(main, ["db", "init", "--new"]).exit_code == 0
    assert "There is no account yet" in kim.invoke(main, ["users", "list"]).output


def test_settings_that_name_another_database_than_the_folder_remembers_are_refused(
    kim: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIM_DATABASE_URL", f"sqlite:///{tmp_path}/other.sqlite3")
    told = kim.invoke(main, ["users", "add", "probe", "--no-password"])
    assert told.exit_code == 1
    assert "belongs to the database kim.sqlite3" in told.output
    assert not (tmp_path / "other.sqlite3").exists()


def test_a_data_folder_that_was_moved_keeps_working(
    kim: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "service").rename(tmp_path / "moved")
    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "moved"))
    assert "echt" in kim.invoke(main, ["users", "list"]).output


@pytest.mark.skipif(os.getuid() != 0, reason="Only root makes files that belong to another user.")
def test_what_root_makes_belongs_to_the_user_of_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("service", "backups"):
        (tmp_path / name).mkdir(mode=0o700)
        os.chown(tmp_path / name, 990, 991)
    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "service"))
    run = CliRunner()
    for words in (["db", "init"], ["users", "add", "probe", "--no-password"], ["backup", "--into", str(tmp_path / "backups")],
                  ["mail", "run", "--once"], ["restore-drill", str(tmp_path / "backups")]):  # fmt: skip
        done = run.invoke(main, words)
        assert done.exit_code == 0, done.output
    made = [*(tmp_path / "service").rglob("*"), *(tmp_path / "backups").rglob("*")]
    assert len(made) > 4
    assert {path.name: (path.stat().st_uid, path.stat().st_gid) for path in made} == {path.name: (990, 991) for path in made}  # fmt: skip


def test_a_file_that_is_no_database_is_said_in_a_sentence(kim: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "service" / "kim.sqlite3").write_bytes(b"no database at all, but long enough to be read" * 50)
    told = kim.invoke(main, ["users", "list"])
    assert told.exit_code == 1
    assert "is no SQLite database" in told.output
