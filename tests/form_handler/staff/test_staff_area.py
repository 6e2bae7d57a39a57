"""The staff area: nobody without an account gets in, what is shown is what was sent, and what is deleted is gone."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
import re
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from form_handler.app import create_app
from form_handler.forms import FORMS
from form_handler.mail.compose import submission_mails
from form_handler.settings import DEFAULT_TIME_ZONE as ZONE
from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import queries
from form_handler.staff.reports import export
from form_handler.storage.database import Database
from form_handler.storage.submissions import SpamVerdict, Submission, find_by_reference, store_submission
from form_handler.storage.tables import event, note, outgoing_mail, staff_session, submission

NOW = datetime.datetime.now(datetime.UTC)
PASSWORD = "ein-langes-passwort"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PAGES = ("", "zahlen/", "mails/", "person/", "umfrage/", "ausgabe.xlsx", "v/KIM-222222/")


def put(
    database: Database,
    settings: Settings,
    form: str = "participation",
    days: float = 0,
    held: bool = False,
    **answers: Any,
) -> Submission:
    """Store a submission as the forms do."""
    definition = FORMS[form]
    empty = definition.form_class()
    given_answers = {**definition.answers(empty), **answers}
    return store_submission(
        database, str(uuid.uuid4()), form, "tr", given_answers, partial(submission_mails, settings, definition),
        NOW - datetime.timedelta(days=days), classify=lambda _c: SpamVerdict("trap" if held else "", held),
    )  # fmt: skip


class Clerk:
    """Somebody of the office with a browser."""

    def __init__(self, app: Flask, root: str = "/eingang/") -> None:
        self.client = app.test_client()
        self.root = root

    def get(self, path: str = "") -> TestResponse:
        return self.client.get(self.root + path, base_url="http://127.0.0.1")

    def post(self, path: str, page: str = "", token: str | None = None, **data: Any) -> TestResponse:
        """Send a form from a page, with its token."""
        if token is None:
            found = TOKEN.search(self.get(page).text)
            token = found[1] if found else ""
        headers = data.pop("headers", None)
        return self.client.post(
            self.root + path, data={"csrf_token": token, **data}, base_url="http://127.0.0.1", headers=headers
        )

    def log_in(self, name: str = "probe", password: str = PASSWORD) -> TestResponse:
        return self.post("anmelden/", "anmelden/", name=name, password=password)


@pytest.fixture
def clerk(app: Flask, database: Database) -> Clerk:
    """A clerk who is logged in."""
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(app)
    assert one.log_in().status_code == 303
    return one


# --- getting in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("root", ["/eingang/", "/en/eingang/"])
def test_without_a_session_every_page_leads_to_the_log_in(app: Flask, path: str, root: str) -> None:
    response = Clerk(app, root).get(path)
    assert response.status_code == 303
    assert response.location.startswith(f"{root}anmelden/?weiter=")


@pytest.mark.parametrize("root", ["/tr/eingang/", "/xx/eingang/", "/de/eingang/"])
def test_the_staff_area_speaks_german_and_english_only(app: Flask, root: str) -> None:
    assert Clerk(app, root).get().status_code == 404


def test_a_wrong_password_an_unknown_name_and_a_closed_account_look_alike(app: Flask, database: Database) -> None:
    accounts.add_account(database, "zu", PASSWORD, NOW)
    accounts.set_active(database, "zu", False)
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    pages = [
        re.sub(r'value="[^"]*"', "", Clerk(app).log_in(name, password).text)
        for name, password in (("probe", "falsch-falsch-falsch"), ("niemand", PASSWORD), ("zu", PASSWORD))
    ]
    assert pages[0] == pages[1] == pages[2]
    assert "stimmt nicht" in pages[0]


def test_guessing_is_slowed_down_even_for_the_right_password(app: Flask, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(app)
    for _ in range(accounts.MAX_FAILURES_PER_NAME_AND_NETWORK):
        assert one.log_in(password="falsch-falsch-falsch").status_code == 403
    assert one.log_in().status_code == 429
    assert one.get().status_code == 303


def test_a_password_is_kept_as_argon2_and_a_short_one_refused(database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    with database.read_connection() as connection:
        (row,) = connection.exec_driver_sql("SELECT name, password_hash FROM account").all()
    assert row.name == "probe"
    assert row.password_hash.startswith("$argon2id$")
    with pytest.raises(accounts.AccountError, match="12"):
        accounts.add_account(database, "Zweite", "kurz", NOW)
    with pytest.raises(accounts.AccountError, match="exists already"):
        accounts.add_account(database, " PROBE ", PASSWORD, NOW)


def test_production_hashes_passwords_at_least_as_costly_as_owasp_recommends(production_hasher: PasswordHasher) -> None:
    """OWASP Password Storage Cheat Sheet, Argon2id: m=19456 (19 MiB), t=2, p=1. Tests themselves hash with less."""
    parameters = extract_parameters(production_hasher.hash(PASSWORD))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19456
    assert parameters.time_cost >= 2
    assert parameters.hash_len >= 32


def test_logging_out_ends_the_session_on_the_server(clerk: Clerk, database: Database) -> None:
    cookie = clerk.client.get_cookie("kim", domain="127.0.0.1")
    assert cookie is not None
    assert clerk.post("abmelden/").status_code == 303
    clerk.client.set_cookie("kim", cookie.value, domain="127.0.0.1")
    assert clerk.get().status_code == 303, "a stolen cookie is worth nothing after log-out"


def test_a_session_ends_after_an_idle_hour_and_after_twelve_hours(clerk: Clerk, database: Database) -> None:
    for values in (
        {"seen_at": NOW - datetime.timedelta(minutes=61)},
        {"created_at": NOW - datetime.timedelta(hours=13)},
    ):
        assert Clerk.get(clerk).status_code == 200
        with database.transaction() as connection:
            connection.execute(staff_session.update().values(**values))
        assert clerk.get().status_code == 303
        clerk.log_in()


def test_a_new_password_and_a_closed_account_end_all_sessions(clerk: Clerk, database: Database) -> None:
    accounts.set_password(database, "probe", "ein-anderes-passwort")
    assert clerk.get().status_code == 303
    clerk.log_in(password="ein-anderes-passwort")
    assert clerk.get().status_code == 200
    accounts.set_active(database, "probe", False)
    assert clerk.get().status_code == 303


@pytest.mark.parametrize(
    "target", ["https://boese.example/", "//boese.example", "/eingang/\\boese", "/", "/en/eingang/"]
)
def test_after_log_in_nobody_is_led_to_another_site(app: Flask, database: Database, target: str) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    response = Clerk(app).post("anmelden/", "anmelden/", name="probe", password=PASSWORD, weiter=target)
    assert response.location == "/eingang/"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://boese.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_another_site_can_change_nothing(
    clerk: Clerk, database: Database, settings: Settings, headers: dict[str, str]
) -> None:
    found = put(database, settings, company="Beispiel", email="a@example.org")
    for path in ("stand", "notiz", "loeschen", "freigeben", "berichtigen", "zitat"):
        response = clerk.post(
            f"v/{found.reference}/{path}", state="closed", note="x", sure="yes", company="y", headers=headers
        )
        assert response.status_code == 403
    kept = find_by_reference(database, found.reference)
    assert kept is not None
    assert (kept.state, kept.answers["company"]) == ("new", "Beispiel")


def test_a_new_key_ends_no_session_and_refuses_no_form_that_is_open(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = put(database, settings)
    token = TOKEN.search(clerk.get(f"v/{found.reference}/").text)
    assert token is not None
    renewed = dataclasses.replace(settings, secret_key="f" * 31 + "0123456789", former_keys=(settings.secret_key,))
    clerk.client.application = create_app(renewed, database)
    assert clerk.get(f"v/{found.reference}/").status_code == 200
    assert clerk.post(f"v/{found.reference}/notiz", token=token[1], note="Vor dem neuen Schlüssel begonnen").status_code == 303  # fmt: skip
    assert [one.text for one in queries.submission_history(database, found.number)["notes"]] == [
        "Vor dem neuen Schlüssel begonnen"
    ]


def test_an_old_page_keeps_the_note_and_gives_a_fresh_token(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = put(database, settings, company="Beispiel", email="a@example.org")
    text = "Eine lange Notiz, die nicht verloren gehen darf."
    response = clerk.post(f"v/{found.reference}/notiz", token="alt", note=text)
    assert response.status_code == 403
    assert text in response.text
    token = TOKEN.findall(response.text)[-1]
    assert clerk.post(f"v/{found.reference}/notiz", token=token, note=text).status_code == 303
    assert text in clerk.get(f"v/{found.reference}/").text


@pytest.mark.parametrize("spelling", ["{}", "{}/", "kim{1}", "kim%20{1}", "Kim_{1}", "%20{}%20", "k-i-m-{1}"])
def test_a_reference_in_the_address_bar_leads_to_its_entry(
    clerk: Clerk, database: Database, settings: Settings, spelling: str
) -> None:
    reference = put(database, settings).reference
    path = spelling.format(reference, reference[4:].lower())
    answer = clerk.client.get(clerk.root + path, base_url="http://127.0.0.1", follow_redirects=True)
    assert (answer.status_code, reference in answer.text) == (200, True)


def test_staff_pages_are_kept_by_no_cache_and_no_search_engine(clerk: Clerk) -> None:
    for path in ("", "zahlen/", "person/", "ausgabe.csv"):
        assert clerk.get(path).headers["Cache-Control"] == "no-store"


# --- working ------------------------------------------------------------------------------------------------------


def test_the_inbox_finds_by_words_form_state_language_day_and_trade(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    one = put(database, settings, company="Ölmühle Straße", email="a@example.org", trade="care", message="Çok güzel")
    two = put(database, settings, "barrier", days=3, problem="100 % kaputt_ und 'x'")
    cases = [
        ("q=ölmühle", one), ("q=STRASSE", one), ("q=çok", one), (f"q={one.reference.lower()}", one), ("q=100 %25", two),
        ("q=kaputt_", two), ("form=barrier", two), ("trade=care", one), (f"until={NOW - datetime.timedelta(days=2):%Y-%m-%d}", two),
        (f"since={NOW - datetime.timedelta(days=1):%Y-%m-%d}", one), ("state=new&form=participation&language=tr", one),
    ]  # fmt: skip
    for query, wanted in cases:
        text = clerk.get("?" + query).text
        other = two if wanted is one else one
        assert wanted.reference in text, query
        assert other.reference not in text.replace(f'value="{other.reference.lower()}"', ""), query
    assert "Zu diesem Filter gibt es keinen Eingang" in clerk.get("?q=gibtesnicht").text


def test_what_is_overdue_stands_on_top_and_says_since_when(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    fresh = put(database, settings, "barrier", days=1, problem="frisch", email="a@example.org")
    interim = put(database, settings, "barrier", days=16, problem="zwei Wochen", email="a@example.org")
    late = put(database, settings, "barrier", days=44, problem="sechs Wochen", email="a@example.org")
    text = clerk.get().text
    assert text.index(late.reference) < text.index(interim.reference) < text.index(fresh.reference)
    assert "Zwischennachricht überfällig" in text
    assert "Antwort überfällig" in text
    clerk.post(f"v/{interim.reference}/zwischennachricht", f"v/{interim.reference}/")
    clerk.post(f"v/{late.reference}/stand", f"v/{late.reference}/", state="answered")
    assert "überfällig seit" not in clerk.get().text


def test_state_notes_and_history_say_who_did_what(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put(database, settings, company="<b>Beispiel</b>", email="a@example.org", message="a\nb")
    page = f"v/{found.reference}/"
    clerk.post(page + "stand", page, state="in_work")
    clerk.post(page + "notiz", page, note="Angerufen.\n<script>alert(1)</script>")
    text = clerk.get(page).text
    assert "probe hat den Stand auf „in Arbeit“ gesetzt" in text
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "&lt;b&gt;Beispiel" in text
    assert clerk.post(page + "stand", page, state="quatsch").status_code == 422
    assert clerk.post(page + "notiz", page, note="x" * 5000).status_code == 422


def test_the_answer_link_speaks_the_senders_language_and_names_the_reference(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = put(database, settings, company="Beispiel", email="a+b@example.org")
    link = re.search(r'href="(mailto:[^"]+)"', clerk.get(f"v/{found.reference}/").text)
    assert link is not None
    assert link[1].startswith("mailto:a%2Bb@example.org?subject=")
    assert found.reference in link[1]


def test_held_mail_goes_out_only_after_a_release(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put(database, settings, held=True, company="Beispiel", email="a@example.org")
    assert found.reference not in clerk.get().text
    assert found.reference in clerk.get("?held=1").text
    page = f"v/{found.reference}/"
    clerk.post(page + "freigeben", page)
    with database.read_connection() as connection:
        assert {row.state for row in connection.execute(outgoing_mail.select())} == {"waiting"}
    assert found.reference in clerk.get().text


def test_stuck_mails_are_shown_with_their_reason_and_can_be_tried_again(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = put(database, settings, company="Beispiel", email="a@example.org")
    assert "Alle E-Mails wurden gesendet" in clerk.get("mails/").text
    with database.transaction() as connection:
        connection.execute(
            outgoing_mail.update().values(state="failed", attempts=11, last_error="SMTPConnectError 421")
        )
    text = clerk.get("mails/").text
    assert found.reference in text
    assert "SMTPConnectError 421" in text
    clerk.post("mails/", "mails/")
    with database.read_connection() as connection:
        assert {(row.state, row.attempts) for row in connection.execute(outgoing_mail.select())} == {("waiting", 0)}


def test_correcting_keeps_the_rules_of_the_form_and_notes_no_content(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    found = put(database, settings, company="Falsch", email="alt@example.org")
    page = f"v/{found.reference}/berichtigen"
    assert clerk.post(page, page, company="", email="neu@example.org").status_code == 422
    assert clerk.post(page, page, company="Richtig", email="neu@example.org").status_code == 303
    kept = find_by_reference(database, found.reference)
    assert kept is not None
    assert (kept.answers["company"], kept.sender) == ("Richtig", "neu@example.org")
    assert found.reference in clerk.get("?q=richtig").text
    with database.read_connection() as connection:
        details = " ".join(row.detail for row in connection.execute(event.select()))
    assert "company" in details
    assert "Richtig" not in details


def test_one_persons_data_is_found_copied_and_deleted_and_only_that(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    mine = [
        put(database, settings, company=f"Beispiel {n}", email="Person@Example.org", message="geheim") for n in (1, 2)
    ]
    other = put(database, settings, company="Andere", email="andere@example.org")
    settings.mail_dir.mkdir(parents=True)
    for row in (*mine, other):
        (settings.mail_dir / f"{row.reference}-copy.eml").write_text("x")
    text = clerk.get("person/?email=person@example.org").text
    assert all(row.reference in text for row in mine)
    copy = clerk.get("person/kopie.json?email=person@example.org")
    assert {row["Angaben"]["Betrieb"] for row in json.loads(copy.data)["Eingänge im Einzelnen"]} == {"Beispiel 1", "Beispiel 2"}  # fmt: skip
    page = "person/loeschen?email=person@example.org"
    assert "endgültig" in clerk.get(page).text
    assert clerk.post("person/loeschen", page, sure="yes", email="person@example.org").status_code == 303
    with database.read_connection() as connection:
        assert [row.reference for row in connection.execute(submission.select())] == [other.reference]
        logged = [(row.kind, row.detail, row.number) for row in connection.execute(event.select())]
        dump = " ".join(str(row) for row in connection.execute(event.select()))
    assert ("erased", "2", None) in logged
    assert "person@example.org" not in dump.lower()
    assert [path.name for path in settings.mail_dir.iterdir()] == [f"{other.reference}-copy.eml"]
    assert b"geheim" not in Path(settings.database_url.removeprefix("sqlite:///")).read_bytes(), "overwritten on disk"


def test_a_quotation_needs_the_consent_and_is_word_for_word(
    clerk: Clerk, database: Database, settings: Settings
) -> None:
    words = {"done": ["job"], "worked_text": "Das Team hat geholfen. Frau Beispiel auch.", "company": "Beispiel GmbH"}
    silent = put(database, settings, "survey", **words)
    assert clerk.post(f"v/{silent.reference}/zitat", "person/", field="worked_text", text="x").status_code == 422
    agreed = put(database, settings, "survey", **words, consent_quote=True)
    page = f"v/{agreed.reference}/"
    assert clerk.post(page + "zitat", page, field="worked_text", text="Das Team war toll.").status_code == 422
    sent = clerk.post(page + "zitat", page, field="worked_text", text="Das Team hat geholfen. […]", named="1")
    assert sent.status_code == 303
    (row,) = queries.submission_history(database, agreed.number)["quotations"]
    assert (row.text, row.named) == ("Das Team hat geholfen. […]", False), "the company did not agree to be named"
    clerk.post(page + "zitat", page, field="worked_text", back="1")
    assert queries.submission_history(database, agreed.number)["quotations"] == []


def test_charts_have_a_table_with_the_same_numbers(clerk: Clerk, database: Database, settings: Settings) -> None:
    for number in range(3):
        put(database, settings, company=f"B{number}", email="a@example.org", trade="care", ways=["job"])
    text = clerk.get("zahlen/").text
    assert text.count("<svg") == text.count("<caption") == 8
    assert re.search(r"Pflege und Gesundheit</th><td[^>]*>3</td>", text)
    assert re.search(r"Einen Arbeitsplatz anbieten</th><td[^>]*>3</td>", text)
    assert 'style="' not in text


# --- exports ------------------------------------------------------------------------------------------------------

NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =1",
    "a\n=1",
    "\u3000=cmd|' /C calc'!A0",
    '"; =1',
    "_x0041_",
]


def test_an_export_holds_exactly_what_the_filter_shows(clerk: Clerk, database: Database, settings: Settings) -> None:
    one = put(database, settings, company="Eins", email="a@example.org")
    put(database, settings, "barrier", problem="Zwei")
    found = json.loads(clerk.get("ausgabe.json?form=participation").data)
    assert [row["reference"] for row in found] == [one.reference]
    book = openpyxl.load_workbook(io.BytesIO(clerk.get("ausgabe.xlsx?form=participation").data))
    assert [row[0].value for row in book.active.iter_rows(min_row=2)] == [one.reference]
    assert clerk.get("ausgabe.exe").status_code == 404


@pytest.mark.parametrize("text", NASTY)
def test_no_cell_becomes_a_formula(text: str, database: Database, settings: Settings) -> None:
    found = [put(database, settings, company=text, email="a@example.org", message=text)]
    (sheet,) = export.as_sheets(found, ZONE, {})
    headings = sheet.headings
    book = openpyxl.load_workbook(io.BytesIO(export.as_xlsx(found, ZONE)))
    cells = next(iter(book.active.iter_rows(min_row=2)))
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert cells[headings.index(next(h for h in headings if h == "Betrieb"))].value == text, "unchanged in XLSX"
    (line,) = list(csv.reader(io.StringIO(export.as_csv(found, ZONE).decode("utf-8-sig")), delimiter=";"))[1:]
    for cell in (cell for cell in line if cell not in {"+1", "-1"}):  # numbers
        assert not cell.lstrip(export.WHITESPACE).startswith(export.FORMULA_PREFIXES), cell
    assert json.loads(export.as_json(found, ZONE))[0]["answers"]["company"] == text


@tried(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40))
def test_any_text_survives_every_export(text: str) -> None:
    row = Submission("n", "KIM-222222", "feedback", "de", "new", NOW, {"page": text, "helpful": "yes", "missing": text})
    assert json.loads(export.as_json([row], ZONE))[0]["answers"]["page"] == text
    cells = list(
        openpyxl.load_workbook(io.BytesIO(export.as_xlsx([row], ZONE))).active.iter_rows(min_row=2, values_only=True)
    )
    place = export.as_sheets([row], ZONE, {})[0].headings.index("Um welche Seite geht es?")
    assert (cells[0][place] or "") == text
    line = list(csv.reader(io.StringIO(export.as_csv([row], ZONE).decode("utf-8-sig")), delimiter=";"))[1]
    assert line[place + 1].removeprefix("'") == text.removeprefix("'") or line[place + 1] == export.escape_formula(text)


# --- the city's own log-in ----------------------------------------------------------------------------------------


def test_without_a_provider_its_addresses_do_not_exist(app: Flask) -> None:
    assert Clerk(app).post("anbieter/", "anmelden/").status_code == 404


def test_a_provider_that_does_not_answer_is_said_so(settings: Settings, database: Database) -> None:
    asked = dataclasses.replace(
        settings, oidc_issuer="http://127.0.0.1:9", oidc_client_id="kim", oidc_client_secret="geheim"
    )
    response = Clerk(create_app(asked, database)).post("anbieter/", "anmelden/")
    assert response.status_code == 403
    assert "nicht funktioniert" in response.text


def test_notes_are_deleted_with_their_submission(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put(database, settings, company="Beispiel", email="a@example.org")
    page = f"v/{found.reference}/"
    clerk.post(page + "notiz", page, note="Notiz")
    clerk.post(page + "loeschen", page + "loeschen", sure="yes")
    with database.read_connection() as connection:
        assert connection.execute(note.select()).all() == []
    assert clerk.get(page).status_code == 404
