"""Two people at one place: both texts are shown, and the editor chooses."""

from flask import g, redirect
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from editing import drafts
from editing.forms.facts import read_entries
from editing.merge import merge
from editing.paragraphs.reading import EditError, digest, find_paragraph, read_file_text
from editing.publication import store
from editing.views.blueprint import (
    WRITERS,
    AnyFile,
    DataFile,
    PageFile,
    file_editor_view,
    pages,
)
from form_handler.current import database
from form_handler.staff.layout import render


def render_conflict(
    file: PageFile, identity: str, words: str, before: str, wanted: str | None, **translation: str | None
) -> BaseResponse:
    """Return both texts; neither is chosen, and the typed one is stored until it is sent or deleted.

    :param translation: values of the page for translating: the current text, its digest, and the address of its form.
    """
    place = find_paragraph(read_file_text(file.raw), identity) if file.raw is not None else None
    drafts.store_scratch(database(), g.account.id, file.path, identity[:120], wanted or "", words, utc_now())
    last = drafts.last_change_of(database(), file.draft.id, identity) if file.draft else None
    values = {
        "theirs": place.words if place else None, "digest": place.digest if place else "", "source": "",
        "action": file.action("absatz"), "back": file.address,
    }  # fmt: skip
    return render(
        "pages/conflict", status=409, title=_("Somebody else was faster"), file=file, identity=identity, words=words, before=before,
        **(values | ({"digest": wanted} | translation if translation else {})), last=last, error=_("The paragraph has changed while you were writing. Nothing of yours was stored yet, and nothing is lost."),
    )  # fmt: skip


def rebase(file: AnyFile) -> BaseResponse | None:
    """Merge a draft with a page that was published meanwhile; return the page to choose on where both changed one place."""
    draft = file.draft
    if draft is None or draft.base_text == file.published:
        return None
    if draft.text is None or draft.base_text is None or file.published is None:
        return None  # removed or new: the publish page names it
    merged = merge(common_text(file, draft), draft.text, file.published, file.path)
    if not merged.conflicts:
        drafts.rebase_draft(database(), file.path, draft.version, file.published, merged.text, utc_now())
        return None
    return render(
        "pages/merge", status=409, title=_("The published page has changed"), file=file, conflicts=merged.conflicts,
        seen=digest(file.published), error=_("The published page was changed at a place that your draft changes as well. Choose for each place; both texts are kept until then."),
    )  # fmt: skip


def common_text(file: AnyFile, draft: drafts.Draft) -> str:
    """Return the text that a draft has in common with the published page.

    It is the text of the draft when it was published last, if the page is unchanged since; else the text that it began with.
    """
    for one in store.publications_of(database(), file.path, 1):
        for known in one.files:
            if known.path == file.path and known.draft_id == draft.id and known.after == file.published:
                return known.text or ""
    return draft.base_text or ""


@pages.route("/zusammenfuehren/<lang>/<path:key>/", methods=["POST"], role=WRITERS, saved_fields=("version", "seen"))
@file_editor_view
def merge_draft(file: AnyFile) -> BaseResponse:
    """Merge a draft with the published page as the editor chose."""
    draft = file.draft
    if draft is None or draft.text is None or draft.base_text is None or file.published is None:
        return redirect(file.address, 303)
    merged = merge(common_text(file, draft), draft.text, file.published, file.path)
    choices = [g.form.get(f"_take_{number}", "") for number in range(len(merged.conflicts))]
    if g.form.get("seen") == digest(file.published) and g.form.get("version") == str(draft.version):
        try:
            text = merged.resolve(choices)
            if isinstance(file, DataFile):
                read_entries(text)
            drafts.rebase_draft(database(), file.path, draft.version, file.published, text, utc_now())
        except (ValueError, EditError):
            pass  # a place without a choice: asked again
    return redirect(file.address, 303)
