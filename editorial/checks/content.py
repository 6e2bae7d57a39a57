"""The checks of pages and facts: :func:`check_content` stops a build, :func:`check_editorial` does not.

Each rule is a function of texts that yields findings. :func:`editorial.checks.publish.check_publish` holds the rules for
publication.
"""

import datetime
from collections.abc import Collection
from pathlib import Path

from core.findings import Finding, Level
from core.languages import Language
from editorial.checks.facts import (
    check_events,
    check_facts,
    check_hardcoded_facts,
    check_phrases,
    check_references,
    check_shortcodes,
    check_tiles,
)
from editorial.checks.files import check_data_characters, check_data_inserts, check_files
from editorial.checks.links.internal_links import check_links, check_redirects, check_titles
from editorial.checks.markup.html import check_raw_html, check_rendered_html
from editorial.checks.markup.markdown_blocks import check_markup
from editorial.checks.markup.structure import (
    check_admonitions,
    check_headings,
    check_section_order,
    check_tables,
    heading_ids,
    heading_mismatch,
)
from editorial.checks.markup.svg import check_svg_files
from editorial.checks.publish import check_review
from editorial.checks.wording.glossary import Term, check_glossary, used_terms
from editorial.checks.wording.parity import check_numbers, check_untranslated
from editorial.checks.wording.readability import check_easy_language, check_readability
from editorial.content.data.colours import colour_findings
from editorial.content.data.facts import Facts
from editorial.content.data.search_words import check_search_words
from editorial.content.kind_words import is_kind_word
from editorial.content.markup.markdown import task_ids
from editorial.content.markup.shortcodes import fact_urls
from editorial.content.pages import Content
from editorial.content.structure import is_in_easy_language


def check_content(
    content: Content,
    facts: Facts,
    languages: tuple[Language, ...],
    forms: Collection[str],
    today: datetime.date,
    docs: Path,
    stale: Collection[tuple[str, str]] = (),
    only: Collection[str] | None = None,
) -> list[Finding]:
    """Return everything that is wrong with the pages and stops a build; see :class:`Finding`.

    :param stale: page key and language of translations that are known to be older than the German text; their
        headings may differ until somebody has renewed them, so that a German page can change at any time.
    :param only: keys of the pages whose texts to check; default: all.
    """
    found = list(content.findings)
    rows = {row.code: row for row in languages}
    addresses = fact_urls(facts)
    for page in content.pages.values():
        if only is not None and page.key not in only:
            continue
        found += check_references(page, facts, forms, languages)
        found += check_tiles(page, content.pages)
        found += check_review(page, today)
        source_ids: set[str] | None = None
        for code, text in page.texts.items():
            broken, links = check_markup(text)
            own = [
                *check_headings(text), *check_admonitions(text), *check_tables(text), *check_shortcodes(text, facts, code),
                *check_hardcoded_facts(text), *check_links(text, page, content, rows[code], docs, links),
                *(list(check_raw_html(text)) or check_rendered_html(text, facts, code, page.front_matter.form, addresses)),
            ]  # fmt: skip
            named = {one.line for one in own}
            found += [*own, *(one for one in broken if one.line not in named)]
            ids = {*heading_ids(text), *task_ids(text.body)}
            if source_ids is None:
                source_ids = ids
            elif ids != source_ids:
                level: Level = "notice" if (page.key, code) in stale else "error"
                found.append(heading_mismatch(text, ids, source_ids, level))
    for language in languages:
        found += check_titles(content, language)
    found += check_redirects(content)
    found += check_facts(facts)
    found += check_phrases(facts, languages)
    found += check_events(facts, languages, today)
    if only is None:
        found += [*check_data_characters(docs), *check_data_inserts(docs)]
        found += check_svg_files(docs)
        found += colour_findings(docs.parent)
        found += check_files(docs, languages)
        found += check_search_words(
            docs / "data" / "search_words.yml", content.pages, [row.code for row in languages], content.leaves_out
        )
    return sorted(set(found))


def check_editorial(
    content: Content,
    facts: Facts,
    glossary: list[Term],
    stale: Collection[tuple[str, str]] = (),
) -> list[Finding]:
    """Return further findings for an editor: translations that differ in meaning, and hard German.

    :param stale: page key and language of translations that are known to be older than the German text;
        their numbers may differ until somebody has renewed them.
    """

    found: list[Finding] = []
    # a long German name of the place makes no German sentence; the longest forms hold the others
    place_forms = sorted(
        {form for forms in facts.place.forms.values() for form in forms.values()}, key=len, reverse=True
    )
    glossary = [term for term in glossary if not is_kind_word(term.german, facts.place.kind_words)]
    for page in content.pages.values():
        german = next(iter(page.texts.values()))
        if is_in_easy_language(page.key):
            found += check_easy_language(german)
        else:
            found += [*check_readability(german), *check_section_order(german, facts.headings)]
        terms = used_terms(german, glossary, place_forms)
        for code, text in page.texts.items():
            if text is german:
                continue
            found += check_untranslated(text, german, (*place_forms, *facts.german_terms))
            if (english := page.texts.get("en")) is not None and code != "en":
                found += check_untranslated(text, english, (*place_forms, *facts.german_terms), "englisch")
            found += check_glossary(text, terms, code)
            if (page.key, code) not in stale:
                found += check_numbers(text, german)
    return sorted(set(found))
