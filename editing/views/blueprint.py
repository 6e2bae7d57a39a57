"""The blueprint of the editor, and what its views share: who may change what, and the file that an address names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import current_app, g
from msgspec import Struct
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core import project
from core.languages import Language, default_language, load_languages
from core.overlay import CITY, CITY_PAGES
from editing.drafts import Draft, find_draft
from editing.forms.facts import KINDS, FactFile
from editing.forms.facts import find_file as find_fact_file
from editing.paths import CATALOGS, file_name, split_name
from editing.translation.words import catalog_name
from editing.workspace import Workspace
from editorial.content.pages import Page, page_files
from editorial.translations.exchange import shown_translation
from form_handler.current import database
from form_handler.staff.auth.roles import EDIT, PUBLISH, TRANSLATE
from form_handler.staff.blueprint import make_blueprint, render_forbidden
from form_handler.staff.layout import staff_root

pages = make_blueprint("staff_pages", __name__)
translating = make_blueprint("staff_translating", __name__)
# Who may see pages and drafts; who may change which language is found out in each view (:func:`may_edit`).
READERS = (EDIT, PUBLISH, TRANSLATE)
WRITERS = (EDIT, TRANSLATE)
# Who may see facts, which belong to no language, and who may change them.
OFFICE = (EDIT, PUBLISH)
# What an address of a file of facts has instead of a language: a shared one, one of the municipality.
FACTS, OWN_FACTS = "angaben", "eigene-angaben"
# The fields of a form that are stored through a log-in; largest body of a paragraph's form, in bytes.
SAVED_FIELDS = ("place", "digest", "before", "words", "spelling", "choice")
# What is in the place of the language in the address of the interface's words.
WORDS = "woerter"
MAX_FORM_BYTES = 3 * 200 * 1024


def workspace() -> Workspace:
    """Return the loaded site."""
    found: Workspace = current_app.extensions["kim_workspace"]
    return found


class PageFile(Struct, frozen=True):
    """The file that an address names: one page in one language, with the draft of it.

    :ivar path: the file below ``docs/``.
    :ivar page: the published page; None for a page that is only a draft.
    :ivar published: what is published; None if nothing is.
    """

    language: Language
    key: str
    path: str
    page: Page | None
    published: str | None
    draft: Draft | None

    @property
    def raw(self) -> str | None:
        """Return the file with the draft in it, or None if there is none."""
        return self.draft.text if self.draft else self.published

    @property
    def address(self) -> str:
        """Return the address of the page in the editor."""
        return f"{staff_root()}seiten/{self.language.code}/{self.key}/"

    @property
    def translation_address(self) -> str:
        """Return the address of the page beside the German one."""
        return f"{staff_root()}uebersetzen/{self.language.code}/{self.key}/"

    def action(self, name: str) -> str:
        """Return the address of something that is done with the page."""
        return f"{staff_root()}seiten/{name}/{self.language.code}/{self.key}/"

    def translation_action(self, name: str) -> str:
        """Return the address of something that is done with the translation."""
        return f"{staff_root()}uebersetzen/{name}/{self.language.code}/{self.key}/"


class WordsFile(Struct, frozen=True):
    """The catalog of the interface's words of a language; the parts that it shares with :class:`PageFile`."""

    language: Language
    published: str
    draft: Draft | None
    key: str = "woerter"
    page: None = None

    @property
    def path(self) -> str:
        """Return the file, from the top of the project."""
        return catalog_name(workspace().docs, self.language.code)

    @property
    def raw(self) -> str:
        """Return the file with the draft in it."""
        return self.draft.text if self.draft and self.draft.text is not None else self.published

    @property
    def address(self) -> str:
        """Return the address of the list of its sentences."""
        return f"{staff_root()}uebersetzen/woerter/{self.language.code}/"

    def action(self, name: str) -> str:
        """Return the address of something that is done with the file."""
        return f"{staff_root()}seiten/{name}/{WORDS}/{self.language.code}/"


def words_text(code: str) -> str | None:
    """Return the published catalog of a language; None if there is none beside the pages."""
    return (
        workspace().published(catalog_name(workspace().docs, code))
        if any(row.code == code for row in load_languages())
        else None
    )


def find_words(lang: str) -> WordsFile | None:
    """Return the catalog of a language; None where the folder of the pages holds none, and for the default language.

    The words of a shared catalog are changed where the shared pages are kept.
    """
    language = next((row for row in load_languages() if row.code == lang and not row.default), None)
    text = words_text(lang) if language else None
    if language is None or text is None:
        return None
    if catalog_name(workspace().docs, lang).startswith(CATALOGS) and not project.keeps_shared_pages():
        return None
    return WordsFile(language, text, find_draft(database(), catalog_name(workspace().docs, lang)))


class DataFile(Struct, frozen=True):
    """A file of facts that an address names as a page is named; the parts that it shares with :class:`PageFile`."""

    language: Language
    file: FactFile
    page: None = None

    @property
    def key(self) -> str:
        """Return the kind of the facts."""
        return self.file.kind

    @property
    def path(self) -> str:
        """Return the file below ``docs/``, or in ``city/``."""
        return self.file.path

    @property
    def published(self) -> str | None:
        """Return what is published."""
        return self.file.published

    @property
    def draft(self) -> Draft | None:
        """Return the draft."""
        return self.file.draft

    @property
    def raw(self) -> str | None:
        """Return the file with the draft in it."""
        return self.file.raw

    @property
    def address(self) -> str:
        """Return the address of the list of its entries."""
        return f"{staff_root()}seiten/angaben/{self.key}/"

    def action(self, name: str) -> str:
        """Return the address of something that is done with the file."""
        return f"{staff_root()}seiten/{name}/{data_code(self.path)}/{self.key}/"


AnyFile = PageFile | WordsFile | DataFile


def data_code(path: str) -> str:
    """Return what an address of a file of facts has instead of a language."""
    return OWN_FACTS if path.startswith(f"{CITY}/") else FACTS


def address_of(path: str) -> str:
    """Return the address of a file in the editor, by its name; empty for a file that has no page there."""
    code, key = split_name(path)
    if key:
        return f"{staff_root()}seiten/{code}/{key}/"
    kind = path.rpartition("/")[2].removesuffix(".yml")
    return f"{staff_root()}seiten/angaben/{kind}/" if path.endswith(".yml") and kind in KINDS else ""


def publish_address(path: str) -> str:
    """Return the address at which the draft of a file is published; empty for a file that has no page there."""
    code, key = split_name(path)
    if key:
        return f"{staff_root()}seiten/veroeffentlichen/{code}/{key}/"
    kind = path.rpartition("/")[2].removesuffix(".yml")
    return f"{staff_root()}seiten/veroeffentlichen/{data_code(path)}/{kind}/" if address_of(path) else ""


def find_file(lang: str, key: str) -> AnyFile:
    """Return the file that an address names: a page, the interface's words of a language, or a file of facts.

    :raises NotFound: if there is none.
    """
    if lang == WORDS:
        words = find_words(key)
        if words is None:
            raise NotFound
        return words
    if lang not in (FACTS, OWN_FACTS):
        return find_page(lang, key)
    name = f"data/{key}.yml" if lang == FACTS else f"{CITY}/data/{key}.yml"
    found = find_fact_file(workspace(), database(), name)
    if found is None:
        raise NotFound
    return DataFile(default_language(), found)


def find_page(lang: str, key: str) -> PageFile:
    """Return the file that an address names; the address is looked up, never made into a path.

    :raises NotFound: if there is no such language, page or draft of a new page.
    """
    language = next((row for row in load_languages() if row.code == lang), None)
    if language is None:
        raise NotFound
    page = workspace().site().content.pages.get(key)
    path = f"{lang}/{key}.md"
    if page and page.exists_in(language):
        path = shown_translation(workspace().docs, page, language).removeprefix("docs/")
    draft = find_draft(database(), path) if len(path) <= 300 and path.isprintable() else None
    if page is None and draft is None and len(key) <= 200 and key.isprintable():  # a new page of the municipality
        own = f"{CITY_PAGES}/{lang}/{key}.md"
        draft = find_draft(database(), own)
        path = own if draft else path
    is_broken = page is None and draft is None and key in page_files(workspace().docs, lang)
    if is_broken:  # a page whose header cannot be read is in no list of pages; here it can be mended
        path = file_name(workspace().docs, lang, key)
        draft = find_draft(database(), path)
    if (page is None or not page.exists_in(language)) and draft is None and not is_broken:
        raise NotFound
    return PageFile(language, key, path, page, workspace().published(path) if page or is_broken else None, draft)


def may_edit(file_language: str) -> bool:
    """Return whether the account may change the pages of a language."""
    return bool(g.account.has_role(EDIT, f"{TRANSLATE}:{file_language}"))


def page_view(view: Any) -> Callable[..., BaseResponse]:
    """Pass the file that the path names to a view."""

    @functools.wraps(view)
    def wrapped(lang: str, key: str) -> BaseResponse:
        result: BaseResponse = view(find_page(lang, key))
        return result

    return wrapped


def file_view(view: Any) -> Callable[..., BaseResponse]:
    """Pass the page or the other file that the path names to a view."""

    @functools.wraps(view)
    def wrapped(lang: str, key: str) -> BaseResponse:
        result: BaseResponse = view(find_file(lang, key))
        return result

    return wrapped


def file_editor_view(view: Any) -> Callable[..., BaseResponse]:
    """Pass the page or the other file that the path names to a view, if the account may change its language."""

    @functools.wraps(view)
    def wrapped(lang: str, key: str) -> BaseResponse:
        found = find_file(lang, key)
        result: BaseResponse = view(found) if may_edit(found.language.code) else render_forbidden()
        return result

    return wrapped


def editor_view(view: Any) -> Callable[..., BaseResponse]:
    """Pass the file that the path names to a view, if the account may change its language."""

    @functools.wraps(view)
    def wrapped(lang: str, key: str) -> BaseResponse:
        found = find_page(lang, key)
        result: BaseResponse = view(found) if may_edit(lang) else render_forbidden()
        return result

    return wrapped
