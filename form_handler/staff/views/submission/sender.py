"""All entries of one sender on one page: contact details, consents, measures, history; joining and separating."""

from typing import Any

from flask import g, redirect
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.forms import FORMS
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import correspondence, queries, related
from form_handler.staff.layout import flash, position_query, render, staff_root
from form_handler.staff.persons.correction import FIELDS as CONTACT_FIELDS
from form_handler.staff.views.submission.page import submission_view
from form_handler.storage.submissions import Submission, find_by_reference

# Answers on participation, experience and needs of a company, by form.
MEASURE_FIELDS = {"participation": ("ways", "experience"), "survey": ("done", "wanted"), "callback": ("topic",)}


@staff.route("/v/<reference>/absender/", role=INBOX)
@submission_view
def sender_page(found: Submission) -> BaseResponse:
    """Show everything of the sender of an entry."""
    return render_sender(found)


def render_sender(found: Submission, error: str = "", typed: str = "") -> BaseResponse:
    """Render the page of a sender."""
    sender = related.find_related(database(), found)
    rows, moment = [found, *(one.submission for one in sender.related)], utc_now()
    labels = {name: str(field.label.text) for d in FORMS.values() for name, field in d.form_class()._fields.items()}
    contacts = [(labels[name], values) for name, values in related.contact_values(rows, CONTACT_FIELDS)]
    messages = [(row, one) for row in rows for one in correspondence.list_messages(database(), row.number)]
    name = next((str(row.answers["company"]) for row in rows if row.answers.get("company")), "")
    return render(
        "sender", status=422 if error else 200, error=error, typed=typed,
        title=name or FORMS[found.form].sender_label(found.answers) or _("All of the same sender"), found=found, sender_rows=sender.related,
        separated=sender.separated, contacts=contacts, consents=list_consents(rows), measures=list_measures(rows),
        due={row.number: queries.deadlines(row, moment, settings().time_zone) for row in rows},
        messages=sorted(messages, key=lambda pair: pair[1].happened_at, reverse=True),
        events=related.history_of(database(), [row.number for row in rows]),
    )  # fmt: skip


def list_consents(rows: list[Submission]) -> list[tuple[str, bool, Submission]]:
    """Return each consent that was asked for, whether it was given, and in which entry."""
    found = []
    for row in rows:
        form = FORMS[row.form].form_class()
        found += [(str(form[name].label.text), bool(row.answers.get(name)), row) for name in FORMS[row.form].consents]
    return found


def list_measures(rows: list[Submission]) -> list[tuple[str, str, Submission]]:
    """Return the offers and needs of the sender: question, answer in words, entry."""
    found: list[tuple[str, str, Submission]] = []
    for row in rows:
        wanted = MEASURE_FIELDS.get(row.form, ())
        answered: list[tuple[Any, str]] = list(FORMS[row.form].display_rows(row.answers))
        found += [(str(field.label.text), words, row) for field, words in answered if field.name in wanted and words]
    return found


@staff.route("/v/<reference>/absender/verbinden", methods=["POST"], role=INBOX, saved_fields=())
@submission_view
def link_sender(found: Submission) -> BaseResponse:
    """Join an entry with another one, separate them, or take that back."""
    typed, decision = g.form.get("other", "").strip(), g.form.get("decision", "")
    other = find_by_reference(database(), typed)
    if other is None:
        return render_sender(found, _("There is no entry with this reference."), typed)
    if other.number == found.number:
        return render_sender(found, _("That is this entry itself. Enter the reference of another one."), typed)
    if decision == "forget":
        related.forget_link(database(), found, other)
        flash(_("The decision about %(reference)s is taken back.", reference=other.reference))
    elif decision in {"join", "separate"}:
        related.link_entries(database(), found, other, decision == "join", g.account.name, utc_now())
        words = _("Joined with %(reference)s.", reference=other.reference) if decision == "join" else _("Separated from %(reference)s. Both are kept as they are.", reference=other.reference)  # fmt: skip
        flash(words)
    else:
        return render_sender(found, _("Choose what to do."), typed)
    return redirect(f"{staff_root()}v/{found.reference}/absender/{position_query()}", 303)
