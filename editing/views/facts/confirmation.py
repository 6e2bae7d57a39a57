"""Facts and pages that an office has yet to confirm, each with a button."""

import datetime

from flask import g, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from core.languages import default_language
from core.text.values import parse_date
from core.text.yaml import parse_bool
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.forms import facts
from editing.forms.facts import OpenEntry
from editing.forms.header import change_header, header_data, header_digest
from editing.paragraphs.reading import EditError, digest
from editing.paragraphs.replacing import check_words
from editing.paths import file_name
from editing.views.blueprint import OFFICE, PageFile, change_file, find_page, pages, publish_address, workspace
from editing.views.facts.entries import EntryForm, describe_entry, find_files, office_day
from editing.views.labels import facts_label
from editorial.checks.publish import FACT_GROUPS
from editorial.content.place_names import load_place_names
from form_handler.current import database
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import flash, render, staff_root

PAGE = "page"  # instead of the kind, where a page is confirmed


def unconfirmed_pages() -> list[OpenEntry]:
    """Return the pages that somebody has yet to confirm, drafts included."""
    found, code = [], default_language().code
    own = {one.path: one for one in drafts.list_drafts(database())}
    for page in workspace().site().content.pages.values():
        path = file_name(workspace().docs, code, page.key)
        draft = own.get(path)
        raw = draft.text if draft else None
        if draft is not None and raw is None:
            continue
        if raw is None and page.front_matter.confirmed:
            continue
        raw = raw if raw is not None else workspace().published(path) or ""
        data = header_data(raw)
        if data and parse_bool(data.get("confirmed")) is False:
            what, who = facts.who_confirms(str(data.get("confirm") or ""), load_place_names(workspace().docs))
            found.append(OpenEntry(PAGE, page.key, str(data.get("title") or page.key), what, who, header_digest(raw)))
    return found


@pages.route("/offen/", role=OFFICE)
def list_unconfirmed(error: str = "", status: int = 200) -> BaseResponse:
    """Show everything that has yet to be confirmed, each with its button; drafts in which something was confirmed."""
    groups = [(PAGE, _("Pages"), unconfirmed_pages())]
    rows = facts.open_entries(workspace(), database())
    groups += [(kind, facts_label(kind), [one for one in rows if one.kind == kind]) for kind in FACT_GROUPS]
    waiting = [one.path for one in drafts.list_drafts(database()) if publish_address(one.path)]
    return render("pages/open", status=status, title=_("Not confirmed yet"), groups=groups, number=sum(len(group[2]) for group in groups), today=office_day(),
                  waiting=waiting, publish_address=publish_address, may_edit=g.account.has_role(EDIT), error=error)  # fmt: skip


@pages.route(
    "/bestaetigen/<kind>/<path:key>/",
    methods=["POST"],
    role=EDIT,
    saved_fields=("digest", "who", "day"),
    describe=describe_entry,
)
def confirm(kind: str, key: str) -> BaseResponse:
    """Record in the draft that an office has confirmed an entry, or a page, on a day."""
    who = " ".join(g.form.get("who", "").split())
    try:
        day = parse_date(g.form.get("day", ""))
        check_words(who)
        if not who or len(who) > 90:
            raise EditError(_("Say which office or function has confirmed it. No names of persons."))
        if day > office_day():
            raise EditError(_("The day of the confirmation is still to come."))
        if kind == PAGE:
            title = confirm_page(find_page(default_language().code, key), who, day)
        else:
            title = confirm_fact(kind, key, who, day)
    except EditError as error:
        return list_unconfirmed(str(error), 422)
    except ValueError:
        return list_unconfirmed(_("Give the day of the confirmation, such as 2026-11-30."), 422)
    except ChangedMeanwhileError:
        return list_unconfirmed(_("Somebody else has changed this entry meanwhile. Please look once more."), 409)
    flash(_("Confirmed in the draft: %(title)s", title=title))
    return redirect(f"{staff_root()}seiten/offen/#{kind}", 303)


def confirm_fact(kind: str, key: str, who: str, day: datetime.date) -> str:
    """Record that a fact is confirmed; return its title."""
    if kind not in FACT_GROUPS:
        raise NotFound
    form = EntryForm(kind, key, find_files(kind))
    if form.is_new:
        raise NotFound
    title = facts.entry_title(form.data, key)
    if parse_bool(form.data.get("confirmed")) is not False:
        return title  # sent twice
    if g.form.get("digest") != digest(form.text):
        raise ChangedMeanwhileError
    form.write(key, facts.confirm_data(form.data, who, day))
    return title


def confirm_page(file: PageFile, who: str, day: datetime.date) -> str:
    """Record in the header of a page that it is confirmed; return its title."""
    raw = file.raw
    if raw is None:
        raise NotFound
    data = header_data(raw)
    title = str(data.get("title") or file.key)
    if not data or parse_bool(data.get("confirmed")) is not False:
        return title
    seen = g.form.get("digest", "")

    def edit(text: str | None) -> drafts.Change:
        if text is None or header_digest(text) != seen:
            raise ChangedMeanwhileError
        made = change_header(text, facts.confirm_data(header_data(text), who, day))
        return drafts.Change(made, "", str(data.get("confirm") or ""), f"{who}, {day}")

    change_file(file, edit)
    return title
