"""Deleting submissions for good, after asking."""

from collections.abc import Sequence

from flask import g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.layout import flash, render, staff_root
from form_handler.staff.views.submission.page import (
    submission_view,
)
from form_handler.storage import deletion, submissions
from form_handler.storage.submissions import Submission


@staff.route("/v/<reference>/loeschen", methods=["GET", "POST"], role=INBOX)
@submission_view
def delete_submission(found: Submission) -> BaseResponse:
    """Delete one submission for good, after asking."""
    error = ""
    if request.method == "POST" and g.form.get("sure") == "yes":
        kind = "spam-erased" if found.held else "erased"
        error = delete_all([found], kind)
        if not error:
            flash(_("%(reference)s is deleted for good.", reference=found.reference))
            return redirect(f"{staff_root()}?held=1" if found.held else staff_root(), 303)
    return render_deletion(
        _("Delete %(reference)s", reference=found.reference), [found], error, f"v/{found.reference}/loeschen"
    )


def delete_all(found: Sequence[Submission], kind: str) -> str:
    """Delete submissions; return the error if somebody has worked on one since the page was opened."""
    numbers, mark = [row.number for row in found], g.form.get("_seen") or None
    try:
        deletion.delete_submissions(database(), numbers, g.account.name, kind, utc_now(), settings().mail_dir, mark)
    except submissions.ConflictError:
        return _("Somebody has worked on this while the page was open. Nothing was deleted. Please look once more.")
    return ""


def render_deletion(
    title: str, found: Sequence[Submission], error: str, path: str, query: str = "", picked: bool = False
) -> BaseResponse:
    """Ask whether submissions are to be deleted.

    :param picked: whether they were ticked, so that just these are deleted.
    """
    return render(
        "delete", status=409 if error else 200, title=title, found=found, address=query, error=error, picked=picked,
        action=staff_root() + path, seen=deletion.work_digest(database(), [row.number for row in found]),
    )  # fmt: skip
