"""Moments, days and months in words, as readers of a language write them."""

import datetime
from zoneinfo import ZoneInfo

from core.languages import Language


def format_month(month: str, language: Language) -> str:
    """Return a month written ``2026-11`` in words.

    :raises ValueError: if it is not one.
    """
    from babel.dates import format_skeleton  # late: it loads slowly, and the service needs it on few pages

    return str(format_skeleton("yMMMM", datetime.date.fromisoformat(f"{month}-01"), locale=language.code))


def format_long_date(day: datetime.date, language: Language) -> str:
    """Return a day in words."""
    from babel.dates import format_date

    return str(format_date(day, "long", locale=language.code))


def format_event_time(start: datetime.datetime, end: datetime.datetime | None, language: Language) -> str:
    """Return when something takes place, on the clocks where it does: weekday, day, times."""
    from babel.dates import format_date, format_time

    def day(moment: datetime.datetime) -> str:
        return str(format_date(moment.date(), "full", locale=language.code))

    def time(moment: datetime.datetime) -> str:
        return str(format_time(moment.time(), "short", locale=language.code))

    begin = f"{day(start)}, {time(start)}"
    if end is None:
        return begin
    return f"{begin} – {time(end)}" if end.date() == start.date() else f"{begin} – {day(end)}, {time(end)}"


def format_moment(moment: datetime.datetime, zone: ZoneInfo, code: str) -> str:
    """Return day and time of day of a moment in a time zone, to the minute.

    The hour that comes twice when the clocks go back is distinguished by the zone's name; no other time names it.
    """
    from babel.dates import format_date, format_time, get_timezone_name

    local = moment.astimezone(zone)
    words = f"{format_date(local, 'medium', locale=code)}, {format_time(local, 'short', locale=code)}"
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return words
    return f"{words} {get_timezone_name(local, 'short', locale=code)}"


def format_day(day: datetime.date, language: Language) -> str:
    """Return a weekday with its day and month in words."""
    from babel.dates import format_date, format_skeleton

    name = format_date(day, "EEEE", locale=language.code)
    return native_digits(f"{name}, {format_skeleton('MMMMd', day, locale=language.code)}", language)


def format_time(minutes: int, language: Language) -> str:
    """Return a time of day, given in minutes after midnight, as clocks of a language show it."""
    from babel import dates

    time = datetime.time(minutes // 60 % 24, minutes % 60)
    return native_digits(dates.format_time(time, "short", locale=language.code), language)


def weekday_name(day: int, language: Language) -> str:
    """Return the name of a weekday, 0 for Monday, as it begins a row."""
    from babel.dates import get_day_names

    name = str(get_day_names("wide", "stand-alone", locale=language.code)[day])
    return name[:1].upper() + name[1:]


def native_digits(text: str, language: Language) -> str:
    """Return a text with the digits that the language uses by default (CLDR): Persian has its own, Arabic here has not.

    Browsers show times in the same digits; numbers to dial and sums stay in Latin ones (a rule of this project).
    """
    from babel import Locale

    zero = {"arab": 0x660, "arabext": 0x6F0}.get(Locale.parse(language.code).default_numbering_system)
    return text.translate({ord("0") + digit: zero + digit for digit in range(10)}) if zero else text
