"""The published results of the survey: loading, the data of the charts, and the table to download."""

import csv
import io
import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from core.findings import Finding
from core.gettext import gettext as _
from core.languages import Language, default_language
from core.text import yaml
from core.text.values import Date, Month
from editorial.content.pages import Content, Page
from editorial.content.schema import StrictStruct, validate
from form_handler.forms import FORMS
from form_handler.toolkit.recommend import RESULT_PATH

RESULTS = re.compile(r"\{\{\s*survey\.results\s*\}\}")
RESULTS_PATH = "city/data/survey.yml"


class Quotation(StrictStruct, frozen=True, kw_only=True):
    """A sentence of a company that may be published; the company only with its consent."""

    text: str
    language: str
    field: str
    company: str | None = None


class Publication(StrictStruct, frozen=True, kw_only=True):
    """One publication: counts by question and choice; missing ones are hidden on purpose.

    :ivar bases: of how many companies each count is, where that is not ``answers``.
    """

    published_on: Date
    answers: int
    first_answer: Month
    last_answer: Month
    tables: dict[str, dict[str, int]]
    bases: dict[str, dict[str, int]] = {}
    quotations: list[Quotation] = []


class ChartBar(Struct, frozen=True):
    """One bar.

    :ivar count: how many companies gave the answer; None if that is not shown.
    :ivar base: of how many companies that is.
    :ivar link: where its label leads, or None.
    """

    label: str
    count: int | None
    base: int
    link: str | None = None


class SurveyChart(Struct, frozen=True):
    """One chart: its heading and its bars."""

    key: str
    title: str
    bars: list[ChartBar]

    @property
    def is_linked(self) -> bool:
        """Return whether a bar leads somewhere."""
        return any(bar.link for bar in self.bars)


def results_page(content: Content) -> Page | None:
    """Return the page that shows the results, wherever a municipality has put it; None if no page does."""
    german = default_language().code
    return next((page for page in content.pages.values() if RESULTS.search(page.texts[german].body)), None)


def load_survey(path: Path) -> Publication | Finding | None:
    """Return the latest publication, None before the first, or the error of the file."""
    if not path.exists():
        return None
    try:
        data, node = yaml.load_file(path)
    except yaml.YAMLError as error:
        return unreadable_finding(*yaml.explain_error(error))
    except OSError as error:
        return unreadable_finding(0, str(error.strerror))
    if not isinstance(data, dict | None):
        return unreadable_finding(1, "die Zeile current: fehlt")
    current = (data or {}).get("current")
    read = validate(Publication, current) if current else None
    if not isinstance(read, list):
        return read
    return unreadable_finding(
        yaml.line_of(node, ("current", *read[0].path)), f"{read[0].dotted_path}: {read[0].message}"
    )


def unreadable_finding(line: int, why: str) -> Finding:
    """Return the finding for results that cannot be read."""
    return Finding(RESULTS_PATH, line, f"Die Ergebnisse der Umfrage sind nicht lesbar ({why}).",
                   "Schreiben Sie sie neu mit: kim survey publish", code="data")  # fmt: skip


def survey_charts(published: Publication, language: Language) -> list[SurveyChart]:
    """Return the charts: what worked, what hindered, what helped, what is wanted, would they do it again."""
    survey = FORMS["survey"]
    form, tables = survey.form_class(), published.tables

    def make_bar(label: str, name: str, key: str, link: str | None = None) -> ChartBar:
        base = published.bases.get(name, {}).get(key, published.answers)
        return ChartBar(label, tables.get(name, {}).get(key), base, link)

    def ticked(name: str) -> list[ChartBar]:
        return [make_bar(label, f"{name}:{key}", "yes") for key, label in survey.choices(name)]

    def levels(prefix: str, level: str, link: bool) -> list[ChartBar]:
        return [
            make_bar(
                str(form[name].label.text),
                name,
                level,
                f"{language.root}{RESULT_PATH}?obstacle={name.removeprefix(prefix)}" if link else None,
            )
            for name in survey.field_names()
            if name.startswith(prefix)
        ]

    again = [make_bar(label, "again", key) for key, label in survey.choices("again")]
    return [
        SurveyChart("done", str(form["done"].label.text), ticked("done")),
        SurveyChart("worked", str(form["worked"].label.text), ticked("worked")),
        SurveyChart("heavy", _("What was very difficult?"), levels("obstacle_", "2", True)),
        SurveyChart("small", _("What was a little difficult?"), levels("obstacle_", "1", True)),
        SurveyChart("helped", _("What support helped a lot?"), levels("support_", "2", False)),
        SurveyChart("wanted", str(form["wanted"].label.text), ticked("wanted")),
        SurveyChart("again", str(form["again"].label.text), again),
    ]


def results_csv(published: Publication, language: Language) -> str:
    """Return all shown numbers as CSV (RFC 4180, UTF-8 with mark); hidden ones are empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_("Question"), _("Answer"), _("Companies"), _("Of how many companies")])
    for chart in survey_charts(published, language):
        for bar in chart.bars:
            known = bar.count is not None
            writer.writerow([chart.title, bar.label, bar.count if known else "", bar.base if known else ""])
    return "\ufeff" + out.getvalue()


def check_survey_results(path: Path) -> list[Finding]:
    """Return the errors of the results file."""
    found: Any = load_survey(path)
    return [found] if isinstance(found, Finding) else []
