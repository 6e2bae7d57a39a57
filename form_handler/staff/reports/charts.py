"""Counts of submissions, each for a bar chart with a table; for the office only."""

import datetime
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from core.clock import local_day
from core.gettext import current_language_code
from core.gettext import gettext as _
from form_handler.forms import FORMS
from form_handler.forms.fields import choice_labels
from form_handler.forms.participation import PARTICIPATION_TYPES, TRADES
from form_handler.storage.submissions import Submission

SURVEY_TEXTS = ("worked_text", "hindered_text")


@dataclass(frozen=True)
class Chart:
    """A heading, and label and number of each bar; None where there is no number.

    :ivar headings: of the table's columns; empty: one column, how many.
    :ivar cells: for each bar, its row in the table, None for an empty cell; empty: the number.
    """

    key: str
    title: str
    bars: Sequence[tuple[str, float | None]]
    headings: tuple[str, ...] = ()
    cells: Sequence[tuple[float | None, ...]] = ()

    @property
    def largest(self) -> float:
        """Return the largest number, at least one."""
        return max([count or 0 for _label, count in self.bars], default=1) or 1


def percentile(numbers: Sequence[float], share: float) -> float:
    """Return the number that this share of the numbers does not exceed (nearest rank)."""
    return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]


def submission_charts(found: Sequence[Submission], now: datetime.datetime, zone: ZoneInfo) -> list[Chart]:
    """Return submissions by month, trade and way to take part."""
    trades = Counter(str(row.answers.get("trade")) for row in found if row.answers.get("trade"))
    types = Counter(key for row in found if row.form == "participation" for key in row.answers.get("ways") or [])
    return [
        Chart("months", _("Submissions per month"), count_by_month(found, now, zone)),
        Chart("trades", _("Submissions per trade"), _bars(TRADES, trades)),
        Chart("ways", _("Ways to take part that were offered"), _bars(PARTICIPATION_TYPES, types)),
    ]


def _bars(choices: Sequence[tuple[str, Any]], counts: Counter[str]) -> list[tuple[str, int]]:
    return [(str(label), counts[key]) for key, label in choices if counts[key]]


def count_by_month(found: Sequence[Submission], now: datetime.datetime, zone: ZoneInfo) -> list[tuple[str, int]]:
    """Return the number of submissions in each of the last twelve months, the oldest first."""
    days, today = (local_day(row.received_at, zone) for row in found), local_day(now, zone)
    counts = Counter((day.year, day.month) for day in days)
    latest = today.year * 12 + today.month - 1
    months = [divmod(number, 12) for number in range(latest - 11, latest + 1)]
    return [
        (
            format_skeleton("yMMM", datetime.date(year, month + 1, 1), locale=current_language_code()),
            counts[(year, month + 1)],
        )
        for year, month in months
    ]


def survey_charts(found: Sequence[Submission]) -> list[Chart]:
    """Return the counts of every survey question with choices, in the current language."""
    definition = FORMS["survey"]
    form = definition.form_class()
    charts = []
    for name in definition.field_names():
        labels = {key: label for key, label in choice_labels(form[name]).items() if key}
        if labels:
            counts = Counter(key for row in found for key in _keys(row.answers.get(name)))
            bars = [(str(label), counts[key]) for key, label in labels.items()]
            charts.append(Chart(name, str(form[name].label.text), bars))
    return charts


def _keys(value: Any) -> list[str]:
    return [str(key) for key in value] if isinstance(value, list) else [str(value)] if value else []


def survey_texts(found: Sequence[Submission]) -> list[tuple[Submission, str, str]]:
    """Return every text of the survey with its submission and its question, the newest first."""
    form = FORMS["survey"].form_class()
    return [
        (row, str(form[name].label.text), row.answers[name])
        for row in found
        for name in SURVEY_TEXTS
        if row.answers.get(name)
    ]
