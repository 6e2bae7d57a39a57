"""Single pages, drawn by themselves: the same Markdown and the same templates, without the run of MkDocs around them.

A run of MkDocs reads its configuration, finds plugins and looks through all files before it draws anything. Which
pages there are and where each lies, we know from our own content. Tests draw every page both ways and compare the bytes.
"""

from __future__ import annotations

import functools
import logging
import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from xml.etree import ElementTree

import jinja2
import markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AMP_SUBSTITUTE
from msgspec import Struct, field

from core import gettext
from core.findings import ContentError, RenderError
from core.languages import Language, default_language
from editorial.build.settings import FENCES, Settings
from editorial.build.writer import put
from editorial.content.published_files import is_asset
from editorial.render.compiled import Compiled
from editorial.render.context import page_context
from editorial.render.page import after_markdown, before_markdown, furnish, spoken
from editorial.render.plain_text import PlainText
from editorial.render.sayings import sayings_of
from editorial.render.site import House

# From so many pages on, a second process is worth its beginning.
MANY = 40
ADDRESS = {"a": "href", "img": "src"}


class Place(Struct, frozen=True):
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


class Places(Struct, frozen=True):
    """All files of one language of the site, as mkdocs-static-i18n lays them: what a language lacks is the German one."""

    house: House
    docs: Path
    language: Language
    known: dict[str, Place | None] = field(default_factory=dict)

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
            if is_asset(name) and (self.docs / source).is_file():
                return Place(source, url_of(quote(language.root + name)))
        return None


class Leading(Treeprocessor):
    """Has links lead to pages, as MkDocs writes them: here those to places that are there, and by MkDocs all others.

    Most pages have no others, and to load that part of MkDocs takes as long as to draw a page.
    """

    def __init__(self, settings: Settings, places: Places, place: Place) -> None:
        super().__init__()
        self.settings, self.places, self.place = settings, places, place

    def run(self, root: ElementTree.Element) -> None:
        """Look at each link and picture."""
        for element in root.iter():
            key = ADDRESS.get(element.tag)
            if key:
                url = element.get(key, "")
                address = self.address(url)
                element.set(key, self.by_mkdocs(url) if address is None else address)

    def address(self, url: str) -> str | None:
        """Return what to write for a link, or None if it leads to none of our places."""
        parts = urlsplit(url)
        if parts.scheme or parts.netloc or AMP_SUBSTITUTE in url:  # outside, or a mail address
            return url
        if url.startswith(("/", "\\")):
            return None
        if not parts.path:
            return url
        folder = posixpath.dirname(self.place.src_uri)
        found = self.places.get_file_from_path(posixpath.normpath(posixpath.join(folder, unquote(parts.path))))
        if found is None:
            return None
        way = posixpath.relpath(f"/{found.url}", f"/{self.place.url}")
        return urlunsplit(("", "", f"{way}/" if found.url.endswith("/") else way, parts.query, parts.fragment))

    def by_mkdocs(self, url: str) -> str:
        """Return what MkDocs writes for a link; it also says what is wrong with it."""
        from mkdocs.structure.pages import _RelativePathTreeprocessor

        links: Any = _RelativePathTreeprocessor(self.place, self.places, self.settings)  # type: ignore[arg-type]
        return str(links.path_to_url(url))


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
    """Return a plain Jinja environment for our templates; see :func:`editorial.render.page.furnish`."""
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
        self.converters: dict[bool, markdown.Markdown] = {}
        self.template = furnish(env, language, settings.overrides).get_template("main.html")

    def draw(self, key: str) -> bytes:
        """Return one page."""
        page, language = self.house.content.pages[key], self.language
        text = page.text(language)
        lines = "\n".join(["", *text.body.split("\n")])  # as mkdocs-static-i18n hands it on
        html = self.convert(before_markdown(lines, self.house, page, language), f"{text.file.removeprefix('docs/')}")
        html = after_markdown(html, self.house, page, language)
        return self.template.render(kim=page_context(self.house, language, page, html)).encode()

    def convert(self, text: str, source: str) -> str:
        """Return Markdown as HTML whose links lead to pages, as MkDocs does it."""
        place = self.places.get_file_from_path(source)
        assert place, source
        fenced = any(sign in text for sign in FENCES)
        if fenced not in self.converters:
            extensions = [*self.settings.make_extensions(fenced), PlainText()]
            self.converters[fenced] = markdown.Markdown(extensions=extensions)
        converter = self.converters[fenced]
        converter.treeprocessors.register(Leading(self.settings, self.places, place), "relpath", 0)
        return converter.reset().convert(text)


def draw(
    settings: Settings, house: House, docs: Path, keys: Mapping[str, set[str]], out: Path, templates: Path | None = None
) -> list[Path]:
    """Draw some pages below the folder ``out``; return the files written.

    :param keys: the keys of the pages by language.
    :param templates: where compiled templates are kept; None to keep them in memory only.
    :raises RenderError: with what MkDocs says of links, each line once.
    """
    languages = [row for row in house.languages if keys.get(row.code)]
    count = min(len(languages), os.cpu_count() or 1)
    one = functools.partial(draw_language, settings, house, docs, out=out, templates=templates)
    work = [(language, keys[language.code]) for language in languages]
    if count > 1 and sum(map(len, keys.values())) >= MANY:
        import multiprocessing  # late: mostly it is one page

        from core.processes import block_sigint

        with block_sigint():
            pool = multiprocessing.get_context("fork").Pool(count)
        with pool:
            drawn = pool.starmap(one, work, chunksize=1)
    else:
        drawn = [one(*job) for job in work]
    if said := dict.fromkeys(line for _files, lines in drawn for line in lines):
        raise RenderError("\n".join(said))
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
        with gettext.use_language(language.code):
            written = list(_draw(Drawer(settings, house, docs, language, templates), sorted(keys), out, said))
            return written, said.lines
    finally:
        sayings_of(templates, language.code).keep()
        logger.removeHandler(said)


def _draw(drawer: Drawer, keys: list[str], out: Path, said: Said) -> Iterator[Path]:
    for key in keys:
        path = out / drawer.house.content.pages[key].file(drawer.language)
        try:
            put(path, drawer.draw(key))
        except ContentError as error:
            said.lines += map(str, error.findings)
        else:
            yield path
