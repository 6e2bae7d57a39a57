"""What all pages of a build share: read once, checked once, and never written again."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, field

from core import gettext
from core.findings import ContentError, Finding, errors
from core.languages import Language, load_languages
from core.project import load_site_settings
from editorial.checks.content import check_content
from editorial.content.accessibility import RESULTS_PATH, AccessibilityRun, load_accessibility_run
from editorial.content.facts import Facts, load_facts
from editorial.content.pages import Content, read_content
from editorial.content.shortcodes import fact_urls
from editorial.content.structure import SUGGESTIONS
from editorial.content.survey_results import Publication, load_survey
from editorial.content.toolkit import RuleSet, check_rules, load_rules
from editorial.translations.lockfile import Lock, load_lock
from editorial.translations.state import TranslationState, translation_states

T = TypeVar("T")


class House(Struct, frozen=True):
    """Everything that is the same for all pages of one build.

    :ivar addresses: the addresses outside the site that pages may link to.
    """

    site: dict[str, Any]
    languages: tuple[Language, ...]
    content: Content
    facts: Facts
    chooser: RuleSet
    survey: Publication | None = None
    tested: AccessibilityRun | None = None
    lock: Lock = field(default_factory=Lock)
    states: Mapping[tuple[str, str], TranslationState] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()


def read_house(docs: Path, site_url: str | None = None, demo_survey: Path | None = None) -> House:
    """Read everything that templates are rendered from.

    :param site_url: the public address, if it is not that of ``mkdocs.yml``.
    :param demo_survey: the results of a demonstration, in the place of the published ones; every page then says so.
    :raises ContentError: if ``docs/data/`` or the lock of the translations is not valid.
    """
    load_facts.cache_clear()
    languages, site = load_languages(), load_site_settings()
    content, lock, facts = read_content(docs, languages), load_lock(docs), load_facts(docs / "data")
    return House(
        site={
            "name": site["name"],
            "url": site_url or site["url"] or "/",
            "municipality": site["municipality"],
            "demo": demo_survey is not None,
            "suggestions": f"/{SUGGESTIONS}?v={gettext.catalogs_digest()}",
        },
        languages=languages,
        content=content,
        facts=facts,
        chooser=read_table(),
        survey=_found(load_survey(demo_survey or docs / "data" / "survey.yml")),
        tested=_found(load_accessibility_run(docs.parent / RESULTS_PATH)),
        lock=lock,
        states=translation_states(docs, content, languages, lock),
        addresses=fact_urls(facts),
    )


def _found(read: T | Finding) -> T:
    if isinstance(read, Finding):
        raise ContentError([read])
    return read


def read_table() -> RuleSet:
    """Return the rule table of the toolkit.

    :raises ContentError: if it is not valid.
    """
    table = load_rules()
    if isinstance(table, list):
        raise ContentError(table)
    return table


def check_house(house: House, docs: Path, only: Collection[str] | None = None) -> None:
    """Check what is to be built.

    :param only: the keys of the pages whose text changed, where everything else is known to be right.
    :raises ContentError: if anything is wrong, with every finding.
    """
    stale = {place for place, state in house.states.items() if state.is_stale}
    pages = house.content.pages
    forms: Collection[str] = ()
    if any(pages[key].front_matter.form for key in (pages if only is None else only)):
        from form_handler.forms import FORMS  # late: most pages have no form

        forms = FORMS
    found = check_content(house.content, house.facts, house.languages, forms, datetime.date.today(), docs, stale, only)
    if only is None:
        found += check_rules(house.content)
    if wrong := errors(found):
        raise ContentError(wrong)
