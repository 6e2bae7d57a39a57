"""The way of a form: check, review, store, receipt. Each view builds the form, validates, acts, redirects, else draws."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, redirect, request, session
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form, ValidationError

from core.gettext import gettext as _
from core.languages import Language, split_language
from form_handler import rate_limit, responses
from form_handler.current import settings
from form_handler.forms import FORMS, FormDefinition, find_form
from form_handler.mail.compose import full_copy_mail, submission_mails
from form_handler.mail.worker import is_worker_missing
from form_handler.request_body import FormBody, parse_request_body
from form_handler.responses import (
    RECEIPT_PATH,
    SUBMIT_PATH,
    render_error,
    render_form,
    render_receipt,
    render_review,
)
from form_handler.security import is_cross_site
from form_handler.spam import HONEYPOT_FIELD, score_signals, spam_signals
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.submissions import (
    SpamVerdict,
    Submission,
    confirm_email,
    find_by_number,
    find_by_reference,
    mail_state,
    store_submission,
)
from form_handler.tokens import (
    fingerprint,
    matches_address,
    review_age,
    sign_receipt,
    verify_email_confirmation,
    verify_receipt,
    verify_review_token,
    verify_submission_number,
)
from form_handler.toolkit import views as toolkit
from form_handler.url_correction import find_canonical_path, location_header

CONFIRM_EMAIL_PATH = "adresse-bestaetigen/"
# Largest body that the page for confirming an address reads: it holds a token and nothing else.
MAX_CONFIRM_BYTES = 8 * 1024

forms = Blueprint("forms", __name__)


@forms.route("/", defaults={"path": ""}, methods=["GET", "POST"])
@forms.route("/<path:path>", methods=["GET", "POST"])
def dispatch(path: str) -> BaseResponse:
    """Find out which form and which step a request is for; lead an address that is not quite right to the one meant."""
    view = find_view("/" + path)
    if view is not None:
        return view()
    address = find_canonical_path("/" + path, lambda one: find_view(one) is not None)
    if address is not None:  # 308: a form that is sent to it is sent again, with its answers
        return redirect(location_header(address, request.environ.get("QUERY_STRING", "")), 308)
    if request.method == "POST":
        raise MethodNotAllowed(valid_methods=["GET", "HEAD"])
    raise NotFound


def find_view(path: str) -> Callable[[], BaseResponse] | None:
    """Return what answers at an address, None if nothing does."""
    language, rest = split_language(path)
    if rest == CONFIRM_EMAIL_PATH:
        return partial(confirm_email_page, language)
    if rest == toolkit.RESULT_PATH and request.method != "POST":
        return partial(toolkit.recommendations, language)
    for step, view in (("", review), (SUBMIT_PATH, submit), (RECEIPT_PATH, receipt)):
        definition = find_form(rest.removesuffix(step)) if rest.endswith(step) else None
        if definition is not None:
            return partial(answer_form, view, language, definition)
    return None


def answer_form(
    view: Callable[[Language, FormDefinition], BaseResponse], language: Language, definition: FormDefinition
) -> BaseResponse:
    """Answer one step of a form; error pages then know which one it was."""
    g.definition = definition
    return view(language, definition)


def review(language: Language, definition: FormDefinition) -> BaseResponse:
    """Validate what was filled in: the form again with its faults, or the review page."""
    if request.method != "POST":
        return render_form(language, definition, definition.form_class(), status=200)
    incoming = parse_request_body(request, definition)
    g.incoming = incoming
    if (refusal := reject_body(language, definition, incoming)) is not None:
        return refusal
    form = definition.bind(incoming.pairs)
    if is_cross_site(request):
        return render_form(language, definition, form, [*incoming.errors, expired_message()])
    if incoming.internal_field("_change") and not incoming.errors:
        return render_form(language, definition, form, status=200)
    if not form.validate() or incoming.errors:
        return render_form(language, definition, form, incoming.errors)
    return render_review(language, definition, form, trap=incoming.internal_field(HONEYPOT_FIELD))


def submit(language: Language, definition: FormDefinition) -> BaseResponse:
    """Store a reviewed form, once, with its mails; then lead to the receipt."""
    if request.method != "POST":
        return redirect(responses.form_url(language, definition), 303)
    incoming = parse_request_body(request, definition)
    g.incoming = incoming
    if (refusal := reject_body(language, definition, incoming)) is not None:
        return refusal
    form = definition.bind(incoming.pairs)
    if not form.validate() or incoming.errors:
        return render_form(language, definition, form, incoming.errors)
    number = incoming.internal_field("_number")
    if not has_valid_token(definition, incoming, number):
        return render_review(
            language, definition, form, [expired_message()],
            status=422, number=reusable_submission_number(definition, incoming), trap=incoming.internal_field(HONEYPOT_FIELD),
        )  # fmt: skip
    return store_and_redirect(language, definition, form, incoming)


def receipt(language: Language, definition: FormDefinition) -> BaseResponse:
    """Show the receipt that a signed address belongs to; without one, lead to the form."""
    if request.method == "POST":
        raise MethodNotAllowed(valid_methods=["GET", "HEAD"])
    reference = verify_receipt(settings().secret_key, definition.key, request.args.get("nr", ""))
    if reference is None:
        return redirect(responses.form_url(language, definition), 303)
    g.stored = True
    stored, mail_promised = look_up_receipt(reference)
    answers = stored.answers if stored else {}
    fitting = toolkit.recommendations_for_receipt(language, toolkit.chooser_answers(definition.key, answers))
    return render_receipt(language, definition, reference, mail_promised, definition.is_reachable(answers), fitting)


def look_up_receipt(reference: str) -> tuple[Submission | None, bool]:
    """Return what a receipt is about, and whether a mail to the sender is on its way or has gone.

    None and no mail if it was deleted since, or if the database does not answer: the receipt itself holds all the same.
    """
    database: Database = current_app.extensions["kim_database"]
    try:
        stored = find_by_reference(database, reference)
        state = mail_state(database, stored.number, "copy") if stored else None
    except (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError) as error:
        current_app.logger.error("receipt without its submission: %s", type(error).__name__)
        return None, False
    return stored, state in {"waiting", "sending", "sent"}


def has_valid_token(definition: FormDefinition, incoming: FormBody, number: str) -> bool:
    """Tell whether this request comes from a review page of ours, in the same browser, not too long ago."""
    if is_cross_site(request) or not verify_review_token(
        settings().secret_key, definition.key, number, incoming.internal_field("_stamp")
    ):
        return False
    try:
        uuid.UUID(number)
        validate_csrf(incoming.internal_field("csrf_token"))
    except (ValueError, ValidationError):
        return False
    return True


def reusable_submission_number(definition: FormDefinition, incoming: FormBody) -> str | None:
    """Return the number of a review page that is shown again; None for one that is not ours or that another site sent."""
    number = incoming.internal_field("_number")
    ours = verify_submission_number(settings().secret_key, definition.key, number, incoming.internal_field("_stamp"))
    return number if ours and not is_cross_site(request) else None


def expired_message() -> str:
    """Return the sentence for a request that we cannot be sure a person made here and now."""
    return _("This page had been open for too long or was opened twice. Nothing was stored yet. Please send once more.")


def store_and_redirect(language: Language, definition: FormDefinition, form: Form, incoming: FormBody) -> BaseResponse:
    """Store the answers and their mails in one transaction; on any fault show them again, with a number to call."""
    database: Database = current_app.extensions["kim_database"]
    number, answers = incoming.internal_field("_number"), definition.answers(form)
    now = datetime.datetime.now(datetime.UTC)
    try:
        if is_rate_limited(database, now):
            return render_review(language, definition, form, [_("Very many forms came from your connection today. "
                "Your entries are all still here. Please send again in an hour, or call us.")],
                status=429, number=number, trap=incoming.internal_field(HONEYPOT_FIELD))  # fmt: skip
        stored = store_submission(
            database,
            number,
            definition.key,
            language.code,
            answers,
            partial(submission_mails, settings(), definition),
            now,
            judge=partial(classify, definition, answers, incoming, now),
            fingerprint=fingerprint(settings().secret_key, browser_id(), definition.key, language.code, answers),
        )
    except (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError) as error:
        current_app.logger.error("form %s not stored: %s", definition.key, type(error).__name__)
        note = _(
            "We could not store your entries just now. They are all still here. Please send again in a moment, or call us."
        )
        return render_review(
            language, definition, form, [note], status=503, number=number, trap=incoming.internal_field(HONEYPOT_FIELD)
        )
    g.stored = True
    current_app.logger.info("form %s stored%s", definition.key, ", held" if stored.held else "")
    warn_if_worker_is_missing(database, now)
    query = urlencode({"nr": sign_receipt(settings().secret_key, definition.key, stored.reference)})
    return redirect(f"{responses.form_url(language, definition)}{RECEIPT_PATH}?{query}", 303)


def warn_if_worker_is_missing(database: Database, now: datetime.datetime) -> None:
    """Log that mails wait for a worker, at most once a minute in each server process."""
    checks: dict[str, datetime.datetime] = current_app.extensions.setdefault("kim_mail_check", {})
    if "last" in checks and now - checks["last"] < datetime.timedelta(minutes=1):
        return
    checks["last"] = now
    try:
        missing = is_worker_missing(database, now)
    except (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError):
        return
    if missing:
        current_app.logger.error("no mail worker is running: mails wait; start it with: kim mail run")


def classify(
    definition: FormDefinition,
    answers: dict[str, Any],
    incoming: FormBody,
    now: datetime.datetime,
    connection: sa.Connection,
) -> SpamVerdict:
    """Weigh what speaks for spam in this request."""
    seconds = review_age(settings().secret_key, incoming.internal_field("_stamp"))
    signs = spam_signals(answers, incoming.internal_field(HONEYPOT_FIELD), seconds)
    recipient = str(answers.get(definition.sender_field or "") or "")
    return score_signals(connection, signs, client_ip(), settings().rate_limit, now, recipient)


def is_rate_limited(database: Database, now: datetime.datetime) -> bool:
    """Tell whether so much came from this address within the hour that no more is taken."""
    limit = settings().rate_limit
    if not limit:
        return False
    with database.read_connection() as connection:
        return rate_limit.current_count(connection, "send", client_ip(), now) >= 10 * limit


def client_ip() -> str:
    """Return the address a request came from; it is counted under a daily key (IPv6 by its /64) and never kept."""
    return request.remote_addr or "unknown"


def browser_id() -> str:
    """Return what tells this browser from others for as long as its review cookie lives."""
    return str(session.get("csrf_token", ""))


def confirm_email_page(language: Language) -> BaseResponse:
    """Let a sender confirm the e-mail address by a link and a click; a link alone, which scanners follow, is not enough."""
    mark = request.args.get("nr", "")
    database: Database = current_app.extensions["kim_database"]
    title = _("Confirming your e-mail address")
    found = find_submission_to_confirm(database, mark)
    if found is None:
        old = _("This link is not complete or is older than a week. Your entries are stored all the same.")
        return responses.render_message(language, title, [old], status=410)
    if request.method != "POST":
        lines = [
            _("Please confirm that you have sent us the form and that this is your e-mail address."),
            _("We then send you a copy of your entries by e-mail."),
        ]
        action = f"{language.root}{CONFIRM_EMAIL_PATH}?nr={mark}"
        return responses.render_message(language, title, lines, action=action, button=_("Yes, that was me"))
    if not is_valid_confirmation():
        return redirect(f"{language.root}{CONFIRM_EMAIL_PATH}?nr={mark}", 303)
    confirm_email(database, found, datetime.datetime.now(datetime.UTC), full_copy_mail(FORMS[found.form], found))
    lines = [_("Thank you. Your e-mail address is confirmed.")]
    if not found.held:
        lines.append(_("A copy of your entries is on its way to you by e-mail."))
    return responses.render_message(language, title, lines)


def find_submission_to_confirm(database: Database, mark: str) -> Submission | None:
    """Return the submission whose address a link confirms; None if it is not ours, too old, or for another address."""
    signed = verify_email_confirmation(settings().secret_key, mark)
    found = find_by_number(database, signed[0]) if signed else None
    if signed is None or found is None:
        return None
    given = str(found.answers.get(FORMS[found.form].sender_field or "") or "")
    return found if given and matches_address(settings().secret_key, found.number, given, signed[1]) else None


def is_valid_confirmation() -> bool:
    """Tell whether the click came from our own page."""
    if is_cross_site(request):
        return False
    try:
        request.max_content_length = MAX_CONFIRM_BYTES
        validate_csrf(request.form.get("csrf_token", ""))
    except ValidationError:
        return False
    return True


def reject_body(language: Language, definition: FormDefinition, incoming: FormBody) -> Response | None:
    """Return the page for a body that is no form or too large, or None."""
    if incoming.unsupported_media_type:
        lines = [_("What arrived was not a filled-in form. Nothing was stored.")]
        return render_error(language, 415, _("This could not be read"), lines, definition)
    if incoming.too_large:
        lines = [
            _("Your entries are too long to be sent in one piece. Nothing was stored."),
            _("Please shorten them, or call us. What could be read of them is below."),
        ]
        return render_error(language, 413, _("Your entries are too long"), lines, definition, incoming)
    return None
