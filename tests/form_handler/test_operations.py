"""What operators and monitors see: health, metrics, logs, and keys that change while forms are open."""

from __future__ import annotations

import dataclasses
import datetime
import json
import logging
import os
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from core.clock import utc_now
from form_handler.app import create_app
from form_handler.mail.heartbeat import is_worker_missing, record_heartbeat
from form_handler.operations.health import check_health
from form_handler.operations.logs import JsonFormatter, RepeatFilter, since
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts
from form_handler.storage.database import Database
from form_handler.storage.state import read_state, write_state
from form_handler.storage.tables import outgoing_mail
from form_handler.worker.delivery import deliver_due
from tests.conftest import PATIENCE
from tests.form_handler.conftest import FORM, Browser
from tests.form_handler.production import PRODUCTION, run_kim
from tests.form_handler.stub_server import stub_site_server
from tests.server import free_port, wait_until


def ready(app: Flask, host: str = "10.0.0.7") -> tuple[int, dict[str, dict[str, object]]]:
    """Ask as a watchdog does, by an address."""
    answer = app.test_client().get("/readyz", base_url=f"http://{host}")
    return answer.status_code, {"whole": {"status": answer.json["status"]}, **answer.json["parts"]}


def test_a_watchdog_is_answered_for_every_host_name_and_learns_no_person(app: Flask, browser: Browser) -> None:
    browser.send(browser.review())
    assert app.test_client().get("/healthz", base_url="http://10.0.0.7").json == {"status": "ok"}
    answer = app.test_client().get("/readyz", base_url="http://10.0.0.7")
    assert "eispiel" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert app.test_client().get("/", base_url="http://10.0.0.7").status_code == 421


def test_parts_that_only_need_somebody_do_not_take_the_service_out_of_the_balancer(
    app: Flask, settings: Settings, database: Database
) -> None:
    record_heartbeat(database, utc_now())
    assert ready(app)[1]["whole"]["status"] == "ok"
    (settings.site_dir / "404.html").unlink()
    with database.transaction() as connection:
        write_state(connection, "smtp_down", f"{utc_now().isoformat()} ConnectionRefusedError 111")
    status, parts = ready(app)
    assert (status, parts["whole"]["status"]) == (200, "warning")
    assert "ConnectionRefusedError 111" in str(parts["mail"]["message"])
    assert "404.html" in str(parts["site"]["message"])


def test_without_its_database_the_service_is_not_ready(app: Flask, settings: Settings, database: Database) -> None:
    database.engine.dispose()
    assert settings.sqlite_path is not None
    settings.sqlite_path.write_bytes(b"no database " * 1000)
    status, parts = ready(app)
    assert (status, parts["database"]["status"]) == (503, "failed")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"mail_worker_seen": -3600}, "last seen 1 hour ago"),
        ({"last_purge": -4 * 86400}, "4 days ago"),
        ({"purge_refused": "clock"}, "clock of this machine"),
        ({"purge_refused": "share"}, "more than half"),
    ],
)
def test_each_part_that_stands_still_is_named_with_its_remedy(
    app: Flask, database: Database, state: dict[str, int | str], words: str
) -> None:
    now = utc_now()
    with database.transaction() as connection:
        for name, value in state.items():
            moment = now + datetime.timedelta(seconds=value) if isinstance(value, int) else None
            write_state(connection, name, moment.isoformat() if moment else f"{value} {now.isoformat()}")
    assert words in json.dumps(ready(app)[1])


@pytest.mark.parametrize("days", [2, 31, 365, 4 * 366])
def test_what_was_recorded_while_the_clock_was_ahead_does_not_look_recent_for_years(
    app: Flask, settings: Settings, database: Database, days: int
) -> None:
    ahead = utc_now() + datetime.timedelta(days=days)
    record_heartbeat(database, ahead)
    with database.transaction() as connection:
        for name in ("last_purge", "last_backup", "last_restore_drill"):
            write_state(connection, name, ahead.isoformat())
    os.utime(settings.site_dir, (ahead.timestamp(), ahead.timestamp()))
    assert is_worker_missing(database, utc_now())
    found = {
        one.name: one for one in check_health(database, dataclasses.replace(settings, mode="production"), utc_now())
    }
    late = (
        {"mail"}
        | ({"retention", "backup"} if days > 3 else set())
        | ({"site", "restore_drill"} if days > 16 else set())
    )
    assert {name for name, one in found.items() if one.status != "ok"} == late
    assert all(f"{ahead:%Y-%m-%d}" in found[name].message for name in late)
    now = utc_now()
    record_heartbeat(database, now)
    assert not is_worker_missing(database, utc_now())
    os.utime(settings.site_dir, (now.timestamp() - 9 * 86400,) * 2)
    assert "9 days ago" in str(ready(app)[1]["site"]["message"])


@pytest.mark.parametrize("days", [-20_000, -365, 3, 365, 4 * 366])
def test_mails_of_forms_that_came_in_while_the_clock_was_wrong_go_out(
    settings: Settings, database: Database, browser: Browser, days: int
) -> None:
    browser.send(browser.review())
    with database.transaction() as connection:
        connection.execute(outgoing_mail.update().values(next_attempt_at=utc_now() + datetime.timedelta(days=days)))
    assert deliver_due(database, settings) == len(list(settings.mail_dir.glob("*.eml"))) > 0
    assert deliver_due(database, settings) == 0


def test_a_session_begun_while_the_clock_was_ahead_ends_with_it(database: Database) -> None:
    accounts.add_account(database, "uhr", None, utc_now())
    who = accounts.account_by_name(database, "uhr")
    assert who is not None
    now = utc_now()
    for jump in (datetime.timedelta(days=1), datetime.timedelta(days=4 * 366)):
        token = accounts.open_session(database, who, now + jump)
        assert accounts.find_session(database, token, now + jump) is not None
        assert accounts.find_session(database, token, now) is None
    token = accounts.open_session(database, who, now)
    corrected = now - datetime.timedelta(hours=1)
    assert accounts.find_session(database, token, corrected) is not None, "an hour back logs nobody out"


def test_a_mail_that_waits_too_long_is_a_warning_with_its_age(app: Flask, database: Database, browser: Browser) -> None:
    browser.send(browser.review())
    record_heartbeat(database, utc_now())
    assert ready(app)[1]["mail"]["status"] == "ok"
    with database.transaction() as connection:
        old = utc_now() - datetime.timedelta(hours=2)
        connection.execute(outgoing_mail.update().values(next_attempt_at=old))
    mail = ready(app)[1]["mail"]
    assert mail["status"] == "warning"
    assert float(str(mail["mail_oldest_seconds"])) >= 7200


def test_a_mail_server_that_is_down_is_named_once_in_the_log_with_an_exit_code_and_on_the_health_page(
    settings: Settings, database: Database, app: Flask, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    down = dataclasses.replace(settings, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    browser.send(browser.review())
    for _attempt in range(3):
        deliver_due(database, down)
        with database.transaction() as connection:
            connection.execute(outgoing_mail.update().values(next_attempt_at=utc_now()))
    assert len([row for row in caplog.records if getattr(row, "event", "") == "smtp_down"]) == 1
    assert "ConnectionRefusedError" in str(ready(app)[1]["mail"]["message"])
    env = {"KIM_DATA_DIR": str(settings.data_dir), "KIM_SMTP_URL": str(down.smtp_url)}
    told = run_kim(env, "mail", "run", "--once", code=1)
    assert "ConnectionRefusedError" in told.stderr
    assert "eispiel" not in caplog.text + told.stderr + told.stdout


def test_one_refused_mail_does_not_make_the_mail_server_count_as_down(database: Database) -> None:
    import smtplib

    from form_handler.worker.delivery import is_server_down

    assert not is_server_down(smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no")}))
    assert not is_server_down(smtplib.SMTPDataError(554, b"spam"))
    for error in (
        ConnectionRefusedError(),
        TimeoutError(),
        smtplib.SMTPAuthenticationError(535, b""),
        smtplib.SMTPServerDisconnected(),
    ):
        assert is_server_down(error)
    with database.read_connection() as connection:
        assert read_state(connection, "smtp_down") is None


def test_an_event_is_one_json_line_and_what_was_typed_is_not_in_it() -> None:
    def line(record: logging.LogRecord) -> dict[str, object]:
        text = JsonFormatter().format(record)
        assert "\n" not in text
        found: dict[str, object] = json.loads(text)
        return found

    record = logging.LogRecord("kim", logging.INFO, __file__, 1, "form %s\nstored", ("x",), None)
    record.event, record.fields = "form_stored", {"form": "survey"}
    assert line(record) | {"time": ""} == {
        "time": "", "level": "info", "event": "form_stored", "message": "form x stored", "form": "survey",
    }  # fmt: skip
    try:
        raise ValueError("geheim@example.org")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    fault = line(logging.LogRecord("gunicorn", logging.ERROR, "", 1, "Error handling request /a?q=geheim", (), info))
    assert "geheim" not in json.dumps(fault)
    assert "ValueError at " in str(fault["fault"])


def test_a_cause_that_repeats_each_second_is_named_once_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("form_handler.operations.logs.time.monotonic", lambda: clock[0])
    once = RepeatFilter()

    def shown(message: str, level: int = logging.ERROR) -> logging.LogRecord | None:
        record = logging.LogRecord("kim", level, "", 1, message, (), None)
        return record if once.filter(record) else None

    assert shown("no database") is not None
    for second in range(1, 3600):
        clock[0] = float(second)
        assert shown("no database") is None
    assert shown("another cause") is not None
    clock[0] = 3600.0
    again = shown("no database")
    assert again is not None
    assert again.repeated == 3599  # type: ignore[attr-defined]
    assert shown("form stored", logging.INFO)
    assert shown("form stored", logging.INFO), "each form is an event of its own"


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "less than a minute"), (60, "1 minute"), (7300, "2 hours"), (86400 * 3, "3 days")]
)
def test_ages_are_written_for_people(seconds: int, words: str) -> None:
    now = utc_now()
    assert since(now - datetime.timedelta(seconds=seconds), now) == words


def test_metrics_have_an_address_of_their_own_and_count_over_all_processes(tmp_path: Path) -> None:
    port = free_port()
    with stub_site_server(tmp_path / "var", **PRODUCTION, KIM_METRICS=f"127.0.0.1:{port}", KIM_WORKERS="2") as server:
        for number in range(6):
            server.send_form(f"Geheimbetrieb {number}")

        def fetch(address: str) -> str:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return str(answer.read().decode())

        def value(name: str, **labels: str) -> float:
            text = fetch(f"http://127.0.0.1:{port}/metrics")
            rows = [row for family in text_string_to_metric_families(text) for row in family.samples]
            return sum(row.value for row in rows if row.name == name and labels.items() <= row.labels.items())

        assert value("kim_forms_stored_total", form="participation") == 6
        wait_until(lambda: value("kim_requests_total", endpoint="forms.participation_submit", status="303") == 6)
        assert value("kim_request_seconds_count", endpoint="forms.participation_check") == 6
        assert value("kim_mail_waiting") >= 6
        assert value("kim_ok", part="database") == 1
        assert value("kim_ok", part="mail") == 0, "no mail worker runs"
        for address in (f"{server.url}/metrics", f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port}{FORM}"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                fetch(address)
            with caught.value as answer:
                assert answer.code == 404
        assert "Geheim" not in fetch(f"http://127.0.0.1:{port}/metrics") + server.log()
        lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
        assert len([line for line in lines if line["event"] == "form_stored"]) == 6


def test_a_request_that_is_no_http_leaves_neither_its_address_nor_its_words_in_the_log(tmp_path: Path) -> None:
    word, host = b"geheim@example.org", b"Host: 127.0.0.1\r\n"
    requests = [
        b"GARBAGE " + word, b"GET /\xff" + word + b" HTTP/1.1\r\n" + host, b"GET /" + word + b" HTTP/9.9\r\n" + host,
        b"GET / HTTP/1.1\r\nX-" + word + b"\x00: a\r\n" + host, b"GET / HTTP/1.1\r\nContent-Length: " + word + b"\r\n" + host,
        b"GET / HTTP/1.1\r\nTransfer-Encoding: " + word + b"\r\n" + host, b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\nGET / HTTP/1.1\r\n" + host,
        b"GET / HTTP/1.1\r\nExpect: " + word + b"\r\n" + host, b"GET /" + b"a" * 9000 + word + b" HTTP/1.1\r\n" + host,
        b"GET / HTTP/1.1\r\nHost: " + word + b"\r\n", b"GET /" + word + b"?email=" + word + b" HTTP/1.1\r\n" + host,
    ]  # fmt: skip
    with stub_site_server(tmp_path / "var", **PRODUCTION, KIM_WORKERS="1") as server:
        for request in [*requests, *requests]:
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as raw:
                raw.sendall(request + b"\r\n\r\n")
                assert raw.recv(100).startswith(b"HTTP/1.1 "), request
        log = server.log()
    for words in ("geheim", "ip=", "192.0.2.7"):
        assert words not in log
    said = [json.loads(line)["message"] for line in log.splitlines() if "invalid_request" in line]
    assert "a request was refused: InvalidRequestLine" in said
    assert len(said) == len(set(said)), "each cause once"


def test_the_key_changes_while_forms_are_open_and_nobody_has_to_send_again(
    settings: Settings, database: Database, browser: Browser
) -> None:
    hidden = browser.review()
    renewed = dataclasses.replace(settings, secret_key="f" * 31 + "0123456789", former_keys=(settings.secret_key,))
    after = Browser(create_app(renewed, database).test_client(), database)
    cookie = browser.client.get_cookie("kim", domain="127.0.0.1")
    assert cookie is not None
    after.client.set_cookie("kim", cookie.value, domain="127.0.0.1")
    receipt = after.send(hidden)
    assert receipt.status_code == 303
    assert after.client.get(receipt.location, base_url="http://127.0.0.1").status_code == 200
    forgotten = Browser(create_app(dataclasses.replace(renewed, former_keys=()), database).test_client(), database)
    forgotten.client.set_cookie("kim", cookie.value, domain="127.0.0.1")
    assert forgotten.send(hidden).status_code == 422, "a key that no longer counts opens nothing"


def test_a_secret_file_holds_the_key_and_former_ones(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("new-key-0123456789abcdef0123456789\nold-key-0123456789abcdef0123456789\n")
    file.chmod(0o600)
    env = {name: value for name, value in PRODUCTION.items() if name != "KIM_SECRET_KEY"}
    found = read_settings({**env, "KIM_DATA_DIR": str(tmp_path), "KIM_SECRET_FILE": str(file)})
    assert found.secret_key.startswith("new-key")
    assert found.secret_keys[-1].startswith("new-key")
    assert [key[:7] for key in found.former_keys] == ["old-key"]
    assert "key-0123" not in repr(found)
