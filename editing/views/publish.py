"""Publishing: changed words, findings and effects; now, at a time, or after a review; history and reversal."""

import datetime
import re

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.findings import errors
from core.gettext import gettext as _
from editing import drafts
from editing.companions import find_companions
from editing.differences import Difference, compare_files
from editing.forms.facts import read_entries
from editing.paragraphs.reading import EditError, read_file_text
from editing.publication import store
from editing.publication.git import GitError
from editing.publication.history import list_versions, read_version
from editing.publication.store import NotApprovedError
from editing.translation.rows import build_rows
from editing.translation.sources import accepted_places
from editing.translation.words import compare_catalogs
from editing.views.blueprint import (
    READERS,
    WRITERS,
    AnyFile,
    DataFile,
    WordsFile,
    address_of,
    change_file,
    file_editor_view,
    file_view,
    may_edit,
    pages,
    workspace,
)
from editing.views.labels import facts_label, kind_label, publication_label
from editing.views.page.checking import CheckResult, check_text
from editing.views.page.conflicts import rebase
from editing.views.page_files import preview_token
from editing.views.translation.sheet import read_pair
from form_handler.current import database, settings
from form_handler.staff.auth.roles import PUBLISH
from form_handler.staff.blueprint import render_forbidden
from form_handler.staff.layout import render, staff_root

MAX_NOTE_CHARS = 2000
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)


@pages.route("/veroeffentlichen/<lang>/<path:key>/", methods=["GET", "POST"], role=READERS, max_body=32 * 1024,
             saved_fields=("action", "version", "at", "note"), describe=lambda lang, key: _("Publish: %(page)s (%(language)s)", page=key, language=lang))  # fmt: skip
@file_view
def publish_page(file: AnyFile) -> BaseResponse:
    """Show the changes that would be published, and publish them."""
    if file.draft is None:
        return redirect(file.address, 303)
    if (conflict := rebase(file)) is not None:
        return conflict
    if request.method != "POST":
        return render_publish(file)
    action = g.form.get("action", "")
    if g.form.get("version") != str(file.draft.version):
        return render_publish(
            file, _("Somebody has changed the draft while this page was open. Look at it once more."), 409
        )
    if action in ("now", "at"):
        return publish(file, file.draft, action)
    if action == "ask" and may_edit(file.language.code):
        drafts.ask_for_review(database(), file.path, file.draft.version, g.account.name)
        return redirect(file.action("veroeffentlichen"), 303)
    if action in ("approve", "object"):
        note = g.form.get("note", "").replace("\r\n", "\n").strip()[:MAX_NOTE_CHARS]
        if action == "object" and not note:
            return render_publish(file, _("Say what should be different."), 422)
        for one in find_companions(database(), file.draft) if action == "approve" else ():
            drafts.add_review(database(), one, g.account.name, True, note, utc_now())
        if not drafts.add_review(database(), file.draft, g.account.name, action == "approve", note, utc_now()):
            return render_publish(
                file, _("Somebody has changed the draft while this page was open. Look at it once more."), 409
            )
        return redirect(file.action("veroeffentlichen"), 303)
    return render_forbidden() if action == "ask" else render_publish(file)


def title_of(file: AnyFile) -> str:
    """Return the heading of the page on which a file is published."""
    if isinstance(file, DataFile):
        return _("Publish: %(page)s", page=facts_label(file.key))
    return _("Publish: %(page)s (%(language)s)", page=file.key, language=file.language.name)


def publish(file: AnyFile, draft: drafts.Draft, action: str) -> BaseResponse:
    """Put a draft into the queue, for now or for a time."""
    if not g.account.has_role(PUBLISH):
        return render_forbidden()
    now = utc_now()
    due = now if action == "now" else parse_time(g.form.get("at", ""))
    if due is None or due < now - datetime.timedelta(minutes=1):
        return render_publish(file, _("Choose a day and a time that are still to come."), 422)
    if draft.text is not None and errors(finding for finding, _place in check_text(file, draft.text).findings):
        return render_publish(
            file, _("The page has errors, so it is not published. The findings say how to mend them."), 422
        )
    if untranslated(file):
        return render_publish(file, _("Paragraphs of this page still hold German words, so it is not published. Translate them, or say that they stay as in German."), 422)  # fmt: skip
    try:
        together = [draft, *find_companions(database(), draft)]
        number = store.queue_drafts(database(), together, g.account.name, due, now, settings().four_eyes)
    except NotApprovedError:
        return render_publish(file, _("Somebody who has not written this version must approve it first."), 422)
    return redirect(f"{staff_root()}seiten/veroeffentlichungen/#{number}", 303)


def differences_of(file: AnyFile, before: str | None, after: str | None) -> list[Difference]:
    """Return the differences between two texts of a file."""
    return (
        compare_catalogs(before or "", after or "")
        if isinstance(file, WordsFile)
        else compare_files(file.path, before, after)
    )


def untranslated(file: AnyFile) -> int:
    """Return how many paragraphs of a translation hold the German words because nobody has translated them yet."""
    if (
        isinstance(file, WordsFile | DataFile)
        or file.language.default
        or file.page is None
        or file.raw is None
        or not file.page.exists_in(file.language)
    ):
        return 0
    return sum(row.need == "new" and bool(row.own_place) for row in build_rows(read_pair(file, file.raw)))


def preview_address(file: AnyFile, draft: drafts.Draft) -> str:
    """Return the link by which somebody without an account sees this version of a page; empty where there is none."""
    if isinstance(file, DataFile | WordsFile) or draft.text is None:
        return ""
    return f"{settings().public_url.rstrip('/')}/eingang/seiten/vorschau/{preview_token(draft.path, draft.version)}/"


def parse_time(text: str) -> datetime.datetime | None:
    """Return the moment of a local day and time of the office, as a browser's field gives it."""
    try:
        moment = datetime.datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=settings().time_zone).astimezone(datetime.UTC) if moment else None


def render_publish(file: AnyFile, error: str = "", status: int = 200) -> BaseResponse:
    """Show the page on which a draft is published."""
    draft = file.draft
    assert draft is not None
    shown = check_text(file, draft.text) if draft.text is not None else CheckResult([], [])
    waiting = [one for one in store.open_publications(database()) if any(row.draft_id == draft.id for row in one.files)]
    return render(
        "pages/publish", status=status, title=title_of(file), file=file, error=error,
        differences=differences_of(file, file.published, draft.text), shown=shown, wrong=[one for one, _place in shown.findings if one.level == "error"],
        preview=preview_address(file, draft),
        together=[(one.path, address_of(one.path), one.text is None) for one in find_companions(database(), draft)],
        kind_label=kind_label, reviews=drafts.list_reviews(database(), draft.id), authors=sorted(drafts.authors(database(), draft.id)),
        is_author=g.account.name in drafts.authors(database(), draft.id), approved=drafts.is_approved(database(), draft),
        four_eyes=settings().four_eyes, may_publish=g.account.has_role(PUBLISH), may_edit=may_edit(file.language.code), waiting=waiting,
        untranslated=untranslated(file), accepted=accepted_places(database(), draft), note=g.form.get("note", ""), at=g.form.get("at", ""), time_zone=settings().time_zone.key,
    )  # fmt: skip


# --- all publications -------------------------------------------------------------------------------------------------


@pages.route("/veroeffentlichungen/", role=READERS)
def publications() -> BaseResponse:
    """Show waiting, published and refused publications."""
    found = store.list_publications(database())
    undone = {one.undoes for one in found if one.undoes and one.state != "refused"}
    return render("pages/publications", title=_("Publications"), found=found, undone=undone, label=publication_label, address_of=address_of,
                  may_publish=g.account.has_role(PUBLISH))  # fmt: skip


@pages.route("/zurueckziehen/<number>/", methods=["POST"], role=PUBLISH)
def withdraw(number: str) -> BaseResponse:
    """Take a publication out of the queue."""
    store.withdraw(database(), number, utc_now())
    return redirect(f"{staff_root()}seiten/veroeffentlichungen/", 303)


@pages.route("/rueckgaengig/<number>/", methods=["GET", "POST"], role=PUBLISH)
def undo(number: str) -> BaseResponse:
    """Reverse a publication, after showing the changes."""
    one = store.find_publication(database(), number)
    if one is None or one.state not in ("committed", "done"):
        raise NotFound
    if request.method == "POST":
        store.queue_undo(database(), one, g.account.name, utc_now())
        return redirect(f"{staff_root()}seiten/veroeffentlichungen/", 303)
    files = [
        (file.path, compare_files(file.path, file.after, file.before)) for file in one.files if address_of(file.path)
    ]
    return render("pages/undo", title=_("Take a publication back"), one=one, files=files, kind_label=kind_label)


# --- history of one page ----------------------------------------------------------------------------------------------


@pages.route("/verlauf/<lang>/<path:key>/", role=READERS)
@file_view
def history(file: AnyFile) -> BaseResponse:
    """Show the earlier texts of a page; with ``?stand=`` the differences between one and the current text."""
    wanted, error = request.args.get("stand", "")[:64], ""
    found, differences, text = [], None, None
    try:
        found = list_versions(database(), workspace().docs, file.path)
        text = read_version(database(), workspace().docs, file.path, wanted) if wanted else None
    except GitError:
        error = _("The history cannot be read just now. Ask whoever runs the server.")
    if wanted and text is None and not error:
        raise NotFound
    if text is not None:
        differences = differences_of(file, text, file.raw)
    return render("pages/history", status=503 if error else 200, title=_("History: %(page)s (%(language)s)", page=file.key, language=file.language.name),
                  file=file, versions=found, wanted=wanted, differences=differences, error=error, kind_label=kind_label,
                  may_edit=may_edit(file.language.code))  # fmt: skip


@pages.route("/zurueckholen/<lang>/<path:key>/", methods=["POST"], role=WRITERS)
@file_editor_view
def restore(file: AnyFile) -> BaseResponse:
    """Make an earlier text of a page a draft; nothing is published by it."""
    try:
        text = read_version(database(), workspace().docs, file.path, g.form.get("stand", "")[:64])
    except GitError:
        text = None
    if text is None:
        raise NotFound
    try:
        read_entries(text) if isinstance(file, DataFile) else read_file_text(text)
    except EditError as error:
        raise NotFound from error
    change_file(file, lambda raw: drafts.Change(text, "", raw or "", text))
    return redirect(file.address, 303)
