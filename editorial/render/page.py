"""How a text becomes a page, before and after Markdown; MkDocs calls these functions through the plugin."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import jinja2
from markupsafe import Markup

from core import gettext
from core.findings import ContentError
from core.formatting import format_event_time, format_long_date, format_month
from core.gettext import gettext as _
from core.language_tags import mark_german, tag_german_terms
from core.languages import Language, default_language
from editorial.content.data.survey_results import results_page
from editorial.content.markup import markdown
from editorial.content.markup.html_policy import check_html, template_ids
from editorial.content.markup.shortcodes import ShortcodeRenderers, expand_shortcodes, render_company_list
from editorial.content.pages import Page
from editorial.content.place_names import fill_place_names
from editorial.render.assets import asset_url, svg_data_url
from editorial.render.site import SiteData
from editorial.render.structured_data import og_locale
from editorial.translations.stale_markers import insert_stale_markers, render_stale_markers

# Lists that look otherwise: of linked pictures, and items that begin with an icon. Not every browser knows :has().
_PICTURES = re.compile(r"<ul>(?=\s*<li>\s*(?:<p>\s*)?<a [^>]*><img )")
_ICON_LIST = re.compile(r'<ul>(?=\s*<li>\s*(?:<p>\s*)?<span class="kim-icon )')
_ICON_ITEM = re.compile(r'<li>(?=\s*(?:<p>\s*)?<span class="kim-icon )')
_LINE_STARTS = re.compile(r"\n\s+")
_SVG_IMAGE = re.compile(r'(<img\b[^>]*?\bsrc=")([^"]+\.svg)"')


def content_language(page: Page, language: Language) -> Language:
    """Return the language of the text that a page shows: German where there is no translation."""
    return language if page.is_translated(language) else default_language()


def preprocess_markdown(text: str, site: SiteData, page: Page, language: Language) -> str:
    """Mark what is stale and fill in facts, in the language of the text."""
    text = insert_stale_markers(text, site.states.get((page.key, language.code)))
    code = content_language(page, language).code
    text = fill_place_names(text, site.facts.place, code)
    text = markdown.unlink_left_out(text, page, site.content)
    if not language.default:
        text = markdown.link_to_default_language(text, page, language, site.content)
    with gettext.use_language(code):
        return expand_shortcodes(text, site.facts, code, shortcode_renderers(site, content_language(page, language)))


def postprocess_html(html: str, site: SiteData, page: Page, language: Language) -> str:
    """Repair what Markdown gives and mark German words in other languages.

    :raises ContentError: if the page then holds what :mod:`editorial.content.markup.html_policy` does not allow.
    """
    html = render_stale_markers(
        html,
        _("The German text of this paragraph has changed."),
        _("Something in the German text of this section has changed."),
    )
    html = markdown.mark_tasks(html)
    html = markdown.wrap_tables(html, page.text(language).front_matter.title)
    with gettext.use_language(content_language(page, language).code):
        html = markdown.name_admonitions(html, admonition_words())
    if not content_language(page, language).default:
        html = tag_german_terms(html, site.facts.german_terms, language.code)
    html = markdown.wrap_home_sections(html) if page.front_matter.layout == "home" else html
    html = html.replace(f'href="{markdown.DEFAULT_LANGUAGE_SCHEME}', 'href="')
    if faults := check_html(html, site.addresses, template_ids(page.front_matter.form)):
        from editorial.checks.markup.html import locate_violations  # late: pages of a checked site have none

        raise ContentError(
            locate_violations(
                page.text(language), faults, site.facts, content_language(page, language).code, page.front_matter.form
            )
        )
    html = _ICON_LIST.sub('<ul class="kim-icon-list">', _PICTURES.sub('<ul class="kim-pictures">', html))
    html = _ICON_ITEM.sub('<li class="kim-icon-item">', html)
    html = inline_drawings(html, site, page.url(language))
    return html.replace('class="button"', 'class="kim-button"')  # { .button } is what editors write


def remove_blank_lines(html: str) -> str:
    """Return a page without the empty lines that templates leave, about 80 bytes of a compressed page.

    A page with preformatted text, where they would be seen, keeps them.
    """
    return html if "<pre" in html else _LINE_STARTS.sub("\n", html)


def admonition_words() -> dict[str, str]:
    """Return the word that names each kind of box."""
    return {
        "note": _("Please note"),
        "tip": _("Tip"),
        "warning": _("Attention"),
        "danger": _("Danger"),
    }


def inline_drawings(html: str, site: SiteData, url: str) -> str:
    """Write small drawings of ``docs/assets/`` into the page: each would be a request of its own.

    :param url: the page's address on the site; addresses of pictures are relative to it.
    """

    def replace(match: re.Match[str]) -> str:
        path = urljoin(url, match[2]).lstrip("/")
        return f'{match[1]}{site.drawings.get(path, match[2])}"'

    return _SVG_IMAGE.sub(replace, html) if site.drawings and "<img " in html else html


def shortcode_renderers(site: SiteData, language: Language) -> ShortcodeRenderers:
    """Return what renders each part of a page that is made from elsewhere."""

    from editorial.render import fragments  # late: few pages have such a part

    return {
        "forms.notice": fragments.render_privacy_notice,
        "survey.results": lambda: fragments.render_survey_results(
            site.survey, language, site.facts.place, results_page(site.content)
        ),
        "accessibility.results": lambda: fragments.render_accessibility_run(site.accessibility_run, language),
        "companies.list": lambda: render_company_list(site.facts),
    }


def configure_environment(env: jinja2.Environment, language: Language, overrides: Path) -> jinja2.Environment:
    """Give templates our words, dates and addresses, and escape what they print."""
    env.autoescape = True
    env.auto_reload = False  # each build has an environment of its own
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(gettext.gettext, gettext.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals["_"] = escaped_gettext()
    env.globals["cached"] = fragment_cache()
    address = functools.cache(functools.partial(asset_url, overrides))
    # Not a function of its argument alone: a compiled template, which is cached, must not hold its result.
    env.filters["asset"] = jinja2.pass_context(lambda _context, name: address(name))
    picture = functools.cache(lambda name: svg_data_url(overrides / "assets" / name))
    env.filters["picture"] = jinja2.pass_context(lambda _context, name: Markup(picture(name)))  # noqa: S704 - our own
    env.filters["month"] = functools.cache(lambda value: format_month(value, language))
    env.filters["longdate"] = functools.cache(lambda value: format_long_date(value, language))
    env.filters["event_time"] = lambda start, end: format_event_time(start, end, language)
    env.filters["mark_german"] = jinja2.pass_context(lambda _context, words: mark_german(words))
    env.filters["og_locale"] = functools.cache(og_locale)
    return env


def fragment_cache() -> Callable[..., str]:
    """Return ``cached(*keys)`` for ``{% call cached(…) %}`` in templates: each fragment is rendered once for its keys.

    A fragment depends on the language, the site and its keys alone.
    """
    rendered: dict[tuple[Any, ...], str] = {}

    def cached(*keys: Any, caller: Callable[[], str]) -> str:
        if keys not in rendered:
            rendered[keys] = caller()
        return rendered[keys]

    return cached


def escaped_gettext() -> Callable[..., Markup]:
    """Return what templates call ``_``: each message is looked up and escaped once for the language content_language now."""
    known: dict[str, Markup] = {}

    def translate(message: str, /, **values: Any) -> Markup:
        text = known.get(message)
        if text is None:
            text = known[message] = Markup(gettext.gettext(message))  # noqa: S704 - from our own catalogs
        return text % values if values or "%" in text else text

    return translate
