"""The template variable ``kim``: all that a template shows of a page, computed from content and facts."""

from __future__ import annotations

import datetime
import re
from typing import Any
from urllib.parse import urljoin

from markupsafe import Markup

from core.languages import Language, default_language
from core.text.values import phone_href
from core.web.qr import qr_svg
from editorial.content.booklets import BOOKLETS
from editorial.content.data import toolkit
from editorial.content.data.events import next_times
from editorial.content.front_matter import TranslationFrontMatter
from editorial.content.markup.markdown import split_further_reading
from editorial.content.pages import Page
from editorial.content.structure import (
    AUDIENCE_LABELS,
    EMERGENCY_NUMBERS,
    HOME,
    NAVIGATION,
    OFFLINE_LIST,
    OFFLINE_PAGES,
    PHRASES,
    linked_pages,
)
from editorial.content.taxonomy import card_filters, page_tags
from editorial.render.contact_box import contact_box
from editorial.render.guides import events_context, phrases_of
from editorial.render.links import is_active, page_link, unambiguous_link
from editorial.render.site import SiteData
from editorial.render.structured_data import json_ld
from editorial.translations.stale_markers import has_stale_markers, strip_screen_reader_notes
from editorial.translations.state import TranslationState
from form_handler.toolkit import recommend

# Stylesheets that only some pages need: the layouts that do, and what a text holds that does.
STYLES: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "home.css": (frozenset({"home"}), ()),
    "cards.css": (frozenset({"directory", "events"}), ()),
    "forms.css": (frozenset({"form", "chooser"}), ()),
    "events.css": (frozenset({"events"}), ()),
    "pictures.css": (frozenset(), ('class="kim-icon ', '"><img ')),
    "offline.css": (frozenset({"offline"}), ()),
    "guides.css": (
        frozenset(),
        ('class="admonition path', 'class="kim-task"', 'class="kim-chart"', 'class="kim-quotes"'),
    ),
}
_HREF = re.compile(r' href="([^"#]*)')
BOOKLET_SECTIONS = frozenset(booklet.section for booklet in BOOKLETS)


def audience_hue(page: Page) -> str:
    """Return whose colours of the home page a page has: those of the first audience that it names."""
    if page.key == HOME:
        return ""
    audience = page.front_matter.audience
    return audience[0] if audience and audience[0] in {"newcomers", "employers"} else "everyone"


def styles_of(layout: str | None, html: str) -> list[str]:
    """Return the stylesheets that a page needs besides that of all pages, so that no page waits for what it does not show."""
    return [
        name for name, (layouts, marks) in STYLES.items() if layout in layouts or any(mark in html for mark in marks)
    ]


def layout_context(site: SiteData, language: Language, current: Page | None) -> dict[str, Any]:
    """Return what header and footer need on any page, error pages included."""
    pages = site.content.pages
    contact = site.facts.contacts
    municipality = site.settings["municipality"]
    switchboard = contact.get(municipality["switchboard"])
    shown = contact.get((current.front_matter.contact if current else None) or "") or switchboard
    return {
        "site": {
            "name": site.settings["name"],
            "city": municipality["name"],
            "authority": municipality["authority"],
            "programme": municipality["programme"],
            "url": site.settings["url"],
            "demo": site.settings.get("demo", False),
            "draft": site.settings["draft"],
            "suggestions": site.settings["suggestions"],
        },
        "language": language,
        "languages": site.languages,
        "nav": [page_link(site, pages[key], language, current) for key in NAVIGATION if key in pages],
        "linked_pages": {
            name: page_link(site, pages[key], language, current) if key in pages else None
            for name, key in linked_pages().items()
        },
        # Header, footer and search are the same on all pages that have the same of these links marked.
        "active_links": tuple(
            (key, current.key == key if current else False)
            for key in (*NAVIGATION, *linked_pages().values())
            if key in pages and is_active(pages[key], current)
        ),
        "switchboard": switchboard,
        "contact": shown,
        "contact_box": shown and contact_box(shown, current, language, municipality, datetime.date.today()),
        "og_locale": default_language().code if current and not current.is_translated(language) else language.code,
        "feed": language.root + "feed.xml",
        "offline": {
            "list": language.root + OFFLINE_LIST,
            "pages": [
                page_link(site, pages[key], language)
                for key in OFFLINE_PAGES
                if key in pages and pages[key].is_translated(language)
            ],
        },
        "search": {"available": True, "bundle": "/pagefind/"},
        "form": None,
    }


def page_context(site: SiteData, language: Language, page: Page, html: str) -> dict[str, Any]:
    """Return the whole `kim` object of one page in one language; templates read nothing else."""
    content, text = site.content, page.text(language)
    shown, further, further_id = split_further_reading(html, site.facts.headings.further_reading)
    phrases = phrases_of(site, language, page)
    named = {urljoin(page.url(language), href) for href in _HREF.findall(further)}  # related pages that an editor chose
    fallback = not page.is_translated(language)
    content_language = default_language() if fallback else language
    url = site.settings["url"].rstrip("/")
    translations = [row for row in site.languages if page.is_translated(row)]
    hreflang = [(row.code, url + page.url(row)) for row in translations]
    section_key = page.key if page.key.endswith("/index") else page.parent_key
    section = content.pages.get(section_key) if section_key and section_key != HOME else None
    below = content.children(page.key, language) if page.front_matter.layout == "directory" else []
    return {
        **layout_context(site, language, page),
        "page": {
            "key": page.key,
            "title": text.front_matter.title,
            "description": text.front_matter.description,
            "url": page.url(language),
            "slug": page.slug,
            "layout": page.front_matter.layout,
            "is_fallback": fallback,
            "content_lang": page.front_matter.lang or content_language.code,
            "content_dir": content_language.dir,
            "as_of": page.front_matter.as_of,
            "confirmed": page.front_matter.confirmed,
            "audience": list(page.front_matter.audience),
            "topics": list(page.front_matter.topics),
            "hue": audience_hue(section or page),
            "styles": styles_of(page.front_matter.layout, html),
            "has_tasks": 'class="kim-task"' in html,
            "steps": next((one for one in site.facts.headings.steps if f'id="{one}"' in html), ""),
            "offer": page.front_matter.offer,
            "measure": page.front_matter.measure,
            "booklet": page.key in BOOKLET_SECTIONS,
            "translation": translation_context(page, language, site.states.get((page.key, language.code)), html),
            "html": Markup(shown),  # noqa: S704 - made by Markdown from our own pages, where HTML is refused
            "further_reading_id": further_id,
            "further_reading": Markup(further),  # noqa: S704 - part of the same
        },
        "canonical": url + page.url(content_language),
        "qr": qr_svg(url + page.url(content_language)),
        "json_ld": json_ld(
            site.settings,
            content,
            site.facts.contacts.get(site.settings["municipality"]["switchboard"]),
            page,
            language,
            strip_screen_reader_notes(html),
            next_times(site.events),
        ),
        "og_alternates": [] if fallback else [row.code for row in translations if row != language],
        "hreflang": [] if fallback else [*hreflang, ("x-default", url + page.url(default_language()))],
        "language_links": [
            {
                "code": row.code,
                "name": row.name,
                "dir": row.dir,
                "url": page.url(row) if page.exists_in(row) else row.root,
                "current": row.code == language.code,
                "translated": page.is_translated(row),
            }
            for row in site.languages
        ],
        "section": section
        and {
            **page_link(site, section, language, page),
            "items": [page_link(site, child, language, page) for child in content.children(section.key, language)],
        },
        "breadcrumbs": [page_link(site, step, language) for step in content.ancestors(page)],
        "tiles": [
            page_link(site, content.pages[key], language)
            for key in page.front_matter.tiles
            if key in content.pages and content.pages[key].exists_in(language)
        ],
        "emergency_numbers": emergency_numbers(site) if page.key == HOME else [],
        "cards": [{**page_link(site, child, language, page), "tags": page_tags(child)} for child in below],
        "filters": card_filters(below, language.code),
        "sitemap": sitemap(site, language) if page.front_matter.layout == "overview" else [],
        "search_words": search_words(site, language) if page.front_matter.layout == "overview" else [],
        "related": []
        if page.front_matter.layout == "overview"
        else [
            unambiguous_link(site, other, language)
            for other in content.related(page, language)
            if other.url(language) not in named
        ],
        "laws": [site.facts.laws[key] for key in page.front_matter.law],
        "links": [site.facts.links[key] for key in page.front_matter.links],
        "form": empty_form(page.front_matter.form) if page.front_matter.form else None,
        "phrases": phrases,
        "phrases_page": page_link(site, content.pages[PHRASES], language, page) if PHRASES in content.pages else None,
        "events": events_context(site, language, page),
        "chooser": chooser_context(site, language, page) if page.front_matter.layout == "chooser" else None,
    }


def emergency_numbers(site: SiteData) -> list[dict[str, Any]]:
    """Return the numbers of the home page, each with its link and what it is for."""
    known = site.facts.numbers
    return [
        {"number": known[key].number, "href": phone_href(known[key].number), "label": label}
        for key, label in EMERGENCY_NUMBERS.items()
        if key in known
    ]


def empty_form(key: str) -> dict[str, Any]:
    """Return a form as the static page renders it: nothing filled in, nothing shown as wrong."""
    from form_handler.forms import FORMS  # late: most pages have no form

    definition = FORMS[key]
    return {"key": key, "form": definition.form_class(), "definition": definition}


def chooser_context(site: SiteData, language: Language, page: Page) -> dict[str, Any]:
    """Return questions, measures and the addresses of list and data for the chooser's page."""
    return {
        "labels": recommend.choice_labels(),
        "answers": recommend.parse_answers({}),
        "stages": recommend.stage_labels(),
        "data": toolkit.toolkit_json(site.chooser, site.content, language),
        "action": page.url(language) + "auswahl/#choose-result",
        "data_url": page.url(language) + "massnahmen.json",
    }


def translation_context(
    page: Page, language: Language, state: TranslationState | None = None, html: str = ""
) -> dict[str, Any] | None:
    """Return who reviewed the translation, where the German text is and whether that has changed since.

    None where the page shows German itself. ``stale`` is None or says the day on which the change was noticed, or,
    if nobody has looked since, the last day on which the translation followed; and whether passages are marked.
    """
    header = page.text(language).front_matter
    if not isinstance(header, TranslationFrontMatter):
        return None
    stale = None
    if state and state.is_stale:
        stale = {"changed_on": state.last_change, "up_to_date_on": state.since, "has_markers": has_stale_markers(html)}
    return {
        "reviewed_by": header.reviewed_by,
        "reviewed_at": header.reviewed_at,
        "changed_later": state is not None and state.state == "fresh",
        "stale": stale,
        "source_url": page.url(default_language()),
    }


def error_context(
    site: SiteData, language: Language, title: str, description: str, layout: str = "error"
) -> dict[str, Any]:
    """Return the `kim` object of a page without a file in a language: not found, or not stored offline.

    The handler uses the error page as a frame as well.
    """
    return {
        **layout_context(site, language, None),
        "page": {
            "key": "404", "title": title, "description": description, "url": "", "slug": "",
            "layout": layout, "is_fallback": False, "content_lang": language.code, "content_dir": language.dir,
            "as_of": None, "further_reading": Markup(""), "further_reading_id": "", "confirmed": True, "audience": [], "topics": [], "hue": "", "styles": ["home.css", "forms.css"], "has_tasks": False, "steps": "", "offer": None,
            "measure": None, "booklet": False, "translation": None, "html": Markup(""),
        },
        "canonical": None,
        "json_ld": None,
        "og_alternates": [],
        "hreflang": [],
        "language_links": [
            {"code": row.code, "name": row.name, "dir": row.dir, "url": row.root,
             "current": row.code == language.code, "translated": True}
            for row in site.languages
        ],
        "section": None,
        "breadcrumbs": [],
        "cards": [],
        "phrases": [],
        "events": None,
        "chooser": None,
        "filters": [],
        "sitemap": [],
        "search_words": [],
        "related": [],
        "laws": [],
        "links": [],
    }  # fmt: skip


def search_words(site: SiteData, language: Language) -> list[dict[str, Any]]:
    """Return the search words of a language with the pages that they lead to, by the title of the best page.

    Readers without script find their word among them by the search of their browser.
    """
    source = default_language().code
    rows = []
    for entry in site.search_words.entries:
        pages = [page for key in entry.pages if (page := site.content.pages.get(key)) and page.exists_in(language)]
        own = entry.words.get(language.code, []) if language.code != source else []
        if pages and (own or entry.words.get(source)):
            rows.append(
                {
                    "pages": [{**page_link(site, page, language), "for": audience_labels(page)} for page in pages],
                    "own": own,
                    "german": entry.words.get(source, []),
                }
            )
    return sorted(rows, key=lambda row: str(row["pages"][0]["title"]).casefold())


def audience_labels(page: Page) -> list[str]:
    """Return for whom a page is, in words of the current language; nothing for a page for everybody."""
    return [str(AUDIENCE_LABELS[name]) for name in page.front_matter.audience if name in AUDIENCE_LABELS]


def sitemap(site: SiteData, language: Language) -> list[dict[str, Any]]:
    """Return every page of a language: those below home, each with the pages below it."""

    def below(key: str) -> list[dict[str, Any]]:
        return [
            {**page_link(site, page, language), "pages": below(page.key)}
            for page in site.content.children(key, language)
        ]

    return below(HOME)
