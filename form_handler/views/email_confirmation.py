"""Confirming the sender's e-mail address by a link in the receipt mail."""

from flask import g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.languages import Language
from form_handler import responses
from form_handler.current import database, settings
from form_handler.forms import FORMS
from form_handler.mail.compose import full_copy_mail
from form_handler.security import has_valid_csrf_token, is_cross_site
from form_handler.storage.submissions import (
    Submission,
    confirm_email,
    find_by_number,
)
from form_handler.tokens import (
    matches_address,
    verify_email_confirmation,
)

CONFIRM_EMAIL_PATH = "adresse-bestaetigen/"
# Largest body that is read: the form holds a token and nothing else.
MAX_CONFIRM_BYTES = 8 * 1024


def confirm_email_page() -> BaseResponse:
    """Show the page of a confirmation link; only its button confirms, because mail scanners open links."""
    language: Language = g.language
    token = request.args.get("nr", "")
    title = _("Confirming your e-mail address")
    found = find_submission_to_confirm(token)
    if found is None:
        old = _("This link is not complete or is older than a week. Your answers are stored all the same.")
        return responses.render_message(language, title, [old], status=410)
    if request.method != "POST":
        lines = [
            _("Please confirm that you have sent us the form and that this is your e-mail address."),
            _("We then send you a copy of your answers by e-mail."),
        ]
        action = f"{language.root}{CONFIRM_EMAIL_PATH}?nr={token}"
        return responses.render_message(language, title, lines, action=action, button=_("Yes, that was me"))
    if not is_valid_confirmation():
        return redirect(f"{language.root}{CONFIRM_EMAIL_PATH}?nr={token}", 303)
    confirm_email(database(), found, utc_now(), full_copy_mail(FORMS[found.form], found))
    lines = [_("Thank you. Your e-mail address is confirmed.")]
    if not found.held:
        lines.append(_("A copy of your answers is on its way to you by e-mail."))
    return responses.render_message(language, title, lines)


def find_submission_to_confirm(token: str) -> Submission | None:
    """Return the submission of a confirmation link; None if the link is not ours, too old, or for another address."""
    signed = verify_email_confirmation(settings().secret_keys, token)
    found = find_by_number(database(), signed[0]) if signed else None
    if signed is None or found is None:
        return None
    given = str(found.answers.get(FORMS[found.form].sender_field or "") or "")
    return found if given and matches_address(settings().secret_keys, found.number, given, signed[1]) else None


def is_valid_confirmation() -> bool:
    """Return whether the click came from our own page."""
    request.max_content_length = MAX_CONFIRM_BYTES
    return not is_cross_site(request) and has_valid_csrf_token(request.form.get("csrf_token", ""))
