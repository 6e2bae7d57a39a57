"""The steps of a log-in, by password or by the city's provider: the page, the session, the page after it."""

from flask import g, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.staff import saved_forms, unsent
from form_handler.staff.auth import accounts, second_factor
from form_handler.staff.auth.devices import remember_device
from form_handler.staff.auth.roles import PUBLIC
from form_handler.staff.auth.sessions import describe_browser
from form_handler.staff.layout import render, staff_root
from form_handler.staff.routes import match_view

MAX_NAME_CHARS = 100
# Longest address that is opened after log-in, in characters; a longer one is replaced by the inbox.
MAX_TARGET_CHARS = 1000
# How long the code may take after the password, in seconds.
MAX_PENDING_SECONDS = 10 * 60


def render_login(error: str = "", status: int = 200) -> BaseResponse:
    """Return the log-in page, with an error; it names a stored text."""
    target = g.form.get("weiter", "") or request.args.get("weiter", "") or session.get("weiter", "")
    response = render(
        "login", status=status, title=_("Log in"), error=error, name=g.form.get("name", "")[:MAX_NAME_CHARS],
        target=safe_redirect_target(target), has_saved_form=bool(session.get("has_saved_form")), provider=bool(settings().oidc_issuer),
    )  # fmt: skip
    if status == 429:
        response.headers["Retry-After"] = str(accounts.WINDOW_MINUTES * 60)
    return response


def after_password(who: accounts.Account, target: str) -> BaseResponse:
    """Go on after a right password: to the second step where the account has one, else into the staff area."""
    if not second_factor.is_enabled(database(), who.id):
        return start_session(who, target)
    session.clear()
    session["second"] = [who.id, int(utc_now().timestamp()), target]
    return redirect(f"{staff_root()}anmelden/code/", 303)


def pending_login() -> tuple[accounts.Account, str] | None:
    """Return the account whose password was right in this browser a short while ago, and the page to open."""
    try:
        account_id, begun, target = session.get("second", ())
    except ValueError:
        return None
    if not 0 <= utc_now().timestamp() - begun <= MAX_PENDING_SECONDS:
        return None
    who = accounts.account_by_id(database(), account_id)
    return (who, target) if who is not None else None


def start_session(who: accounts.Account, target: str) -> BaseResponse:
    """Begin a session for somebody, in a fresh cookie; their stored forms come first."""
    session.clear()
    browser = describe_browser(request.user_agent.string)
    session["office"], session["who"] = accounts.open_session(database(), who, utc_now(), browser), who.id
    if saved_forms.list_saved_forms(database(), who.id, utc_now()):
        target = f"{staff_root()}ungesendet/"
    response = redirect(target, 303)
    remember_device(response, request, settings(), who.id)
    return response


def safe_redirect_target(wanted: str) -> str:
    """Return the page to go to after log-in: one of the staff area that can be opened, never another site."""
    if (
        not wanted.startswith(staff_root())
        or "\\" in wanted
        or not wanted.isprintable()
        or len(wanted) > MAX_TARGET_CHARS
    ):
        return staff_root()
    path = wanted.partition("?")[0].partition("#")[0]
    found = match_view(path, "GET")
    if found is None:
        return unsent.entry_page(path)
    return staff_root() if PUBLIC in found[2].roles else wanted
