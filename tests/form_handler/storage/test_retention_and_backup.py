"""Keeping and forgetting: retention, backup and restore, migrations from the first schema on."""

from __future__ import annotations

import datetime
import json
import re
import threading
import uuid
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner
from dateutil.relativedelta import relativedelta

from form_handler import rate_limit, retention
from form_handler.forms import FORMS
from form_handler.mail.compose import submission_mails
from form_handler.retention import deletion_notice
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import queries
from form_handler.storage.backup import BackupError, restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.storage.migrate import alembic_config, upgrade
from form_handler.storage.schema_version import SchemaError
from form_handler.storage.state import CLOCK_EVENT
from form_handler.storage.submissions import list_submissions, store_submission
from form_handler.storage.tables import (  # fmt: skip
    account_setting,
    daily_key,
    deletion_mark,
    event,
    presence,
    rate,
    staff_session,
    submission,
)
from form_handler.worker.purge import PurgeRefusedError, purge, purge_if_due
from tests.form_handler.conftest import Browser

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


def put(database: Database, settings: Settings, form: str = "participation", at: datetime.datetime = NOW) -> str:
    """Store a submission and return its number."""
    definition = FORMS[form]
    answers = {**definition.answers(definition.form_class()), "email": "beispiel@example.org"}
    number = str(uuid.uuid4())
    store_submission(database, number, form, "de", answers, partial(submission_mails, settings, definition), at)
    return number


def arrive(database: Database, form: str, at: datetime.datetime) -> None:
    """Store a submission that comes in by the clock of the machine."""
    definition = FORMS[form]
    answers = definition.answers(definition.form_class())
    store_submission(database, str(uuid.uuid4()), form, "de", answers, lambda _stored: (), at, by_clock=True)


DAY = datetime.timedelta(days=1)


def run_days(database: Database, settings: Settings, first: datetime.datetime, days: int) -> list[str]:
    """Let the service look once a day; return everything that it did."""
    return [line for day in range(days) for line in purge_if_due(database, settings, first + day * (DAY + DAY / 99))]


@pytest.mark.parametrize("key", list(FORMS))
def test_each_form_is_forgotten_after_its_own_number_of_months_and_not_a_day_before(
    database: Database, settings: Settings, key: str
) -> None:
    months = FORMS[key].retention_months
    edge = NOW - relativedelta(months=months)
    run_days(database, settings, NOW - 20 * DAY, 1)
    put(database, settings, key, edge - DAY)
    kept = put(database, settings, key, edge + 2 * DAY)
    run_days(database, settings, NOW - 18 * DAY, 16)
    assert len(list_submissions(database)) == 2, "nothing is deleted before its time"
    told = purge(database, settings, NOW, dry_run=True)
    assert told[0] == f"{key}: 1 would be deleted, older than {months} months."
    assert len(list_submissions(database)) == 2, "a dry run deletes nothing"
    assert purge(database, settings, NOW) == [f"{key}: 1 deleted, older than {months} months."]
    assert [row.number for row in list_submissions(database)] == [kept]
    with database.read_connection() as connection:
        assert ("purged", "1") in [(row.kind, row.detail) for row in connection.execute(event.select())]


def test_nothing_is_deleted_that_was_not_announced_for_a_week(database: Database, settings: Settings) -> None:
    run_days(database, settings, NOW, 1)
    put(database, settings, "callback", NOW - 900 * DAY)
    assert deletion_notice(database).references == []
    assert "announced for 7 days" in run_days(database, settings, NOW + DAY, 1)[0]
    notice = deletion_notice(database)
    assert (notice.number, len(notice.references)) == (1, 1)
    run_days(database, settings, NOW + 2 * DAY, 5)
    assert len(list_submissions(database)) == 1
    run_days(database, settings, NOW + 8 * DAY, 1)
    assert list_submissions(database) == []
    assert deletion_notice(database).references == []


def test_the_notice_counts_all_and_names_fifty(database: Database, settings: Settings) -> None:
    run_days(database, settings, NOW, 1)
    stored = {put(database, settings, "callback", NOW - 900 * DAY) for _ in range(60)}
    run_days(database, settings, NOW + DAY, 1)
    notice = deletion_notice(database)
    references = {row.reference for row in list_submissions(database) if row.number in stored}
    assert (notice.number, len(set(notice.references)), set(notice.references) <= references) == (60, 50, True)


@pytest.mark.parametrize("ahead", [4 * 365, 31, -60, -4 * 365])
def test_a_wrong_clock_deletes_nothing_however_long_it_runs(database: Database, settings: Settings, ahead: int) -> None:
    run_days(database, settings, NOW, 1)
    for form in FORMS:
        put(database, settings, form, NOW)
        put(database, settings, form, NOW - 5 * DAY)
    wrong = NOW + ahead * DAY
    put(database, settings, "callback", wrong)  # what comes in meanwhile proves nothing
    told = run_days(database, settings, wrong, 40)
    assert "the clock of this machine shows" in told[0]
    assert len(list_submissions(database)) == 2 * len(FORMS) + 1
    notice = deletion_notice(database)
    assert (notice.references, notice.refused) == ([], "clock")
    with pytest.raises(PurgeRefusedError):
        purge(database, settings, wrong)
    assert "the clock" in purge(database, settings, wrong, dry_run=True)[0]
    purge_if_due(database, settings, NOW + DAY / 2)
    assert deletion_notice(database).refused == "", "the right time ends the pause"


@pytest.mark.parametrize(
    "wrong", [datetime.datetime(1970, 1, 1, 1, tzinfo=datetime.UTC), NOW - 4 * 366 * DAY, NOW - 2 * DAY]
)
def test_what_came_in_while_the_clock_was_back_is_kept_for_its_whole_time(
    database: Database, settings: Settings, wrong: datetime.datetime
) -> None:
    run_days(database, settings, NOW, 1)
    for number in range(3):
        arrive(database, "callback", wrong + number * DAY / 9)
    told = run_days(database, settings, NOW + DAY, 60)
    assert len(list_submissions(database)) == 3, told
    (found, *_others) = list_submissions(database)
    events = [row for row in queries.submission_history(database, found.number)["events"] if row.kind == CLOCK_EVENT]
    assert [row.happened_at for row in events] == [NOW]
    end = NOW + relativedelta(months=FORMS["callback"].retention_months)
    assert retention.retention_end(found, events) == end
    run_days(database, settings, NOW + 61 * DAY, (end - NOW).days)
    assert list_submissions(database) == []


def test_what_came_in_while_the_clock_was_ahead_is_not_kept_for_years_longer(
    database: Database, settings: Settings
) -> None:
    run_days(database, settings, NOW, 1)
    arrive(database, "callback", NOW + 4 * 366 * DAY)
    arrive(database, "callback", NOW + DAY / 2)
    months = FORMS["callback"].retention_months
    run_days(database, settings, NOW + DAY, months * 31 - 20)
    assert len(list_submissions(database)) == 2
    run_days(database, settings, NOW + DAY * (months * 31 - 19), 50)
    assert list_submissions(database) == []


def test_what_is_kept_for_days_is_not_kept_for_years_because_the_clock_was_ahead(
    database: Database, settings: Settings
) -> None:
    ahead = NOW + 4 * 366 * DAY
    run_days(database, settings, NOW, 1)
    accounts.add_account(database, "probe", None, NOW)
    put(database, settings)
    with database.transaction() as connection:
        number = connection.execute(sa.select(submission.c.number)).scalar_one()
        connection.execute(account_setting.insert().values(account_id=1, mail="a@example.org", digest=True, barrier_alert=False, digest_day="2030-11-30"))  # fmt: skip
        connection.execute(deletion_mark.insert().values(number=number, marked_at=ahead))
        connection.execute(presence.insert().values(number=number, account_id=1, seen_at=ahead, writing=True))
        rate_limit.increment(connection, "send", "192.0.2.7", ahead)
    who = accounts.account_by_name(database, "probe")
    assert who is not None
    accounts.open_session(database, who, ahead)
    purge_if_due(database, settings, ahead)
    assert deletion_notice(database).refused == "clock"
    purge_if_due(database, settings, NOW + DAY / 2)
    with database.read_connection() as connection:
        for table in (rate, daily_key, presence, staff_session, deletion_mark):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0, table.name
        assert connection.execute(sa.select(account_setting.c.digest_day)).scalar_one() is None
    assert len(list_submissions(database)) == 1


def test_a_new_database_whose_first_clock_was_ahead_keeps_to_its_periods_once_that_is_confirmed(
    database: Database, settings: Settings
) -> None:
    ahead = NOW + 4 * 366 * DAY
    run_days(database, settings, ahead, 1)
    arrive(database, "callback", NOW)
    assert "the clock of this machine" in run_days(database, settings, NOW, 1)[0]
    purge(database, settings, NOW, confirmed=0)
    run_days(database, settings, NOW + DAY, FORMS["callback"].retention_months * 31 + 40)
    assert list_submissions(database) == []


def test_a_database_that_never_saw_the_time_goes_by_its_newest_entry(database: Database, settings: Settings) -> None:
    put(database, settings, "callback", NOW)
    with pytest.raises(PurgeRefusedError, match="clock"):
        purge(database, settings, NOW + 4 * 365 * DAY)
    assert len(list_submissions(database)) == 1


def test_an_operator_confirms_clock_and_number(database: Database, settings: Settings) -> None:
    run_days(database, settings, NOW, 1)
    put(database, settings, "callback", NOW)
    later = NOW + 4 * 365 * DAY
    assert "kim purge --confirm 1" in purge(database, settings, later, dry_run=True)[-1]
    with pytest.raises(PurgeRefusedError, match="2 were confirmed"):
        purge(database, settings, later, confirmed=2)
    assert len(list_submissions(database)) == 1
    assert "1 deleted" in purge(database, settings, later, confirmed=1)[0]
    assert purge_if_due(database, settings, later + 2 * DAY) != [], "the confirmed time counts from now on"


def test_more_than_half_of_everything_needs_a_confirmation(database: Database, settings: Settings) -> None:
    run_days(database, settings, NOW - 2 * DAY, 1)
    for _ in range(11):
        put(database, settings, "callback", NOW - 900 * DAY)
    for _ in range(10):
        put(database, settings, "callback", NOW)
    told = run_days(database, settings, NOW, 12)
    assert any("11 of 21" in line for line in told)
    assert deletion_notice(database).refused == "share"
    assert len(list_submissions(database)) == 21
    assert "11 deleted" in purge(database, settings, NOW + 13 * DAY, confirmed=11)[0]
    assert (len(list_submissions(database)), deletion_notice(database).refused) == (10, "")


def test_the_notice_and_the_purge_use_the_same_number() -> None:
    from core.gettext import use_language
    from editorial.render.fragments import render_privacy_notice

    with use_language("de"):
        notice = render_privacy_notice()
    for definition in FORMS.values():
        section = notice.split(f'id="formular-{definition.key}"')[1].split("<table")[0]
        assert f"{definition.retention_months} Monate" in section


def test_the_daily_purge_runs_once_a_day(database: Database, settings: Settings) -> None:
    assert purge_if_due(database, settings, NOW) != []
    assert purge_if_due(database, settings, NOW + datetime.timedelta(hours=23)) == []
    assert purge_if_due(database, settings, NOW + datetime.timedelta(hours=25)) != []


@pytest.mark.parametrize(
    ("received", "end"), [("2026-08-31", "2027-02-28"), ("2023-08-31", "2024-02-29"), ("2026-01-15", "2026-07-15")]
)
def test_months_are_counted_as_the_calendar_has_them(
    database: Database, settings: Settings, received: str, end: str
) -> None:
    assert FORMS["callback"].retention_months == 6
    put(database, settings, "callback", datetime.datetime.fromisoformat(received).replace(tzinfo=datetime.UTC))
    (found,) = list_submissions(database)
    assert f"{retention.retention_end(found):%Y-%m-%d}" == end


def empty_place(tmp_path: Path) -> Database:
    """Return a database in a folder where nothing is."""
    return Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "new")}))


def test_a_backup_taken_while_forms_come_in_is_whole_and_comes_back(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    for _ in range(20):
        put(database, settings)
    accounts.add_account(database, "Probe", "ein-langes-passwort", NOW)
    stop = threading.Event()

    def keep_sending() -> None:
        while not stop.is_set():
            put(database, settings)

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        write_backup(database, tmp_path / "kim.zip")
    finally:
        stop.set()
        sender.join()
    new = empty_place(tmp_path)
    restore_backup(new, tmp_path / "kim.zip")
    with new.read_connection() as connection:
        submissions = connection.execute(sa.select(sa.func.count()).select_from(submission)).scalar_one()
        mails = connection.exec_driver_sql("SELECT count(*) FROM outgoing_mail").scalar_one()
    assert submissions >= 20
    assert mails == 2 * submissions, "each submission with both its mails"
    assert accounts.log_in(new, "probe", "ein-langes-passwort", "192.0.2.1", NOW) is not None
    assert (tmp_path / "kim.zip").stat().st_mode & 0o077 == 0
    new.engine.dispose()


def test_a_backup_never_overwrites_and_leaves_no_half_file(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "da.zip").write_text("x")
    with pytest.raises(BackupError, match="exists already"):
        write_backup(database, tmp_path / "da.zip")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zipfile.ZipFile.open", full)
    with pytest.raises(BackupError, match="No space"):
        write_backup(database, tmp_path / "voll.zip")
    assert [path.name for path in tmp_path.glob("*voll*")] + [path.name for path in tmp_path.glob(".*voll*")] == []


def broken_row(archive: dict[str, bytes]) -> None:
    archive["submission.jsonl"] = archive["submission.jsonl"].replace(b"KIM-", b"KIX-")


def missing_table(archive: dict[str, bytes]) -> None:
    del archive["outgoing_mail.jsonl"]


def lost_row(archive: dict[str, bytes]) -> None:
    archive["submission.jsonl"] = b""


def strange_table(archive: dict[str, bytes]) -> None:
    manifest = json.loads(archive["manifest.json"])
    manifest["tables"]["quatsch"] = {"rows": 0, "sha256": ""}
    archive["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize("harm", [broken_row, missing_table, lost_row, strange_table])
def test_a_damaged_backup_is_refused_and_leaves_the_database_empty(
    database: Database, settings: Settings, tmp_path: Path, harm: Callable[[dict[str, bytes]], None]
) -> None:
    put(database, settings)
    write_backup(database, tmp_path / "kim.zip")
    with zipfile.ZipFile(tmp_path / "kim.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    harm(parts)
    with zipfile.ZipFile(tmp_path / "schlecht.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    new = empty_place(tmp_path)
    with pytest.raises(BackupError):
        restore_backup(new, tmp_path / "schlecht.zip")
    with new.read_connection() as connection:
        assert sa.inspect(connection).get_table_names() == []
    new.engine.dispose()


def test_no_backup_is_taken_for_one_and_none_comes_into_a_full_database(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "kein.zip").write_text("x")
    with pytest.raises(BackupError, match="no complete backup"):
        restore_backup(database, tmp_path / "kein.zip")
    put(database, settings)
    write_backup(database, tmp_path / "kim.zip")
    with pytest.raises(BackupError, match="not empty"):
        restore_backup(database, tmp_path / "kim.zip")
    assert len(list_submissions(database)) == 1


def test_a_backup_of_a_newer_version_is_refused(database: Database, settings: Settings, tmp_path: Path) -> None:
    write_backup(database, tmp_path / "kim.zip")
    with zipfile.ZipFile(tmp_path / "kim.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = {**json.loads(parts["manifest.json"]), "schema": "9999"}
    with zipfile.ZipFile(tmp_path / "neuer.zip", "w") as archive:
        for name, content in {**parts, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, content)
    new = empty_place(tmp_path)
    with pytest.raises(SchemaError, match="9999"):
        restore_backup(new, tmp_path / "neuer.zip")
    new.engine.dispose()


def first_schema(database: Database) -> None:
    """Make the first schema with one submission and its mail, as version 0.1 left it."""
    with database.transaction() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO submission VALUES ('n', 'KIM-222222', 'participation', 'tr', 'new', '2026-11-01 10:00:00', ?)",
            (json.dumps({"company": "Örnek", "email": "Ornek@Example.org", "trade": "care"}, ensure_ascii=False),),
        )
        connection.exec_driver_sql(
            "INSERT INTO outgoing_mail VALUES (1, 'n', 'office', 'o@example.org', 'x', 'sent', 1, '2026-11-01 10:00:00', NULL, NULL)"
        )


def test_migrating_from_the_first_schema_keeps_the_data_and_makes_it_findable(settings: Settings) -> None:
    database = Database(settings)
    first_schema(database)
    assert upgrade(database) is True
    (row,) = list_submissions(database)
    assert (row.reference, row.answers["company"], row.sender, row.held) == (
        "KIM-222222",
        "Örnek",
        "ornek@example.org",
        False,
    )
    assert queries.search_submissions(database, queries.SubmissionFilter(text="örnek", trade="care"))[1] == 1
    assert len(queries.submission_history(database, "n")["mails"]) == 1
    database.engine.dispose()


def test_a_backup_from_the_first_schema_comes_back_into_this_version(settings: Settings, tmp_path: Path) -> None:
    database = Database(settings)
    first_schema(database)
    with database.read_connection() as connection:
        rows = [dict(r) for r in connection.exec_driver_sql("SELECT * FROM submission").mappings()]
    rows[0]["received_at"] = "2026-11-01T10:00:00+00:00"
    import hashlib

    line = json.dumps(rows[0], ensure_ascii=False, sort_keys=True).encode() + b"\n"
    told = {"rows": 1, "sha256": hashlib.sha256(line).hexdigest()}
    none = {"rows": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    with zipfile.ZipFile(tmp_path / "alt.zip", "w") as archive:
        archive.writestr("submission.jsonl", line)
        archive.writestr("outgoing_mail.jsonl", b"")
        manifest = {
            "format": 1,
            "schema": "0001",
            "tables": {"submission": told, "outgoing_mail": none, "account": none},
        }
        del manifest["tables"]["account"]  # type: ignore[attr-defined]
        archive.writestr("manifest.json", json.dumps(manifest))
    new = empty_place(tmp_path)
    restore_backup(new, tmp_path / "alt.zip")
    assert [row.sender for row in list_submissions(new)] == ["ornek@example.org"]
    for one in (database, new):
        one.engine.dispose()


def test_the_commands_work_for_an_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kim.cli import main

    for name, value in {"KIM_DATA_DIR": str(tmp_path / "var")}.items():
        monkeypatch.setenv(name, value)
    run = CliRunner()
    assert run.invoke(main, ["db", "init"]).exit_code == 0
    assert "There is no account yet" in run.invoke(main, ["users", "list"]).output
    added = run.invoke(main, ["users", "add", "Probe", "--password-stdin"], input="ein-langes-passwort\n")
    assert added.exit_code == 0, added.output
    assert "enabled" in run.invoke(main, ["users", "list"]).output
    assert run.invoke(main, ["users", "add", "Kurz", "--password-stdin"], input="kurz\n").exit_code == 1
    assert run.invoke(main, ["users", "disable", "probe"]).exit_code == 0
    assert "disabled" in run.invoke(main, ["users", "list"]).output
    assert "Nothing" in run.invoke(main, ["purge", "--dry-run"]).output
    made = run.invoke(main, ["backup", str(tmp_path / "kim.zip")])
    assert made.exit_code == 0, made.output
    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "neu"))
    back = run.invoke(main, ["restore", str(tmp_path / "kim.zip")])
    assert back.exit_code == 0, back.output
    assert "verified" in back.output


def test_the_inbox_names_what_will_be_deleted_and_says_when_deletion_is_paused(
    browser: Browser, database: Database, settings: Settings
) -> None:
    accounts.add_account(database, "Probe", "ein-langes-passwort", NOW)
    page = browser.get("/eingang/anmelden/")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    entered = {"name": "probe", "password": "ein-langes-passwort", "csrf_token": token}
    browser.post("/eingang/anmelden/", entered)
    assert "zwei Wochen gelöscht" not in browser.get("/eingang/").text
    run_days(database, settings, NOW, 1)
    put(database, settings, "callback", NOW - 900 * DAY)
    run_days(database, settings, NOW + 2 * DAY, 1)
    text = browser.get("/eingang/").text
    assert "1 Eingang wird in den nächsten zwei Wochen gelöscht" in text
    assert deletion_notice(database).references[0] in text
    run_days(database, settings, NOW + 2000 * DAY, 1)
    assert "Das Löschen ruht" in browser.get("/eingang/").text
