"""Exports of the filtered submissions as XLSX, CSV and JSON; no answer can become a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from core.gettext import gettext as _
from form_handler.forms import FORMS
from form_handler.storage.submissions import Submission

# A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection); with the full-width forms.
FORMULA_PREFIXES = tuple("=+-@\t\r\n＝＋－＠")
WHITESPACE = " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u200b\ufeff"


def as_table(found: Sequence[Submission], zone: ZoneInfo) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows in words of the current language; one column for each question of the forms shown.

    Times are those of a time zone.
    """
    keys = [key for key in FORMS if any(row.form == key for row in found)]
    fields = [(key, name) for key in keys for name in FORMS[key].field_names()]
    empty = {key: FORMS[key].form_class() for key in keys}
    several = len(keys) > 1
    headings = [_("Reference"), _("Received"), _("Form"), _("Language"), _("State")]
    for key, name in fields:
        label = empty[key][name].label.text
        headings.append(f"{FORMS[key].title}: {label}" if several else str(label))
    rows = []
    for row in found:
        words = {field.name: text for field, text in FORMS[row.form].display_rows(row.answers)}
        fixed = [
            row.reference,
            f"{row.received_at.astimezone(zone):%Y-%m-%d %H:%M}",
            str(FORMS[row.form].title),
            row.language,
            row.state,
        ]
        rows.append([*fixed, *(words[name] if key == row.form else "" for key, name in fields)])
    return headings, rows


def as_xlsx(found: Sequence[Submission], zone: ZoneInfo) -> bytes:
    """Return an XLSX file; every cell is text, whatever it begins with, and unchanged."""
    import xlsxwriter  # ten megabytes for something that is asked for once a week

    headings, rows = as_table(found, zone)
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("KIM")
        bold, text = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "@"})
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell, text)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
        sheet.set_column(0, len(headings) - 1, 24)
    return out.getvalue()


def as_csv(found: Sequence[Submission], zone: ZoneInfo) -> bytes:
    """Return a CSV file (RFC 4180, UTF-8 with mark, semicolons as German spreadsheets expect).

    A cell that a spreadsheet would take for a formula gets an apostrophe in front; XLSX and JSON change nothing.
    """
    headings, rows = as_table(found, zone)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([escape_formula(cell) for cell in headings])
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def escape_formula(cell: str) -> str:
    """Return a cell that no spreadsheet interprets as a formula, not even after blanks or a line end."""
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if any(line.lstrip(WHITESPACE).startswith(FORMULA_PREFIXES) for line in lines) or cell.startswith(FORMULA_PREFIXES):
        return "'" + cell
    return cell


def as_json(found: Sequence[Submission], zone: ZoneInfo) -> bytes:
    """Return a JSON array with the answers as they are stored."""
    return json.dumps([as_record(row, zone) for row in found], ensure_ascii=False, indent=1).encode("utf-8")


def as_record(row: Submission, zone: ZoneInfo) -> dict[str, Any]:
    """Return a submission as JSON holds it."""
    return {
        "reference": row.reference,
        "form": row.form,
        "language": row.language,
        "state": row.state,
        "received_at": row.received_at.astimezone(zone).isoformat(),
        "answers": dict(row.answers),
    }
