"""The inbox, its exports, and the mails that could not be sent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.gettext import gettext as _
from core.languages import load_languages
from form_handler.current import database, settings
from form_handler.forms import FORMS
from form_handler.forms.participation import TRADES
from form_handler.staff import saved_forms, unsent
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import INBOX, SIGNED_IN
from form_handler.staff.blueprint import file_response, staff
from form_handler.staff.inbox import actions, queries, saved_views
from form_handler.staff.inbox.filters import FIELD_NAMES, FilterQuery, field_label, filter_query, parse_filter
from form_handler.staff.inbox.versions import sign_page_versions
from form_handler.staff.labels import state_label
from form_handler.staff.layout import render, staff_root
from form_handler.staff.reports import export
from form_handler.staff.routes import match_view
from form_handler.storage import events, search
from form_handler.storage.submissions import Submission


@staff.route("/", role=INBOX)
def inbox_page() -> BaseResponse:
    """Show the inbox."""
    return inbox_page_of(request.args)


def inbox_page_of(args: MultiDict[str, str], error: str = "", status: int = 200) -> BaseResponse:
    """Show the inbox with a filter, and the error of another form on it."""
    asked = parse_filter(args, with_page=True)
    if asked.errors:
        return render_inbox(asked)
    found, total = queries.search_submissions(database(), asked.filter, asked.page)
    pages = max(1, -(-total // queries.PER_PAGE))
    if asked.page > pages:
        words = _("There is no page %(page)s; the last one is page %(last)s.", page=asked.page, last=pages)
        return render_inbox(replace(asked, errors={"page": words}))
    return render_inbox(asked, found, total, pages, error, status)


def render_inbox(
    asked: FilterQuery,
    found: Sequence[Submission] = (),
    total: int = 0,
    pages: int = 1,
    error: str = "",
    status: int = 200,
) -> BaseResponse:
    """Show the inbox; with a wrong filter its errors, and no entry."""
    moment, wanted, me = utc_now(), asked.filter, g.account
    people = [name for name, active in accounts.list_accounts(database()) if active]
    query, list_query = filter_query(wanted), filter_query(wanted, **({"page": asked.page} if asked.page > 1 else {}))
    return render(
        "inbox", status=400 if asked.errors else status,
        title=_("Held as suspected spam") if asked.values.get("held") else _("Inbox"),
        error=_("The filter is not right, so nothing is shown.") if asked.errors else error, errors=asked.errors,
        rows=[(row, queries.deadlines(row, moment, settings().time_zone)) for row in found], total=total, page_number=asked.page, pages=pages,
        values={"q": "", **dict.fromkeys(FIELD_NAMES, ""), **asked.values}, query=query, list_query=list_query,
        entry_query=lambda row: urlencode({"liste": list_query, "platz": row.work_key}),
        filter_query=lambda **more: filter_query(wanted, **more), active=describe_filter(asked),
        counts=queries.inbox_counts(database(), moment, me.name), saved_forms=len(saved_forms.list_saved_forms(database(), me.id, moment)),
        forms=[(key, definition.title) for key, definition in FORMS.items()],
        elsewhere=queries.count_elsewhere(database(), wanted) if not (found or asked.errors) else (0, 0),
        states=[(state, state_label(state)) for state in queries.STATES], seen=sign_page_versions(found),
        state_choices=[("open", _("open")), *((state, state_label(state)) for state in queries.STATES)],
        people=people, assignees=[("me", _("me")), ("none", _("nobody")), *((name, name) for name in people if name != me.name)],
        due_choices=[("overdue", _("overdue")), ("follow-up", _("follow-up reached"))],
        views=saved_views.list_views(database(), me.id), today=local_day(moment, settings().time_zone),
        languages=[(row.code, row.name) for row in load_languages()], trades=TRADES,
    )  # fmt: skip


def describe_filter(asked: FilterQuery) -> str:
    """Return the names of the filters that are set, besides the search; empty for none."""
    names = [name for name in FIELD_NAMES if name not in {"q", "held"} and asked.values.get(name)]
    return ", ".join(field_label(name) for name in names)


@staff.route("/ausgabe.<kind>", role=INBOX)
def download(kind: str) -> BaseResponse:
    """Send the filtered submissions as a file."""
    makers: dict[str, tuple[Any, str]] = {
        "xlsx": (export.as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "csv": (export.as_csv, "text/csv"),  # Flask adds the charset
        "json": (export.as_json, "application/json"),
    }
    if kind not in makers:
        raise NotFound
    make, mimetype = makers[kind]
    asked = parse_filter(request.args)
    if asked.errors:
        return render_inbox(asked)
    found = queries.all_submissions(database(), asked.filter)
    with database().transaction() as connection:
        events.record_event(connection, g.account.name, "exported", utc_now(), None, f"{kind} {len(found)}")
    zone = settings().time_zone
    notes = export.read_notes(database(), found)
    return file_response(make(found, zone, notes), f"kim-{local_day(utc_now(), zone)}.{kind}", mimetype)


@staff.route("/mails/", methods=["GET", "POST"], role=INBOX, saved_fields=())
def mails() -> BaseResponse:
    """Show mails that could not be sent, and try them again."""
    if request.method == "POST":
        actions.retry_mails(database(), g.account.name, utc_now())
        return redirect(f"{staff_root()}mails/", 303)
    return render("mails", title=_("Mails that wait"), mails=queries.undelivered_mails(database()))


@staff.route("/<path:rest>", methods=["GET", "POST"], role=SIGNED_IN)
def unknown_page(rest: str) -> BaseResponse:
    """Redirect from a reference or the address of a button to its entry; answer 404 to all else."""
    spellings = search.reference_spellings(rest)
    if spellings and request.method == "GET":
        return redirect(f"{staff_root()}v/{spellings[0]}/", 303)
    page = unsent.entry_page(request.path)
    if page != staff_root() and request.path != page and match_view(request.path, "POST"):
        return redirect(page, 303)
    return render("not-found", status=404, title=_("Not found"))
