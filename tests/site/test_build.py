"""The build stops on a fault and leaves the old site in place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from editorial import build
from editorial.build import BuildError, build_site
from tests.conftest import ROOT


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A copy of the real pages, to spoil."""
    return Path(shutil.copytree(ROOT / "docs", tmp_path / "docs"))


@pytest.mark.parametrize(
    ("page", "text", "words"),
    [
        ("de/kontakt.md", "---\ntitle: a: b\n---\n# K { #k }\n", "docs/de/kontakt.md:2"),
        ("ar/kontakt.md", "", "docs/ar/kontakt.md: Die Datei ist leer"),
        ("tr/kontakt.md", "---\ntitle: K\ndescription: Ein ganzer Satz hier.\n---\n# K\n", "docs/tr/kontakt.md:5"),
        ("en/kontakt.md", "---\ndescription: Ein ganzer Satz hier.\n---\n# K { #kontakt }\n", "docs/en/kontakt.md:1: „title“"),
    ],
)  # fmt: skip
def test_a_fault_stops_the_build_with_file_line_and_remedy_and_keeps_the_old_site(
    docs: Path, tmp_path: Path, page: str, text: str, words: str
) -> None:
    docs.joinpath(page).write_text(text, "utf-8")
    old = tmp_path / "site"
    old.mkdir()
    (old / "index.html").write_text("old")
    with pytest.raises(BuildError) as caught:
        build_site(old, docs_dir=docs)
    assert words in str(caught.value)
    assert (old / "index.html").read_text() == "old"


def test_the_fingerprint_changes_with_any_source_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("a")
    before = build.fingerprint(tmp_path, ["docs"])
    (tmp_path / "var").mkdir()
    assert build.fingerprint(tmp_path, ["docs"]) == before
    (tmp_path / "docs" / "b.md").write_text("")
    assert build.fingerprint(tmp_path, ["docs"]) != before
