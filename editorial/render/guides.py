"""Parts of pages beside their text: sentences to show at a counter, and events."""

import re
from typing import Any

from core.languages import Language, default_language
from editorial.content.data.events import localized, next_times
from editorial.content.data.facts import Amount
from editorial.content.markup.shortcodes import format_amount
from editorial.content.pages import Page
from editorial.content.structure import AUDIENCE_LABELS, CALENDAR_FEED
from editorial.content.taxonomy import audience_tags, tag_filters
from editorial.render.site import SiteData

DEFAULT_ICON = "kim"  # of a page or an event without a topic
MAX_TOPIC_PHRASES = 4  # of one page; with the general ones they fill a screen


def phrases_of(site: SiteData, language: Language, page: Page) -> list[dict[str, str]]:
    """Return the sentences that a reader of a page may show at a counter, in German and in the reader's language.

    Those that the page's header names; else those of its topics, if newcomers go to an office because of it.
    """
    header, phrases = page.front_matter, site.facts.phrases
    if header.layout == "phrases":
        keys = list(phrases)
    elif header.phrases is not None:
        keys = [key for key in header.phrases if key in phrases]
    elif header.layout == "page" and header.contact and "newcomers" in header.audience:
        own = [key for key, row in phrases.items() if set(row.topics) & set(header.topics)]
        keys = own[:MAX_TOPIC_PHRASES] + [key for key, row in phrases.items() if not row.topics] if own else []
    else:
        keys = []
    source = default_language().code
    rows = []
    for key in keys:
        german, words = phrases[key].words[source], phrases[key].words.get(language.code, "")
        if "{language}" in german:
            if language.default:
                continue
            from babel import Locale  # late: few pages name a language

            german = german.replace("{language}", Locale.parse(source).languages.get(language.code, language.name))
            words = words.replace("{language}", Locale.parse(language.code).languages.get(language.code, language.name))
        rows.append({"key": key, "german": german, "words": "" if language.default else words})
    return rows


def events_context(site: SiteData, language: Language, page: Page) -> dict[str, Any] | None:
    """Return the events to come with the filters for them, and where they are as calendars; None on other pages."""
    if page.front_matter.layout != "events":
        return None
    from babel import Locale  # late: one page has events

    names = Locale.parse(language.code).languages
    codes = {row.code for row in site.languages}
    rows: list[dict[str, Any]] = []
    for one in next_times(site.events):
        event = one.event
        title, title_lang = localized(event.title, event.lang, language)
        text, text_lang = localized(event.text, event.lang, language)
        language_tags = [code for code in event.languages if code in codes]  # the stylesheet has a rule for each
        rows.append(
            {
                "title": title,
                "title_lang": title_lang,
                "text": text,
                "text_lang": text_lang,
                "start": one.start,
                "end": one.end,
                "until": event.until,
                "place": event.place,
                "address": event.address,
                "languages": [names.get(code, code) for code in event.languages],
                "audience": [AUDIENCE_LABELS[name] for name in event.audience if name in AUDIENCE_LABELS],
                "cost": None
                if event.cost is None
                else format_amount(Amount(value=event.cost, unit="EUR"), language.code),
                "is_free": event.cost is not None and not event.cost,
                "contact": site.facts.contacts.get(event.contact or ""),
                "url": event.url,
                "cancelled": event.cancelled,
                "confirmed": event.confirmed,
                "icon": next(iter(event.topics), DEFAULT_ICON),
                "tags": [*event.topics, *audience_tags(event.audience), *language_tags],
                "calendar": f"{page.url(language)}{one.key}.ics",
            }
        )
    spoken_tags = [code for one in site.events for code in one.event.languages if code in codes]
    feed = page.url(language) + CALENDAR_FEED
    return {
        "rows": rows,
        "filters": tag_filters([set(row["tags"]) for row in rows], spoken_tags, language.code),
        "feed": feed,
        "subscribe": re.sub(r"^https?:", "webcal:", site.settings["url"].rstrip("/")) + feed,
    }
