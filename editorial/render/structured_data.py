"""A page's data for search engines: JSON-LD after schema.org, and the names of places for Open Graph.

Only confirmed facts: a contact, a price or a language that the city has not confirmed is left out.
"""

import html
import json
import re
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from core.languages import Language, default_language
from editorial.content.data.events import Occurrence, localized
from editorial.content.data.facts import Contact
from editorial.content.front_matter import TranslationFrontMatter
from editorial.content.pages import Content, Page
from editorial.content.structure import AUDIENCE_LABELS, HOME, OFFERS

JsonLd = dict[str, Any]
_H2 = re.compile(r"<h2\b[^>]*>(.*?)</h2>", re.DOTALL)
_END_OF_LINE = re.compile(r"</(?:p|li|h\d|tr|div)>|<br\s*/?>")
_TAG = re.compile(r"<[^>]+>")


def json_ld(
    site: dict[str, Any],
    content: Content,
    contact: Contact | None,
    page: Page,
    language: Language,
    body: str,
    events: Iterable[Occurrence] = (),
) -> Markup:
    """Return the structured data of a page (schema.org), safe inside ``<script type="application/ld+json">``.

    ``contact`` is the authority's; ``body`` is the page's text as HTML; ``events`` are those of today and later.
    """
    graph = [web_page(site, page, language)]
    if page.key == HOME:
        graph.append(organization(site, contact))
    else:
        graph.append(breadcrumbs(site, content, page, language))
    if page.is_translated(language):
        if page.key.startswith(f"{OFFERS}/") and not page.key.endswith(HOME):
            graph.append(service(site, page, language))
        if page.front_matter.faq:
            graph.append(faq(body))
    if page.front_matter.layout == "events":
        graph += [event(site, one, page, language) for one in events if one.event.confirmed]
    data = {"@context": "https://schema.org", "@graph": graph}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - JSON without a character that ends its element


def page_url(site: dict[str, Any], page: Page, language: Language) -> str:
    """Return a page's whole address."""
    return str(site["url"]).rstrip("/") + page.url(language)


def web_page(site: dict[str, Any], page: Page, language: Language) -> JsonLd:
    """Return the page itself, and for a translation its original and its reviewer."""
    text = page.text(language)
    content_language = language if page.is_translated(language) else default_language()
    thing: JsonLd = {
        "@type": "WebPage",
        "@id": page_url(site, page, content_language),
        "name": text.front_matter.title,
        "inLanguage": page.front_matter.lang or content_language.code,
        "isPartOf": {"@type": "WebSite", "name": site["name"], "url": str(site["url"]).rstrip("/") + "/"},
    }
    if isinstance(text.front_matter, TranslationFrontMatter):
        thing["translationOfWork"] = {"@id": page_url(site, page, default_language())}
        if text.front_matter.reviewed_by and text.front_matter.reviewed_at:
            thing["reviewedBy"] = {"@type": "Person", "name": text.front_matter.reviewed_by}
            thing["lastReviewed"] = text.front_matter.reviewed_at.isoformat()
        else:
            thing["creativeWorkStatus"] = "Machine translation, not reviewed"
    return thing


def area(site: dict[str, Any]) -> JsonLd:
    """Return the place that the municipality is responsible for; in schema.org a district is an administrative area."""
    kind = "AdministrativeArea" if site.get("kind") == "district" else "City"
    return {"@type": kind, "name": site["municipality"]["name"]}


def organization(site: dict[str, Any], contact: Contact | None) -> JsonLd:
    """Return the authority that the site is made for, with those ways to reach it that are confirmed."""
    municipality = site["municipality"]
    thing: JsonLd = {
        "@type": "GovernmentOrganization",
        "name": municipality["authority"],
        "areaServed": area(site),
    }
    if contact is not None and contact.confirmed:
        known = {"telephone": contact.phone, "email": contact.email, "address": contact.address, "url": contact.url}
        thing |= {key: value for key, value in known.items() if value}
    return thing


def breadcrumbs(site: dict[str, Any], content: Content, page: Page, language: Language) -> JsonLd:
    """Return the breadcrumbs from home to the page."""
    steps = [*content.ancestors(page), page]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": number,
                "name": step.text(language).nav_title,
                "item": page_url(site, step, language if step.is_translated(language) else default_language()),
            }
            for number, step in enumerate(steps, 1)
        ],
    }


def service(site: dict[str, Any], page: Page, language: Language) -> JsonLd:
    """Return an offer; its price and languages only where the page is confirmed."""
    header = page.text(language).front_matter
    thing: JsonLd = {
        "@type": "GovernmentService",
        "name": header.title,
        "description": header.description,
        "url": page_url(site, page, language),
        "areaServed": area(site),
    }
    meant = [str(AUDIENCE_LABELS[name]) for name in page.front_matter.audience if name in AUDIENCE_LABELS]
    if meant:
        thing["audience"] = [{"@type": "Audience", "audienceType": name} for name in meant]
    if page.front_matter.offer and page.front_matter.confirmed:
        if page.front_matter.offer.languages:
            thing["availableLanguage"] = page.front_matter.offer.languages
        if page.front_matter.offer.cost == "free":
            thing["offers"] = {"@type": "Offer", "price": 0, "priceCurrency": "EUR"}
    return thing


def event(site: dict[str, Any], one: Occurrence, page: Page, language: Language) -> JsonLd:
    """Return a meeting or a course; editors leave out unconfirmed details."""
    row = one.event
    title, _lang = localized(row.title, row.lang, language)
    address = row.address or f"{row.place}, {site['municipality']['name']}"
    thing: JsonLd = {
        "@type": "Event",
        "@id": f"{page_url(site, page, language)}#{one.uid}",
        "name": title,
        "startDate": one.start.isoformat(),
        "eventStatus": f"https://schema.org/Event{'Cancelled' if row.cancelled else 'Scheduled'}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {"@type": "Place", "name": row.place, "address": address},
    }
    if one.end:
        thing["endDate"] = one.end.isoformat()
    if row.languages:
        thing["inLanguage"] = row.languages
    if row.cost is not None:
        thing["isAccessibleForFree"] = not row.cost
        thing["offers"] = {"@type": "Offer", "price": row.cost, "priceCurrency": "EUR"}
    if row.url:
        thing["url"] = row.url
    return thing


def faq(body: str) -> JsonLd:
    """Return the questions of a page and their answers as plain text."""
    _intro, *rest = _H2.split(body)
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": strip_html(question),
                "acceptedAnswer": {"@type": "Answer", "text": strip_html(answer)},
            }
            for question, answer in zip(rest[::2], rest[1::2], strict=True)
        ],
    }


def strip_html(fragment: str) -> str:
    """Return the words of an HTML fragment on one line."""
    return " ".join(html.unescape(_TAG.sub("", _END_OF_LINE.sub(" ", fragment))).split())


def og_locale(code: str) -> str:
    """Return a language as Open Graph names it, with the territory where most of its speakers live: ``uk_UA``."""
    from babel.core import get_global  # late: it loads slowly

    likely = get_global("likely_subtags").get(code, "")
    territory = likely.rpartition("_")[2]
    return f"{code}_{territory}" if territory else code
