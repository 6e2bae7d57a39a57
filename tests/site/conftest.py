"""The real site, built strictly once per run."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from editorial.build import build_if_changed
from editorial.content import Content, Page, read_content
from editorial.languages import Language, load_languages
from tests.conftest import ROOT

SITE_URL = "https://kim.example.org"


@dataclass(frozen=True)
class Site:
    """The built site and the content it was built from."""

    folder: Path
    content: Content
    languages: tuple[Language, ...]

    def file(self, url: str) -> Path:
        """Return the file behind a root-absolute address."""
        path = self.folder / url.lstrip("/")
        return path / "index.html" if url.endswith("/") else path

    def page(self, url: str) -> BeautifulSoup:
        """Return the parsed page at a root-absolute address."""
        return parse(self.file(url))

    def pages(self) -> list[tuple[Page, Language]]:
        """Return every page in every language that has it."""
        return [(p, row) for p in self.content.pages.values() for row in self.languages if p.exists_in(row)]


@functools.lru_cache(maxsize=600)
def parse(path: Path) -> BeautifulSoup:
    """Parse a built page once."""
    return BeautifulSoup(path.read_bytes(), "html.parser")


@pytest.fixture(scope="session")
def site() -> Site:
    """The site as ``make build`` builds it."""
    build_if_changed(ROOT / "site")
    languages = load_languages()
    return Site(ROOT / "site", read_content(ROOT / "docs", languages), languages)
