"""The files of a site beside its pages, written when the pages of a language, and of all languages, are there."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path

from core.files import write_atomically
from core.gettext import use_language
from core.languages import Language, default_language
from editorial.build.compress import compress_file, compress_site, reuse_copies
from editorial.build.listings.calendars import write_calendars
from editorial.build.listings.feeds import atom
from editorial.build.listings.offline import write_offline_lists
from editorial.build.listings.redirects import write_redirects
from editorial.build.listings.well_known import language_hints_json, robots_txt, security_txt, sitemap
from editorial.build.page_cache import PageCache
from editorial.build.search import FOLDER as SEARCH_FOLDER
from editorial.build.search import Entry, index_language, titles_filename, write_entry
from editorial.build.source import Source
from editorial.content.data.survey_results import results_csv, results_page
from editorial.content.data.toolkit import toolkit_json
from editorial.content.history import read_last_changes
from editorial.content.structure import CONTACT, EVENTS, SUGGESTIONS, SURVEY_CSV, TOOLKIT, index_of
from form_handler.toolkit.recommend import DATA_PATH


def finish_language(
    site_dir: Path, source: Source, language: Language, cache: PageCache, old_site: Path | None = None
) -> Entry:
    """Write sitemap, toolkit data, calendars and survey results of one language, index its pages and compress them.

    :param old_site: a site whose compressed copies are good for pages that did not change.
    :return: its entry for the list of the search index's parts.
    :raises SearchError: if Pagefind fails.
    """
    site, root = source.site, site_dir / language.root.strip("/")
    text = sitemap(site.content, language, site.languages, site.settings["url"])
    write_atomically(root / "sitemap.xml", text.encode())
    with use_language(language.code):
        if not site.content.leaves_out(index_of(TOOLKIT)):
            measures = toolkit_json(site.chooser, site.content, language)
            write_atomically(root / DATA_PATH, json.dumps(measures, ensure_ascii=False, separators=(",", ":")).encode())
        if (page := site.content.pages.get(EVENTS)) and page.exists_in(language):
            name, url, today = site.settings["name"], site.settings["url"], source.inputs.today
            write_calendars(site_dir, page, language, site.events, site.facts.contacts, name, url, today)
        if site.survey is not None and (shown := results_page(site.content)) and shown.exists_in(language):
            write_atomically(
                (site_dir / shown.file(language)).with_name(SURVEY_CSV), results_csv(site.survey, language).encode()
            )
    entry = index_language(site_dir, site.content, language, site.search_words, cache, source.inputs.environment)
    compress_file(site_dir / SEARCH_FOLDER / titles_filename(language.code))
    for page in site.content.pages.values():
        if page.exists_in(language):
            name = page.file(language)
            if old_site is not None:
                reuse_copies(site_dir / name, old_site / name)
            compress_file(site_dir / name)
    write_redirects(site_dir, site.content, language, site.settings["url"])
    for path in root.glob("*.html"):  # "not found", and the offline fallback
        compress_file(path)
    return entry


def finish_site(site_dir: Path, source: Source, entries: Iterable[Entry]) -> None:
    """Write the files that exist once for the whole site, once all languages are finished."""
    site = source.site
    url = site.settings["url"]
    write_entry(site_dir, entries)
    known = read_last_changes(source.docs_dir)
    for language in site.languages:
        with use_language(language.code):
            feed = atom(site.content, language, known, site.settings["name"], url)
        write_atomically(site_dir / language.root.strip("/") / "feed.xml", feed.encode())
    write_atomically(site_dir / SUGGESTIONS, language_hints_json(site.languages).encode())
    write_atomically(site_dir / "robots.txt", robots_txt(site.languages, url).encode())
    contact = site.content.pages.get(CONTACT)
    if contact:
        text = security_txt(site.languages, url, contact.url(default_language()), datetime.date.today())
        write_atomically(site_dir / ".well-known" / "security.txt", text.encode())


def refresh_derived_files(
    site_dir: Path, source: Source, languages: Iterable[Language], old_site: Path | None = None
) -> None:
    """Write compressed copies and the lists for reading offline, which depend on every other file.

    :param languages: those whose pages were written; the lists of others stay as they are.
    :param old_site: a site whose compressed copies are good for files that did not change.
    """
    compress_site(site_dir, old_site)
    write_offline_lists(site_dir, source.site.content, languages)
