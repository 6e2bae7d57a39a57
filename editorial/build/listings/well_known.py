"""Files for machines, written beside the pages: sitemaps, robots.txt and security.txt."""

from __future__ import annotations

import datetime
import json
from xml.sax.saxutils import escape, quoteattr

from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import Language
from editorial.content.pages import Content


def sitemap(content: Content, language: Language, languages: tuple[Language, ...], site_url: str) -> str:
    """Return a language's sitemap: its real translations only, each with the others as alternates.

    Source: sitemaps.org 0.9 and the ``xhtml:link`` extension for localised pages.
    """
    base = site_url.rstrip("/")
    rows: list[str] = []
    for page in sorted(content.pages.values(), key=lambda page: page.slug):
        if not page.is_translated(language):
            continue
        translations = [row for row in languages if page.is_translated(row)]
        links = "".join(
            f'\n    <xhtml:link rel="alternate" hreflang={quoteattr(row.code)} href={quoteattr(base + page.url(row))}/>'
            for row in translations
        )
        rows.append(f"  <url>\n    <loc>{escape(base + page.url(language))}</loc>{links}\n  </url>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        + "\n".join(rows)
        + "\n</urlset>\n"
    )


def language_hints_json(languages: tuple[Language, ...]) -> str:
    """Return, for every language, how a page offers itself in it: one small file for all pages, read by kim.js."""
    rows = {}
    for language in languages:
        with use_language(language.code):
            rows[language.code] = {
                "dir": language.dir,
                "label": _("Choice of language"),
                "text": _("This page is also available in %(language)s.", language=language.name),
                "read": _("Read it in %(language)s", language=language.name),
                "no": _("No, thank you"),
            }
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def robots_txt(languages: tuple[Language, ...], site_url: str) -> str:
    """Return robots.txt (RFC 9309), which names the sitemap of every language."""
    base = site_url.rstrip("/")
    sitemaps = "".join(f"Sitemap: {base}{language.root}sitemap.xml\n" for language in languages)
    return f"User-agent: *\nDisallow: /eingang/\n\n{sitemaps}"


def security_txt(languages: tuple[Language, ...], site_url: str, contact_path: str, today: datetime.date) -> str:
    """Return security.txt (RFC 9116): security reports go through the contact page.

    It expires eleven months after the build, for the RFC advises against a year or more; a newer build renews it.
    """
    base = site_url.rstrip("/")
    expires = today + datetime.timedelta(days=335)
    preferred = next(language.code for language in languages if language.default)
    return (
        f"Contact: {base}{contact_path}\n"
        f"Expires: {expires:%Y-%m-%d}T00:00:00Z\n"
        f"Preferred-Languages: {preferred}\n"
        f"Canonical: {base}/.well-known/security.txt\n"
    )
