"""The device cookie: in which browser somebody has logged in before, so that a stranger's guesses cannot lock it out.

Source: OWASP, Slow Down Online Guessing Attacks with Device Cookies. The cookie opens nothing; it holds numbers of
accounts and a random token for each, signed, for ninety days after the last log-in.
"""

import secrets

from flask import Request
from werkzeug.wrappers import Response

from form_handler.settings import Settings
from form_handler.tokens import sign, verify

MAX_AGE_SECONDS = 90 * 24 * 3600
MAX_ACCOUNTS = 5


def cookie_name(settings: Settings) -> str:
    """Return the name of the device cookie."""
    return "__Host-kim-device" if settings.tls else "kim-device"


def read_devices(request: Request, settings: Settings) -> dict[int, str]:
    """Return the browser's token by number of the account; empty if the cookie is missing, old or not ours."""
    token = request.cookies.get(cookie_name(settings), "")
    found = verify(settings.secret_keys, "device", token, MAX_AGE_SECONDS) or ()
    return {int(account_id): str(value) for account_id, value in found}


def remember_device(response: Response, request: Request, settings: Settings, account_id: int) -> None:
    """Set the device cookie for an account, with a new token."""
    others = [pair for pair in read_devices(request, settings).items() if pair[0] != account_id]
    value = [*others[1 - MAX_ACCOUNTS :], (account_id, secrets.token_urlsafe(16))]
    response.set_cookie(
        cookie_name(settings),
        sign(settings.secret_keys, "device", value),
        max_age=MAX_AGE_SECONDS,
        secure=settings.tls,
        httponly=True,
        samesite="Lax",
    )
