"""The boss's file: words, real dates and numbers, a sheet for each form, and no formula."""

from __future__ import annotations

import csv
import datetime
import io
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from flask import Flask

from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import actions
from form_handler.staff.reports import export
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, find_by_reference
from tests.form_handler.staff.test_staff_area import PASSWORD, Clerk, put

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def clerk(app: Flask, database: Database) -> Clerk:
    """A clerk who is logged in."""
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    one = Clerk(app)
    one.log_in()
    return one


@pytest.fixture
def entries(database: Database, settings: Settings) -> list[Submission]:
    """One entry each of three forms; the first is answered and has notes."""
    company = put(database, settings, days=3, company="Müller & Söhne", email="a@example.org", trade="crafts",
                  ways=["internship", "job"], phone="+49 (0)2041/70-300", message="=1+1")  # fmt: skip
    actions.add_note(database, company, "Rückruf am Montag", "anna", NOW)
    actions.add_note(database, company, "=HYPERLINK(1)", "bert", NOW)
    actions.set_work(database, company, {"state": "answered"}, "anna", NOW)
    barrier = put(database, settings, "barrier", problem="Kein Kontrast", email="b@example.org", page="/de/")
    feedback = put(database, settings, "feedback", helpful="no", page="/de/")
    return [company, barrier, feedback]


def book(clerk: Clerk, path: str = "ausgabe.xlsx") -> openpyxl.Workbook:
    """Return the exported file."""
    return openpyxl.load_workbook(io.BytesIO(clerk.get(path).data))


def column(sheet: openpyxl.worksheet.worksheet.Worksheet, heading: str) -> list[object]:
    """Return the cells below a heading."""
    headings = [cell.value for cell in sheet[1]]
    return [row[headings.index(heading)].value for row in sheet.iter_rows(min_row=2)]


def test_each_form_has_a_sheet_with_its_own_columns(clerk: Clerk, entries: list[Submission]) -> None:
    found = book(clerk)
    assert [sheet.title for sheet in found.worksheets] == [
        "Als Betrieb mitmachen",
        "Eine Barriere melden",
        "Rückmeldung zu einer Seite",
    ]
    headings = [{cell.value for cell in sheet[1]} for sheet in found.worksheets]
    assert "Betrieb" in headings[0]
    assert "Betrieb" not in headings[1] | headings[2]
    for sheet in found.worksheets:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref
        assert all(10 <= sheet.column_dimensions[key].width <= 62 for key in sheet.column_dimensions)


def test_cells_are_words_real_dates_and_numbers(clerk: Clerk, entries: list[Submission]) -> None:
    mine, barrier, _feedback = book(clerk).worksheets
    (received,), (answered,) = column(mine, "Eingegangen"), column(mine, "Beantwortet")
    assert isinstance(received, datetime.datetime)
    assert isinstance(answered, datetime.datetime)
    assert column(mine, "Tage bis zur Antwort") == [3]
    assert isinstance(column(barrier, "Frist")[0], datetime.datetime)
    assert column(mine, "Sprache") == ["Türkisch"]
    assert column(mine, "Stand") == ["beantwortet"]
    assert column(mine, "Branche") == ["Handwerk"]
    (notes,) = column(mine, "Notizen")
    assert "anna: Rückruf am Montag\n" in str(notes)
    assert "bert: =HYPERLINK(1)" in str(notes)
    text = {str(cell.value) for row in mine.iter_rows() for cell in row}
    assert {"=1+1", "+49 (0)2041/70-300"} <= text, "answers are unchanged"
    assert not {"crafts", "internship", "answered", "tr", "True"} & text, "no key of the database"
    assert {cell.data_type for row in mine.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_the_english_file_speaks_english(app: Flask, clerk: Clerk, entries: list[Submission]) -> None:
    english = Clerk(app, "/en/eingang/")
    english.client = clerk.client
    sheet = book(english).worksheets[0]
    assert (column(sheet, "State"), column(sheet, "Language")) == (["answered"], ["Turkish"])


def test_csv_opens_in_a_german_spreadsheet_without_apostrophes_before_numbers(
    clerk: Clerk, entries: list[Submission], database: Database, settings: Settings
) -> None:
    put(database, settings, company="-5", email="b@example.org", phone="+49204170300", message="-1-2")
    data = clerk.get("ausgabe.csv").data
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    companies = {row["Als Betrieb mitmachen: Betrieb"]: row for row in rows}
    assert companies["Müller & Söhne"]["Als Betrieb mitmachen: Telefonnummer"] == "+49 2041 70 300"
    assert companies["-5"]["Als Betrieb mitmachen: Telefonnummer"] == "+49 204170300"
    assert companies["-5"]["Als Betrieb mitmachen: Ihre Nachricht"] == "'-1-2", "would be computed"
    assert companies["Müller & Söhne"]["Eingegangen"].count(".") == 2
    assert all(len(row) == len(rows[0]) for row in rows)


@pytest.mark.parametrize(
    ("text", "cell"),
    [("-5", "-5"), ("+3", "+3"), ("-1,5", "-1,5"), ("12", "12"), ("02041 70300", "02041 70300"), ("+49 2041 70300", "+49 2041 70300"),
     ("+49-2041-70300", "+49 2041 70300"), ("=1", "'=1"), ("-A1", "'-A1"), ("+1+1", "'+1+1"), ("-2+3", "'-2+3"), ("@x", "'@x")],
)  # fmt: skip
def test_only_what_a_spreadsheet_would_compute_is_changed(text: str, cell: str) -> None:
    assert export.escape_formula(text) == cell


def test_names_of_sheets_are_valid_and_different() -> None:
    taken: set[str] = set()
    names = [export.sheet_name(title, taken) for title in ("A/B: [x]?*\\", "x" * 40, "X" * 40, "''", "", "'K'")]
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") and name.strip("'") == name for name in names)
    assert len({name.casefold() for name in names}) == len(names)


def test_notes_longer_than_a_cell_say_that_they_go_on(
    clerk: Clerk, entries: list[Submission], database: Database
) -> None:
    mine = find_by_reference(database, entries[0].reference)
    assert mine is not None
    for number in range(10):
        actions.add_note(database, mine, f"{number}" * 3990, "anna", NOW)
    (text,) = column(book(clerk).worksheets[0], "Notizen")
    assert len(str(text)) == export.MAX_XLSX_CHARS
    assert str(text).endswith("… (weiter im Eingang)")


def test_an_export_of_nothing_is_a_whole_file(clerk: Clerk) -> None:
    assert book(clerk, "ausgabe.xlsx?q=niemand").worksheets[0]["A1"].value == "Vorgangsnummer"
    assert clerk.get("ausgabe.csv?q=niemand").data.count(b"\r\n") == 1
