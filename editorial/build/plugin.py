"""The MkDocs plugin: it only turns MkDocs events into calls of plain functions.

mkdocs-static-i18n calls MkDocs' ``build()`` again for each language, so every event comes once per
language; what a run needs is made anew in ``on_files`` and nothing is carried over.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
from pathlib import Path
from typing import Any, cast

import jinja2
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.utils.templates import TemplateContext

from core import gettext
from core.findings import ContentError
from core.gettext import gettext as _
from core.languages import Language, default_language
from editorial.build.well_known import robots, security, sitemap, suggestions
from editorial.content.pages import Page
from editorial.content.published_files import is_asset, is_page
from editorial.content.structure import CONTACT, NOT_KEPT, SUGGESTIONS, SURVEY, SURVEY_CSV
from editorial.content.survey_results import results_csv
from editorial.content.toolkit import toolkit_json
from editorial.render.assets import PARTS, asset_content
from editorial.render.context import error_context, page_context
from editorial.render.page import after_markdown, before_markdown, furnish, spoken
from editorial.render.plain_text import PlainText
from editorial.render.site import SHARED, House, check_house, share_house
from form_handler.toolkit.recommend import DATA_PATH

LOG = get_plugin_logger("kim-editorial")


class NoOptions(Config):  # type: ignore[no-untyped-call]
    """The plugin takes no options: facts stand in ``extra:`` and ``docs/data/``."""


class EditorialPlugin(BasePlugin[NoOptions]):  # type: ignore[no-untyped-call]
    """Bring content model, facts, forms and interface words into the build."""

    house: House
    language: Language

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Stop with file, line and remedy before anything is built, if the content is not right."""
        docs = Path(config.docs_dir)
        if docs not in SHARED:
            try:
                check_house(share_house(docs, config.site_url), docs)
            except ContentError as error:
                raise PluginError(f"\n{error}") from error
        if not any(isinstance(one, PlainText) for one in config.markdown_extensions):
            config.markdown_extensions.append(PlainText())  # type: ignore[arg-type]  # MkDocs takes instances, too
        return config

    @event_priority(50)
    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Leave out Material's own assets, which no page uses, and texts that this language does not show."""
        self.house = SHARED[Path(config.docs_dir)]
        code = config.plugins["i18n"].current_language  # type: ignore[attr-defined]
        self.language = next(row for row in self.house.languages if row.code == code)
        gettext.set_language(code)
        own, docs = str(Path(config.theme.custom_dir or ".").resolve()), str(Path(config.docs_dir).resolve())
        foreign = {row.code for row in self.house.languages} - {code, default_language().code}
        for file in list(files):
            source = file.abs_src_path or ""
            if not source.startswith(docs + os.sep):
                source = os.path.realpath(source)
            if source.startswith(docs + os.sep):
                folder, _slash, name = file.src_uri.partition("/")
                page = self.house.content.pages.get(name.removesuffix(".md")) if is_page(name) else None
                kept = self._shows(page, folder) if page is not None else is_asset(file.src_uri)
                if folder in foreign or not kept:
                    files.remove(file)
            elif not source.startswith(own + os.sep) or file.src_uri.startswith(PARTS):
                files.remove(file)
        return files

    def on_env(self, env: jinja2.Environment, config: MkDocsConfig, files: Files) -> jinja2.Environment:
        """Give templates our words, dates and addresses, and escape what they print; bundle stylesheets and scripts."""
        for file in files:
            if file.src_uri.endswith((".css", ".js")):
                file.content_bytes = asset_content(Path(file.abs_src_path or ""))
        return furnish(env, self.language, Path(config.theme.custom_dir or "."))

    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
        """Look each linked page up once; from here on the list of files stays as it is."""
        files.get_file_from_path = functools.cache(files.get_file_from_path)  # type: ignore[method-assign]
        return nav

    def on_page_read_source(self, page: MkDocsPage, config: MkDocsConfig) -> str:
        """Give the text that was read and checked before all languages; its header has done its work there.

        It begins with an empty line, so that MkDocs looks for no header in the first words.
        """
        code = page.file.src_uri.partition("/")[0]
        return f"\n{self._page(page).texts[code].body}"

    def on_page_markdown(self, markdown: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
        """Mark what is stale and fill in facts."""
        return before_markdown(markdown, self.house, self._page(page), self.language)

    def on_page_content(self, html: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
        """Repair what Markdown gives and mark German words in other languages.

        What the policy for HTML refuses is a warning for each finding, which ends a strict build; it is not written anyway.
        """
        try:
            return after_markdown(html, self.house, self._page(page), self.language)
        except ContentError as error:
            for finding in error.findings:
                LOG.warning(str(finding))
            return ""

    @event_priority(-100)
    def on_page_context(
        self, context: TemplateContext, /, *, page: MkDocsPage, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Hand the template its one object."""
        cast("dict[str, Any]", context)["kim"] = page_context(
            self.house, self.language, self._page(page), page.content or ""
        )
        return context

    def on_template_context(
        self, context: TemplateContext, /, *, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        """Hand the error page, and the page that says "not kept offline", the frame's data."""
        gettext = (_("Page not found"), _("This page does not exist or has moved."), "error")
        if template_name == NOT_KEPT:
            gettext = (
                _("This page is not kept on your device"),
                _("You have no network at the moment. With a network you can read it again."),
                "offline-fallback",
            )
        cast("dict[str, Any]", context)["kim"] = error_context(self.house, self.language, *gettext)
        return context

    def on_post_template(self, output: str, template_name: str, config: MkDocsConfig) -> str:
        """Write each language's error page, sitemap and feed to its own place; MkDocs would overwrite the last one's."""
        root = Path(config.site_dir) / self.language.root.strip("/")
        root.mkdir(parents=True, exist_ok=True)
        if template_name in {"404.html", NOT_KEPT}:
            (root / template_name).write_text(output, "utf-8")
        elif template_name == "sitemap.xml":
            text = sitemap(self.house.content, self.language, self.house.languages, self.house.site["url"])
            (root / "sitemap.xml").write_text(text, "utf-8")
            self._write_measures(root)
            self._write_results(root)
        return ""

    def _write_measures(self, root: Path) -> None:
        """Write the toolkit's measures and rules for handler and browser."""
        data = toolkit_json(self.house.chooser, self.house.content, self.language)
        path = root / DATA_PATH
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), "utf-8")

    def _write_results(self, root: Path) -> None:
        """Write the survey's published numbers to download."""
        if self.house.survey is not None:
            path = root / SURVEY / SURVEY_CSV
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(results_csv(self.house.survey, self.language), "utf-8", newline="")

    def on_post_build(self, config: MkDocsConfig) -> None:
        """Write what exists once for the whole site."""
        if not self.language.default:
            return
        folder, url = Path(config.site_dir), self.house.site["url"]
        if not (folder / SUGGESTIONS).exists():  # a process that has nothing to draw may have written it
            (folder / SUGGESTIONS).write_text(suggestions(self.house.languages), "utf-8")
        (folder / "robots.txt").write_text(robots(self.house.languages, url), "utf-8")
        contact = self.house.content.pages.get(CONTACT)
        if contact:
            (folder / ".well-known").mkdir(exist_ok=True)
            text = security(self.house.languages, url, contact.url(default_language()), datetime.date.today())
            (folder / ".well-known" / "security.txt").write_text(text, "utf-8")

    def _shows(self, page: Page, folder: str) -> bool:
        """Tell whether a text is drawn: the language's own, or the German one in its place."""
        return page.exists_in(self.language) and folder == spoken(page, self.language).code

    def _page(self, page: MkDocsPage) -> Any:
        return self.house.content.pages[page.file.src_uri.partition("/")[2].removesuffix(".md")]
