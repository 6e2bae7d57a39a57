"""One entry of the facts as a form: contacts with their hours, amounts, links, companies, events."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.gettext import gettext as _
from core.languages import default_language
from core.text.yaml import parse_bool
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.forms import facts
from editing.forms.facts import KINDS, FactFile, Problem
from editing.forms.fields import Field, field_names, list_fields
from editing.paragraphs.reading import EditError, digest
from editing.views.blueprint import change_file, pages, publish_address, workspace
from editing.views.data_form import DataForm, group_fields
from editing.views.labels import facts_label
from editorial.checks.publish import FACT_GROUPS
from editorial.content.markup.shortcodes import UNITS
from editorial.content.place_names import load_place_names
from editorial.scaffold.page import ScaffoldError, make_slug
from form_handler.current import database, settings
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import flash, render, staff_root

NEW = "neu"  # in addresses instead of the key of an entry

MAX_BODY = 96 * 1024

_CODES = [default_language().code]


def all_field_names() -> tuple[str, ...]:
    """Return the fields of all forms of facts, which are stored through a log-in."""
    from core.project import all_language_codes

    found = {name for model in KINDS.values() for name in field_names(model, [*_CODES, *all_language_codes()])}
    return (*sorted(found), "digest", "before", "action", "key", "clashes")


def describe_entry(kind: str = "", key: str = "", **_values: str) -> str:
    """Return the action of an entry's form, for the list of unsent forms."""
    return _("Change: %(words)s", words=f"{facts_label(kind) if kind in KINDS else kind}: {key}")


def find_files(kind: str) -> list[FactFile]:
    """Return the files of a kind of facts.

    :raises NotFound: if there is no such kind.
    """
    if kind not in KINDS:
        raise NotFound
    return facts.load_files(workspace(), database(), kind)


@pages.route(
    "/angaben/<kind>/<key>/",
    methods=["GET", "POST"],
    role=EDIT,
    max_body=MAX_BODY,
    saved_fields=all_field_names(),
    describe=describe_entry,
)
def edit_entry(kind: str, key: str) -> BaseResponse:
    """Show the form of an entry, or of a new one; store the entered values in the draft of its file."""
    files = find_files(kind)
    form = EntryForm(kind, key, files)
    if request.method != "POST":
        return form.show()
    return form.store()


class EntryForm(DataForm):
    """The form of one entry: showing and storing it.

    :ivar data: the entry as it is now; empty for a new one.
    """

    def __init__(self, kind: str, key: str, files: list[FactFile]) -> None:
        self.kind, self.key, self.files = kind, key, files
        self.is_new = key == NEW
        entries = facts.list_entries(files)
        if not self.is_new and key not in entries:
            raise NotFound
        self.source, row = (files[-1], {}) if self.is_new else entries[key]
        self.data: dict[str, Any] = row if isinstance(row, dict) else {}
        # A municipality's own file takes the changed entry; the shared one stays.
        self.target = files[-1]
        self.text = facts.entry_text(self.source.raw, key)

    def fields(self, data: Mapping[str, Any]) -> list[Field]:
        """Return the fields with the values of an entry."""
        codes = [row.code for row in workspace().site().languages]
        choices = {name: list(rows) for name, rows in fact_choices(self.kind).items()}
        return list_fields(KINDS[self.kind], data, choices, codes)

    def show(self, fields: Sequence[Field] | None = None, problems: Sequence[Problem] = (), error: str = "", status: int = 200,
             before: str | None = None, seen: str | None = None, theirs: Mapping[str, str] | None = None) -> BaseResponse:  # fmt: skip
        """Show the form with entered values and errors."""
        if fields is None:
            fields = self.fields(self.data if not self.is_new else new_entry(self.kind))
            problems = (
                []
                if self.is_new
                else facts.check_entry(self.kind, self.key, self.data, workspace().site().facts, workspace())
            )
        placed = {one.name for one in fields}
        known = {one.field: one for one in problems if one.field in placed}
        loose = [one for one in problems if one.field not in placed]
        return render(
            "pages/entry", status=status, title=_("New entry") if self.is_new else facts.entry_title(self.data, self.key), error=error, kind=self.kind,
            key=NEW if self.is_new else self.key, fields=fields, problems=known, loose=loose, kind_label=facts_label(self.kind), is_new=self.is_new, new_key=g.form.get("key", ""),
            digest=digest(self.text) if seen is None else seen, before=self.text if before is None else before, theirs=theirs or {},
            shown_on=[] if self.is_new else page_links(facts.pages_with(workspace(), self.kind, self.key)), groups=group_fields(fields),
            open=not self.is_new and self.kind in FACT_GROUPS and parse_bool(self.data.get("confirmed")) is False,
            who=facts.who_confirms(str(self.data.get("confirm") or ""), load_place_names(workspace().docs))[1], today=office_day(), file=self.target, publish_address=publish_address,
            insert=shortcode_of(self.kind, self.key), differs_from_shared=self.source is not self.target and not self.is_new,
        )  # fmt: skip

    def base(self, before: str) -> Mapping[str, Any]:
        """Return the entry at the moment when the form was opened; the first values of a new one."""
        return new_entry(self.kind) if self.is_new else read_entry(before, self.key)

    def prepare(self, mine: Mapping[str, Any]) -> None:
        """Name a new entry."""
        if self.is_new:
            self.key = self.new_key(mine)

    def check(self, data: Mapping[str, Any]) -> list[Problem]:
        """Return the findings of the entry."""
        return facts.check_entry(self.kind, self.key, data, workspace().site().facts, workspace())

    def save(self, data: Mapping[str, Any]) -> BaseResponse:
        """Store the entry, and redirect to the list."""
        self.write(self.key, data)
        return redirect_to_list(self.kind, self.key)

    def new_key(self, data: Mapping[str, Any]) -> str:
        """Return the key of a new entry, made from its name; the checks know it by that.

        :raises EditError: if none can be made.
        """
        entries = facts.list_entries(self.files)
        wanted: str = g.form.get("key", "").strip()
        if not wanted:
            title = facts.entry_title(data, "")
            if not title:
                raise EditError(_("Give the entry a name first."))
            try:
                wanted = make_slug(title)
            except ScaffoldError as error:
                raise EditError(str(error)) from error
        if not facts.KEY.fullmatch(wanted) or len(wanted) > facts.MAX_KEY_CHARS or wanted == NEW:
            raise EditError(_("The key has small letters, digits and hyphens, such as sprachcafe-januar."))
        if wanted in entries:
            raise EditError(_("There is an entry with the key %(key)s already.", key=wanted))
        return wanted

    def write(self, key: str, data: Mapping[str, Any] | None) -> None:
        """Write an entry into the draft of its file.

        :raises ChangedMeanwhileError: if somebody else has changed it in this moment.
        :raises EditError: if the file cannot take it.
        """
        target, seen = self.target, self.text
        if data == self.data and not self.is_new:
            return  # nothing was changed; a shared entry is not copied for that

        def edit(raw: str | None) -> drafts.Change:
            text = raw or ""
            if target.path == self.source.path and facts.entry_text(text, key) != seen:
                raise ChangedMeanwhileError
            made = facts.change_entry(text, self.kind, key, data)
            return drafts.Change(made, key, seen, facts.entry_text(made, key))

        change_file(target, edit)


def redirect_to_list(kind: str, key: str) -> BaseResponse:
    """Redirect to the list of entries after one was stored."""
    flash(_("Stored in the draft. It is public once you publish it."))
    return redirect(f"{staff_root()}seiten/angaben/{kind}/#{key}", 303)


def read_entry(text: str, key: str) -> dict[str, Any]:
    """Return an entry at the moment when a form was opened; empty if the form was tampered with."""
    try:
        row = facts.read_entries(text).get(key)
    except EditError:
        return {}
    return row if isinstance(row, dict) else {}


def new_entry(kind: str) -> dict[str, Any]:
    """Return the first values of a new entry: it is unconfirmed."""
    names = set(KINDS[kind].__struct_fields__)
    start = {"source": ["own"], "as_of": f"{office_day():%Y-%m}", "confirmed": "false"}
    return {name: value for name, value in start.items() if name in names}


def fact_choices(kind: str) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of the fields of a kind: sources, contacts, pages, units."""
    known = workspace().site().facts
    content = workspace().site().content
    found = {
        "source": [(key, f"{key}: {one.title}") for key, one in known.sources.items()],
        "contact": [("", _("none")), *((key, one.name) for key, one in known.contacts.items())],
    }
    if kind == "amounts":
        found["unit"] = [(unit, unit or _("none")) for unit in sorted(UNITS)]
    if kind == "companies":
        titles = [
            (key, page.texts[code].front_matter.title)
            for key, page in content.pages.items()
            for code in list(page.texts)[:1]
        ]
        found["page"] = [("", _("none")), *sorted(titles, key=lambda row: row[1].casefold())]
    return found


def page_links(keys: Sequence[str]) -> list[tuple[str, str]]:
    """Return address and title of pages."""
    content, code = workspace().site().content, default_language().code
    return [(f"{staff_root()}seiten/{code}/{key}/", content.pages[key].texts[code].front_matter.title) for key in keys]


def shortcode_of(kind: str, key: str) -> str:
    """Return how a text names an entry; empty if none does."""
    return f"{{{{ {facts.INSERTS[kind]}.{key} }}}}" if kind in facts.INSERTS else ""


def office_day() -> datetime.date:
    """Return today's day of the office."""
    return local_day(utc_now(), settings().time_zone)


@pages.route("/angaben/<kind>/<key>/entfernen/", methods=["GET", "POST"], role=EDIT)
def remove_entry(kind: str, key: str) -> BaseResponse:
    """Remove an entry, after a question that lists the pages that name it."""
    form = EntryForm(kind, key, find_files(kind))
    if form.is_new:
        raise NotFound
    error = ""
    if form.source is not form.target:
        error = _("This entry belongs to the shared files and cannot be removed here.")
    elif request.method == "POST":
        try:
            if g.form.get("digest") != digest(form.text):
                raise ChangedMeanwhileError
            form.write(key, None)
            return redirect_to_list(kind, key)
        except ChangedMeanwhileError:
            error = _("Somebody else has changed this entry meanwhile. Please look once more.")
        except EditError as refused:
            error = str(refused)
    return render("pages/entry_remove", status=409 if error else 200, title=_("Remove: %(words)s", words=facts.entry_title(form.data, key)), kind=kind, key=key,
                  error=error, digest=digest(form.text), shown_on=page_links(facts.pages_with(workspace(), kind, key)))  # fmt: skip
