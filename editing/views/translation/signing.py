"""Who has reviewed a translated page: the name in its header."""

from flask import g, redirect, session
from werkzeug.wrappers import Response as BaseResponse

from core.clock import local_day, utc_now
from core.gettext import gettext as _
from editing import drafts
from editing.drafts import ChangedMeanwhileError
from editing.paragraphs.reading import EditError, digest
from editing.translation.rows import (
    count_open,
)
from editing.views.blueprint import WRITERS, PageFile, change_file, find_page, translating, workspace
from editing.views.translation.rendering import render_sheet
from editing.views.translation.sheet import read_sheet, translator_view
from editing.workspace import parse_draft
from editorial.content.place_names import load_place_names
from editorial.translations.units import review_lines, set_review
from form_handler.current import settings
from form_handler.staff.layout import flash

MAX_NAME_CHARS = 90


@translating.route("/pruefung/<lang>/<path:key>/", methods=["POST"], role=WRITERS, saved_fields=("reviewer", "seen", "read"),
                   describe=lambda lang, key: _("Sign a page: %(page)s (%(language)s)", page=key, language=lang))  # fmt: skip
@translator_view
def sign(file: PageFile) -> BaseResponse:
    """Write into the header of the draft who has reviewed the page, or take that out again."""
    name = " ".join(g.form.get("reviewer", "").split())[:MAX_NAME_CHARS]
    withdraw = g.form.get("action") == "withdraw"
    sheet = read_sheet(file)
    if file.raw is None or any(count_open(sheet.rows)):
        return render_sheet(
            sheet, status=422, sign_error=_("The page cannot be signed yet: paragraphs are missing or outdated.")
        )
    if not withdraw and not name:
        return render_sheet(sheet, status=422, sign_error=_("Enter your name as it is to stand on the page."))
    if not withdraw and g.form.get("read") != "1":
        return render_sheet(sheet, status=422, sign_error=_("Confirm that you have read the whole page."))
    today = local_day(utc_now(), settings().time_zone)

    def edit(raw: str | None) -> drafts.Change:
        if raw is None or digest(raw) != g.form.get("seen"):
            raise ChangedMeanwhileError
        made = set_review(raw, None if withdraw else name, today)
        found = parse_draft(file.language.code, file.path, made, load_place_names(workspace().docs))
        if isinstance(found, list):
            raise EditError(" ".join(f"{one.message} {one.hint}" for one in found[:3]))
        return drafts.Change(made, "_head", review_lines(raw).strip(), review_lines(made).strip())

    try:
        change_file(file, edit)
    except ChangedMeanwhileError:
        words = _("The page has changed while it was open. Look at it once more, then sign it.")
        return render_sheet(read_sheet(find_page(file.language.code, file.key)), status=409, sign_error=words)
    except EditError as error:
        return render_sheet(sheet, status=422, sign_error=str(error))
    if not withdraw:
        session["reviewer"] = name
    flash(
        _("Your name is taken out again.")
        if withdraw
        else _("Signed in the draft. Readers see it once the page is published.")
    )
    return redirect(f"{file.translation_address}#pruefung", 303)
