"""Events as calendar files (iCalendar, RFC 5545): one for each event, and one of all for calendars that subscribe to it.

Times are in UTC, so that a file needs no time zone of its own. The library folds lines and escapes texts.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from core.clock import MUNICIPAL_ZONE
from core.files import write_atomically
from core.gettext import gettext as _
from core.languages import Language
from editorial.content.data.events import Occurrence, localized
from editorial.content.data.facts import Contact
from editorial.content.pages import Page
from editorial.content.structure import CALENDAR_FEED

REFRESH = datetime.timedelta(hours=12)


def write_calendars(
    site_dir: Path,
    page: Page,
    language: Language,
    events: Iterable[Occurrence],
    contacts: Mapping[str, Contact],
    site_name: str,
    site_url: str,
    today: datetime.date,
) -> None:
    """Write the calendar files of a language beside the page of events.

    :param today: the day of the build: the time stamp of the entries.
    """
    folder = (site_dir / page.file(language)).parent
    by_key: dict[str, list[Occurrence]] = {}
    for one in events:
        by_key.setdefault(one.key, []).append(one)
    url = site_url.rstrip("/") + page.url(language)
    rows = {f"{key}.ics": own for key, own in by_key.items()}
    for name, own in {CALENDAR_FEED: [one for some in by_key.values() for one in some], **rows}.items():
        write_atomically(folder / name, calendar(own, contacts, language, site_name, url, today))


def calendar(
    events: Iterable[Occurrence],
    contacts: Mapping[str, Contact],
    language: Language,
    site_name: str,
    url: str,
    today: datetime.date,
) -> bytes:
    """Return events as one calendar.

    :param url: the address of the page of events.
    """
    from icalendar import Calendar, Timezone  # late: only a build needs it
    from icalendar import Event as Entry

    host = urlsplit(url).hostname or "localhost"
    whole = Calendar()
    name = _("Events and courses – %(site)s", site=site_name)
    for field, value in (
        ("prodid", f"-//{host}//{site_name}//{language.code.upper()}"),
        ("version", "2.0"),
        ("method", "PUBLISH"),
        ("name", name),
        ("x-wr-calname", name),
    ):
        whole.add(field, value)
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})  # RFC 7986, 5.7
    stamp = datetime.datetime.combine(today, datetime.time(), datetime.UTC)
    for one in events:
        event, entry = one.event, Entry()
        title, lang = localized(event.title, event.lang, language)
        text, _lang = localized(event.text, event.lang, language)
        contact = contacts.get(event.contact or "")
        entry.add("uid", f"{one.uid}@{host}")
        entry.add("dtstamp", stamp)
        entry.add("dtstart", one.start.astimezone(datetime.UTC))
        if one.end:
            entry.add("dtend", one.end.astimezone(datetime.UTC))
        entry.add("summary", title, parameters={"LANGUAGE": lang or language.code})
        entry.add("location", ", ".join(filter(None, (event.place, event.address))))
        ways = [contact.name, contact.phone, contact.email] if contact else []
        description = "\n".join(filter(None, (text, ", ".join(filter(None, ways)), event.url)))
        if description:
            entry.add("description", description)
        entry.add("url", event.url or url)
        entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
        whole.add_component(entry)
    if not whole.subcomponents:  # RFC 5545, 3.6: a calendar has at least one component; a time zone shows nothing
        year = today + datetime.timedelta(days=366)
        whole.add_component(Timezone.from_tzid(MUNICIPAL_ZONE.key, first_date=today, last_date=year))
    return bytes(whole.to_ical())
