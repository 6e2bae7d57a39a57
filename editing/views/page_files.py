"""A new page, the removal of one, and the link by which somebody without an account looks at a draft."""

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.findings import RenderError
from core.gettext import gettext as _
from core.languages import default_language, load_languages
from editing import drafts
from editing.page_files import create_page, linking_pages, page_sections, remove_page, why_needed
from editing.paragraphs.reading import EditError
from editing.paths import split_name
from editing.views.blueprint import PageFile, change_file, editor_view, pages, workspace
from editorial.scaffold.page import FOLDERS, KINDS
from form_handler.current import database, settings
from form_handler.staff.auth.roles import EDIT, PUBLIC
from form_handler.staff.layout import flash, private_response, render, render_part, staff_root
from form_handler.tokens import sign, verify


def page_kind_label(kind: str) -> str:
    """Return a kind of new pages in words."""
    return {
        "page": _("Page of text"), "offer": _("Offer (below “Angebote”, with its headings)"),
        "measure": _("Measure of the toolkit (with its headings)"), "company": _("Company (with its entry in the list of companies)"),
    }[kind]  # fmt: skip


@pages.route(
    "/neu/",
    methods=["GET", "POST"],
    role=EDIT,
    saved_fields=("title", "kind", "section"),
    describe=lambda: _("New page"),
)
def new_page() -> BaseResponse:
    """Ask for kind, title and section of a new page, and begin its draft."""
    form, error = g.form if request.method == "POST" else request.args, ""
    kind, title, section = (form.get(name, "")[:200] for name in ("kind", "title", "section"))
    if request.method == "POST":
        today = local_day(utc_now(), settings().time_zone)
        try:
            key = create_page(workspace(), database(), kind, title, section, g.account.name, utc_now(), today)
            flash(_("The page begins as a draft. Write its texts; it is public once you publish it."))
            return redirect(f"{staff_root()}seiten/{default_language().code}/{key}/", 303)
        except EditError as refused:
            error = str(refused)
    return render(
        "pages/new_page", status=422 if error else 200, title=_("New page"), error=error, kinds=[(one, page_kind_label(one)) for one in ("page", *(k for k in KINDS if k != "page"))],
        kind=kind or "page", page_title=title, section=section, sections=page_sections(workspace()), folders=FOLDERS,
    )  # fmt: skip


@pages.route("/entfernen/<lang>/<path:key>/", methods=["GET", "POST"], role=EDIT)
@editor_view
def remove(file: PageFile) -> BaseResponse:
    """Remove a page with its translations, or one translation, in the draft; an old address may redirect to another page."""
    if file.page is None or not file.page.is_translated(file.language):
        raise NotFound
    is_german, target, error = file.language.default, g.form.get("target", ""), ""
    if request.method == "POST" and g.form.get("sure") == "yes":
        try:
            if is_german:
                remove_page(workspace(), database(), file.page, target, g.account.name, utc_now())
            else:
                change_file(file, lambda raw: drafts.Change(None, "", raw or "", ""))
            return redirect(file.action("veroeffentlichen"), 303)
        except EditError as refused:
            error = str(refused)
    content = workspace().site().content
    titles = [
        (key, one.texts[default_language().code].nav_title) for key, one in content.pages.items() if key != file.key
    ]
    return render(
        "pages/page_remove", status=422 if error else 200, title=_("Remove: %(words)s", words=file.page.text(file.language).nav_title), file=file, error=error,
        needed=why_needed(file.page) if is_german else "", is_german=is_german, target=target, targets=sorted(titles, key=lambda row: row[1].casefold()),
        linking=[(f"{staff_root()}seiten/{default_language().code}/{one.key}/", one.texts[default_language().code].nav_title) for one in linking_pages(workspace(), file.key)] if is_german else [],
        languages=[row for row in workspace().site().languages if not row.default and file.page.is_translated(row)],
    )  # fmt: skip


# How long the link to a draft opens it, in seconds: a week.
PREVIEW_SECONDS = 7 * 24 * 3600


def preview_token(path: str, version: int) -> str:
    """Return the signed name of one version of a draft."""
    return sign(settings().secret_keys, "draft-preview", [path, version])


@pages.route("/vorschau/<token>/", role=PUBLIC)
def preview(token: str) -> BaseResponse:
    """Show one version of a draft to everybody who has its link, for a week; nothing can be changed there."""
    signed = verify(settings().secret_keys, "draft-preview", token, PREVIEW_SECONDS)
    if signed is None:
        raise NotFound
    path, version = signed
    draft = drafts.find_draft(database(), path)
    code, key = split_name(path)
    language = next((row for row in load_languages() if row.code == code), None)
    if draft is None or draft.version != version or draft.text is None or language is None:
        return render("pages/preview_gone", status=410, title=_("This draft has changed"))
    site = workspace().with_draft(code, key, draft.text)
    if isinstance(site, list):
        return render("pages/preview_gone", status=410, title=_("This draft has changed"))
    try:
        html = workspace().render(site, language, key)
    except RenderError:
        return render("pages/preview_gone", status=410, title=_("This draft has changed"))
    note = render_part("pages/preview_note", draft=draft)
    html = html.replace("<!-- kim:main -->", f"<!-- kim:main -->{note}", 1)
    return private_response(html.replace("</head>", render_part("pages/preview_head") + "</head>", 1))
