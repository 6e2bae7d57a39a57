"""A changed German paragraph is stale in every translation, it alone; a change in spelling is not; restoring it is fresh again."""

from __future__ import annotations

import pytest

from core.languages import load_languages
from editing.paragraphs.reading import list_paragraphs, read_file_text
from editing.paragraphs.replacing import replace_paragraph
from editing.spelling import accept_spelling
from editorial.content.pages import read_content
from editorial.translations.lockfile import Entry, load_lock
from editorial.translations.segments import Document
from editorial.translations.state import documents, has_same_structure, stale_segments
from tests.conftest import ROOT, full_or_sample

pytestmark = pytest.mark.slow

DOCS = ROOT / "docs"
# `make test` changes some paragraphs of every page, `make test-all` all of them.
EVERY = full_or_sample([1], [23])[0]


def stale(german: Document, own: Document, entry: Entry) -> set[tuple[str, int | None]]:
    """Return section and number of each stale paragraph."""
    return {(one.section, one.index) for one in stale_segments(german, own, entry)}


@pytest.mark.parametrize("code", [language.code for language in load_languages() if not language.default])
def test_one_german_paragraph_is_stale_in_each_translation_and_nothing_else(code: str) -> None:
    languages, lock = load_languages(), load_lock(DOCS)
    language = next(row for row in languages if row.code == code)
    seen = 0
    for number, page in enumerate(read_content(DOCS, languages).pages.values()):
        entry = lock.entries.get((page.key, code))
        if entry is None or not page.is_translated(language):
            continue
        german, own = documents(DOCS, page.key, language)
        before = stale(german, own, entry)
        file = read_file_text(german.text)
        places = [
            one
            for one in list_paragraphs(file)
            if one.words and one.segment.has_words and has_same_structure(german, own, one.section)
        ]
        for place in places[number % EVERY :: EVERY]:
            mark = (place.section, int(place.id.rpartition(".")[2]))
            words = f"{place.words[:-1]}x{place.words[-1]}" if place.kind != "row" else f"{place.words[:-1]}x |"
            made = read_file_text(replace_paragraph(file, place, words))
            after = stale(made.document, own, entry)
            assert after == before | {mark}, (page.key, place.id)
            changed = made.document.sections[place.section][mark[1]].hash
            small = accept_spelling(entry, [(place.section, place.segment.hash, changed)])
            assert stale(made.document, own, small) == before, (page.key, place.id)
            again = next(one for one in list_paragraphs(made) if one.id == place.id)
            assert stale(read_file_text(replace_paragraph(made, again, place.words)).document, own, entry) == before
            seen += 1
    assert seen > 20
