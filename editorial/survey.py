"""The survey's results on the site: charts with a table beside each, drawn from what was published."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from editorial import yaml_files
from editorial.dates import in_months, in_words
from editorial.findings import Finding
from editorial.languages import Language
from editorial.models import Model, read_model
from editorial.values import Date, Month
from editorial.words import gettext as _
from editorial.words import ngettext

FILE = "docs/data/survey.yml"
CSV_NAME = "ergebnisse.csv"
PAGE = "allianz/umfrage"
CHOICE = "arbeitgeber/werkzeugkasten/auswahl/"
NO_ANSWER = "none_given"


class Quotation(Model, frozen=True, kw_only=True):
    """A sentence of a company that may be published; the company only where it wished to be named."""

    text: str
    language: str
    field: str
    company: str | None = None


class Publication(Model, frozen=True, kw_only=True):
    """One publication: counts by question and choice; what is missing is hidden on purpose."""

    published_on: Date
    answers: int
    first_answer: Month
    last_answer: Month
    tables: dict[str, dict[str, int]]
    quotations: list[Quotation] = []


Bar = tuple[str, int | None, str | None]


class Chart(Struct, frozen=True):
    """One chart: its heading, and label, count (None: hidden) and link of each bar."""

    key: str
    title: str
    bars: list[Bar]


def load_survey(path: Path) -> Publication | Finding | None:
    """Return the latest publication, None before the first, or what is wrong with the file."""
    if not path.exists():
        return None
    try:
        data, node = yaml_files.load_file(path)
    except yaml_files.YAMLError as error:
        return unreadable(*yaml_files.explain(error))
    except OSError as error:
        return unreadable(0, str(error.strerror))
    if not isinstance(data, dict | None):
        return unreadable(1, "die Zeile current: fehlt")
    current = (data or {}).get("current")
    read = read_model(Publication, current) if current else None
    if not isinstance(read, list):
        return read
    return unreadable(yaml_files.line_of(node, ("current", *read[0].where)), f"{read[0].place}: {read[0].what}")


def unreadable(line: int, why: str) -> Finding:
    """Return the finding for results that cannot be read."""
    return Finding(FILE, line, f"Die Ergebnisse der Umfrage sind nicht lesbar ({why}).",
                   "Schreiben Sie sie neu mit: kim survey publish", kind="data")  # fmt: skip


def draw_results(published: Publication | None, language: Language) -> str:
    """Return the results as HTML in the current language; before the first publication, an invitation."""
    if published is None:
        return str(
            Markup("<p>{}</p>").format(
                _(
                    "The survey has begun. There are no results yet: we show them once at least five companies have answered."
                )
            )
        )
    lead = ngettext("%(num)s company has answered", "%(num)s companies have answered", published.answers)
    parts = [
        Markup("<p><strong>{}</strong> ({} – {}). {}</p>").format(
            lead,
            in_months(published.first_answer, language),
            in_months(published.last_answer, language),
            _("Published on %(date)s.", date=in_words(published.published_on, language)),
        ),
        Markup("<p>{}</p>").format(
            _(
                "We show a number only if it is about at least five companies. A dash stands for a number that stays hidden."
            )
        ),
    ]
    drawn = [draw_chart(chart, published.answers, language.dir == "rtl") for chart in charts_of(published, language)]
    download = Markup('<p><a href="{}" download>{}</a></p>').format(
        f"{language.root}{PAGE}/{CSV_NAME}", _("All numbers as a table (CSV)")
    )
    return str(Markup("").join([*parts, *drawn, draw_quotations(published), download]))


def charts_of(published: Publication, language: Language) -> list[Chart]:
    """Return the charts: what worked, what hindered, what helped, what is wanted, would they do it again."""
    from form_handler.forms import FORMS  # late: most builds of one page draw no results

    survey = FORMS["survey"]
    form, tables = survey.form_class(), published.tables

    def ticked(name: str) -> list[Bar]:
        return [(label, tables.get(f"{name}:{key}", {}).get("yes"), None) for key, label in survey.choices(name)]

    def levels(prefix: str, level: str, link: bool) -> list[Bar]:
        names = [name for name in survey.field_names() if name.startswith(prefix)]
        return [
            (
                str(form[name].label.text),
                tables.get(name, {}).get(level),
                f"{language.root}{CHOICE}?obstacle={name.removeprefix(prefix)}" if link else None,
            )
            for name in names
        ]

    again: list[Bar] = [(label, tables.get("again", {}).get(key), None) for key, label in survey.choices("again")]
    return [
        Chart("done", str(form["done"].label.text), ticked("done")),
        Chart("worked", str(form["worked"].label.text), ticked("worked")),
        Chart("heavy", _("What was a big obstacle?"), levels("obstacle_", "2", True)),
        Chart("small", _("What was a small obstacle?"), levels("obstacle_", "1", True)),
        Chart("helped", _("Which support helped a lot?"), levels("support_", "2", False)),
        Chart("wanted", str(form["wanted"].label.text), ticked("wanted")),
        Chart("again", str(form["again"].label.text), again),
    ]


def draw_bar(row: int, label: str, count: int | None, width: float, rtl: bool) -> Markup:
    """Return label, bar and number of one row, 46 units high in a picture 320 wide; mirrored for right to left."""
    begin, bar, number = (320.0, 320 - width, 314 - width) if rtl else (0.0, 0.0, 6 + width)
    return Markup(
        '<text class="kim-bar__label" x="{:.1f}" y="{}">{}</text><rect class="kim-bar" x="{:.1f}" y="{}" width="{:.1f}" height="14"/>'
        '<text class="kim-bar__number" x="{:.1f}" y="{}">{}</text>'
    ).format(
        begin, 46 * row + 14, label, bar, 46 * row + 21, width, number, 46 * row + 33, "–" if count is None else count
    )


def draw_chart(chart: Chart, answers: int, rtl: bool) -> Markup:
    """Return a chart as SVG (for eyes only) with its table, which says the same in words and links each obstacle."""
    height = 46 * len(chart.bars)
    bars = Markup("").join(
        draw_bar(row, label, count, 270 * (count or 0) / answers, rtl)
        for row, (label, count, _link) in enumerate(chart.bars)
    )
    rows = Markup("").join(
        Markup("<tr><th scope='row'>{}</th><td>{}</td></tr>").format(
            Markup('<a href="{}">{}</a>').format(link, label) if link else label, "–" if count is None else count
        )
        for label, count, link in chart.bars
    )
    linked = any(link for _label, _count, link in chart.bars)
    return Markup(
        '<section class="kim-chart" aria-labelledby="survey-{key}"><h3 id="survey-{key}">{title}</h3>{hint}'
        '<svg class="kim-chart__bars" viewBox="0 0 320 {height}" width="320" height="{height}" direction="{direction}" aria-hidden="true" focusable="false">{bars}</svg>'
        "<table><caption class='kim-visually-hidden'>{title}</caption><thead><tr><th scope='col'>{what}</th><th scope='col'>{how_many}</th></tr></thead>"
        "<tbody>{rows}</tbody></table></section>"
    ).format(
        key=chart.key, title=chart.title, height=height, bars=bars, rows=rows, what=_("Answer"), how_many=_("Companies"), direction="rtl" if rtl else "ltr",
        hint=Markup("<p>{}</p>").format(_("Each obstacle leads to the measures that answer it.")) if linked else "",
    )  # fmt: skip


def draw_quotations(published: Publication) -> Markup:
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
    writer.writerow([_("Question"), _("Answer"), _("Companies")])
    for chart in charts_of(published, language):
        for label, count, _link in chart.bars:
            writer.writerow([chart.title, label, "" if count is None else count])
    return "\ufeff" + out.getvalue()


def survey_findings(path: Path) -> list[Finding]:
    """Return what is wrong with the results file."""
    found: Any = load_survey(path)
    return [found] if isinstance(found, Finding) else []
