"""The real page with the draft in it: a button behind each paragraph, and the form in the paragraph's place."""

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from flask import g
from msgspec import Struct
from msgspec.structs import replace
from werkzeug.wrappers import Response as BaseResponse

from core import project
from core.clock import utc_now
from core.findings import RenderError
from core.gettext import gettext as _
from core.text.text_files import page_text
from editing import drafts
from editing.paragraphs.reading import Paragraph, list_paragraphs, read_file_text
from editing.paths import PICTURE
from editing.upstream import find_upstream
from editing.views.blueprint import (
    PageFile,
    find_page,
    may_edit,
    workspace,
)
from editing.views.labels import kind_label, page_state_label
from editing.views.page.checking import CheckResult, check_text
from editing.views.page.conflicts import rebase
from editing.views.page.session import session_seconds
from editing.views.page.signs import insert_signs, replace_signs
from editorial.content.local_version import marked_version
from editorial.content.markup.shortcodes import render_fact
from editorial.content.place_names import fill_place_names, load_place_names
from editorial.content.published_files import UPLOADS
from editorial.translations.segments import FIELDS, HEADER_SECTION
from form_handler.current import database
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import private_response, render, render_part, staff_root

LABEL_CHARS = 60


class OpenForm(Struct, frozen=True):
    """The form of one paragraph as it is shown.

    :ivar words: the content of the field: the paragraph, or the typed text.
    :ivar before: the paragraph as it was when the form was opened.
    :ivar error: why it was not stored.
    :ivar checked: whether findings and effects of the typed text are shown.
    """

    place: Paragraph
    words: str
    digest: str
    before: str
    spelling: bool = False
    error: str = ""
    checked: bool = False


def render_page(
    file: PageFile, opened: OpenForm | None = None, status: int = 200, shown: CheckResult | None = None
) -> BaseResponse:
    """Return the page as readers will see it, with the bar of the editor, the buttons and the open form."""
    conflict = rebase(file)
    if conflict is not None:
        return conflict
    file = find_page(file.language.code, file.key)
    raw = file.raw
    shown = shown or (check_text(file, raw) if raw is not None else CheckResult([], []))
    html = render_html(file, opened, shown)
    values = bar_values(file, opened, shown)
    if html is None:  # the draft cannot be rendered: its paragraphs as a list, so that it can be corrected
        places = list_paragraphs(read_file_text(raw)) if raw else []
        return render("pages/outline", status=status, title=values["heading"], places=[place for place in places if place.words],
                      label=button_label, button=lambda place: render_button(file, place), **values,
                      form=render_form(file, opened, shown) if opened else "", open_place=opened.place.id if opened else "")  # fmt: skip
    bar = render_part(
        "pages/bar",
        **values,
        form=render_form(file, opened, shown) if opened and opened.place.section == HEADER_SECTION else "",
    )
    html = html.replace("<!-- kim:main -->", f"<!-- kim:main -->{bar}", 1)
    html = html.replace("</head>", render_part("pages/head") + "</head>", 1)
    return private_response(html.replace('<body class="kim', '<body class="kim kim-editing', 1), status)


def render_html(file: PageFile, opened: OpenForm | None, shown: CheckResult) -> str | None:
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
            page.texts[file.language.code], plain, load_place_names(workspace().docs), file.language.code
        )
        marked = replace(page, texts={**page.texts, file.language.code: text})
        pages = {**site.content.pages, page.key: marked}
        site = replace(site, content=replace(site.content, pages=pages), links={})
    try:
        html = workspace().render(site, file.language, file.key)
    except RenderError:
        return None
    found = {place.id: place for place in list_paragraphs(read_file_text(raw))} if raw else {}

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


def anchor(identity: str) -> str:
    """Return the id of a paragraph's button."""
    return f"absatz-{identity}"


def button_label(place: Paragraph) -> str:
    """Return the beginning of a paragraph, for its button."""
    words = " ".join((place.segment.text or place.words).split())
    return words if len(words) <= LABEL_CHARS else words[: LABEL_CHARS - 1].rsplit(" ", 1)[0] + " …"


def render_button(file: PageFile, place: Paragraph, findings: int = 0) -> str:
    """Return the link that opens the form of a paragraph."""
    return render_part("pages/button", address=file.address, place=place, words=button_label(place), anchor=anchor(place.id), findings=findings,
                       content_language=file.language).strip()  # fmt: skip


def render_form(file: PageFile, opened: OpenForm, shown: CheckResult) -> str:
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


def bar_values(file: PageFile, opened: OpenForm | None, shown: CheckResult) -> dict[str, Any]:
    """Return the values of the bar above the page."""
    raw, now = file.raw, utc_now()
    places = list_paragraphs(read_file_text(raw)) if raw else []
    state = workspace().site().states.get((file.key, file.language.code))
    title = next(
        (place.words for place in places if place.kind == "title"),
        file.page.text(file.language).nav_title if file.page else file.key,
    )
    forms = load_place_names(workspace().docs)
    return {
        "file": file, "heading": fill_place_names(title, forms, file.language.code), "filled": lambda words: fill_place_names(words, forms, file.language.code), "shown": shown, "anchor": anchor, "kind_label": kind_label,
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
