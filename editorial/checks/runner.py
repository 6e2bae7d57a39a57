"""Everything that `kim check` checks, in one run over the whole site."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

from msgspec import Struct, structs

from core.catalogs import STAFF_SOURCE_DIRS, check_catalog, extract_messages, translated_messages
from core.findings import ContentError, Finding
from core.gettext import STAFF_LANGUAGES, STAFF_LOCALE_DIR, catalog_path, shown_catalog
from core.languages import Language, default_language, load_languages
from core.overlay import CITY_PAGES, shown_path
from core.processes import forked, run_forked
from core.project import CITY_SETTINGS, ROOT, draft_languages, load_site_settings
from core.text import yaml
from editorial.checks.answer_templates import check_answer_templates
from editorial.checks.content import check_content, check_editorial
from editorial.checks.publish import check_publish, pending_confirmations
from editorial.checks.wording.glossary import load_glossary, missing_translations
from editorial.checks.wording.recurring_lines import check_all_recurring_lines
from editorial.checks.wording.scope import (
    check_foreign_state,
    check_local_versions,
    check_named_offices,
    check_scope,
    check_used_forms,
    load_other_names,
)
from editorial.checks.wording.traps import check_all_traps, check_messages, load_traps
from editorial.content.data.accessibility import RESULTS_PATH, load_accessibility_run
from editorial.content.data.facts import Facts, load_facts
from editorial.content.data.survey_results import RESULTS_PATH as SURVEY_RESULTS
from editorial.content.data.survey_results import check_survey_results
from editorial.content.data.toolkit import check_rules
from editorial.content.pages import Content, page_files, read_content
from editorial.content.structure import check_structure
from editorial.translations.state import TranslationState, check_translations, translation_states
from form_handler.forms import FORMS


class CheckReport(Struct, frozen=True):
    """What was found.

    :ivar pages: how many files were read.
    :ivar languages: how many languages there are.
    :ivar facts: the shared facts; None if they cannot be read.
    """

    content: Content
    facts: Facts | None
    findings: list[Finding]
    pages: int
    languages: int


def run_checks(
    docs: Path = ROOT / "docs",
    today: datetime.date | None = None,
    show_pending: bool = False,
    publish: bool = False,
    words: bool = True,
) -> CheckReport:
    """Run all checks on the pages, facts and catalogues of one project.

    :param show_pending: also list what somebody has to confirm, as notices.
    :param publish: also refuse what may not go public, as errors.
    :param words: also check the interface words of this program.
    """
    if not words:
        return _check_content(docs, today, show_pending, publish, processes=1)
    with forked(check_catalogs) as catalogs:  # they need none of the pages, so they are checked while those are read
        report = _check_content(docs, today, show_pending, publish, processes=(os.cpu_count() or 1) + 1)
        return structs.replace(report, findings=sorted({*report.findings, *catalogs()}))


def _check_content(
    docs: Path, today: datetime.date | None, show_pending: bool, publish: bool, processes: int
) -> CheckReport:
    """Run all checks on pages and facts.

    :param processes: 1 inside servers, whose threads a forked process would not have.
    """
    today = today or datetime.date.today()
    languages = load_languages()
    content = read_content(docs, languages)
    found: list[Finding] = []
    facts: Facts | None = None
    tasks: list[Callable[[], Iterable[Finding]]] = [lambda: check_rules(content)]
    try:
        facts = load_facts(docs / "data")
    except ContentError as error:
        found += error.findings + content.findings
    else:
        states = known_states(docs, content, languages)
        stale = {place for place, state in states.items() if state.is_stale}
        tasks = [  # those that take longest first
            lambda: check_pages(docs, content, facts, today, show_pending, publish, stale),
            lambda: check_phrasing(docs, content, languages),
            lambda: check_wording(docs, content, facts, stale),
            *tasks,
            lambda: [replace(one, code="translations") for one in check_translations(docs, content, languages, states)],
        ]
    for one in run_forked(tasks, processes):
        found += one
    pages = sum(len(page.texts) for page in content.pages.values())
    return CheckReport(content, facts, sorted(set(found)), pages, len(languages))


def known_states(
    docs: Path, content: Content, languages: tuple[Language, ...]
) -> dict[tuple[str, str], TranslationState]:
    """Return the state of each translation; none if the lock cannot be read, which :func:`check_translations` says."""
    try:
        return translation_states(docs, content, languages)
    except ContentError:
        return {}


def check_pages(
    docs: Path,
    content: Content,
    facts: Facts,
    today: datetime.date,
    show_pending: bool,
    publish: bool,
    stale: Collection[tuple[str, str]],
) -> list[Finding]:
    """Run the checks on pages and facts, but for their words."""
    languages = load_languages()
    found = check_content(content, facts, languages, FORMS, today, docs, stale)
    source = default_language(languages).code
    found += check_structure(page_files(docs, source), source, content.parts)
    found += [empty_language_finding(language) for language in languages if not content.has_language(language)]
    found += check_scope(content, facts.place, load_other_names(docs / "data"))
    found += check_named_offices(content, facts.place)
    found += check_used_forms(facts.place, languages)
    found += check_local_versions(docs, content)
    found += check_foreign_state(docs, content, facts.place)
    found += check_survey_results(docs.parent / SURVEY_RESULTS)
    found += check_answer_templates(docs / "data" / "answer_templates.yml", languages, FORMS)
    run = load_accessibility_run(docs.parent / RESULTS_PATH)
    found += [run] if isinstance(run, Finding) else []
    if publish:
        found += check_publish(content, facts, today, draft_line() if load_site_settings()["draft"] else 0)
    if show_pending:
        found += pending_confirmations(content, facts)
    return found


def check_phrasing(docs: Path, content: Content, languages: tuple[Language, ...]) -> list[Finding]:
    """Run the checks on words that readers stumble over, and on lines that have one wording on all pages."""
    traps = check_all_traps(docs / "data", content, languages)
    return [*traps, *check_all_recurring_lines(docs / "data", content, languages)]


def check_wording(docs: Path, content: Content, facts: Facts, stale: Collection[tuple[str, str]]) -> list[Finding]:
    """Run the checks on terms of the glossary, on hard German, and on translations that say something else."""
    languages, found = load_languages(), list[Finding]()
    glossary = load_glossary(docs / "data" / "glossary.yml")
    if isinstance(glossary, Finding):
        found.append(glossary)
        glossary = []
    found += missing_translations(glossary, [row.code for row in languages[1:]])
    return found + check_editorial(content, facts, glossary, stale)


def draft_line() -> int:
    """Return the line of ``city/city.yml`` that says whether the site is a draft."""
    return yaml.line_of(yaml.compose(yaml.read_utf8(ROOT / CITY_SETTINGS)), ("extra", "draft"))


def empty_language_finding(language: Language) -> Finding:
    """Return the finding for a language without pages: it is new, or its folder was removed by mistake."""
    shared, own = ROOT / "docs" / language.code, ROOT / CITY_PAGES / language.code
    return Finding(
        shown_path(ROOT / "docs", own if own.is_dir() and not shared.is_dir() else shared), 0,
        f"{language.name}: Es gibt keine einzige Seite. Lesende bekommen alles auf Deutsch.",
        f"In einer neuen Sprache beginnen Sie mit der Startseite: `kim translations export --lang {language.code} --only missing` macht "
        "eine Datei für Übersetzende. Gab es schon Seiten, holen Sie den Ordner aus der Versionsgeschichte zurück.",
        level="notice",
    )  # fmt: skip


def draft_finding(language: Language, count: int) -> Finding:
    """Return the one finding for a language that is built as a draft."""
    return Finding(
        shown_catalog(catalog_path(language.code)), 0, f"{language.name} ist ein Entwurf: {count} Wörter der Oberfläche fehlen noch.",
        f"Übersetzen Sie sie, und streichen Sie {language.code} in {CITY_SETTINGS} aus draft_languages:.", "notice", "words",
    )  # fmt: skip


def check_catalogs() -> list[Finding]:
    """Return what is wrong with the interface words of all languages."""
    found: list[Finding] = []
    template, office = extract_messages(), extract_messages(dirs=STAFF_SOURCE_DIRS)
    for language in load_languages():
        words = list(check_catalog(language, template))
        found += [draft_finding(language, len(words))] if words and language.code in draft_languages() else words
        traps = load_traps(ROOT / "docs" / "data", language.code)
        if not isinstance(traps, Finding):  # else the checks on pages have reported it
            found += check_messages(shown_catalog(catalog_path(language.code)), translated_messages(language), traps)
        if language.code in STAFF_LANGUAGES:
            found += check_catalog(language, office, STAFF_LOCALE_DIR)
    return found
