"""The survey's results on the site: charts with a table beside each, drawn from what was published."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from core import yaml
from core.findings import Finding
from core.formatting import format_long_date, format_month
from core.gettext import gettext as _
from core.gettext import ngettext
from core.languages import Language
from core.values import Date, Month
from editorial.content.schema import StrictStruct, validate
from editorial.content.structure import SURVEY, SURVEY_CSV
from form_handler.toolkit.recommend import RESULT_PATH

RESULTS_PATH = "docs/data/survey.yml"


class Quotation(StrictStruct, frozen=True, kw_only=True):
    """A sentence of a company that may be published; the company only where it wished to be named."""

    text: str
    language: str
    field: str
    company: str | None = None


class Publication(StrictStruct, frozen=True, kw_only=True):
    """One publication: counts by question and choice; what is missing is hidden on purpose.

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


class Chart(Struct, frozen=True):
    """One chart: its heading and its bars."""

    key: str
    title: str
    bars: list[ChartBar]


def load_survey(path: Path) -> Publication | Finding | None:
    """Return the latest publication, None before the first, or what is wrong with the file."""
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


def render_survey_results(published: Publication | None, language: Language) -> str:
    """Return the results as HTML in the current language; before the first publication, an invitation."""
    if published is None:
        return str(
            Markup("<p>{}</p>").format(
                _(
                    "The survey has begun. There are no results yet: we show them once at least twenty companies have answered."
                )
            )
        )
    lead = ngettext("%(num)s company has answered", "%(num)s companies have answered", published.answers)
    parts = [
        Markup("<p><strong>{}</strong> ({} – {}). {}</p>").format(
            lead,
            format_month(published.first_answer, language),
            format_month(published.last_answer, language),
            _("Published on %(date)s.", date=format_long_date(published.published_on, language)),
        ),
        Markup("<p>{}</p>").format(
            _(
                "We show a number only if at least six companies gave this answer and at least six did not. "
                "So nobody can find out what one company answered. Otherwise you read: too few answers."
            )
        ),
    ]
    drawn = [
        render_chart(chart, published.answers, language.dir == "rtl") for chart in survey_charts(published, language)
    ]
    download = Markup('<p><a href="{}" download>{}</a></p>').format(
        f"{language.root}{SURVEY}/{SURVEY_CSV}", _("All numbers as a table (CSV)")
    )
    return str(Markup("").join([*parts, *drawn, render_quotations(published), download]))


def survey_charts(published: Publication, language: Language) -> list[Chart]:
    """Return the charts: what worked, what hindered, what helped, what is wanted, would they do it again."""
    from form_handler.forms import FORMS  # late: most builds of one page draw no results

    survey = FORMS["survey"]
    form, tables = survey.form_class(), published.tables

    def bar(label: str, name: str, key: str, link: str | None = None) -> ChartBar:
        base = published.bases.get(name, {}).get(key, published.answers)
        return ChartBar(label, tables.get(name, {}).get(key), base, link)

    def ticked(name: str) -> list[ChartBar]:
        return [bar(label, f"{name}:{key}", "yes") for key, label in survey.choices(name)]

    def levels(prefix: str, level: str, link: bool) -> list[ChartBar]:
        return [
            bar(
                str(form[name].label.text),
                name,
                level,
                f"{language.root}{RESULT_PATH}?obstacle={name.removeprefix(prefix)}" if link else None,
            )
            for name in survey.field_names()
            if name.startswith(prefix)
        ]

    again = [bar(label, "again", key) for key, label in survey.choices("again")]
    return [
        Chart("done", str(form["done"].label.text), ticked("done")),
        Chart("worked", str(form["worked"].label.text), ticked("worked")),
        Chart("heavy", _("What was a big obstacle?"), levels("obstacle_", "2", True)),
        Chart("small", _("What was a small obstacle?"), levels("obstacle_", "1", True)),
        Chart("helped", _("Which support helped a lot?"), levels("support_", "2", False)),
        Chart("wanted", str(form["wanted"].label.text), ticked("wanted")),
        Chart("again", str(form["again"].label.text), again),
    ]


def render_bar(row: int, label: str, count: str | None, width: float, rtl: bool) -> Markup:
    """Return label, bar and number of one row, 46 units high in a picture 320 wide; mirrored for right to left."""
    begin, bar, number = (320.0, 320 - width, 314 - width) if rtl else (0.0, 0.0, 6 + width)
    return Markup(
        '<text class="kim-bar__label" x="{:.1f}" y="{}">{}</text><rect class="kim-bar" x="{:.1f}" y="{}" width="{:.1f}" height="14"/>'
        '<text class="kim-bar__number" x="{:.1f}" y="{}">{}</text>'
    ).format(
        begin, 46 * row + 14, label, bar, 46 * row + 21, width, number, 46 * row + 33, "–" if count is None else count
    )


def format_count(bar: ChartBar, answers: int) -> str:
    """Return a bar's number in words of the current language; with its base where not all companies are counted in it."""
    if bar.count is None:
        return _("too few answers")
    if bar.base == answers:
        return str(bar.count)
    return _("%(count)s of %(base)s", count=bar.count, base=bar.base)


def render_chart(chart: Chart, answers: int, rtl: bool) -> Markup:
    """Return a chart as SVG (for eyes only) with its table, which says the same in words and links each obstacle."""
    height = 46 * len(chart.bars)
    bars = Markup("").join(
        render_bar(
            row,
            bar.label,
            None if bar.count is None else format_count(bar, answers),
            240 * (bar.count or 0) / (bar.base or 1),
            rtl,
        )
        for row, bar in enumerate(chart.bars)
    )
    rows = Markup("").join(
        Markup("<tr><th scope='row'>{}</th><td>{}</td></tr>").format(
            Markup('<a href="{}">{}</a>').format(bar.link, bar.label) if bar.link else bar.label,
            format_count(bar, answers),
        )
        for bar in chart.bars
    )
    linked = any(bar.link for bar in chart.bars)
    return Markup(
        '<section class="kim-chart" aria-labelledby="survey-{key}"><h3 id="survey-{key}">{title}</h3>{hint}'
        '<svg class="kim-chart__bars" viewBox="0 0 320 {height}" width="320" height="{height}" direction="{direction}" aria-hidden="true" focusable="false">{bars}</svg>'
        "<table><caption class='kim-visually-hidden'>{title}</caption><thead><tr><th scope='col'>{what}</th><th scope='col'>{how_many}</th></tr></thead>"
        "<tbody>{rows}</tbody></table></section>"
    ).format(
        key=chart.key, title=chart.title, height=height, bars=bars, rows=rows, what=_("Answer"), how_many=_("Companies"), direction="rtl" if rtl else "ltr",
        hint=Markup("<p>{}</p>").format(_("Each obstacle leads to the measures that answer it.")) if linked else "",
    )  # fmt: skip


def render_quotations(published: Publication) -> Markup:
    """Return the sentences that companies let us publish."""
    if not published.quotations:
        return Markup("")
    quoted = Markup("").join(
        Markup('<blockquote lang="{}" dir="auto"><p>{}</p><footer>{}</footer></blockquote>').format(
            one.language, one.text, one.company or _("A company from Bottrop")
        )
        for one in published.quotations
    )
    return Markup('<section class="kim-quotes"><h3 id="survey-quotes">{}</h3>{}</section>').format(
        _("What companies told us"), quoted
    )


def results_csv(published: Publication, language: Language) -> str:
    """Return all shown numbers as CSV (RFC 4180, UTF-8 with mark); hidden ones are empty."""
    import csv  # late: one page of the site offers it

    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_("Question"), _("Answer"), _("Companies"), _("Of how many companies")])
    for chart in survey_charts(published, language):
        for bar in chart.bars:
            known = bar.count is not None
            writer.writerow([chart.title, bar.label, bar.count if known else "", bar.base if known else ""])
    return "\ufeff" + out.getvalue()


def check_survey_results(path: Path) -> list[Finding]:
    """Return what is wrong with the results file."""
    found: Any = load_survey(path)
    return [found] if isinstance(found, Finding) else []
