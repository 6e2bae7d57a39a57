"""Single pages, drawn by themselves: the same Markdown and the same templates, without the run of MkDocs around them.

A run of MkDocs reads its configuration, finds plugins and looks through all files before it draws anything. Which
pages there are and where each lies, we know from our own content. Tests draw every page both ways and compare the bytes.
"""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import markdown
from markdown.extensions import Extension
from mkdocs.structure.pages import _RelativePathTreeprocessor

from editorial import words
from editorial.compiled import Compiled
from editorial.context import page_context
from editorial.drawing import after_markdown, before_markdown, furnish, spoken
from editorial.files import put
from editorial.house import House
from editorial.languages import Language, default_language
from editorial.plain_text import PlainText

# From so many pages on, a second process is worth its beginning.
MANY = 40


class DrawError(Exception):
    """A page could not be drawn; the message says which and why."""


@dataclass(frozen=True)
class Links:
    """What MkDocs makes of links that lead nowhere: a level of :mod:`logging` by kind."""

    not_found: int
    absolute_links: int
    unrecognized_links: int


@dataclass(frozen=True)
class Settings:
    """What drawing a page takes from ``mkdocs.yml``, in the words of MkDocs, whose link processor reads it.

    :ivar extensions: those of Markdown, with what they are told. To look them up by name again would mean to look
        through everything that is installed.
    """

    overrides: Path
    extensions: tuple[tuple[type[Extension], Mapping[str, Any]], ...]
    links: Links
    use_directory_urls: bool = True

    @property
    def validation(self) -> Settings:
        """Return where MkDocs looks for ``links``."""
        return self


@dataclass(frozen=True)
class Place:
    """What MkDocs' link processor asks of a file: where it lies in ``docs/``, and where in the site."""

    src_uri: str
    url: str

    @property
    def inclusion(self) -> Place:
        """Return what says whether a file is left out; ours never are."""
        return self

    def is_excluded(self) -> bool:
        """Tell that the file is part of the site."""
        return False


@dataclass(frozen=True)
class Places:
    """All files of one language of the site, as mkdocs-static-i18n lays them: what a language lacks is the German one."""

    house: House
    docs: Path
    language: Language
    known: dict[str, Place | None] = field(default_factory=dict, compare=False)

    def get_file_from_path(self, path: str) -> Place | None:
        """Return the file that a link means, or None."""
        if path not in self.known:
            self.known[path] = self._find(path)
        return self.known[path]

    def _find(self, path: str) -> Place | None:
        code, language, german = self.language.code, self.language, default_language(self.house.languages).code
        folder, _slash, name = path.partition("/")
        if folder not in (code, german):
            name = "index.md" if path == "." else path
        page = self.house.content.pages.get(name.removesuffix(".md")) if name.endswith(".md") else None
        if page is not None and page.exists_in(language):
            return Place(f"{spoken(page, language).code}/{page.key}.md", url_of(page.url(language)))
        for source in (f"{code}/{name}", f"{german}/{name}", name):
            if not name.endswith(".md") and (self.docs / source).is_file():
                return Place(source, url_of(language.root + name))
        return None


def url_of(path: str) -> str:
    """Return a root-absolute address as MkDocs writes it: without the stroke at its beginning; ``./`` for home."""
    return path.lstrip("/") or "./"


class Said(logging.Handler):
    """Keep what MkDocs says while it draws, for the person who has to mend it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.lines.append(record.getMessage().strip())


def environment(overrides: Path, templates: Path | None) -> jinja2.Environment:
    """Return a plain Jinja environment for our templates; see :func:`editorial.drawing.furnish`."""
    loader = jinja2.FileSystemLoader(str(overrides))
    return jinja2.Environment(loader=loader, auto_reload=False, bytecode_cache=Compiled(templates), autoescape=True)


class Drawer:
    """Draws pages of one language."""

    def __init__(
        self, settings: Settings, house: House, docs: Path, language: Language, templates: Path | None
    ) -> None:
        self.settings, self.house, self.language = settings, house, language
        self.places = Places(house, docs, language)
        env = environment(settings.overrides, templates)
        self.markdown = markdown.Markdown(
            extensions=[*(make(**told) for make, told in settings.extensions), PlainText()]
        )
        self.template = furnish(env, language, settings.overrides).get_template("main.html")

    def draw(self, key: str) -> bytes:
        """Return one page."""
        page, language = self.house.content.pages[key], self.language
        text = page.text(language)
        lines = "\n".join(["", *text.body.splitlines()])  # as mkdocs-static-i18n hands it on
        html = self.convert(before_markdown(lines, self.house, page, language), f"{text.file.removeprefix('docs/')}")
        html = after_markdown(html, self.house, page, language)
        return self.template.render(kim=page_context(self.house, language, page, html)).encode()

    def convert(self, text: str, source: str) -> str:
        """Return Markdown as HTML whose links lead to pages, as MkDocs does it."""
        place = self.places.get_file_from_path(source)
        links: Any = _RelativePathTreeprocessor(place, self.places, self.settings)  # type: ignore[arg-type]
        links._register(self.markdown)
        return self.markdown.reset().convert(text)


def draw(
    settings: Settings, house: House, docs: Path, keys: Mapping[str, set[str]], out: Path, templates: Path | None = None
) -> list[Path]:
    """Draw some pages below the folder ``out``; return the files written.

    :param keys: the keys of the pages by language.
    :param templates: where compiled templates are kept; None to keep them in memory only.
    :raises DrawError: with what MkDocs says of links, each line once.
    """
    languages = [row for row in house.languages if keys.get(row.code)]
    count = min(len(languages), os.cpu_count() or 1)
    one = functools.partial(draw_language, settings, house, docs, out=out, templates=templates)
    work = [(language, keys[language.code]) for language in languages]
    if count > 1 and sum(map(len, keys.values())) >= MANY:
        with multiprocessing.get_context("fork").Pool(count) as pool:
            drawn = pool.starmap(one, work, chunksize=1)
    else:
        drawn = [one(*job) for job in work]
    if said := dict.fromkeys(line for _files, lines in drawn for line in lines):
        raise DrawError("\n".join(said))
    return [path for files, _lines in drawn for path in files]


def draw_language(
    settings: Settings,
    house: House,
    docs: Path,
    language: Language,
    keys: set[str],
    *,
    out: Path,
    templates: Path | None,
) -> tuple[list[Path], list[str]]:
    """Draw some pages of one language; return the files written, and what MkDocs said."""
    said, logger = Said(), logging.getLogger("mkdocs")
    logger.addHandler(said)
    try:
        with words.use_language(language.code):
            return list(_draw(Drawer(settings, house, docs, language, templates), sorted(keys), out)), said.lines
    finally:
        logger.removeHandler(said)


def _draw(drawer: Drawer, keys: list[str], out: Path) -> Iterator[Path]:
    for key in keys:
        url = drawer.house.content.pages[key].url(drawer.language)
        path = out / posixpath.join(url.lstrip("/"), "index.html")
        put(path, drawer.draw(key))
        yield path
