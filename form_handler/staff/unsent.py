"""Forms that could not be stored: session ended, token expired, submission deleted, server error."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, request
from werkzeug.wrappers import Response

from core.gettext import gettext as _
from form_handler.forms import FORMS
from form_handler.staff import saved_forms
from form_handler.staff.labels import state_label
from form_handler.staff.layout import render, staff_root
from form_handler.staff.routes import match_view, view_rules

ENTRY_PATH = re.compile(r"/v/([^/]+)/")
MAX_INLINE_CHARS = 60


@dataclass(frozen=True)
class Field:
    """A field of a form that was not stored; without label it is only carried on."""

    name: str
    value: str
    label: str = ""
    shown: str = ""
    is_long: bool = False


def entry_page(path: str) -> str:
    """Return the page that the button of an address is on: the nearest one above it, else the root of the staff area.

    Only a form that is stored through the log-in has one.
    """
    found = match_view(path, "POST")
    if found is None or found[2].saved_fields is None:
        return staff_root()
    parts = path.rstrip("/").split("/")
    for length in range(len(parts) - 1, 2, -1):
        above = "/".join(parts[:length]) + "/"
        if match_view(above, "GET") is not None:
            return above
    return staff_root()


def saved_fields(pairs: Iterable[tuple[str, str]], names: Collection[str]) -> list[tuple[str, str]]:
    """Return the fields that a route keeps, and those of our public forms; each once, without token and password."""
    known = {name for definition in FORMS.values() for name in definition.field_names()}.union(names)
    return list(dict.fromkeys((n, v) for n, v in pairs if n in known or n.startswith("_take_")))


def labelled_fields(pairs: Iterable[tuple[str, str]]) -> list[Field]:
    """Return fields with their labels."""
    labels = {name: field.label.text for d in FORMS.values() for name, field in d.form_class()._fields.items()}
    labels |= {
        "words": _("Text"),
        "note": _("Note"), "state": _("State"), "text": _("Quotation for the website"), "body": _("Text"), "subject": _("Subject"),
        "assignee": _("Assigned to"), "follow_up": _("Follow-up"),
    }  # fmt: skip
    found = []
    for name, value in pairs:
        if name not in labels or not value:
            found.append(Field(name, value))
            continue
        shown = state_label(value) if name == "state" else value
        found.append(Field(name, value, str(labels[name]), shown, len(value) > MAX_INLINE_CHARS or "\n" in value))
    return found


def describe_form(path: str) -> str:
    """Return the action of a form's path, with the reference of the submission."""
    found = match_view(path, "POST")
    if found is None:
        return ""
    view, values, rules = found
    if rules.describe is not None:
        return rules.describe(**values)
    words = {
        "write_note": _("Note"), "change_state": _("State"), "correct_answers": _("Correction"),
        "release_quotation": _("Quotation for the website"), "interim": _("An interim notice has been given"),
        "mark_spam": _("Mark as spam"),
        "release_held": _("No spam: take it in and send its mails"), "retry_submission_mails": _("Try again now"),
        "mails": _("Try all again now"), "write_answer": _("Answer"), "send_answer": _("Answer"),
        "enter_reply": _("Reply of the sender"), "link_sender": _("Join or separate"),
    }.get(view, "")  # fmt: skip
    entry = ENTRY_PATH.search(path)
    return " · ".join(part for part in (words, entry[1] if entry else "") if part)


def render_unsent(status: int, title: str, lines: Sequence[str], may_send: bool, log_in: bool = False) -> Response:
    """Return a page with the fields of this request, which were not stored.

    :param may_send: whether there is a button that sends it once more, with a fresh token.
    :param log_in: whether there is a link to the log-in.
    """
    item: dict[str, Any] = {
        "id": "", "path": request.full_path.rstrip("?"), "what": describe_form(request.path), "when": None,
        "fields": labelled_fields(saved_fields(g.form.items(multi=True), view_rules(request.blueprint, request.endpoint).saved_fields or ())),
    }  # fmt: skip
    items = [item] if request.method == "POST" else []
    return render("unsent", status=status, title=title, lines=lines, items=items, may_send=may_send, log_in=log_in)


def render_saved_forms(found: Sequence[saved_forms.SavedForm]) -> Response:
    """Return the page with all saved forms of the account."""
    items = [
        {"id": one.id, "path": one.path, "what": describe_form(one.path), "when": one.created_at, "fields": labelled_fields(one.fields)}
        for one in found
    ]  # fmt: skip
    lines = [_("You were logged out when you sent this. It was kept for you and has not been stored yet. Please look at it and send it.")]  # fmt: skip
    if not items:
        lines = [_("There is nothing that has not been sent.")]
    return render("unsent", title=_("Not sent yet"), lines=lines, items=items, may_send=True, log_in=False)
