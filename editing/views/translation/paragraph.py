"""Routes for one paragraph: show its form, store, accept, check, draft by a machine."""

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.findings import Finding
from core.gettext import gettext as _
from core.languages import default_language
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.paragraphs.reading import EditError
from editing.translation.rows import (
    Row,
    accept_row,
    build_rows,
    remove_section,
    row_errors,
    translate_row,
)
from editing.views.blueprint import MAX_FORM_BYTES, WRITERS, PageFile, change_file, find_page, translating
from editing.views.page.checking import check_text
from editing.views.page.conflicts import rebase, render_conflict
from editing.views.page.rendering import anchor
from editing.views.page.session import add_session_header
from editing.views.translation.rendering import render_row, render_sheet
from editing.views.translation.sheet import OpenRow, Sheet, read_pair, read_sheet, translator_view
from editorial.translations.machine import MachineTranslationError, read_provider, translate, truncate_to_limit
from editorial.translations.units import review_lines
from form_handler.current import database
from form_handler.staff.layout import flash, private_response, render_part

SAVED_FIELDS = ("place", "digest", "before", "words", "source", "choice")

MACHINE_SECONDS = 20


translating.after_request(add_session_header)


def describe_translation(lang: str, key: str, **_values: str) -> str:
    """Return the action of a paragraph's form, for the list of unsent forms."""
    return _("Translate a paragraph: %(page)s (%(language)s)", page=key, language=lang)


@translating.route("/<lang>/<path:key>/", role=WRITERS)
@translator_view
def show_translation(file: PageFile) -> BaseResponse:
    """Show a page side by side; with ``?absatz=`` the form of one paragraph that is translated already."""
    wanted = request.args.get("absatz", "")
    if (conflict := rebase(file)) is not None:
        return conflict
    sheet = read_sheet(find_page(file.language.code, file.key))
    row = sheet.row(wanted) if wanted else None
    if row is None:
        return render_sheet(sheet)
    drafts.note_presence(database(), g.account.id, file.path, row.id, utc_now())
    opened = OpenRow(row.id, row.own)
    if request.args.get("teil") == "1":
        return private_response(render_row(sheet, row, opened))
    return render_sheet(sheet, opened)


@translating.route("/absatz/<lang>/<path:key>/", methods=["POST"], role=WRITERS, max_body=MAX_FORM_BYTES,
                   saved_fields=SAVED_FIELDS, describe=describe_translation)  # fmt: skip
@translator_view
def save_translation(file: PageFile) -> BaseResponse:
    """Store the translation of a paragraph, accept it as it is, check it, or ask for a machine's draft."""
    form = g.form
    identity, words = form.get("place", ""), form.get("words", "").replace("\r\n", "\n")
    action = form.get("action", "save")
    sheet = read_sheet(file, False)
    row = sheet.row(identity)
    if row is None:
        return translation_conflict(file, identity, words)
    if action == "check":
        drafts.store_scratch(database(), g.account.id, file.path, row.id, form.get("digest", ""), words, utc_now())
        return check_translation(sheet, row, words)
    if action == "machine":
        return draft_by_machine(sheet, row, words)
    errors = (
        row_errors(row, words, file.language)
        if action == "save" and words.strip() and form.get("choice") != "theirs"
        else []
    )
    if errors:
        return render_sheet(sheet, OpenRow(row.id, words, tuple(errors)), 422)
    try:
        change_file(file, lambda raw: make_change(file, raw, identity, words, action))
    except ChangedMeanwhileError:
        if action != "save":
            return render_sheet(
                read_sheet(file),
                OpenRow(
                    row.id, row.own, (_("German text or translation have changed meanwhile. Look at both once more."),)
                ),
                409,
            )
        return translation_conflict(find_page(file.language.code, file.key), identity, words)
    except EditError as error:
        return render_sheet(sheet, OpenRow(row.id, words, (str(error),)), 422)
    drafts.delete_scratch(database(), g.account.id, file.path, identity)
    return after_change(file, identity, bool(sheet.file.raw and review_lines(sheet.file.raw)))


def make_change(file: PageFile, raw: str | None, identity: str, words: str, action: str) -> drafts.Change:
    """Return the change that a form requests, made in the current text.

    :raises ChangedMeanwhileError: if the paragraph is another one meanwhile.
    :raises EditError: if the words cannot be there.
    """
    wanted, source = g.form.get("digest", ""), g.form.get("source", "")
    pair = read_pair(file, raw)
    row = next((one for one in build_rows(pair) if one.id == identity), None)
    if row is None:
        raise ChangedMeanwhileError
    if action == "accept":
        return accept_row(pair, row, wanted, source)
    if action == "remove":
        return remove_section(pair, row, wanted)
    choice = g.form.get("choice", "")
    if choice == "theirs":
        return drafts.Change(raw, row.id, "", "")
    return translate_row(pair, row, wanted, f"{words} {row.own}" if choice == "both" else words, source)


def translation_conflict(file: PageFile, identity: str, words: str) -> BaseResponse:
    """Return both texts."""
    sheet = read_sheet(file, False)
    row = sheet.row(identity)
    return render_conflict(
        file, identity, words, g.form.get("before", ""), row.digest if row else "", theirs=(row.own or None) if row else None,
        action=file.translation_action("absatz"), back=file.translation_address, source=row.source if row else "",
    )  # fmt: skip


def after_change(file: PageFile, identity: str, was_signed: bool) -> BaseResponse:
    """Redirect to the next paragraph that is to be translated."""
    sheet = read_sheet(find_page(file.language.code, file.key), False)
    following = sheet.next_open(identity)
    dropped = was_signed and not review_lines(sheet.file.raw or "")
    words = [_("Stored in the draft.")]
    words += [_("The page counts as not reviewed again, because its text has changed since.")] if dropped else []
    words += [] if following else [_("Everything is translated. Read the page once more and sign it below.")]
    flash(" ".join(words))
    return redirect(f"{file.translation_address}#{anchor(following.id if following else identity)}", 303)


def check_translation(sheet: Sheet, row: Row, words: str) -> BaseResponse:
    """Return the findings in unstored words."""
    errors = row_errors(row, words, sheet.file.language) if words.strip() else []
    findings: list[Finding] = []
    if words.strip() and not errors:
        try:
            made = translate_row(sheet.pair, row, row.digest, words, row.source)
            if made.text is not None:
                shown = check_text(sheet.file, made.text)
                findings = shown.at(made.place if not row.is_section else row.own_place)
        except (EditError, ChangedMeanwhileError) as error:
            errors = [str(error)] if str(error) and row.need != "stale" else []
    part = render_part("translate/checked", errors=errors, findings=findings)
    if g.form.get("teil") == "1":
        return private_response(part)
    return render_sheet(sheet, OpenRow(row.id, words, checked=True))


def draft_by_machine(sheet: Sheet, row: Row, words: str) -> BaseResponse:
    """Put a machine's draft into the field; nothing is stored."""
    file = sheet.file
    if row.is_section or not row.german:
        raise NotFound
    try:
        provider = read_provider()
        (text,) = translate(
            [row.german],
            lambda texts: provider.translate(texts, default_language().code, file.language.code, MACHINE_SECONDS),
        )
    except MachineTranslationError as error:
        return render_sheet(sheet, OpenRow(row.id, words, (str(error),)), 502)
    note = _("A machine has written this draft. Nobody has checked it, and it is not stored yet.")
    return render_sheet(sheet, OpenRow(row.id, truncate_to_limit(row.kind, text), checked=True, note=note))
