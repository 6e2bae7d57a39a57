"""Days and months in words, as readers of a language write them."""

from __future__ import annotations

import datetime

from core.languages import Language


def format_month(month: str, language: Language) -> str:
    """Return a month written ``2026-11`` in words.

    :raises ValueError: if it is none.
    """
    from babel.dates import format_skeleton  # late: it loads slowly, and the service needs it on few pages

    return str(format_skeleton("yMMMM", datetime.date.fromisoformat(f"{month}-01"), locale=language.code))


def format_long_date(day: datetime.date, language: Language) -> str:
    """Return a day in words."""
    from babel.dates import format_date

    return str(format_date(day, "long", locale=language.code))
