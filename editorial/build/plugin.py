"""The MkDocs plugin: it turns MkDocs events into calls of plain functions, and takes unchanged pages from the page cache.

mkdocs-static-i18n calls MkDocs' ``build()`` again for each language, so every event comes once per language. What all
languages share is read at the first and dropped after the last one; everything else is read again in ``on_files``.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jinja2
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.utils.templates import TemplateContext

from core import gettext
from core.files import remove
from core.findings import ContentError
from core.gettext import gettext as _
from core.languages import Language, default_language, load_languages
from core.overlay import CITY, CITY_PAGES
from core.project import ConfigError, all_language_codes, load_site_settings, read_config
from editorial.build.fingerprint import iter_files
from editorial.build.outputs import finish_language, finish_site, refresh_derived_files
from editorial.build.page_cache import PageCache, cache_file
from editorial.build.pagefind import SearchError
from editorial.build.search import Entry
from editorial.build.source import Source, load_source
from editorial.content.pages import Page
from editorial.content.published_files import find_uploads, is_asset, is_page
from editorial.content.structure import OFFLINE_FALLBACK, UNAVAILABLE
from editorial.render.assets import PARTS, asset_content, own_asset
from editorial.render.context import error_context, page_context
from editorial.render.page import (
    configure_environment,
    content_language,
    postprocess_html,
    preprocess_markdown,
    remove_blank_lines,
)
from editorial.render.plain_text import PlainTextExtension
from editorial.render.site import validate_site
from editorial.render.typography import bind_spaces

if TYPE_CHECKING:
    from mkdocs.livereload import LiveReloadServer  # with it come watchdog and a web server

LOG = get_plugin_logger("kim-editorial")
STORED = "kim-stored-page"  # an empty template: the page is in the cache


class EditorialPluginConfig(Config):  # type: ignore[no-untyped-call]
    """The options of the plugin; facts are in ``extra:`` and ``docs/data/``."""

    cache_dir = config_options.Optional(config_options.Type(str))
    """The folder of the page cache; default: ``.site.cache`` beside ``mkdocs.yml``."""
    demo_survey = config_options.Optional(config_options.Type(str))
    """A file of survey results for a demonstration; every page then says that it is one."""


def _city_pages(config: MkDocsConfig) -> Path:
    return Path(config.docs_dir).parent / CITY_PAGES


def _apply_city_settings(config: MkDocsConfig) -> None:
    """Give MkDocs the settings of ``city/city.yml``; an address that the command names counts more."""
    settings = load_site_settings(Path(config.config_file_path))
    config.site_name = settings["name"]
    shared = read_config(Path(config.config_file_path)).get("shared_site_url")
    if shared and (config.site_url or "").rstrip("/") == str(shared).rstrip("/"):
        config.site_url = settings["url"]


def apply_city_languages(config: MkDocsConfig) -> None:
    """Add the languages that only the municipality has to the plugin i18n, and build those alone that it has."""
    table = config.plugins["i18n"].config["languages"]
    for one in load_languages(Path(config.config_file_path)):
        if one.code not in {row.locale for row in table}:
            row = type(table[0])()
            row.load_dict({"locale": one.code, "name": one.name, "theme": {"direction": one.dir}})
            row.validate()
            table.append(row)
    built = {row.code for row in load_languages(Path(config.config_file_path))}
    for row in table:
        row.build = row.locale in built


class EditorialPlugin(BasePlugin[EditorialPluginConfig]):  # type: ignore[no-untyped-call]
    """Bring content model, facts, forms and interface words into the build, and complete the site.

    ``kim build`` and the preview set the first six before a run; otherwise ``on_config`` does.

    :ivar source: everything that the build is made from; None until it is read.
    :ivar caches: the page cache of each language.
    :ivar cache_dir: where the caches are written; None to write none.
    :ivar templates_dir: where compiled templates are shared between the processes of a build; None to share none.
    :ivar old_site: a site that was built from the same shared sources, whose compressed copies are good for pages that did
        not change; None if there is none.
    :ivar only: the keys of the only pages to render, for a preview; None for a whole site.
    :ivar entries: the languages that are finished, with their part of the search index.
    """

    source: Source | None
    caches: dict[str, PageCache]
    cache_dir: Path | None
    templates_dir: Path | None
    old_site: Path | None
    only: Collection[str] | None
    entries: dict[str, Entry]
    language: Language

    def __init__(self) -> None:
        self.source = self.cache_dir = self.templates_dir = self.old_site = self.only = None
        self.caches, self.entries = {}, {}

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read and check everything once; stop with file, line and remedy before anything is built."""
        _apply_city_settings(config)
        if config.theme.custom_dir:
            config.theme.dirs = [
                config.theme.custom_dir
            ]  # no template or asset of Material is used, 12,000 icons among them
        if not any(isinstance(one, PlainTextExtension) for one in config.markdown_extensions):
            config.markdown_extensions.append(PlainTextExtension())  # type: ignore[arg-type]  # MkDocs takes instances, too
        if self.source is None:
            apply_city_languages(config)
            folder = Path(self.config.cache_dir or Path(config.config_file_path).parent / ".site.cache")
            survey = self.config.demo_survey
            try:
                source = load_source(Path(config.docs_dir), config.site_url, Path(survey) if survey else None)
                self.use(source, {row.code: cache_file(folder, row.code) for row in source.site.languages}, folder)
                validate_site(source.site, source.docs_dir, self.unknown_pages())
            except (ContentError, ConfigError) as error:
                self.source = None
                raise PluginError(f"\n{error}") from error
        return config

    def use(self, source: Source, caches: dict[str, Path], cache_dir: Path | None) -> None:
        """Take what was read elsewhere.

        :param caches: the files to read cached pages from, by language.
        :param cache_dir: where to write them; None to write none.
        """
        self.source, self.cache_dir, self.entries = source, cache_dir, {}
        self.caches = {row.code: PageCache(caches.get(row.code)) for row in source.site.languages}

    def unknown_pages(self) -> set[str] | None:
        """Return the keys of pages that no successful build has rendered from the same sources; None if that is all.

        A page that is in the cache was checked by the build that rendered it.
        """
        source = self._source()
        unknown = set()
        for row in source.site.languages:
            digests = source.page_digests(row.code)
            unknown |= {key for key, digest in digests.items() if not self.caches[row.code].holds(key, digest)}
        return unknown if unknown != source.site.content.pages.keys() else None

    def on_serve(self, server: LiveReloadServer, /, *, config: MkDocsConfig, builder: Any) -> LiveReloadServer:
        """Have ``mkdocs serve`` see changes of templates, styles and scripts; it watches the pages itself."""
        if config.theme.custom_dir:
            server.watch(config.theme.custom_dir)
        if (city := Path(config.docs_dir).parent / CITY).is_dir():
            server.watch(str(city))
        return server

    @event_priority(50)
    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Leave out texts that this language does not show, and assets that another language copies."""
        site = self._source().site
        code = config.plugins["i18n"].current_language  # type: ignore[attr-defined]
        self.language = next(row for row in site.languages if row.code == code)
        self.stored: dict[str, str] = {}
        self.digests = self._source().page_digests(code)
        gettext.set_language(code)
        foreign = ({row.code for row in site.languages} | all_language_codes()) - {code, default_language().code}
        self._lay_over(files, config)
        for file in list(files):
            if file.src_dir == config.docs_dir:
                folder, _slash, name = file.src_uri.partition("/")
                page = site.content.pages.get(name.removesuffix(".md")) if is_page(name) else None
                kept = self._is_rendered(page, folder) if page is not None else is_asset(file.src_uri)
                if folder in foreign or not kept:
                    files.remove(file)
            elif not self.language.default or file.src_uri.startswith(PARTS):  # an asset of the theme
                files.remove(file)
        return files

    @event_priority(-100)
    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
        """Leave all but some pages out of a preview; links to the others lead where they always lead."""
        if self.only is not None:
            for file in files:
                if not (file.src_uri.endswith(".md") and self._key(file.src_uri) in self.only):
                    file.inclusion = InclusionLevel.EXCLUDED
        return nav

    def on_env(self, env: jinja2.Environment, config: MkDocsConfig, files: Files) -> jinja2.Environment:
        """Give templates our words, dates and addresses, and escape what they print; bundle stylesheets and scripts."""
        for file in files:
            if file.src_uri.endswith((".css", ".js")):
                file.content_bytes = asset_content(Path(file.abs_src_path or ""))
            elif (picture := Path(file.abs_src_path or "")) != own_asset(picture):
                file.content_bytes = own_asset(picture).read_bytes()
            elif not file.is_documentation_page() and (own := _city_pages(config) / file.src_uri).is_file():
                file.content_bytes = own.read_bytes()
        assert env.loader
        env.loader = jinja2.ChoiceLoader([env.loader, jinja2.DictLoader({STORED: ""})])
        if self.templates_dir is not None:
            env.bytecode_cache = jinja2.FileSystemBytecodeCache(str(self.templates_dir))
        return configure_environment(env, self.language, Path(config.theme.custom_dir or "."))

    def on_page_read_source(self, page: MkDocsPage, config: MkDocsConfig) -> str:
        """Give the text that was read and checked before all languages; its header has done its work there.

        It begins with an empty line, so that MkDocs looks for no header in the first words.
        """
        code = page.file.src_uri.partition("/")[0]
        return f"\n{self._page(page).texts[code].source}"

    def on_page_markdown(self, markdown: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
        """Mark stale passages and fill in facts; a page that is in the cache has no text and an empty template."""
        key = self._page(page).key
        stored = self.caches[self.language.code].get(key, self.digests[key])
        if stored is None:
            return preprocess_markdown(markdown, self._source().site, self._page(page), self.language)
        self.stored[key] = stored.decode()
        page.meta["template"] = STORED
        return ""

    def on_page_content(self, html: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
        """Repair the HTML that Markdown gives and mark German words in other languages.

        Each finding of the policy for HTML is a warning, which ends a strict build; the page is not written anyway.
        """
        if self._page(page).key in self.stored:
            page.present_anchor_ids = None  # links to its anchors were checked with its headings
            return html
        try:
            return postprocess_html(html, self._source().site, self._page(page), self.language)
        except ContentError as error:
            for finding in error.findings:
                LOG.warning(str(finding))
            self.digests.pop(self._page(page).key)
            return ""

    @event_priority(-100)
    def on_page_context(
        self, context: TemplateContext, /, *, page: MkDocsPage, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Hand the template its one object."""
        if self._page(page).key not in self.stored:
            kim = page_context(self._source().site, self.language, self._page(page), page.content or "")
            cast("dict[str, Any]", context)["kim"] = kim
        return context

    def on_post_page(self, output: str, /, *, page: MkDocsPage, config: MkDocsConfig) -> str:
        """Return the stored page, or store the one that was rendered."""
        key = self._page(page).key
        if key in self.stored:
            return self.stored[key]
        output = bind_spaces(remove_blank_lines(output))
        if key in self.digests:
            self.caches[self.language.code].put(key, self.digests[key], output.encode())
        return output

    def on_template_context(
        self, context: TemplateContext, /, *, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        """Give the error page and the offline fallback page the layout's data."""
        texts = (_("Page not found"), _("This page does not exist or has moved."), "error")
        if template_name == OFFLINE_FALLBACK:
            texts = (
                _("This page is not saved on your device"),
                _(
                    "You are offline at the moment. You can read this page as soon as you have an internet connection again."
                ),
                "offline-fallback",
            )
        elif template_name == UNAVAILABLE:
            texts = (
                _("This does not work at the moment"),
                _(
                    "Nothing was stored. Please go back in your browser and try again in a few minutes. What you entered is "
                    "usually still there. All other pages work."
                ),
                "error",
            )
        cast("dict[str, Any]", context)["kim"] = error_context(self._source().site, self.language, *texts)
        return context

    def on_post_template(self, output: str, template_name: str, config: MkDocsConfig) -> str:
        """Write each language's error pages to its own place; MkDocs would overwrite the last one's."""
        root = Path(config.site_dir) / self.language.root.strip("/")
        root.mkdir(parents=True, exist_ok=True)
        if template_name in {"404.html", OFFLINE_FALLBACK, UNAVAILABLE} and self.only is None:
            (root / template_name).write_text(output, "utf-8")
        return ""

    @event_priority(50)
    def on_post_build(self, config: MkDocsConfig) -> None:
        """Complete the language; after the last one, complete the site."""
        if self.only is not None:
            return
        source, code, site_dir = self._source(), self.language.code, Path(config.site_dir)
        try:
            self.entries[code] = finish_language(site_dir, source, self.language, self.caches[code], self.old_site)
        except SearchError as error:
            raise PluginError(str(error)) from error
        if self.cache_dir is not None:
            self.caches[code].write(cache_file(self.cache_dir, code))
        if self.entries.keys() == {row.code for row in source.site.languages}:
            finish_site(site_dir, source, [self.entries[row.code] for row in source.site.languages])
            refresh_derived_files(site_dir, source, source.site.languages)
            self.source = None  # the next build of this process reads everything again

    def on_build_error(self, *, error: Exception) -> None:
        """Forget pages of a build that failed: the next one renders and checks them again."""
        self.source = None
        if self.cache_dir is not None:
            for code in self.entries:
                remove(cache_file(self.cache_dir, code))

    def _lay_over(self, files: Files, config: MkDocsConfig) -> None:
        """Add the municipality's own pages and pictures, and pages that are drafts, as if they lay beside the shared ones.

        mkdocs-static-i18n takes files of ``docs_dir`` only. Texts come from :meth:`on_page_read_source`, and the bytes of
        pictures from :meth:`on_env`, so the files need not exist there.
        """
        folder = _city_pages(config)
        for path in iter_files(folder, ["."]) if folder.is_dir() else ():
            if files.get_file_from_path(path) is None:
                files.append(File(path, config.docs_dir, config.site_dir, config.use_directory_urls))
        for key in self.only or ():  # a page that is only a draft has no file yet, nor has a picture of one
            page = self._source().site.content.pages[key]
            name = f"{content_language(page, self.language).code}/{key}.md"
            names = [name, *find_uploads("".join(text.source for text in page.texts.values()))]
            for name in [name for name in names if files.get_file_from_path(name) is None]:
                files.append(File(name, config.docs_dir, config.site_dir, config.use_directory_urls))

    def _source(self) -> Source:
        assert self.source is not None
        return self.source

    def _is_rendered(self, page: Page, folder: str) -> bool:
        """Return whether a text is rendered: the language's own, or the German one in its place."""
        return page.exists_in(self.language) and folder == content_language(page, self.language).code

    def _page(self, page: MkDocsPage) -> Page:
        return self._source().site.content.pages[self._key(page.file.src_uri)]

    def _key(self, src_uri: str) -> str:
        return src_uri.partition("/")[2].removesuffix(".md")
