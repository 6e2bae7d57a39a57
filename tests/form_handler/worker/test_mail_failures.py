"""The worst days of the post: workers that die, servers that hang up, the power gone right after the receipt."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core.clock import utc_now
from form_handler.forms import FORMS
from form_handler.mail.compose import submission_mails
from form_handler.mail.heartbeat import record_heartbeat
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth.accounts import add_account
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.submissions import Submission, find_by_reference, store_submission
from form_handler.storage.tables import outgoing_mail
from form_handler.worker import delivery
from form_handler.worker.mail_worker import run_worker
from kim.commands.mail import mail
from tests.conftest import PATIENCE, ROOT
from tests.form_handler.conftest import VALID_FORM, Browser
from tests.form_handler.stub_server import stub_site_server
from tests.server import wait_until

LONG_DUE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def put(settings: Settings, database: Database) -> Submission:
    drafts = partial(submission_mails, settings, FORMS["participation"])
    return store_submission(database, str(uuid.uuid4()), "participation", "de", VALID_FORM, drafts, LONG_DUE)


def states(database: Database) -> list[str]:
    with database.read_connection() as connection:
        return sorted(connection.execute(sa.select(outgoing_mail.c.state)).scalars())


@pytest.fixture
def kim(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line on the data of the settings."""
    for name in [name for name in os.environ if name.startswith("KIM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KIM_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("KIM_SITE_DIR", str(settings.site_dir))
    return CliRunner(catch_exceptions=False)


def run_until(database: Database, settings: Settings, done: object) -> None:
    """Run a worker in this process until ``done()`` is true, or it ended by itself."""
    stop = threading.Event()
    fault: list[BaseException] = []

    def work() -> None:
        try:
            run_worker(database, settings, stop)
        except BaseException as error:
            fault.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        wait_until(lambda: fault or done())  # type: ignore[operator]
    finally:
        stop.set()
        thread.join()
    assert fault == []


def test_a_worker_outlives_a_busy_database(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, database)
    claim, moments = delivery.claim_next, iter([True])

    def busy(*values: object) -> object:
        if next(moments, False):
            raise DatabaseBusyError("the line of writers does not move")
        return claim(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(delivery, "claim_next", busy)
    run_until(database, settings, lambda: states(database) == ["sent", "sent"])


def test_one_mail_that_cannot_be_sent_does_not_hold_up_the_others(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, database)

    def sender(_folder: Path) -> object:
        def send(*values: object) -> None:
            if str(values[-1]).endswith("-office"):
                raise LookupError("unknown encoding")

        return send

    monkeypatch.setattr(delivery, "file_transport", sender)
    run_until(database, settings, lambda: "sent" in states(database))
    assert states(database) == ["sent", "waiting"]


def test_retry_leaves_alone_what_is_being_sent(
    settings: Settings, database: Database, kim: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, database)
    sent: list[str] = []

    def sender(_folder: Path) -> object:
        def send(*values: object) -> None:
            sent.append(str(values[-1]))
            if len(sent) == 1:
                assert kim.invoke(mail, ["retry"]).exit_code == 0
                assert kim.invoke(mail, ["run", "--once"]).exit_code == 0

        return send

    monkeypatch.setattr(delivery, "file_transport", sender)
    assert kim.invoke(mail, ["run", "--once"]).exit_code == 0
    assert len(sent) == len(set(sent)) == 2


def test_a_server_that_hangs_up_in_mid_conversation_loses_no_mail(settings: Settings, database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        deaf = read_settings(
            {"KIM_DATA_DIR": str(settings.data_dir), "KIM_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        )  # fmt: skip
        thread = threading.Thread(target=hang_up, args=(listener, 2), daemon=True)
        thread.start()
        put(settings, database)
        run_until(database, deaf, lambda: errors(database) == 2)
        thread.join()
    assert states(database) == ["waiting", "waiting"]
    run_until_later(database, settings)
    assert len(list(settings.mail_dir.glob("KIM-*.eml"))) == 2


def errors(database: Database) -> int:
    with database.read_connection() as connection:
        query = sa.select(sa.func.count()).where(outgoing_mail.c.last_error.is_not(None))
        return connection.execute(query).scalar_one()


def run_until_later(database: Database, settings: Settings) -> None:
    """Let the pause be over, then send."""
    with database.transaction() as connection:
        connection.execute(outgoing_mail.update().values(next_attempt_at=LONG_DUE))
    run_until(database, settings, lambda: states(database) == ["sent", "sent"])


def hang_up(listener: socket.socket, times: int) -> None:
    """Talk SMTP as far as the message, then cut the line."""
    for _ in range(times):
        line, _address = listener.accept()
        with line, line.makefile("rwb", buffering=0) as talk:
            talk.write(b"220 x\r\n")
            for command in talk:
                if command.upper().startswith(b"DATA"):
                    talk.write(b"354 go\r\n")
                    talk.readline()
                    break
                talk.write(b"250 ok\r\n")


def is_free(port: int) -> bool:
    """Return whether nobody listens on a port."""
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


@pytest.mark.slow
def test_killing_the_server_right_after_the_receipt_loses_nothing(tmp_path: Path) -> None:
    with stub_site_server(tmp_path / "var") as server:
        reference = server.send_form("Beispielbetrieb")
        server.kill()
        database = Database(server.read_settings())
        assert find_by_reference(database, reference) is not None
        assert len(states(database)) == 2
        database.engine.dispose()


@pytest.mark.slow
def test_a_mail_worker_that_was_killed_is_started_again(tmp_path: Path) -> None:
    with stub_site_server(tmp_path / "var") as server:
        wait_until(server.mail_workers, what="the first worker")
        (first,) = server.mail_workers()
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: set(server.mail_workers()) - {first}, what="the next worker")


@pytest.mark.slow
def test_a_mail_worker_that_outlives_the_server_does_not_keep_its_port(tmp_path: Path) -> None:
    with stub_site_server(tmp_path / "var") as server:
        wait_until(server.mail_workers, what="the mail worker")
        (worker,) = server.mail_workers()
        os.kill(worker, signal.SIGSTOP)  # it cannot notice that its server is gone
        for number in server.children().keys() - {worker}:
            os.kill(number, signal.SIGKILL)
        assert server.process is not None
        server.process.wait()
        wait_until(lambda: is_free(server.port), what="the port")
        wait_until(lambda: list(server.children()) == [worker], what="the end of all others")


@pytest.mark.slow
def test_it_stops_cleanly_while_a_mail_server_keeps_it_waiting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with stub_site_server(tmp_path / "var", KIM_SMTP_URL=url) as server:
            server.send_form("Beispielbetrieb")
            line, _address = silent.accept()
            with line:
                status = server.stop()
                assert server.children() == {}
                assert (status, "Traceback" in server.log()) == (0, False)


@contextlib.contextmanager
def mail_run(settings: Settings, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``kim mail run`` on the data of the settings for the length of the block."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")}
    env |= {
        "KIM_SETTINGS": "none",
        "KIM_DATA_DIR": str(settings.data_dir),
        "KIM_SITE_DIR": str(settings.site_dir),
        **more,
    }
    command = [sys.executable, "-m", "kim", "mail", "run"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_log(process: subprocess.Popen[str], words: str) -> None:
    """Read what a worker logs until these words come."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr), f"the log ended without: {words}"


def talk_until_message(listener: socket.socket) -> socket.socket:
    """Be an SMTP server up to the final dot, and return the connection on which the answer is due."""
    line, _address = listener.accept()
    talk = line.makefile("rwb", buffering=0)
    talk.write(b"220 x\r\n")
    for command in talk:
        if command.upper().startswith(b"DATA"):
            talk.write(b"354 go\r\n")
            break
        talk.write(b"250 ok\r\n")
    while talk.readline() != b".\r\n":
        pass
    return line


@pytest.mark.slow
def test_only_one_worker_runs_on_sqlite_and_the_next_takes_over_after_a_kill(
    settings: Settings, database: Database
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        smtp = {"KIM_SMTP_URL": f"smtp://127.0.0.1:{listener.getsockname()[1]}"}
        put(settings, database)
        with mail_run(settings, **smtp) as first, talk_until_message(listener):
            assert states(database) == ["sending", "waiting"]
            with mail_run(settings) as second:  # it writes files
                wait_for_log(second, "Another mail worker is running")
                assert states(database) == ["sending", "waiting"]
                first.kill()
                wait_until(lambda: states(database) == ["sent", "sent"], what="both mails sent by the second worker")
    assert len(list(settings.mail_dir.glob("KIM-*.eml"))) == 2


@pytest.mark.slow
def test_sigterm_ends_the_worker_after_the_mail_in_delivery(settings: Settings, database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        put(settings, database)
        url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        with mail_run(settings, KIM_SMTP_URL=url) as worker, talk_until_message(listener) as line:
            worker.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                worker.wait(0.2)
            line.sendall(b"250 taken\r\n")
            assert worker.wait(PATIENCE) == 0
    assert states(database) == ["sent", "waiting"]


def test_a_missing_worker_is_visible_in_inbox_log_and_command(
    browser: Browser, settings: Settings, database: Database, kim: CliRunner, caplog: pytest.LogCaptureFixture
) -> None:
    words = "Es werden keine E-Mails versendet"
    add_account(database, "probe", "ein-langes-Kennwort-2026!", LONG_DUE)
    page = browser.get("/eingang/anmelden/").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    login = {"csrf_token": token[1], "name": "probe", "password": "ein-langes-Kennwort-2026!"}
    assert browser.post("/eingang/anmelden/", login).status_code == 303
    assert words not in browser.get("/eingang/").text, "nothing waits yet"
    put(settings, database)
    assert words in browser.get("/eingang/").text
    browser.send(browser.review())
    assert "no mail worker is running" in caplog.text
    assert "No mail worker seems to be running" in kim.invoke(mail, ["list"]).stderr
    record_heartbeat(database, utc_now())
    assert words not in browser.get("/eingang/").text
    assert "No mail worker" not in kim.invoke(mail, ["list"]).stderr


@pytest.mark.slow
def test_in_production_the_server_starts_no_worker_and_says_so(tmp_path: Path) -> None:
    production = {
        "KIM_MODE": "production", "KIM_SECRET_KEY": "0123456789abcdef0123456789abcdef", "KIM_HOSTS": "127.0.0.1",
        "KIM_MAIL_FROM": "kim@example.org", "KIM_OFFICE_MAIL": "office@example.org", "KIM_SMTP_URL": "smtp://127.0.0.1:1",
    }  # fmt: skip
    with stub_site_server(tmp_path / "var", **production) as server:
        assert server.mail_workers() == []
        assert "kim mail run (never seen so far)" in server.log()
