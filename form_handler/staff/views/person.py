"""Everything of one person: find, copy, correct, delete (Art. 15 to 17 GDPR)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.gettext import gettext as _
from core.gettext import ngettext
from form_handler.current import database, settings
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import file_response, staff
from form_handler.staff.inbox import corrections
from form_handler.staff.layout import flash, render, staff_root
from form_handler.staff.persons import data_copy, search
from form_handler.staff.persons.correction import FIELDS as CONTACT_FIELDS
from form_handler.staff.persons.correction import ContactField, apply_correction, contact_fields
from form_handler.staff.views.submission.deletion import delete_all, render_deletion
from form_handler.storage import deletion, events, submissions
from form_handler.storage.submissions import Submission


def person_query(values: MultiDict[str, str]) -> str:
    """Return the query for a person."""
    return (values.get("q") or values.get("email") or "").strip()[: search.MAX_QUERY]


def selected_submissions(values: MultiDict[str, str]) -> list[Submission]:
    """Return the selected submissions; without a selection, the exact matches of the query."""
    if values.get("picked") or values.getlist("ref"):
        return search.find_selected(database(), values.getlist("ref"))
    return search.find_exact(database(), person_query(values))


@staff.route("/person/", role=INBOX)
def person() -> BaseResponse:
    """Find everything of one person (Art. 15 GDPR)."""
    return render_person(person_query(request.args))


def render_person(query: str, error: str = "") -> BaseResponse:
    """Render exact and similar matches of a person."""
    return render(
        "person", status=422 if error else 200, title=_("Data of one person"), query=query, error=error,
        found=search.find_person(database(), query), data_requests=events.list_data_requests(database()),
    )  # fmt: skip


@staff.route("/person/kopie.<kind>", role=INBOX)
def person_copy(kind: str) -> BaseResponse:
    """Hand out one person's data as a copy for them (Art. 15(3), Art. 20 GDPR)."""
    makers: dict[str, tuple[Any, str]] = {
        "html": (data_copy.as_html, "text/html"),
        "json": (data_copy.as_json, "application/json"),
    }
    if kind not in makers:
        raise NotFound
    found = selected_submissions(request.args)
    if not found and request.args.get("picked"):
        return render_person(person_query(request.args), _("Tick at least one entry."))
    if not found:
        raise NotFound
    make, mimetype = makers[kind]
    content = make(data_copy.copy_person_data(database(), settings(), found, utc_now()))
    events.record_copy(database(), found, kind, g.account.name, utc_now())
    return file_response(content, f"kim-auskunft-{local_day(utc_now(), settings().time_zone)}.{kind}", mimetype)


@staff.route("/person/loeschen", methods=["GET", "POST"], role=INBOX, max_body=32 * 1024)
def delete_person() -> BaseResponse:
    """Delete one person's data for good, after asking (Art. 17 GDPR)."""
    values = g.form if request.method == "POST" else request.args
    query, picked, found = (
        person_query(values),
        bool(values.get("picked") or values.get("ref")),
        selected_submissions(values),
    )
    error = ""
    if not found and picked and request.method != "POST":
        return render_person(query, _("Tick at least one entry."))
    if found and request.method == "POST" and g.form.get("sure") == "yes":
        error = delete_all(found, "erased")
        if not error:
            flash(ngettext("%(num)s entry is deleted for good.", "%(num)s entries are deleted for good.", len(found)))
            found = []
    if not found:
        return redirect(f"{staff_root()}person/?{urlencode({'q': query})}", 303)
    return render_deletion(_("Delete the data of one person"), found, error, "person/loeschen", query, picked)


@staff.route("/person/berichtigen", methods=["GET", "POST"], role=INBOX, max_body=32 * 1024)
def correct_person() -> BaseResponse:
    """Correct name, address or number in all selected submissions (Art. 16 GDPR)."""
    values = g.form if request.method == "POST" else request.args
    query, found = person_query(values), selected_submissions(values)
    if not found and values.get("picked") and request.method != "POST":
        return render_person(query, _("Tick at least one entry."))
    if not found:
        return redirect(f"{staff_root()}person/?{urlencode({'q': query})}", 303)
    if request.method != "POST":
        return render_person_correction(query, found, contact_fields(found))
    typed = {name: g.form.get(name, "") for name in CONTACT_FIELDS}
    changes = [(row, *apply_correction(row, typed)) for row in found]
    errors = {name: texts for _row, _answers, wrong in changes for name, texts in wrong.items()}
    if errors:
        fields = contact_fields(found, typed, errors)
        return render_person_correction(
            query, found, fields, _("Nothing was changed. Please check what is marked."), 422
        )
    if g.form.get("_seen") != deletion.work_digest(database(), [row.number for row in found]):
        error = _("Somebody has worked on this while the page was open. Nothing was changed. Please look once more.")
        return render_person_correction(query, found, contact_fields(found, typed), error, 409)
    try:
        for row, answers, _none in changes:
            corrections.update_answers(database(), row, answers, g.account.name, utc_now())
    except submissions.ConflictError:
        error = _("A colleague was faster in one entry. Those before it are corrected. Please look once more.")
        return render_person_correction(query, found, contact_fields(found, typed), error, 409)
    followed = typed["email"] or typed["phone"] or query
    return redirect(f"{staff_root()}person/?{urlencode({'q': followed})}", 303)


def render_person_correction(
    query: str, found: Sequence[Submission], fields: Sequence[ContactField], error: str = "", status: int = 200
) -> BaseResponse:
    """Render the fields that are corrected in several submissions at once."""
    return render(
        "edit-person", status=status, title=_("Correct the data of one person"), query=query, found=found,
        fields=fields, error=error, seen=deletion.work_digest(database(), [row.number for row in found]),
    )  # fmt: skip
