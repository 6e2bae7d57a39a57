"""The views of a form: check, submit, receipt. Each view builds the form, validates, acts and redirects, or renders a page."""

import datetime
import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, g, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from core.clock import utc_now
from core.gettext import gettext as _
from core.languages import Language, load_languages
from form_handler import rate_limit, responses
from form_handler.current import database, settings
from form_handler.forms import FormDefinition, offered_forms
from form_handler.forms.contact_details import mailbox_key
from form_handler.forms.feedback import FEEDBACK
from form_handler.mail.compose import submission_mails
from form_handler.mail.heartbeat import is_worker_missing
from form_handler.operations.logs import log_event
from form_handler.operations.metrics import count_stored_form
from form_handler.request_body import FormBody, parse_request_body
from form_handler.responses import (
    RECEIPT_PATH,
    SUBMIT_PATH,
    is_built_page,
    render_error,
    render_form,
    render_receipt,
    render_review,
)
from form_handler.security import has_valid_csrf_token, is_cross_site
from form_handler.spam import HONEYPOT_FIELD, score_signals, spam_signals
from form_handler.storage.database import DATABASE_FAULTS, describe_fault
from form_handler.storage.submissions import (
    SpamClassifier,
    Submission,
    find_by_reference,
    mail_state,
    store_submission,
)
from form_handler.tokens import (
    fingerprint,
    review_age,
    sign_receipt,
    verify_receipt,
    verify_review,
)
from form_handler.toolkit import recommend
from form_handler.toolkit import views as toolkit
from form_handler.views.email_confirmation import CONFIRM_EMAIL_PATH, confirm_email_page

# Where a page's own "yes" and "no" go, below the feedback form.
QUICK_PATH = "kurz/"
MAX_QUICK_ANSWERS_PER_HOUR = 30

View = Callable[[Language, FormDefinition], BaseResponse]


def register(app: Flask) -> None:
    """Add the routes of all forms and of the toolkit's recommendations, in every language."""
    codes = ",".join(f'"{language.code}"' for language in load_languages() if not language.default)
    forms = make_blueprint()
    app.register_blueprint(forms)
    app.register_blueprint(forms, url_prefix=f"/<any({codes}):code>", name="forms_localized")


def make_blueprint() -> Blueprint:
    """Return the routes below a language's root; :func:`form_handler.app.set_language_and_check_host` sets the language."""
    forms = Blueprint("forms", __name__)
    offered = offered_forms()
    for definition in offered:
        for path, view, methods in (
            ("", check, ["GET", "POST"]),
            (SUBMIT_PATH, submit, ["GET", "POST"]),
            (RECEIPT_PATH, receipt, ["GET"]),
        ):
            endpoint = f"{definition.key}_{view.__name__}"
            forms.add_url_rule(
                f"/{definition.slug}{path}", endpoint, partial(call_view, view, definition), methods=methods
            )
    if FEEDBACK in offered:
        forms.add_url_rule(
            f"/{FEEDBACK.slug}{QUICK_PATH}",
            "feedback_quick",
            partial(call_view, quick_answer, FEEDBACK),
            methods=["POST"],
        )
    forms.add_url_rule(f"/{CONFIRM_EMAIL_PATH}", "confirm_email", confirm_email_page, methods=["GET", "POST"])
    if recommend.is_offered():
        forms.add_url_rule(f"/{recommend.RESULT_PATH}", "recommendations", toolkit.recommendations)
    forms.url_value_preprocessor(pop_language_code)
    return forms


def pop_language_code(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Remove the language's code from the arguments of a view; ``g.language`` holds the language."""
    if values is not None:
        values.pop("code", None)


def call_view(view: View, definition: FormDefinition) -> BaseResponse:
    """Call the view of a form; ``g.definition`` is the form, for error pages."""
    g.definition = definition
    return view(g.language, definition)


def check(language: Language, definition: FormDefinition) -> BaseResponse:
    """Validate a filled-in form; return the form with its errors, or the review page."""
    if request.method != "POST":
        form = toolkit.prefilled_form(language, definition, request.args)
        return render_form(language, definition, form, status=200)
    body = parse_request_body(request, definition)
    g.form_body = body
    if (refusal := reject_body(language, definition, body)) is not None:
        return refusal
    form = definition.bind(body.pairs)
    if is_cross_site(request):
        return render_form(language, definition, form, [*body.errors, expired_message()])
    if body.internal_field("_change") and not body.errors:
        return render_form(language, definition, form, status=200)
    if not form.validate() or body.errors:
        return render_form(language, definition, form, body.errors)
    return render_review(language, definition, form, trap=body.internal_field(HONEYPOT_FIELD))


def submit(language: Language, definition: FormDefinition) -> BaseResponse:
    """Store a reviewed form once, with its mails, and redirect to the receipt."""
    if request.method != "POST":
        return redirect(responses.form_url(language, definition), 303)
    body = parse_request_body(request, definition)
    g.form_body = body
    if (refusal := reject_body(language, definition, body)) is not None:
        return refusal
    form = definition.bind(body.pairs)
    if not form.validate() or body.errors:
        return render_form(language, definition, form, body.errors)
    number = body.internal_field("_number")
    if not has_valid_token(definition, body, number):
        return render_review(
            language, definition, form, [expired_message()],
            status=422, number=reusable_submission_number(definition, body), trap=body.internal_field(HONEYPOT_FIELD),
        )  # fmt: skip
    return store_and_redirect(language, definition, form, body)


def quick_answer(language: Language, definition: FormDefinition) -> BaseResponse:
    """Store the "yes" or "no" that a reader gives on a page itself; the script of the page confirms it in place.

    Only choice and page are taken, no text, and one answer of a visitor to a page each day. It is stored as done, and
    without a mail: there is nothing to answer.
    """
    body = parse_request_body(request, definition)
    if is_cross_site(request) or body.too_large or body.unsupported_media_type:
        return Response(status=403)
    form = definition.prefilled(body.pairs, is_built_page)
    number = body.internal_field("_number")
    if not is_uuid(number) or not form.validate() or not form["page"].data:
        return Response(status=422)
    now, client = utc_now(), client_ip()
    place = f"{rate_limit.client_network(client)} {form['page'].data}"
    try:
        with database().transaction() as connection:
            if rate_limit.increment(connection, "quick", client, now) > MAX_QUICK_ANSWERS_PER_HOUR:
                return Response(status=429)
            known = rate_limit.increment(connection, "quick-page", place, now, minutes=24 * 60) > 1
        if not known:
            store_submission(
                database(), number, definition.key, language.code, definition.answers(form), lambda _stored: (), now,
                state="closed", by_clock=True,
            )  # fmt: skip
    except DATABASE_FAULTS as error:
        log_event(current_app.logger, logging.ERROR, "not_stored", f"quick answer not stored: {describe_fault(error)}")
        return Response(status=503)
    return Response(status=204)


def receipt(language: Language, definition: FormDefinition) -> BaseResponse:
    """Show the receipt of a signed address; without one, redirect to the form."""
    reference = verify_receipt(settings().secret_keys, definition.key, request.args.get("nr", ""))
    if reference is None:
        return redirect(responses.form_url(language, definition), 303)
    g.stored = True
    stored, mail_promised = look_up_receipt(reference)
    answers = stored.answers if stored else {}
    recommendations = toolkit.recommendations_for_receipt(language, toolkit.chooser_answers(definition.key, answers))
    return render_receipt(
        language, definition, reference, mail_promised, definition.is_reachable(answers), recommendations
    )


def look_up_receipt(reference: str) -> tuple[Submission | None, bool]:
    """Return the submission of a receipt, and whether a mail to the sender is waiting or sent.

    None and no mail if it was deleted since, or if the database does not answer; the receipt is shown all the same.
    """
    try:
        stored = find_by_reference(database(), reference)
        state = mail_state(database(), stored.number, "copy") if stored else None
    except DATABASE_FAULTS as error:
        current_app.logger.error("receipt without its submission: %s", type(error).__name__)
        return None, False
    return stored, state in {"waiting", "sending", "sent"}


def has_valid_token(definition: FormDefinition, body: FormBody, number: str) -> bool:
    """Return whether this request comes from our review page in the same browser, at most a day old."""
    if is_cross_site(request) or not is_uuid(number):
        return False
    stamp = body.internal_field("_stamp")
    is_ours = verify_review(settings().secret_keys, definition.key, number, stamp)
    return is_ours and has_valid_csrf_token(body.internal_field("csrf_token"))


def is_uuid(number: str) -> bool:
    """Return whether a submission number has the form of ours."""
    try:
        uuid.UUID(number)
    except ValueError:
        return False
    return True


def reusable_submission_number(definition: FormDefinition, body: FormBody) -> str | None:
    """Return the submission number of a review page that is shown again; None if it is not ours or another site sent it."""
    number = body.internal_field("_number")
    ours = verify_review(settings().secret_keys, definition.key, number, body.internal_field("_stamp"), any_age=True)
    return number if ours and not is_cross_site(request) else None


def expired_message() -> str:
    """Return the sentence for an expired or repeated review page."""
    return _(
        "This page was open for too long or was opened twice. Nothing has been stored yet. Please send the form again."
    )


def reject_body(language: Language, definition: FormDefinition, body: FormBody) -> Response | None:
    """Return the error page for a body that is not a form or too large, else None."""
    if body.unsupported_media_type:
        lines = [_("We did not receive a completed form. Nothing was stored.")]
        return render_error(language, 415, _("This could not be read"), lines, definition)
    if body.too_large:
        lines = [
            _("Your answers are too long to be sent in one piece. Nothing was stored."),
            _("Please shorten your answers or call us. The part that we could read is shown below."),
        ]
        return render_error(language, 413, _("Your answers are too long"), lines, definition, body)
    return None


def store_and_redirect(language: Language, definition: FormDefinition, form: Form, body: FormBody) -> BaseResponse:
    """Store the answers and their mails in one transaction; on any error show them again, with a number to call."""
    number, answers = body.internal_field("_number"), definition.answers(form)
    now = utc_now()
    try:
        if is_rate_limited(now):
            return render_review(language, definition, form, [_("A very large number of forms came from your internet "
                "connection today. All your answers are still here. Please send the form again in an hour, or call us.")],
                status=429, number=number, trap=body.internal_field(HONEYPOT_FIELD))  # fmt: skip
        stored = store_submission(
            database(),
            number,
            definition.key,
            language.code,
            answers,
            partial(submission_mails, settings(), definition),
            now,
            classify=classifier(definition, answers, body, now),
            fingerprint=fingerprint(settings().secret_keys, browser_id(), definition.key, language.code, answers),
            by_clock=True,
        )
    except DATABASE_FAULTS as error:
        log_event(
            current_app.logger, logging.ERROR, "not_stored", f"form {definition.key} not stored: {describe_fault(error)}",
            form=definition.key,
        )  # fmt: skip
        note = _(
            "We could not store your answers just now. All your answers are still here. Please send the form again in a moment, or call us."
        )
        return render_review(
            language, definition, form, [note], status=503, number=number, trap=body.internal_field(HONEYPOT_FIELD)
        )
    g.stored = True
    held = ", held" if stored.held else ""
    log_event(
        current_app.logger, logging.INFO, "form_stored", f"form {definition.key} stored{held}",
        form=definition.key, language=language.code, held=stored.held,
    )  # fmt: skip
    count_stored_form(current_app, definition.key, stored.held)
    warn_if_worker_is_missing(now)
    query = urlencode({"nr": sign_receipt(settings().secret_keys, definition.key, stored.reference)})
    return redirect(f"{responses.form_url(language, definition)}{RECEIPT_PATH}?{query}", 303)


def warn_if_worker_is_missing(now: datetime.datetime) -> None:
    """Log that mails wait for a worker, at most once a minute in each server process."""
    checks: dict[str, datetime.datetime] = current_app.extensions.setdefault("kim_mail_check", {})
    if "last" in checks and now - checks["last"] < datetime.timedelta(minutes=1):
        return
    checks["last"] = now
    try:
        missing = is_worker_missing(database(), now)
    except DATABASE_FAULTS:
        return
    if missing:
        current_app.logger.error("no mail worker is running: mails wait; start it with: kim mail run")


def classifier(
    definition: FormDefinition, answers: dict[str, Any], body: FormBody, now: datetime.datetime
) -> SpamClassifier:
    """Return the function that scores the spam signals of this request on a connection."""
    seconds = review_age(settings().secret_keys, body.internal_field("_stamp"))
    signals = spam_signals(answers, body.internal_field(HONEYPOT_FIELD), seconds)
    recipient = mailbox_key(str(answers.get(definition.sender_field or "") or ""))
    return partial(score_signals, signals=signals, client=client_ip(), limit=settings().rate_limit, now=now, recipient=recipient)  # fmt: skip


def is_rate_limited(now: datetime.datetime) -> bool:
    """Return whether more than ten times the hourly limit came from this address."""
    limit = settings().rate_limit
    if not limit:
        return False
    with database().read_connection() as connection:
        return rate_limit.current_count(connection, "send", client_ip(), now) >= 10 * limit


def client_ip() -> str:
    """Return the client's IP address; it is counted under a daily key (IPv6 by its /64) and never stored."""
    return request.remote_addr or "unknown"


def browser_id() -> str:
    """Return an id of the browser that is valid as long as its review cookie."""
    return str(session.get("csrf_token", ""))
