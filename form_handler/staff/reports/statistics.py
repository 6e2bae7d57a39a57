"""Figures for the office: how long answers take, which pages help least, and for which measures companies' answers call."""

import datetime
import re
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from core.clock import local_day
from core.folding import fold_text
from core.gettext import current_language_code
from core.gettext import gettext as _
from core.languages import split_language
from form_handler.forms import FORMS
from form_handler.staff.labels import language_label
from form_handler.staff.reports.charts import Chart, percentile
from form_handler.storage.submissions import Submission
from form_handler.toolkit import recommend
from form_handler.toolkit.views import chooser_answers

OPEN_STATES = ("new", "in_work")
MAX_PAGES = 50
# An address on any site, or a path; everything else is a title.
ADDRESS = re.compile(r"(?:https?:)?//\S+|/\S*", re.IGNORECASE)


@dataclass(frozen=True)
class PageFeedback:
    """Readers' answers about a page.

    :ivar page: its path below a language's root, or the title that was typed.
    :ivar answers: number of answers ``yes``, ``partly`` and ``no``.
    :ivar texts: the number of texts about missing information.
    :ivar query: words by which the inbox finds them.
    """

    page: str
    answers: Counter[str]
    texts: int
    query: str

    @property
    def total(self) -> int:
        """Return how many answered."""
        return self.answers.total()

    @property
    def helpfulness(self) -> float:
        """Return how much it helped, from 0 to 1; few answers count less (Laplace's rule of succession)."""
        return (self.answers["yes"] + self.answers["partly"] / 2 + 1) / (self.total + 2)


def answer_days(row: Submission, zone: ZoneInfo) -> int | None:
    """Return the calendar days from receipt to answer, or None if it is not answered."""
    if row.answered_at is None:
        return None
    return max(0, (local_day(row.answered_at, zone) - local_day(row.received_at, zone)).days)


def answer_time_charts(found: Sequence[Submission], zone: ZoneInfo) -> list[Chart]:
    """Return the answer times by form, language and month of receipt: the median as bar, more in the table.

    Counted are the forms whose senders get an answer.
    """
    rows = [row for row in found if row.form in FORMS and FORMS[row.form].answer_within_days is not None]
    forms = [key for key in FORMS if any(row.form == key for row in rows)]
    languages = [code for code, _number in Counter(row.language for row in rows).most_common()]
    months = sorted({_month(row, zone) for row in rows})[-12:]
    return [
        _times("times-form", _("Days until answered, by form"), rows, zone, lambda row: row.form, [(key, str(FORMS[key].title)) for key in forms]),
        _times("times-language", _("Days until answered, by language"), rows, zone, lambda row: row.language, [(code, language_label(code)) for code in languages]),
        _times("times-month", _("Days until answered, by month of receipt"), rows, zone, lambda row: _month(row, zone), [(month, format_skeleton("yMMM", month, locale=current_language_code())) for month in months]),
    ]  # fmt: skip


def _month(row: Submission, zone: ZoneInfo) -> datetime.date:
    return local_day(row.received_at, zone).replace(day=1)


def _times(
    key: str, title: str, rows: Sequence[Submission], zone: ZoneInfo, group: Callable[[Submission], Hashable],
    labels: Sequence[tuple[Any, str]],
) -> Chart:  # fmt: skip
    bars: list[tuple[str, float | None]] = []
    cells: list[tuple[float | None, ...]] = []
    for value, label in labels:
        mine = [row for row in rows if group(row) == value]
        days = [number for row in mine if (number := answer_days(row, zone)) is not None]
        still_open = sum(row.answered_at is None and row.state in OPEN_STATES for row in mine)
        median, most = (statistics.median(days), percentile(days, 0.9)) if days else (None, None)
        bars.append((label, median))
        cells.append((median, most, len(days), still_open))
    headings = (_("Median, days"), _("90 % within, days"), _("Answered"), _("Still open"))
    return Chart(key, title, bars, headings, cells)


def count_charts(found: Sequence[Submission]) -> list[Chart]:
    """Return the numbers of submissions by form and by language."""
    forms, languages = Counter(row.form for row in found), Counter(row.language for row in found)
    return [
        Chart("forms", _("Submissions per form"), [(str(FORMS[key].title), forms[key]) for key in FORMS if forms[key]]),
        Chart("languages", _("Submissions per language"), [(language_label(code), n) for code, n in languages.most_common()]),
    ]  # fmt: skip


def page_feedback(found: Sequence[Submission]) -> list[PageFeedback]:
    """Return the feedback by page, the pages that help least first; the translations of a page are one."""
    pages: dict[str, list[Submission]] = {}
    names: dict[str, tuple[str, str]] = {}
    for row in found:
        if row.form == "feedback":
            name, query = page_name(str(row.answers.get("page") or ""))
            key = fold_text(name)
            names.setdefault(key, (name, query))
            pages.setdefault(key, []).append(row)
    result = [
        PageFeedback(
            names[key][0],
            Counter(str(row.answers.get("helpful")) for row in rows),
            sum(bool(row.answers.get("missing")) for row in rows),
            names[key][1],
        )
        for key, rows in pages.items()
    ]
    return sorted(result, key=lambda one: (one.helpfulness, -one.total, one.page))[:MAX_PAGES]


def page_name(text: str) -> tuple[str, str]:
    """Return the page that a reader named, and words by which the inbox finds the feedback to it.

    Of an address the path below the language's root, so that all languages and spellings of a page are one.
    """
    text = " ".join(text.split())
    if not ADDRESS.fullmatch(text):
        return text, text
    try:
        path = unquote(urlsplit(text).path)
    except ValueError:  # an address with a broken host
        return text, text
    rest = split_language(path)[1].strip("/").removesuffix("index.html").strip("/")
    return f"/{rest}/" if rest else "/", rest


def measure_chart(found: Sequence[Submission], data: Mapping[str, Any] | None) -> Chart:
    """Return for which measures companies' answers call, by the toolkit's own rules; each company once per measure.

    :param data: rules and measures of the toolkit; None where the site has none.
    """
    counts: Counter[str] = Counter()
    for row in found if data is not None else ():
        answers = chooser_answers(row.form, row.answers)
        if data is not None and any(answers.values()):
            counts.update(one["key"] for one in recommend.recommend(data, answers) if one["key"] != data["always"])
    bars = [(str(data["measures"][key]["title"]), number) for key, number in counts.most_common()] if data else []
    return Chart("measures", _("Measures that companies' answers call for"), bars)


def wanted_chart(found: Sequence[Submission]) -> Chart:
    """Return which support companies asked for in the survey."""
    counts = Counter(key for row in found if row.form == "survey" for key in row.answers.get("wanted") or [])
    labels = FORMS["survey"].choices("wanted")
    bars = sorted(((label, counts[key]) for key, label in labels if counts[key]), key=lambda bar: -bar[1])
    return Chart("wanted", _("Support that companies asked for in the survey"), bars)
