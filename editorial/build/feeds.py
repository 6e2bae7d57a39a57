"""An Atom feed (RFC 4287) of changed pages for every language."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

from core.gettext import gettext as _
from core.languages import Language
from editorial.build.xml_text import escape, quoteattr
from editorial.content.history import LastChanges, last_change
from editorial.content.pages import Content

ENTRIES = 40
SINCE = 2026  # RFC 4151: the year from which on the host name stands for this site; never changed, or ids change


def atom(content: Content, language: Language, known: LastChanges, site_name: str, site_url: str) -> str:
    """Return a language's feed: its own texts, last changed first."""
    base = site_url.rstrip("/")
    tag = f"tag:{urlsplit(site_url).hostname or 'localhost'},{SINCE}:"
    dated = [
        (when, page)
        for page in content.pages.values()
        if page.is_translated(language) and (when := last_change(page, language, known))
    ]
    dated.sort(key=lambda row: row[1].slug)
    dated.sort(key=lambda row: row[0], reverse=True)
    newest = dated[0][0] if dated else datetime.datetime(SINCE, 1, 1, tzinfo=datetime.UTC)
    rows = [
        f"<entry>\n<title>{escape(page.text(language).front_matter.title)}</title>\n"
        f"<id>{escape(tag + page.url(language))}</id>\n<updated>{stamp(when)}</updated>\n"
        f"<link href={quoteattr(base + page.url(language))}/>\n"
        f"<summary>{escape(page.text(language).front_matter.description)}</summary>\n</entry>"
        for when, page in dated[:ENTRIES]
    ]
    title = _("Changed pages – %(site)s", site=site_name)
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(language.code)}>',
            f"<title>{escape(title)}</title>",
            f"<id>{escape(tag + language.root)}</id>",
            f"<updated>{stamp(newest)}</updated>",
            f"<author><name>{escape(site_name)}</name></author>",
            f'<link rel="self" type="application/atom+xml" href={quoteattr(base + language.root + "feed.xml")}/>',
            f'<link rel="alternate" type="text/html" href={quoteattr(base + language.root)}/>',
            *rows,
            "</feed>\n",
        )
    )


def stamp(when: datetime.datetime) -> str:
    """Return a moment as RFC 3339 writes it."""
    return when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
