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
from core.languages import Language, language_of_path
from form_handler import rate_limit as rates
from form_handler import responses as pages
from form_handler.forms import FORMS, FormDefinition, find_form
from form_handler.mail.compose import plan_full_copy, plan_mails
from form_handler.request_body import Incoming, read_incoming
from form_handler.responses import RECEIPT, SEND, settings, show_fault, show_form, show_receipt, show_review
from form_handler.security import is_cross_site
from form_handler.spam import TRAP, judge_signs, signs_of_spam
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.submissions import (
    Submission,
    Verdict,
    find_by_number,
    find_by_reference,
    mail_state,
    mark_confirmed,
    store,
)
from form_handler.tokens import (
    address_is_meant,
    fingerprint,
    number_is_ours,
    read_address,
    read_receipt,
    review_is_ours,
    seconds_on_review,
    sign_receipt,
)
from form_handler.toolkit import views as toolkit
from form_handler.url_correction import find_address, location

ADDRESS = "adresse-bestaetigen/"
# Largest body that the page for confirming an address reads: it holds a token and nothing else.
CONFIRM_BYTES = 8 * 1024

forms = Blueprint("forms", __name__)


@forms.route("/", defaults={"path": ""}, methods=["GET", "POST"])
@forms.route("/<path:path>", methods=["GET", "POST"])
def handle(path: str) -> BaseResponse:
    """Find out which form and which step a request is for; lead an address that is not quite right to the one meant."""
    view = find_view("/" + path)
    if view is not None:
        return view()
    address = find_address("/" + path, lambda one: find_view(one) is not None)
    if address is not None:  # 308: a form that is sent to it is sent again, with its answers
        return redirect(location(address, request.environ.get("QUERY_STRING", "")), 308)
    if request.method == "POST":
        raise MethodNotAllowed(valid_methods=["GET", "HEAD"])
    raise NotFound


def find_view(path: str) -> Callable[[], BaseResponse] | None:
    """Return what answers at an address, None if nothing does."""
    language, rest = language_of_path(path)
    if rest == ADDRESS:
        return partial(confirm_address, language)
    if rest == toolkit.CHOICE and request.method != "POST":
        return partial(toolkit.show_choice, language)
    for step, view in (("", check), (SEND, send), (RECEIPT, receipt)):
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


def check(language: Language, definition: FormDefinition) -> BaseResponse:
    """Validate what was filled in: the form again with its faults, or the review page."""
    if request.method != "POST":
        return show_form(language, definition, definition.form_class(), status=200)
    incoming = read_incoming(request, definition)
    g.incoming = incoming
    if (refusal := refuse_body(language, definition, incoming)) is not None:
        return refusal
    form = definition.fill(incoming.pairs)
    if is_cross_site(request):
        return show_form(language, definition, form, [*incoming.notes, once_more()])
    if incoming.own("_change") and not incoming.notes:
        return show_form(language, definition, form, status=200)
    if not form.validate() or incoming.notes:
        return show_form(language, definition, form, incoming.notes)
    return show_review(language, definition, form, trap=incoming.own(TRAP))


def send(language: Language, definition: FormDefinition) -> BaseResponse:
    """Store a reviewed form, once, with its mails; then lead to the receipt."""
    if request.method != "POST":
        return redirect(pages.form_url(language, definition), 303)
    incoming = read_incoming(request, definition)
    g.incoming = incoming
    if (refusal := refuse_body(language, definition, incoming)) is not None:
        return refusal
    form = definition.fill(incoming.pairs)
    if not form.validate() or incoming.notes:
        return show_form(language, definition, form, incoming.notes)
    number = incoming.own("_number")
    if not may_be_stored(definition, incoming, number):
        return show_review(
            language, definition, form, [once_more()],
            status=422, number=kept_number(definition, incoming), trap=incoming.own(TRAP),
        )  # fmt: skip
    return store_and_lead_on(language, definition, form, incoming)


def receipt(language: Language, definition: FormDefinition) -> BaseResponse:
    """Show the receipt that a signed address belongs to; without one, lead to the form."""
    if request.method == "POST":
        raise MethodNotAllowed(valid_methods=["GET", "HEAD"])
    reference = read_receipt(settings().secret_key, definition.key, request.args.get("nr", ""))
    if reference is None:
        return redirect(pages.form_url(language, definition), 303)
    g.stored = True
    stored, mail_promised = look_up_receipt(reference)
    answers = stored.answers if stored else {}
    fitting = toolkit.fitting(language, toolkit.answers_of_form(definition.key, answers))
    return show_receipt(language, definition, reference, mail_promised, definition.is_reachable(answers), fitting)


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


def may_be_stored(definition: FormDefinition, incoming: Incoming, number: str) -> bool:
    """Tell whether this request comes from a review page of ours, in the same browser, not too long ago."""
    if is_cross_site(request) or not review_is_ours(
        settings().secret_key, definition.key, number, incoming.own("_stamp")
    ):
        return False
    try:
        uuid.UUID(number)
        validate_csrf(incoming.own("csrf_token"))
    except (ValueError, ValidationError):
        return False
    return True


def kept_number(definition: FormDefinition, incoming: Incoming) -> str | None:
    """Return the number of a review page that is shown again; None for one that is not ours or that another site sent."""
    number = incoming.own("_number")
    ours = number_is_ours(settings().secret_key, definition.key, number, incoming.own("_stamp"))
    return number if ours and not is_cross_site(request) else None


def once_more() -> str:
    """Return the sentence for a request that we cannot be sure a person made here and now."""
    return _("This page had been open for too long or was opened twice. Nothing was stored yet. Please send once more.")


def store_and_lead_on(language: Language, definition: FormDefinition, form: Form, incoming: Incoming) -> BaseResponse:
    """Store the answers and their mails in one transaction; on any fault show them again, with a number to call."""
    database: Database = current_app.extensions["kim_database"]
    number, answers = incoming.own("_number"), definition.answers(form)
    now = datetime.datetime.now(datetime.UTC)
    try:
        if too_many(database, now):
            return show_review(language, definition, form, [_("Very many forms came from your connection today. "
                "Your entries are all still here. Please send again in an hour, or call us.")],
                status=429, number=number, trap=incoming.own(TRAP))  # fmt: skip
        stored = store(
            database,
            number,
            definition.key,
            language.code,
            answers,
            partial(plan_mails, settings(), definition),
            now,
            judge=partial(judge, definition, answers, incoming, now),
            fingerprint=fingerprint(settings().secret_key, browser_mark(), definition.key, language.code, answers),
        )
    except (sa.exc.SQLAlchemyError, DatabaseBusyError, OSError) as error:
        current_app.logger.error("form %s not stored: %s", definition.key, type(error).__name__)
        note = _(
            "We could not store your entries just now. They are all still here. Please send again in a moment, or call us."
        )
        return show_review(language, definition, form, [note], status=503, number=number, trap=incoming.own(TRAP))
    g.stored = True
    current_app.logger.info("form %s stored%s", definition.key, ", held" if stored.held else "")
    query = urlencode({"nr": sign_receipt(settings().secret_key, definition.key, stored.reference)})
    return redirect(f"{pages.form_url(language, definition)}{RECEIPT}?{query}", 303)


def judge(
    definition: FormDefinition,
    answers: dict[str, Any],
    incoming: Incoming,
    now: datetime.datetime,
    connection: sa.Connection,
) -> Verdict:
    """Weigh what speaks for spam in this request."""
    seconds = seconds_on_review(settings().secret_key, incoming.own("_stamp"))
    signs = signs_of_spam(answers, incoming.own(TRAP), seconds)
    recipient = str(answers.get(definition.sender_field or "") or "")
    return judge_signs(connection, signs, sender_address(), settings().rate_limit, now, recipient)


def too_many(database: Database, now: datetime.datetime) -> bool:
    """Tell whether so much came from this address within the hour that no more is taken."""
    limit = settings().rate_limit
    if not limit:
        return False
    with database.reading() as connection:
        return rates.look(connection, "send", sender_address(), now) >= 10 * limit


def sender_address() -> str:
    """Return the address a request came from; it is counted under a daily key (IPv6 by its /64) and never kept."""
    return request.remote_addr or "unknown"


def browser_mark() -> str:
    """Return what tells this browser from others for as long as its review cookie lives."""
    return str(session.get("csrf_token", ""))


def confirm_address(language: Language) -> BaseResponse:
    """Let a sender confirm the e-mail address by a link and a click; a link alone, which scanners follow, is not enough."""
    mark = request.args.get("nr", "")
    database: Database = current_app.extensions["kim_database"]
    title = _("Confirming your e-mail address")
    found = find_confirmed(database, mark)
    if found is None:
        old = _("This link is not complete or is older than a week. Your entries are stored all the same.")
        return pages.show_words(language, title, [old], status=410)
    if request.method != "POST":
        lines = [
            _("Please confirm that you have sent us the form and that this is your e-mail address."),
            _("We then send you a copy of your entries by e-mail."),
        ]
        action = f"{language.root}{ADDRESS}?nr={mark}"
        return pages.show_words(language, title, lines, action=action, button=_("Yes, that was me"))
    if not may_confirm():
        return redirect(f"{language.root}{ADDRESS}?nr={mark}", 303)
    mark_confirmed(database, found, datetime.datetime.now(datetime.UTC), plan_full_copy(FORMS[found.form], found))
    lines = [_("Thank you. Your e-mail address is confirmed.")]
    if not found.held:
        lines.append(_("A copy of your entries is on its way to you by e-mail."))
    return pages.show_words(language, title, lines)


def find_confirmed(database: Database, mark: str) -> Submission | None:
    """Return the submission whose address a link confirms; None if it is not ours, too old, or for another address."""
    signed = read_address(settings().secret_key, mark)
    found = find_by_number(database, signed[0]) if signed else None
    if signed is None or found is None:
        return None
    given = str(found.answers.get(FORMS[found.form].sender_field or "") or "")
    return found if given and address_is_meant(settings().secret_key, found.number, given, signed[1]) else None


def may_confirm() -> bool:
    """Tell whether the click came from our own page."""
    if is_cross_site(request):
        return False
    try:
        request.max_content_length = CONFIRM_BYTES
        validate_csrf(request.form.get("csrf_token", ""))
    except ValidationError:
        return False
    return True


def refuse_body(language: Language, definition: FormDefinition, incoming: Incoming) -> Response | None:
    """Return the page for a body that is no form or too large, or None."""
    if incoming.wrong_kind:
        lines = [_("What arrived was not a filled-in form. Nothing was stored.")]
        return show_fault(language, 415, _("This could not be read"), lines, definition)
    if incoming.too_large:
        lines = [
            _("Your entries are too long to be sent in one piece. Nothing was stored."),
            _("Please shorten them, or call us. What could be read of them is below."),
        ]
        return show_fault(language, 413, _("Your entries are too long"), lines, definition, incoming)
    return None
