"""The order of the work list: open first, the nearest day on top, and what cannot be answered is never overdue."""

from __future__ import annotations

import dataclasses
import datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from form_handler.settings import Settings
from form_handler.staff.inbox import actions, corrections, queries
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.storage.submissions import find_by_reference, list_submissions
from form_handler.storage.tables import submission
from form_handler.storage.work_list import company_key, has_stale_order, recompute_work_columns
from tests.form_handler.staff.test_staff_area import NOW, Clerk, clerk, put

__all__ = ["clerk"]

MAIL = {"email": "a@example.org"}


@pytest.mark.parametrize(
    "names",
    [
        ("Müller Bau GmbH & Co. KG", "mueller-bau", "MÜLLER BAU", "Muller Bau G.m.b.H."),
        ("Beispiel e.V.", "Beispiel e. V.", "beispiel eV", "„Beispiel“"),
        ("Café İnci UG (haftungsbeschränkt)", "cafe inci", "CAFÉ İNCİ"),
        ("Autohaus Süd AG", "Autohaus Sued"),
        ("Bau-Service Nord GbR", "bau service nord"),
        ("A.B.C. Logistik SE", "ABC Logistik"),
    ],
)
def test_company_names_are_alike_but_for_case_spelling_and_legal_form(names: tuple[str, ...]) -> None:
    assert len({company_key(name) for name in names}) == 1, {name: company_key(name) for name in names}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bau Nord", "Bau Süd"),
        ("Müller Bau", "Müller Dach"),
        ("GmbH", "AG"),
        ("Beispielbetrieb 1", "Beispielbetrieb 11"),
    ],
)
def test_different_companies_stay_different(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)
    assert company_key(one)


def order(database: Database) -> list[str]:
    return [row.reference for row in queries.search_submissions(database, queries.SubmissionFilter())[0]]


def test_open_first_and_the_longest_overdue_on_top(database: Database, settings: Settings) -> None:
    closed = put(database, settings, "callback", days=90, phone="02041 700000")
    actions.set_work(database, closed, {"state": "closed"}, "probe", NOW)
    fresh = put(database, settings, "callback", days=0, phone="02041 700001")
    anonymous = put(database, settings, "barrier", days=60, problem="x")
    feedback = put(database, settings, "feedback", days=1, helpful="no")
    late = put(database, settings, "callback", days=20, phone="02041 700002")
    later = put(database, settings, "barrier", days=45, problem="x", **MAIL)
    follow = put(database, settings, "feedback", days=200, helpful="no")
    seen = find_by_reference(database, follow.reference)
    assert seen is not None
    actions.set_work(database, seen, {"follow_up": NOW.date() + datetime.timedelta(days=2)}, "probe", NOW)
    expected = [later, late, follow, fresh, feedback, anonymous, closed]
    assert order(database) == [row.reference for row in expected]
    assert queries.inbox_counts(database, NOW)["overdue"] == 2


def test_a_correction_that_adds_an_address_starts_the_clock_and_one_that_removes_it_stops_it(
    database: Database, settings: Settings
) -> None:
    found = put(database, settings, "barrier", days=60, problem="x")
    assert queries.inbox_counts(database, NOW)["overdue"] == 0
    corrections.update_answers(database, found, {**found.answers, **MAIL}, "probe", NOW)
    assert queries.inbox_counts(database, NOW)["overdue"] == 1
    (now_stored,) = list_submissions(database)
    corrections.update_answers(database, now_stored, {**now_stored.answers, "email": ""}, "probe", NOW)
    assert queries.inbox_counts(database, NOW)["overdue"] == 0


def test_another_time_zone_or_period_recomputes_the_order(database: Database, settings: Settings) -> None:
    put(database, settings, "callback", days=20, phone="02041 700002")
    with database.transaction() as connection:
        recompute_work_columns(connection, database.time_zone)
        assert not has_stale_order(connection, database.time_zone)
        assert has_stale_order(connection, ZoneInfo("Europe/Kyiv"))
        connection.execute(submission.update().values(work_key="", due_on=None))
        recompute_work_columns(connection, database.time_zone)
    assert queries.inbox_counts(database, NOW)["overdue"] == 1


def test_a_backup_brings_back_days_and_work(database: Database, settings: Settings, tmp_path: object) -> None:
    found = put(database, settings, "callback", days=20, phone="02041 700002")
    day = NOW.date() + datetime.timedelta(days=3)
    actions.set_work(database, found, {"follow_up": day, "assignee": "probe"}, "probe", NOW)
    file = settings.data_dir / "backup.zip"
    write_backup(database, file)
    other = dataclasses.replace(
        settings, data_dir=settings.data_dir / "other", database_url=f"sqlite:///{settings.data_dir}/other/kim.sqlite3"
    )
    restored = Database(other)
    restore_backup(restored, file)
    (row,) = list_submissions(restored)
    assert (row.follow_up, row.assignee) == (day, "probe")
    assert queries.inbox_counts(restored, NOW)["overdue"] == 1
    restored.engine.dispose()


def plan(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> str:
    """Return how the database answers a query."""
    text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {text}"))


FILTERS = [
    queries.SubmissionFilter(),
    queries.SubmissionFilter(state="open"),
    queries.SubmissionFilter(form="barrier", state="closed", language="ar", trade="care"),
    queries.SubmissionFilter(since=datetime.date(2026, 1, 1), until=datetime.date(2026, 12, 31)),
]


@pytest.mark.parametrize("wanted", FILTERS)
def test_a_page_of_the_list_is_found_in_one_index_and_only_its_fifty_rows_are_read(
    database: Database, wanted: queries.SubmissionFilter
) -> None:
    with database.read_connection() as connection:
        found = plan(connection, queries.list_query(wanted, database.time_zone, 1000))
    lines = [line for line in found.splitlines() if "submission" in line]
    assert len(lines) == 2, found
    assert any("COVERING INDEX ix_submission_work" in line for line in lines), found
    assert any("sqlite_autoindex_submission" in line for line in lines), found


def test_the_inbox_asks_a_fixed_number_of_questions_and_reads_no_whole_table(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    for number in range(60):
        put(database, settings, "callback", days=number, name=f"N{number}", email=f"n{number}@example.org")
    asked: list[tuple[str, object]] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        asked.append((statement, values))

    assert clerk.get().status_code == 200
    sa.event.remove(database.engine, "before_cursor_execute", note)
    reading = [(text, values) for text, values in asked if text.startswith("SELECT")]
    assert len(reading) <= 25, [text for text, _values in reading]
    with database.read_connection() as connection:
        for text, values in reading:
            plans = [str(row) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, values)]
            assert not any("SCAN submission" in line and "COVERING" not in line for line in plans), (text, plans)
