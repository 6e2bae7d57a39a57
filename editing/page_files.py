"""Creating and removing pages: a new one of each kind as a draft, and the removal of one with its translations and a redirect."""

import datetime
from collections.abc import Mapping

from core import project
from core.languages import default_language, load_languages
from core.overlay import CITY, CITY_PAGES, city_dir, is_local, shown_path
from editing import drafts
from editing.forms.facts import change_entry, load_files
from editing.forms.header import change_header, header_data
from editing.paragraphs.reading import EditError
from editing.paths import file_name
from editing.workspace import Workspace
from editorial.content import structure
from editorial.content.pages import Page, page_files
from editorial.content.structure import HOME
from editorial.scaffold.page import KINDS, ScaffoldError, draft_page
from form_handler.forms import FORMS
from form_handler.storage.database import Database

MAX_KEY_CHARS = 200


def page_sections(workspace: Workspace) -> list[str]:
    """Return the sections that can hold a page, the top as an empty name first."""
    return sorted({key.rpartition("/")[0] for key in workspace.site().content.pages} | {""})


def new_page_name(workspace: Workspace, key: str) -> str:
    """Return the name of the file of a new page: in the municipality's folder where it has one."""
    code = default_language().code
    return f"{CITY_PAGES}/{code}/{key}.md" if city_dir(workspace.docs).is_dir() else f"{code}/{key}.md"


def create_page(
    workspace: Workspace, database: Database, kind: str, title: str, section: str, actor: str, now: datetime.datetime, today: datetime.date
) -> str:  # fmt: skip
    """Begin the draft of a new page, for a company with its entry in the list of companies; return its key.

    :raises EditError: if the title cannot be one, the section does not exist, or the address is taken.
    """
    if kind not in KINDS or section not in page_sections(workspace):
        raise EditError("Wählen Sie Art und Bereich der Seite.")
    try:
        key, text = draft_page(kind, title, section, workspace.site().content, today)
    except ScaffoldError as error:
        raise EditError(str(error)) from error
    path = new_page_name(workspace, key)
    if drafts.find_draft(database, path) is not None:
        raise EditError(f"Eine neue Seite {key} gibt es schon als Entwurf. Nehmen Sie einen anderen Titel.")
    if kind == "company":
        list_company(workspace, database, key, " ".join(title.split()), actor, now, today)
    drafts.change_draft(database, path, None, lambda raw: drafts.Change(raw or text, "", "", text), actor, now)
    return key


def list_company(
    workspace: Workspace, database: Database, page: str, name: str, actor: str, now: datetime.datetime, today: datetime.date
) -> None:  # fmt: skip
    """Write a company with its page into the draft of the list of companies."""
    file = load_files(workspace, database, "companies")[-1]
    key = page.rpartition("/")[2]

    def edit(raw: str | None) -> drafts.Change:
        known = file.entries().get(key)
        if isinstance(known, dict) and known.get("page"):
            raise EditError(f"In der Liste der Betriebe gibt es schon einen Eintrag {key} mit einer Seite.")
        row = {"name": name, "role": "wird ergänzt", "consent": "unknown", "source": ["own"], "as_of": f"{today:%Y-%m}", "confirmed": False,
               "confirm": "schriftliche Zustimmung und Angaben – Betrieb"}  # fmt: skip
        made = change_entry(raw or "", "companies", key, {**(known if isinstance(known, dict) else row), "page": page})
        return drafts.Change(made, key, "", name)

    drafts.change_draft(database, file.path, file.published, edit, actor, now)


def why_needed(page: Page) -> str:
    """Return why a page cannot be removed; empty if it can."""
    fixed = {value for value in vars(structure).values() if isinstance(value, str)} | {
        *structure.NAVIGATION,
        *structure.OFFLINE_PAGES,
    }
    if page.key in fixed or page.key.rpartition("/")[2] == HOME:
        return "Diese Seite gehört zum Gerüst der Website: Andere Seiten und die Navigation brauchen sie."
    if page.front_matter.form in FORMS:
        return "Auf dieser Seite steht ein Formular; sie lässt sich nicht entfernen."
    if not (project.keeps_shared_pages() or page.texts[default_language().code].file.startswith(f"{CITY}/")):
        return f"Diese Seite teilen sich alle Gemeinden. Soll es sie hier nicht geben, tragen Sie „{page.key}“ in city/city.yml unter without: ein."
    return ""


def linking_pages(workspace: Workspace, key: str) -> list[Page]:
    """Return the pages whose text links to a page."""
    import posixpath

    found = []
    for page in workspace.site().content.pages.values():
        folder = posixpath.dirname(page.key)
        if page.key != key and f"]({posixpath.relpath(key, folder or '.')}.md" in next(iter(page.texts.values())).body:
            found.append(page)
    return found


def remove_page(
    workspace: Workspace, database: Database, page: Page, target: str, actor: str, now: datetime.datetime
) -> None:
    """Begin the drafts that remove a page with its translations, and lead its address to another page.

    :param target: the key of that page; empty for none.
    :raises EditError: if the page is needed, or there is no such target.
    """
    if why := why_needed(page):
        raise EditError(why)
    content = workspace.site().content
    if target and (target not in content.pages or target == page.key):
        raise EditError("Die Seite, auf die die alte Adresse führen soll, gibt es nicht.")
    names = {
        row.code: shown_path(workspace.docs, files[page.key]).removeprefix("docs/")
        for row in load_languages() if page.key in (files := page_files(workspace.docs, row.code))
        and (project.keeps_shared_pages() or is_local(workspace.docs, files[page.key]))
    }  # fmt: skip
    if target:
        lead_to(workspace, database, content.pages[target], [page.key, *page.front_matter.redirect_from], actor, now)
    for path in names.values():
        published = workspace.published(path)
        drafts.change_draft(database, path, published, lambda raw: drafts.Change(None, "", raw or "", ""), actor, now)


def lead_to(
    workspace: Workspace, database: Database, page: Page, old: list[str], actor: str, now: datetime.datetime
) -> None:
    """Write earlier addresses into the header of a page."""
    code = default_language().code
    path = file_name(workspace.docs, code, page.key)

    def edit(raw: str | None) -> drafts.Change:
        if raw is None:
            raise EditError("Die Seite, auf die die alte Adresse führen soll, wird selbst entfernt.")
        data: Mapping[str, object] = header_data(raw)
        known = data.get("redirect_from")
        rows = [str(one) for one in known] if isinstance(known, list) else []
        made = change_header(raw, {**data, "redirect_from": list(dict.fromkeys([*rows, *old]))})
        return drafts.Change(made, "_head", ", ".join(rows), ", ".join(old), True)

    drafts.change_draft(database, path, workspace.published(path), edit, actor, now)
