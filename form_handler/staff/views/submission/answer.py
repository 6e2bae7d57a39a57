"""Answering inside an entry: write, preview, send; and enter replies."""

import datetime
import secrets
from typing import Any

from flask import g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.languages import Language, find_language, load_languages
from form_handler.current import database, settings
from form_handler.forms.cleaning import clean_line, clean_text
from form_handler.mail.answer_templates import load_answer_texts
from form_handler.mail.compose import compose_answer
from form_handler.mail.headers import ascii_address
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import correspondence
from form_handler.staff.inbox.correspondence import Draft, earlier_mails
from form_handler.staff.inbox.versions import sign_version, verify_version
from form_handler.staff.labels import channel_label
from form_handler.staff.layout import flash, position_query, render, staff_root
from form_handler.staff.views.submission.page import redirect_to_submission, render_submission, submission_view
from form_handler.storage.submissions import ConflictError, Submission

MAX_BODY = 200 * 1024
ANSWER_FIELDS = ("subject", "body", "language", "outcome", "_seen")
REPLY_FIELDS = ("body", "channel", "came_at", "wants_answer", "_seen")


@staff.route(
    "/v/<reference>/antwort/", methods=["GET", "POST"], role=INBOX, max_body=MAX_BODY, saved_fields=ANSWER_FIELDS
)
@submission_view
def write_answer(found: Submission) -> BaseResponse:
    """Write an answer: begin with a template, keep a draft, look at it, go back to it."""
    if not correspondence.sender_address(found) or found.held:
        return render_submission(found, error=_("This entry cannot be answered here: there is no e-mail address, or it is held as suspected spam."))  # fmt: skip
    if request.method != "POST":
        return open_answer(found)
    draft, error = read_draft(found)
    step = g.form.get("step", "preview")
    if error:
        return render_answer(found, draft, g.form.get("_seen", ""), error)
    correspondence.save_draft(database(), found.number, g.account.id, draft, utc_now())
    if step == "draft":
        flash(_("The draft is kept. You find it here again."))
        return redirect(f"{staff_root()}v/{found.reference}/antwort/{position_query()}", 303)
    if step == "edit":
        return render_answer(found, draft, g.form.get("_seen", ""))
    return render_preview(found, draft)


def open_answer(found: Submission) -> BaseResponse:
    """Show the draft of this account, or an answer to begin with in the chosen language with the chosen template."""
    wanted, template = find_language(request.args.get("sprache", "")), request.args.get("vorlage", "")
    draft = correspondence.find_draft(database(), found.number, g.account.id)
    if draft is None or wanted is not None or template:
        language = wanted or correspondence.answer_language(found)
        draft = correspondence.begin_answer(settings(), found, language, template)
    return render_answer(found, draft, new_seen(found))


def new_seen(found: Submission) -> str:
    """Return a token of the entry and its newest message, with a number by which an answer is stored once."""
    newest = correspondence.last_message_id(correspondence.list_messages(database(), found.number))
    return sign_version(found, newest=newest, once=secrets.token_hex(16))


def read_draft(found: Submission) -> tuple[Draft, str]:
    """Return the sent draft and its error."""
    language = find_language(g.form.get("language", "")) or correspondence.answer_language(found)
    subject, body = clean_line(g.form.get("subject", "")), clean_text(g.form.get("body", ""))
    draft = Draft(language.code, subject, body)
    if not subject or len(subject) > correspondence.MAX_SUBJECT_CHARS:
        return draft, _("A subject has 1 to %(limit)s characters.", limit=correspondence.MAX_SUBJECT_CHARS)
    if not body.strip() or len(body) > correspondence.MAX_TEXT_CHARS:
        return draft, _("An answer has 1 to %(limit)s characters.", limit=correspondence.MAX_TEXT_CHARS)
    return draft, ""


def render_answer(found: Submission, draft: Draft, seen: str, error: str = "", status: int = 422) -> BaseResponse:
    """Render the page on which an answer is written."""
    office, texts = g.language.code, load_answer_texts().for_form(found.form)
    language = find_language(draft.language) or correspondence.answer_language(found)
    return render(
        "answer", status=status if error else 200, title=_("Answer %(reference)s", reference=found.reference), error=error,
        found=found, draft=draft, seen=seen or new_seen(found), answer_language=language, address=correspondence.sender_address(found),
        sender_language=correspondence.answer_language(found), languages=load_languages(), limit=correspondence.MAX_TEXT_CHARS,
        templates=[(one.key, one.title.get(office, one.key), one.text.get(office, "")) for one in texts],
        outcome=g.form.get("outcome", ""), outcomes=outcomes(found),
        others=correspondence.draft_authors(database(), found.number, g.account.id),
    )  # fmt: skip


def outcomes(found: Submission) -> list[tuple[str, str]]:
    """Return the possible states of an entry after an answer."""
    words = {
        "answered": _("answered"),
        "in_work": _("still in work"),
        "interim": _("still in work; this is an interim notice"),
    }
    has_interim = found.form == "barrier" and found.interim_at is None
    return [(key, words[key]) for key in correspondence.OUTCOMES if key != "interim" or has_interim]


def chosen_outcome(found: Submission) -> str:
    """Return the outcome that was sent, "answered" by default."""
    sent = g.form.get("outcome", "")
    return sent if sent in dict(outcomes(found)) else "answered"


def render_preview(found: Submission, draft: Draft, error: str = "", status: int = 200) -> BaseResponse:
    """Render an answer as the sender gets it, before it is sent."""
    with database().read_connection() as connection:
        earlier = earlier_mails(connection, found.number)
    address = correspondence.sender_address(found)
    answer = correspondence.as_answer(draft, earlier)
    mail = compose_answer(settings(), found, "answer", ascii_address(address), answer)
    language = find_language(draft.language) or correspondence.answer_language(found)
    seen = g.form.get("_seen", "")
    return render(
        "answer-preview", status=status, title=_("Look at the answer: %(reference)s", reference=found.reference), error=error,
        found=found, draft=draft, seen=seen if verify_version(seen, found) else new_seen(found), answer_language=language,
        headers=[(_("To"), address), (_("From"), str(mail["From"])), (_("Reply to"), str(mail["Reply-To"])), (_("Subject"), str(mail["Subject"]))],
        text=mail.get_content().rstrip(), outcome=chosen_outcome(found), outcome_words=dict(outcomes(found))[chosen_outcome(found)],
        messages=correspondence.list_messages(database(), found.number) if error else [],
    )  # fmt: skip


@staff.route(
    "/v/<reference>/antwort/senden", methods=["POST"], role=INBOX, max_body=MAX_BODY, saved_fields=ANSWER_FIELDS
)
@submission_view
def send_answer(found: Submission) -> BaseResponse:
    """Send an answer, once however often the button is pressed."""
    draft, error = read_draft(found)
    if error:
        return render_answer(found, draft, g.form.get("_seen", ""), error)
    seen = verify_version(g.form.get("_seen", ""), found) or {}
    if "once" not in seen:  # a page without a valid token is looked at once more
        return render_preview(found, draft, _("Please look at the answer once more, then send it."), 409)
    try:
        correspondence.send_answer(
            database(), found, int(seen.get("newest", 0)), draft, chosen_outcome(found), str(seen["once"]),
            (g.account.id, g.account.name), utc_now(),
        )  # fmt: skip
    except ConflictError as conflict:
        correspondence.save_draft(database(), found.number, g.account.id, draft, utc_now())
        g.form = g.form.copy()
        g.form["_seen"] = new_seen(conflict.current)
        error = _(
            "Something has been sent or come in since you opened this page. It stands below. Your answer is not sent yet."
        )
        return render_preview(conflict.current, draft, error, 409)
    except ValueError:
        correspondence.save_draft(database(), found.number, g.account.id, draft, utc_now())
        return render_submission(
            found, error=_("There is no e-mail address to answer to. Your answer is kept as a draft.")
        )
    flash(_("The answer to %(reference)s is on its way.", reference=found.reference))
    return redirect_to_submission(found)


@staff.route("/v/<reference>/antwort/entwurf", methods=["POST"], role=INBOX, max_body=MAX_BODY)
@submission_view
def save_answer_draft(found: Submission) -> BaseResponse:
    """Store the draft of an answer; the script of the page calls this while somebody types."""
    draft, _error = read_draft(found)
    if draft.text.strip():
        correspondence.save_draft(database(), found.number, g.account.id, draft, utc_now())
    return BaseResponse(status=204)


@staff.route("/v/<reference>/antwort/verwerfen", methods=["POST"], role=INBOX)
@submission_view
def delete_answer_draft(found: Submission) -> BaseResponse:
    """Delete the draft of this account."""
    correspondence.delete_draft(database(), found.number, g.account.id)
    flash(_("Your draft for %(reference)s is deleted.", reference=found.reference))
    return redirect_to_submission(found)


@staff.route(
    "/v/<reference>/rueckmeldung/", methods=["GET", "POST"], role=INBOX, max_body=MAX_BODY, saved_fields=REPLY_FIELDS
)
@submission_view
def enter_reply(found: Submission) -> BaseResponse:
    """Enter a reply of the sender that came by mail, by phone or in person."""
    zone, now = settings().time_zone, utc_now()
    if request.method != "POST":
        return render_reply(found, {"came_at": f"{now.astimezone(zone):%Y-%m-%dT%H:%M}", "channel": "mail"})
    sent = {name: g.form.get(name, "") for name in REPLY_FIELDS}
    text = clean_text(sent["body"]).strip()
    came_at = _local_moment(sent["came_at"])
    error = ""
    if not text or len(text) > correspondence.MAX_TEXT_CHARS:
        error = _("A reply has 1 to %(limit)s characters.", limit=correspondence.MAX_TEXT_CHARS)
    elif (
        came_at is None
        or came_at > now + datetime.timedelta(minutes=1)
        or came_at < found.received_at - datetime.timedelta(minutes=1)
    ):
        error = _("Enter when the reply came: not in the future, and not before the entry itself.")
    elif sent["channel"] not in correspondence.CHANNELS:
        error = _("Choose how the reply came.")
    elif sent["wants_answer"] not in {"1", "0"}:
        error = _("Choose whether the reply needs an answer.")
    if error or came_at is None:
        return render_reply(found, sent, error)
    seen = verify_version(sent["_seen"], found) or {}
    draft = Draft(correspondence.answer_language(found).code, "", text)
    correspondence.record_reply(
        database(), found, draft, sent["channel"], came_at, sent["wants_answer"] == "1",
        str(seen.get("once") or secrets.token_hex(16)), g.account.name, now,
    )  # fmt: skip
    flash(_("The reply is entered."))
    return redirect_to_submission(found)


def _local_moment(text: str) -> datetime.datetime | None:
    """Return a moment written as a browser writes local time, 2026-11-30T14:05, or None."""
    try:
        found = datetime.datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=settings().time_zone)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def render_reply(found: Submission, values: dict[str, Any], error: str = "") -> BaseResponse:
    """Render the form for a reply."""
    language: Language = correspondence.answer_language(found)
    return render(
        "reply", status=422 if error else 200, title=_("Reply to %(reference)s", reference=found.reference), error=error,
        found=found, values={name: values.get(name, "") for name in REPLY_FIELDS}, answer_language=language,
        channels=[(one, channel_label(one)) for one in correspondence.CHANNELS], seen=values.get("_seen") or new_seen(found),
    )  # fmt: skip
