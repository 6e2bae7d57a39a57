"""Publishing the survey's results: preview with hidden numbers and reasons; publish, withdraw."""

import json
from pathlib import Path
from typing import Any

from flask import current_app, g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from core.gettext import ngettext
from form_handler.current import database
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.layout import render, staff_root
from form_handler.staff.reports.survey_preview import preview_publication
from form_handler.survey.disclosure import MIN_BATCH_SIZE, THRESHOLD
from form_handler.survey.publication import list_publications, record_publication, withdraw, write_results
from form_handler.survey.results_file import PublicationError

# The maximum number of listed publications.
MAX_LISTED = 20


def results_file() -> Path | None:
    """Return the file of the results that the site is built from; None where no setting names one."""
    found: Path | None = current_app.extensions.get("kim_results_file")
    return found


def write_results_file() -> str:
    """Write the file of the results; return the next step until the site shows them, or nothing."""
    path = results_file()
    if path is None:
        return "elsewhere"
    try:
        write_results(database(), path)
    except OSError as error:  # in production the service may not write the sources of the site
        current_app.logger.info("survey results not written: %s", type(error).__name__)
        return "elsewhere"
    return "written"


@staff.route("/umfrage/veroeffentlichen/", methods=["GET", "POST"], role=INBOX)
def publish_survey() -> BaseResponse:
    """Show the next publication; publish just that, or withdraw the last one."""
    if request.method != "POST":
        return render_preview()
    action = g.form.get("action", "")
    if action == "publish":
        shown = preview_publication(database(), results_file(), utc_now())
        if shown.publication is None or shown.digest != g.form.get("shown", ""):
            return render_preview(_("This has changed while the page was open. Nothing was published. Please look once more."))  # fmt: skip
        try:
            record_publication(database(), results_file(), utc_now(), actor=g.account.name)
        except PublicationError as error:
            return render_preview(str(error))
    elif action == "withdraw" and g.form.get("sure") == "yes":
        withdraw(database(), g.account.name, utc_now())
    elif action != "withdraw":
        raise NotFound
    return redirect(f"{staff_root()}umfrage/veroeffentlichen/?{action}={write_results_file()}", 303)


def render_preview(error: str = "") -> BaseResponse:
    """Render the preview with the publications so far."""
    found = preview_publication(database(), results_file(), utc_now())
    past = list_publications(database())
    current = past[0] if past and past[0].withdrawn_at is None else None
    return render(
        "publish-survey", status=409 if error else 200, title=_("Publish the results"), error=error or found.error,
        preview=found, shown_questions=[one for one in found.questions if not one.is_hidden],
        hidden_questions=[one for one in found.questions if one.is_hidden], done=done_sentences(), threshold=THRESHOLD, batch=MIN_BATCH_SIZE, current=current,
        past=[(row, summary(json.loads(row.content))) for row in past[:MAX_LISTED]],
        quotations=found.publication.content["quotations"] if found.publication else [],
    )  # fmt: skip


def done_sentences() -> list[str]:
    """Return the action of the form before this page."""
    for action, words in (
        ("publish", _("The results are published.")),
        ("withdraw", _("The results are taken back. The counted answers stay counted.")),
    ):
        if where := request.args.get(action):
            later = _("The website shows it after the next build. Where the server may not write the results, whoever runs it first calls: kim survey write")  # fmt: skip
            return [words, _("The website shows it after the next build.") if where == "written" else later]
    return []


def summary(content: dict[str, Any]) -> str:
    """Return how many companies, numbers and quotations a publication has."""
    numbers = sum(len(table) for table in content["tables"].values())
    parts = (
        ngettext("%(num)s company", "%(num)s companies", content["answers"]),
        ngettext("%(num)s number", "%(num)s numbers", numbers),
        ngettext("%(num)s quotation", "%(num)s quotations", len(content.get("quotations", []))),
    )
    return ", ".join(parts)
