"""Sentences of a survey answer that the office releases for publication."""

from flask import g
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import quotations
from form_handler.staff.inbox.versions import verify_version
from form_handler.staff.views.submission.page import (
    quotable_texts,
    redirect_to_submission,
    render_submission,
    submission_view,
)
from form_handler.storage import submissions
from form_handler.storage.submissions import Submission


@staff.route(
    "/v/<reference>/zitat",
    methods=["POST"],
    role=INBOX,
    max_body=100 * 1024,
    saved_fields=("field", "text", "named", "back", "_seen"),
)
@submission_view
def release_quotation(found: Submission) -> BaseResponse:
    """Release a sentence for publication, or take it back."""
    field = g.form.get("field", "")
    allowed = dict(quotable_texts(found))
    typed = {field: g.form.get("text", "")}
    if field not in allowed:
        return render_submission(found, error=_("The sender has not agreed to be quoted."), typed=typed)
    if g.form.get("back"):
        quotations.withdraw_quotation(database(), found, field, g.account.name, utc_now())
        return redirect_to_submission(found)
    text = " ".join(typed[field].split())
    answer = " ".join(allowed[field].split())
    if not text or any(part.strip() not in answer for part in text.split("[…]")):
        error = _("A quotation is a part of the text, word for word; mark what you leave out by […].")
        return render_submission(found, error=error, typed=typed)
    named = bool(found.answers.get("consent_named") and found.answers.get("company") and g.form.get("named"))
    seen = verify_version(g.form.get("_seen", ""), found)
    try:
        quotations.publish_quotation(
            database(), found, field, text, named, g.account.name, utc_now(), seen.get("shown") if seen else None
        )
    except submissions.ConflictError as conflict:
        error = _("A colleague has changed the quotation or the answer meanwhile. What you typed stands below, what is released now above it.")  # fmt: skip
        return render_submission(conflict.current, error=error, typed=typed)
    return redirect_to_submission(found)
