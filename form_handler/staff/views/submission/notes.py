"""Notes, interim notice, suspected spam and waiting mails of a submission."""

from flask import g
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import actions
from form_handler.staff.views.submission.page import (
    redirect_to_submission,
    render_submission,
    submission_view,
)
from form_handler.storage.submissions import Submission

MAX_NOTE_CHARS = 4000


@staff.route("/v/<reference>/notiz", methods=["POST"], role=INBOX, max_body=100 * 1024, saved_fields=("note",))
@submission_view
def write_note(found: Submission) -> BaseResponse:
    """Add a note."""
    text = g.form.get("note", "").replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_NOTE_CHARS or "\x00" in text:
        return render_submission(found, text, _("A note has 1 to %(limit)s characters.", limit=MAX_NOTE_CHARS))
    actions.add_note(database(), found, text, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/zwischennachricht", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def interim(found: Submission) -> BaseResponse:
    """Record an interim notice."""
    actions.record_interim_notice(database(), found, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/freigeben", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def release_held(found: Submission) -> BaseResponse:
    """Release a held submission into the inbox."""
    actions.accept_held(database(), found, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/spam", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def mark_spam(found: Submission) -> BaseResponse:
    """Move a submission to the suspected spam."""
    actions.mark_as_spam(database(), found, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/mails", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def retry_submission_mails(found: Submission) -> BaseResponse:
    """Try the mails of one submission again."""
    actions.retry_mails(database(), g.account.name, utc_now(), found.number)
    return redirect_to_submission(found)
