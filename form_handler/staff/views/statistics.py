"""Charts of submissions and of the survey, and the counting of its answers."""

from typing import Any

from flask import g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.gettext import gettext as _
from form_handler.current import database, settings
from form_handler.search_misses import MIN_VISITORS, RETENTION_DAYS, list_misses
from form_handler.staff.auth.roles import INBOX
from form_handler.staff.blueprint import staff
from form_handler.staff.inbox import queries
from form_handler.staff.inbox.filters import filter_query, parse_filter
from form_handler.staff.labels import counting_label, decision_error
from form_handler.staff.layout import render, staff_root
from form_handler.staff.reports.charts import submission_charts, survey_charts, survey_texts
from form_handler.staff.reports.statistics import (
    answer_time_charts,
    count_charts,
    measure_chart,
    page_feedback,
    wanted_chart,
)
from form_handler.staff.views.inbox import render_inbox
from form_handler.survey.answers import DecisionError, count_states, decide, list_answers
from form_handler.survey.disclosure import MIN_BATCH_SIZE
from form_handler.toolkit.views import ToolkitError, load_toolkit

DECISIONS: dict[str, bool | None] = {"counts": True, "excluded": False, "undecided": None}


@staff.route("/zahlen/", role=INBOX)
def statistics() -> BaseResponse:
    """Show charts of the filtered submissions, each with its table, and searches without a hit."""
    asked = parse_filter(request.args)
    if asked.errors:
        return render_inbox(asked)
    found = queries.all_submissions(database(), asked.filter)
    query = filter_query(asked.filter)
    zone = settings().time_zone
    charts = [
        *submission_charts(found, utc_now(), zone), *count_charts(found), *answer_time_charts(found, zone),
        wanted_chart(found), measure_chart(found, toolkit_data()),
    ]  # fmt: skip
    misses, rare = list_misses(database(), utc_now())
    return render(
        "charts",
        title=_("Numbers"),
        charts=charts,
        feedback=page_feedback(found),
        total=len(found),
        query=query,
        misses=misses,
        rare=rare,
        least=MIN_VISITORS,
        days=RETENTION_DAYS,
    )


def toolkit_data() -> dict[str, Any] | None:
    """Return rules and measures of the built site, or None if it has none."""
    try:
        return load_toolkit(settings().site_dir, g.language)
    except ToolkitError:
        return None


@staff.route("/umfrage/", role=INBOX)
def survey() -> BaseResponse:
    """Show all counts and texts of the experience survey."""
    found = queries.all_submissions(database(), queries.SubmissionFilter(form="survey"))
    return render("survey", title=_("Survey"), charts=survey_charts(found), texts=survey_texts(found), total=len(found))


@staff.route("/umfrage/zaehlung/", methods=["GET", "POST"], role=INBOX)
def decide_answers() -> BaseResponse:
    """Show every answer with its state, the undecided first, and store a decision."""
    problem = ""
    if request.method == "POST":
        decision = g.form.get("decision", "")
        if decision not in DECISIONS:
            raise NotFound
        reference = g.form.get("reference", "")
        if _may_change(reference, g.form.get("before", "")):
            try:
                decide(database(), reference, DECISIONS[decision], g.account.name, utc_now())
                return redirect(f"{staff_root()}umfrage/zaehlung/", 303)
            except DecisionError as error:
                problem = _("This decision is not possible: %(why)s", why=decision_error(error.kind))
        else:
            problem = _("Somebody else has decided on this answer meanwhile. Look at it again.")
    found = list_answers(database())
    found.sort(key=lambda one: one.state != "undecided")
    return render(
        "counting", status=409 if problem else 200, title=_("Which answers count"), answers=found, error=problem,
        states=count_states(found), batch=MIN_BATCH_SIZE, counting_label=counting_label,
    )  # fmt: skip


def _may_change(reference: str, before: str) -> bool:
    """Return whether the answer is still in the state that the page showed."""
    return any(one.submission.reference == reference and one.state == before for one in list_answers(database()))
