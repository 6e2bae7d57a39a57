"""What came in, counted: by month, trade and kind of offer, each for a chart with a table beside it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import format_skeleton

from core.gettext import current_language_code
from core.gettext import gettext as _
from form_handler.forms.participation import PARTICIPATION_TYPES, TRADES
from form_handler.storage.submissions import Submission


@dataclass(frozen=True)
class Chart:
    """A heading, and label and number of each bar."""

    key: str
    title: str
    bars: list[tuple[str, int]]

    @property
    def largest(self) -> int:
        """Return the largest number, at least one."""
        return max([number for _label, number in self.bars] or [1]) or 1


def submission_charts(found: Sequence[Submission], now: datetime.datetime) -> list[Chart]:
    """Return the charts of what is shown."""
    trades = Counter(str(row.answers.get("trade")) for row in found if row.answers.get("trade"))
    ways = Counter(way for row in found if row.form == "participation" for way in row.answers.get("ways") or [])
    return [
        Chart("months", _("Submissions per month"), count_by_month(found, now)),
        Chart("trades", _("Submissions per trade"), [(str(label), trades[key]) for key, label in TRADES if trades[key]]),
        Chart("ways", _("Ways to take part that were offered"), [(str(label), ways[key]) for key, label in PARTICIPATION_TYPES if ways[key]]),
    ]  # fmt: skip


def count_by_month(found: Sequence[Submission], now: datetime.datetime) -> list[tuple[str, int]]:
    """Return the last twelve months, the oldest first, with how many came in."""
    counted = Counter((row.received_at.year, row.received_at.month) for row in found)
    latest = now.year * 12 + now.month - 1
    months = [divmod(number, 12) for number in range(latest - 11, latest + 1)]
    return [
        (
            format_skeleton("yMMM", datetime.date(year, month + 1, 1), locale=current_language_code()),
            counted[(year, month + 1)],
        )
        for year, month in months
    ]
