"""Working through the list: several entries at once, undo, saved views, who is there, shortcuts."""

import datetime
from typing import Any
from urllib.parse import parse_qsl

from flask import g, jsonify, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.gettext import ngettext
from form_handler.current import database
from form_handler.staff import shortcuts
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import INBOX, SIGNED_IN
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import actions, presence, queries, saved_views
from form_handler.staff.inbox.filters import filter_query, parse_filter
from form_handler.staff.inbox.versions import undo_token, verify_page_versions, verify_undo
from form_handler.staff.layout import flash, render, staff_root
from form_handler.staff.persons.search import find_selected
from form_handler.staff.views.inbox import inbox_page_of
from form_handler.staff.views.submission.page import submission_view
from form_handler.storage.submissions import ConflictError, GoneError, Submission

MAX_LISTED = 10
KEEP = "keep"


def list_address(query: str) -> str:
    """Return the address of the inbox with a query string that a form sends; a wrong filter is left out."""
    args = MultiDict(parse_qsl(query, keep_blank_values=True))
    asked = parse_filter(args, with_page=True)
    if asked.errors:
        return staff_root()
    more = {"page": asked.page} if asked.page > 1 else {}
    return f"{staff_root()}?{filter_query(asked.filter, **more)}".rstrip("?")


def name_entries(references: list[str]) -> str:
    """Return references as a list for a sentence."""
    return ", ".join(references[:MAX_LISTED]) + (" …" if len(references) > MAX_LISTED else "")


@staff.route("/sammel/", methods=["POST"], role=INBOX, max_body=64 * 1024)
def change_several() -> BaseResponse:
    """Set state or assignment of the ticked entries; one that a colleague has changed meanwhile is left alone and named."""
    target = list_address(g.form.get("liste", ""))
    found = find_selected(database(), g.form.getlist("ref"))
    wanted, error = read_bulk_values()
    if not error and not found:
        error = _("Tick at least one entry.")
    if error:
        return inbox_page_of(MultiDict(parse_qsl(g.form.get("liste", ""))), error, 422)
    shown = verify_page_versions(g.form.get("_seen", ""))
    done, late, before = [], [], []
    for row in found:
        seen = shown.get(row.reference)
        try:
            changed = actions.set_work(database(), as_shown(row, seen), wanted, g.account.name, utc_now())
        except (ConflictError, GoneError):
            late.append(row.reference)
            continue
        if changed:
            done.append(row.reference)
            before.append((row.reference, {name: _day_as_text(getattr(row, name)) for name in changed}))
    words = [ngettext("%(num)s entry is changed.", "%(num)s entries are changed.", len(done))]
    if late:
        words.append(_("A colleague has changed these meanwhile, so they were left as they are: %(references)s", references=name_entries(late)))  # fmt: skip
    undo = undo_token(before, {name: _day_as_text(value) for name, value in wanted.items()}) if before else ""
    flash(" ".join(words), undo)
    return redirect(target, 303)


def as_shown(row: Submission, seen: Any) -> Submission:
    """Return an entry as the list showed it; one without a mark counts as shown as it is."""
    if seen is None:
        return row
    from dataclasses import replace

    version, state, assignee = seen
    return replace(row, version=version, state=state, assignee=assignee)


def read_bulk_values() -> tuple[dict[str, Any], str]:
    """Return the new values of a form for several entries, and their errors."""
    state, assignee = g.form.get("state", KEEP) or KEEP, g.form.get("assignee", KEEP)
    wanted: dict[str, Any] = {}
    if state != KEEP:
        wanted["state"] = state
    if assignee != KEEP:
        wanted["assignee"] = "" if assignee == "none" else g.account.name if assignee == "me" else assignee
    names = {name for name, active in accounts.list_accounts(database()) if active}
    if wanted.get("state", "new") not in queries.STATES:
        return {}, _("Choose a state from the list.")
    if wanted.get("assignee", "") not in names | {""}:
        return {}, _("Choose a colleague from the list.")
    return wanted, "" if wanted else _("Choose a state or a colleague.")


def _day_as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


@staff.route("/rueckgaengig/", methods=["POST"], role=INBOX)
def undo() -> BaseResponse:
    """Take back the last change of state, assignment or follow-up, where nobody has changed it since."""
    done, late = [], []
    content = verify_undo(g.form.get("undo", ""))
    for reference, before in content.get("before", []):
        row = next(iter(find_selected(database(), [reference])), None)
        after = content["after"]
        if row is None or any(_day_as_text(getattr(row, name)) != after.get(name) for name in before):
            late.append(reference)
            continue
        values = {
            name: datetime.date.fromisoformat(value) if name == "follow_up" and value else value
            for name, value in before.items()
        }
        try:
            actions.set_work(database(), row, values, g.account.name, utc_now())
            done.append(reference)
        except (ConflictError, GoneError):
            late.append(reference)
    words = [ngettext("%(num)s change is taken back.", "%(num)s changes are taken back.", len(done))]
    if late:
        words.append(_("These were changed or deleted since, so they were left as they are: %(references)s", references=name_entries(late)))  # fmt: skip
    flash(" ".join(words))
    return redirect(list_address(g.form.get("liste", "")), 303)


@staff.route("/ansichten/", methods=["POST"], role=INBOX)
def save_view() -> BaseResponse:
    """Save the filter of the inbox under a name."""
    query = g.form.get("liste", "")
    target = list_address(query)
    name = " ".join(g.form.get("name", "").split())
    try:
        saved_views.save_view(database(), g.account.id, name, target.partition("?")[2])
    except saved_views.ViewError as error:
        words = {
            "name": _("A view needs a name of at most %(limit)s characters.", limit=saved_views.MAX_NAME_CHARS),
            "query": _("This filter is too long to be saved."),
            "many": _("You have %(limit)s views. Delete one first.", limit=saved_views.MAX_VIEWS),
        }[str(error)]
        return inbox_page_of(MultiDict(parse_qsl(query)), words, 422)
    flash(_("The view “%(name)s” is saved.", name=name))
    return redirect(target, 303)


@staff.route("/ansichten/loeschen", methods=["POST"], role=INBOX)
def delete_view() -> BaseResponse:
    """Delete a saved view."""
    number = g.form.get("id", "")
    usable = number.isascii() and number.isdigit() and len(number) < 10
    gone = saved_views.delete_view(database(), g.account.id, int(number)) if usable else None
    if gone:
        flash(_("The view “%(name)s” is deleted.", name=gone.name))
    return redirect(list_address(g.form.get("liste", "")), 303)


@staff.route("/v/<reference>/dabei", methods=["POST"], role=INBOX, background=True)
@submission_view
def record_presence(found: Submission) -> BaseResponse:
    """Record that somebody is still at an entry; return who else is, and whether it has changed since it was shown."""
    writing = g.form.get("writing") == "1"
    presence.note_presence(database(), found.number, g.account.id, writing, utc_now())
    version = g.form.get("version", "")
    others = presence.list_colleagues(database(), found.number, g.account.id, utc_now())
    return jsonify(
        people=presence_words(others),
        changed=_("This entry was changed since you opened it.") if version != str(found.version) else "",
    )


def presence_words(others: list[presence.Colleague]) -> str:
    """Return who else is at an entry, as a sentence in the current language; empty for nobody."""
    parts = []
    writing = [one.name for one in others if one.writing]
    reading = [one.name for one in others if not one.writing]
    if writing:
        parts.append(_("Writing here now: %(names)s.", names=", ".join(writing)))
    if reading:
        parts.append(_("Also looking at this: %(names)s.", names=", ".join(reading)))
    return " ".join(parts)


@staff.route("/tasten/", methods=["GET", "POST"], role=SIGNED_IN)
def shortcut_page() -> BaseResponse:
    """List the keyboard shortcuts, and switch them on or off."""
    if request.method == "POST":
        enabled = g.form.get("enabled") == "1"
        shortcuts.switch(database(), g.account.id, enabled)
        flash(_("The shortcuts are switched on.") if enabled else _("The shortcuts are switched off."))
        return redirect(f"{staff_root()}tasten/", 303)
    return render("shortcuts", title=_("Keyboard shortcuts"), keys=shortcuts.shortcut_list(), enabled=shortcuts.are_enabled(database(), g.account.id))  # fmt: skip
