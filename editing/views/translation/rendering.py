"""German and translation side by side as HTML."""

import datetime

from flask import g, session
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from core.languages import default_language
from editing import drafts
from editing.paragraphs.reading import digest
from editing.translation.rows import (
    Row,
    count_open,
    row_errors,
)
from editing.views.blueprint import PageFile, workspace
from editing.views.labels import kind_label, page_state_label
from editing.views.page.rendering import anchor
from editing.views.page.session import session_seconds
from editing.views.translation.sheet import OpenRow, Sheet, inserts_of, machine_configured, read_sheet, terms_of
from editing.workspace import parse_draft
from editorial.content.place_names import load_place_names
from editorial.translations.units import review_lines
from form_handler.current import database
from form_handler.staff.layout import render, render_part


def render_sheet(sheet: Sheet, opened: OpenRow | None = None, status: int = 200, sign_error: str = "") -> BaseResponse:
    """Return the page side by side."""
    sheet = sheet if sheet.whole else read_sheet(sheet.file)
    file = sheet.file
    stale, missing = count_open(sheet.rows)
    signed = review_lines(file.raw or "")
    draft = file.draft
    error = sign_error or (_("This was not stored.") if opened and opened.errors else "")
    state = workspace().site().states.get((file.key, file.language.code))
    return render(
        "translate/page", status=status, title=_("Translate: %(page)s (%(language)s)", page=german_title(file), language=file.language.name),
        sheet=sheet, file=file, rows=sheet.rows, opened=opened, stale=stale, missing=missing, error=error, sign_error=sign_error,
        german_title=german_title(file), state=state.state if state else "", page_state_label=page_state_label, kind_label=kind_label,
        anchor=anchor, terms_of=lambda row: terms_of(row, file.language.code), inserts_of=lambda row: inserts_of(row, file.language.code), row_form=lambda row: render_row(sheet, row, opened if opened and opened.id == row.id else None),
        first_open=sheet.next_open(), source_language=default_language(), next_page=next_page(file), seen=digest(file.raw or ""),
        signed=signed, review=review_of(file.raw, file.language.code), signed_here=bool(signed) and signed != review_lines(file.published or ""),
        reviewer=session.get("reviewer", g.account.name), session_seconds=session_seconds(), accepted=accepted_count(draft),
        others=[one for one, place in sheet.shown.findings if place is None or not any(row.own_place == place for row in sheet.rows)],
        has_machine=machine_configured(),
        writing=list(dict.fromkeys(name for name, _place in sheet.writing)),
    )  # fmt: skip


def german_title(file: PageFile) -> str:
    """Return the title of the German page."""
    assert file.page is not None
    return file.page.text(default_language()).front_matter.title or file.key


def accepted_count(draft: drafts.Draft | None) -> int:
    """Return how many paragraphs a draft accepts unchanged."""
    rows = drafts.list_changes(database(), draft.id) if draft else []
    return len({row.place for row in rows if row.source and row.before == row.after})


def review_of(raw: str | None, code: str) -> tuple[str, datetime.date] | None:
    """Return who has reviewed a translation, and when; None if nobody has."""
    if raw is None:
        return None
    text = parse_draft(code, "", raw, load_place_names(workspace().docs))
    if isinstance(text, list):
        return None
    header = text.front_matter
    name, day = getattr(header, "reviewed_by", None), getattr(header, "reviewed_at", None)
    return (name, day) if name and day else None


def next_page(file: PageFile) -> tuple[str, str] | None:
    """Return key and German title of the next page of this language that is stale or missing, or None."""
    site = workspace().site()
    keys = [
        key
        for (key, code), state in site.states.items()
        if code == file.language.code and state.state in ("stale", "missing")
    ]
    later = [key for key in keys if key != file.key]
    key = next((key for key in later if key > file.key), later[0] if later else None)
    return (key, site.content.pages[key].text(default_language()).front_matter.title or key) if key else None


def render_row(sheet: Sheet, row: Row, opened: OpenRow | None = None) -> str:
    """Return the form of one paragraph."""
    file = sheet.file
    words = opened.words if opened else row.own
    scratch = sheet.scratches.get(row.id)
    scratch = scratch if scratch and scratch.text.strip() != words.strip() else None
    findings = sheet.shown.at(row.own_place) if row.own_place and row.own else []
    return render_part(
        "translate/form", file=file, row=row, words=words, anchor=anchor(row.id), opened=opened, kind=_("Section") if row.is_section else kind_label(row.kind), number=sheet.rows.index(row) + 1,
        problems=row_errors(row, words, file.language) if words and not (opened and opened.errors) and row.need != "new" else [],
        findings=findings, scratch=scratch if not (opened and (opened.checked or opened.errors)) else None,
        rows=min(20, max(2, len(row.german) // 50 + row.german.count("\n") + 1)), has_machine=machine_configured() and not row.is_section,
        others=[name for name, place in sheet.writing if place == row.id],
    )  # fmt: skip
