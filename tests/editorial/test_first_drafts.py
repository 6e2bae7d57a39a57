"""The drafts that a new municipality begins with say what our own pages say: where the German is the same, so is the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.project import keeps_shared_pages
from editorial.content.pages import page_files
from editorial.scaffold.municipality import DRAFTS
from editorial.translations.segments import Document, read_document
from tests.conftest import ROOT
from tests.municipality import AUTHORITY

OWN = ROOT / "city" / "docs"
# A municipality that took the site over has made other pages of its drafts.
KEYS = sorted(page_files(ROOT / DRAFTS, "de")) if keeps_shared_pages() else []
CODES = sorted(path.name for path in (ROOT / DRAFTS).iterdir() if path.name != "de")


def read(folder: Path, code: str, key: str) -> Document:
    return read_document((folder / code / f"{key}.md").read_text("utf-8"))


def pairs(german: Document, other: Document) -> dict[tuple[str, str], str]:
    """Return what German paragraphs are in another language, by section and German text."""
    return {
        (name, source.text): translated.text
        for name, paragraphs in german.sections.items()
        if german.kinds(name) == other.kinds(name)
        for source, translated in zip(paragraphs, other.sections[name], strict=True)
    }


@pytest.mark.parametrize("code", CODES)
def test_a_draft_says_what_our_own_page_says_where_the_german_is_the_same(code: str) -> None:
    """Our own pages are read and mended by people; without this test the drafts stay as they were."""
    differs = []
    for key in KEYS:
        ours = pairs(read(OWN, "de", key), read(OWN, code, key))
        ours = {at: text.replace(f" ({AUTHORITY})", "") for at, text in ours.items()}
        drafts = pairs(read(ROOT / DRAFTS, "de", key), read(ROOT / DRAFTS, code, key))
        assert len(ours.keys() & drafts.keys()) > 5, key
        differs += [(key, text, ours[at]) for at, text in drafts.items() if ours.get(at, text) != text]
    assert differs == []
