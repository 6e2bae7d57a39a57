"""Log-in and log-out, and forms that were sent without a session."""

from flask import current_app, g, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.staff import saved_forms, unsent
from form_handler.staff.auth import accounts
from form_handler.staff.auth.devices import read_devices
from form_handler.staff.auth.roles import PUBLIC, SIGNED_IN
from form_handler.staff.blueprint import staff
from form_handler.staff.layout import flash, staff_root
from form_handler.staff.login import after_password, render_login, safe_redirect_target


@staff.route("/anmelden/", methods=["GET", "POST"], role=PUBLIC)
def log_in() -> BaseResponse:
    """Log in by name and password; too many failures are throttled."""
    if request.method != "POST":
        return redirect(safe_redirect_target(request.args.get("weiter", "")), 303) if g.account else render_login()
    try:
        who = accounts.log_in(
            database(), g.form.get("name", ""), g.form.get("password", ""), request.remote_addr or "unknown", utc_now(),
            read_devices(request, settings()),
        )  # fmt: skip
    except accounts.ThrottledError:
        return render_login(_("Too many wrong attempts. Please wait a quarter of an hour, then try again."), 429)
    if who is None:
        current_app.logger.warning("staff log-in refused")
        return render_login(_("Name or password is not right. Please check both."), 403)
    return after_password(who, safe_redirect_target(g.form.get("weiter", "")))


@staff.route("/abmelden/", methods=["POST"], role=SIGNED_IN)
def log_out() -> BaseResponse:
    """End the session, on the server as well."""
    accounts.close_session(database(), str(session.get("office", "")))
    session.clear()
    session["who"] = g.account.id
    return redirect(f"{staff_root()}anmelden/", 303)


@staff.route("/ungesendet/", role=SIGNED_IN)
def saved_forms_page() -> BaseResponse:
    """Show forms that were sent without a session, to be sent again."""
    return unsent.render_saved_forms(saved_forms.list_saved_forms(database(), g.account.id, utc_now()))


@staff.route("/ungesendet/verwerfen", methods=["POST"], role=SIGNED_IN)
def delete_saved_form() -> BaseResponse:
    """Delete a saved form."""
    saved_forms.delete_saved_form(database(), g.account.id, g.form.get("id", ""))
    flash(_("What you had entered is deleted."))
    return redirect(f"{staff_root()}ungesendet/", 303)
