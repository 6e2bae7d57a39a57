"""Commands of the operator: doctor, key, backups and the restore drill."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from click.testing import CliRunner, Result

from core.clock import utc_now
from form_handler.mail.heartbeat import record_heartbeat
from form_handler.settings import read_settings
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from form_handler.storage.state import read_time, write_state
from kim.cli import main
from kim.commands.backup import MIN_BACKUPS
from tests.form_handler.conftest import write_shells
from tests.form_handler.production import PRODUCTION
from tests.server import free_port

pytestmark = pytest.mark.slow


class Operator:
    """The command line with the settings of a production service below a folder of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        write_shells(folder / "site")
        (folder / "site" / "index.html").write_text("<link rel=canonical href=https://kim.example.org/>")
        (folder / "secret").write_text("0123456789abcdef0123456789abcdef\n")
        (folder / "secret").chmod(0o600)
        self.set(**PRODUCTION, KIM_DATA_DIR=str(folder / "var"), KIM_SITE_DIR=str(folder / "site"))
        self.set(KIM_SECRET_FILE=str(folder / "secret"), KIM_SECRET_KEY="", KIM_TLS="1", KIM_PROXIES="1")
        self.database = Database(read_settings(dict(os.environ) | {"KIM_SETTINGS": ""}))
        upgrade(self.database)
        now = utc_now()
        record_heartbeat(self.database, now)
        with self.database.transaction() as connection:
            for name in ("last_backup", "last_restore_drill", "last_purge"):
                write_state(connection, name, now.isoformat())

    def set(self, **env: str) -> None:
        """Set the environment."""
        for name, value in env.items():
            self.patch.setenv(name, value)

    def run(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, words)

    def doctor(self, *words: str) -> dict[str, tuple[str, str]]:
        """Return status and message of each part that is not well."""
        told = self.run("doctor", "--json", "--no-content", *(words or ("--no-network",)))
        found = {one["part"]: (one["status"], one["message"]) for one in json.loads(told.stdout)}
        wrong = {part: said for part, said in found.items() if said[0] != "ok"}
        assert told.exit_code == (1 if wrong else 0), told.output
        return wrong


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """An operator of a service with which all is well."""
    return Operator(tmp_path, monkeypatch)


def test_the_doctor_finds_nothing_where_all_is_well_and_says_so(operator: Operator) -> None:
    assert operator.doctor() == {}
    told = operator.run("doctor", "--no-content", "--no-network")
    assert told.stdout.endswith("Everything is well.\n")


@pytest.mark.parametrize(
    ("env", "part", "words"),
    [
        ({"KIM_MODE": "development", "KIM_SECRET_FILE": ""}, "settings", "KIM_MODE=production"),
        ({"KIM_HOSTS": "other.example.org"}, "settings", "KIM_HOSTS does not name kim.example.org"),
        ({"KIM_TLS": "0"}, "settings", "Set KIM_TLS=1"),
        ({"KIM_PROXIES": "0"}, "settings", "set KIM_PROXIES=1"),
        ({"KIM_BIND": "0.0.0.0"}, "settings", "can forge addresses"),
        ({"KIM_BIND": "::"}, "settings", "can forge addresses"),
        ({"KIM_RATE_LIMIT": "0"}, "settings", "KIM_RATE_LIMIT is 0"),
        ({"KIM_METRICS": "0.0.0.0:9127"}, "settings", "KIM_METRICS listens on 0.0.0.0"),
        ({"KIM_METRICS": "[::]:9127"}, "settings", "KIM_METRICS listens on [::]"),
        ({"KIM_METRICS": "8.8.8.8:9127"}, "settings", "KIM_METRICS listens on 8.8.8.8"),
        ({"KIM_PUBLIC_URL": "http://kim.example.org//"}, "settings", "unencrypted"),
        ({"KIM_SMTP_URL": ""}, "settings", "KIM_SMTP_URL is missing"),
        ({"KIM_PUBLIC_URL": "https://neu.example.org/", "KIM_HOSTS": "neu.example.org"}, "address", "kim build --site-url https://neu.example.org/"),
        ({"KIM_DATA_DIR": "/sys/kim"}, "disk", "cannot be written"),
    ],
)  # fmt: skip
def test_each_wrong_setting_is_a_sentence_with_its_remedy(
    operator: Operator, env: dict[str, str], part: str, words: str
) -> None:
    operator.set(**env)
    assert words in operator.doctor()[part][1]


def test_in_a_container_the_service_listens_on_all_addresses_and_the_doctor_has_nothing_to_say(
    operator: Operator,
) -> None:
    operator.set(KIM_BIND="0.0.0.0", KIM_METRICS="0.0.0.0:9127", container="podman")
    assert operator.doctor() == {}
    with operator.database.transaction() as connection:
        for name in ("last_backup", "last_restore_drill", "mail_worker_seen"):
            write_state(connection, name, None)
    wrong = operator.doctor()
    assert "podman compose --profile tasks run --rm tasks kim backup --into /backups" in wrong["backup"][1]
    assert "podman compose up --detach mail" in wrong["mail"][1]
    assert "systemctl" not in str(wrong), "no systemd runs in a container"
    with operator.database.transaction() as connection:
        for name in ("last_backup", "last_restore_drill", "mail_worker_seen"):
            write_state(connection, name, utc_now().isoformat())
    operator.set(KIM_BIND="127.0.0.1", KIM_METRICS="10.1.2.3:9127", container="")
    assert operator.doctor() == {}


def test_the_doctor_names_storage_that_would_fail(operator: Operator) -> None:
    var = operator.folder / "var"
    var.chmod(0o755)
    assert "chmod 700" in operator.doctor()["rights"][1]
    var.chmod(0o700)
    with operator.database.transaction() as connection:
        write_state(connection, "last_backup", (utc_now() - datetime.timedelta(days=3)).isoformat())
        write_state(connection, "last_restore_drill", None)
        write_state(connection, "purge_refused", f"clock {utc_now().isoformat()}")
    wrong = operator.doctor()
    assert "3 days ago" in wrong["backup"][1]
    assert "There was no restore drill yet" in wrong["restore_drill"][1]
    assert "clock of this machine" in wrong["retention"][1]
    path = var / "kim.sqlite3"
    path.write_bytes(path.read_bytes()[:8192])
    assert operator.doctor()["database"][0] == "failed"
    path.unlink()
    assert "There is no database" in operator.doctor()["database"][1]


def test_the_doctor_asks_the_mail_server_and_sends_nothing(operator: Operator) -> None:
    operator.set(KIM_PUBLIC_URL="https://kim.invalid/", KIM_HOSTS="kim.invalid")
    wrong = operator.doctor("--network")
    assert "cannot be reached" in wrong["smtp"][1]
    assert "DNS" in wrong["tls"][1]
    server = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        operator.set(KIM_SMTP_URL=f"smtp://127.0.0.1:{server.port}")
        assert "smtp" not in operator.doctor("--network")
        operator.set(KIM_SMTP_URL=f"smtp://user:wrong@127.0.0.1:{server.port}")
        assert operator.doctor("--network")["smtp"][0] == "failed"
        operator.set(KIM_SMTP_URL=f"smtp+starttls://127.0.0.1:{server.port}")
        assert operator.doctor("--network")["smtp"][0] == "failed"
    finally:
        server.stop()


def test_a_new_key_keeps_the_former_one_until_it_is_told_to_forget(operator: Operator) -> None:
    file = operator.folder / "secret"
    before = file.read_text().split()
    for _turn in range(4):
        assert operator.run("secret", "rotate").exit_code == 0
    keys = file.read_text().split()
    assert len(keys) == 3
    assert before[0] not in keys
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_settings(dict(os.environ) | {"KIM_SETTINGS": ""}).secret_key == keys[0]
    assert operator.run("secret", "rotate", "--forget").exit_code == 0
    assert len(file.read_text().split()) == 1
    operator.set(KIM_SECRET_FILE="", KIM_SECRET_KEY="0123456789abcdef0123456789abcdef")
    assert "KIM_SECRET_FILE" in operator.run("secret", "rotate").output


def test_nightly_backups_are_kept_for_their_days_and_never_fewer_than_seven(operator: Operator) -> None:
    folder = operator.folder / "backups"
    folder.mkdir()
    old = (utc_now() - datetime.timedelta(days=40)).timestamp()
    for number in range(12):
        path = folder / f"kim-2026-10-{number + 1:02}T023000Z.zip"
        path.write_bytes(b"old")
        os.utime(path, (old + number, old + number))
    (folder / "other.zip").write_bytes(b"not ours")
    told = operator.run("backup", "--into", str(folder), "--keep-days", "30")
    assert told.exit_code == 0, told.output
    left = sorted(path.name for path in folder.glob("kim-*.zip"))
    assert len(left) == MIN_BACKUPS
    assert left[0] == "kim-2026-10-07T023000Z.zip"
    assert (folder / "other.zip").exists()
    assert {path.stat().st_mode & 0o777 for path in folder.glob(f"kim-{utc_now():%Y-%m}*.zip")} == {0o600}
    for words in ([], ["x.zip", "--into", str(folder)]):
        assert operator.run("backup", *words).exit_code == 2


def test_no_backup_goes_into_a_folder_that_is_not_there(operator: Operator) -> None:
    for words in (["--into", str(operator.folder / "share")], [str(operator.folder / "share" / "kim.zip")]):
        told = operator.run("backup", *words)
        assert told.exit_code == 1
        assert "mounted" in told.output
        assert not (operator.folder / "share").exists()
    with operator.database.transaction() as connection:
        write_state(connection, "last_backup", None)
    assert operator.run("backup", "--into", str(operator.folder / "share")).exit_code == 1
    assert "There was no backup yet" in operator.doctor()["backup"][1]


def test_a_wrong_clock_deletes_no_backup_and_makes_none_the_newest_for_years(operator: Operator) -> None:
    folder = operator.folder / "backups"
    folder.mkdir()
    now = utc_now()
    for day in range(20):
        path = folder / f"kim-2026-10-{day + 1:02}T023000Z.zip"
        path.write_bytes(b"old")
        os.utime(path, ((now - datetime.timedelta(days=60 - day)).timestamp(),) * 2)
    with operator.database.transaction() as connection:
        write_state(connection, "last_seen", (now - datetime.timedelta(days=4 * 366)).isoformat())
    told = operator.run("backup", "--into", str(folder), "--keep-days", "30")
    assert told.exit_code == 0, told.output
    assert "No older backup was deleted" in told.stderr
    assert len(list(folder.iterdir())) == 21
    ahead = folder / "kim-2030-11-30T023000Z.zip"
    ahead.write_bytes(b"made in the wrong year")
    os.utime(ahead, ((now + datetime.timedelta(days=4 * 366)).timestamp(),) * 2)
    assert operator.run("restore-drill", str(folder)).exit_code == 0
    for path in folder.iterdir():
        if path != ahead:
            path.unlink()
    assert "Set the clock" in operator.run("restore-drill", str(folder)).output


def test_the_drill_restores_the_newest_backup_and_tells_a_damaged_or_old_one(operator: Operator) -> None:
    folder = operator.folder / "backups"
    folder.mkdir()
    assert operator.run("backup", "--into", str(folder)).exit_code == 0
    with operator.database.transaction() as connection:
        write_state(connection, "last_restore_drill", None)
    told = operator.run("restore-drill", str(folder))
    assert told.exit_code == 0, told.output
    assert "was restored and compared" in told.stdout
    with operator.database.read_connection() as connection:
        assert read_time(connection, "last_restore_drill") is not None
    assert operator.doctor() == {}
    newest = next(folder.iterdir())
    whole, damaged = newest.read_bytes(), folder / "kim-9999.zip"
    for place in range(30, len(whole), len(whole) // 25):  # head, content and directory of the archive
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        told = operator.run("restore-drill", str(folder))
        assert told.exception is None or isinstance(told.exception, SystemExit), place
        assert told.exit_code == 0 or "The drill failed" in told.output, place
    damaged.write_bytes(whole[: len(whole) // 2])
    assert "drill failed" in operator.run("restore-drill", str(folder)).output
    damaged.unlink()
    os.utime(newest, (0, 0))
    assert "days old" in operator.run("restore-drill", str(folder)).output
    shutil.rmtree(folder)
    folder.mkdir()
    assert "holds no backup" in operator.run("restore-drill", str(folder)).output
