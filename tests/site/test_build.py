"""The build stops on a fault and leaves the old site in place."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from core.overlay import page_path
from editorial.build.build import BuildError, build_site
from editorial.build.fingerprint import read_inputs
from tests.site.small_tree import write_small_tree

pytestmark = pytest.mark.usefixtures("few_languages")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A small tree of pages, to spoil."""
    return write_small_tree(tmp_path / "docs")


@pytest.mark.parametrize(
    ("page", "text", "words"),
    [
        ("de/kontakt.md", "---\ntitle: a: b\n---\n# K { #k }\n", "docs/de/kontakt.md:2"),
        ("ar/kontakt.md", "", "docs/ar/kontakt.md: Die Datei ist leer"),
        ("ar/kontakt.md", "---\ntitle: K\ndescription: Ein ganzer Satz hier.\n---\n# K\n", "docs/ar/kontakt.md:5"),
        ("de/kontakt.md", "---\ntitle: K\ndescription: Ein ganzer Satz hier.\nsource: [own]\nreview_by: 2099-01-01\n---\n# K { #kontakt }\n\nEin <iframe\nsrc=x> Satz.\n", "docs/de/kontakt.md:9: HTML"),
        ("en/kontakt.md", "---\ndescription: Ein ganzer Satz hier.\n---\n# K { #kontakt }\n", "docs/en/kontakt.md:1: „title“"),
    ],
)  # fmt: skip
def test_a_fault_stops_the_build_with_file_line_and_remedy_and_keeps_the_old_site(
    docs: Path, tmp_path: Path, page: str, text: str, words: str
) -> None:
    page_path(docs, page[:2], page[3:].removesuffix(".md")).write_text(text, "utf-8")
    old = tmp_path / "site"
    old.mkdir()
    (old / "index.html").write_text("old")
    with pytest.raises(BuildError) as caught:
        build_site(old, docs_dir=docs)
    assert words in str(caught.value)
    assert (old / "index.html").read_text() == "old"


def test_the_mark_changes_with_any_source_and_with_nothing_else(tmp_path: Path) -> None:
    for name in ("overrides", "core", "editorial", "form_handler/forms", "form_handler/toolkit", "docs/de"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("mkdocs.yml", "requirements.txt", "docs/de/a.md"):
        (tmp_path / name).write_text("a")

    def mark(day: int = 1) -> str:
        return read_inputs(
            tmp_path / "docs", "https://kim.example.org/", tmp_path, datetime.date(2026, 1, day)
        ).sources_digest

    before = mark()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "x").write_text("x")
    (tmp_path / "editorial" / "__pycache__").mkdir()
    (tmp_path / "editorial" / "__pycache__" / "x.pyc").write_text("x")
    assert mark() == mark(2) == before
    for name in ("docs/de/b.md", "docs/de/sub/c.md", "overrides/x.html", "mkdocs.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
        assert mark() != before, name
        before = mark()


def test_a_build_reports_its_phases(docs: Path, tmp_path: Path) -> None:
    phases: list[str] = []
    build_site(tmp_path / "site", "https://kim.example.org/", docs, report=phases.append)
    assert len(phases) >= 4
    assert "Deutsch" in phases[1]
