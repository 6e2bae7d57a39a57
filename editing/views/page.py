"""The real page with the draft in it: a button behind each paragraph, and the form in the paragraph's place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, request, session
from msgspec import Struct
from msgspec.structs import replace
from werkzeug.wrappers import Response as BaseResponse

from core import project
from core.clock import utc_now
from core.findings import Finding, RenderError
from core.gettext import gettext as _
from core.text.text_files import page_text
from editing import drafts
from editing.forms.facts import file_findings, read_entries
from editing.marks import insert_signs, replace_signs
from editing.merge import merge
from editing.paragraphs import (
    EditError,
    FileText,
    Place,
    digest,
    find_place,
    list_places,
    locate,
    read_file_text,
    replace_paragraph,
)
from editing.paths import PICTURE
from editing.publication import store
from editing.spelling import spelling_changes
from editing.upstream import find_upstream
from editing.views.blueprint import (
    MAX_FORM_BYTES,
    READERS,
    SAVED_FIELDS,
    WRITERS,
    AnyFile,
    DataFile,
    PageFile,
    WordsFile,
    editor_view,
    file_editor_view,
    find_page,
    may_edit,
    page_view,
    pages,
    workspace,
)
from editing.views.labels import kind_label, page_state_label
from editing.workspace import Effect, finding_place
from editorial.content.local_version import marked_version
from editorial.content.markup.shortcodes import render_fact
from editorial.content.place import fill_place, load_place
from editorial.content.published_files import UPLOADS
from editorial.translations.segments import FIELDS, HEADER_SECTION
from form_handler.current import database
from form_handler.staff.auth import accounts
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import private_response, render, render_part, staff_root

LABEL_CHARS = 60


class OpenForm(Struct, frozen=True):
    """The form of one paragraph as it is shown.

    :ivar words: what the field holds: the paragraph, or what was typed.
    :ivar before: the paragraph as it was when the form was opened.
    :ivar error: why it was not stored.
    :ivar checked: whether findings and effects of what was typed are shown.
    """

    place: Place
    words: str
    digest: str
    before: str
    spelling: bool = False
    error: str = ""
    checked: bool = False


class Shown(Struct, frozen=True):
    """Findings and effects of a text, for the page and for the answer to the script."""

    findings: list[tuple[Finding, str | None]]
    effects: list[Effect]

    def at(self, place: str) -> list[Finding]:
        """Return the findings of one paragraph."""
        return [finding for finding, where in self.findings if where == place]


def describe_paragraph(lang: str, key: str, **_values: str) -> str:
    """Return what a paragraph's form does, for the list of what was not sent."""
    return _("Change a paragraph: %(page)s (%(language)s)", page=key, language=lang)


@pages.route("/<lang>/<path:key>/", role=READERS)
@page_view
def edit_page(file: PageFile) -> BaseResponse:
    """Show the page with the draft in it; with ``?absatz=`` the form of one paragraph."""
    wanted = request.args.get("absatz", "")
    if wanted and may_edit(file.language.code) and file.raw is not None:
        place = find_place(read_file_text(file.raw), wanted)
        if place is not None:
            drafts.note_presence(database(), g.account.id, file.path, place.id, utc_now())
            opened = OpenForm(place, place.words, place.digest, place.words)
            if request.args.get("teil") == "1":
                return private_response(render_form(file, opened, look_at(file, file.raw)))
            return render_page(file, opened)
    return render_page(file)


@pages.route("/absatz/<lang>/<path:key>/", methods=["POST"], role=WRITERS, max_body=MAX_FORM_BYTES,
             saved_fields=SAVED_FIELDS, describe=describe_paragraph)  # fmt: skip
@editor_view
def save_paragraph(file: PageFile) -> BaseResponse:
    """Store a paragraph in the draft, check it without storing it, or add an insert to it."""
    form = g.form
    identity, wanted, words = form.get("place", ""), form.get("digest", ""), form.get("words", "").replace("\r\n", "\n")
    before = form.get("before", "").replace("\r\n", "\n")
    spelling = form.get("spelling") == "1"
    if file.raw is None:
        return render_conflict(file, identity, words, before, None)
    text = read_file_text(file.raw)
    place = locate(text, identity, wanted)
    action = form.get("action", "save")
    if action in ("check", "insert") and place is not None:
        insert = form.get("insert", "")
        if action == "insert" and insert:
            words = f"{words.rstrip()} {insert}"
        drafts.store_scratch(database(), g.account.id, file.path, place.id, wanted, words, utc_now())
        return check_form(file, text, OpenForm(place, words, wanted, before, spelling, checked=True))
    choice = form.get("choice", "")
    try:
        drafts.change_draft(database(), file.path, file.published, lambda raw: edit(raw, identity, wanted, words, spelling, choice),
                            g.account.name, utc_now())  # fmt: skip
    except ChangedMeanwhileError:
        return render_conflict(find_page(file.language.code, file.key), identity, words, before, wanted)
    except EditError as error:
        place = place or find_place(text, identity)
        if place is None:
            return render_conflict(file, identity, words, before, wanted)
        return render_page(file, OpenForm(place, words, wanted, before, spelling, error=str(error)), 422)
    drafts.delete_scratch(database(), g.account.id, file.path, identity)
    return redirect(f"{file.address}#{anchor(identity)}", 303)


class ChangedMeanwhileError(Exception):
    """Somebody else has changed the paragraph since the form was opened."""


def edit(raw: str | None, identity: str, wanted: str, words: str, spelling: bool, choice: str) -> drafts.Change:
    """Return the change that a form requests, made in the text of the moment.

    :param wanted: the digest of the paragraph that the form was made for.
    :param choice: after a conflict: ``mine`` or ``both`` (what was typed), or ``theirs``.
    :raises ChangedMeanwhileError: if that paragraph is not there any more.
    :raises EditError: if the words cannot be there.
    """
    if raw is None:
        raise ChangedMeanwhileError
    text = read_file_text(raw)
    place = locate(text, identity, wanted)
    if place is None:
        here = find_place(text, identity)
        if here is not None and here.words.strip() == words.strip():  # sent twice
            return drafts.Change(raw, identity, "", "")
        raise ChangedMeanwhileError
    if choice == "theirs":
        return drafts.Change(raw, place.id, "", "")
    if choice == "both":
        words = f"{words}\n\n{place.words}" if place.kind == "p" else f"{words} {place.words}"
    made = replace_paragraph(text, place, words)
    after = find_place(read_file_text(made), place.id)
    return drafts.Change(made, place.id, place.words, after.words if after else "", spelling)


def check_form(file: PageFile, text: FileText, opened: OpenForm) -> BaseResponse:
    """Return the page with findings and effects of what was typed; nothing is stored in the draft."""
    try:
        raw = replace_paragraph(text, opened.place, opened.words)
    except EditError as error:
        if g.form.get("teil") == "1":
            return private_response(render_part("pages/checked", shown=None, error=str(error), place=opened.place.id))
        return render_page(file, replace(opened, error=str(error)), 422)
    shown = look_at(file, raw, [*pending_spelling(file), *typed_spelling(opened, raw)])
    if g.form.get("teil") == "1":
        return private_response(render_part("pages/checked", shown=shown, error="", place=opened.place.id))
    return render_page(file, opened, shown=shown)


def pending_spelling(file: PageFile) -> list[tuple[str, str, str]]:
    """Return the changes of the draft that translations need not follow."""
    return spelling_changes(database(), file.draft) if file.draft else []


def typed_spelling(opened: OpenForm, raw: str) -> list[tuple[str, str, str]]:
    """Return what is being typed likewise, if it is meant so."""
    after = find_place(read_file_text(raw), opened.place.id)
    if not opened.spelling or after is None:
        return []
    return [(opened.place.section, opened.place.segment.hash, after.segment.hash)]


def look_at(file: AnyFile, raw: str, spelling: list[tuple[str, str, str]] | None = None) -> Shown:
    """Return findings and effects of a text of a page; of facts, which no translation follows, findings alone."""
    if isinstance(file, DataFile):
        return Shown([(one, None) for one in file_findings(workspace(), file.file, raw)], [])
    if isinstance(file, WordsFile):
        return Shown([], [])  # each sentence was checked when it was stored
    site = workspace().with_draft(file.language.code, file.key, raw)
    document = read_file_text(raw).document
    found = site if isinstance(site, list) else workspace().findings(site, file.language.code, file.key)
    own = {one.path.rpartition("/")[2] for one in drafts.list_drafts(database()) if one.path.endswith(PICTURE)}
    found = [one for one in found if one.code != "image-missing" or not any(name in one.message for name in own)]
    effects = []
    if file.language.default:
        effects = workspace().effects(file.key, raw, pending_spelling(file) if spelling is None else spelling)
    return Shown([(one, finding_place(document, one.line)) for one in found], effects)


def render_page(
    file: PageFile, opened: OpenForm | None = None, status: int = 200, shown: Shown | None = None
) -> BaseResponse:
    """Return the page as readers will see it, with the bar of the editor, the buttons and the open form."""
    conflict = rebase(file)
    if conflict is not None:
        return conflict
    file = find_page(file.language.code, file.key)
    raw = file.raw
    shown = shown or (look_at(file, raw) if raw is not None else Shown([], []))
    html = draw(file, opened, shown)
    values = bar_values(file, opened, shown)
    if html is None:  # the draft cannot be rendered: its paragraphs as a list, so that it can be mended
        places = list_places(read_file_text(raw)) if raw else []
        return render("pages/outline", status=status, title=values["heading"], places=[place for place in places if place.words],
                      label=label, button=lambda place: render_button(file, place), **values,
                      form=render_form(file, opened, shown) if opened else "", open_place=opened.place.id if opened else "")  # fmt: skip
    bar = render_part(
        "pages/bar",
        **values,
        form=render_form(file, opened, shown) if opened and opened.place.section == HEADER_SECTION else "",
    )
    html = html.replace("<!-- kim:main -->", f"<!-- kim:main -->{bar}", 1)
    html = html.replace("</head>", render_part("pages/head") + "</head>", 1)
    return private_response(html.replace('<body class="kim', '<body class="kim kim-editing', 1), status)


def draw(file: PageFile, opened: OpenForm | None, shown: Shown) -> str | None:
    """Return the page with buttons behind its paragraphs, or None if it cannot be rendered."""
    raw = file.raw
    site = workspace().site() if raw is None else workspace().with_draft(file.language.code, file.key, raw)
    if isinstance(site, list):
        return None
    places: list[str] = []
    if raw is not None and may_edit(file.language.code):
        plain = page_text(raw.encode())
        assert isinstance(plain, str)
        page = site.content.pages[file.key]
        text, places = insert_signs(
            page.texts[file.language.code], plain, load_place(workspace().docs), file.language.code
        )
        marked = replace(page, texts={**page.texts, file.language.code: text})
        site = replace(site, content=replace_page(site.content, marked), links={})
    try:
        html = workspace().render(site, file.language, file.key)
    except RenderError:
        return None
    found = {place.id: place for place in list_places(read_file_text(raw))} if raw else {}

    def button(identity: str) -> str:
        place = found[identity]
        if opened is not None and opened.place.id == identity:
            return render_form(file, opened, shown)
        return render_button(file, place, len(shown.at(identity)))

    return show_drafted_pictures(replace_signs(html, places, button))


_PICTURE_SOURCE = re.compile(rf'src="[^"]*{UPLOADS}/([a-z0-9-]+\.webp)[^"]*"')


def show_drafted_pictures(html: str) -> str:
    """Return a page that shows pictures of drafts from the editor; the others stay where they are."""
    own = {one.path.rpartition("/")[2] for one in drafts.list_drafts(database()) if one.path.endswith(PICTURE)}
    return (
        _PICTURE_SOURCE.sub(
            lambda match: f'src="{staff_root()}seiten/bild/{match[1]}"' if match[1] in own else match[0], html
        )
        if own
        else html
    )


def replace_page(content: Any, page: Any) -> Any:
    """Return the content with another page in the place of the one of its key."""
    return replace(content, pages={**content.pages, page.key: page})


def anchor(identity: str) -> str:
    """Return the id of a paragraph's button."""
    return f"absatz-{identity}"


def label(place: Place) -> str:
    """Return the beginning of a paragraph, for its button."""
    words = " ".join((place.segment.text or place.words).split())
    return words if len(words) <= LABEL_CHARS else words[: LABEL_CHARS - 1].rsplit(" ", 1)[0] + " …"


def render_button(file: PageFile, place: Place, findings: int = 0) -> str:
    """Return the link that opens the form of a paragraph."""
    return render_part("pages/button", address=file.address, place=place, words=label(place), anchor=anchor(place.id), findings=findings,
                       content_language=file.language).strip()  # fmt: skip


def render_form(file: PageFile, opened: OpenForm, shown: Shown) -> str:
    """Return the form of a paragraph."""
    mine = drafts.list_scratches(database(), g.account.id, file.path)
    scratch = next(
        (one for one in mine if one.place == opened.place.id and one.text.strip() != opened.words.strip()), None
    )
    return render_part(
        "pages/form", file=file, opened=opened, shown=shown, anchor=anchor(opened.place.id), kind=kind_label(opened.place.kind),
        scratch=scratch if not opened.checked and not opened.error else None, inserts=list_inserts(file), links=list_links(file),
        rows=min(16, max(3, opened.words.count("\n") + len(opened.words) // 70 + 2)), german=file.language.default,
        others=[name for name, path, place in drafts.who_is_writing(database(), utc_now())
                if path == file.path and place == opened.place.id and name != g.account.name],
    )  # fmt: skip


def list_inserts(file: PageFile) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the facts that can be named in a text, by group: the insert, and the value that readers see."""
    facts = workspace().site().facts
    groups: list[tuple[str, str, Mapping[str, Any]]] = [
        (_("Telephone numbers"), "tel", facts.numbers), (_("Laws"), "law", facts.laws), (_("Amounts"), "amount", facts.amounts),
        (_("Contacts"), "contact", facts.contacts), (_("Links to other sites"), "link", facts.links),
    ]  # fmt: skip
    return [
        (
            title,
            [
                (f"{{{{ {group}.{key} }}}}", f"{key}: {render_fact(fact, 'de').striptags()}")
                for key, fact in rows.items()
            ],
        )
        for title, group, rows in groups
        if rows
    ]


def list_links(file: PageFile) -> list[tuple[str, str]]:
    """Return a link to each other page of the language: its Markdown, and the title."""
    site, folder = workspace().site(), posixpath.dirname(file.key)
    found = []
    for page in site.content.pages.values():
        if page.key != file.key and page.exists_in(file.language):
            title = page.text(file.language).nav_title
            found.append((f"[{title}]({posixpath.relpath(page.key, folder or '.')}.md)", title))
    return sorted(found, key=lambda row: row[1].casefold())


def bar_values(file: PageFile, opened: OpenForm | None, shown: Shown) -> dict[str, Any]:
    """Return what the bar above the page shows."""
    raw, now = file.raw, utc_now()
    places = list_places(read_file_text(raw)) if raw else []
    state = workspace().site().states.get((file.key, file.language.code))
    title = next(
        (place.words for place in places if place.kind == "title"),
        file.page.text(file.language).nav_title if file.page else file.key,
    )
    forms = load_place(workspace().docs)
    return {
        "file": file, "heading": fill_place(title, forms, file.language.code), "filled": lambda words: fill_place(words, forms, file.language.code), "shown": shown, "anchor": anchor, "kind_label": kind_label,
        "fields": [place for place in places if place.section == HEADER_SECTION and place.kind in FIELDS],
        "headings": [place for place in places if place.kind[0] == "h" and place.section != HEADER_SECTION],
        "state": state.state if state else "", "may_edit": may_edit(file.language.code),
        "changes": drafts.list_changes(database(), file.draft.id) if file.draft else [],
        "scratches": [one for one in drafts.list_scratches(database(), g.account.id, file.path) if not opened or one.place != opened.place.id],
        "writing": [name for name, path, _place in drafts.who_is_writing(database(), now) if path == file.path and name != g.account.name],
        "languages": [row for row in workspace().site().languages if file.page is None or file.page.exists_in(row)],
        "upstream": find_upstream(workspace().docs, file.path, raw) if not project.keeps_shared_pages() or marked_version(raw or "") else None,
        "opened": opened, "page_state_label": page_state_label, "session_seconds": session_seconds(), "is_editor": g.account.has_role(EDIT),
    }  # fmt: skip


def session_seconds() -> int:
    """Return after how many seconds the session ends if nothing more is done."""
    end = accounts.session_end(database(), str(session.get("office", "")))
    return max(0, int((end - utc_now()).total_seconds())) if end else 0


@pages.after_request
def tell_session(response: BaseResponse) -> BaseResponse:
    """Tell the script how long the session lasts."""
    if g.get("account") is not None and g.get("form") and g.form.get("teil") == "1":
        response.headers["X-Session-Seconds"] = str(session_seconds())
    return response


@pages.route("/da/", methods=["POST"], role=WRITERS)
def still_here() -> BaseResponse:
    """Extend the session, and note that somebody is writing; the script asks while something is typed, or by its button."""
    path, place = g.form.get("path", ""), g.form.get("place", "")
    if place and len(path) <= 300 and path.isprintable() and place.isprintable():
        drafts.note_presence(database(), g.account.id, path, place, utc_now())
    response = private_response("")
    response.headers["X-Session-Seconds"] = str(session_seconds())
    return response


# --- conflicts --------------------------------------------------------------------------------------------------------


def render_conflict(
    file: PageFile, identity: str, words: str, before: str, wanted: str | None, **translation: str | None
) -> BaseResponse:
    """Return what both have written; nothing is chosen, and what was typed is kept until it is sent or thrown away.

    :param translation: what the page for translating gives: the text of now, its digest, and where its form leads.
    """
    place = find_place(read_file_text(file.raw), identity) if file.raw is not None else None
    drafts.store_scratch(database(), g.account.id, file.path, identity[:120], wanted or "", words, utc_now())
    last = drafts.last_change_of(database(), file.draft.id, identity) if file.draft else None
    values = {
        "theirs": place.words if place else None, "digest": place.digest if place else "", "source": "",
        "action": file.action("absatz"), "back": file.address,
    }  # fmt: skip
    return render(
        "pages/conflict", status=409, title=_("Somebody else was faster"), file=file, identity=identity, words=words, before=before,
        **(values | ({"digest": wanted} | translation if translation else {})), last=last, error=_("The paragraph has changed while you were writing. Nothing of yours was stored yet, and nothing is lost."),
    )  # fmt: skip


def rebase(file: AnyFile) -> BaseResponse | None:
    """Bring a draft together with a page that was published meanwhile; return the page to choose on where both changed one place."""
    draft = file.draft
    if draft is None or draft.base_text == file.published:
        return None
    if draft.text is None or draft.base_text is None or file.published is None:
        return None  # removed or new: the publish page says so
    merged = merge(common_text(file, draft), draft.text, file.published, file.path)
    if not merged.conflicts:
        drafts.rebase_draft(database(), file.path, draft.version, file.published, merged.text, utc_now())
        return None
    return render(
        "pages/merge", status=409, title=_("The published page has changed"), file=file, conflicts=merged.conflicts,
        seen=digest(file.published), error=_("The published page was changed at a place that your draft changes as well. Choose for each place; both texts are kept until then."),
    )  # fmt: skip


def common_text(file: AnyFile, draft: drafts.Draft) -> str:
    """Return the text that a draft has in common with the published page.

    It is what the draft held when it was published last, if the page is still that; else the text that it began with.
    """
    for one in store.publications_of(database(), file.path, 1):
        for known in one.files:
            if known.path == file.path and known.draft_id == draft.id and known.after == file.published:
                return known.text or ""
    return draft.base_text or ""


@pages.route("/zusammenfuehren/<lang>/<path:key>/", methods=["POST"], role=WRITERS, saved_fields=("version", "seen"))
@file_editor_view
def merge_draft(file: AnyFile) -> BaseResponse:
    """Bring a draft together with the published page as the editor chose."""
    draft = file.draft
    if draft is None or draft.text is None or draft.base_text is None or file.published is None:
        return redirect(file.address, 303)
    merged = merge(common_text(file, draft), draft.text, file.published, file.path)
    choices = [g.form.get(f"_take_{number}", "") for number in range(len(merged.conflicts))]
    if g.form.get("seen") == digest(file.published) and g.form.get("version") == str(draft.version):
        try:
            text = merged.resolve(choices)
            if isinstance(file, DataFile):
                read_entries(text)
            drafts.rebase_draft(database(), file.path, draft.version, file.published, text, utc_now())
        except (ValueError, EditError):
            pass  # a place without a choice: asked again
    return redirect(file.address, 303)
