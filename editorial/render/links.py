"""Links to pages as templates show them: title, address, language, and whether the page is the current one."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from core.language_tags import mark_german
from core.languages import Language, default_language
from editorial.content.pages import Page
from editorial.content.structure import (
    HOME,
    is_below,
)
from editorial.render.guides import DEFAULT_ICON
from editorial.render.site import SiteData


def is_active(page: Page, current: Page | None) -> bool:
    """Return whether a page is the one that is shown, or the section that holds it."""
    return current is not None and (page.key == current.key or (page.key != HOME and is_below(current.key, page.key)))


def page_link(site: SiteData, page: Page, language: Language, current: Page | None = None) -> dict[str, Any]:
    """Return a page as templates show it: as a ready ``link``, and its title, address and language.

    Values that do not depend on the current page are computed once for each language.
    """
    place = (language.code, page.key)
    plain = site.links.get(place)
    if plain is None:
        plain = site.links[place] = _base_link(page, language)
    if not is_active(page, current):
        return plain
    own = {**plain, "current": current is not None and page.key == current.key, "active": True}
    return {**own, "link": render_link(own)}


def unambiguous_link(site: SiteData, page: Page, language: Language) -> dict[str, Any]:
    """Return a page as a link outside its section, where a short title of another page as well would be ambiguous.

    WCAG 2.4.4 (Link Purpose): two links of one name have one target.
    """
    own = page_link(site, page, language)
    if not site.content.has_duplicate_title(page, language):
        return own
    own = {**own, "title": page.text(language).front_matter.title}
    return {**own, "link": render_link(own)}


def _base_link(page: Page, language: Language) -> dict[str, Any]:
    text = page.text(language)
    home = language if page.exists_in(language) else default_language()
    foreign = default_language().code if not page.is_translated(language) else None
    plain = {
        "key": page.key,
        "title": text.nav_title,
        "description": text.front_matter.description,
        "url": page.url(home),
        "lang": foreign if foreign != language.code else None,
        "current": False,
        "active": False,
        "topics": list(page.front_matter.topics),
        "icon": next(iter(page.front_matter.topics), DEFAULT_ICON),
        "audience": list(page.front_matter.audience),
    }
    return {**plain, "link": render_link(plain)}


_LANG, _HREFLANG = Markup('<span lang="{}" dir="ltr">{}</span>'), Markup(' hreflang="{}"')
_CURRENT = {"page": Markup(' aria-current="page"'), "section": Markup(' aria-current="true"')}


def render_link(row: Mapping[str, Any]) -> Markup:
    """Return a link to a page; a title in another language than the reader's is marked (WCAG 2.2, 3.1.2)."""
    lang = row["lang"]
    return Markup('<a href="{}"{}{}>{}</a>').format(
        row["url"],
        _HREFLANG.format(lang) if lang else "",
        _CURRENT["page"] if row["current"] else _CURRENT["section"] if row["active"] else "",
        _LANG.format(lang, row["title"]) if lang else mark_german(row["title"]),
    )
