"""The blueprints of the staff area: who may enter, which forms are accepted, pages for errors.

:func:`make_blueprint` makes one; a package above this one adds pages with a blueprint of its own.
"""

import logging
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, redirect, request, session
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import STAFF_LANGUAGES
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.errors import handle_http_error
from form_handler.mail.heartbeat import is_worker_missing
from form_handler.operations.logs import log_event
from form_handler.request_body import drain_request
from form_handler.retention import ANNOUNCEMENT_DAYS, deletion_notice
from form_handler.security import has_valid_csrf_token, is_cross_site
from form_handler.staff import saved_forms, unsent
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import PUBLIC, SIGNED_IN
from form_handler.staff.layout import navigation, render, staff_root
from form_handler.staff.login import MAX_TARGET_CHARS, render_login
from form_handler.staff.request_body import read_form, read_uploads
from form_handler.staff.routes import StaffBlueprint, ViewRules, view_rules
from form_handler.storage import submissions
from form_handler.storage.database import DATABASE_FAULTS, describe_fault


def make_blueprint(name: str, import_name: str) -> StaffBlueprint:
    """Return a blueprint behind the log-in of the staff area; each of its routes names a role."""
    made = StaffBlueprint(name, import_name)
    made.url_value_preprocessor(pop_language_code)
    made.before_request(require_login)
    made.after_request(delete_sent_form)
    made.context_processor(staff_context)
    made.register_error_handler(submissions.GoneError, handle_gone)
    for error in DATABASE_FAULTS:
        made.register_error_handler(error, handle_storage_error)
    made.register_error_handler(HTTPException, handle_staff_http_error)
    return made


def pop_language_code(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Remove the language from the view's arguments; :func:`require_login` compares it with that of the path."""
    g.staff_code = values.pop("code", None) if values is not None else None


def require_login() -> BaseResponse | None:
    """Require a session and a role; refuse cross-site requests and forms of outdated pages, without losing their text."""
    wanted = None if g.language.default else g.language.code
    if g.language.code not in STAFF_LANGUAGES or g.staff_code != wanted:
        raise NotFound
    g.is_staff, g.form, g.account = True, MultiDict(), None
    rules = view_rules(request.blueprint, request.endpoint)
    is_post = request.method == "POST"
    if is_post and is_cross_site(request):
        drain_request(request)
        return render("csrf-expired", status=403, title=_("This came from another website"))
    token = session.get("office")
    g.account = accounts.find_session(database(), str(token), utc_now(), not rules.background) if token else None
    if is_post:
        if rules.uploads:
            g.form, g.uploads = read_uploads(request, rules.max_body)
        else:
            g.form = read_form(request, rules.max_body)
        return check_post(rules) or check_role(rules)
    if g.account is None and PUBLIC not in rules.roles:
        return redirect_to_login(request.full_path.rstrip("?"))
    return check_role(rules)


def check_role(rules: ViewRules) -> BaseResponse | None:
    """Return the page for an account that may not open a view, or None; its form is shown again."""
    if PUBLIC in rules.roles or (SIGNED_IN in rules.roles and g.account is not None):
        return None
    if g.account is not None and g.account.has_role(*rules.roles):
        return None
    if request.path == staff_root() and request.method == "GET" and (pages := navigation()):
        return redirect(staff_root() + pages[0][1], 303)
    return render_forbidden()


def render_forbidden() -> BaseResponse:
    """Return that the account may not do this."""
    lines = [_("Your account may not open this page. Nothing was changed. Ask whoever gives the roles in your office.")]
    return unsent.render_unsent(403, _("Not allowed"), lines, may_send=False)


def redirect_to_login(target: str) -> BaseResponse:
    """Lead to the log-in, and from there to a page."""
    query = urlencode({"weiter": target}) if len(target) <= MAX_TARGET_CHARS else ""
    return redirect(f"{staff_root()}anmelden/{'?' if query else ''}{query}", 303)


def check_post(rules: ViewRules) -> BaseResponse | None:
    """Return the page for a form that is refused, or None. Its text is saved or returned."""
    owner = saved_forms.verify_page_owner(settings().secret_keys, g.form.get("_page", ""))
    if PUBLIC in rules.roles:
        return None if has_valid_csrf_token(g.form.get("csrf_token", "")) else render_login(_("This page had been open for too long. Please enter name and password once more."), 403)  # fmt: skip
    if g.account is None:
        return save_until_login(rules, owner if owner is not None else session_owner())
    if owner is not None and owner != g.account.id and (request.endpoint or "").rpartition(".")[2] != "log_out":
        save_for(owner, rules)
        return render("csrf-expired", status=403, title=_("This page belongs to another log-in"), by_another=True)
    if not has_valid_csrf_token(g.form.get("csrf_token", "")):
        lines = [_("The page had been open for too long. Nothing was changed yet. What you entered is still here.")]
        return unsent.render_unsent(403, _("Please send this once more"), lines, may_send=True)
    return None


def session_owner() -> int | None:
    """Return the account that this browser's session belonged to; the cookie is signed."""
    found = accounts.session_account_id(database(), str(session.get("office", "")))
    return found if found is not None else session.get("who")


def save_for(owner: int, rules: ViewRules) -> bool:
    """Save a form for its author; return whether it is saved, or there was nothing to save."""
    if rules.saved_fields is None:
        return True
    if accounts.account_by_id(database(), owner) is None:
        return False
    path = request.path[:200]
    fields = unsent.saved_fields(g.form.items(multi=True), rules.saved_fields)
    return saved_forms.save_form(database(), owner, path, fields, utc_now())


def save_until_login(rules: ViewRules, owner: int | None) -> BaseResponse:
    """Save a form that was sent without a session and redirect to the log-in; return it where its author is unknown."""
    if rules.saved_fields is None:
        return redirect_to_login(request.path)
    if owner is None or not save_for(owner, rules):
        lines = [_("You are not logged in, so nothing was stored. Copy your text, log in, and enter it once more.")]
        return unsent.render_unsent(403, _("You are not logged in"), lines, may_send=False, log_in=True)
    session["has_saved_form"] = True
    return redirect_to_login(unsent.entry_page(request.path))


def delete_sent_form(response: BaseResponse) -> BaseResponse:
    """Delete a saved form after it was sent and stored."""
    identity = g.get("form", {}).get("_kept", "")
    if identity and response.status_code == 303 and g.get("account") is not None:
        saved_forms.delete_saved_form(database(), g.account.id, identity)
    return response


def handle_gone(_error: submissions.GoneError) -> BaseResponse:
    """Render that a submission was deleted meanwhile, with the text."""
    lines = [
        _("This entry is no longer there. It was deleted, or its time had run out. Nothing was stored."),
        _("What you entered is still here. Copy it if you need it."),
    ]
    return unsent.render_unsent(410, _("The entry is gone"), lines, may_send=False)


def handle_storage_error(error: Exception) -> BaseResponse:
    """Render that the database did not store a form, with the text."""
    log_event(current_app.logger, logging.ERROR, "not_stored", f"staff area: not stored: {describe_fault(error)}")
    if request.method == "POST" and not g.form:
        g.form = read_form(request, view_rules(request.blueprint, request.endpoint).max_body)
    lines = [_("The server could not store this just now. Nothing was changed. Please send it again in a moment.")]
    if request.method != "POST":
        lines = [_("The server cannot reach its data just now. Please try again in a moment.")]
    return unsent.render_unsent(503, _("This was not stored"), lines, may_send=True)


def handle_staff_http_error(error: HTTPException) -> BaseResponse:
    """Render an HTTP error in the layout of the staff area."""
    status = error.code or 500
    if not g.get("is_staff") or status < 400:
        return handle_http_error(error)
    if status == 404:
        return render("not-found", status=404, title=_("Not found"))
    too_large = _("This was too large and was not read. Nothing was changed. Go back in your browser and shorten it.")
    unreadable = _("Your browser sent something that we could not read. Nothing was stored.")
    response = render("csrf-expired", status=status, title=_("This could not be read"), reason=too_large if status == 413 else unreadable)  # fmt: skip
    response.headers["Connection"] = "close"  # the rest of the body is not worth reading
    return response


def staff_context() -> dict[str, Any]:
    """Return the values of every template: a fresh token, the signed account of the page, and functions for notices of the inbox."""
    who = g.get("account")
    return {
        "mail_worker_missing": lambda: is_worker_missing(database(), utc_now()),
        "deletion_notice": lambda: deletion_notice(database()),
        "deletion_days": ANNOUNCEMENT_DAYS,
        "csrf_token": generate_csrf,
        "page_owner": saved_forms.sign_page_owner(settings().secret_keys, who.id) if who else "",
    }


def file_response(content: bytes, name: str, mimetype: str) -> Response:
    """Return a download that no cache stores."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


staff = make_blueprint("staff", __name__)
