"""The session of somebody who types: how long it lasts, and its extension by the script."""

from flask import g, session
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from editing import drafts
from editing.views.blueprint import (
    WRITERS,
    pages,
)
from form_handler.current import database
from form_handler.staff.auth import accounts
from form_handler.staff.layout import private_response


def session_seconds() -> int:
    """Return after how many seconds the session ends if nothing more is done."""
    end = accounts.session_end(database(), str(session.get("office", "")))
    return max(0, int((end - utc_now()).total_seconds())) if end else 0


@pages.after_request
def add_session_header(response: BaseResponse) -> BaseResponse:
    """Add the remaining seconds of the session to a response to the script."""
    if g.get("account") is not None and g.get("form") and g.form.get("teil") == "1":
        response.headers["X-Session-Seconds"] = str(session_seconds())
    return response


@pages.route("/da/", methods=["POST"], role=WRITERS)
def extend_session() -> BaseResponse:
    """Extend the session, and record that somebody is writing; the script requests it while something is typed, or by its button."""
    path, place = g.form.get("path", ""), g.form.get("place", "")
    if place and len(path) <= 300 and path.isprintable() and place.isprintable():
        drafts.note_presence(database(), g.account.id, path, place, utc_now())
    response = private_response("")
    response.headers["X-Session-Seconds"] = str(session_seconds())
    return response
