"""Record the German text that the translations were made from: ``kim translations update`` and ``accept``.

``update`` records up-to-date translations and keeps the records of stale ones, with the day on which that was first
noticed. ``accept`` records of a page: small change, nothing to translate.
"""

import datetime
import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from core.languages import Language, default_language
from core.overlay import page_path
from core.project import all_language_codes
from editorial.content.front_matter import TranslationFrontMatter
from editorial.content.pages import Content, Page
from editorial.translations.lockfile import UNKNOWN_HASH, Entry, Lock, Section
from editorial.translations.segments import HASH_LENGTH, Document
from editorial.translations.state import (
    EMPTY_SECTION,
    document_digest,
    documents,
    find_entry,
    has_same_structure,
    moved_entries,
    stale_flags,
    stale_segments,
)

_PAIRS = "_pairs"  # a section of an entry that is not written: pairs of paragraphs that belong to no known section


def update_lock(
    docs: Path, content: Content, languages: tuple[Language, ...], lock: Lock, today: datetime.date
) -> Lock:
    """Return the lock with every translation that follows the German text recorded; pages and languages that are gone fall out."""
    entries: dict[tuple[str, str], Entry] = {}
    others = [language for language in languages if not language.default]
    codes = {
        language.code for language in others
    } | all_language_codes()  # the entries of a language that is not built are kept
    for (key, code), known in lock.entries.items():
        # A page that cannot be read at the moment, for a fault in it, keeps its entries.
        files = [page_path(docs, folder, key) for folder in (default_language().code, code)]
        if code in codes and all(file.exists() for file in files):
            entries[key, code] = known
    gone = moved_entries(docs, lock)
    for page in content.pages.values():
        for language in others:
            if page.is_translated(language):
                before = find_entry(docs, lock, page, language, gone)
                entries[page.key, language.code] = update_entry(docs, page, language, before, today)
    return Lock(entries)


def update_entries(
    docs: Path, content: Content, languages: tuple[Language, ...], lock: Lock,
    places: Collection[tuple[str, str]], today: datetime.date,
) -> Lock:  # fmt: skip
    """Return the lock with these pages and languages recorded, and nothing else touched."""
    fresh = update_lock(docs, content, languages, lock, today)
    return Lock({**lock.entries, **{place: fresh.entries[place] for place in places}})


def update_entry(docs: Path, page: Page, language: Language, known: Entry | None, today: datetime.date) -> Entry:
    """Return the entry of one page in one language as of today."""
    german, own = documents(docs, page.key, language)
    if known is None:
        return accept_entry(docs, page, language, None, today)
    sections: dict[str, Section] = {}
    stale = {change.section for change in stale_segments(german, own, known)}
    for name in {*german.sections, *known.sections}:
        before = known.sections.get(name, EMPTY_SECTION)
        if name not in stale:
            if name in german.sections:
                sections[name] = Section(german.hashes(name), own.hashes(name))
        elif name in german.sections and has_same_structure(german, own, name):
            sections[name] = _partially_updated_section(german, own, name, known, before.stale_since or today)
        else:
            sections[name] = Section(before.source_hashes, before.target_hashes, before.stale_since or today)
    followed = any(not row.stale_since and known.sections.get(name) != row for name, row in sections.items())
    return Entry(today if followed else known.synced_on, sections, _review(page, language, known, own, today))


def _partially_updated_section(
    german: Document, own: Document, name: str, known: Entry, since: datetime.date
) -> Section:
    """Record the paragraphs that follow the German text; the others keep the German hash that they were made from."""
    made_from = {target: source for source, hashes in known.translations_by_source().items() for target in hashes}
    hashes = [
        made_from.get(target, UNKNOWN_HASH) if stale else source
        for stale, source, target in zip(
            stale_flags(german, own, name, known), german.hashes(name), own.hashes(name), strict=True
        )
    ]
    return Section(tuple(hashes), own.hashes(name), since)


def _review(
    page: Page, language: Language, known: Entry | None, own: Document, today: datetime.date
) -> tuple[datetime.date, str] | None:
    header = page.text(language).front_matter
    day = header.reviewed_at if isinstance(header, TranslationFrontMatter) else None
    if day is None:
        return None
    if known and known.review and known.review[0] == day and day < today:
        return known.review
    return day, document_digest(own)


def accept_entry(docs: Path, page: Page, language: Language, known: Entry | None, today: datetime.date) -> Entry:
    """Return the entry that records the translation as up to date."""
    german, own = documents(docs, page.key, language)
    sections = {name: Section(german.hashes(name), own.hashes(name)) for name in german.sections}
    review = _review(page, language, known, own, today)
    if known and known.sections == sections and known.review == review:
        return known
    return Entry(today, sections, review)


def section_digest(hashes: Iterable[str]) -> str:
    """Return one hash for all paragraphs of a section."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:HASH_LENGTH]


def note_sources(
    known: Entry | None, german: Document, own: Document, made_for: Iterable[tuple[str, str, str]], today: datetime.date
) -> Entry:
    """Return the entry of the lock file for a translation with the German paragraphs that some of its paragraphs were made for.

    A translation of the current German text counts as up to date, even if it did not change; one of an older text does
    not.

    :param made_for: section, hash of the translated paragraph, and of the German one; those of whole sections are their digests.
    """
    sections = dict(known.sections) if known else {}
    pairs: list[tuple[str, str]] = []
    for name, target, source in made_for:
        german_hashes, own_hashes = german.hashes(name), own.hashes(name)
        if (target, source) == (section_digest(own_hashes), section_digest(german_hashes)):
            sections[name] = Section(german_hashes, own_hashes)
            continue
        row = sections.get(name, EMPTY_SECTION)
        alike = len(row.source_hashes) == len(row.target_hashes)
        places = [index for index, value in enumerate(row.target_hashes) if value == target and alike]
        at = next(
            (index for index in places if german_hashes[index : index + 1] == (source,)), places[0] if places else -1
        )
        if at < 0:
            at = own_hashes.index(target) if target in own_hashes else -1
            if (
                at < 0
                or german_hashes[at : at + 1] == (source,)
                or not alike
                or len(own_hashes) != len(row.target_hashes)
            ):
                pairs.append((source, target))
                continue
        hashes = (*row.source_hashes[:at], source, *row.source_hashes[at + 1 :])
        own_row = (*row.target_hashes[:at], target, *row.target_hashes[at + 1 :])
        sections[name] = Section(hashes, own_row, None if hashes == german_hashes else row.stale_since)
    if pairs:
        sections[_PAIRS] = Section(tuple(source for source, _ in pairs), tuple(target for _, target in pairs))
    return Entry(known.synced_on if known else today, sections, known.review if known else None)


def accept_pages(
    docs: Path, pages: Collection[Page], languages: tuple[Language, ...], lock: Lock, today: datetime.date
) -> Lock:
    """Return the lock with these pages accepted as they are, in all of these languages."""
    entries = dict(lock.entries)
    for page in pages:
        for language in languages:
            if not language.default and page.is_translated(language):
                place = page.key, language.code
                entries[place] = accept_entry(docs, page, language, entries.get(place), today)
    return Lock(entries)
