"""The box with the contact of a page: how to reach the office, when it is open, or that we call back."""

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from dateutil.easter import easter

from core.formatting import format_day, format_time, weekday_name
from core.gettext import gettext as _
from core.languages import Language
from core.states import public_holidays
from core.text.values import DayHours
from editorial.content.data.facts import Contact
from editorial.content.data.opening_hours import OpeningHours
from editorial.content.pages import Page
from form_handler.forms.callback import TOPIC_OF_PAGE

MAP = "https://www.openstreetmap.org/search?query="
# How many days ahead public holidays and exceptions are in the page; the site is built at least once a year.
DAYS_AHEAD = 400


def contact_box(
    contact: Contact, page: Page | None, language: Language, municipality: Mapping[str, Any], today: datetime.date
) -> dict[str, Any]:
    """Return the values of a contact for the template, beside its own fields.

    ``can_call`` is whether its number is confirmed; ``query`` is the query that names, for the call-back form, page
    and topic; ``unknown`` names the missing details.
    """
    names = {
        "phone": _("Telephone"), "email": _("E-mail"), "address": _("Address"), "hours": _("Opening hours"),
    }  # fmt: skip
    return {
        "can_call": bool(contact.phone) and contact.confirmed,
        "query": callback_query(page, language) if page else "",
        "map": MAP + quote(contact.address) if contact.address else None,
        "unknown": [words for name, words in names.items() if not getattr(contact, name)],
        "hours": contact.hours and hours_view(contact.hours, language, today, public_holidays(municipality)),
    }


def callback_query(page: Page, language: Language) -> str:
    """Return the query that names the page and, where it is certain, the topic for the call-back form; empty for its own page."""
    header = page.front_matter
    if header.form == "callback":
        return ""
    topic = next((TOPIC_OF_PAGE[topic] for topic in header.topics if topic in TOPIC_OF_PAGE), "")
    if header.audience and header.audience[0] == "employers":
        topic = "company"
    return "?" + urlencode({"page": page.url(language), **({"topic": topic} if topic else {})}, safe="/")


def hours_view(
    hours: OpeningHours, language: Language, today: datetime.date, public_holidays: list[str]
) -> dict[str, Any]:
    """Return opening hours as a table of texts in the page's language, and as data for ``hours.js``.

    :param public_holidays: see :func:`closed_days`.
    """
    return {
        "rows": [
            {
                "days": weekday_name(first, language) + (f" – {weekday_name(last, language)}" if last > first else ""),
                "times": day_texts(day, language),
            }
            for first, last, day in hours.groups()
        ],
        "special": [
            {
                "days": format_day(row.first, language)
                + (f" – {format_day(row.end, language)}" if row.end > row.first else ""),
                "times": day_texts(row.hours, language),
            }
            for row in hours.upcoming(today)
        ],
        "data": json.dumps(
            {
                "week": [day_data(day) for day in hours.week],
                "days": {
                    day: day_data(row)
                    for day, row in hours.special_days(today, closed_days(today, public_holidays)).items()
                },
            },
            separators=(",", ":"),
        ),
    }


def day_texts(day: DayHours, language: Language) -> list[str]:
    """Return the hours of a day as a reader of a language writes them."""
    times = [f"{format_time(begin, language)} – {format_time(end, language)}" for begin, end in day.ranges]
    return [*times, *([_("by appointment")] if day.by_appointment else [])] or [_("closed")]


def day_data(day: DayHours) -> dict[str, Any]:
    """Return the hours of a day for ``hours.js``."""
    return {"open": day.ranges, **({"appointment": True} if day.by_appointment else {})}


def closed_days(today: datetime.date, public_holidays: list[str]) -> Iterator[datetime.date]:
    """Yield the public holidays of the time to come.

    :param public_holidays: as ``docs/data/states.yml`` names them: ``05-01`` for a fixed day, ``easter+39`` for one that follows
        Easter Sunday (Feiertagsgesetz NW, § 2).
    """
    for year in range(today.year, (today + datetime.timedelta(days=DAYS_AHEAD)).year + 1):
        for name in public_holidays:
            if name.startswith("easter"):
                yield easter(year) + datetime.timedelta(days=int(name.removeprefix("easter") or 0))
            else:
                yield datetime.date.fromisoformat(f"{year}-{name}")
