"""The header of a page as a typed form; one that cannot be read is shown as text with its error."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.findings import Finding
from core.gettext import gettext as _
from core.project import all_language_codes
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.forms.facts import Problem, entry_title
from editing.forms.fields import Field, field_names, list_fields
from editing.forms.header import change_header, header_data, header_lines, header_text, replace_header
from editing.paragraphs.reading import EditError, digest
from editing.views.blueprint import MAX_FORM_BYTES, WRITERS, PageFile, change_file, editor_view, pages, workspace
from editing.views.data_form import DataForm, group_fields
from editing.views.page.checking import check_text
from editorial.content.front_matter import PageFrontMatter, TranslationFrontMatter, split_front_matter
from editorial.content.local_version import FIELD as SHARED_VERSION
from form_handler.forms import FORMS
from form_handler.staff.layout import flash, render

WORDS = ("title", "nav_title", "description")
# Fields that most pages need; all others are folded.
COMMON = (*WORDS, "contact", "topics", "audience", "law", "links", "source", "as_of", "review_by", "confirmed", "confirm", "confirmed_by", "confirmed_on")  # fmt: skip


def saved_names() -> tuple[str, ...]:
    """Return the fields that are stored through a log-in."""
    return (
        *sorted(field_names(PageFrontMatter, sorted(all_language_codes()))),
        "digest",
        "before",
        "clashes",
        "action",
        "words",
    )


def describe_header(lang: str, key: str, **_values: str) -> str:
    """Return the action of the form, for the list of unsent forms."""
    return _("Header: %(page)s (%(language)s)", page=key, language=lang)


@pages.route("/kopf/<lang>/<path:key>/", methods=["GET", "POST"], role=WRITERS, max_body=MAX_FORM_BYTES, saved_fields=saved_names(), describe=describe_header)  # fmt: skip
@editor_view
def edit_header(file: PageFile) -> BaseResponse:
    """Show the header of a page as a form, and store it in the draft."""
    if file.raw is None:
        raise NotFound
    if isinstance(split_front_matter(file.raw, ""), Finding):
        return edit_as_text(file)
    form = HeaderForm(file)
    return form.store() if request.method == "POST" else form.show()


class HeaderForm(DataForm):
    """The form of a header: of a German page all fields, of a translation its words."""

    drop_empty = True

    def __init__(self, file: PageFile) -> None:
        self.file, self.raw = file, file.raw or ""
        self.data, self.text = header_data(self.raw), header_text(self.raw)

    def fields(self, data: Mapping[str, Any]) -> list[Field]:
        """Return the fields; those that most pages need come first."""
        codes = [row.code for row in workspace().site().languages]
        if not self.file.language.default:
            return list_fields(TranslationFrontMatter, data, {}, codes, WORDS)
        found = [
            one for one in list_fields(PageFrontMatter, data, header_choices(), codes) if one.top != SHARED_VERSION
        ]
        return sorted(found, key=lambda one: COMMON.index(one.top) if one.top in COMMON else len(COMMON))

    def base(self, before: str) -> Mapping[str, Any]:
        """Return the header at the moment when the form was opened."""
        return header_data(f"---\n{before}---\n")

    def check(self, data: Mapping[str, Any]) -> list[Problem]:
        """Return the findings of the header by line."""
        try:
            made = change_header(self.raw, dict(data))
        except EditError as refused:
            return [Problem("", str(refused), "")]
        lines, last = header_lines(made)
        found = []
        for one, _place in check_text(self.file, made).findings:
            if one.line <= last:
                below = [name for name, line in lines.items() if line <= one.line]
                field = (
                    max(below, key=lambda name: lines[name], default="") if one.line > 1 else named_field(one.message)
                )
                found.append(Problem(field, one.message, " ".join(filter(None, (one.reason, one.hint))), one.level))
        return found

    def stops(self, problems: Sequence[Problem], changed: set[str]) -> bool:
        """Return whether a changed field has an error; earlier errors of other fields do not count."""
        return any(one.level == "error" and (not one.field or one.field in changed) for one in problems)

    def save(self, data: Mapping[str, Any]) -> BaseResponse:
        """Store the header in the draft of the page."""
        seen = self.text

        def edit(raw: str | None) -> drafts.Change:
            if raw is None or header_text(raw) != seen:
                raise ChangedMeanwhileError
            made = change_header(raw, dict(data))
            return drafts.Change(made, "_head", seen, header_text(made))

        change_file(self.file, edit)
        flash(_("Stored in the draft. It is public once you publish it."))
        return redirect(self.file.address, 303)

    def show(self, fields: Sequence[Field] | None = None, problems: Sequence[Problem] = (), error: str = "", status: int = 200,
             before: str | None = None, seen: str | None = None, theirs: Mapping[str, str] | None = None) -> BaseResponse:  # fmt: skip
        """Show the form with entered values and errors."""
        if fields is None:
            fields, problems = self.fields(self.data), self.check(self.data)
        placed = {one.top: one.name for one in reversed(fields)}
        known = {placed[one.field]: one for one in reversed(problems) if one.field in placed}
        common = [one for one in fields if one.top in COMMON]
        more = [one for one in fields if one.top not in COMMON]
        return render(
            "pages/header", status=status, title=_("Header: %(page)s (%(language)s)", page=self.file.key, language=self.file.language.name), error=error,
            file=self.file, fields=fields, problems=known, loose=[one for one in problems if one.field not in placed], theirs=theirs or {},
            groups=group_fields(common), more=group_fields(more), more_open=any(one.name in known or one.top in (theirs or {}) for one in more),
            digest=digest(self.text) if seen is None else seen, before=self.text if before is None else before,
        )  # fmt: skip


def named_field(message: str) -> str:
    """Return the field that a message about a missing line names: „review_by“ fehlt."""
    name = message.partition("„")[2].partition("“")[0].partition(".")[0]
    return name if name in PageFrontMatter.__struct_fields__ else ""


def header_choices() -> dict[str, list[tuple[str, str]]]:
    """Return the choices of the fields of a header."""
    site = workspace().site()
    known = site.facts
    none = ("", _("none"))
    return {
        "contact": [none, *((key, one.name) for key, one in known.contacts.items())],
        "law": [(key, f"{one.label}: {one.title}") for key, one in known.laws.items()],
        "links": [(key, f"{one.name}: {one.title}") for key, one in known.links.items()],
        "source": [(key, f"{key}: {one.title}") for key, one in known.sources.items()],
        "phrases": [(key, entry_title({"words": one.words}, key)) for key, one in known.phrases.items()],
        "form": [none, *((key, str(form.title)) for key, form in FORMS.items())],
        "languages": [(row.code, row.name) for row in site.languages],
    }


def edit_as_text(file: PageFile) -> BaseResponse:
    """Show a header that cannot be read as text, with its error; store it once it can be read."""
    raw = file.raw or ""
    text = header_text(raw)
    words, error, status = text, "", 200
    wrong = split_front_matter(raw, file.path)
    if request.method == "POST":
        words, seen = g.form.get("words", "").replace("\r\n", "\n"), g.form.get("digest", "")

        def edit(now: str | None) -> drafts.Change:
            if now is None or digest(header_text(now)) != seen:
                raise ChangedMeanwhileError
            return drafts.Change(replace_header(now, words), "_head", text, words)

        try:
            change_file(file, edit)
            return redirect(file.action("kopf"), 303)
        except EditError as refused:
            error, status = str(refused), 422
        except ChangedMeanwhileError:
            error, status = _("Somebody else has changed this entry meanwhile. Please send it once more."), 409
    elif isinstance(wrong, Finding):
        error = f"{wrong.message} {wrong.hint}"
    return render("pages/header_text", status=status, title=_("Header: %(page)s (%(language)s)", page=file.key, language=file.language.name), file=file,
                  words=words, digest=digest(text), error=error)  # fmt: skip
