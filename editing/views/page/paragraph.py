"""Routes of the editor: show a page, store or check one paragraph."""

from flask import g, redirect, request
from msgspec.structs import replace
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.paragraphs.reading import EditError, FileText, find_paragraph, locate, read_file_text
from editing.paragraphs.replacing import replace_paragraph
from editing.views.blueprint import (
    MAX_FORM_BYTES,
    READERS,
    SAVED_FIELDS,
    WRITERS,
    PageFile,
    change_file,
    editor_view,
    find_page,
    may_edit,
    page_view,
    pages,
)
from editing.views.page.checking import check_text, pending_spelling
from editing.views.page.conflicts import render_conflict
from editing.views.page.rendering import OpenForm, anchor, render_form, render_page
from form_handler.current import database
from form_handler.staff.layout import private_response, render_part


def describe_paragraph(lang: str, key: str, **_values: str) -> str:
    """Return the action of a paragraph's form, for the list of unsent forms."""
    return _("Change a paragraph: %(page)s (%(language)s)", page=key, language=lang)


@pages.route("/<lang>/<path:key>/", role=READERS)
@page_view
def edit_page(file: PageFile) -> BaseResponse:
    """Show the page with the draft in it; with ``?absatz=`` the form of one paragraph."""
    wanted = request.args.get("absatz", "")
    if wanted and may_edit(file.language.code) and file.raw is not None:
        place = find_paragraph(read_file_text(file.raw), wanted)
        if place is not None:
            drafts.note_presence(database(), g.account.id, file.path, place.id, utc_now())
            opened = OpenForm(place, place.words, place.digest, place.words)
            if request.args.get("teil") == "1":
                return private_response(render_form(file, opened, check_text(file, file.raw)))
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
        change_file(file, lambda raw: make_change(raw, identity, wanted, words, spelling, choice))  # fmt: skip
    except ChangedMeanwhileError:
        return render_conflict(find_page(file.language.code, file.key), identity, words, before, wanted)
    except EditError as error:
        place = place or find_paragraph(text, identity)
        if place is None:
            return render_conflict(file, identity, words, before, wanted)
        return render_page(file, OpenForm(place, words, wanted, before, spelling, error=str(error)), 422)
    drafts.delete_scratch(database(), g.account.id, file.path, identity)
    return redirect(f"{file.address}#{anchor(identity)}", 303)


def make_change(raw: str | None, identity: str, wanted: str, words: str, spelling: bool, choice: str) -> drafts.Change:
    """Return the change that a form requests, made in the current text.

    :param wanted: the digest of the paragraph that the form was made for.
    :param choice: after a conflict: ``mine`` or ``both`` (the typed text), or ``theirs``.
    :raises ChangedMeanwhileError: if that paragraph is not there any more.
    :raises EditError: if the words cannot be there.
    """
    if raw is None:
        raise ChangedMeanwhileError
    text = read_file_text(raw)
    place = locate(text, identity, wanted)
    if place is None:
        here = find_paragraph(text, identity)
        if here is not None and here.words.strip() == words.strip():  # sent twice
            return drafts.Change(raw, identity, "", "")
        raise ChangedMeanwhileError
    if choice == "theirs":
        return drafts.Change(raw, place.id, "", "")
    if choice == "both":
        words = f"{words}\n\n{place.words}" if place.kind == "p" else f"{words} {place.words}"
    made = replace_paragraph(text, place, words)
    after = find_paragraph(read_file_text(made), place.id)
    return drafts.Change(made, place.id, place.words, after.words if after else "", spelling)


def check_form(file: PageFile, text: FileText, opened: OpenForm) -> BaseResponse:
    """Return the page with findings and effects of the typed text; nothing is stored in the draft."""
    try:
        raw = replace_paragraph(text, opened.place, opened.words)
    except EditError as error:
        if g.form.get("teil") == "1":
            return private_response(render_part("pages/checked", shown=None, error=str(error), place=opened.place.id))
        return render_page(file, replace(opened, error=str(error)), 422)
    shown = check_text(file, raw, [*pending_spelling(file), *typed_spelling(opened, raw)])
    if g.form.get("teil") == "1":
        return private_response(render_part("pages/checked", shown=shown, error="", place=opened.place.id))
    return render_page(file, opened, shown=shown)


def typed_spelling(opened: OpenForm, raw: str) -> list[tuple[str, str, str]]:
    """Return the spelling change that is being typed, if it is one."""
    after = find_paragraph(read_file_text(raw), opened.place.id)
    if not opened.spelling or after is None:
        return []
    return [(opened.place.section, opened.place.segment.hash, after.segment.hash)]
