"""The city's own log-in by OpenID Connect, where it is set up; it authenticates, our accounts authorise."""

from typing import Any

from flask import Flask, current_app, g, session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import PUBLIC
from form_handler.staff.blueprint import staff
from form_handler.staff.layout import staff_root
from form_handler.staff.login import render_login, safe_redirect_target, start_session


def configure_oidc(app: Flask, found: Settings) -> None:
    """Tell the application about the provider of the settings, if there is one; nothing is fetched yet."""
    if found.oidc_issuer is None:
        return
    from authlib.integrations.flask_client import OAuth  # twenty megabytes that most cities do not need

    oauth = OAuth(app)
    oauth.register(
        "city",
        client_id=found.oidc_client_id,
        client_secret=found.oidc_client_secret,
        server_metadata_url=f"{found.oidc_issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10},
    )
    app.extensions["kim_provider"] = oauth.city


def provider_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of the provider's library (ValueError: an invalid answer); loaded only where one is set up."""
    from authlib.integrations.base_client import OAuthError
    from joserfc.errors import JoseError
    from requests import RequestException

    return OAuthError, JoseError, RequestException, ValueError


def oidc_client() -> Any:
    """Return the provider.

    :raises NotFound: if none is set up.
    """
    found = current_app.extensions.get("kim_provider")
    if found is None:
        raise NotFound
    return found


@staff.route("/anbieter/", methods=["POST"], role=PUBLIC)
def oidc_login() -> BaseResponse:
    """Redirect to the provider's log-in."""
    session["weiter"] = safe_redirect_target(g.form.get("weiter", ""))
    back = f"{settings().public_url.rstrip('/')}{staff_root()}anbieter/zurueck"
    try:
        answer: BaseResponse = oidc_client().authorize_redirect(back)
    except provider_errors() as error:
        return login_failed(error)
    return answer


@staff.route("/anbieter/zurueck", role=PUBLIC)
def oidc_callback() -> BaseResponse:
    """Log in the user that the provider names, if an active account has the same name."""
    try:
        token = oidc_client().authorize_access_token()
    except provider_errors() as error:
        return login_failed(error)
    claims = token.get("userinfo") or {}
    names = [claims.get("preferred_username"), claims.get("email") if claims.get("email_verified", True) else None]
    for name in names:
        who = accounts.account_by_name(database(), str(name)) if name else None
        if who is not None:
            return start_session(who, safe_redirect_target(session.get("weiter", "")))
    return render_login_error(
        _("Your work account is valid, but there is no account of this name here. Ask whoever runs the server.")
    )


def login_failed(error: Exception) -> BaseResponse:
    """Render a failed log-in at the provider; log the class of the error."""
    current_app.logger.warning("provider log-in failed: %s", type(error).__name__)
    return render_login_error(
        _("The log-in with the work account did not work just now. Please try again, or use name and password.")
    )


def render_login_error(error: str) -> BaseResponse:
    """Return the log-in page with an error."""
    g.account = None
    return render_login(error, 403)
