"""Correcting answers (Art. 16 GDPR), with a choice where a colleague has corrected them too."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.fields import display_value
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import corrections, queries
from form_handler.staff.inbox.versions import sign_version, verify_version
from form_handler.staff.layout import render
from form_handler.staff.views.submission.page import (
    redirect_to_submission,
    submission_as_shown,
    submission_view,
)
from form_handler.storage import submissions
from form_handler.storage.submissions import Submission


@staff.route(
    "/v/<reference>/berichtigen", methods=["GET", "POST"], role=INBOX, max_body=256 * 1024, saved_fields=("_seen",)
)
@submission_view
def correct_answers(found: Submission) -> BaseResponse:
    """Correct answers (Art. 16 GDPR)."""
    definition = FORMS[found.form]
    if request.method != "POST":
        form = definition.form_class(data=dict(found.answers))
        return render_correction(found, form, sign_version(found, answers=dict(found.answers)))
    form = definition.bind(g.form)
    if not form.validate():
        return render_correction(found, form, g.form.get("_seen", ""))
    seen, answers = submission_as_shown(found), definition.answers(form)
    asked = (verify_version(g.form.get("_seen", ""), found) or {}).get("asked", [])
    for name in asked:
        choice = g.form.get(f"_take_{name}")
        if choice == "theirs":
            answers[name] = seen.answers.get(name)
        elif choice != "mine":
            return render_conflict(definition, seen, found, answers, asked, _("Choose one text for each answer."))
    try:
        corrections.update_answers(database(), seen, answers, g.account.name, utc_now())
    except submissions.ConflictError as conflict:
        error = _(
            "A colleague has corrected the same answers while this page was open. Nothing of yours was stored yet."
        )
        values = {**conflict.merged, **{name: answers[name] for name in conflict.fields}}
        return render_conflict(definition, seen, conflict.current, values, conflict.fields, error)
    return redirect_to_submission(found)


def render_correction(found: Submission, form: Form, seen: str) -> BaseResponse:
    """Render the correction form."""
    return render(
        "edit", status=422 if form.errors else 200, title=_("Correct %(reference)s", reference=found.reference),
        found=found, definition=FORMS[found.form], form=form, seen=seen,
    )  # fmt: skip


def render_conflict(
    definition: FormDefinition,
    seen: Submission,
    current: Submission,
    answers: Mapping[str, Any],
    names: Sequence[str],
    error: str,
) -> BaseResponse:
    """Render both texts and the previous one; neither is preselected.

    :param answers: the answers to be stored, with the clerk's own text where both differ.
    """
    form = definition.form_class()
    rows = [
        {
            "name": name,
            "label": form[name].label.text,
            "before": display_value(form[name], seen.answers.get(name)),
            "theirs": display_value(form[name], current.answers.get(name)),
            "mine": display_value(form[name], answers.get(name)),
        }
        for name in names
    ]
    events = [
        row for row in queries.submission_history(database(), current.number)["events"] if row.kind == "corrected"
    ]
    return render(
        "conflict", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        error=error, found=current, rows=rows, pairs=definition.hidden_fields_from_answers(answers), is_known=bool(seen.version),
        last=events[-1] if events else None,
        seen=sign_version(current, answers=dict(current.answers), asked=list(names)),
    )  # fmt: skip
