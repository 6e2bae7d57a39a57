"""Mails to colleagues: a digest once a day, an alert for a barrier report, to whom they wish and nobody else."""

from __future__ import annotations

import dataclasses
import datetime
import email
import email.policy
import threading
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import change_roles
from form_handler.staff.inbox import actions, corrections
from form_handler.staff.persons import data_copy
from form_handler.staff.reports import digest
from form_handler.staff.reports.digest import Notifications, queue_account_mails, read_notifications, save_notifications
from form_handler.storage.database import Database
from form_handler.storage.tables import outgoing_mail, submission
from form_handler.worker.delivery import deliver_due
from form_handler.worker.mail_worker import run_once
from form_handler.worker.purge import purge, purge_if_due
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk, put

ZONE = ZoneInfo("Europe/Berlin")
MORNING = datetime.datetime.now(ZONE).replace(hour=8, minute=0, second=0, microsecond=0).astimezone(datetime.UTC)
DAY = datetime.timedelta(days=1)
MAIL = "anna@example.org"


def wish(database: Database, name: str = "anna", **wanted: bool) -> int:
    """Make an account that wishes mails; return its number."""
    accounts.add_account(database, name, PASSWORD, MORNING)
    who = accounts.account_by_name(database, name)
    assert who is not None
    save_notifications(database, who.id, Notifications(f"{name}@example.org", **wanted), MORNING - DAY)
    return who.id


def sent(settings: Settings, kind: str) -> list[EmailMessage]:
    """Return the mails of a kind that were written as files."""
    found = []
    for path in sorted(settings.mail_dir.glob(f"*-{kind}.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    return found


def queue_by_many_workers(database: Database, now: datetime.datetime) -> int:
    """Let four workers look for what is due at the same time; return how many mails they wrote."""
    written: list[int] = []
    threads = [threading.Thread(target=lambda: written.append(queue_account_mails(database, now))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(written) == 4
    return sum(written)


def test_the_digest_says_what_is_new_mine_and_overdue_and_names_nobody(database: Database, settings: Settings) -> None:
    wish(database, digest=True)
    new = put(database, settings, company="Geheimbetrieb", email="kunde@example.org")
    mine = put(database, settings, company="Zweitbetrieb", email="kunde@example.org")
    late = put(database, settings, "barrier", days=60, problem="Kein Kontrast", email="b@example.org")
    actions.set_work(database, mine, {"state": "in_work"}, "anna", MORNING)
    with database.transaction() as connection:
        connection.execute(submission.update().where(submission.c.number == mine.number).values(assignee="anna"))
    queue_account_mails(database, MORNING)
    deliver_due(database, settings, lambda: MORNING)
    (message,) = sent(settings, "digest")
    text = message.get_content().replace("\r\n", "\n")
    assert (message["To"], message["Subject"]) == (MAIL, "KIM-Eingang: 2 neu, 1 bei Ihnen, 1 überfällig")
    assert f"Überfällig: 1\n- {late.reference}, Eine Barriere melden" in text
    assert f"Bei Ihnen, noch offen: 1\n- {mine.reference}" in text
    assert new.reference in text
    assert "/eingang/konto/" in text
    for secret in ("Geheimbetrieb", "Zweitbetrieb", "kunde@", "Kontrast"):
        assert secret not in str(message), secret


def test_the_digest_announces_what_will_be_deleted_once_by_itself_and_then_beside_other_news(
    database: Database, settings: Settings
) -> None:
    wish(database, digest=True)
    old = put(database, settings, "callback", days=900, phone="02041 700000")
    actions.set_work(database, old, {"state": "closed"}, "anna", MORNING)
    purge_if_due(database, settings, MORNING - datetime.timedelta(hours=3))
    assert queue_account_mails(database, MORNING) == 1
    deliver_due(database, settings, lambda: MORNING)
    (message,) = sent(settings, "digest")
    text = message.get_content().replace("\r\n", "\n")
    assert f"Werden in den nächsten zwei Wochen gelöscht, weil die Frist abläuft: 1\n- {old.reference}" in text
    assert queue_account_mails(database, MORNING + DAY) == 0, "it was told"
    put(database, settings, company="B", email="a@example.org")
    assert queue_account_mails(database, MORNING + 2 * DAY) == 1


def test_a_digest_comes_once_a_day_from_seven_o_clock_also_with_several_workers(
    database: Database, settings: Settings
) -> None:
    wish(database, digest=True)
    put(database, settings, company="B", email="a@example.org")
    assert queue_account_mails(database, MORNING - datetime.timedelta(hours=2)) == 0, "six o'clock"
    assert queue_by_many_workers(database, MORNING) == 1
    assert queue_account_mails(database, MORNING + datetime.timedelta(hours=15, minutes=30)) == 0, (
        "half past eleven at night"
    )
    assert queue_by_many_workers(database, MORNING + DAY) == 1
    with database.read_connection() as connection:
        query = sa.select(outgoing_mail.c.message).where(outgoing_mail.c.kind == "digest")
        days = connection.execute(query.order_by(outgoing_mail.c.id)).scalars().all()
    assert len(set(days)) == 2


def test_without_anything_to_tell_and_for_a_closed_account_none_comes(database: Database, settings: Settings) -> None:
    wish(database, digest=True)
    assert queue_account_mails(database, MORNING) == 0
    put(database, settings, company="B", email="a@example.org")
    accounts.set_active(database, "anna", False)
    assert queue_account_mails(database, MORNING + DAY) == 0
    accounts.set_active(database, "anna", True)
    change_roles(database, "anna", [], ["inbox"], "probe", MORNING)
    assert queue_account_mails(database, MORNING + DAY) == 0, "may not read the inbox"
    change_roles(database, "anna", ["inbox"], [], "probe", MORNING)
    assert queue_account_mails(database, MORNING + DAY) == 1


def test_what_has_changed_until_it_is_sent_is_told_or_not_sent(database: Database, settings: Settings) -> None:
    wish(database, digest=True)
    found = put(database, settings, company="B", email="a@example.org")
    assert queue_account_mails(database, MORNING) == 1
    actions.set_work(database, found, {"state": "closed"}, "anna", MORNING)
    deliver_due(database, settings, lambda: MORNING)
    assert sent(settings, "digest") == []
    with database.read_connection() as connection:
        kinds = connection.execute(sa.select(outgoing_mail.c.kind)).scalars().all()
    assert "digest" not in kinds


def test_a_barrier_report_is_told_at_once_and_once_and_not_while_it_is_held(
    database: Database, settings: Settings
) -> None:
    put(database, settings, "barrier", days=1, problem="Alt", email="b@example.org")
    wish(database, barrier_alert=True)
    wish(database, "bert", digest=True)
    assert queue_account_mails(database, MORNING - datetime.timedelta(hours=4)) == 0, "what came before is no news"
    report = put(database, settings, "barrier", problem="Geheim", email="b@example.org")
    held = put(database, settings, "barrier", held=True, problem="Spam", email="b@example.org")
    put(database, settings, company="B", email="a@example.org")
    night = MORNING - datetime.timedelta(hours=5)
    assert queue_by_many_workers(database, night) == 1
    deliver_due(database, settings, lambda: datetime.datetime.now(datetime.UTC) + DAY)
    (message,) = sent(settings, "alert")
    assert message["Subject"] == f"{report.reference}: Eine Barriere wurde gemeldet"
    assert (message["To"], "Geheim" in str(message)) == (MAIL, False)
    assert queue_account_mails(database, night) == 0
    actions.accept_held(database, held, "probe", MORNING)
    assert queue_account_mails(database, night) == 1


def test_an_alert_is_no_mail_to_the_sender_and_in_no_copy_for_them(
    app: Flask, database: Database, settings: Settings
) -> None:
    wish(database, barrier_alert=True)
    report = put(database, settings, "barrier", problem="x", email="b@example.org")
    queue_account_mails(database, MORNING - datetime.timedelta(hours=5))
    corrections.update_answers(database, report, {**report.answers, "email": "neu@example.org"}, "probe", MORNING)
    with database.read_connection() as connection:
        query = sa.select(outgoing_mail.c.recipient).where(outgoing_mail.c.kind == "alert")
        assert connection.execute(query).scalars().all() == [MAIL]
    copy = str(data_copy.copy_person_data(database, settings, [report], MORNING))
    assert MAIL not in copy


def test_old_mails_to_colleagues_are_deleted_with_the_purge(database: Database, settings: Settings) -> None:
    wish(database, digest=True)
    put(database, settings, company="B", email="a@example.org")
    queue_account_mails(database, MORNING)
    deliver_due(database, settings, lambda: MORNING)
    purge(database, settings, MORNING + 20 * DAY)
    with database.read_connection() as connection:
        count = sa.select(sa.func.count()).select_from(outgoing_mail).where(outgoing_mail.c.kind == "digest")
        assert connection.execute(count).scalar_one() == 1
    purge(database, settings, MORNING + 40 * DAY)
    with database.read_connection() as connection:
        assert connection.execute(count).scalar_one() == 0


def test_a_digest_that_no_server_takes_is_tried_again_and_listed(
    app: Flask, database: Database, settings: Settings
) -> None:
    wish(database, digest=True)
    put(database, settings, company="B", email="a@example.org")
    broken = dataclasses.replace(settings, smtp_url="smtp://127.0.0.1:1")
    queue_account_mails(database, MORNING)
    deliver_due(database, broken, lambda: MORNING)
    clerk = Clerk(app)
    clerk.log_in("anna")
    assert "Überblick an eine Person im Büro" in clerk.get("mails/").text
    later = MORNING + datetime.timedelta(hours=1)
    deliver_due(database, settings, lambda: later)
    assert len(sent(settings, "digest")) == 1


def test_the_worker_writes_and_sends_in_one_run(database: Database, settings: Settings) -> None:
    wish(database, barrier_alert=True)
    put(database, settings, "barrier", problem="x", email="b@example.org")
    run_once(database, settings)
    assert len(sent(settings, "alert")) == 1


@pytest.mark.parametrize(
    "address", ["", "keine", "a@b", "a@example.org\nBcc: x@example.org", "x" * 400 + "@example.org"]
)
def test_a_wrong_address_is_refused_and_kept_in_the_field(app: Flask, database: Database, address: str) -> None:
    accounts.add_account(database, "anna", PASSWORD, MORNING)
    clerk = Clerk(app)
    clerk.log_in("anna")
    answer = clerk.post("konto/benachrichtigungen", "konto/", mail=address, digest="yes")
    assert answer.status_code == 422
    assert read_notifications(database, 1) == Notifications()


def test_a_clerk_turns_mails_on_and_off(app: Flask, database: Database, settings: Settings) -> None:
    accounts.add_account(database, "anna", PASSWORD, MORNING)
    clerk = Clerk(app)
    clerk.log_in("anna")
    assert (
        clerk.post("konto/benachrichtigungen", "konto/", mail=f" {MAIL} ", digest="yes", alert="yes").status_code == 303
    )
    assert read_notifications(database, 1) == Notifications(MAIL, True, True)
    put(database, settings, company="B", email="a@example.org")
    queue_account_mails(database, MORNING)
    assert clerk.post("konto/benachrichtigungen", "konto/", mail="").status_code == 303
    assert read_notifications(database, 1) == Notifications()
    with database.read_connection() as connection:
        query = sa.select(outgoing_mail.c.id).where(outgoing_mail.c.account_id == 1)
        assert connection.execute(query).all() == [], "what waited is gone"
    assert digest.DIGEST_HOUR == 7
