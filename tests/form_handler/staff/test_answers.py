"""Answering inside an entry: in the sender's language, looked at first, sent once, kept in the history; replies entered by hand."""

from __future__ import annotations

import datetime
import email
import email.policy
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.datastructures import MultiDict

from form_handler.settings import Settings
from form_handler.staff.inbox import correspondence, queries
from form_handler.staff.persons import data_copy
from form_handler.storage import deletion
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, confirm_email
from form_handler.storage.tables import answer_draft, message, outgoing_mail
from form_handler.worker.delivery import deliver_due
from tests.form_handler.staff.test_concurrent_edits import colleague, fields, here, idle, now_stored, send
from tests.form_handler.staff.test_staff_area import NOW, Clerk, clerk, put

__all__ = ["clerk"]
QUESTION = "مرحبا\nأريد أن أعمل"


@pytest.fixture
def entry(database: Database, settings: Settings) -> Submission:
    return put(database, settings, "callback", days=1, name="Nur Beispiel", email="nur@example.org", topic="work", message=QUESTION)  # fmt: skip


def write(clerk: Clerk, entry: Submission, query: str = "", **changes: str) -> MultiDict[str, str]:
    """Open the page of the answer and return the fields of its form, changed."""
    path = f"{here(entry)}antwort/"
    found = fields(clerk.get(f"v/{entry.reference}/antwort/{query}"), path)
    for name, value in changes.items():
        found[name] = value
    return found


def preview(clerk: Clerk, entry: Submission, form: MultiDict[str, str]) -> MultiDict[str, str]:
    """Send the form of the answer and return the fields of the preview's form."""
    shown = send(clerk, f"{here(entry)}antwort/", form, step="preview")
    assert shown.status_code == 200, shown.text
    return fields(shown, f"{here(entry)}antwort/senden")


def outgoing(database: Database, settings: Settings) -> list[EmailMessage]:
    """Deliver everything into files; return the answers among them."""
    deliver_due(database, settings, lambda: NOW + datetime.timedelta(days=1))
    found = []
    for file in sorted(settings.mail_dir.glob("*answer-*.eml")):
        parsed = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        found.append(parsed)
    return found


def test_an_answer_begins_with_reference_greeting_template_and_question_in_the_chosen_language(
    clerk: Clerk, entry: Submission
) -> None:
    page = clerk.get(f"v/{entry.reference}/antwort/?sprache=ar&vorlage=not-reached")
    soup = BeautifulSoup(page.text, "html.parser")
    text = soup.find("textarea", id="body")
    assert text is not None
    assert (text["dir"], text["lang"]) == ("rtl", "ar")
    for words in (
        entry.reference,
        "مرحباً Nur Beispiel،",
        "حاولنا الاتصال بكم",
        "مع أطيب التحيات",
        "> مرحبا\n> أريد أن أعمل",
    ):
        assert words in text.text, words
    own = clerk.get(f"v/{entry.reference}/antwort/").text
    assert "Türkçe" in own, "the sender's language is shown"
    assert 'lang="tr" dir="ltr"' in own, "and the answer begins in it"


def test_an_answer_is_looked_at_then_sent_once_with_a_stable_identity(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission
) -> None:
    form = preview(clerk, entry, write(clerk, entry, "?sprache=ar", subject="ردّ", body="أهلاً\n<b>Absatz</b> & mehr"))
    assert now_stored(database, entry).state == "new", "a preview sends nothing"
    for _click in range(3):
        assert send(clerk, f"{here(entry)}antwort/senden", form).status_code == 303
    (mail,) = outgoing(database, settings)
    assert mail["Message-ID"] == f"<{entry.number}.answer-1@example.org>"
    assert mail["References"] == mail["In-Reply-To"] == f"<{entry.number}.copy@example.org>"
    assert (mail["To"], mail["Subject"], mail["Content-Language"]) == ("nur@example.org", "ردّ", "ar")
    assert settings.office_mail in mail["Reply-To"]
    assert "Auto-Submitted" not in mail, "an answer is written by a person"
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith("أهلاً\n<b>Absatz</b> & mehr")
    assert "\n-- \n" in text
    stored = now_stored(database, entry)
    assert (stored.state, stored.answered_at is not None) == ("answered", True)
    page = clerk.get(f"v/{entry.reference}/").text
    assert "&lt;b&gt;Absatz" in page
    assert "hat eine Antwort gesendet" in page


def test_a_second_answer_continues_the_conversation(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission
) -> None:
    for text in ("Eins", "Zwei"):
        form = preview(clerk, entry, write(clerk, entry, body=text, outcome="in_work"))
        send(clerk, f"{here(entry)}antwort/senden", form)
    first, second = outgoing(database, settings)
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["References"].split() == [f"<{entry.number}.copy@example.org>", first["Message-ID"]]
    assert now_stored(database, entry).state == "in_work"


def test_two_answers_at_once_are_shown_to_the_second_clerk_and_none_is_lost(
    clerk: Clerk, app: Flask, database: Database, settings: Settings, entry: Submission
) -> None:
    other = colleague(app, database)
    mine = preview(clerk, entry, write(clerk, entry, body="Meine Antwort"))
    theirs = preview(other, entry, write(other, entry, body="Ihre Antwort"))
    assert send(other, f"{here(entry)}antwort/senden", theirs).status_code == 303
    asked = send(clerk, f"{here(entry)}antwort/senden", mine)
    assert asked.status_code == 409
    assert "Ihre Antwort" in asked.text
    assert "Meine Antwort" in asked.text
    assert len(correspondence.list_messages(database, entry.number)) == 1
    assert send(clerk, f"{here(entry)}antwort/senden", fields(asked, f"{here(entry)}antwort/senden")).status_code == 303
    assert [row.text for row in correspondence.list_messages(database, entry.number)] == [
        "Ihre Antwort",
        "Meine Antwort",
    ]


def test_a_draft_is_kept_for_its_author_and_named_to_others(
    clerk: Clerk, app: Flask, database: Database, entry: Submission
) -> None:
    form = write(clerk, entry, body="Halb fertig")
    assert send(clerk, f"{here(entry)}antwort/entwurf", form).status_code == 204
    assert write(clerk, entry)["body"].strip() == "Halb fertig"
    other = colleague(app, database)
    assert "Eine Antwort begonnen: probe" in other.get(f"v/{entry.reference}/").text
    assert "Halb fertig" not in write(other, entry)["body"]
    form = fields(clerk.get(f"v/{entry.reference}/antwort/"), f"{here(entry)}antwort/verwerfen")
    assert send(clerk, f"{here(entry)}antwort/verwerfen", form).status_code == 303
    assert "gelöscht" in clerk.get(f"v/{entry.reference}/").text
    assert correspondence.find_draft(database, entry.number, 1) is None


@pytest.mark.parametrize("step", ["", "senden"])
def test_an_answer_survives_the_end_of_the_session(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission, step: str
) -> None:
    form = write(clerk, entry, body="Lange überlegt.\nمرحبا")
    form = preview(clerk, entry, form) if step else form
    correspondence.delete_draft(database, entry.number, 1)
    idle(database)
    path = f"{here(entry)}antwort/{step}"
    assert send(clerk, path, form).status_code == 303
    assert correspondence.list_messages(database, entry.number) == []
    assert clerk.log_in().location == "/eingang/ungesendet/"
    kept = fields(clerk.get("ungesendet/"), path)
    assert kept["body"].replace("\r\n", "\n") == "Lange überlegt.\nمرحبا"
    assert send(clerk, path, kept).status_code == (303 if step else 200)
    assert len(correspondence.list_messages(database, entry.number)) == bool(step)


def test_a_reply_opens_the_entry_again_with_a_new_due_day_or_closes_it(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission
) -> None:
    zone = settings.time_zone
    send(clerk, f"{here(entry)}antwort/senden", preview(clerk, entry, write(clerk, entry, body="Antwort")))
    assert queries.deadlines(now_stored(database, entry), NOW, zone).answer_by is None
    path = f"{here(entry)}rueckmeldung/"
    form = fields(clerk.get(f"v/{entry.reference}/rueckmeldung/"), path)
    for _click in range(2):
        assert send(clerk, path, form, body="شكراً، متى؟", channel="mail", wants_answer="1").status_code == 303
    stored = now_stored(database, entry)
    due = queries.deadlines(stored, NOW, zone).answer_by
    assert stored.state == "in_work"
    assert due == datetime.datetime.now(zone).date() + datetime.timedelta(days=7)
    assert "متى؟" in clerk.get(f"v/{entry.reference}/").text
    form = fields(clerk.get(f"v/{entry.reference}/rueckmeldung/"), path)
    assert send(clerk, path, form, body="Danke!", channel="phone", wants_answer="0").status_code == 303
    assert now_stored(database, entry).state == "closed"
    assert [row.direction for row in correspondence.list_messages(database, entry.number)] == ["out", "in", "in"]


@pytest.mark.parametrize(
    "changes",
    [
        {"body": ""},
        {"body": "x" * 10_001},
        {"came_at": "2099-01-01T10:00"},
        {"came_at": "1999-01-01T10:00"},
        {"came_at": "gestern"},
        {"channel": "taube"},
        {"wants_answer": ""},
    ],
)
def test_a_wrong_reply_is_refused_and_nothing_typed_is_lost(
    clerk: Clerk, database: Database, entry: Submission, changes: dict[str, str]
) -> None:
    path = f"{here(entry)}rueckmeldung/"
    form = fields(clerk.get(f"v/{entry.reference}/rueckmeldung/"), path)
    answer = send(clerk, path, form, **{"body": "Ein Text", "wants_answer": "1", **changes})
    assert answer.status_code == 422
    if "body" not in changes:
        assert "Ein Text" in answer.text
    assert correspondence.list_messages(database, entry.number) == []


@pytest.mark.parametrize("changes", [{"subject": ""}, {"subject": "x" * 151}, {"body": " \n"}, {"body": "x" * 10_001}])
def test_a_wrong_answer_is_refused_and_nothing_typed_is_lost(
    clerk: Clerk, database: Database, entry: Submission, changes: dict[str, str]
) -> None:
    answer = send(clerk, f"{here(entry)}antwort/", write(clerk, entry, body="Ein Text"), **changes)
    assert answer.status_code == 422
    if "body" not in changes:
        assert "Ein Text" in answer.text


def test_a_subject_cannot_bring_in_a_header(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission
) -> None:
    form = write(clerk, entry, subject="Hallo\r\nBcc: fremd@example.org", body="Text \x00 mehr")
    send(clerk, f"{here(entry)}antwort/senden", preview(clerk, entry, form))
    (mail,) = outgoing(database, settings)
    assert mail["Bcc"] is None
    assert "Bcc" in mail["Subject"]


def test_without_address_or_as_spam_there_is_no_answer(clerk: Clerk, database: Database, settings: Settings) -> None:
    silent = put(database, settings, "callback", phone="02041 700000", name="Nur Telefon")
    held = put(database, settings, "callback", held=True, email="a@example.org")
    for found in (silent, held):
        assert f"{here(found)}antwort/" not in clerk.get(f"v/{found.reference}/").text
        assert clerk.get(f"v/{found.reference}/antwort/").status_code == 422
    assert 'href="tel:+492041700000"' in clerk.get(f"v/{silent.reference}/").text


def test_an_interim_notice_by_mail_counts_and_the_answer_stays_due(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = put(database, settings, "barrier", days=13, problem="x", email="a@example.org")
    form = preview(clerk, found, write(clerk, found, "?vorlage=barrier-interim", outcome="interim"))
    send(clerk, f"{here(found)}antwort/senden", form)
    stored = now_stored(database, found)
    due = queries.deadlines(stored, NOW, settings.time_zone)
    assert (stored.state, stored.interim_at is not None) == ("in_work", True)
    assert (due.interim_by, due.answer_by is not None) == (None, True)


def test_a_corrected_address_takes_an_unsent_answer_along(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission
) -> None:
    send(clerk, f"{here(entry)}antwort/senden", preview(clerk, entry, write(clerk, entry, body="Antwort")))
    path = f"{here(entry)}berichtigen"
    form = fields(clerk.get(f"v/{entry.reference}/berichtigen"), path)
    assert send(clerk, path, form, email="neu@example.org").status_code == 303
    (mail,) = outgoing(database, settings)
    assert mail["To"] == "neu@example.org"


def test_the_persons_copy_holds_answers_replies_and_drafts_and_names_no_colleague(
    clerk: Clerk, database: Database, settings: Settings, entry: Submission
) -> None:
    confirm_email(database, entry, NOW)
    send(clerk, f"{here(entry)}antwort/senden", preview(clerk, entry, write(clerk, entry, body="Unsere Antwort")))
    path = f"{here(entry)}rueckmeldung/"
    form = fields(clerk.get(f"v/{entry.reference}/rueckmeldung/"), path)
    send(clerk, path, form, body="Ihre Rückmeldung", wants_answer="1")
    send(clerk, f"{here(entry)}antwort/entwurf", write(clerk, entry, body="Noch im Entwurf"))
    state = fields(clerk.get(f"v/{entry.reference}/"), f"{here(entry)}stand")
    send(clerk, f"{here(entry)}stand", state, assignee="probe", follow_up="2027-01-15")
    with clerk.client.application.test_request_context():
        copy = data_copy.as_json(
            data_copy.copy_person_data(database, settings, [now_stored(database, entry)], NOW)
        ).decode()
    for words in ("Unsere Antwort", "Ihre Rückmeldung", "Noch im Entwurf", "15. Januar 2027"):
        assert words in copy, words
    assert "probe" not in copy


def test_deleting_an_entry_deletes_its_correspondence(clerk: Clerk, database: Database, settings: Settings, entry: Submission) -> None:  # fmt: skip
    send(clerk, f"{here(entry)}antwort/senden", preview(clerk, entry, write(clerk, entry, body="Antwort")))
    send(clerk, f"{here(entry)}antwort/entwurf", write(clerk, entry, body="Entwurf"))
    outgoing(database, settings)
    deletion.delete_submissions(database, [entry.number], "probe", "erased", NOW, settings.mail_dir)
    with database.read_connection() as connection:
        for table in (message, answer_draft, outgoing_mail):
            assert connection.execute(table.select()).all() == [], table.name
    assert list(settings.mail_dir.glob("*.eml")) == []
