"""Accounts and their roles, for admins."""

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.staff.auth import administration, second_factor, sessions
from form_handler.staff.auth.accounts import AccountError
from form_handler.staff.auth.roles import ADMIN, INBOX, known_roles
from form_handler.staff.blueprint import staff
from form_handler.staff.labels import account_error, role_label
from form_handler.staff.layout import render, staff_root


@staff.route("/konten/", methods=["GET", "POST"], role=ADMIN)
def accounts_page() -> BaseResponse:
    """Show all accounts; add one."""
    if request.method != "POST":
        return render_accounts()
    name, roles = g.form.get("name", ""), chosen_roles()
    if not roles:
        return render_accounts(_("Tick at least one role; without a role an account opens nothing."))
    with_password = g.form.get("login") != "provider" or not settings().oidc_issuer
    try:
        password = administration.create_account(database(), name, roles, with_password, g.account.name, utc_now())
    except AccountError as error:
        return render_accounts(account_error(error.kind))
    return render_password(name.strip().casefold(), password)


def render_accounts(error: str = "") -> BaseResponse:
    """Render the list of accounts."""
    found = administration.list_details(database())
    return render(
        "accounts", status=422 if error else 200, title=_("Accounts"), error=error, found=found, role_label=role_label,
        roles=known_roles(), typed=g.form.get("name", "")[:100], ticked=chosen_roles() or {INBOX}, provider=bool(settings().oidc_issuer),
        log=administration.list_account_events(database()), names={str(one.id): one.name for one in found},
    )  # fmt: skip


def render_password(name: str, password: str | None) -> BaseResponse:
    """Render a new password, once."""
    return render("new-password", title=_("Account %(name)s", name=name), name=name, password=password)


def chosen_roles() -> set[str]:
    """Return the ticked roles that exist."""
    return set(g.form.getlist("role")) & set(known_roles())


def find_account(account_id: int) -> administration.AccountDetails:
    """Return an account.

    :raises NotFound: if there is none.
    """
    found = administration.find_details(database(), account_id)
    if found is None:
        raise NotFound
    return found


@staff.route("/konten/<int:account_id>/", role=ADMIN)
def account_details(account_id: int) -> BaseResponse:
    """Show one account."""
    return render_details(find_account(account_id))


def render_details(found: administration.AccountDetails, error: str = "") -> BaseResponse:
    """Render one account with the form for admins."""
    return render(
        "account-edit", status=422 if error else 200, title=_("Account %(name)s", name=found.name), error=error, found=found,
        roles=known_roles(), role_label=role_label,
    )  # fmt: skip


@staff.route("/konten/<int:account_id>/rollen", methods=["POST"], role=ADMIN)
def change_account(account_id: int) -> BaseResponse:
    """Set roles, and whether the account is open."""
    found, provider = find_account(account_id), bool(settings().oidc_issuer)
    try:
        administration.update_account(
            database(), account_id, chosen_roles(), g.form.get("active") == "yes", provider, g.account.name, utc_now()
        )
    except AccountError as error:
        return render_details(found, account_error(error.kind))
    return redirect(f"{staff_root()}konten/", 303)


@staff.route("/konten/<int:account_id>/passwort", methods=["POST"], role=ADMIN)
def reset_account_password(account_id: int) -> BaseResponse:
    """Give an account a new password and show it once."""
    found = find_account(account_id)
    return render_password(found.name, administration.reset_password(database(), account_id, g.account.name, utc_now()))


@staff.route("/konten/<int:account_id>/zweiter-faktor", methods=["POST"], role=ADMIN)
def reset_account_factor(account_id: int) -> BaseResponse:
    """Turn an account's second factor off, for somebody who has lost device and recovery codes."""
    find_account(account_id)
    second_factor.disable(database(), account_id, g.account.name, utc_now())
    return redirect(f"{staff_root()}konten/{account_id}/", 303)


@staff.route("/konten/<int:account_id>/sitzungen", methods=["POST"], role=ADMIN)
def end_account_sessions(account_id: int) -> BaseResponse:
    """End all sessions of an account."""
    find_account(account_id)
    sessions.end_sessions(database(), account_id)
    return redirect(f"{staff_root()}konten/{account_id}/", 303)
