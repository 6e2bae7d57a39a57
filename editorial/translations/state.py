"""The state of a translation, computed from the two files and the lock, and from nothing else.

A German paragraph is new to a translation if the lock has no entry for it. Its counterpart – the paragraph at the
same place below the heading of the same id – then has to be new as well: a text that the lock records is the old
translation. Where a section is cut differently in the two languages (another number or kind of paragraphs),
paragraphs cannot be matched; then the whole section counts as stale as long as its German
text is not the recorded one, until it is cut alike again or somebody says ``kim translations accept``.
"""

import datetime
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from core.findings import Finding
from core.languages import Language, default_language
from core.overlay import page_path
from core.text.characters import shorten_text
from core.text.text_files import read_page
from editorial.content.front_matter import TranslationFrontMatter
from editorial.content.pages import Content, Page
from editorial.translations.lockfile import Entry, Lock, Section, check_lock, load_lock
from editorial.translations.segments import Document, Segment, read_document

State = Literal["missing", "stale", "unreviewed", "reviewed", "fresh"]
STATE_LABELS: dict[State, str] = {
    "missing": "fehlt",
    "stale": "veraltet",
    "unreviewed": "ungeprüft",
    "reviewed": "geprüft",
    "fresh": "aktuell",
}
EMPTY_SECTION = Section((), ())


class StaleSegment(Struct, frozen=True):
    """A German paragraph that a translation does not have yet.

    :ivar section: the id of its heading.
    :ivar line: its line in the German file; 0 if German text was removed and the translation still has it.
    :ivar own_line: the line of its counterpart in the translation; 0 if there is none.
    :ivar index: the place of the counterpart among the paragraphs of the section; None if the whole section is meant.
    :ivar text: the German words, or the event.
    :ivar since: the day on which ``kim translations update`` first noticed it; None if it has not run since.
    """

    section: str
    line: int
    own_line: int
    index: int | None
    text: str
    since: datetime.date | None


class TranslationState(Struct, frozen=True):
    """One page in one language.

    :ivar state: ``missing``; ``stale`` (the German text changed and it did not follow); else ``unreviewed`` (a machine's
        words that nobody has checked), ``reviewed``, or ``fresh``: reviewed once, but changed after that review.
    :ivar since: since when it is stale: the first day noticed, else the day on which it still followed.
    :ivar since_is_exact: whether ``since`` is a day on which the change was noticed.
    :ivar file: the translation's file, as messages name it; empty if it is missing.
    :ivar source_file: the file of the text that it was made from.
    :ivar in_lock: whether the lock records the translation; if not, it counts as following until the next update.
    """

    key: str
    language: str
    state: State
    changed: tuple[StaleSegment, ...] = ()
    since: datetime.date | None = None
    since_is_exact: bool = False
    last_change: datetime.date | None = None
    in_lock: bool = True
    reviewed_by: str | None = None
    reviewed_at: datetime.date | None = None
    file: str = ""
    source_file: str = ""

    @property
    def is_stale(self) -> bool:
        """Return whether the German text changed and the translation did not follow."""
        return self.state == "stale"


def translation_states(
    docs: Path,
    content: Content,
    languages: tuple[Language, ...],
    lock: Lock | None = None,
    only: Collection[str] | None = None,
) -> dict[tuple[str, str], TranslationState]:
    """Return the state of every page in every other language that it should exist in.

    :param only: the keys of the pages; default: all.
    :raises ContentError: if the lock cannot be read.
    """
    lock = load_lock(docs) if lock is None else lock
    gone = moved_entries(docs, lock)
    return {
        (page.key, language.code): page_state(docs, page, language, find_entry(docs, lock, page, language, gone))
        for page in (content.pages.values() if only is None else map(content.pages.__getitem__, only))
        for language in languages
        if not language.default and page.exists_in(language)
    }


def moved_entries(docs: Path, lock: Lock) -> dict[str, list[Entry]]:
    """Return by language the entries of the lock file for translations whose file is no longer there: they may have moved."""
    found: dict[str, list[Entry]] = {}
    for (key, code), entry in lock.entries.items():
        if not page_path(docs, code, key).exists():
            found.setdefault(code, []).append(entry)
    return found


def find_entry(
    docs: Path, lock: Lock, page: Page, language: Language, gone: Mapping[str, list[Entry]] | None = None
) -> Entry | None:
    """Return the entry of the lock file for a page, under its earlier name if it was moved, or None.

    Moved means: the lock has no entry for it, a page of the lock is gone, and half of their paragraphs are the same.

    :param gone: the result of :func:`moved_entries`, if known already.
    """
    known = lock.entries.get((page.key, language.code))
    if known or not page.is_translated(language):
        return known
    lost = (moved_entries(docs, lock) if gone is None else gone).get(language.code)
    if not lost:
        return None
    own = read_document(read_page(page_path(docs, language.code, page.key)))
    hashes = {value for name in own.sections for value in own.hashes(name)}
    best = max(lost, key=lambda entry: len(entry.target_hashes & hashes))
    return best if len(best.target_hashes & hashes) * 2 >= len(hashes) else None


def page_state(docs: Path, page: Page, language: Language, entry: Entry | None) -> TranslationState:
    """Return the state of one page in one language; ``entry`` is the entry of the lock file for it."""
    path = page_path(docs, language.code, page.key)
    return document_state(
        page, language, entry, lambda: source_document(docs, page.key), lambda: read_document(read_page(path))
    )


def document_state(
    page: Page,
    language: Language,
    entry: Entry | None,
    read_german: Callable[[], Document],
    read_own: Callable[[], Document],
) -> TranslationState:
    """Return the state of one page in one language.

    :param read_german: returns the German text, cut into paragraphs; called where the lock has an entry for the page.
    :param read_own: returns the translation; called only where it may be stale.
    """
    source_file = page.text(default_language()).file
    if not page.is_translated(language):
        return TranslationState(page.key, language.code, "missing", source_file=source_file)
    header = page.text(language).front_matter
    assert isinstance(header, TranslationFrontMatter)
    changed: tuple[StaleSegment, ...] = ()
    holds = True  # a review that is not recorded yet counts
    if entry is not None and (entry.review or not matches_lock(read_german(), entry)):
        german, own = read_german(), read_own()
        changed = tuple(stale_segments(german, own, entry))
        holds = review_is_valid(header.reviewed_at, own, entry)
    days = [change.since for change in changed if change.since]
    state: State = "stale" if changed else "unreviewed"
    if not changed and header.reviewed_by:
        state = "reviewed" if holds else "fresh"
    return TranslationState(
        page.key,
        language.code,
        state,
        changed,
        since=min(days, default=entry.synced_on if entry and changed else None),
        since_is_exact=bool(days),
        last_change=max(days, default=None),
        in_lock=entry is not None,
        reviewed_by=header.reviewed_by,
        reviewed_at=header.reviewed_at,
        file=page.text(language).file,
        source_file=source_file,
    )


def documents(docs: Path, key: str, language: Language) -> tuple[Document, Document]:
    """Return the German file and the translation, cut into paragraphs."""
    return source_document(docs, key), read_document(read_page(page_path(docs, language.code, key)))


def source_document(docs: Path, key: str) -> Document:
    """Return the German file, cut into paragraphs."""
    return read_document(read_page(page_path(docs, default_language().code, key)))


def matches_lock(german: Document, entry: Entry) -> bool:
    """Return whether the German text is still exactly the one that the lock records: then nothing can be stale."""
    return german.sections.keys() == entry.sections.keys() and all(
        german.hashes(name) == known.source_hashes for name, known in entry.sections.items()
    )


def document_digest(document: Document) -> str:
    """Return one hash for all paragraphs of a file."""
    text = " ".join(value for name in sorted(document.sections) for value in document.hashes(name))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def review_is_valid(day: datetime.date | None, own: Document, entry: Entry) -> bool:
    """Return whether the text is still the one that was reviewed; a review that is not recorded yet counts."""
    return entry.review is None or entry.review[0] != day or entry.review[1] == document_digest(own)


def stale_segments(german: Document, own: Document, entry: Entry) -> Iterator[StaleSegment]:
    """Yield the changes of the German text that the translation lacks, in the order of the German page."""
    for name in [*german.sections, *(name for name in entry.sections if name not in german.sections)]:
        known = entry.sections.get(name, EMPTY_SECTION)
        if german.hashes(name) == known.source_hashes:
            continue
        if name not in german.sections:
            if name in own.sections:
                yield _stale_section(
                    german, own, name, known, "Der Abschnitt steht nicht mehr auf der deutschen Seite."
                )
        elif has_same_structure(german, own, name):
            for index, stale in enumerate(stale_flags(german, own, name, entry)):
                if stale:
                    source, target = german.sections[name][index], own.sections[name][index]
                    yield StaleSegment(name, source.line, target.line, index, source.text, known.stale_since)
        else:
            yield _stale_section(german, own, name, known, _difference(german, own, name))


def has_same_structure(german: Document, own: Document, section: str) -> bool:
    """Return whether a section consists of the same paragraphs in both languages, in number and kind."""
    return german.kinds(section) == own.kinds(section)


def stale_flags(german: Document, own: Document, section: str, entry: Entry) -> list[bool]:
    """Return for each segment of a section with the same structure whether its translation is stale."""
    if german.hashes(section) == entry.sections.get(section, EMPTY_SECTION).source_hashes:
        return [False] * len(german.hashes(section))
    partners = entry.translations_by_source()
    return [
        not _is_up_to_date(source, target, partners, entry)
        for source, target in zip(german.sections[section], own.sections[section], strict=True)
    ]


def _is_up_to_date(source: Segment, target: Segment, partners: dict[str, set[str]], entry: Entry) -> bool:
    if target.hash not in entry.target_hashes or target.hash in partners.get(source.hash, ()):
        return True
    # Nothing to translate, and the same in both languages: an insert, a number.
    return source.hash == target.hash and not source.has_words


def _stale_section(german: Document, own: Document, name: str, known: Section, text: str) -> StaleSegment:
    lines = [document.sections[name][0].line if name in document.sections else 0 for document in (german, own)]
    return StaleSegment(name, lines[0], lines[1], None, text, known.stale_since)


def _difference(german: Document, own: Document, name: str) -> str:
    if name not in own.sections:
        return f"Der Abschnitt „{german.sections[name][0].text}“ fehlt in der Übersetzung."
    return (
        f"Der Abschnitt „{german.sections[name][0].text}“ hat {len(german.kinds(name))} Absätze, "
        f"die Übersetzung {len(own.kinds(name))}; welche zusammengehören, ist nicht zu erkennen."
        if len(german.kinds(name)) != len(own.kinds(name))
        else f"Der Abschnitt „{german.sections[name][0].text}“ ist anders aufgebaut als seine Übersetzung."
    )


def check_translations(
    docs: Path,
    content: Content,
    languages: tuple[Language, ...],
    states: Mapping[tuple[str, str], TranslationState] | None = None,
) -> list[Finding]:
    """Return the wrong entries of the lock, and one notice for each stale paragraph and each page that is not recorded.

    :param states: the result of :func:`translation_states`, if known already.
    """
    found = check_lock(docs, languages)
    if any(finding.level == "error" for finding in found):
        return found
    for state in (translation_states(docs, content, languages) if states is None else states).values():
        found += _stale_findings(state)
    return sorted(found)


def _stale_findings(state: TranslationState) -> Iterator[Finding]:
    file, source = state.file, state.source_file
    for change in state.changed:
        where = f"{source}:{change.line}" if change.line else source
        yield Finding(
            file, change.own_line, f"Der deutsche Text hat sich geändert ({where}: „{shorten_text(change.text)}“).",
            "Übersetzen Sie den Absatz neu, dann `.venv/bin/kim translations update`. Ist nichts zu übersetzen: "
            f"`.venv/bin/kim translations accept {state.key}`.", "notice",
        )  # fmt: skip
    if state.state != "missing" and not state.in_lock:
        yield Finding(
            file, 0, "Es ist noch nicht festgehalten, auf welchem deutschen Text die Übersetzung beruht.",
            "Rufen Sie `.venv/bin/kim translations update` auf.", "notice",
        )  # fmt: skip
