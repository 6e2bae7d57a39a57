"""The page of one submission, and functions that its other views share."""

import contextlib
import datetime
from collections.abc import Mapping
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from flask import g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import default_language, load_languages
from form_handler.current import database, settings
from form_handler.forms import FORMS
from form_handler.mail.texts import reply_template
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import correspondence, presence, queries, related
from form_handler.staff.inbox.filters import UNPRINTABLE, filter_query, parse_filter
from form_handler.staff.inbox.versions import sign_version, verify_version
from form_handler.staff.layout import MAX_POSITION_CHARS, position_query, render, staff_root
from form_handler.storage import submissions
from form_handler.storage.database import DATABASE_FAULTS
from form_handler.storage.submissions import Submission, find_by_reference


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
    """Show one submission, and record who is looking."""
    with contextlib.suppress(*DATABASE_FAULTS):  # only a hint for colleagues
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
        related=related.find_related(database(), found), **list_position(found),
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
    return redirect(f"{staff_root()}v/{found.reference}/{position_query()}", 303)


def list_position(found: Submission) -> dict[str, Any]:
    """Return the list that a submission was opened from, and its neighbours there.

    The position is that of the moment when the list was shown: an entry that is answered moves, its neighbours stay.
    """
    args = MultiDict(parse_qsl(request.args.get("liste", "")[:MAX_POSITION_CHARS], keep_blank_values=True))
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
    """Return the accounts that a submission can be assigned to: all open accounts, and who has it now."""
    names = [name for name, active in accounts.list_accounts(database()) if active]
    return names if not found.assignee or found.assignee in names else [*names, found.assignee]


def submission_as_shown(found: Submission) -> Submission:
    """Return the submission as the form showed it.

    A form without a version counts as one of the first version; later versions count as changed.
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
