"""Facts named in prose: ``{{ tel.fire }}`` becomes the number, as a link, in the page's language.

An editor writes the key; the fact itself is once, in ``docs/data/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from markupsafe import Markup, escape
from msgspec import Struct

from core.gettext import gettext as _
from core.text.values import phone_href
from editorial.content.data.facts import Amount, Contact, Facts, Law, Link, Number
from editorial.content.structure import TOPIC_LABELS

SHORTCODE = re.compile(r"\{\{\s*([a-z_]+)\.([A-Za-z0-9_-]+)\s*\}\}")
_HREF = re.compile(r'href="([^"]*)"')
_BREAK = re.compile(r"\s*[\r\n]\s*")
_TAG = re.compile(r"(<[^>]*>)")
# Markdown's signs as character references. Tags reach the page as they are, but for what is looked for before them.
_IN_TAGS = {ord(sign): f"&#{ord(sign)};" for sign in "`\\[]{}|"}
_IN_TEXT = _IN_TAGS | {ord(sign): f"&#{ord(sign)};" for sign in "*_!~"}
SHORTCODE_LIKE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\{|\}\}")


# Parts of a page that are rendered from elsewhere: forms, survey, test results.
BLOCK_SHORTCODES = frozenset({"forms.notice", "survey.results", "accessibility.results", "companies.list"})
ShortcodeRenderers = Mapping[str, Callable[[], str]]


class Icon(Struct, frozen=True):
    """The icon of a topic: decorative, so the words beside it say what it means."""

    topic: str


TOPIC_ICONS = {topic: Icon(topic) for topic in TOPIC_LABELS}


class UnknownShortcodeError(KeyError):
    """A page names a fact that does not exist."""


def expand_shortcodes(markdown: str, facts: Facts, language: str, renderers: ShortcodeRenderers) -> str:
    """Replace every insert of a page; ``renderers`` make the parts named in :data:`BLOCK_SHORTCODES`.

    :raises UnknownShortcodeError: if a key is not in ``docs/data/`` (the checks find it first, with its line).
    """

    def fill(match: re.Match[str]) -> str:
        group, key = match.groups()
        if f"{group}.{key}" in BLOCK_SHORTCODES:
            return renderers[f"{group}.{key}"]()
        fact = find_fact(facts, group, key)
        if fact is None:
            raise UnknownShortcodeError(f"{group}.{key}")
        return _escape_markdown(render_fact(fact, language))

    return SHORTCODE.sub(fill, markdown)


def _escape_markdown(html: str) -> str:
    """Return HTML of one line in which Markdown finds nothing to do; a browser shows the same.

    A name may hold signs of Markdown, and would otherwise become emphasis, a link or two cells of a table.
    """
    parts = _TAG.split(_BREAK.sub(" ", html))
    return "".join(part.translate(_IN_TAGS if place % 2 else _IN_TEXT) for place, part in enumerate(parts))


def find_fact(facts: Facts, group: str, key: str) -> Any | None:
    """Return the fact that an insert names, or None."""
    groups: dict[str, Any] = {
        "tel": facts.numbers,
        "law": facts.laws,
        "link": facts.links,
        "amount": facts.amounts,
        "contact": facts.contacts,
        "icon": TOPIC_ICONS,
    }
    return groups.get(group, {}).get(key)


def fact_urls(facts: Facts) -> frozenset[str]:
    """Return every address outside the site that an insert links to: the only ones that a page may link to."""
    rows = (*facts.numbers.values(), *facts.laws.values(), *facts.links.values(), *facts.contacts.values())
    return frozenset(unescape(href) for row in rows for href in _HREF.findall(render_fact(row, "")))


def render_fact(fact: Any, language: str) -> Markup:
    """Return a fact as HTML that may be inside a sentence.

    :raises TypeError: if no insert shows such a fact.
    """
    match fact:
        case Number():
            return Markup('<a class="kim-tel" href="{}" dir="ltr">{}</a>').format(phone_href(fact.number), fact.number)
        case Law():
            if fact.url is None:  # the portal of the state is not known yet
                return Markup('<span lang="de" dir="ltr">{}</span>').format(fact.label)
            return Markup('<a href="{}" lang="de" dir="ltr">{}</a>').format(fact.url, fact.label)
        case Link():
            return Markup('<a href="{}" lang="de" dir="ltr">{}</a>').format(fact.url, fact.name)
        case Amount():
            return Markup("<bdi>{}</bdi>").format(format_amount(fact, language))
        case Contact():
            return render_contact(fact)
        case Icon():
            return Markup('<span class="kim-icon kim-icon--{}" aria-hidden="true"></span>').format(fact.topic)
    raise TypeError(f"no way to show {type(fact).__name__}")


def render_company_list(facts: Facts) -> str:
    """Return the companies that have no page of their own, as a list in Markdown; one that refuses to be named is left out."""
    names = [row.name for row in facts.companies.values() if row.page is None and row.consent != "refused"]
    rows = (_escape_markdown(Markup('<span lang="de" dir="ltr">{}</span>').format(name)) for name in names)
    return "\n".join(f"- {row}" for row in rows)


def format_amount(amount: Amount, language: str) -> str:
    """Return an amount as a reader of this language writes it, with Latin digits (a rule of this project)."""
    from babel import Locale  # late, as this: few pages have a sum
    from babel.numbers import format_currency, format_decimal, format_percent

    options: dict[str, Any] = {"locale": language, "numbering_system": "latn"}
    unit = amount.unit
    if unit == "%":
        return format_percent(amount.value / 100, **options)
    if unit == "EUR" or unit.startswith("EUR/"):
        money = format_currency(amount.value, "EUR", **options)
        if amount.value % 1 == 0:  # 603 €, not 603,00 €
            pattern = Locale.parse(language).currency_formats["standard"].pattern.replace(".00", "")
            money = format_currency(amount.value, "EUR", format=pattern, currency_digits=False, **options)
        per = {
            "EUR": money,
            "EUR/h": _("%(amount)s an hour", amount=money),
            "EUR/month": _("%(amount)s a month", amount=money),
            "EUR/year": _("%(amount)s a year", amount=money),
            "EUR/lesson": _("%(amount)s a lesson", amount=money),
        }
        return per[unit]
    return f"{format_decimal(amount.value, **options)} {unit}".strip()


UNITS = {"%", "EUR", "EUR/h", "EUR/month", "EUR/year", "EUR/lesson", ""}


def render_contact(contact: Contact) -> Markup:
    """Return a contact inside running text: its name and the ways to reach it that are known."""
    ways = [Markup('<span lang="de" dir="ltr">{}</span>').format(contact.name)]
    if contact.phone:
        ways.append(Markup('<a href="{}" dir="ltr">{}</a>').format(contact.phone_href, contact.phone))
    if contact.email:
        ways.append(Markup('<a href="mailto:{0}" dir="ltr">{0}</a>').format(contact.email))
    if contact.url:
        ways.append(Markup('<a href="{}" dir="ltr">{}</a>').format(contact.url, escape(short_url(contact.url))))
    if not contact.confirmed:
        ways.append(Markup("<em>{}</em>").format(_("not yet officially confirmed")))
    return Markup(" · ").join(ways)


def short_url(url: str) -> str:
    """Return an address as people read it: without scheme, ``www.`` and closing stroke."""
    return re.sub(r"^https?://(www\.)?|/$", "", url)
