"""The municipality's version of a shared page: the changes of the shared one since, and the decision on them."""

from flask import g, redirect
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from editing import drafts
from editing.differences import compare_files
from editing.drafts import ChangedMeanwhileError
from editing.paragraphs.reading import digest
from editing.paths import file_path
from editing.upstream import Upstream, find_upstream
from editing.views.blueprint import READERS, WRITERS, PageFile, change_file, editor_view, page_view, pages, workspace
from editing.views.labels import kind_label
from editorial.content.local_version import mark_version
from form_handler.staff.layout import flash, render

ACTIONS = ("take", "keep", "drop")


def upstream_of(file: PageFile) -> Upstream:
    """Return the shared page of a version.

    :raises NotFound: if the page is not a version of a shared one.
    """
    found = find_upstream(workspace().docs, file.path, file.raw)
    if found is None:
        raise NotFound
    return found


def is_published_version(file: PageFile) -> bool:
    """Return whether the municipality's version is published, not only a draft."""
    return file_path(workspace().docs, file.path).is_file()


@pages.route("/vorlage/<lang>/<path:key>/", role=READERS)
@page_view
def compare_with_shared(file: PageFile) -> BaseResponse:
    """Show the changes of the shared page, and the differences of the municipality's version."""
    return render_comparison(file)


def render_comparison(file: PageFile, error: str = "", status: int = 200) -> BaseResponse:
    """Return the page that compares a version with the shared page."""
    found, raw = upstream_of(file), file.raw or ""
    since = compare_files(file.path, found.before, found.now) if found.before is not None else None
    conflicts = found.merge_into(raw, file.path).conflicts if found.has_changed and found.before is not None else []
    return render(
        "pages/upstream", status=status, title=_("Shared page: %(page)s (%(language)s)", page=file.key, language=file.language.name), file=file,
        found=found, since=since, own=compare_files(file.path, found.now, raw), conflicts=conflicts, seen=digest(raw), error=error,
        kind_label=kind_label, is_published=is_published_version(file),
    )  # fmt: skip


@pages.route(
    "/vorlage/<lang>/<path:key>/", methods=["POST"], role=WRITERS, saved_fields=("action", "seen"), endpoint="settle"
)
@editor_view
def settle_with_shared(file: PageFile) -> BaseResponse:
    """Take the changes of the shared page into the draft, keep the version as it is, or go back to the shared page."""
    found, action, seen = upstream_of(file), g.form.get("action", ""), g.form.get("seen", "")
    if action not in ACTIONS or (action == "drop" and not is_published_version(file)):
        raise NotFound
    merged = found.merge_into(file.raw or "", file.path) if action == "take" else None

    def edit(raw: str | None) -> drafts.Change:
        if raw is None or digest(raw) != seen:
            raise ChangedMeanwhileError
        if action == "drop":
            return drafts.Change(None, "", raw, "")
        if merged is None:
            return drafts.Change(mark_version(raw, found.current), "_head", "", "")
        choices = [g.form.get(f"_take_{number}", "") for number in range(len(merged.conflicts))]
        return drafts.Change(merged.resolve(choices), "", "", "")

    try:
        change_file(file, edit)
    except ChangedMeanwhileError:
        return render_comparison(file, _("Somebody else has changed the page meanwhile. Please look once more."), 409)
    except ValueError:
        return render_comparison(file, _("Choose a text for each place."), 422)
    flash(_("Stored in the draft. It is public once you publish it."))
    return redirect(file.address if action != "drop" else file.action("veroeffentlichen"), 303)
