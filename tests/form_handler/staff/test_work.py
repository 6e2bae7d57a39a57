"""Two clerks and a list: assignment, presence, several entries at once, undo, views, place in the list, senders, shortcuts."""

from __future__ import annotations

import datetime
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.datastructures import MultiDict

from form_handler.settings import Settings
from form_handler.staff.inbox import actions, presence, related, saved_views
from form_handler.storage import deletion
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import entry_link, staff_session
from tests.form_handler.staff.test_concurrent_edits import colleague, fields, here, now_stored, send
from tests.form_handler.staff.test_staff_area import NOW, Clerk, clerk, put

__all__ = ["clerk"]


@pytest.fixture
def entry(database: Database, settings: Settings) -> Submission:
    return put(database, settings, "callback", name="Eins", email="eins@example.org", topic="work")


def listed(clerk: Clerk, query: str = "") -> list[str]:
    """Return the references of the list, in order."""
    soup = BeautifulSoup(clerk.get("?" + query).text, "html.parser")
    return [str(tag.text) for tag in soup.select("[data-line]")]


# --- two people ---------------------------------------------------------------------------------------------------


def test_assignment_and_follow_up_are_set_shown_and_filtered(clerk: Clerk, app: Flask, database: Database, settings: Settings, entry: Submission) -> None:  # fmt: skip
    other = put(database, settings, "callback", name="Zwei", email="zwei@example.org")
    today = datetime.datetime.now(settings.time_zone).date()
    form = fields(clerk.get(f"v/{entry.reference}/"), f"{here(entry)}stand")
    assert send(clerk, f"{here(entry)}stand", form, assignee="probe", follow_up=today.isoformat()).status_code == 303
    assert listed(clerk, "assignee=me") == listed(clerk, "due=follow-up") == [entry.reference]
    assert listed(clerk, "assignee=none") == [other.reference]
    assert listed(colleague(app, database), "assignee=me") == []
    page = clerk.get(f"v/{entry.reference}/").text
    assert "hat es probe zugewiesen" in page
    assert "Wiedervorlage" in page
    assert send(clerk, f"{here(entry)}stand", form, assignee="niemandda").status_code == 422
    assert send(clerk, f"{here(entry)}stand", form, assignee="", follow_up="31.12.2026").status_code == 422


@pytest.mark.parametrize(
    ("theirs", "mine", "asked"),
    [
        ({"assignee": "zweite"}, {"state": "in_work"}, False),
        ({"assignee": "zweite"}, {"assignee": "probe"}, True),
        ({"follow_up": "2027-01-05"}, {"follow_up": "2027-02-05"}, True),
        ({"state": "closed", "assignee": "zweite"}, {"follow_up": "2027-02-05"}, False),
        ({"assignee": "zweite"}, {"assignee": "zweite"}, False),
    ],
)
def test_what_two_change_at_once_is_merged_or_both_are_shown(
    clerk: Clerk, app: Flask, database: Database, entry: Submission,
    theirs: dict[str, str], mine: dict[str, str], asked: bool,
) -> None:  # fmt: skip
    other = colleague(app, database)
    path = f"{here(entry)}stand"
    form, their_form = (fields(one.get(f"v/{entry.reference}/"), path) for one in (clerk, other))
    assert send(other, path, their_form, **theirs).status_code == 303
    answer = send(clerk, path, form, **mine)
    stored = now_stored(database, entry)
    shown = {"state": stored.state, "assignee": stored.assignee, "follow_up": str(stored.follow_up or "")}
    assert theirs.items() <= shown.items(), "nothing of the colleague is overwritten"
    assert answer.status_code == (409 if asked else 303)
    if not asked:
        assert mine.items() <= shown.items()
        return
    soup = BeautifulSoup(answer.text, "html.parser")
    keep, take = soup.find_all("form", action=path)
    values = MultiDict((tag["name"], tag["value"]) for tag in take.find_all("input"))
    assert clerk.client.post(path, data=values, base_url="http://127.0.0.1").status_code == 303
    stored = now_stored(database, entry)
    assert mine.items() <= {"assignee": stored.assignee, "follow_up": str(stored.follow_up)}.items()
    assert keep.find("input", attrs={"name": next(iter(theirs))})["value"] == next(iter(theirs.values()))


def test_who_is_looking_or_writing_is_shown_to_the_colleague_only(clerk: Clerk, app: Flask, database: Database, entry: Submission) -> None:  # fmt: skip
    other = colleague(app, database)
    page = clerk.get(f"v/{entry.reference}/")
    assert "Auch hier" not in page.text
    assert "Auch hier: probe." in other.get(f"v/{entry.reference}/").text
    token = fields(page, f"{here(entry)}notiz")
    answer = send(
        clerk, f"{here(entry)}dabei", MultiDict({"csrf_token": token["csrf_token"], "writing": "1", "version": "1"})
    )
    assert answer.json == {"people": "Auch hier: zweite.", "changed": ""}
    assert "Schreibt hier gerade: probe." in other.get(f"v/{entry.reference}/").text
    actions.set_work(database, entry, {"state": "in_work"}, "zweite", NOW)
    answer = send(clerk, f"{here(entry)}dabei", MultiDict({"csrf_token": token["csrf_token"], "version": "1"}))
    assert "wurde geändert" in answer.json["changed"]
    later = datetime.datetime.now(datetime.UTC) + presence.STAY
    assert presence.list_colleagues(database, entry.number, 2, later) == []


def test_a_page_that_reports_by_itself_does_not_keep_the_session_alive(clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    token = fields(clerk.get(f"v/{entry.reference}/"), f"{here(entry)}notiz")["csrf_token"]
    before = NOW - datetime.timedelta(minutes=30)
    with database.transaction() as connection:
        connection.execute(staff_session.update().values(seen_at=before))
    assert send(clerk, f"{here(entry)}dabei", MultiDict({"csrf_token": token})).status_code == 200
    with database.read_connection() as connection:
        assert connection.execute(staff_session.select()).one().seen_at == before
    clerk.get(f"v/{entry.reference}/")
    with database.read_connection() as connection:
        assert connection.execute(staff_session.select()).one().seen_at > before


# --- the list -----------------------------------------------------------------------------------------------------


def test_several_entries_are_changed_at_once_and_a_colleagues_change_is_left_alone(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = [put(database, settings, "callback", name=f"N{n}", email=f"n{n}@example.org") for n in range(3)]
    form = fields(clerk.get(), "/eingang/sammel/")
    actions.set_work(database, found[2], {"state": "closed"}, "zweite", NOW)
    form.setlist("ref", [row.reference for row in found])
    answer = send(clerk, "/eingang/sammel/", form, state="in_work", assignee="me")
    assert answer.status_code == 303
    assert [(now_stored(database, row).state, now_stored(database, row).assignee) for row in found] == [
        ("in_work", "probe"), ("in_work", "probe"), ("closed", ""),
    ]  # fmt: skip
    page = clerk.get()
    assert "2 Eingänge sind geändert." in page.text
    assert f"bleiben deshalb, wie sie sind: {found[2].reference}" in page.text
    actions.set_work(database, now_stored(database, found[1]), {"state": "answered"}, "zweite", NOW)
    assert send(clerk, "/eingang/rueckgaengig/", fields(page, "/eingang/rueckgaengig/")).status_code == 303
    assert [now_stored(database, row).state for row in found] == ["new", "answered", "closed"]
    assert "1 Änderung ist zurückgenommen." in clerk.get().text


@pytest.mark.parametrize(
    "changes", [{"ref": ""}, {"state": "quatsch"}, {"assignee": "niemandda"}, {"state": "keep", "assignee": "keep"}]
)
def test_a_change_of_several_that_makes_no_sense_is_refused(clerk: Clerk, database: Database, entry: Submission, changes: dict[str, str]) -> None:  # fmt: skip
    form = fields(clerk.get(), "/eingang/sammel/")
    answer = send(clerk, "/eingang/sammel/", form, **{"ref": entry.reference, "state": "closed", **changes})
    assert answer.status_code == 422
    assert now_stored(database, entry).state == "new"


def test_one_change_is_undone_and_a_forged_undo_does_nothing(clerk: Clerk, database: Database, entry: Submission) -> None:  # fmt: skip
    form = fields(clerk.get(f"v/{entry.reference}/"), f"{here(entry)}stand")
    send(clerk, f"{here(entry)}stand", form, state="closed", follow_up="2027-01-05")
    undo = fields(clerk.get(f"v/{entry.reference}/"), "/eingang/rueckgaengig/")
    send(clerk, "/eingang/rueckgaengig/", MultiDict(undo), undo="gefälscht")
    assert now_stored(database, entry).state == "closed"
    assert send(clerk, "/eingang/rueckgaengig/", undo).status_code == 303
    stored = now_stored(database, entry)
    assert (stored.state, stored.follow_up) == ("new", None)
    send(clerk, "/eingang/rueckgaengig/", undo)
    assert now_stored(database, entry).state == "new", "a second click takes nothing else back"


def test_previous_next_and_back_keep_filter_and_place(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = [put(database, settings, "callback", days=n, name=f"N{n}", email=f"n{n}@example.org") for n in range(4)]
    put(database, settings, "barrier", days=2, problem="x", email="b@example.org")
    order = listed(clerk, "form=callback")
    assert order == [row.reference for row in reversed(found)]
    soup = BeautifulSoup(clerk.get("?form=callback").text, "html.parser")
    link = str(soup.select("[data-line]")[1]["href"])
    page = clerk.client.get(link, base_url="http://127.0.0.1")
    action = next(str(tag["action"]) for tag in BeautifulSoup(page.text, "html.parser").find_all("form") if "/stand" in str(tag.get("action")))  # fmt: skip
    answer = send(clerk, action, fields(page, action), state="answered")
    assert answer.status_code == 303
    page = clerk.client.get(answer.location, base_url="http://127.0.0.1")
    soup = BeautifulSoup(page.text, "html.parser")
    assert urlsplit(str(soup.select_one("a[rel=prev]")["href"])).path.endswith(f"/{order[0]}/")  # type: ignore[index]
    assert urlsplit(str(soup.select_one("a[rel=next]")["href"])).path.endswith(f"/{order[2]}/")  # type: ignore[index]
    back = urlsplit(str(soup.select_one("[data-key=u]")["href"]))  # type: ignore[index]
    assert (parse_qs(back.query), back.fragment) == ({"form": ["callback"]}, f"e-{order[1]}")


@pytest.mark.parametrize("query", ["liste=state%3Dquatsch&platz=x", "liste=%00&platz=%00%ff", "platz=" + "9" * 5000])
def test_a_broken_place_shows_the_entry_all_the_same(clerk: Clerk, entry: Submission, query: str) -> None:
    assert clerk.get(f"v/{entry.reference}/?{query}").status_code == 200


def test_a_filter_is_saved_as_a_view_used_and_deleted(clerk: Clerk, app: Flask, database: Database, entry: Submission) -> None:  # fmt: skip
    page = clerk.get("?form=callback&state=open")
    form = fields(page, "/eingang/ansichten/")
    assert send(clerk, "/eingang/ansichten/", form, name="  Offene   Rückrufe ").status_code == 303
    (view,) = saved_views.list_views(database, 1)
    assert (view.name, parse_qs(view.query)) == ("Offene Rückrufe", {"form": ["callback"], "state": ["open"]})
    assert "Offene Rückrufe" in clerk.get().text
    assert "Offene Rückrufe" not in colleague(app, database).get().text
    assert listed(clerk, view.query) == [entry.reference]
    assert send(clerk, "/eingang/ansichten/", form, name=" ").status_code == 422
    assert send(clerk, "/eingang/ansichten/", form, name="x" * 61).status_code == 422
    gone = fields(clerk.get(), "/eingang/ansichten/loeschen")
    assert send(clerk, "/eingang/ansichten/loeschen", gone).status_code == 303
    assert saved_views.list_views(database, 1) == []
    assert "ist gelöscht" in clerk.get().text


def test_each_deletion_is_confirmed_afterwards(clerk: Clerk, database: Database, entry: Submission) -> None:
    path = f"{here(entry)}loeschen"
    assert send(clerk, path, fields(clerk.get(f"v/{entry.reference}/loeschen"), path)).status_code == 303
    assert f"{entry.reference} ist endgültig gelöscht." in clerk.get().text


# --- one sender ---------------------------------------------------------------------------------------------------


def test_all_entries_of_a_company_stand_on_one_page(clerk: Clerk, database: Database, settings: Settings) -> None:
    first = put(database, settings, company="Müller Bau GmbH & Co. KG", email="a@example.org", phone="02041 70300", ways=["internship"], consent_partner=True)  # fmt: skip
    second = put(database, settings, "survey", days=40, company="mueller-bau", done=["job"], wanted=["permits"])
    third = put(database, settings, "callback", days=3, name="Bau Müller", phone="+49 (0)2041/70-300", topic="company")
    stranger = put(database, settings, company="Müller Dach GmbH", email="b@example.org")
    found = related.find_related(database, first)
    assert {one.submission.reference for one in found.related} == {second.reference, third.reference}
    page = clerk.get(f"v/{first.reference}/absender/").text
    for words in (
        second.reference,
        third.reference,
        "gleicher Betrieb",
        "gleiche Telefonnummer",
        "Ein Praktikum anbieten",
    ):
        assert words in page, words
    assert stranger.reference not in page
    assert re.search(r"<strong>Ja</strong>: [^<]*Partner", page)
    assert "2 weitere Eingänge dieses Absenders" in clerk.get(f"v/{first.reference}/").text


def test_a_likely_duplicate_is_hinted_at(clerk: Clerk, database: Database, settings: Settings) -> None:
    one = put(database, settings, "callback", days=3, name="A", email="Doppelt@Example.org", topic="work")
    two = put(database, settings, "callback", days=1, name="A", email="doppelt@example.org", topic="work")
    old = put(database, settings, "callback", days=60, name="A", email="doppelt@example.org", topic="work")
    hints = {row.submission.reference: row.duplicate for row in related.find_related(database, one).related}
    assert hints == {two.reference: True, old.reference: False}
    assert "vielleicht doppelt gesendet" in clerk.get(f"v/{one.reference}/").text


def test_entries_are_joined_and_separated_without_loss(clerk: Clerk, database: Database, settings: Settings) -> None:
    one = put(database, settings, "callback", name="A", email="a@example.org", message="Eins")
    two = put(database, settings, "callback", name="B", email="b@example.org", message="Zwei")
    same = put(database, settings, "callback", name="A", email="a@example.org", message="Drei")
    before = [dict(now_stored(database, row).answers) for row in (one, two, same)]
    path = f"{here(one)}absender/verbinden"
    form = fields(clerk.get(f"v/{one.reference}/absender/"), path)

    def decide(other: str, decision: str) -> int:
        return send(clerk, path, form, other=other, decision=decision).status_code

    def others(row: Submission) -> set[str]:
        return {found.submission.reference for found in related.find_related(database, row).related}

    assert decide(two.reference.lower().replace("-", " "), "join") == 303
    assert others(one) == {two.reference, same.reference}
    assert one.reference in others(two)
    assert decide(same.reference, "separate") == 303
    assert others(one) == {two.reference}
    assert "Von Hand getrennt" in clerk.get(f"v/{one.reference}/absender/").text
    assert decide(same.reference, "forget") == 303
    assert decide(two.reference, "separate") == 303
    assert others(one) == {same.reference}
    assert [dict(now_stored(database, row).answers) for row in (one, two, same)] == before
    assert "verbunden" in clerk.get(f"v/{two.reference}/").text
    for wrong, decision in (("KIM-222222", "join"), (one.reference, "join"), (two.reference, "quatsch")):
        assert decide(wrong, decision) == 422
    deletion.delete_submissions(database, [two.number], "probe", "erased", NOW)
    with database.read_connection() as connection:
        assert connection.execute(entry_link.select()).all() == []


# --- keyboard -----------------------------------------------------------------------------------------------------


def test_shortcuts_are_listed_off_at_first_and_switched_for_one_account(clerk: Clerk, app: Flask, database: Database) -> None:  # fmt: skip
    other = colleague(app, database)
    page = clerk.get("tasten/")
    assert "<kbd>j</kbd>" in page.text
    assert "data-shortcuts" not in page.text
    send(clerk, "/eingang/tasten/", fields(page, "/eingang/tasten/"))
    assert "data-shortcuts" in clerk.get().text
    assert "data-shortcuts" not in other.get().text
    send(clerk, "/eingang/tasten/", fields(clerk.get("tasten/"), "/eingang/tasten/"))
    assert "data-shortcuts" not in clerk.get().text
