"""Opening hours of an office, as ``city/data/contacts.yml`` holds them: a week, and days on which it is otherwise.

A day is ``8:00–12:30, 13:30–16:00``, ``nach Vereinbarung`` or ``geschlossen``; a day that is not named is closed.
"""

import datetime
import itertools
from collections.abc import Iterator

from msgspec import field

from core.text.values import Date, DayHours
from editorial.content.schema import StrictStruct

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOSED = DayHours()


class SpecialHours(StrictStruct, frozen=True, kw_only=True):
    """Days on which the hours are not those of the week, both included; one day without ``to``."""

    first: Date = field(name="from")
    last: Date | None = field(name="to", default=None)
    hours: DayHours

    def __post_init__(self) -> None:
        """Let nothing end before it begins, or last longer than a year."""
        if self.last and not datetime.timedelta() <= self.last - self.first <= datetime.timedelta(days=366):
            raise ValueError("to: liegt vor from: oder mehr als ein Jahr danach")

    @property
    def end(self) -> datetime.date:
        """Return the last day."""
        return self.last or self.first


class OpeningHours(StrictStruct, frozen=True, kw_only=True):
    """The hours of each weekday, in local time, and the exceptions; public holidays are closed unless an exception names them."""

    monday: DayHours = CLOSED
    tuesday: DayHours = CLOSED
    wednesday: DayHours = CLOSED
    thursday: DayHours = CLOSED
    friday: DayHours = CLOSED
    saturday: DayHours = CLOSED
    sunday: DayHours = CLOSED
    exceptions: list[SpecialHours] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let at least one day be open, and each day have one exception."""
        if not any(self.week):
            raise ValueError("kein Tag ist offen; wenn die Zeiten nicht bekannt sind, schreiben Sie hours: null")
        rows = sorted(self.exceptions, key=lambda row: row.first)
        for before, after in itertools.pairwise(rows):
            if after.first <= before.end:
                raise ValueError(f"exceptions: für den {after.first:%d.%m.%Y} gibt es zwei Ausnahmen")

    @property
    def week(self) -> tuple[DayHours, ...]:
        """Return the hours from Monday to Sunday."""
        return tuple(getattr(self, name) for name in WEEKDAYS)

    def groups(self) -> Iterator[tuple[int, int, DayHours]]:
        """Yield first and last weekday (0 is Monday) of each run of days with the same hours."""
        start = 0
        for day in range(1, 8):
            if day == 7 or self.week[day] != self.week[start]:
                yield start, day - 1, self.week[start]
                start = day

    def upcoming(self, today: datetime.date) -> list[SpecialHours]:
        """Return the exceptions that are not over, in their order."""
        return sorted((row for row in self.exceptions if row.end >= today), key=lambda row: row.first)

    def special_days(self, today: datetime.date, closed: Iterator[datetime.date]) -> dict[str, DayHours]:
        """Return the days from today on that are not like their weekday, by their ISO 8601 date.

        :param closed: days on which no office is open, such as public holidays.
        """
        days = {day: CLOSED for day in closed if day >= today and self.week[day.weekday()]}
        for row in self.upcoming(today):
            for number in range((row.end - row.first).days + 1):
                day = row.first + datetime.timedelta(days=number)
                if day >= today:
                    days[day] = row.hours
        return {day.isoformat(): days[day] for day in sorted(days)}
