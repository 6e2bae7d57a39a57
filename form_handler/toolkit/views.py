"""Views of the toolkit: the recommendations as a page, and those on a receipt."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, request
from werkzeug.datastructures import MultiDict
from wtforms import Form

from core.gettext import gettext as _
from core.languages import Language
from form_handler import responses
from form_handler.current import page_layouts, settings
from form_handler.forms import FormDefinition, offered_forms
from form_handler.forms.participation import PARTICIPATION
from form_handler.layout import replace_region, set_title
from form_handler.toolkit import recommend
from form_handler.toolkit.recommend import DATA_PATH, RESULT_PATH, TOOLKIT_PATH

TEMPLATE = "partials/kim/chooser.html"
# Parameters of the links from the result to the pages of the measures and to the form.
CARRIED = ("want", "size")
RESULT_ANCHOR = "#choose-result"
COMPANY_SIZES = {"1-9": "small", "10-49": "small", "50-249": "medium", "250+": "large"}
# The other way round; "up to 49" is two bands, so it fills in none.
EMPLOYEE_BANDS = {"medium": "50-249", "large": "250+"}
PARTICIPATION_WAYS = ("internship", "training", "job")
OFFER_KINDS = {"internship": "internship", "entry_qualification": "training", "training": "training", "job": "job"}


class ToolkitError(Exception):
    """The built site has no measures; the message names the remedy."""


def load_toolkit(site_dir: Path, language: Language) -> dict[str, Any]:
    """Return rules, measures and words of a language, as the build wrote them.

    :raises ToolkitError: if the file is missing or no JSON.
    """
    path = site_dir / language.root.strip("/") / DATA_PATH
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ToolkitError(f"{path} is missing or broken. Build the site first: make build") from error
    return found


def recommendations() -> Response:
    """Return the list that fits the answers in the address; it can be shared and printed, and holds nothing personal."""
    language: Language = g.language
    data = load_toolkit(settings().site_dir, language)
    answers = recommend.parse_answers({name: request.args.getlist(name) for name in recommend.QUESTIONS})
    action = language.root + RESULT_PATH
    region = responses.render_macro(
        "result_and_form",
        TEMPLATE,
        results=recommend.recommend(data, answers),
        data=data,
        share_url=share_url(action, answers),
        take_part_url=share_url(language.root + PARTICIPATION.slug, answers, CARRIED)
        if PARTICIPATION in offered_forms()
        else None,
        carried=share_url("", answers, CARRIED),
        labels=recommend.choice_labels(),
        answers=answers,
        action=action + RESULT_ANCHOR,
        data_url=language.root + DATA_PATH,
    )
    page = replace_region(page_layouts().form_page(language, TOOLKIT_PATH), "chooser", region)
    response = responses.html_response(set_title(page, title=_("What fits your situation")), 200)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def share_url(action: str, answers: Mapping[str, Sequence[str]], questions: Sequence[str] = recommend.QUESTIONS) -> str:
    """Return the address that holds the answers to some questions, by default all."""
    query = urlencode([(question, key) for question in questions for key in answers.get(question, ())])
    return f"{action}?{query}" if query else action


def chooser_answers(form: str, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the chooser's answers that follow from a form's answers; empty for forms without any.

    Past experience is not an offer, so the survey has no answer for ``want``.
    """
    found: dict[str, list[str]] = {}
    if form == "participation":
        found["want"] = [OFFER_KINDS[way] for way in answers.get("ways") or () if way in OFFER_KINDS]
    elif form == "survey":
        heavy = [
            (-int(value), key)
            for key, _words in recommend.choice_labels()["obstacle"]
            if (value := str(answers.get(f"obstacle_{key}") or "0")) in {"1", "2"}
        ]
        found["obstacle"] = [key for _weight, key in sorted(heavy, key=lambda row: row[0])][:3]
    else:
        return {}
    found["size"] = [COMPANY_SIZES[size] for size in [answers.get("employees")] if size in COMPANY_SIZES]
    return recommend.parse_answers(found)


def prefilled_form(language: Language, definition: FormDefinition, given: MultiDict[str, str]) -> Form:
    """Return a form with the values of a link: its own choices, and in the participation form those of the chooser.

    The chooser's ``want`` and ``size`` become ways to take part and number of employees; ``measure`` names the measure of
    the page with the link.
    """
    if definition.key != "participation":
        return definition.prefilled(given, responses.is_built_page)
    found = given.copy()
    found.setlist(
        "ways", [*given.getlist("ways"), *(key for key in given.getlist("want") if key in PARTICIPATION_WAYS)]
    )
    found.setdefault("employees", EMPLOYEE_BANDS.get(given.get("size", ""), ""))
    form = definition.prefilled(found, responses.is_built_page)
    try:
        measures = load_toolkit(settings().site_dir, language)["measures"] if given.get("measure") else {}
    except ToolkitError as error:
        current_app.logger.error("%s", error)
        return form
    if (measure := measures.get(given.get("measure", ""))) is not None:
        form["message"].data = _("It is about: %(measure)s", measure=measure["title"])
    return form


def recommendations_for_receipt(language: Language, answers: Mapping[str, Sequence[str]]) -> str:
    """Return the recommendations on a receipt; empty if nothing is known or the measures cannot be loaded."""
    if not any(answers.values()) or not recommend.is_offered():
        return ""
    try:
        data = load_toolkit(settings().site_dir, language)
    except ToolkitError as error:
        current_app.logger.error("%s", error)
        return ""
    results = recommend.recommend(data, answers)
    return responses.render_macro(
        "recommendations",
        TEMPLATE,
        results=results,
        data=data,
        carried=share_url("", answers, CARRIED),
        more_url=share_url(language.root + RESULT_PATH, answers),
    )
