"""Parts of pages that are made from data: survey results, privacy notice, result of the accessibility test."""

import functools
from typing import Any

import jinja2

from core import gettext
from core.formatting import format_long_date, format_month
from core.languages import Language
from core.project import ROOT
from editorial.content.data.accessibility import AccessibilityRun
from editorial.content.data.survey_results import Publication, survey_charts
from editorial.content.pages import Page
from editorial.content.place_names import FROM, PlaceNames
from editorial.content.structure import SURVEY_CSV
from form_handler.forms import offered_forms


@functools.cache
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "overrides"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    env.install_gettext_callables(gettext.gettext, gettext.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return env


def _render(name: str, **values: Any) -> str:
    return _environment().get_template(f"partials/{name}.html").render(values)


def render_survey_results(
    publication: Publication | None, language: Language, place: PlaceNames, page: Page | None = None
) -> str:
    """Return the results as HTML in the current language; before the first publication, an invitation.

    :param page: the page that shows them; the table is beside it.
    """
    if publication is None:
        return _render("survey-results", charts=())
    return _render(
        "survey-results",
        charts=survey_charts(publication, language),
        answers=publication.answers,
        quotations=publication.quotations,
        first=format_month(publication.first_answer, language),
        last=format_month(publication.last_answer, language),
        published=format_long_date(publication.published_on, language),
        download=f"{page.url(language) if page else language.root}{SURVEY_CSV}",
        place=place.form(language.code, FROM) or "",
        rtl=language.dir == "rtl",
    )


def render_privacy_notice() -> str:
    """Return, for each form, its questions, their purpose, the legal basis, and the retention (Art. 13 GDPR), as HTML."""
    return _render("privacy-notice", definitions=offered_forms())


def render_accessibility_run(run: AccessibilityRun | None, language: Language) -> str:
    """Return the statement's paragraph on the tests (Decision (EU) 2018/1523, annex: how the statement was prepared).

    :param run: the last full run; None if there was none yet.
    """
    return _render("accessibility-run", run=run, date=format_long_date(run.date, language) if run else "")
