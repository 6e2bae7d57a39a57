"""What all pages of a build share: read once, checked once, and never written again."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, field

from core import gettext
from core.clock import MUNICIPAL_ZONE, local_day, utc_now
from core.findings import ContentError, Finding, errors
from core.languages import Language, load_languages
from core.project import load_site_settings, require_root_url
from editorial.checks.content import check_content
from editorial.content.data.accessibility import RESULTS_PATH, AccessibilityRun, load_accessibility_run
from editorial.content.data.events import Occurrence, upcoming_events
from editorial.content.data.facts import Facts, load_facts
from editorial.content.data.search_words import SearchWords, ignore_place, load_search_words
from editorial.content.data.survey_results import RESULTS_PATH as SURVEY_RESULTS
from editorial.content.data.survey_results import Publication, load_survey
from editorial.content.data.toolkit import RuleSet, check_rules, load_rules
from editorial.content.markup.shortcodes import fact_urls
from editorial.content.pages import Content, read_content
from editorial.content.structure import SUGGESTIONS
from editorial.render.assets import svg_data_url
from editorial.translations.lockfile import Lock, load_lock
from editorial.translations.state import TranslationState, translation_states

T = TypeVar("T")
MAX_INLINE_BYTES = 2_000  # of a drawing that is written into its page; compressed, it is about half of that


class SiteData(Struct, frozen=True):
    """Everything that is the same for all pages of one build.

    :ivar addresses: the addresses outside the site that pages may link to.
    :ivar events: the events of today and later, in their order.
    :ivar drawings: small pictures in SVG as ``data:`` addresses, by their paths from the root of the site.
    """

    settings: dict[str, Any]
    languages: tuple[Language, ...]
    content: Content
    facts: Facts
    chooser: RuleSet
    survey: Publication | None = None
    accessibility_run: AccessibilityRun | None = None
    lock: Lock = field(default_factory=Lock)
    states: Mapping[tuple[str, str], TranslationState] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()
    search_words: SearchWords = field(default_factory=SearchWords)
    drawings: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Occurrence, ...] = ()


def load_site_data(docs: Path, site_url: str | None = None, demo_survey: Path | None = None) -> SiteData:
    """Read everything that templates are rendered from.

    :param site_url: the public address, if it is not that of ``mkdocs.yml``.
    :param demo_survey: the results of a demonstration, in the place of the published ones; every page then says so.
    :raises ContentError: if ``docs/data/`` or the lock of the translations is not valid.
    """
    languages, site = load_languages(), load_site_settings()
    content, lock, facts = read_content(docs, languages), load_lock(docs), load_facts(docs / "data")
    return SiteData(
        settings={
            "name": site["name"],
            "url": require_root_url("site_url", site_url or site["url"] or "/"),
            "municipality": site["municipality"],
            "kind": facts.place.kind,
            "draft": site["draft"],
            "demo": demo_survey is not None,
            "suggestions": f"/{SUGGESTIONS}?v={gettext.catalogs_digest()}",
        },
        languages=languages,
        content=content,
        facts=facts,
        chooser=load_rule_set(),
        survey=_raise_finding(load_survey(demo_survey or docs.parent / SURVEY_RESULTS)),
        accessibility_run=_raise_finding(load_accessibility_run(docs.parent / RESULTS_PATH)),
        lock=lock,
        states=translation_states(docs, content, languages, lock),
        addresses=fact_urls(facts),
        search_words=ignore_place(_raise_findings(load_search_words(docs / "data" / "search_words.yml")), facts.place),
        drawings=load_drawings(docs),
        events=upcoming_events(facts.events, local_day(utc_now(), MUNICIPAL_ZONE)),
    )


def load_drawings(docs: Path) -> dict[str, str]:
    """Return the pictures of ``docs/assets/`` that are small enough to be embedded in a page."""
    return {
        path.relative_to(docs).as_posix(): svg_data_url(path)
        for path in sorted((docs / "assets").rglob("*.svg"))
        if path.stat().st_size <= MAX_INLINE_BYTES
    }


def _raise_finding(read: T | Finding) -> T:
    if isinstance(read, Finding):
        raise ContentError([read])
    return read


def _raise_findings(read: T | list[Finding]) -> T:
    if isinstance(read, list):
        raise ContentError(read)
    return read


def load_rule_set() -> RuleSet:
    """Return the rule table of the toolkit.

    :raises ContentError: if it is not valid.
    """
    return _raise_findings(load_rules())


def validate_site(site: SiteData, docs: Path, only: Collection[str] | None = None) -> None:
    """Check what is to be built.

    :param only: the keys of the pages whose text changed, where everything else is known to be right.
    :raises ContentError: if anything is wrong, with every finding.
    """
    stale = {place for place, state in site.states.items() if state.is_stale}
    pages = site.content.pages
    forms: Collection[str] = ()
    if any(pages[key].front_matter.form for key in (pages if only is None else only)):
        from form_handler.forms import FORMS  # late: most pages have no form

        forms = FORMS
    found = check_content(site.content, site.facts, site.languages, forms, datetime.date.today(), docs, stale, only)
    if only is None:
        from core.catalogs import untranslated_interface  # late: a build that knows its pages has checked the words

        found += [*check_rules(site.content), *untranslated_interface(site.languages)]
    if wrong := errors(found):
        raise ContentError(wrong)
