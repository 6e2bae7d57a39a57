"""A page in German and in another language, paragraph by paragraph, with its draft."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import g
from msgspec import Struct
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.languages import default_language
from editing import drafts
from editing.differences import Piece, compare_words
from editing.paragraphs.reading import read_file_text
from editing.paths import file_name
from editing.publication.earlier import Earlier, find_earlier
from editing.translation.rows import (
    Pair,
    Row,
    build_rows,
)
from editing.translation.sources import draft_sources
from editing.views.blueprint import PageFile, find_page, may_edit, workspace
from editing.views.page.checking import CheckResult, check_text
from editorial.checks.wording.glossary import Term
from editorial.content.markup.shortcodes import SHORTCODE, render_fact
from editorial.translations.machine import MachineTranslationError, read_provider
from editorial.translations.state import find_entry
from form_handler.current import database
from form_handler.staff.blueprint import render_forbidden


class Sheet(Struct, frozen=True):
    """A page side by side as it is shown.

    :ivar shown: the findings in the translation.
    :ivar scratches: the account's unstored texts, by paragraph.
    :ivar writing: who else has the form of which paragraph open.
    :ivar whole: whether findings and earlier texts are in it.
    """

    file: PageFile
    pair: Pair
    rows: list[Row]
    shown: CheckResult
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
        """Return the German words with the changes since the translation was made; None where that is not known."""
        before = (
            self.earlier.sections.get(row.made_from_section)
            if row.is_section
            else self.earlier.paragraphs.get(row.made_from)
        )
        return compare_words(before, row.german) if before is not None else None


class OpenRow(Struct, frozen=True):
    """A form with something else than the stored words in it.

    :ivar errors: why it was not stored.
    :ivar checked: whether findings are shown.
    :ivar note: a sentence above the field.
    """

    id: str
    words: str
    errors: tuple[str, ...] = ()
    checked: bool = False
    note: str = ""


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
    shown = check_text(file, file.raw) if whole and file.raw is not None else CheckResult([], [])
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
    """Return the inserts of a German paragraph with their values for readers of a language."""
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
