"""More than a paragraph: add, remove and move paragraphs, a whole section, the whole page as source; throw a draft away."""

from collections.abc import Callable

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.findings import Finding
from core.gettext import gettext as _
from editing import drafts
from editing.companions import find_companions
from editing.drafts import ChangedMeanwhileError
from editing.paragraphs.arranging import (
    insert_after,
    move_paragraph,
    move_section,
    remove_paragraph,
    replace_section,
    section_source,
)
from editing.paragraphs.reading import EditError, FileText, digest, locate, read_file_text
from editing.paragraphs.replacing import check_words
from editing.paths import PICTURE
from editing.views.blueprint import (
    MAX_FORM_BYTES,
    WRITERS,
    AnyFile,
    PageFile,
    change_file,
    editor_view,
    file_editor_view,
    pages,
)
from editing.views.page.checking import check_text
from editing.views.page.conflicts import render_conflict
from editing.views.page.paragraph import describe_paragraph
from editing.views.page.rendering import OpenForm, anchor, render_page
from editorial.content.front_matter import split_front_matter
from form_handler.current import database
from form_handler.staff.layout import render, staff_root


@pages.route("/aufbau/<lang>/<path:key>/", methods=["POST"], role=WRITERS, max_body=MAX_FORM_BYTES,
             saved_fields=("place", "digest", "words", "action"), describe=describe_paragraph)  # fmt: skip
@editor_view
def change_structure(file: PageFile) -> BaseResponse:
    """Add a paragraph after another one, remove one, or move it by one place."""
    identity, wanted, action = g.form.get("place", ""), g.form.get("digest", ""), g.form.get("action", "")
    words = g.form.get("words", "")

    def edit(raw: str | None) -> drafts.Change:
        text = read_file_text(raw or "")
        place = locate(text, identity, wanted)
        if place is None:
            raise ChangedMeanwhileError
        if action == "add":
            return drafts.Change(insert_after(text, place, words), place.section, "", words)
        if action == "remove":
            return drafts.Change(remove_paragraph(text, place), place.section, place.words, "")
        if action in ("section-up", "section-down"):
            return drafts.Change(move_section(text, place.section, action == "section-up"), place.section, "", "")
        if action in ("up", "down"):
            return drafts.Change(move_paragraph(text, place, action == "up"), place.section, place.words, place.words)
        raise NotFound

    try:
        change_file(file, edit)
    except ChangedMeanwhileError:
        return render_conflict(file, identity, words, "", wanted)
    except EditError as error:
        return refuse(file, identity, wanted, str(error))
    if action == "add":
        drafts.delete_scratch(database(), g.account.id, file.path, f"{identity}+")
    return redirect(f"{file.address}#{anchor(identity)}", 303)


def refuse(file: PageFile, identity: str, wanted: str, error: str) -> BaseResponse:
    """Return the page with the form of a paragraph and the reason why something was not done with it."""
    text: FileText | None = read_file_text(file.raw) if file.raw is not None else None
    place = locate(text, identity, wanted) if text else None
    if place is None:
        raise NotFound
    return render_page(file, OpenForm(place, place.words, wanted, place.words, error=error), 422)


@pages.route("/abschnitt/<lang>/<path:key>/", methods=["GET", "POST"], role=WRITERS, max_body=MAX_FORM_BYTES,
             saved_fields=("section", "digest", "words"), describe=describe_paragraph)  # fmt: skip
@editor_view
def edit_section(file: PageFile) -> BaseResponse:
    """Change a whole section with its heading, or take it away."""
    section = (g.form if request.method == "POST" else request.args).get("section", "")
    found = section_source(read_file_text(file.raw), section) if file.raw is not None else None
    if found is None:
        raise NotFound
    source = found[0]
    return edit_source(file, source, section, lambda text, words: replace_section(text, section, words))


@pages.route("/quelltext/<lang>/<path:key>/", methods=["GET", "POST"], role=WRITERS, max_body=MAX_FORM_BYTES,
             saved_fields=("digest", "words"), describe=describe_paragraph)  # fmt: skip
@editor_view
def edit_markdown(file: PageFile) -> BaseResponse:
    """Change the whole page with its header as Markdown, for those who know it."""
    if file.raw is None:
        raise NotFound

    def replace_all(text: FileText, words: str) -> str:
        plain = words.replace("\r\n", "\n").replace("\r", "\n")
        if not plain.strip():
            raise EditError(_("The page would be empty."))
        for paragraph in plain.split("\n\n"):
            check_words(paragraph)
        head = split_front_matter(plain if plain.endswith("\n") else plain + "\n", file.path)
        if isinstance(head, Finding):
            raise EditError(f"{head.message} {head.hint}")
        mark = "\ufeff" if text.raw.startswith("\ufeff") else ""
        return mark + (plain.rstrip("\n") + "\n").replace("\n", text.newline)

    return edit_source(file, file.raw.removeprefix("\ufeff").replace("\r\n", "\n"), "", replace_all)


def edit_source(file: PageFile, source: str, section: str, make: Callable[[FileText, str], str]) -> BaseResponse:
    """Show a text of several paragraphs in one field, and store it."""
    wanted, words, error, status = digest(source), source, "", 200
    if request.method == "POST":
        words, seen = g.form.get("words", "").replace("\r\n", "\n"), g.form.get("digest", "")

        def edit(raw: str | None) -> drafts.Change:
            text = read_file_text(raw or "")
            found = section_source(text, section) if section else None
            now = found[0] if found else (raw or "").removeprefix("\ufeff").replace("\r\n", "\n")
            if digest(now) != seen:
                raise ChangedMeanwhileError
            return drafts.Change(make(text, words), section, now, words)

        try:
            change_file(file, edit)
            return redirect(file.address, 303)
        except EditError as wrong:
            error, status, wanted = str(wrong), 422, seen
        except ChangedMeanwhileError:
            error, status = _("Somebody else has changed this meanwhile. Your text stands in the field, the text of now below it; bring both together and store again."), 409  # fmt: skip
    shown = check_text(file, file.raw or "")
    return render(
        "pages/source", status=status, title=_("Change a section") if section else _("The page as source"), file=file, section=section,
        words=words, digest=wanted, error=error, theirs=source if status == 409 else None, shown=shown,
    )  # fmt: skip


@pages.route("/verwerfen/<lang>/<path:key>/", methods=["GET", "POST"], role=WRITERS)
@file_editor_view
def discard(file: AnyFile) -> BaseResponse:
    """Delete a draft, after asking."""
    if file.draft is None:
        return redirect(file.address, 303)
    error = ""
    if request.method == "POST" and g.form.get("sure") == "yes":
        companions = find_companions(database(), file.draft)
        if g.form.get("version") == str(file.draft.version) and drafts.discard_draft(
            database(), file.path, file.draft.version
        ):
            for one in [
                one for one in companions if one.text is None or one.path.endswith(PICTURE)
            ]:  # its translations stay as well
                drafts.discard_draft(database(), one.path, one.version)
            return redirect(file.address if file.published is not None else f"{staff_root()}seiten/", 303)
        error = _(
            "Somebody has changed the draft while this page was open. Nothing was thrown away. Please look once more."
        )
    return render("pages/discard", status=409 if error else 200, title=_("Throw the draft away"), file=file, error=error,
                  changes=drafts.list_changes(database(), file.draft.id))  # fmt: skip


@pages.route("/getippt/<lang>/<path:key>/", methods=["POST"], role=WRITERS)
@editor_view
def discard_scratch(file: PageFile) -> BaseResponse:
    """Delete typed text that was not stored."""
    drafts.delete_scratch(database(), g.account.id, file.path, g.form.get("place", "")[:120])
    return redirect(file.address, 303)
