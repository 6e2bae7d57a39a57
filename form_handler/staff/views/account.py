"""The own account: password, second factor, sessions; and the second step of the log-in."""

from flask import current_app, g, redirect, request, session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.project import load_site_settings
from form_handler.current import database, settings
from form_handler.staff.auth import accounts, second_factor, sessions
from form_handler.staff.auth.administration import find_details
from form_handler.staff.auth.devices import read_devices
from form_handler.staff.auth.roles import INBOX, PUBLIC, SIGNED_IN
from form_handler.staff.blueprint import staff
from form_handler.staff.labels import account_error
from form_handler.staff.layout import render, staff_root
from form_handler.staff.login import (
    MAX_PENDING_SECONDS,
    pending_login,
    safe_redirect_target,
    start_session,
)
from form_handler.staff.reports import digest

DONE = ("password", "sessions", "factor-off", "notifications")


@staff.route("/anmelden/code/", methods=["GET", "POST"], role=PUBLIC)
def log_in_code() -> BaseResponse:
    """Ask for the second factor after the password."""
    pending = pending_login()
    if pending is None:
        return redirect(f"{staff_root()}anmelden/", 303)
    who, target = pending
    if request.method != "POST":
        return render_code_page()
    try:
        right = second_factor.check_code(
            database(), settings().secret_keys, who.id, g.form.get("code", "")[:100], utc_now()
        )
    except accounts.ThrottledError:
        return render_code_page(_("Too many wrong attempts. Please wait a quarter of an hour, then try again."), 429)
    if not right:
        current_app.logger.warning("staff log-in refused: second factor")
        return render_code_page(_("This code is not right, or it was used already. Wait for the next one."), 403)
    return start_session(who, safe_redirect_target(target))


def render_code_page(error: str = "", status: int = 200) -> BaseResponse:
    """Render the page for the code of the second factor."""
    response = render(
        "log-in-code", status=status, title=_("Second step"), error=error, minutes=MAX_PENDING_SECONDS // 60
    )
    if status == 429:
        response.headers["Retry-After"] = str(second_factor.WINDOW_MINUTES * 60)
    return response


@staff.route("/konto/", role=SIGNED_IN)
def account_page() -> BaseResponse:
    """Show the own account."""
    return render_account()


def render_account(
    error: str = "", status: int = 200, wrong: str = "", typed: digest.Notifications | None = None
) -> BaseResponse:
    """Render the own account.

    :param wrong: the form that ``error`` is about.
    :param typed: chosen mails that were not stored.
    """
    done = request.args.get("done", "")
    return render(
        "account", status=status, title=_("My account"), error=error, wrong=wrong, done=done if done in DONE else "",
        notifications=typed or digest.read_notifications(database(), g.account.id), hour=digest.DIGEST_HOUR,
        may_be_notified=g.account.has_role(INBOX), details=find_details(database(), g.account.id),
        sessions=sessions.list_sessions(database(), g.account.id, session.get("office", ""), utc_now()),
        recovery_codes=second_factor.count_recovery_codes(database(), g.account.id),
    )  # fmt: skip


def password_error(password: str) -> tuple[str, int] | None:
    """Return the error of the present password, and the status; None if it is right. Guesses are counted as in the log-in."""
    try:
        found = accounts.log_in(
            database(), g.account.name, password, request.remote_addr or "unknown", utc_now(),
            read_devices(request, settings()),
        )  # fmt: skip
    except accounts.ThrottledError:
        return _("Too many wrong attempts. Please wait a quarter of an hour, then try again."), 429
    return None if found is not None else (_("The present password is not right."), 422)


@staff.route("/konto/benachrichtigungen", methods=["POST"], role=INBOX)
def change_notifications() -> BaseResponse:
    """Store the mails that the account has chosen."""
    wanted = digest.Notifications(
        g.form.get("mail", "").strip()[: digest.MAX_ADDRESS_CHARS + 1],
        g.form.get("digest") == "yes",
        g.form.get("alert") == "yes",
    )
    try:
        digest.save_notifications(database(), g.account.id, wanted, utc_now())
    except digest.AddressError:
        problem = _("Enter the e-mail address in full, for example name@example.org.")
        return render_account(problem, 422, "notifications", wanted)
    return redirect(f"{staff_root()}konto/?done=notifications", 303)


@staff.route("/konto/passwort", methods=["POST"], role=SIGNED_IN)
def change_password() -> BaseResponse:
    """Change the own password; all other sessions end, this one continues under a new token."""
    if problem := password_error(g.form.get("password", "")):
        return render_account(*problem, wrong="password")
    new = g.form.get("new", "")
    if new != g.form.get("again", ""):
        return render_account(_("The new password was not typed twice alike."), 422, "password")
    try:
        accounts.set_password(database(), g.account.name, new)
    except accounts.AccountError as error:
        return render_account(account_error(error.kind), 422, "password")
    current_app.logger.info("staff password changed by its owner")
    return start_session(g.account, f"{staff_root()}konto/?done=password")


@staff.route("/konto/sitzungen", methods=["POST"], role=SIGNED_IN)
def end_session() -> BaseResponse:
    """End one session, or all others."""
    own, identity = str(session.get("office", "")), g.form.get("id", "")
    if identity:
        sessions.end_sessions(database(), g.account.id, identity=identity)
    else:
        sessions.end_sessions(database(), g.account.id, keep=own)
    return redirect(f"{staff_root()}konto/?done=sessions", 303)


@staff.route("/konto/zweiter-faktor/", methods=["GET", "POST"], role=SIGNED_IN)
def set_up_second_factor() -> BaseResponse:
    """Turn the second factor on: show a key, take a code of it, show the recovery codes once."""
    details = find_details(database(), g.account.id)
    if details is None or not details.has_password:  # the city's own log-in has its own second factor
        raise NotFound
    if request.method != "POST":
        return render_setup(second_factor.new_secret())
    secret = second_factor.verify_setup(settings().secret_keys, g.account.id, g.form.get("setup", ""))
    if secret is None:
        return render_setup(second_factor.new_secret(), _("The page had been open for too long. Scan this new code, please."), 422)  # fmt: skip
    if problem := password_error(g.form.get("password", "")):
        return render_setup(secret, *problem)
    codes = second_factor.enable(
        database(),
        settings().secret_keys,
        g.account.id,
        g.account.name,
        secret,
        g.form.get("code", "")[:100],
        utc_now(),
    )
    if codes is None:
        return render_setup(secret, _("This code is not right. Is the clock of your device right? Enter the code that the app shows now."), 422)  # fmt: skip
    sessions.end_sessions(database(), g.account.id, keep=str(session.get("office", "")))
    return render("recovery-codes", title=_("Recovery codes"), codes=codes)


def render_setup(secret: str, error: str = "", status: int = 200) -> BaseResponse:
    """Render the key as a QR code, as a link and as text."""
    from core.web.qr import qr_svg  # its library is large and needed only here

    issuer = f"KIM {load_site_settings()['municipality']['name']}"
    uri = second_factor.provisioning_uri(secret, g.account.name, issuer)
    return render(
        "second-factor", status=status, title=_("Turn on the second factor"), error=error, uri=uri, picture=qr_svg(uri),
        key=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        setup=second_factor.sign_setup(settings().secret_keys, g.account.id, secret),
    )  # fmt: skip


@staff.route("/konto/zweiter-faktor/aus", methods=["POST"], role=SIGNED_IN)
def turn_off_second_factor() -> BaseResponse:
    """Turn the second factor off, with the password."""
    if problem := password_error(g.form.get("password", "")):
        return render_account(*problem, wrong="factor")
    second_factor.disable(database(), g.account.id, g.account.name, utc_now())
    return redirect(f"{staff_root()}konto/?done=factor-off", 303)
