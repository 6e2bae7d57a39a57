"""The blueprint of the editor, and the shared functions of its views: permissions, and the file that an address names."""

import functools
from collections.abc import Callable
from typing import Any

from flask import current_app, g
from msgspec import Struct
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core import project
from core.clock import utc_now
from core.languages import Language, default_language, load_languages
from core.overlay import CITY, CITY_PAGES
from editing.drafts import Draft, Edit, change_draft, find_draft
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
# The part of a fact file's address in place of a language: a shared one, one of the municipality.
FACTS, OWN_FACTS = "angaben", "eigene-angaben"
# The fields of a form that are stored through a log-in; largest body of a paragraph's form, in bytes.
SAVED_FIELDS = ("place", "digest", "before", "words", "spelling", "choice")
# The part of the address of the interface's words in place of a language.
WORDS = "woerter"
MAX_FORM_BYTES = 3 * 200 * 1024


def workspace() -> Workspace:
    """Return the loaded site."""
    found: Workspace = current_app.extensions["kim_workspace"]
    return found


class EditedFile(Struct, frozen=True):
    """A file that an address names, with the draft of it.

    :ivar key: of a page; of the facts their kind; of the interface's words :data:`WORDS`.
    :ivar path: the file below ``docs/``, or from the top of the project; see :mod:`editing.paths`.
    :ivar published: the published text; None if nothing is.
    :ivar page: the published page; None for a page that is only a draft, and for other files.
    """

    language: Language
    key: str
    path: str
    published: str | None
    draft: Draft | None
    page: Page | None = None

    @property
    def raw(self) -> str | None:
        """Return the file with the draft in it, or None if there is none."""
        return self.draft.text if self.draft else self.published


class PageFile(EditedFile, frozen=True):
    """One page in one language."""

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


class WordsFile(EditedFile, frozen=True):
    """The catalog of the interface's words of a language."""

    @property
    def catalog(self) -> str:
        """Return the catalog with the draft in it."""
        return self.raw or self.published or ""

    @property
    def address(self) -> str:
        """Return the address of the list of its sentences."""
        return f"{staff_root()}uebersetzen/woerter/{self.language.code}/"

    def action(self, name: str) -> str:
        """Return the address of something that is done with the file."""
        return f"{staff_root()}seiten/{name}/{WORDS}/{self.language.code}/"


class DataFile(EditedFile, frozen=True):
    """A file of facts."""

    @property
    def address(self) -> str:
        """Return the address of the list of its entries."""
        return f"{staff_root()}seiten/angaben/{self.key}/"

    def action(self, name: str) -> str:
        """Return the address of something that is done with the file."""
        return f"{staff_root()}seiten/{name}/{data_code(self.path)}/{self.key}/"


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
    path = catalog_name(workspace().docs, lang)
    return WordsFile(language, WORDS, path, text, find_draft(database(), path))


AnyFile = PageFile | WordsFile | DataFile


def data_code(path: str) -> str:
    """Return the part of a fact file's address in place of a language."""
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
    return DataFile(default_language(), found.kind, found.path, found.published, found.draft)


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
    if is_broken:  # a page whose header cannot be read is in no list of pages; here it can be corrected
        path = file_name(workspace().docs, lang, key)
        draft = find_draft(database(), path)
    if (page is None or not page.exists_in(language)) and draft is None and not is_broken:
        raise NotFound
    return PageFile(language, key, path, workspace().published(path) if page or is_broken else None, draft, page)


def may_edit(file_language: str) -> bool:
    """Return whether the account may change the pages of a language."""
    return bool(g.account.has_role(EDIT, f"{TRANSLATE}:{file_language}"))


def change_file(file: AnyFile | FactFile, edit: Edit) -> Draft | None:
    """Change the draft of a file in the name of the account; see :func:`editing.drafts.change_draft`."""
    return change_draft(database(), file.path, file.published, edit, g.account.name, utc_now())


def _pass_file(find: Callable[[str, str], AnyFile], writes: bool) -> Callable[[Any], Callable[..., BaseResponse]]:
    """Return a decorator that passes the file of the path to a view; to one that writes, if the account may change its language."""

    def decorate(view: Any) -> Callable[..., BaseResponse]:
        @functools.wraps(view)
        def wrapped(lang: str, key: str) -> BaseResponse:
            found = find(lang, key)
            if writes and not may_edit(found.language.code):
                return render_forbidden()
            result: BaseResponse = view(found)
            return result

        return wrapped

    return decorate


# For views of pages alone, and for those of pages, facts and the interface's words.
page_view, editor_view = _pass_file(find_page, writes=False), _pass_file(find_page, writes=True)
file_view, file_editor_view = _pass_file(find_file, writes=False), _pass_file(find_file, writes=True)
