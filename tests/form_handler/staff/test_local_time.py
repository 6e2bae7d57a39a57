"""The office reads local time: views, filters, exports, mails and due dates count the days of its time zone."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
from functools import partial
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from flask import Flask

from core.formatting import format_moment
from form_handler.app import create_app
from form_handler.forms import FORMS
from form_handler.mail.compose import compose_mail, submission_mails
from form_handler.settings import Settings, SettingsError, read_settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import queries
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, store_submission
from tests.form_handler.staff.test_staff_area import NOW, PASSWORD, Clerk

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def put_at(
    database: Database, settings: Settings, moment: str, form: str = "participation", number: str = "n"
) -> Submission:
    """Store a submission as if it had come at a moment, UTC."""
    definition = FORMS[form]
    answers = {**definition.answers(definition.form_class()), "email": "a@example.org", "company": "Betrieb"}
    mails = partial(submission_mails, settings, definition)
    return store_submission(database, number, form, "tr", answers, mails, utc(moment))


@pytest.mark.parametrize(
    ("moment", "code", "words"),
    [
        ("2026-07-01T22:30", "de", "02.07.2026, 00:30"),
        ("2026-12-31T23:30", "de", "01.01.2027, 00:30"),
        ("2026-12-31T23:30", "en", "Jan 1, 2027, 12:30\u202fAM"),
        ("2026-10-25T00:30", "de", "25.10.2026, 02:30 MESZ"),
        ("2026-10-25T01:30", "de", "25.10.2026, 02:30 MEZ"),
        ("2026-10-25T02:30", "de", "25.10.2026, 03:30"),
    ],
)
def test_a_moment_is_told_in_local_time_and_the_double_hour_apart(moment: str, code: str, words: str) -> None:
    assert format_moment(utc(moment), BERLIN, code) == words


def due(moment: str, now: str, form: str = "callback") -> queries.Deadlines:
    answers = {"email": "a@example.org"}
    found = Submission("n", "KIM-222222", form, "de", "new", utc(moment), answers, sender="a@example.org")
    return queries.deadlines(found, utc(now), BERLIN)


@pytest.mark.parametrize(
    ("received", "last_day"),
    [
        ("2026-10-20T22:30", "2026-10-28"),  # 00:30 of the 21st in summer time, seven days later in winter time
        ("2026-10-20T21:30", "2026-10-27"),
        ("2026-03-24T23:30", "2026-04-01"),  # 00:30 of the 25th in winter time, seven days later in summer time
        ("2026-03-24T22:30", "2026-03-31"),
        ("2026-12-27T12:00", "2027-01-03"),
    ],
)
def test_a_due_date_is_a_local_day_over_the_change_of_clocks(received: str, last_day: str) -> None:
    day = datetime.date.fromisoformat(last_day)
    assert due(received, received).answer_by == day
    last_second = datetime.datetime.combine(day, datetime.time(23, 59, 59), BERLIN).astimezone(datetime.UTC)
    after = last_second + datetime.timedelta(seconds=1)
    assert due(received, last_second.isoformat()[:19]).overdue == ""
    assert due(received, after.isoformat()[:19]).overdue == "answer"


@pytest.mark.parametrize("received", ["2026-10-20T21:59:59", "2026-10-20T22:00:00", "2026-10-21T10:00:00"])
def test_the_database_counts_as_overdue_what_the_page_shows_as_overdue(
    database: Database, settings: Settings, received: str
) -> None:
    found = put_at(database, settings, received, "callback")
    for now in ("2026-10-27T22:59:59", "2026-10-27T23:00:00", "2026-10-28T22:59:59", "2026-10-28T23:00:00"):
        counted = queries.inbox_counts(database, utc(now))["overdue"]
        assert counted == bool(queries.deadlines(found, utc(now), BERLIN).overdue), now


def test_the_days_of_the_filter_are_local_days(database: Database, settings: Settings) -> None:
    for moment in ("2026-10-24T21:59:59", "2026-10-24T22:00:00", "2026-10-25T22:59:59", "2026-10-25T23:00:00"):
        put_at(database, settings, moment, number=moment)
    day = datetime.date(2026, 10, 25)  # it has 25 hours
    found = queries.all_submissions(database, queries.SubmissionFilter(since=day, until=day))
    assert sorted(row.number for row in found) == ["2026-10-24T22:00:00", "2026-10-25T22:59:59"]


@pytest.fixture
def clerk(app: Flask, database: Database) -> Clerk:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(app)
    one.log_in()
    return one


def test_list_entry_and_exports_show_local_time(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put_at(database, settings, "2026-07-01T22:30")
    for path in ("", f"v/{found.reference}/", "person/?q=a@example.org"):
        text = clerk.get(path).text
        assert "02.07.2026, 00:30" in text, path
        assert "UTC" not in text, path
    csv_text = clerk.get("ausgabe.csv").data.decode("utf-8-sig")
    assert "2026-07-02" in csv_text or "02.07.2026" in csv_text
    assert "00:30" in csv_text
    assert json.loads(clerk.get("ausgabe.json").data)[0]["received_at"] == "2026-07-02T00:30:00+02:00"
    sheet = openpyxl.load_workbook(io.BytesIO(clerk.get("ausgabe.xlsx").data)).worksheets[0]
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
    assert any("2026-07-02 00:30" in cell for cell in cells), cells
    assert "00:30:00 MESZ" in clerk.get("person/kopie.html?q=a@example.org").text


@pytest.mark.parametrize("kind", ["office", "copy"])
def test_mails_tell_local_time(database: Database, settings: Settings, kind: str) -> None:
    found = put_at(database, settings, "2026-07-01T22:30")
    text = compose_mail(settings, found, kind, "a@example.org").get_content()
    assert "00:30" in text
    assert "UTC" not in text


def test_another_time_zone_is_a_setting(database: Database, settings: Settings) -> None:
    found = put_at(database, settings, "2026-07-01T22:30")
    kyiv = dataclasses.replace(settings, time_zone=ZoneInfo("Europe/Kyiv"))
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(create_app(kyiv, Database(kyiv)))
    one.log_in()
    assert "02.07.2026, 01:30" in one.get(f"v/{found.reference}/").text


@pytest.mark.parametrize("name", ["Europe/Bottrop", "../etc/passwd", "MESZ+1", "/etc/localtime"])
def test_a_time_zone_that_does_not_exist_stops_the_start(name: str) -> None:
    with pytest.raises(SettingsError, match=r"KIM_TIME_ZONE.*Europe/Berlin"):
        read_settings({"KIM_TIME_ZONE": name})
