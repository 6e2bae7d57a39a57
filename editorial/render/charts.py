"""The published results of the survey as charts with tables."""

from __future__ import annotations

import functools

import jinja2

from core import gettext
from core.formatting import format_long_date, format_month
from core.languages import Language
from core.project import ROOT
from editorial.content.data.survey_results import Publication, survey_charts
from editorial.content.pages import Page
from editorial.content.place_names import PlaceNames
from editorial.content.structure import SURVEY_CSV

TEMPLATE = "partials/survey-results.html"


@functools.cache
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "overrides"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    env.install_gettext_callables(gettext.gettext, gettext.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return env


def render_survey_results(
    publication: Publication | None, language: Language, place: PlaceNames, page: Page | None = None
) -> str:
    """Return the results as HTML in the current language; before the first publication, an invitation.

    :param page: the page that shows them; the table is beside it.
    """
    template = _environment().get_template(TEMPLATE)
    if publication is None:
        return template.render(charts=())
    return template.render(
        charts=survey_charts(publication, language),
        answers=publication.answers,
        quotations=publication.quotations,
        first=format_month(publication.first_answer, language),
        last=format_month(publication.last_answer, language),
        published=format_long_date(publication.published_on, language),
        download=f"{page.url(language) if page else language.root}{SURVEY_CSV}",
        place=place.form(language.code, "from") or place.form(language.code, "name") or "",
        rtl=language.dir == "rtl",
    )
