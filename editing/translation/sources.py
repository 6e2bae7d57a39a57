"""Which German paragraph each translated paragraph of a draft was made for, and the entries of the lock file that follow from it."""

from collections.abc import Sequence

from core.languages import default_language
from editing.drafts import Draft, list_changes
from editing.paragraphs.arranging import section_source
from editing.paragraphs.reading import list_paragraphs, read_file_text
from editing.paths import split_name
from editing.spelling import Spelling, spelling_changes
from editorial.translations.lockfile import Lock, parse_lock
from editorial.translations.update import section_digest
from form_handler.storage.database import Database


def lock_changes(database: Database, draft: Draft) -> list[Spelling]:
    """Return the entries that a draft adds to the lock file beyond its text.

    Of a German page: changes in spelling only. Of a translation: see :func:`draft_sources`.
    """
    if split_name(draft.path)[0] == default_language().code:
        return spelling_changes(database, draft)
    return [(section, own, german) for (section, own), german in draft_sources(database, draft).items()]


def draft_sources(database: Database, draft: Draft | None) -> dict[tuple[str, str], str]:
    """Return, by section and hash of a translated paragraph, the hash of the German one that it was made for.

    Only paragraphs whose words were typed or accepted in this draft, and are still in it, are named; a whole section by the
    digests of its hashes.
    """
    found: dict[tuple[str, str], str] = {}
    if draft is None or draft.text is None:
        return found
    file = read_file_text(draft.text)
    places = list_paragraphs(file)
    for row in list_changes(database, draft.id):
        if not row.source:
            continue
        section, dot, _index = row.place.rpartition(".")
        if dot:
            marks = [one.segment.hash for one in places if (one.section, one.words) == (section, row.after)]
        else:
            source = section_source(file, row.place)
            section = row.place
            marks = [section_digest(file.document.hashes(section))] if source and source[0] == row.after else []
        found |= {(section, mark): row.source for mark in marks}
    return found


def accepted_places(database: Database, draft: Draft) -> list[str]:
    """Return the words of the paragraphs that the draft leaves as they are because they fit the German text."""
    return [row.after for row in list_changes(database, draft.id) if row.source and row.before == row.after]


def undone_changes(
    path: str, spelling: Sequence[Spelling], locks: Sequence[tuple[str | None, str | None]]
) -> list[Spelling]:
    """Return the entries of the lock file when a publication of a file is reversed: those before it.

    :param locks: the lock files as they were before and after the publication.
    """
    code, key = split_name(path)
    if code == default_language().code:
        return [(section, after, before) for section, before, after in spelling]
    found: list[Spelling] = []
    for before, after in locks:
        known, now = (_pairs(text, key, code) for text in (before, after))
        found += sorted(known - now)
    return found


def _pairs(text: str | None, key: str, code: str) -> set[Spelling]:
    lock = parse_lock(text) if text else None
    entry = lock.entries.get((key, code)) if isinstance(lock, Lock) else None
    return {
        (name, target, source)
        for name, section in (entry.sections.items() if entry else ())
        if len(section.source_hashes) == len(section.target_hashes)
        for source, target in zip(section.source_hashes, section.target_hashes, strict=True)
    }
