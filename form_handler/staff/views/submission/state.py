"""State, assignee and follow-up day of a submission."""

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import g
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import actions, queries
from form_handler.staff.inbox.filters import parse_day
from form_handler.staff.inbox.versions import sign_version, undo_token
from form_handler.staff.layout import flash, render
from form_handler.staff.views.submission.page import (
    redirect_to_submission,
    render_submission,
    submission_as_shown,
    submission_view,
    work_people,
    work_values,
)
from form_handler.storage import submissions
from form_handler.storage.submissions import Submission


@staff.route("/v/<reference>/stand", methods=["POST"], role=INBOX, saved_fields=(*actions.WORK_FIELDS, "_seen"))
@submission_view
def change_state(found: Submission) -> BaseResponse:
    """Change state, assignee and follow-up day; a field that the form does not have stays."""
    wanted, error = read_work_fields(found)
    if error:
        return render_submission(found, error=error)
    seen = submission_as_shown(found)
    before = work_values(found)
    try:
        changed = actions.set_work(database(), seen, wanted, g.account.name, utc_now())
    except submissions.ConflictError as conflict:
        return render_state_conflict(seen, conflict, wanted)
    if changed:
        after = {
            name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in wanted.items()
        }
        undo = undo_token([(found.reference, {name: before[name] or None for name in changed})], after)
        flash(_("Saved."), undo)
    return redirect_to_submission(found)


def read_work_fields(found: Submission) -> tuple[dict[str, Any], str]:
    """Return the new state, assignee and follow-up day of a form, and their errors."""
    wanted: dict[str, Any] = {name: g.form[name] for name in actions.WORK_FIELDS if name in g.form}
    if wanted.get("state", "") not in queries.STATES:
        return wanted, _("Choose a state from the list.")
    if wanted.get("assignee", "") not in {"", *work_people(found)}:
        return wanted, _("Choose a colleague from the list.")
    if "follow_up" in wanted:
        errors: dict[str, str] = {}
        wanted["follow_up"] = parse_day("follow_up", wanted["follow_up"], errors)
        if errors:
            return wanted, errors["follow_up"]
    return wanted, ""


def render_state_conflict(
    seen: Submission, conflict: submissions.ConflictError, wanted: Mapping[str, Any]
) -> BaseResponse:
    """Show a colleague's changes; nothing is changed until the clerk decides."""
    current = conflict.current
    history = queries.submission_history(database(), current.number)["events"]
    rows = [
        {
            "label": {"state": _("State"), "assignee": _("Assigned to"), "follow_up": _("Follow-up")}[name],
            "before": getattr(seen, name),
            "theirs": getattr(current, name),
            "mine": wanted[name],
            "name": name,
            "last": next((row for row in reversed(history) if row.kind == name.replace("_", "-")), None),
        }
        for name in conflict.fields
    ]
    theirs = work_values(replace(current, **{name: conflict.merged[name] for name in actions.WORK_FIELDS}))
    mine = work_values(replace(current, **{**{name: conflict.merged[name] for name in actions.WORK_FIELDS}, **wanted}))
    return render(
        "conflict-state", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        error=_("This was changed while the page was open. Nothing of yours was stored yet."),
        found=current, rows=rows, is_known=bool(seen.version), theirs=theirs, mine=mine, only_state=conflict.fields == ["state"],
        seen=sign_version(current, **work_values(current)),
    )  # fmt: skip
