"""Exports of the filtered submissions as XLSX, CSV and JSON; no answer can become a formula."""

import csv
import datetime
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from babel.dates import format_date
from wtforms import Field, RadioField, SelectField, SelectMultipleField

from core.clock import local_day
from core.gettext import current_language_code
from core.gettext import gettext as _
from form_handler.forms import FORMS
from form_handler.forms.fields import display_value
from form_handler.staff.inbox.queries import deadlines
from form_handler.staff.labels import language_label, spam_reasons, state_label
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import note

# A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection); with the full-width forms.
FORMULA_PREFIXES = tuple("=+-@\t\r\n＝＋－＠")
WHITESPACE = " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u200b\ufeff"
# A signed number, and a telephone number; neither is computed from another cell.
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
PHONE = re.compile(r"\+\d[\d ()/.\u2010-\u2015-]{4,58}\d", re.ASCII)
MAX_XLSX_CHARS = 32_767  # of one cell
MAX_SHEET_NAME_CHARS = 31
MIN_COLUMN_WIDTH, MAX_COLUMN_WIDTH = 10, 60  # in characters
BATCH_ROWS = 500

Cell = str | int | datetime.date | datetime.datetime | None
Notes = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Sheet:
    """A table: headings and rows; an empty cell is None. Times are local and without a zone."""

    title: str
    headings: list[str]
    rows: list[list[Cell]]


def read_notes(database: Database, found: Sequence[Submission]) -> dict[str, list[Any]]:
    """Return the notes of submissions by their number, the oldest first."""
    notes: dict[str, list[Any]] = {}
    numbers = [row.number for row in found]
    with database.read_connection() as connection:
        for start in range(0, len(numbers), BATCH_ROWS):
            some = note.c.number.in_(numbers[start : start + BATCH_ROWS])
            for one in connection.execute(sa.select(note).where(some).order_by(note.c.id)):
                notes.setdefault(one.number, []).append(one)
    return notes


def as_sheets(found: Sequence[Submission], zone: ZoneInfo, notes: Notes) -> list[Sheet]:
    """Return a table for each form in the current language, with its own columns."""
    sheets = []
    for key in (key for key in FORMS if any(row.form == key for row in found)):
        definition, form = FORMS[key], FORMS[key].form_class()
        fields = [form[name] for name in definition.field_names()]
        headings = [*_work_headings(), *(str(field.label.text) for field in fields), _("Notes")]
        rows: list[list[Cell]] = [
            [*_work_cells(row, zone), *_answer_cells(row, fields), note_text(notes.get(row.number, ()), zone) or None]
            for row in found
            if row.form == key
        ]
        sheets.append(Sheet(str(definition.title), headings, rows))
    return sheets


def _work_headings() -> list[str]:
    return [
        _("Reference"), _("Received"), _("Language"), _("State"), _("Due"), _("Interim notice"), _("Answered"),
        _("Days until answered"), _("Assigned to"), _("Follow-up"), _("Suspected spam"),
    ]  # fmt: skip


def _work_cells(row: Submission, zone: ZoneInfo) -> list[Cell]:
    days = (local_day(row.answered_at, zone) - local_day(row.received_at, zone)).days if row.answered_at else None
    return [
        row.reference, _local(row.received_at, zone), language_label(row.language), state_label(row.state),
        due_day(row, zone), _local(row.interim_at, zone), _local(row.answered_at, zone), days, row.assignee or None, row.follow_up,
        "; ".join(spam_reasons(row.suspicion)) or _("Yes") if row.held else None,
    ]  # fmt: skip


def due_day(row: Submission, zone: ZoneInfo) -> datetime.date | None:
    """Return the due day of the office's next step; None if it owes nothing."""
    due = deadlines(row, row.received_at, zone)
    return due.interim_by or due.answer_by


def _local(moment: datetime.datetime | None, zone: ZoneInfo) -> datetime.datetime | None:
    """Return a moment in local time without zone, to the minute: a spreadsheet has no zones."""
    return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) if moment else None


def _answer_cells(row: Submission, fields: Sequence[Field]) -> list[Cell]:
    cells: list[Cell] = []
    for field in fields:
        words = display_value(field, row.answers.get(field.name))
        if isinstance(field, SelectMultipleField):
            cells.append(words.replace("\n", "; ") or None)
        elif isinstance(field, SelectField | RadioField) and NUMBER.fullmatch(words) and words.isdigit():
            cells.append(int(words))
        else:
            cells.append(words or None)
    return cells


def note_text(notes: Sequence[Any], zone: ZoneInfo) -> str:
    """Return notes as one text, each with its day and author."""
    return "\n".join(f"{_day(local_day(one.written_at, zone))}, {one.author}: {one.text}" for one in notes)


def _day(day: datetime.date) -> str:
    return format_date(day, "medium", locale=current_language_code())


def as_xlsx(found: Sequence[Submission], zone: ZoneInfo, notes: Notes | None = None) -> bytes:
    """Return an XLSX file with a sheet for each form; dates, times and numbers are real ones, answers are text, unchanged.

    :param notes: by number of the submission, its notes.
    """
    import xlsxwriter  # ten megabytes for something that is asked for once a week

    sheets = as_sheets(found, zone, notes or {}) or [Sheet("KIM", _work_headings(), [])]
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        formats = {
            "heading": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "text": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "number": book.add_format({"num_format": "0", "valign": "top"}),
            "day": book.add_format({"num_format": "dd.mm.yyyy", "valign": "top"}),
            "moment": book.add_format({"num_format": "dd.mm.yyyy hh:mm", "valign": "top"}),
        }
        taken: set[str] = set()
        for one in sheets:
            _write_sheet(book.add_worksheet(sheet_name(one.title, taken)), one, formats)
    return out.getvalue()


def sheet_name(title: str, taken: set[str]) -> str:
    """Return a title as the name of a sheet, which no other has; it is added to the taken ones.

    A name has at most 31 characters, none of ``[]:*?/\\``, no apostrophe at its ends, and case makes no difference.
    """
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '")[:MAX_SHEET_NAME_CHARS].strip(" '") or "KIM"
    name, number = clean, 2
    while name.casefold() in taken:
        end = f" {number}"
        name, number = clean[: MAX_SHEET_NAME_CHARS - len(end)] + end, number + 1
    taken.add(name.casefold())
    return name


def _write_sheet(sheet: Any, table: Sheet, formats: Mapping[str, Any]) -> None:
    for column, heading in enumerate(table.headings):
        sheet.write_string(0, column, heading, formats["heading"])
    for number, row in enumerate(table.rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime.datetime):
                sheet.write_datetime(number, column, cell, formats["moment"])
            elif isinstance(cell, datetime.date):
                sheet.write_datetime(number, column, cell, formats["day"])
            elif isinstance(cell, int):
                sheet.write_number(number, column, cell, formats["number"])
            elif cell is not None:
                sheet.write_string(number, column, shorten_cell(cell), formats["text"])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.headings) - 1)
    for column, heading in enumerate(table.headings):
        sheet.set_column(column, column, column_width(heading, [row[column] for row in table.rows]))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def shorten_cell(text: str) -> str:
    """Return a text that a cell can hold; a longer one refers to the inbox."""
    if len(text) <= MAX_XLSX_CHARS:
        return text
    end = _("… (goes on in the inbox)")
    return text[: MAX_XLSX_CHARS - len(end)] + end


def column_width(heading: str, cells: Sequence[Cell]) -> int:
    """Return the width of a column in characters: that of its longest line or half its heading, within limits."""
    longest = max((len(line) for cell in cells for line in _cell_text(cell).split("\n")), default=0)
    return min(max(longest + 2, len(heading) // 2 + 2, MIN_COLUMN_WIDTH), MAX_COLUMN_WIDTH)


def _cell_text(cell: Cell) -> str:
    """Return a cell as text, days and times as spreadsheets of the current language read them."""
    if isinstance(cell, datetime.datetime):
        return f"{cell:%d.%m.%Y %H:%M}" if current_language_code() == "de" else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, datetime.date):
        return f"{cell:%d.%m.%Y}" if current_language_code() == "de" else cell.isoformat()
    return "" if cell is None else str(cell)


def as_csv(found: Sequence[Submission], zone: ZoneInfo, notes: Notes | None = None) -> bytes:
    """Return a CSV file (RFC 4180, UTF-8 with mark, semicolons as German spreadsheets expect), all forms in one table.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front; XLSX and JSON change nothing.
    """
    sheets = as_sheets(found, zone, notes or {})
    fixed = len(_work_headings())
    headings, width = [*_work_headings(), _("Form")], sum(len(one.headings) - fixed - 1 for one in sheets)
    rows: dict[str, list[str]] = {}
    start = 0
    for one in sheets:
        fields = one.headings[fixed:-1]
        headings += [f"{one.title}: {label}" if len(sheets) > 1 else label for label in fields]
        for row in one.rows:
            cells = [_cell_text(cell) for cell in row]
            answers = ["" for _ in range(width)]
            answers[start : start + len(fields)] = cells[fixed:-1]
            rows[cells[0]] = [*cells[:fixed], one.title, *answers, cells[-1]]
        start += len(fields)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([escape_formula(cell) for cell in [*headings, _("Notes")]])
    writer.writerows([escape_formula(cell) for cell in rows[row.reference]] for row in found)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def escape_formula(cell: str) -> str:
    """Return a cell that no spreadsheet interprets as a formula, not even after blanks or a line end.

    A signed number is none. A telephone number gets blanks for the signs between its digits, which a spreadsheet would
    compute, and at least one, so that it stays text with its ``+``.
    """
    if NUMBER.fullmatch(cell) and len(cell) < 8:
        return cell
    if PHONE.fullmatch(cell):
        spaced = " ".join(re.sub(r"[()/.\u2010-\u2015-]", " ", cell.replace("(0)", " ")).split())
        return spaced if " " in spaced else f"{spaced[:3]} {spaced[3:]}"
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if any(line.lstrip(WHITESPACE).startswith(FORMULA_PREFIXES) for line in lines) or cell.startswith(FORMULA_PREFIXES):
        return "'" + cell
    return cell


def as_json(found: Sequence[Submission], zone: ZoneInfo, notes: Notes | None = None) -> bytes:
    """Return a JSON array with the answers as they are stored; times have the offset of a time zone."""
    records = [as_record(row, zone, (notes or {}).get(row.number, ())) for row in found]
    return json.dumps(records, ensure_ascii=False, indent=1).encode("utf-8")


def as_record(row: Submission, zone: ZoneInfo, notes: Sequence[Any] = ()) -> dict[str, Any]:
    """Return a submission as JSON holds it."""
    last_day = due_day(row, zone)

    def moment(value: datetime.datetime | None) -> str | None:
        return value.astimezone(zone).isoformat() if value else None

    return {
        "reference": row.reference,
        "form": row.form,
        "language": row.language,
        "state": row.state,
        "received_at": moment(row.received_at),
        "due_on": last_day.isoformat() if last_day else None,
        "interim_at": moment(row.interim_at),
        "answered_at": moment(row.answered_at),
        "held": row.held,
        "answers": dict(row.answers),
        "notes": [{"written_at": moment(one.written_at), "author": one.author, "text": one.text} for one in notes],
    }
