"""One submission: its page and everything the office does with it."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import sqlalchemy as sa
from flask import g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from core.clock import utc_now
from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import default_language, load_languages
from form_handler.current import database, settings
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.fields import display_value
from form_handler.mail.texts import reply_template
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import actions, correspondence, presence, queries, related
from form_handler.staff.inbox.filters import UNPRINTABLE, filter_query, parse_day, parse_filter
from form_handler.staff.inbox.versions import sign_version, undo_token, verify_version
from form_handler.staff.layout import MAX_PLACE_CHARS, flash, place_query, render, staff_root
from form_handler.storage import deletion, submissions
from form_handler.storage.database import DatabaseBusyError
from form_handler.storage.submissions import Submission, find_by_reference

MAX_NOTE_CHARS = 4000


def submission_view(view: Any) -> Any:
    """Pass the submission of the path to a view."""

    @wraps(view)
    def wrapped(reference: str) -> BaseResponse:
        found = find_by_reference(database(), reference)
        if found is None and request.method == "POST":
            raise submissions.GoneError(reference)
        if found is None:
            return render("not-found", status=404, title=_("Not found"))
        result: BaseResponse = view(found)
        return result

    return wrapped


@staff.route("/v/<reference>/", role=INBOX)
@submission_view
def submission_detail(found: Submission) -> BaseResponse:
    """Show one submission, and note who is looking."""
    with contextlib.suppress(sa.exc.SQLAlchemyError, DatabaseBusyError, OSError):  # only a hint for colleagues
        presence.note_presence(database(), found.number, g.account.id, False, utc_now())
    return render_submission(found)


def render_submission(
    found: Submission, note: str = "", error: str = "", typed: Mapping[str, str] | None = None
) -> BaseResponse:
    """Render one submission; with ``error``, also the note or quotation that was not stored.

    :param typed: by name of the field, the quotation that was typed.
    """
    definition = FORMS[found.form]
    story = queries.submission_history(database(), found.number)
    released = {row.field: {"text": row.text, "named": row.named} for row in story["quotations"]}
    nothing = {"text": "", "named": False}
    quotations = quotable_texts(found)
    return render(
        "submission", status=422 if error else 200, title=f"{found.reference}: {definition.title}",
        found=found, definition=definition, rows=list(definition.display_rows(found.answers)), due=queries.deadlines(found, utc_now(), settings().time_zone),
        states=queries.STATES, note=note, error=error, answer_link=answer_link(found), typed=typed or {},
        quotable=quotations, seen=sign_version(found, **work_values(found)),
        people=work_people(found), colleagues=presence.list_colleagues(database(), found.number, g.account.id, utc_now()),
        messages=correspondence.list_messages(database(), found.number), sender_language=correspondence.answer_language(found),
        draft=correspondence.find_draft(database(), found.number, g.account.id),
        drafting=correspondence.draft_authors(database(), found.number, g.account.id),
        related=related.find_related(database(), found), **list_place(found),
        seen_quotation={field: sign_version(found, shown=released.get(field, nothing)) for field, _text in quotations},
        **story,
    )  # fmt: skip


def answer_link(found: Submission) -> str | None:
    """Return a mail link to the sender, subject and greeting in the sender's language, with the reference."""
    definition = FORMS[found.form]
    address = found.answers.get(definition.sender_field or "")
    if not address:
        return None
    published = {row.code for row in load_languages()}  # a language may have been given up since
    with use_language(found.language if found.language in published else default_language().code):
        subject, body = reply_template(found.reference)
    return f"mailto:{quote(str(address), safe='@')}?subject={quote(subject)}&body={quote(body + chr(13) + chr(10) * 3)}"


def quotable_texts(found: Submission) -> list[tuple[str, str]]:
    """Return the texts of a survey whose sender agreed to be quoted, as field and text."""
    if found.form != "survey" or not found.answers.get("consent_quote"):
        return []
    return [(name, found.answers[name]) for name in ("worked_text", "hindered_text") if found.answers.get(name)]


def redirect_to_submission(found: Submission) -> BaseResponse:
    """Redirect to the submission, which keeps the list that it was opened from."""
    return redirect(f"{staff_root()}v/{found.reference}/{place_query()}", 303)


def list_place(found: Submission) -> dict[str, Any]:
    """Return the list that a submission was opened from, and its neighbours there.

    The place is that of the moment when the list was shown: an entry that is answered moves, its neighbours stay.
    """
    args = MultiDict(parse_qsl(request.args.get("liste", "")[:MAX_PLACE_CHARS], keep_blank_values=True))
    asked = parse_filter(args, with_page=True)
    if asked.errors:
        args, asked = MultiDict(), parse_filter(MultiDict())
    if "platz" not in request.args and found.held:
        asked = parse_filter(MultiDict({"held": "1"}))
    key = UNPRINTABLE.sub("", request.args.get("platz", ""))[:30] or found.work_key
    neighbours = queries.find_neighbours(database(), asked.filter, (key, found.reference))
    query = filter_query(asked.filter, **({"page": asked.page} if asked.page > 1 else {}))
    links = [
        f"{staff_root()}v/{row.reference}/?{urlencode({'liste': query, 'platz': row.work_key})}" if row else ""
        for row in neighbours
    ]
    return {"list_query": query, "previous_link": links[0], "next_link": links[1]}


def work_values(found: Submission) -> dict[str, str]:
    """Return state, assignee and follow-up day as a form shows them."""
    return {
        "state": found.state,
        "assignee": found.assignee,
        "follow_up": found.follow_up.isoformat() if found.follow_up else "",
    }


def work_people(found: Submission) -> list[str]:
    """Return whom a submission can be assigned to: all open accounts, and who has it now."""
    names = [name for name, active in accounts.list_accounts(database()) if active]
    return names if not found.assignee or found.assignee in names else [*names, found.assignee]


@staff.route("/v/<reference>/stand", methods=["POST"], role=INBOX, saved_fields=(*actions.WORK_FIELDS, "_seen"))
@submission_view
def change_state(found: Submission) -> BaseResponse:
    """Change state, assignee and follow-up day; a field that the form does not have stays."""
    wanted, error = read_work(found)
    if error:
        return render_submission(found, error=error)
    seen = submission_as_shown(found)
    before = work_values(found)
    try:
        changed = actions.set_work(database(), seen, wanted, g.account.name, utc_now())
    except submissions.ConflictError as conflict:
        return render_state_conflict(seen, conflict, wanted)
    if changed:
        after = {
            name: value.isoformat() if isinstance(value, datetime.date) else value for name, value in wanted.items()
        }
        undo = undo_token([(found.reference, {name: before[name] or None for name in changed})], after)
        flash(_("Saved."), undo)
    return redirect_to_submission(found)


def read_work(found: Submission) -> tuple[dict[str, Any], str]:
    """Return the new state, assignee and follow-up day of a form, and what is wrong with them."""
    wanted: dict[str, Any] = {name: g.form[name] for name in actions.WORK_FIELDS if name in g.form}
    if wanted.get("state", "") not in queries.STATES:
        return wanted, _("Choose a state from the list.")
    if wanted.get("assignee", "") not in {"", *work_people(found)}:
        return wanted, _("Choose a colleague from the list.")
    if "follow_up" in wanted:
        errors: dict[str, str] = {}
        wanted["follow_up"] = parse_day("follow_up", wanted["follow_up"], errors)
        if errors:
            return wanted, errors["follow_up"]
    return wanted, ""


def submission_as_shown(found: Submission) -> Submission:
    """Return the submission as the form showed it.

    A form that does not say so is taken for one of the first version; after that everything counts as changed.
    """
    seen = verify_version(g.form.get("_seen", ""), found)
    if seen is None:
        return found if found.version == 1 else replace(found, version=0, state="", answers={})
    return replace(
        found,
        version=seen["version"],
        state=seen.get("state", found.state),
        assignee=seen.get("assignee", found.assignee),
        follow_up=shown_day(seen, found),
        answers=seen.get("answers", found.answers),
    )


def shown_day(seen: Mapping[str, Any], found: Submission) -> datetime.date | None:
    """Return the follow-up day that a form showed."""
    if "follow_up" not in seen:
        return found.follow_up
    return datetime.date.fromisoformat(seen["follow_up"]) if seen["follow_up"] else None


def render_state_conflict(
    seen: Submission, conflict: submissions.ConflictError, wanted: Mapping[str, Any]
) -> BaseResponse:
    """Show what a colleague has changed meanwhile; nothing is changed until the clerk decides."""
    current = conflict.current
    history = queries.submission_history(database(), current.number)["events"]
    rows = [
        {
            "label": {"state": _("State"), "assignee": _("Assigned to"), "follow_up": _("Follow-up")}[name],
            "before": getattr(seen, name),
            "theirs": getattr(current, name),
            "mine": wanted[name],
            "name": name,
            "last": next((row for row in reversed(history) if row.kind == name.replace("_", "-")), None),
        }
        for name in conflict.fields
    ]
    theirs = work_values(replace(current, **{name: conflict.merged[name] for name in actions.WORK_FIELDS}))
    mine = work_values(replace(current, **{**{name: conflict.merged[name] for name in actions.WORK_FIELDS}, **wanted}))
    return render(
        "conflict-state", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        error=_("This was changed while the page was open. Nothing of yours was stored yet."),
        found=current, rows=rows, is_known=bool(seen.version), theirs=theirs, mine=mine, only_state=conflict.fields == ["state"],
        seen=sign_version(current, **work_values(current)),
    )  # fmt: skip


@staff.route("/v/<reference>/notiz", methods=["POST"], role=INBOX, max_body=100 * 1024, saved_fields=("note",))
@submission_view
def write_note(found: Submission) -> BaseResponse:
    """Add a note."""
    text = g.form.get("note", "").replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_NOTE_CHARS or "\x00" in text:
        return render_submission(found, text, _("A note has 1 to %(limit)s characters.", limit=MAX_NOTE_CHARS))
    actions.add_note(database(), found, text, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/zwischennachricht", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def interim(found: Submission) -> BaseResponse:
    """Record an interim notice."""
    actions.record_interim_notice(database(), found, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/freigeben", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def release_held(found: Submission) -> BaseResponse:
    """Release a held submission into the inbox."""
    actions.accept_held(database(), found, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/spam", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def mark_spam(found: Submission) -> BaseResponse:
    """Move a submission to the suspected spam."""
    actions.mark_as_spam(database(), found, g.account.name, utc_now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/mails", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def retry_submission_mails(found: Submission) -> BaseResponse:
    """Try the mails of one submission again."""
    actions.retry_mails(database(), g.account.name, utc_now(), found.number)
    return redirect_to_submission(found)


@staff.route(
    "/v/<reference>/zitat",
    methods=["POST"],
    role=INBOX,
    max_body=100 * 1024,
    saved_fields=("field", "text", "named", "back", "_seen"),
)
@submission_view
def release_quotation(found: Submission) -> BaseResponse:
    """Release a sentence for publication, or take it back."""
    field = g.form.get("field", "")
    allowed = dict(quotable_texts(found))
    typed = {field: g.form.get("text", "")}
    if field not in allowed:
        return render_submission(found, error=_("The sender has not agreed to be quoted."), typed=typed)
    if g.form.get("back"):
        actions.withdraw_quotation(database(), found, field, g.account.name, utc_now())
        return redirect_to_submission(found)
    text = " ".join(typed[field].split())
    answer = " ".join(allowed[field].split())
    if not text or any(part.strip() not in answer for part in text.split("[…]")):
        error = _("A quotation is a part of the text, word for word; mark what you leave out by […].")
        return render_submission(found, error=error, typed=typed)
    named = bool(found.answers.get("consent_named") and found.answers.get("company") and g.form.get("named"))
    seen = verify_version(g.form.get("_seen", ""), found)
    try:
        actions.publish_quotation(
            database(), found, field, text, named, g.account.name, utc_now(), seen.get("shown") if seen else None
        )
    except submissions.ConflictError as conflict:
        error = _("A colleague has changed the quotation or the answer meanwhile. What you typed stands below, what is released now above it.")  # fmt: skip
        return render_submission(conflict.current, error=error, typed=typed)
    return redirect_to_submission(found)


@staff.route(
    "/v/<reference>/berichtigen", methods=["GET", "POST"], role=INBOX, max_body=256 * 1024, saved_fields=("_seen",)
)
@submission_view
def correct_answers(found: Submission) -> BaseResponse:
    """Correct answers (Art. 16 GDPR)."""
    definition = FORMS[found.form]
    if request.method != "POST":
        form = definition.form_class(data=dict(found.answers))
        return render_correction(found, form, sign_version(found, answers=dict(found.answers)))
    form = definition.bind(g.form)
    if not form.validate():
        return render_correction(found, form, g.form.get("_seen", ""))
    seen, answers = submission_as_shown(found), definition.answers(form)
    asked = (verify_version(g.form.get("_seen", ""), found) or {}).get("asked", [])
    for name in asked:
        choice = g.form.get(f"_take_{name}")
        if choice == "theirs":
            answers[name] = seen.answers.get(name)
        elif choice != "mine":
            return render_conflict(definition, seen, found, answers, asked, _("Choose one text for each answer."))
    try:
        actions.update_answers(database(), seen, answers, g.account.name, utc_now())
    except submissions.ConflictError as conflict:
        error = _(
            "A colleague has corrected the same answers while this page was open. Nothing of yours was stored yet."
        )
        values = {**conflict.merged, **{name: answers[name] for name in conflict.fields}}
        return render_conflict(definition, seen, conflict.current, values, conflict.fields, error)
    return redirect_to_submission(found)


def render_correction(found: Submission, form: Form, seen: str) -> BaseResponse:
    """Render the correction form."""
    return render(
        "edit", status=422 if form.errors else 200, title=_("Correct %(reference)s", reference=found.reference),
        found=found, definition=FORMS[found.form], form=form, seen=seen,
    )  # fmt: skip


def render_conflict(
    definition: FormDefinition,
    seen: Submission,
    current: Submission,
    answers: Mapping[str, Any],
    names: Sequence[str],
    error: str,
) -> BaseResponse:
    """Render both texts and the previous one; neither is preselected.

    :param answers: what is to be stored, with the clerk's own text where both differ.
    """
    form = definition.form_class()
    rows = [
        {
            "name": name,
            "label": form[name].label.text,
            "before": display_value(form[name], seen.answers.get(name)),
            "theirs": display_value(form[name], current.answers.get(name)),
            "mine": display_value(form[name], answers.get(name)),
        }
        for name in names
    ]
    events = [
        row for row in queries.submission_history(database(), current.number)["events"] if row.kind == "corrected"
    ]
    return render(
        "conflict", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        error=error, found=current, rows=rows, pairs=definition.hidden_fields_from_answers(answers), is_known=bool(seen.version),
        last=events[-1] if events else None,
        seen=sign_version(current, answers=dict(current.answers), asked=list(names)),
    )  # fmt: skip


@staff.route("/v/<reference>/loeschen", methods=["GET", "POST"], role=INBOX)
@submission_view
def delete_submission(found: Submission) -> BaseResponse:
    """Delete one submission for good, after asking."""
    error = ""
    if request.method == "POST" and g.form.get("sure") == "yes":
        kind = "spam-erased" if found.held else "erased"
        error = delete_all([found], kind)
        if not error:
            flash(_("%(reference)s is deleted for good.", reference=found.reference))
            return redirect(f"{staff_root()}?held=1" if found.held else staff_root(), 303)
    return render_deletion(
        _("Delete %(reference)s", reference=found.reference), [found], error, f"v/{found.reference}/loeschen"
    )


def delete_all(found: Sequence[Submission], kind: str) -> str:
    """Delete submissions; return the error if somebody has worked on one since the page was opened."""
    numbers, mark = [row.number for row in found], g.form.get("_seen") or None
    try:
        deletion.delete_submissions(database(), numbers, g.account.name, kind, utc_now(), settings().mail_dir, mark)
    except submissions.ConflictError:
        return _("Somebody has worked on this while the page was open. Nothing was deleted. Please look once more.")
    return ""


def render_deletion(
    title: str, found: Sequence[Submission], error: str, path: str, query: str = "", picked: bool = False
) -> BaseResponse:
    """Ask whether submissions are to be deleted.

    :param picked: whether they were ticked, so that just these are deleted.
    """
    return render(
        "delete", status=409 if error else 200, title=title, found=found, address=query, error=error, picked=picked,
        action=staff_root() + path, seen=deletion.work_digest(database(), [row.number for row in found]),
    )  # fmt: skip
