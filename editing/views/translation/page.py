"""Translating: German and translation side by side, one form for each paragraph; accepting, and signing a page."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, redirect, request, session
from msgspec import Struct
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.findings import Finding
from core.gettext import gettext as _
from core.languages import default_language
from editing import drafts
from editing.differences import Piece, compare_words
from editing.paragraphs import EditError, digest, read_file_text
from editing.paths import file_name
from editing.publication.earlier import Earlier, find_earlier
from editing.translation.rows import (
    ChangedMeanwhileError,
    Pair,
    Row,
    accept_row,
    build_rows,
    count_open,
    remove_section,
    row_errors,
    translate_row,
)
from editing.translation.sources import draft_sources
from editing.views.blueprint import MAX_FORM_BYTES, WRITERS, PageFile, find_page, may_edit, translating, workspace
from editing.views.labels import kind_label, page_state_label
from editing.views.page import Shown, anchor, look_at, rebase, render_conflict, session_seconds, tell_session
from editing.workspace import parse_draft
from editorial.checks.wording.glossary import Term
from editorial.content.markup.shortcodes import SHORTCODE, render_fact
from editorial.content.place import load_place
from editorial.translations.machine import MachineTranslationError, read_provider, translate, truncate_to_limit
from editorial.translations.state import find_entry
from editorial.translations.units import review_lines, set_review
from form_handler.current import database, settings
from form_handler.staff.blueprint import render_forbidden
from form_handler.staff.layout import flash, private_response, render, render_part

SAVED_FIELDS = ("place", "digest", "before", "words", "source", "choice")
MACHINE_SECONDS = 20
MAX_NAME_CHARS = 90

translating.after_request(tell_session)


class Sheet(Struct, frozen=True):
    """A page side by side as it is shown.

    :ivar shown: what the checks find in the translation.
    :ivar scratches: what the account typed and has not stored, by paragraph.
    :ivar writing: who else has the form of which paragraph open.
    :ivar whole: whether findings and earlier texts are in it.
    """

    file: PageFile
    pair: Pair
    rows: list[Row]
    shown: Shown
    earlier: Earlier
    scratches: dict[str, drafts.Scratch]
    writing: list[tuple[str, str]]
    whole: bool

    def row(self, identity: str) -> Row | None:
        """Return the paragraph at a place, or None."""
        return next((row for row in self.rows if row.id == identity), None)

    def next_open(self, after: str = "") -> Row | None:
        """Return the next paragraph after a place that is to be translated, from the top again at the end."""
        ids = [row.id for row in self.rows]
        at = ids.index(after) + 1 if after in ids else 0
        return next((row for row in [*self.rows[at:], *self.rows[:at]] if row.need != "done" and row.id != after), None)

    def german_pieces(self, row: Row) -> list[Piece] | None:
        """Return the German words with what changed since the translation was made; None where that is not known."""
        before = (
            self.earlier.sections.get(row.made_from_section)
            if row.is_section
            else self.earlier.paragraphs.get(row.made_from)
        )
        return compare_words(before, row.german) if before is not None else None


class OpenRow(Struct, frozen=True):
    """A form with something else than the stored words in it.

    :ivar errors: why it was not stored.
    :ivar checked: whether what was found is shown.
    :ivar note: a sentence above the field.
    """

    id: str
    words: str
    errors: tuple[str, ...] = ()
    checked: bool = False
    note: str = ""


def describe_translation(lang: str, key: str, **_values: str) -> str:
    """Return what the form of a paragraph does, for the list of what was not sent."""
    return _("Translate a paragraph: %(page)s (%(language)s)", page=key, language=lang)


def translator_view(view: Any) -> Callable[..., BaseResponse]:
    """Pass the translation that the path names to a view, if the account may change its language."""

    @functools.wraps(view)
    def wrapped(lang: str, key: str) -> BaseResponse:
        if not may_edit(lang):
            return render_forbidden()
        file = find_page(lang, key)
        if file.language.default or file.page is None or not file.page.exists_in(file.language):
            raise NotFound
        result: BaseResponse = view(file)
        return result

    return wrapped


# --- reading ----------------------------------------------------------------------------------------------------------


def read_pair(file: PageFile, raw: str | None) -> Pair:
    """Return a page in both languages.

    :param raw: the translation; None if there is none.
    """
    assert file.page is not None
    german = workspace().published(file_name(workspace().docs, default_language().code, file.key))
    if german is None:
        raise NotFound
    published = read_file_text(file.published).document if file.published is not None else None
    entry = find_entry(workspace().docs, workspace().site().lock, file.page, file.language)
    sources = draft_sources(database(), drafts.find_draft(database(), file.path))
    return Pair(read_file_text(german), read_file_text(raw) if raw is not None else None, published, entry, sources)


def read_sheet(file: PageFile, whole: bool = True) -> Sheet:
    """Return a page side by side, with its draft.

    :param whole: with findings and earlier German texts, which only a page that is shown needs.
    """
    pair = read_pair(file, file.raw)
    rows = build_rows(pair)
    shown = look_at(file, file.raw) if whole and file.raw is not None else Shown([], [])
    marks = {row.made_from for row in rows if row.made_from}
    sections = {(row.id, row.made_from_section) for row in rows if row.made_from_section}
    german = file_name(workspace().docs, default_language().code, file.key)
    earlier = find_earlier(database(), workspace().docs, german, marks, sections) if whole else Earlier({}, {})
    scratches = {one.place: one for one in drafts.list_scratches(database(), g.account.id, file.path)}
    writing = [
        (name, place) for name, path, place in drafts.who_is_writing(database(), utc_now())
        if path == file.path and name != g.account.name
    ]  # fmt: skip
    return Sheet(file, pair, rows, shown, earlier, scratches, writing, whole)


def terms_of(row: Row, code: str) -> list[Term]:
    """Return the terms of the glossary that a German paragraph uses."""
    return [
        term for term in workspace().glossary()
        if code in term.translations and term.german in row.german and re.search(rf"\b{re.escape(term.german)}(?:n|en|s|es|e)?\b", row.german)
    ]  # fmt: skip


def inserts_of(row: Row, code: str) -> list[tuple[str, str]]:
    """Return the inserts of a German paragraph with what readers of a language see in their place."""
    facts = workspace().site().facts
    groups: dict[str, Mapping[str, Any]] = {
        "tel": facts.numbers, "law": facts.laws, "amount": facts.amounts, "contact": facts.contacts, "link": facts.links,
    }  # fmt: skip
    found = {}
    for match in SHORTCODE.finditer(row.german):
        group, key = match.groups()
        if (fact := groups.get(group, {}).get(key)) is not None:
            found[match[0]] = str(render_fact(fact, code).striptags())
    return list(found.items())


def machine_configured() -> bool:
    """Return whether a translation service is configured."""
    try:
        read_provider()
    except MachineTranslationError:
        return False
    return True


# --- the page ---------------------------------------------------------------------------------------------------------


@translating.route("/<lang>/<path:key>/", role=WRITERS)
@translator_view
def side_by_side(file: PageFile) -> BaseResponse:
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


def render_sheet(sheet: Sheet, opened: OpenRow | None = None, status: int = 200, sign_error: str = "") -> BaseResponse:
    """Return the page side by side."""
    sheet = sheet if sheet.whole else read_sheet(sheet.file)
    file = sheet.file
    stale, missing = count_open(sheet.rows)
    signed = review_lines(file.raw or "")
    draft = file.draft
    error = sign_error or (_("This was not stored.") if opened and opened.errors else "")
    state = workspace().site().states.get((file.key, file.language.code))
    return render(
        "translate/page", status=status, title=_("Translate: %(page)s (%(language)s)", page=german_title(file), language=file.language.name),
        sheet=sheet, file=file, rows=sheet.rows, opened=opened, stale=stale, missing=missing, error=error, sign_error=sign_error,
        german_title=german_title(file), state=state.state if state else "", page_state_label=page_state_label, kind_label=kind_label,
        anchor=anchor, terms_of=lambda row: terms_of(row, file.language.code), inserts_of=lambda row: inserts_of(row, file.language.code), row_form=lambda row: render_row(sheet, row, opened if opened and opened.id == row.id else None),
        first_open=sheet.next_open(), source_language=default_language(), next_page=next_page(file), seen=digest(file.raw or ""),
        signed=signed, review=review_of(file.raw, file.language.code), signed_here=bool(signed) and signed != review_lines(file.published or ""),
        reviewer=session.get("reviewer", g.account.name), session_seconds=session_seconds(), accepted=accepted_count(draft),
        others=[one for one, place in sheet.shown.findings if place is None or not any(row.own_place == place for row in sheet.rows)],
        has_machine=machine_configured(),
        writing=list(dict.fromkeys(name for name, _place in sheet.writing)),
    )  # fmt: skip


def german_title(file: PageFile) -> str:
    """Return the title of the German page."""
    assert file.page is not None
    return file.page.text(default_language()).front_matter.title or file.key


def accepted_count(draft: drafts.Draft | None) -> int:
    """Return how many paragraphs a draft accepts unchanged."""
    rows = drafts.list_changes(database(), draft.id) if draft else []
    return len({row.place for row in rows if row.source and row.before == row.after})


def review_of(raw: str | None, code: str) -> tuple[str, datetime.date] | None:
    """Return who has reviewed a translation, and when; None if nobody has."""
    if raw is None:
        return None
    text = parse_draft(code, "", raw, load_place(workspace().docs))
    if isinstance(text, list):
        return None
    header = text.front_matter
    name, day = getattr(header, "reviewed_by", None), getattr(header, "reviewed_at", None)
    return (name, day) if name and day else None


def next_page(file: PageFile) -> tuple[str, str] | None:
    """Return key and German title of the next page of this language that is stale or missing, or None."""
    site = workspace().site()
    keys = [
        key
        for (key, code), state in site.states.items()
        if code == file.language.code and state.state in ("stale", "missing")
    ]
    later = [key for key in keys if key != file.key]
    key = next((key for key in later if key > file.key), later[0] if later else None)
    return (key, site.content.pages[key].text(default_language()).front_matter.title or key) if key else None


def render_row(sheet: Sheet, row: Row, opened: OpenRow | None = None) -> str:
    """Return the form of one paragraph."""
    file = sheet.file
    words = opened.words if opened else row.own
    scratch = sheet.scratches.get(row.id)
    scratch = scratch if scratch and scratch.text.strip() != words.strip() else None
    findings = sheet.shown.at(row.own_place) if row.own_place and row.own else []
    return render_part(
        "translate/form", file=file, row=row, words=words, anchor=anchor(row.id), opened=opened, kind=row_kind(row), number=sheet.rows.index(row) + 1,
        problems=row_errors(row, words, file.language) if words and not (opened and opened.errors) and row.need != "new" else [],
        findings=findings, scratch=scratch if not (opened and (opened.checked or opened.errors)) else None,
        rows=min(20, max(2, len(row.german) // 50 + row.german.count("\n") + 1)), has_machine=machine_configured() and not row.is_section,
        others=[name for name, place in sheet.writing if place == row.id],
    )  # fmt: skip


def row_kind(row: Row) -> str:
    """Return what a paragraph is, in words."""
    return _("Section") if row.is_section else kind_label(row.kind)


# --- one paragraph ----------------------------------------------------------------------------------------------------


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
        return conflict(file, identity, words)
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
        drafts.change_draft(
            database(),
            file.path,
            file.published,
            lambda raw: change(file, raw, identity, words, action),
            g.account.name,
            utc_now(),
        )
    except ChangedMeanwhileError:
        if action != "save":
            return render_sheet(
                read_sheet(file),
                OpenRow(
                    row.id, row.own, (_("German text or translation have changed meanwhile. Look at both once more."),)
                ),
                409,
            )
        return conflict(find_page(file.language.code, file.key), identity, words)
    except EditError as error:
        return render_sheet(sheet, OpenRow(row.id, words, (str(error),)), 422)
    drafts.delete_scratch(database(), g.account.id, file.path, identity)
    return after_change(file, identity, bool(sheet.file.raw and review_lines(sheet.file.raw)))


def change(file: PageFile, raw: str | None, identity: str, words: str, action: str) -> drafts.Change:
    """Return the change that a form requests, made in the text of the moment.

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


def conflict(file: PageFile, identity: str, words: str) -> BaseResponse:
    """Return what both have written."""
    sheet = read_sheet(file, False)
    row = sheet.row(identity)
    return render_conflict(
        file, identity, words, g.form.get("before", ""), row.digest if row else "", theirs=(row.own or None) if row else None,
        action=file.translation_action("absatz"), back=file.translation_address, source=row.source if row else "",
    )  # fmt: skip


def after_change(file: PageFile, identity: str, was_signed: bool) -> BaseResponse:
    """Lead on to the next paragraph that is to be translated."""
    sheet = read_sheet(find_page(file.language.code, file.key), False)
    following = sheet.next_open(identity)
    dropped = was_signed and not review_lines(sheet.file.raw or "")
    words = [_("Stored in the draft.")]
    words += [_("The page counts as not reviewed again, because its text has changed since.")] if dropped else []
    words += [] if following else [_("Everything is translated. Read the page once more and sign it below.")]
    flash(" ".join(words))
    return redirect(f"{file.translation_address}#{anchor(following.id if following else identity)}", 303)


def check_translation(sheet: Sheet, row: Row, words: str) -> BaseResponse:
    """Return what is found in words that are not stored."""
    errors = row_errors(row, words, sheet.file.language) if words.strip() else []
    findings: list[Finding] = []
    if words.strip() and not errors:
        try:
            made = translate_row(sheet.pair, row, row.digest, words, row.source)
            if made.text is not None:
                shown = look_at(sheet.file, made.text)
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


# --- signing ----------------------------------------------------------------------------------------------------------


@translating.route("/pruefung/<lang>/<path:key>/", methods=["POST"], role=WRITERS, saved_fields=("reviewer", "seen", "read"),
                   describe=lambda lang, key: _("Sign a page: %(page)s (%(language)s)", page=key, language=lang))  # fmt: skip
@translator_view
def sign(file: PageFile) -> BaseResponse:
    """Write into the header of the draft who has reviewed the page, or take that out again."""
    name = " ".join(g.form.get("reviewer", "").split())[:MAX_NAME_CHARS]
    withdraw = g.form.get("action") == "withdraw"
    sheet = read_sheet(file)
    if file.raw is None or any(count_open(sheet.rows)):
        return render_sheet(
            sheet, status=422, sign_error=_("The page cannot be signed yet: paragraphs are missing or outdated.")
        )
    if not withdraw and not name:
        return render_sheet(sheet, status=422, sign_error=_("Enter your name as it is to stand on the page."))
    if not withdraw and g.form.get("read") != "1":
        return render_sheet(sheet, status=422, sign_error=_("Confirm that you have read the whole page."))
    today = local_day(utc_now(), settings().time_zone)

    def edit(raw: str | None) -> drafts.Change:
        if raw is None or digest(raw) != g.form.get("seen"):
            raise ChangedMeanwhileError
        made = set_review(raw, None if withdraw else name, today)
        found = parse_draft(file.language.code, file.path, made, load_place(workspace().docs))
        if isinstance(found, list):
            raise EditError(" ".join(f"{one.message} {one.hint}" for one in found[:3]))
        return drafts.Change(made, "_head", review_lines(raw).strip(), review_lines(made).strip())

    try:
        drafts.change_draft(database(), file.path, file.published, edit, g.account.name, utc_now())
    except ChangedMeanwhileError:
        words = _("The page has changed while it was open. Look at it once more, then sign it.")
        return render_sheet(read_sheet(find_page(file.language.code, file.key)), status=409, sign_error=words)
    except EditError as error:
        return render_sheet(sheet, status=422, sign_error=str(error))
    if not withdraw:
        session["reviewer"] = name
    flash(
        _("Your name is taken out again.")
        if withdraw
        else _("Signed in the draft. Readers see it once the page is published.")
    )
    return redirect(f"{file.translation_address}#pruefung", 303)
