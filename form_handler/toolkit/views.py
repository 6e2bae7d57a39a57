"""Views of the toolkit: the recommendations as a page, and those on a receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, g, request

from core.gettext import gettext as _
from core.languages import Language
from form_handler import responses
from form_handler.current import page_layouts, settings
from form_handler.layout import replace_region, set_title
from form_handler.toolkit import recommend
from form_handler.toolkit.recommend import DATA_PATH, RESULT_PATH, TOOLKIT_PATH

TEMPLATE = "partials/kim/chooser.html"
COMPANY_SIZES = {"1-9": "small", "10-49": "small", "50-249": "medium", "250+": "large"}
OFFER_KINDS = {"internship": "internship", "entry_qualification": "training", "training": "training", "job": "job"}


class ToolkitError(Exception):
    """The built site has no measures; the message says what to do."""


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
        labels=recommend.choice_labels(),
        answers=answers,
        action=action,
        data_url=language.root + DATA_PATH,
    )
    page = replace_region(page_layouts().form_page(language, TOOLKIT_PATH), "chooser", region)
    response = responses.html_response(set_title(page, title=_("What fits your case")), 200)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def share_url(action: str, answers: Mapping[str, Sequence[str]]) -> str:
    """Return the address that holds these answers."""
    query = urlencode([(question, key) for question in recommend.QUESTIONS for key in answers.get(question, ())])
    return f"{action}?{query}" if query else action


def chooser_answers(form: str, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the chooser's answers that follow from a form's answers; empty for forms without any."""
    found: dict[str, list[str]] = {}
    if form == "participation":
        found["want"] = [OFFER_KINDS[way] for way in answers.get("ways") or () if way in OFFER_KINDS]
    elif form == "survey":
        done = [key for key in answers.get("done") or () if key in OFFER_KINDS]
        heavy = [
            (-int(value), key)
            for key, _words in recommend.choice_labels()["obstacle"]
            if (value := str(answers.get(f"obstacle_{key}") or "0")) in {"1", "2"}
        ]
        found["want"] = done if len(done) == 1 else []
        found["obstacle"] = [key for _weight, key in sorted(heavy, key=lambda row: row[0])][:3]
    else:
        return {}
    found["size"] = [COMPANY_SIZES[size] for size in [answers.get("employees")] if size in COMPANY_SIZES]
    return recommend.parse_answers(found)


def recommendations_for_receipt(language: Language, answers: Mapping[str, Sequence[str]]) -> str:
    """Return the recommendations on a receipt; empty if nothing is known or the measures cannot be loaded."""
    if not any(answers.values()):
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
        more_url=share_url(language.root + RESULT_PATH, answers),
    )
