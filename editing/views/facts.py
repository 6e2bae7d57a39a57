"""Facts as forms: contacts with their hours, amounts, links, companies, events; and what has yet to be confirmed, in one click."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, redirect, request
from msgspec import Struct
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.gettext import gettext as _
from core.languages import default_language
from core.overlay import CITY
from core.text.values import parse_date
from core.text.yaml import parse_bool
from editing import drafts
from editing.forms import facts
from editing.forms.facts import KINDS, FactFile, OpenEntry, Problem
from editing.forms.fields import Field, field_names, list_fields
from editing.forms.header import change_header, header_data, header_digest
from editing.paragraphs import EditError, check_words, digest
from editing.paths import file_name
from editing.views.blueprint import OFFICE, PageFile, find_page, pages, publish_address, workspace
from editing.views.data_form import DataForm, group_fields
from editing.views.labels import facts_label
from editing.views.page import ChangedMeanwhileError
from editorial.checks.publish import FACT_GROUPS
from editorial.content.markup.shortcodes import UNITS
from editorial.content.place import load_place
from editorial.scaffold.page import ScaffoldError, make_slug
from form_handler.current import database, settings
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import flash, render, staff_root

NEW = "neu"  # stands in an address in the place of the key of an entry
PAGE = "page"  # stands in the place of the kind, where a page is confirmed
MAX_BODY = 96 * 1024
_CODES = [default_language().code]


def all_field_names() -> tuple[str, ...]:
    """Return the fields of all forms of facts, which are kept through a log-in."""
    from core.project import all_language_codes

    found = {name for model in KINDS.values() for name in field_names(model, [*_CODES, *all_language_codes()])}
    return (*sorted(found), "digest", "before", "action", "key", "clashes")


def describe_entry(kind: str = "", key: str = "", **_values: str) -> str:
    """Return what the form of an entry does, for the list of what was not sent."""
    return _("Change: %(words)s", words=f"{facts_label(kind) if kind in KINDS else kind}: {key}")


class Row(Struct, frozen=True):
    """One entry in a list.

    :ivar changed: whether the draft changes it.
    """

    key: str
    title: str
    confirmed: bool
    overdue: bool
    changed: bool
    own: bool


def find_files(kind: str) -> list[FactFile]:
    """Return the files of a kind of facts.

    :raises NotFound: if there is no such kind.
    """
    if kind not in KINDS:
        raise NotFound
    return facts.load_files(workspace(), database(), kind)


@pages.route("/angaben/", role=OFFICE)
def fact_kinds() -> BaseResponse:
    """Show which facts there are, with drafts and what is open."""
    rows: list[tuple[Any, ...]] = []
    open_count: dict[str, int] = {}
    for one in facts.open_entries(workspace(), database()):
        open_count[one.kind] = open_count.get(one.kind, 0) + 1
    for kind in KINDS:
        files = find_files(kind)
        try:
            number, error = len(facts.list_entries(files)), ""
        except EditError as wrong:
            number, error = 0, str(wrong)
        rows.append(
            (kind, facts_label(kind), number, open_count.get(kind, 0), [file for file in files if file.draft], error)
        )
    return render("pages/facts", title=_("Facts"), rows=rows, publish_address=publish_address)


@pages.route("/angaben/<kind>/", role=OFFICE)
def fact_list(kind: str) -> BaseResponse:
    """Show the entries of one kind."""
    files = find_files(kind)
    words = request.args.get("q", "")[:100].casefold().split()
    try:
        entries = facts.list_entries(files)
        published = {file.path: facts.read_entries(file.published or "") for file in files}
    except EditError as error:
        return render("pages/fact_list", status=500, title=facts_label(kind), kind=kind, rows=[], files=files, error=str(error),
                      publish_address=publish_address, may_edit=False, q="")  # fmt: skip
    today = datetime.date.today()
    rows = []
    for key, (file, row) in entries.items():
        title = facts.entry_title(row, key)
        if not all(word in f"{title} {key}".casefold() for word in words):
            continue
        data = row if isinstance(row, dict) else {}
        day = str(data.get("review_by") or "")
        rows.append(Row(key, title, parse_bool(data.get("confirmed")) is not False, bool(day) and day < today.isoformat(),
                        published[file.path].get(key) != row, file.path.startswith(f"{CITY}/")))  # fmt: skip
    return render("pages/fact_list", title=facts_label(kind), kind=kind, rows=rows, files=files, publish_address=publish_address,
                  may_edit=g.account.has_role(EDIT), q=" ".join(words))  # fmt: skip


@pages.route(
    "/angaben/<kind>/<key>/",
    methods=["GET", "POST"],
    role=EDIT,
    max_body=MAX_BODY,
    saved_fields=all_field_names(),
    describe=describe_entry,
)
def edit_entry(kind: str, key: str) -> BaseResponse:
    """Show the form of an entry, or of a new one; store what was entered in the draft of its file."""
    files = find_files(kind)
    form = EntryForm(kind, key, files)
    if request.method != "POST":
        return form.show()
    return form.store()


class EntryForm(DataForm):
    """The form of one entry: what it shows, and what comes back.

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
        """Show the form; with what was entered, and what is wrong with it."""
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
            who=facts.who_confirms(str(self.data.get("confirm") or ""), load_place(workspace().docs))[1], today=office_day(), file=self.target, publish_address=publish_address,
            insert=insert_of(self.kind, self.key), differs_from_shared=self.source is not self.target and not self.is_new,
        )  # fmt: skip

    def base(self, before: str) -> Mapping[str, Any]:
        """Return the entry as it stood when the form was opened; what a new one begins with."""
        return new_entry(self.kind) if self.is_new else read_entry(before, self.key)

    def prepare(self, mine: Mapping[str, Any]) -> None:
        """Name a new entry."""
        if self.is_new:
            self.key = self.new_key(mine)

    def check(self, data: Mapping[str, Any]) -> list[Problem]:
        """Return what the checks say of the entry."""
        return facts.check_entry(self.kind, self.key, data, workspace().site().facts, workspace())

    def save(self, data: Mapping[str, Any]) -> BaseResponse:
        """Store the entry, and lead to the list."""
        self.write(self.key, data)
        return done(self.kind, self.key)

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

        drafts.change_draft(database(), target.path, target.published, edit, g.account.name, utc_now())


def done(kind: str, key: str) -> BaseResponse:
    """Lead to the list of entries after one was stored."""
    flash(_("Stored in the draft. It is public once you publish it."))
    return redirect(f"{staff_root()}seiten/angaben/{kind}/#{key}", 303)


def read_entry(text: str, key: str) -> dict[str, Any]:
    """Return an entry as it stood when a form was opened; empty if the form was tampered with."""
    try:
        row = facts.read_entries(text).get(key)
    except EditError:
        return {}
    return row if isinstance(row, dict) else {}


def new_entry(kind: str) -> dict[str, Any]:
    """Return what a new entry begins with: nobody has confirmed it yet."""
    names = set(KINDS[kind].__struct_fields__)
    start = {"source": ["own"], "as_of": f"{office_day():%Y-%m}", "confirmed": "false"}
    return {name: value for name, value in start.items() if name in names}


def fact_choices(kind: str) -> dict[str, list[tuple[str, str]]]:
    """Return what the fields of a kind may name: sources, contacts, pages, units."""
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


def insert_of(kind: str, key: str) -> str:
    """Return how a text names an entry; empty if none does."""
    return f"{{{{ {facts.INSERTS[kind]}.{key} }}}}" if kind in facts.INSERTS else ""


def office_day() -> datetime.date:
    """Return today's day of the office."""
    return local_day(utc_now(), settings().time_zone)


@pages.route("/angaben/<kind>/<key>/entfernen/", methods=["GET", "POST"], role=EDIT)
def remove_entry(kind: str, key: str) -> BaseResponse:
    """Take an entry away, after asking; what still names it is shown."""
    form = EntryForm(kind, key, find_files(kind))
    if form.is_new:
        raise NotFound
    if form.source is not form.target:
        error = _("This entry belongs to the shared files and cannot be removed here.")
    elif request.method == "POST" and g.form.get("digest") == digest(form.text):
        try:
            form.write(key, None)
            return done(kind, key)
        except ChangedMeanwhileError:
            error = _("Somebody else has changed this entry meanwhile. Please look once more.")
        except EditError as refused:
            error = str(refused)
    else:
        error = (
            _("Somebody else has changed this entry meanwhile. Please look once more.")
            if request.method == "POST"
            else ""
        )
    return render("pages/entry_remove", status=409 if error else 200, title=_("Remove: %(words)s", words=facts.entry_title(form.data, key)), kind=kind, key=key,
                  error=error, digest=digest(form.text), shown_on=page_links(facts.pages_with(workspace(), kind, key)))  # fmt: skip


# --- what has yet to be confirmed -------------------------------------------------------------------------------------


def open_pages() -> list[OpenEntry]:
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
            what, who = facts.who_confirms(str(data.get("confirm") or ""), load_place(workspace().docs))
            found.append(OpenEntry(PAGE, page.key, str(data.get("title") or page.key), what, who, header_digest(raw)))
    return found


@pages.route("/offen/", role=OFFICE)
def open_list(error: str = "", status: int = 200) -> BaseResponse:
    """Show everything that has yet to be confirmed, each with its button; drafts in which something was confirmed."""
    groups = [(PAGE, _("Pages"), open_pages())]
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
    """Note in the draft that an office has confirmed an entry, or a page, on a day."""
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
        return open_list(str(error), 422)
    except ValueError:
        return open_list(_("Give the day of the confirmation, such as 2026-11-30."), 422)
    except ChangedMeanwhileError:
        return open_list(_("Somebody else has changed this entry meanwhile. Please look once more."), 409)
    flash(_("Confirmed in the draft: %(title)s", title=title))
    return redirect(f"{staff_root()}seiten/offen/#{kind}", 303)


def confirm_fact(kind: str, key: str, who: str, day: datetime.date) -> str:
    """Note that a fact is confirmed; return its title."""
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
    """Note in the header of a page that it is confirmed; return its title."""
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

    drafts.change_draft(database(), file.path, file.published, edit, g.account.name, utc_now())
    return title
