"""Two at the same entry, an hour idle, an entry deleted meanwhile: nobody's text or decision is lost silently."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from form_handler.settings import Settings
from form_handler.staff import saved_forms
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import actions, corrections, queries, quotations
from form_handler.staff.saved_forms import MAX_PER_ACCOUNT, RETENTION
from form_handler.storage import deletion, submissions
from form_handler.storage.database import Database
from form_handler.storage.submissions import OutgoingMail, Submission, confirm_email, find_by_reference
from form_handler.storage.tables import account, event, note, outgoing_mail, saved_form, staff_session, submission
from form_handler.worker.delivery import deliver_due, deliver_next
from tests.form_handler.staff.test_staff_area import NOW, PASSWORD, Clerk, clerk, put

__all__ = ["clerk"]
TEXT = "Angerufen, Rückruf am Montag.\nBraucht <Unterlagen> & „Zeit“."


def fields(page: TestResponse, action: str) -> MultiDict[str, str]:
    """Return the fields of the form with this action, as a browser would send them."""
    form = BeautifulSoup(page.text, "html.parser").find("form", action=action)
    assert form is not None, (action, page.status_code, page.text[-3000:])
    found: MultiDict[str, str] = MultiDict()
    for tag in form.find_all(["input", "textarea", "select"]):
        kind = tag.get("type", "text")
        if kind in {"radio", "checkbox"} and not tag.has_attr("checked"):
            continue
        if tag.name == "select":
            chosen = tag.find("option", selected=True) or tag.find("option")
            found.add(str(tag["name"]), str(chosen["value"]))
        else:
            text = tag.text.removeprefix("\n") if tag.name == "textarea" else str(tag.get("value", ""))
            found.add(str(tag["name"]), text)
    return found


def send(clerk: Clerk, path: str, data: MultiDict[str, str], **changes: str) -> TestResponse:
    """Send a form with some of its fields changed."""
    for name, value in changes.items():
        data[name] = value
    return clerk.client.post(path, data=data, base_url="http://127.0.0.1")


def idle(database: Database) -> None:
    """Let an hour pass in which nobody does anything."""
    with database.transaction() as connection:
        connection.execute(staff_session.update().values(seen_at=NOW - datetime.timedelta(minutes=61)))


def colleague(app: Flask, database: Database, name: str = "Zweite") -> Clerk:
    """Somebody else of the office, logged in."""
    accounts.add_account(database, name, PASSWORD, NOW)
    one = Clerk(app)
    assert one.log_in(name.casefold()).status_code == 303
    return one


@pytest.fixture
def entry(database: Database, settings: Settings) -> Submission:
    """An entry with a copy for its sender."""
    return put(
        database, settings, company="Beispiel", email="alt@example.org", contact_name="Erste Person", message="Text"
    )


def here(found: Submission) -> str:
    return f"/eingang/v/{found.reference}/"


def now_stored(database: Database, found: Submission) -> Submission:
    stored = find_by_reference(database, found.reference)
    assert stored is not None
    return stored


def texts(database: Database) -> list[str]:
    with database.read_connection() as connection:
        return [row.text for row in connection.execute(note.select().order_by(note.c.id))]


# --- through the log-in -------------------------------------------------------------------------------------------


def test_a_note_sent_after_the_idle_hour_is_kept_through_the_log_in(clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    path = here(entry) + "notiz"
    note_form = fields(clerk.get(f"v/{entry.reference}/"), path)
    idle(database)
    sent = send(clerk, path, note_form, note=TEXT)
    assert sent.status_code == 303
    log_in = clerk.client.get(sent.location, base_url="http://127.0.0.1")
    assert "aufgehoben" in log_in.text
    assert "Angerufen" not in log_in.text, "who is at the browser is not known"
    assert texts(database) == []
    assert clerk.log_in().location == "/eingang/ungesendet/"
    page = clerk.get("ungesendet/")
    assert fields(page, path)["note"].replace("\r\n", "\n") == TEXT
    assert texts(database) == [], "nothing is done by itself"
    assert "noch nicht gesendet" in clerk.get().text
    assert send(clerk, path, fields(page, path), csrf_token="alt").status_code == 403
    assert send(clerk, path, fields(page, path)).status_code == 303
    assert texts(database) == [TEXT]
    assert saved_forms.list_saved_forms(database, 1, NOW) == []
    assert clerk.post("abmelden/").status_code == 303
    assert clerk.log_in().location == "/eingang/"


def test_another_user_who_logs_in_does_not_get_what_was_kept(clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    accounts.add_account(database, "Zweite", PASSWORD, NOW)
    path = here(entry) + "notiz"
    note_form = fields(clerk.get(f"v/{entry.reference}/"), path)
    idle(database)
    send(clerk, path, note_form, note=TEXT)
    assert clerk.log_in("zweite").location == "/eingang/"
    assert "Angerufen" not in clerk.get("ungesendet/").text
    later = send(clerk, path, note_form, note=TEXT + " Zwei.")
    assert later.status_code == 403, "a page of the first account in the session of the second"
    assert "Angerufen" not in later.text
    assert texts(database) == []
    clerk.post("abmelden/")
    clerk.log_in()
    assert clerk.get("ungesendet/").text.count("Angerufen") == 2


def test_a_correction_and_a_state_are_kept_too_and_their_log_in_leads_to_a_page(clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    page = clerk.get(f"v/{entry.reference}/berichtigen")
    correction, state = here(entry) + "berichtigen", here(entry) + "stand"
    first, second = fields(page, correction), fields(clerk.get(f"v/{entry.reference}/"), state)
    with database.transaction() as connection:
        connection.execute(staff_session.delete())  # as after twelve hours, or with a new password
    for path, data, change in ((correction, first, {"company": "Richtig"}), (state, second, {"state": "answered"})):
        sent = send(clerk, path, data, **change)
        assert sent.status_code == 303
        assert "weiter=%2Feingang%2Fv%2F" in sent.location
    clerk.log_in()
    assert clerk.get(f"v/{entry.reference}/").status_code == 200
    page = clerk.get("ungesendet/")
    for path in (correction, state):
        assert send(clerk, path, fields(page, path)).status_code == 303
    stored = now_stored(database, entry)
    assert (stored.answers["company"], stored.answers["contact_name"], stored.state) == (
        "Richtig",
        "Erste Person",
        "answered",
    )


@pytest.mark.parametrize(
    ("target", "page"),
    [("v/KIM-222222/notiz", "/eingang/v/KIM-222222/"), ("v/KIM-222222/stand", "/eingang/v/KIM-222222/"), ("gibt-es-nicht", "/eingang/"),
     ("abmelden/", "/eingang/"), ("anmelden/", "/eingang/"), ("anbieter/zurueck", "/eingang/"), ("person", "/eingang/"),
     ("zahlen/?state=new", "/eingang/zahlen/?state=new"), ("ungesendet/verwerfen", "/eingang/"), ("?q=" + "x" * 2000, "/eingang/")],
)  # fmt: skip
def test_the_log_in_leads_to_a_page_that_is_there(clerk: Clerk, target: str, page: str) -> None:
    response = clerk.client.get(
        "/eingang/anmelden/", query_string={"weiter": "/eingang/" + target}, base_url="http://127.0.0.1"
    )
    assert response.location == page


def test_the_address_of_a_button_leads_to_its_entry(clerk: Clerk, entry: Submission) -> None:
    for step in ("notiz", "stand", "zitat", "freigeben", "mails", "zwischennachricht"):
        assert clerk.get(f"v/{entry.reference}/{step}").location == here(entry)


def test_without_a_known_writer_the_text_is_given_back_and_not_kept(app: Flask, database: Database, entry: Submission) -> None:  # fmt: skip
    response = Clerk(app).post(f"v/{entry.reference}/notiz", "anmelden/", note=TEXT)
    assert response.status_code == 403
    assert "&lt;Unterlagen&gt;" in response.text
    with database.read_connection() as connection:
        assert connection.execute(saved_form.select()).all() == []


def test_what_is_kept_has_an_owner_a_number_and_an_end(database: Database) -> None:
    for name in ("Probe", "Zweite"):
        accounts.add_account(database, name, None, NOW)
    assert saved_forms.save_form(database, 1, "/eingang/x", [("note", "a")], NOW)
    assert saved_forms.save_form(database, 1, "/eingang/x", [("note", "a")], NOW), "the same again is kept once"
    (one,) = saved_forms.list_saved_forms(database, 1, NOW)
    assert saved_forms.list_saved_forms(database, 2, NOW) == []
    saved_forms.delete_saved_form(database, 2, one.id)
    assert saved_forms.list_saved_forms(database, 1, NOW) == [one]
    for number in range(MAX_PER_ACCOUNT):
        full = saved_forms.save_form(database, 1, "/eingang/x", [("note", str(number))], NOW)
    assert not full
    assert saved_forms.list_saved_forms(database, 1, NOW + RETENTION) == []
    saved_forms.save_form(database, 2, "/eingang/x", [("note", "a")], NOW + RETENTION * 2)
    assert saved_forms.list_saved_forms(database, 1, NOW) == [], "deleted"


# --- two at one entry ---------------------------------------------------------------------------------------------


def test_a_state_is_not_set_back_silently(app: Flask, clerk: Clerk, database: Database, entry: Submission) -> None:
    other, path = colleague(app, database), here(entry) + "stand"
    mine = fields(clerk.get(f"v/{entry.reference}/"), path)
    assert send(other, path, fields(other.get(f"v/{entry.reference}/"), path), state="answered").status_code == 303
    conflict = send(clerk, path, mine, state="in_work")
    assert conflict.status_code == 409
    for words in ("zweite", "beantwortet", "in Arbeit", "neu"):
        assert words in conflict.text
    assert now_stored(database, entry).state == "answered"
    assert send(clerk, path, fields(conflict, path)).status_code == 303, "the clerk has decided"
    assert now_stored(database, entry).state == "in_work"


def test_the_same_state_from_two_and_a_state_beside_a_correction_are_no_conflict(app: Flask, clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    other, state, correction = colleague(app, database), here(entry) + "stand", here(entry) + "berichtigen"
    mine = fields(clerk.get(f"v/{entry.reference}/"), state)
    again = mine.copy()
    other_form = fields(other.get(f"v/{entry.reference}/berichtigen"), correction)
    assert send(other, correction, other_form, company="Richtig").status_code == 303
    assert send(clerk, state, mine, state="answered").status_code == 303
    assert send(clerk, state, again, state="answered").status_code == 303
    stored = now_stored(database, entry)
    assert (stored.state, stored.answers["company"]) == ("answered", "Richtig")
    with database.read_connection() as connection:
        assert [row.kind for row in connection.execute(event.select().order_by(event.c.id))] == ["corrected", "state"]


def test_corrections_of_different_answers_are_merged(app: Flask, clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    other, path = colleague(app, database), here(entry) + "berichtigen"
    mine = fields(clerk.get(f"v/{entry.reference}/berichtigen"), path)
    assert send(other, path, fields(other.get(f"v/{entry.reference}/berichtigen"), path), contact_name="Zweite Person").status_code == 303  # fmt: skip
    assert send(clerk, path, mine, company="Richtig").status_code == 303
    stored = now_stored(database, entry)
    assert (stored.answers["contact_name"], stored.answers["company"]) == ("Zweite Person", "Richtig")


def test_corrections_of_the_same_answer_are_shown_side_by_side_and_nothing_is_chosen(app: Flask, clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    other, path = colleague(app, database), here(entry) + "berichtigen"
    mine = fields(clerk.get(f"v/{entry.reference}/berichtigen"), path)
    send(
        other, path, fields(other.get(f"v/{entry.reference}/berichtigen"), path), contact_name="Von Zwei", message="Neu"
    )
    conflict = send(clerk, path, mine, contact_name="Von Eins", company="Richtig")
    assert conflict.status_code == 409
    for words in ("Erste Person", "Von Zwei", "Von Eins", "zweite"):
        assert words in conflict.text
    assert now_stored(database, entry).answers["contact_name"] == "Von Zwei"
    form = fields(conflict, path)
    assert "_take_contact_name" not in form, "neither is chosen beforehand"
    unchosen = send(clerk, path, form)
    assert unchosen.status_code == 409
    assert "Von Eins" in unchosen.text
    assert send(clerk, path, fields(unchosen, path), _take_contact_name="mine").status_code == 303
    stored = now_stored(database, entry)
    assert (stored.answers["contact_name"], stored.answers["company"], stored.answers["message"]) == ("Von Eins", "Richtig", "Neu")  # fmt: skip


def test_theirs_can_be_chosen_and_a_third_change_is_shown_again(app: Flask, clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    path = here(entry) + "berichtigen"
    mine = fields(clerk.get(f"v/{entry.reference}/berichtigen"), path)
    stored = now_stored(database, entry)
    corrections.update_answers(database, stored, {**stored.answers, "contact_name": "Von Zwei"}, "zweite", NOW)
    conflict = send(clerk, path, mine, contact_name="Von Eins", company="Richtig")
    stored = now_stored(database, entry)
    corrections.update_answers(database, stored, {**stored.answers, "contact_name": "Von Drei"}, "dritte", NOW)
    again = send(clerk, path, fields(conflict, path), _take_contact_name="mine")
    assert again.status_code == 409
    assert "Von Drei" in again.text
    assert send(clerk, path, fields(again, path), _take_contact_name="theirs").status_code == 303
    stored = now_stored(database, entry)
    assert (stored.answers["contact_name"], stored.answers["company"]) == ("Von Drei", "Richtig")


def test_a_form_without_its_version_overwrites_nobody(clerk: Clerk, database: Database, entry: Submission) -> None:
    corrections.update_answers(database, entry, {**entry.answers, "contact_name": "Von Zwei"}, "zweite", NOW)
    page = f"v/{entry.reference}/berichtigen"
    for seen in ("", "falsch", "W10.x"):
        assert clerk.post(page, page, company="Beispiel", email="alt@example.org", contact_name="Von Eins", _seen=seen).status_code == 409  # fmt: skip
    assert now_stored(database, entry).answers["contact_name"] == "Von Zwei"


@pytest.mark.parametrize(
    ("before", "mine", "theirs", "merged", "conflicts"),
    [
        ({"a": "1"}, {"a": "1"}, {"a": "2"}, {"a": "2"}, []),
        ({"a": "1"}, {"a": "2"}, {"a": "1"}, {"a": "2"}, []),
        ({"a": "1"}, {"a": "2"}, {"a": "2"}, {"a": "2"}, []),
        ({"a": "1"}, {"a": "2"}, {"a": "3"}, {"a": "3"}, ["a"]),
        ({"a": ["x"]}, {"a": ["x", "y"]}, {"a": []}, {"a": []}, ["a"]),
        ({"a": True}, {"a": False}, {"a": True}, {"a": False}, []),
        ({"a": "1", "old": "kept"}, {"a": "2"}, {"a": "1", "old": "kept"}, {"a": "2", "old": "kept"}, []),
    ],
)
def test_answers_are_merged_field_by_field(
    before: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], merged: dict[str, Any], conflicts: list[str]
) -> None:
    assert actions.merge_fields(before, mine, theirs) == (merged, conflicts)


def test_a_quotation_that_a_colleague_has_released_is_not_replaced_silently(clerk: Clerk, database: Database, settings: Settings) -> None:  # fmt: skip
    words = {"done": ["job"], "worked_text": "Das Team hat geholfen. Die Schule auch.", "consent_quote": True}
    found = put(database, settings, "survey", **words)
    path = here(found) + "zitat"
    mine = fields(clerk.get(f"v/{found.reference}/"), path)
    quotations.publish_quotation(database, found, "worked_text", "Die Schule auch.", False, "zweite", NOW)
    answer = send(clerk, path, mine, text="Das Team hat geholfen.")
    assert answer.status_code == 422
    assert "Das Team hat geholfen.</textarea>" in answer.text
    (row,) = queries.submission_history(database, found.number)["quotations"]
    assert row.text == "Die Schule auch."
    assert send(clerk, path, fields(answer, path)).status_code == 303
    wrong = send(clerk, path, fields(clerk.get(f"v/{found.reference}/"), path), text="Nie gesagt, aber getippt.")
    assert "Nie gesagt, aber getippt." in wrong.text


def test_who_deletes_is_told_what_a_colleague_has_added(clerk: Clerk, database: Database, entry: Submission) -> None:
    path = here(entry) + "loeschen"
    form = fields(clerk.get(f"v/{entry.reference}/loeschen"), path)
    actions.add_note(database, entry, "Wichtig", "zweite", NOW)
    answer = send(clerk, path, form)
    assert answer.status_code == 409
    assert texts(database) == ["Wichtig"]
    assert send(clerk, path, fields(answer, path)).status_code == 303
    assert find_by_reference(database, entry.reference) is None


# --- deleted meanwhile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["erased", "person", "purged", "spam"])
def test_who_writes_while_an_entry_is_deleted_gets_the_text_back(
    clerk: Clerk, database: Database, settings: Settings, how: str
) -> None:
    found = put(database, settings, held=how == "spam", company="Beispiel", email="a@example.org")
    note_form = fields(clerk.get(f"v/{found.reference}/"), here(found) + "notiz")
    correction = fields(clerk.get(f"v/{found.reference}/berichtigen"), here(found) + "berichtigen")
    if how == "person":
        clerk.post("person/loeschen", "person/", sure="yes", email="a@example.org")
    elif how == "purged":
        deletion.delete_submissions(database, [found.number], "kim", "purged", NOW)
    else:
        clerk.post(f"v/{found.reference}/loeschen", f"v/{found.reference}/loeschen", sure="yes")
    answer = send(clerk, here(found) + "notiz", note_form, note=TEXT)
    assert answer.status_code == 410
    assert "Den Eingang gibt es nicht mehr" in answer.text
    assert BeautifulSoup(answer.text, "html.parser").find("textarea").text.strip().replace("\r\n", "\n") == TEXT
    answer = send(clerk, here(found) + "berichtigen", correction, company="Neuer Name", message="Zeile\n" + TEXT)
    assert answer.status_code == 410
    assert "Neuer Name" in answer.text
    assert "Angerufen" in answer.text


def test_a_note_is_kept_while_an_entry_is_taken_out_of_the_spam(clerk: Clerk, database: Database, settings: Settings) -> None:  # fmt: skip
    found = put(database, settings, held=True, company="Beispiel", email="a@example.org")
    note_form = fields(clerk.get(f"v/{found.reference}/"), here(found) + "notiz")
    actions.accept_held(database, found, "zweite", NOW)
    actions.accept_held(database, found, "zweite", NOW)
    assert send(clerk, here(found) + "notiz", note_form, note=TEXT).status_code == 303
    assert texts(database) == [TEXT]
    with database.read_connection() as connection:
        kinds = [row.kind for row in connection.execute(event.select().order_by(event.c.id))]
    assert kinds == ["released", "note"], "a second release does nothing"


def test_a_deletion_between_reading_and_writing_is_seen(database: Database, entry: Submission) -> None:
    deletion.delete_submissions(database, [entry.number], "zweite", "erased", NOW)
    for act in (
        lambda: actions.add_note(database, entry, "x", "probe", NOW),
        lambda: actions.set_work(database, entry, {"state": "answered"}, "probe", NOW),
        lambda: corrections.update_answers(database, entry, {"company": "x"}, "probe", NOW),
        lambda: actions.record_interim_notice(database, entry, "probe", NOW),
        lambda: actions.accept_held(database, entry, "probe", NOW),
        lambda: quotations.publish_quotation(database, entry, "message", "x", False, "probe", NOW),
        lambda: quotations.withdraw_quotation(database, entry, "message", "probe", NOW),
    ):
        with pytest.raises(submissions.GoneError):
            act()


def test_what_was_kept_about_a_deleted_entry_ends_within_a_day(database: Database, entry: Submission) -> None:
    accounts.add_account(database, "Probe", None, NOW)
    saved_forms.save_form(database, 1, here(entry) + "notiz", [("note", TEXT)], NOW)
    deletion.delete_submissions(database, [entry.number], "zweite", "erased", NOW)
    assert len(saved_forms.list_saved_forms(database, 1, NOW)) == 1
    assert saved_forms.list_saved_forms(database, 1, NOW + datetime.timedelta(days=1)) == []


def test_a_second_click_makes_no_second_note(clerk: Clerk, database: Database, entry: Submission) -> None:
    form = fields(clerk.get(f"v/{entry.reference}/"), here(entry) + "notiz")
    for _ in range(2):
        assert send(clerk, here(entry) + "notiz", form, note=TEXT).status_code == 303
    assert texts(database) == [TEXT]
    actions.add_note(database, entry, TEXT, "zweite", NOW)
    actions.add_note(database, entry, TEXT, "zweite", NOW + datetime.timedelta(hours=1))
    assert len(texts(database)) == 3


def test_a_fault_of_the_database_gives_the_text_back(clerk: Clerk, database: Database, entry: Submission, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    form = fields(clerk.get(f"v/{entry.reference}/"), here(entry) + "notiz")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(actions, "add_note", broken)
    answer = send(clerk, here(entry) + "notiz", form, note=TEXT)
    assert answer.status_code == 503
    assert fields(answer, here(entry) + "notiz")["note"].replace("\r\n", "\n") == TEXT


# --- a corrected address ------------------------------------------------------------------------------------------


def mails(database: Database) -> dict[str, tuple[str, str]]:
    with database.read_connection() as connection:
        return {row.kind: (row.recipient, row.state) for row in connection.execute(outgoing_mail.select())}


def correct_address(database: Database, entry: Submission, address: str) -> None:
    stored = now_stored(database, entry)
    corrections.update_answers(
        database, stored, {**stored.answers, "email": address, "company": "Richtig"}, "probe", NOW
    )


@pytest.mark.parametrize(("state", "after"), [("waiting", "waiting"), ("failed", "waiting"), ("sending", "waiting"), ("held", "held"), ("sent", "sent")])  # fmt: skip
def test_a_corrected_address_gets_the_copy_that_has_not_left(database: Database, entry: Submission, state: str, after: str) -> None:  # fmt: skip
    with database.transaction() as connection:
        connection.execute(outgoing_mail.update().values(state=state, attempts=3, message="alt", last_error="x"))
    correct_address(database, entry, "neu@example.org")
    expected = "alt@example.org" if state == "sent" else "neu@example.org"
    assert mails(database)["copy"] == (expected, after)
    assert mails(database)["office"][1] == state


def test_an_address_that_is_taken_away_gets_nothing(database: Database, settings: Settings) -> None:
    found = put(database, settings, "barrier", problem="x", email="alt@example.org")
    corrections.update_answers(database, found, {**found.answers, "email": ""}, "probe", NOW)
    assert list(mails(database)) == ["office"]


class Server:
    """A mail server that does something while it is taking a mail."""

    def __init__(self, act: Any, fault: Exception | None = None) -> None:
        self.act, self.fault, self.taken = act, fault, []  # type: ignore[var-annotated]

    def __call__(self, recipient: str, message: Any, name: str) -> None:
        first = not self.taken
        self.taken.append((recipient, message.get_content()))
        if first:
            self.act()
            if self.fault:
                raise self.fault


@pytest.mark.parametrize("fault", [None, OSError(111, "refused")])
def test_a_correction_while_the_copy_is_being_sent_sends_the_corrected_one_to_the_new_address_only(
    database: Database, settings: Settings, entry: Submission, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    with database.transaction() as connection:
        connection.execute(outgoing_mail.delete().where(outgoing_mail.c.kind == "office"))
    server = Server(lambda: correct_address(database, entry, "neu@example.org"), fault)
    monkeypatch.setattr("form_handler.worker.delivery.file_transport", lambda _folder: server)
    clock = lambda: NOW + datetime.timedelta(minutes=1)  # noqa: E731
    deliver_due(database, settings, clock)
    assert [recipient for recipient, _text in server.taken] == ["alt@example.org", "neu@example.org"]
    assert "Richtig" not in server.taken[0][1]
    assert mails(database)["copy"] == ("neu@example.org", "sent")


def test_a_correction_between_claim_and_sending_sends_nothing_to_the_old_address(
    database: Database, settings: Settings, entry: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    from form_handler.worker import delivery

    with database.transaction() as connection:
        connection.execute(outgoing_mail.delete().where(outgoing_mail.c.kind == "office"))
    claim = delivery.claim_next

    def claim_then_correct(one: Database, now: datetime.datetime) -> Any:
        found = claim(one, now)
        if mails(database)["copy"][0] == "alt@example.org":
            correct_address(database, entry, "neu@example.org")
        return found

    server = Server(lambda: None)
    monkeypatch.setattr(delivery, "claim_next", claim_then_correct)
    monkeypatch.setattr(delivery, "file_transport", lambda _folder: server)
    clock = lambda: NOW + datetime.timedelta(minutes=1)  # noqa: E731
    deliver_due(database, settings, clock)
    assert [recipient for recipient, _text in server.taken] == ["neu@example.org"]


def test_a_deletion_while_a_mail_is_written_leaves_no_file(database: Database, settings: Settings, entry: Submission, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    from form_handler.worker import delivery

    write = delivery.file_transport

    def write_after_deletion(folder: Any) -> Any:
        deletion.delete_submissions(database, [entry.number], "probe", "erased", NOW, settings.mail_dir)
        return write(folder)

    monkeypatch.setattr(delivery, "file_transport", write_after_deletion)
    deliver_next(database, settings, lambda: NOW + datetime.timedelta(minutes=1))
    assert list(settings.mail_dir.glob("*.eml")) == []


def test_a_corrected_address_is_not_confirmed_and_gets_no_mail_for_a_confirmed_one(
    database: Database, entry: Submission
) -> None:
    with database.transaction() as connection:
        connection.execute(submission.update().values(confirmed_at=NOW))
        (copy,) = connection.execute(outgoing_mail.select().where(outgoing_mail.c.kind == "copy")).mappings()
        connection.execute(outgoing_mail.insert().values(**{**copy, "id": None, "kind": "full-copy"}))
    correct_address(database, entry, "neu@example.org")
    assert now_stored(database, entry).confirmed_at is None
    assert sorted(mails(database)) == ["copy", "office"]


def test_a_click_on_the_link_while_the_address_is_corrected_confirms_nothing(
    database: Database, entry: Submission
) -> None:
    correct_address(database, entry, "neu@example.org")
    confirm_email(database, entry, NOW, OutgoingMail("full-copy", "alt@example.org"))
    assert now_stored(database, entry).confirmed_at is None
    assert sorted(mails(database)) == ["copy", "office"]


def test_accounts_that_are_closed_keep_nothing(clerk: Clerk, database: Database, entry: Submission) -> None:
    form = fields(clerk.get(f"v/{entry.reference}/"), here(entry) + "notiz")
    with database.transaction() as connection:
        connection.execute(account.update().values(active=False))
    assert send(clerk, here(entry) + "notiz", form, note=TEXT).status_code == 403
    with database.read_connection() as connection:
        assert connection.execute(saved_form.select()).all() == []
