"""The current time, and days as people in a time zone count them."""

import datetime
from zoneinfo import ZoneInfo

# The clocks of the municipality: Germany has one time zone.
MUNICIPAL_ZONE = ZoneInfo("Europe/Berlin")


def utc_now() -> datetime.datetime:
    """Return the current time in UTC."""
    return datetime.datetime.now(datetime.UTC)


def is_within(moment: datetime.datetime | None, limit: datetime.timedelta, now: datetime.datetime) -> bool:
    """Return whether a moment is not longer ago than a period.

    A moment that is as far in the future is not recent: it was recorded while the clock was wrong, and would count as recent for years.
    """
    return moment is not None and abs(now - moment) <= limit


def local_day(moment: datetime.datetime, zone: ZoneInfo) -> datetime.date:
    """Return the calendar day of a moment in a time zone."""
    return moment.astimezone(zone).date()


def day_start(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    """Return the moment at which a calendar day begins in a time zone, in UTC."""
    return datetime.datetime.combine(day, datetime.time(), zone).astimezone(datetime.UTC)
