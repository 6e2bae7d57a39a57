"""One person's data: found by any spelling, never mixed up with another's, handed out whole and in German."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask

from form_handler.forms import FORMS
from form_handler.mail.compose import submission_mails
from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import actions, corrections, correspondence, quotations
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, find_by_reference, store_submission
from form_handler.storage.tables import event, saved_form, submission
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk, put

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def clerk(app: Flask, database: Database) -> Clerk:
    """A clerk who is logged in."""
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(app)
    assert one.log_in().status_code == 303
    return one


def shown(clerk: Clerk, query: str) -> tuple[set[str], set[str]]:
    """Return the references that the page ticks for a person, and those that it lists unticked."""
    found = re.findall(r'name="ref" value="([^"]+)"( checked)?', clerk.get(f"person/?q={quote(query)}").text)
    return {reference for reference, ticked in found if ticked}, {one for one, ticked in found if not ticked}


def copied(clerk: Clerk, **query: Any) -> list[dict[str, Any]]:
    """Return the entries of a copy as JSON."""
    response = clerk.get(f"person/kopie.json?{urlencode(query, doseq=True)}")
    assert response.status_code == 200
    entries: list[dict[str, Any]] = json.loads(response.data)["Eingänge im Einzelnen"]
    return entries


def left(database: Database) -> set[str]:
    """Return the references of what is stored."""
    with database.read_connection() as connection:
        return set(connection.execute(submission.select().with_only_columns(submission.c.reference)).scalars())


def test_sharp_s_and_double_s_are_two_people_for_search_copy_and_deletion(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    mine = put(database, settings, company="Eins", email="max@straße.example")
    other = put(database, settings, company="Zwei", email="max@strasse.example")
    for spelling in (
        "max@straße.example",
        "Max@XN--STRAE-OQA.example",
        "max@straße.example.\u200b",
        "ｍａｘ＠ｓｔｒａße．example",
    ):
        assert shown(clerk, spelling) == ({mine.reference}, set()), spelling
        assert [one["Vorgangsnummer"] for one in copied(clerk, q=spelling)] == [mine.reference], spelling
    assert shown(clerk, "max@strasse.example") == ({other.reference}, set())
    page = f"person/loeschen?q={quote('max@xn--strae-oqa.example')}"
    assert clerk.post("person/loeschen", page, sure="yes", q="max@xn--strae-oqa.example").status_code == 303
    assert left(database) == {other.reference}


def test_a_person_is_found_by_any_spelling_of_the_number_the_reference_and_the_name(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    mine = put(database, settings, "callback", name="İpek Müller", phone="02041/70300", topic="work")
    put(database, settings, company="Andere", phone="02041/99999", email="a@example.org")
    for query in (
        "+49 (0)2041 70-300",
        "Tel.: 0049 2041 70300",
        "٠٢٠٤١ ٧٠٣٠٠",
        mine.reference,
        mine.reference.lower().replace("-", " "),
    ):
        assert shown(clerk, query) == ({mine.reference}, set()), query
    for query in ("ipek mueller", "Müller, İpek", "IPEK"):
        assert shown(clerk, query) == (set(), {mine.reference}), query


def test_what_is_merely_similar_is_listed_apart_and_never_included_by_itself(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    mine = put(
        database, settings, "callback", name="Max Muster", phone="02041 70300", email="max@example.org", topic="work"
    )
    phone = put(database, settings, "callback", name="Eva Muster", phone="+49 2041 70300", topic="work")
    name = put(database, settings, company="Anders", contact_name="Muster, Max", email="muster@example.net")
    plus = put(database, settings, company="Plus", email="max+kim@example.org")
    mentioned = put(
        database, settings, company="Fremd", message="Fragen Sie Max@Example.org, bitte.", email="f@example.net"
    )
    noted = put(database, settings, company="Notiz", email="n@example.net")
    actions.add_note(database, noted, "Ehemann: max@example.org", "probe", NOW)
    put(database, settings, company="Ganz anders", email="nichts@example.org")
    similar = {row.reference for row in (phone, name, plus, mentioned, noted)}
    assert shown(clerk, "max@example.org") == ({mine.reference}, similar)
    assert [one["Vorgangsnummer"] for one in copied(clerk, q="max@example.org")] == [mine.reference]
    picked = copied(clerk, q="max@example.org", picked=1, ref=[mine.reference, name.reference])
    assert {one["Vorgangsnummer"] for one in picked} == {mine.reference, name.reference}
    assert clerk.get("person/kopie.json?q=max@example.org&picked=1").status_code == 422
    assert clerk.get("person/loeschen?q=max@example.org&picked=1").status_code == 422
    page = f"person/loeschen?q=max@example.org&picked=1&ref={mine.reference}&ref={plus.reference}"
    assert clerk.post("person/loeschen", page, sure="yes", picked="1", ref=[mine.reference, plus.reference]).status_code == 303  # fmt: skip
    assert not left(database) & {mine.reference, plus.reference}
    assert len(left(database)) == 5


def everything(database: Database, settings: Settings) -> Submission:
    """Store a submission with all that can belong to one, and return it."""
    definition = FORMS["survey"]
    answers = {
        **definition.answers(definition.form_class()), "company": "Beispiel GmbH", "email": "copy@example.org", "done": ["job"],
        "worked_text": "Alle haben geholfen.", "consent_quote": True,
    }  # fmt: skip
    found = store_submission(
        database, str(uuid.uuid4()), "survey", "tr", answers, partial(submission_mails, settings, definition), NOW, fingerprint="f" * 64
    )  # fmt: skip
    actions.add_note(database, found, "Herr Beispiel rief an.\nZweite Zeile", "geheimname", NOW)
    actions.set_work(database, found, {"state": "in_work"}, "geheimname", NOW)
    quotations.publish_quotation(database, found, "worked_text", "Alle haben geholfen.", False, "geheimname", NOW)
    accounts.add_account(database, "geheimname", PASSWORD, NOW)
    with database.transaction() as connection:
        connection.execute(
            saved_form.insert().values(
                id="a" * 32, account_id=1, path=f"/eingang/v/{found.reference}/notiz",
                fields=json.dumps([["note", "Noch nicht gespeichert."], ["_seen", "x"]]),
                created_at=NOW, expires_at=NOW + datetime.timedelta(days=7),
            )
        )  # fmt: skip
    return found


def test_the_copy_holds_all_that_is_stored_in_german_and_no_internal_number(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = everything(database, settings)
    (entry,) = copied(clerk, q="copy@example.org")
    assert (len(entry), len(entry["Mails"][0])) == (26, 10), "no two headings have one translation"
    assert entry["Formular"] == "Erfahrungen teilen"
    assert entry["Stand"] == "in Arbeit"
    assert entry["Sprache des Formulars"] == "Türkçe (tr)"
    assert str(NOW.year + 2) in entry["Aufbewahrt bis"]
    assert entry["Angaben"]["Betrieb"] == "Beispiel GmbH"
    assert list(entry["Einwilligungen"].values()) == ["Ja", "Nein"]
    assert [one["Text"] for one in entry["Notizen des Amts"]] == ["Herr Beispiel rief an.\nZweite Zeile"]
    assert [one["Text"] for one in entry["Vom Amt begonnen, noch nicht gespeichert"]] == ["Noch nicht gespeichert."]
    assert [one["Text"] for one in entry["Freigegebene Zitate"]] == ["Alle haben geholfen."]
    assert len(entry["Verlauf"]) == 3
    assert len(entry["Mails"]) == 2
    assert all(found.reference in one["Betreff"] + one["Text"] and len(one["Text"]) > 100 for one in entry["Mails"])
    assert entry["Mails"][0]["Stand"] == "wartet"
    assert entry["Technische Daten"]["Prüfwert aus Browser und Angaben, gegen doppeltes Absenden"] == "gespeichert"
    page = clerk.get("person/kopie.html?q=copy@example.org")
    assert page.mimetype == "text/html"
    for text in (json.dumps(entry, ensure_ascii=False), page.text):
        for hidden in (found.number, "geheimname", "f" * 64, "csrf", "in_work", "received_at"):
            assert hidden not in text, hidden
        assert not re.search(r"nr=[\w.-]{8}", text), "the link that confirms the address is its owner's alone"
    for words in (
        "Herr Beispiel rief an.<br>Zweite Zeile",
        "Beispiel GmbH",
        "Noch nicht gespeichert.",
        "Aufbewahrt bis",
        "Art. 77 DSGVO",
    ):
        assert words in page.text
    assert "<script" not in page.text
    assert " style=" not in page.text


def test_the_copy_is_german_also_in_the_english_staff_area_and_escapes_what_was_typed(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    put(database, settings, company="<script>alert(1)</script>", email="x@example.org")
    english = Clerk(clerk.client.application, "/en/eingang/")
    english.client = clerk.client
    page = english.get("person/kopie.html?q=x@example.org").text
    assert "Auskunft über gespeicherte Daten" in page
    assert "<script" not in page


def test_what_was_handed_out_is_logged_without_its_content(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    mine = put(database, settings, company="Geheimbetrieb", email="log@example.org", message="Vertraulich")
    clerk.get("person/kopie.html?q=log@example.org")
    with database.read_connection() as connection:
        rows = [(row.actor, row.kind, row.detail) for row in connection.execute(event.select())]
    assert ("probe", "copied", "html") in rows
    assert ("probe", "copied", f"html 1 {mine.reference}") in rows
    assert not any(word in str(rows) for word in ("Geheimbetrieb", "log@", "Vertraulich"))
    assert "hat der Person eine Kopie ausgegeben (HTML)" in clerk.get(f"v/{mine.reference}/").text
    assert mine.reference in clerk.get("person/").text


@pytest.mark.parametrize(
    "query", ["", "   ", "%", "_", "@", "%@%", "\x00", "x" * 400, "+", "KIM-", "'", "\u200b", "\ud800"]
)
def test_what_is_no_person_finds_nobody(clerk: Clerk, database: Database, settings: Settings, query: str) -> None:
    put(database, settings, "callback", name="Beispiel", phone="0000", topic="work")
    put(database, settings, "survey", done=["job"])
    response = clerk.get(f"person/?q={quote(query, errors='surrogatepass')}")
    assert response.status_code == 200
    assert 'name="ref"' not in response.text
    assert clerk.get(f"person/kopie.json?q={quote(query, errors='surrogatepass')}").status_code == 404
    assert len(left(database)) == 2


def test_a_correction_moves_an_entry_to_the_new_address(clerk: Clerk, database: Database, settings: Settings) -> None:
    mine = put(database, settings, company="Umzug", email="alt@münchen.example")
    row = find_by_reference(database, mine.reference)
    assert row is not None
    corrections.update_answers(database, row, {**row.answers, "email": "neu@köln.example"}, "probe", NOW)
    assert shown(clerk, "alt@xn--mnchen-3ya.example") == (set(), set())
    assert shown(clerk, "NEU@xn--kln-sna.example") == ({mine.reference}, set())


def test_what_is_ticked_is_corrected_together_by_the_rules_of_each_form(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    one = put(
        database,
        settings,
        days=1,
        company="Alt GmbH",
        contact_name="Eva Muster",
        email="alt@example.org",
        phone="0204170300",
    )
    two = put(database, settings, "callback", name="E. Muster", phone="02041 70300", topic="work")
    other = put(database, settings, company="Alt GmbH", email="andere@example.org")
    page = f"person/berichtigen?q=alt&picked=1&ref={one.reference}&ref={two.reference}"
    text = clerk.get(page).text
    assert 'value="Alt GmbH"' in text
    assert "<bdi>0204170300</bdi>; <bdi>02041 70300</bdi>" in text, "different values are shown, none is chosen"
    seen = re.findall(r'name="_seen" value="([^"]+)"', text)[0]
    sent = {
        "_seen": seen,
        "picked": "1",
        "ref": [one.reference, two.reference],
        "company": "Neu GmbH",
        "phone": "02041 70301",
    }
    response = clerk.post("person/berichtigen", page, **sent, email="kein @")
    assert response.status_code == 422
    assert 'value="Neu GmbH"' in response.text, "what was typed stays"
    assert clerk.post("person/berichtigen", page, **sent, email="neu@example.org").status_code == 303
    rows = [find_by_reference(database, row.reference) for row in (one, two, other)]
    stored = [{name: row.answers.get(name) for name in ("company", "name", "email", "phone")} for row in rows if row]
    assert stored == [
        {"company": "Neu GmbH", "name": None, "email": "neu@example.org", "phone": "02041 70301"},
        {"company": None, "name": "E. Muster", "email": stored[1]["email"], "phone": "02041 70301"},
        {"company": "Alt GmbH", "name": None, "email": "andere@example.org", "phone": stored[2]["phone"]},
    ]
    assert not stored[1]["email"]
    assert clerk.post("person/berichtigen", page, **sent, email="zuspaet@example.org").status_code == 409
    assert clerk.get("person/berichtigen?q=alt&picked=1").status_code == 422


def test_the_copy_holds_drafts_of_answers(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put(database, settings, company="B", email="copy@example.org")
    draft = correspondence.Draft("tr", "Cevap", "Henüz gönderilmedi")
    correspondence.save_draft(database, found.number, 1, draft, NOW)
    (entry,) = copied(clerk, q="copy@example.org")
    assert "Henüz gönderilmedi" in str(entry["Vom Amt begonnen, noch nicht gespeichert"])
