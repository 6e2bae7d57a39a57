"""The real site, built strictly once per run."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from core.languages import Language, load_languages
from core.project import CITY_SETTINGS, apply_city_settings, load_site_settings, read_config
from editorial.build.build import build_if_changed, build_site
from editorial.content.pages import Content, Page, read_content
from tests.conftest import ROOT, full_or_sample
from tests.site.small_tree import write_small_tree

SITE_URL = str(load_site_settings()["url"]).rstrip("/")


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

    def checked_pages(self) -> list[tuple[Page, Language]]:
        """Return the pages that a test parses: all in `make test-all`.

        `make test` parses those in German, and of every other language each eighth page, another eighth in each; of the
        first that is written from right to left each second.
        """
        mirrored = next((language for language in self.languages if language.dir == "rtl"), None)

        def every(language: Language) -> int:
            return 1 if language.default else 2 if language == mirrored else 8

        sample = [
            (page, language)
            for number, page in enumerate(self.content.pages.values())
            for place, language in enumerate(self.languages)
            if page.exists_in(language) and (number + place) % every(language) == 0
        ]
        return full_or_sample(self.pages(), sample)


@functools.lru_cache(maxsize=1200)
def parse(path: Path) -> BeautifulSoup:
    """Parse a built page once per process: parsing takes longer than all that is asked of a page."""
    return BeautifulSoup(path.read_bytes(), "html.parser")


@contextlib.contextmanager
def three_languages(folder: Path) -> Iterator[tuple[Language, ...]]:
    """Take three languages in the place of eight, as a municipality chooses them: a small tree builds as long as it has languages.

    :param folder: where the settings file may lie that says so.
    """
    settings = folder / Path(CITY_SETTINGS).name
    settings.write_text("languages: [de, en, ar]\nshared: true\n", "utf-8")
    config = read_config()
    before = copy.deepcopy(config)
    apply_city_settings(config, settings)
    load_languages.cache_clear()
    try:
        yield load_languages()
    finally:
        config.clear()
        config.update(before)
        load_languages.cache_clear()


@pytest.fixture(scope="module")
def few_languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Language, ...]]:
    """Three languages while a module runs; not beside :func:`site`."""
    with three_languages(tmp_path_factory.mktemp("few")) as languages:
        yield languages


@pytest.fixture(scope="session")
def site() -> Site:
    """The site as ``make build`` builds it."""
    build_if_changed(ROOT / "site")
    languages = load_languages()
    return Site(ROOT / "site", read_content(ROOT / "docs", languages), languages)


@pytest.fixture(scope="session")
def partly_translated(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A small site of which some pages have no translation; the real one has them all."""
    folder = tmp_path_factory.mktemp("partly")
    with three_languages(folder) as languages:
        docs = write_small_tree(folder / "docs")
        build_site(folder / "site", f"{SITE_URL}/", docs)
        return Site(folder / "site", read_content(docs, languages), languages)
