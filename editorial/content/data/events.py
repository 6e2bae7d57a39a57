"""Events and courses (``city/data/events.yml``): which are still to come, and when."""

import datetime
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from core.clock import MUNICIPAL_ZONE
from core.languages import Language, default_language
from editorial.content.data.facts import Event, LocalizedText

MAX_OCCURRENCES = 400  # of one event; a weekly one has as many in almost eight years


class Occurrence(Struct, frozen=True):
    """One time at which an event takes place.

    :ivar start: with the offset of the municipality's clocks on that day; ``end`` has the same form.
    :ivar number: how many times the event has taken place before.
    """

    key: str
    event: Event
    start: datetime.datetime
    end: datetime.datetime | None
    number: int = 0

    @property
    def uid(self) -> str:
        """Return a name that stays the same in every build (RFC 5545, 3.8.4.7), without the host."""
        return self.key if self.event.repeat is None else f"{self.key}-{self.start:%Y%m%d}"

    @property
    def last_day(self) -> datetime.date:
        """Return the day on which it ends."""
        return (self.end or self.start).date()


def occurrences(key: str, event: Event) -> Iterator[Occurrence]:
    """Yield each time at which an event takes place.

    A weekly event begins at the same time on the clock in summer and in winter.
    """
    length = event.end - event.start if event.end else None
    for number in range(MAX_OCCURRENCES if event.repeat else 1):
        start = datetime.datetime.combine(event.start.date(), event.start.time()) + datetime.timedelta(weeks=number)
        if event.until and start.date() > event.until:
            return
        if start.date() not in event.pauses:
            end = (start + length).replace(tzinfo=MUNICIPAL_ZONE) if length else None
            yield Occurrence(key, event, start.replace(tzinfo=MUNICIPAL_ZONE), end, number)


def upcoming_events(events: Mapping[str, Event], today: datetime.date) -> tuple[Occurrence, ...]:
    """Return everything that takes place today or later, the next first."""
    rows = [one for key, event in events.items() for one in occurrences(key, event) if one.last_day >= today]
    return tuple(sorted(rows, key=lambda one: (one.start, one.key)))


def next_times(events: Iterable[Occurrence]) -> list[Occurrence]:
    """Return the first time of each event, in the order given."""
    first: dict[str, Occurrence] = {}
    for one in events:
        first.setdefault(one.key, one)
    return list(first.values())


def skips_hour(moment: datetime.datetime) -> bool:
    """Return whether a time does not exist because the clocks go forward in that hour."""
    local = moment.replace(tzinfo=MUNICIPAL_ZONE)
    return local.astimezone(datetime.UTC).astimezone(MUNICIPAL_ZONE).replace(tzinfo=None) != local.replace(tzinfo=None)


def localized(text: LocalizedText | None, lang: str | None, language: Language) -> tuple[str, str | None]:
    """Return a text of an event for readers of a language, and the language that it is in, if that is another one."""
    source = default_language().code
    if text is None:
        return "", None
    if isinstance(text, str):
        return text, lang or source if (lang or source) != language.code else None
    own = text.get(language.code)
    return (own, None) if own else (text[source], source)
