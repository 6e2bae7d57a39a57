"""An Atom feed (RFC 4287) of changed pages for every language."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from core.gettext import gettext as _
from core.languages import Language
from editorial.content.history import LastChanges, last_change
from editorial.content.pages import Content

MAX_ENTRIES = 40
TAG_URI_YEAR = 2026  # RFC 4151: a year in which the host name belonged to this site; a change would change all ids


def atom(content: Content, language: Language, known: LastChanges, site_name: str, site_url: str) -> str:
    """Return a language's feed: its own texts, last changed first."""
    base = site_url.rstrip("/")
    tag = f"tag:{urlsplit(site_url).hostname or 'localhost'},{TAG_URI_YEAR}:"
    dated = [
        (when, page)
        for page in content.pages.values()
        if page.is_translated(language) and (when := last_change(page, language, known))
    ]
    dated.sort(key=lambda row: row[1].slug)
    dated.sort(key=lambda row: row[0], reverse=True)
    newest = dated[0][0] if dated else datetime.datetime(TAG_URI_YEAR, 1, 1, tzinfo=datetime.UTC)
    rows = [
        f"<entry>\n<title>{escape(page.text(language).front_matter.title)}</title>\n"
        f"<id>{escape(tag + page.url(language))}</id>\n<updated>{rfc3339(when)}</updated>\n"
        f"<link href={quoteattr(base + page.url(language))}/>\n"
        f"<summary>{escape(page.text(language).front_matter.description)}</summary>\n</entry>"
        for when, page in dated[:MAX_ENTRIES]
    ]
    title = _("Changed pages – %(site)s", site=site_name)
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(language.code)}>',
            f"<title>{escape(title)}</title>",
            f"<id>{escape(tag + language.root)}</id>",
            f"<updated>{rfc3339(newest)}</updated>",
            f"<author><name>{escape(site_name)}</name></author>",
            f'<link rel="self" type="application/atom+xml" href={quoteattr(base + language.root + "feed.xml")}/>',
            f'<link rel="alternate" type="text/html" href={quoteattr(base + language.root)}/>',
            *rows,
            "</feed>\n",
        )
    )


def rfc3339(when: datetime.datetime) -> str:
    """Return a moment as RFC 3339 writes it."""
    return when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
