"""The same promises on a real PostgreSQL: stored once, sent once by several workers, kept by migrations and backups."""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner

from core.clock import utc_now
from form_handler import rate_limit
from form_handler.app import create_app
from form_handler.forms import FORMS
from form_handler.mail.compose import submission_mails
from form_handler.settings import Settings, read_settings
from form_handler.staff.auth import accounts, administration, second_factor
from form_handler.staff.inbox import actions, corrections, correspondence, presence, queries, related, saved_views
from form_handler.staff.persons import search
from form_handler.storage import deletion, submissions
from form_handler.storage.backup import restore_backup, write_backup
from form_handler.storage.database import Database
from form_handler.storage.migrate import require_current, upgrade
from form_handler.storage.schema_version import current_revision
from form_handler.storage.search import recompute_search_columns
from form_handler.storage.submissions import find_by_reference, list_submissions, store_submission
from form_handler.storage.tables import metadata, outgoing_mail, submission, survey_batch
from form_handler.storage.work_list import recompute_work_columns
from form_handler.survey.answers import decide
from form_handler.survey.disclosure import MIN_BATCH_SIZE
from form_handler.survey.publication import publish, withdraw, write_results
from form_handler.worker.delivery import deliver_due
from form_handler.worker.purge import PurgeRefusedError, purge, purge_if_due
from kim.cli import main
from tests import postgres
from tests.form_handler.staff.test_accounts import RFC_SECRET, at, take_admin_from_both, use_by_many
from tests.form_handler.staff.test_digest import MORNING, queue_by_many_workers, wish
from tests.form_handler.storage.test_search import WORDS
from tests.form_handler.storage.test_search import found as found_by
from tests.form_handler.storage.test_search import put as put_form
from tests.form_handler.survey.test_disclosure import publish_at_once
from tests.server import wait_until

pytestmark = pytest.mark.slow
NOW = datetime.datetime.now(datetime.UTC)
ANSWERS = {"company": "Beispielbetrieb", "email": "beispiel@example.org", "message": "Grüße حمص \u2028"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres.running() as url:
        yield url


@pytest.fixture
def settings(server: str, tmp_path: Path) -> Settings:
    """Settings with an empty database of its own."""
    name = "kim_" + uuid.uuid4().hex
    engine = sa.create_engine(server + "/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return read_settings({"KIM_DATA_DIR": str(tmp_path / "var"), "KIM_DATABASE_URL": f"{server}/{name}"})


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A database with the current schema."""
    database = Database(settings)
    upgrade(database)
    yield database
    database.engine.dispose()


def put(database: Database, settings: Settings, number: str | None = None, **more: Any) -> Any:
    """Store a submission with its two mails."""
    drafts = partial(submission_mails, settings, FORMS["participation"])
    return store_submission(database, number or str(uuid.uuid4()), "participation", "de", ANSWERS, drafts, NOW, **more)


def test_the_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    with database.read_connection() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    assert [change for change in found if "comment" not in str(change[0])] == []


def test_what_is_stored_comes_back_unchanged(database: Database, settings: Settings) -> None:
    put(database, settings)
    (found,) = list_submissions(database)
    assert dict(found.answers) == ANSWERS
    assert queries.search_submissions(database, queries.SubmissionFilter(text="grüße"))[1] == 1


def test_words_numbers_and_persons_are_found_in_every_spelling(database: Database, settings: Settings) -> None:
    for company, spellings in WORDS:
        mine = put_form(database, company=company, email="max@straße.example", phone="02041/70300")
        assert {query: found_by(database, query) for query in spellings} == {query: {mine} for query in spellings}
        for query in ("MAX@xn--strae-oqa.example", "+49 (0)2041 70-300", mine.lower().replace("-", " ")):
            assert [row.reference for row in search.find_exact(database, query)] == [mine], query
        for query in ("max@strasse.example", "%", "_@%", "70300\ud800"):
            assert search.find_exact(database, query) == [], query
        with database.transaction() as connection:
            recompute_search_columns(connection)
            connection.execute(submission.delete())


def test_the_same_number_and_the_same_answers_at_once_are_one_submission(
    database: Database, settings: Settings
) -> None:
    number = str(uuid.uuid4())
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda _: put(database, settings, number).reference, range(16)))
        tabs = list(pool.map(lambda _: put(database, settings, fingerprint="f" * 64).reference, range(16)))
    assert len(set(same)) == 1
    assert len(set(tabs)) == 1
    assert len(list_submissions(database)) == 2


def test_counting_from_many_threads_loses_no_count(database: Database) -> None:
    def one(_: int) -> None:
        for _attempt in range(20):
            with contextlib.suppress(sa.exc.IntegrityError), database.transaction() as connection:
                rate_limit.increment(connection, "send", "192.0.2.1", NOW)
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(24)))
    with database.read_connection() as connection:
        assert rate_limit.current_count(connection, "send", "192.0.2.1", NOW) == 24


def deliver(url: str, data_dir: str) -> None:
    """Be a mail worker in a process of its own."""
    settings = read_settings({"KIM_DATA_DIR": data_dir, "KIM_DATABASE_URL": url})
    deliver_due(Database(settings), settings, utc_now)


def test_four_workers_send_each_mail_once(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(30):
        put(database, settings)
    context = multiprocessing.get_context("spawn")
    folders = [str(tmp_path / f"worker{n}") for n in range(4)]
    workers = [context.Process(target=deliver, args=(settings.database_url, folder)) for folder in folders]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    sent = Counter(path.name for folder in folders for path in Path(folder).glob("mail/*.eml"))
    assert len(sent) == 60
    assert set(sent.values()) == {1}
    with database.read_connection() as connection:
        assert connection.execute(sa.select(outgoing_mail.c.state).distinct()).scalars().all() == ["sent"]


def test_a_worker_that_is_killed_while_it_works_loses_no_mail(database: Database, settings: Settings) -> None:
    for _ in range(40):
        put(database, settings)
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=deliver, args=(settings.database_url, str(settings.data_dir)))
    worker.start()
    wait_until(lambda: any(settings.mail_dir.glob("*.eml")), what="the first mail")
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    later = utc_now() + datetime.timedelta(hours=2)  # the claim of the killed worker has ended
    deliver_due(database, settings, lambda: later)
    assert len(list(settings.mail_dir.glob("*.eml"))) == 80


def test_a_backup_moves_from_sqlite_to_postgresql_and_back(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    small = read_settings({"KIM_DATA_DIR": str(tmp_path / "small")})
    source = Database(small)
    upgrade(source)
    for _ in range(3):
        put(source, small)
    accounts.add_account(source, "Probe", "ein-langes-passwort", NOW)
    write_backup(source, tmp_path / "one.zip")
    with database.transaction() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    restore_backup(database, tmp_path / "one.zip")
    require_current(database)
    put(database, settings)
    accounts.add_account(database, "Zweite", "ein-langes-passwort", NOW)
    write_backup(database, tmp_path / "two.zip")
    back = Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "back")}))
    restore_backup(back, tmp_path / "two.zip")
    assert len(list_submissions(back)) == 4
    assert [name for name, _ in accounts.list_accounts(back)] == ["probe", "zweite"]
    with back.read_connection() as connection:
        assert current_revision(connection) is not None
    for one in (source, back):
        one.engine.dispose()


def test_the_office_works_on_it(database: Database, settings: Settings) -> None:
    found = put(database, settings)
    actions.set_work(database, found, {"state": "answered"}, "probe", NOW)
    actions.add_note(database, found, "Notiz", "probe", NOW)
    assert queries.inbox_counts(database, NOW)["new"] == 0
    assert deletion.delete_submissions(database, [found.number], "probe", "erased", NOW) == 1
    with database.read_connection() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(submission)).scalar_one() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(outgoing_mail)).scalar_one() == 0


def guess(url: str, data_dir: str) -> int:
    """Guess eight times at once in a process of its own; return how often the password was looked at."""
    database = Database(read_settings({"KIM_DATA_DIR": data_dir, "KIM_DATABASE_URL": url}))

    def one(_: int) -> bool:
        try:
            accounts.log_in(database, "probe", "falsch-falsch-falsch", "192.0.2.1", NOW)
        except accounts.ThrottledError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(one, range(8)))


def test_of_parallel_guesses_in_two_processes_no_more_than_the_limit_reach_the_password(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    accounts.add_account(database, "Probe", "ein-langes-passwort", NOW)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        tries = [pool.submit(guess, settings.database_url, str(tmp_path / f"process{n}")) for n in range(2)]
        assert sum(one.result() for one in tries) == accounts.MAX_FAILURES_PER_NAME_AND_NETWORK


def test_of_colleagues_who_correct_the_same_answer_at_once_one_wins_and_the_others_are_told(
    database: Database, settings: Settings
) -> None:
    found = put(database, settings)

    def one(number: int) -> bool:
        try:
            corrections.update_answers(
                database, found, {**ANSWERS, "message": f"Text {number}"}, f"person{number}", NOW
            )
        except submissions.ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(one, range(8)))
    assert won.count(True) == 1
    (stored,) = list_submissions(database)
    assert stored.answers["message"] == f"Text {won.index(True)}"
    assert stored.version == 2


def test_colleagues_who_correct_different_answers_at_once_all_get_through(
    database: Database, settings: Settings
) -> None:
    found = put(database, settings)
    names = ["company", "message", "contact_name", "district", "languages", "reach_when"]

    def one(name: str) -> None:
        corrections.update_answers(database, found, {**ANSWERS, name: f"neu {name}"}, name, NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, names))
    (stored,) = list_submissions(database)
    assert {name: stored.answers[name] for name in names} == {name: f"neu {name}" for name in names}


def test_notes_and_a_deletion_at_once_lose_no_note_silently(database: Database, settings: Settings) -> None:
    found = put(database, settings)
    mark = deletion.work_digest(database, [found.number])

    def write(number: int) -> str:
        try:
            actions.add_note(database, found, f"Notiz {number}", "probe", NOW)
        except submissions.GoneError:
            return "given back"
        return "kept"

    def delete(_: int) -> str:
        try:
            return (
                f"deleted {deletion.delete_submissions(database, [found.number], 'zweite', 'erased', NOW, None, mark)}"
            )
        except submissions.ConflictError:
            return "asked again"

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(delete if number == 3 else write, number) for number in range(8)]
        results = {one.result() for one in done}
    assert results in ({"given back", "deleted 1"}, {"kept", "asked again"})


def test_a_nul_in_what_somebody_sends_is_no_fault_of_the_server(database: Database, settings: Settings) -> None:
    accounts.add_account(database, "Probe", "ein-langes-passwort", NOW)
    client = create_app(settings, database).test_client()
    page = client.get("/eingang/anmelden/", base_url="http://127.0.0.1").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]

    def log_in(name: str) -> int:
        data = {"csrf_token": token, "name": name, "password": "ein-langes-passwort"}
        return client.post("/eingang/anmelden/", data=data, base_url="http://127.0.0.1").status_code

    assert [log_in("a\x00b"), log_in("probe")] == [403, 303]
    for path, status in (
        ("?q=%00", 400),
        ("v/%00/", 404),
        ("person/?email=%00", 200),
        ("person/kopie.json?email=a%00", 404),
    ):
        assert client.get(f"/eingang/{path}", base_url="http://127.0.0.1").status_code == status, path


def test_one_database_is_created_kept_published_from_purged_and_moved(
    server: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CliRunner()
    monkeypatch.setenv("KIM_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("KIM_DATABASE_URL", settings.database_url)
    empty = run.invoke(main, ["users", "list"])
    assert empty.exit_code == 1
    assert f"There is no database at {settings.database_name}" in empty.output
    assert run.invoke(main, ["db", "init"]).exit_code == 0
    database = Database(settings)
    definition = FORMS["survey"]
    for number in range(MIN_BATCH_SIZE):
        answers = {**definition.answers(definition.form_class()), "done": ["job"] if number % 2 else ["none"]}
        stored = store_submission(database, str(uuid.uuid4()), "survey", "de", answers, lambda _s: [], NOW)
        decide(database, stored.reference, True, "probe", NOW)
    first = publish(database, tmp_path / "survey.yml", NOW)
    assert first.content["tables"]["done:job"] == {"yes": MIN_BATCH_SIZE // 2, "no": MIN_BATCH_SIZE // 2}
    assert run.invoke(main, ["backup", str(tmp_path / "kim.zip")]).exit_code == 0
    assert purge_if_due(database, settings, NOW) != []
    with pytest.raises(PurgeRefusedError):
        purge(database, settings, NOW + datetime.timedelta(days=4000))
    monkeypatch.delenv("KIM_DATABASE_URL")
    lost = run.invoke(main, ["users", "list"])
    assert lost.exit_code == 1
    assert f"belongs to the database {settings.database_name}" in lost.output
    assert not (settings.data_dir / "kim.sqlite3").exists()
    monkeypatch.setenv("KIM_DATA_DIR", str(tmp_path / "moved"))
    assert run.invoke(main, ["restore", str(tmp_path / "kim.zip")]).exit_code == 0
    back = Database(read_settings({"KIM_DATA_DIR": str(tmp_path / "moved")}))
    assert publish(back, tmp_path / "other.yml", NOW).content == first.content
    for one in (back, database):
        one.engine.dispose()


def test_several_workers_write_one_digest_and_one_alert(database: Database, settings: Settings) -> None:
    wish(database, digest=True, barrier_alert=True)
    put_form(database, "barrier", problem="x", email="b@example.org")
    with database.transaction() as connection:
        connection.execute(submission.update().values(received_at=MORNING))
    assert queue_by_many_workers(database, MORNING) == 2


def test_two_admins_at_once_leave_one_and_a_code_is_taken_once(database: Database, settings: Settings) -> None:
    for name in ("eins", "zwei"):
        accounts.add_account(database, name, "vierzig lila giraffen", NOW, ("admin",))
    ids = [one.id for one in administration.list_details(database)]
    assert take_admin_from_both(database, ids) == ["last-admin"]
    codes = second_factor.enable(
        database, settings.secret_keys, ids[0], "eins", RFC_SECRET, second_factor.totp_code(RFC_SECRET, 1), at(59)
    )
    assert codes is not None
    assert use_by_many(database, settings, ids[0], codes[0]) == [False, False, False, True]


def test_notes_are_found_and_results_are_taken_back(database: Database, settings: Settings, tmp_path: Path) -> None:
    reference = put_form(database, company="Müller", trade="crafts")
    row = find_by_reference(database, reference)
    assert row is not None
    actions.add_note(database, row, "Rückruf am Montag", "probe", NOW)
    assert found_by(database, "mueller ruckruf crafts") == {reference}
    for number in range(MIN_BATCH_SIZE):
        one = put_form(database, "survey", done=["job"], wanted=["german"] if number < 8 else [])
        decide(database, one, True, "probe", NOW)
    outcomes = publish_at_once(database, tmp_path / "survey.yml")
    assert set(outcomes) <= {str(MIN_BATCH_SIZE), "nothing new"}
    with database.read_connection() as connection:
        assert len(connection.execute(survey_batch.select()).all()) == 1, "at the same moment, counted once"
    assert withdraw(database, "probe", NOW)
    assert write_results(database, tmp_path / "survey.yml")
    assert not (tmp_path / "survey.yml").exists()


def test_a_day_in_the_inbox_works_as_on_sqlite(database: Database, settings: Settings) -> None:
    """List, assignment, answer, reply, joined entries, presence, drafts and views, then a backup and a purge of it all."""
    first, second = put(database, settings), put(database, settings)
    accounts.add_account(database, "probe", "ein-langes-passwort", NOW)
    day = datetime.date(2027, 1, 5)
    assert actions.set_work(database, first, {"assignee": "probe", "follow_up": day}, "probe", NOW) == ["assignee", "follow_up"]  # fmt: skip
    with pytest.raises(submissions.ConflictError):
        actions.set_work(database, first, {"assignee": "zweite"}, "zweite", NOW)
    draft = correspondence.Draft("ar", "رد", "مرحبا")
    correspondence.save_draft(database, first.number, 1, draft, NOW)
    for _click in range(2):
        correspondence.send_answer(database, first, 0, draft, "answered", "token", (1, "probe"), NOW)
    with pytest.raises(submissions.ConflictError):
        correspondence.send_answer(database, first, 0, draft, "answered", "other", (1, "probe"), NOW)
    correspondence.record_reply(database, first, draft, "phone", NOW, True, "reply", "probe", NOW)
    assert [row.direction for row in correspondence.list_messages(database, first.number)] == ["out", "in"]
    assert correspondence.find_draft(database, first.number, 1) is None
    assert [one.submission.number for one in related.find_related(database, first).related] == [second.number]
    related.link_entries(database, first, second, False, "probe", NOW)
    assert related.find_related(database, first).separated[0].number == second.number
    presence.note_presence(database, first.number, 1, True, NOW)
    assert [one.name for one in presence.list_colleagues(database, first.number, 2, NOW)] == ["probe"]
    saved_views.save_view(database, 1, "Meine", "assignee=me")
    for wanted, number in (
        (queries.SubmissionFilter(assignee="me", me="probe", state="open"), 1),
        (queries.SubmissionFilter(assignee="none"), 1),
        (queries.SubmissionFilter(due="overdue"), 0),
        (queries.SubmissionFilter(due="follow-up"), 0),
    ):
        assert queries.search_submissions(database, wanted)[1] == number, wanted
    rows, _total = queries.search_submissions(database, queries.SubmissionFilter())
    before, after = queries.find_neighbours(database, queries.SubmissionFilter(), (rows[0].work_key, rows[0].reference))
    assert (before, after) == (None, rows[1])
    with database.transaction() as connection:
        recompute_work_columns(connection, database.time_zone)
    assert queries.search_submissions(database, queries.SubmissionFilter())[0] == rows
    write_backup(database, settings.data_dir / "work.zip")
    deletion.delete_submissions(database, [first.number, second.number], "probe", "erased", NOW)
    with database.read_connection() as connection:
        for name in ("message", "answer_draft", "entry_link", "presence"):
            assert connection.execute(sa.select(metadata.tables[name])).all() == [], name
