"""The MkDocs plugin: it only turns MkDocs events into calls of plain functions.

mkdocs-static-i18n calls MkDocs' ``build()`` again for each language, so every event comes once per
language; what a run needs is made anew in ``on_files`` and nothing is carried over.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, cast

import jinja2
from babel.dates import format_date, format_skeleton
from markupsafe import Markup
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.utils.templates import TemplateContext

from editorial import markup, words
from editorial.checks import check_content
from editorial.chooser_table import ROOM, Table, check_table, chooser_data, load_table
from editorial.compressed import without_comments
from editorial.content import Page, read_content
from editorial.context import LEGAL, House, error_context, page_context, parse_month
from editorial.facts import load_facts
from editorial.findings import ContentError, Finding, errors
from editorial.foreign import mark_german
from editorial.inserts import Draw, fill_inserts
from editorial.languages import Language, default_language, load_languages
from editorial.notice import forms_notice
from editorial.offline import NOT_KEPT
from editorial.outputs import robots, security, sitemap, suggestions
from editorial.plain_text import PlainText
from editorial.statement import RESULTS, FullTest, draw_run, load_run
from editorial.survey import CSV_NAME, PAGE, Publication, draw_results, load_survey, results_csv
from editorial.translations.marks import mark_changed, show_changed
from editorial.translations.state import site_states
from editorial.words import gettext as _
from form_handler.forms import FORMS

SUGGESTIONS = "suggestions.json"
# Set by `kim demo`: the results to show; every page says that it is a demonstration.
DEMO_SURVEY = "KIM_DEMO_SURVEY"


class NoOptions(Config):  # type: ignore[no-untyped-call]
    """The plugin takes no options: facts stand in ``extra:`` and ``docs/data/``."""


class EditorialPlugin(BasePlugin[NoOptions]):  # type: ignore[no-untyped-call]
    """Bring content model, facts, forms and interface words into the build."""

    house: House
    language: Language

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Stop with file, line and remedy before anything is built, if the content is not right."""
        if config.docs_dir not in SHARED:
            check_house(share_house(config), Path(config.docs_dir))
        if not any(isinstance(one, PlainText) for one in config.markdown_extensions):
            config.markdown_extensions.append(PlainText())  # type: ignore[arg-type]  # MkDocs takes instances, too
        return config

    @event_priority(50)
    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Leave out Material's own assets, which no page uses, and texts that this language does not show."""
        self.house = SHARED[config.docs_dir]
        code = config.plugins["i18n"].current_language  # type: ignore[attr-defined]
        self.language = next(row for row in self.house.languages if row.code == code)
        words.speak(code)
        own, docs = str(Path(config.theme.custom_dir or ".").resolve()), str(Path(config.docs_dir).resolve())
        foreign = {row.code for row in self.house.languages} - {code, default_language().code}
        for file in list(files):
            source = file.abs_src_path or ""
            if not source.startswith(docs + os.sep):
                source = os.path.realpath(source)
            if source.startswith(docs + os.sep):
                folder, _slash, name = file.src_uri.partition("/")
                page = self.house.content.pages.get(name.removesuffix(".md")) if name.endswith(".md") else None
                if folder in foreign or (page is not None and not self._shows(page, folder)):
                    files.remove(file)
            elif not source.startswith(own + os.sep):
                files.remove(file)
        return files

    def on_env(self, env: jinja2.Environment, config: MkDocsConfig, files: Files) -> jinja2.Environment:
        """Give templates our words, dates and addresses, and escape what they print; make scripts and styles smaller."""
        for file in files:
            if file.src_uri.endswith((".css", ".js")):
                file.content_string = without_comments(file.src_uri, file.content_string)
        env.autoescape = True
        env.add_extension("jinja2.ext.i18n")
        env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
        env.globals["_"] = speaker()
        code = self.language.code
        env.filters["asset"] = functools.cache(lambda name: asset_url(Path(config.theme.custom_dir or "."), name))
        env.globals["kept"] = keeper()
        env.filters["month"] = lambda value: format_skeleton("yMMMM", parse_month(value), locale=code)
        env.filters["longdate"] = lambda value: format_date(value, "long", locale=code)
        return env

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
        """Mark what is stale and fill in facts, in the language of the text (German on a page without translation)."""
        markdown = mark_changed(markdown, self.house.states.get((self._page(page).key, self.language.code)))
        if not self.language.default:
            markdown = markup.lead_home(markdown, self._page(page), self.language, self.house.content)
        with words.use_language(self._spoken(page).code):
            return fill_inserts(markdown, self.house.facts, self._spoken(page).code, self._parts(page))

    def on_page_content(self, html: str, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
        """Repair what Markdown gives and mark German words in other languages."""
        ours = self._page(page)
        html = show_changed(
            html,
            _("The German text of this passage has changed."),
            _("Something in the German text of this section has changed."),
        )
        html = markup.repair(html, lambda number: _("Table %(number)s, can be scrolled sideways", number=number))
        if not self._spoken(page).default:
            html = mark_german(html, self.house.facts.german_terms, self.language.code)
        return markup.wrap_home(html) if ours.facts.layout == "home" else html

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
        words = (_("Page not found"), _("This page does not exist or has moved."), "error")
        if template_name == NOT_KEPT:
            words = (
                _("This page is not kept on your device"),
                _("You have no network at the moment. With a network you can read it again."),
                "not-kept",
            )
        cast("dict[str, Any]", context)["kim"] = error_context(self.house, self.language, *words)
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
        data = chooser_data(self.house.chooser, self.house.content, self.language)
        data["words"] = {
            "title": _("What fits your case"),
            "first": _("Start with this"),
            "share": _("Address of this list, to share or print"),
            "nothing": _("It holds your choices, but nothing about you."),
        }
        path = root / ROOM / "massnahmen.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")), "utf-8")

    def _write_results(self, root: Path) -> None:
        """Write the survey's published numbers to download."""
        if self.house.survey is not None:
            path = root / PAGE / CSV_NAME
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
        contact = self.house.content.pages.get(LEGAL["contact"])
        if contact:
            (folder / ".well-known").mkdir(exist_ok=True)
            text = security(self.house.languages, url, contact.url(default_language()), datetime.date.today())
            (folder / ".well-known" / "security.txt").write_text(text, "utf-8")

    def _parts(self, page: MkDocsPage) -> Draw:
        """Return what draws each part of a page that is made from elsewhere."""
        return {
            "forms.notice": forms_notice,
            "survey.results": lambda: draw_results(self.house.survey, self._spoken(page)),
            "accessibility.results": lambda: draw_run(self.house.tested, self._spoken(page)),
        }

    def _shows(self, page: Page, folder: str) -> bool:
        """Tell whether a text is drawn: the language's own, or the German one in its place."""
        spoken = self.language if page.is_translated(self.language) else default_language()
        return page.exists_in(self.language) and folder == spoken.code

    def _page(self, page: MkDocsPage) -> Any:
        return self.house.content.pages[page.file.src_uri.partition("/")[2].removesuffix(".md")]

    def _spoken(self, page: MkDocsPage) -> Language:
        ours = self._page(page)
        return self.language if ours.is_translated(self.language) else default_language()


# What all languages of a build share, by the folder of the pages; read and checked once.
SHARED: dict[str, House] = {}


def share_house(config: MkDocsConfig) -> House:
    """Read what all languages share, and keep it for them.

    :raises PluginError: if it cannot be read, with every finding.
    """
    try:
        house = read_house(config)
    except ContentError as error:
        raise PluginError(f"\n{error}") from error
    SHARED[config.docs_dir] = house
    return house


def check_house(house: House, docs: Path, only: Collection[str] | None = None) -> None:
    """Check what is to be built.

    :param only: the keys of the pages whose text changed, where everything else is known to be right.
    :raises PluginError: if anything is wrong, with every finding.
    """
    stale = {place for place, state in house.states.items() if state.is_stale}
    found = check_content(house.content, house.facts, house.languages, FORMS, datetime.date.today(), docs, stale, only)
    if only is None:
        found += check_table(house.content)
    if wrong := errors(found):
        raise PluginError(f"\n{ContentError(wrong)}")


def read_house(config: MkDocsConfig) -> House:
    """Read everything that templates are drawn from.

    :raises ContentError: if ``docs/data/`` or the lock of the translations is not valid.
    """
    languages = load_languages()
    content = read_content(Path(config.docs_dir), languages)
    return House(
        site={
            "name": config.site_name,
            "url": config.site_url or "/",
            "municipality": config.extra["municipality"],
            "demo": DEMO_SURVEY in os.environ,
            "suggestions": f"/{SUGGESTIONS}?v={words.catalogues_mark()}",
        },
        languages=languages,
        content=content,
        facts=load_facts(Path(config.docs_dir) / "data"),
        forms=empty_form,
        chooser=read_table(),
        survey=read_survey(Path(os.environ.get(DEMO_SURVEY) or Path(config.docs_dir) / "data" / "survey.yml")),
        tested=read_run(Path(config.docs_dir).parent / RESULTS),
        states=site_states(Path(config.docs_dir), content, languages),
    )


def read_survey(path: Path) -> Publication | None:
    """Return the survey's published results.

    :raises ContentError: if the file is not valid.
    """
    found = load_survey(path)
    if isinstance(found, Finding):
        raise ContentError([found])
    return found


def read_run(path: Path) -> FullTest | None:
    """Return the last full test of accessibility.

    :raises ContentError: if the file is not valid.
    """
    found = load_run(path)
    if isinstance(found, Finding):
        raise ContentError([found])
    return found


def read_table() -> Table:
    """Return the rule table of the toolkit.

    :raises ContentError: if it is not valid.
    """
    table = load_table()
    if isinstance(table, list):
        raise ContentError(table)
    return table


def empty_form(key: str) -> dict[str, Any]:
    """Return a form as the static page draws it: nothing filled in, nothing shown as wrong."""
    definition = FORMS[key]
    return {"key": key, "form": definition.form_class(), "definition": definition}


def keeper() -> Callable[..., str]:
    """Return ``kept(name, *marks)`` for ``{% call kept(…) %}`` in templates: each part is drawn once for its marks.

    A part may depend on nothing but the language, the site and its marks.
    """
    drawn: dict[tuple[Any, ...], str] = {}

    def kept(*marks: Any, caller: Callable[[], str]) -> str:
        if marks not in drawn:
            drawn[marks] = caller()
        return drawn[marks]

    return kept


def speaker() -> Callable[..., Markup]:
    """Return what templates call ``_``: each message is looked up and escaped once for the language spoken now."""
    known: dict[str, Markup] = {}

    def say(message: str, /, **values: Any) -> Markup:
        text = known.get(message)
        if text is None:
            text = known[message] = Markup(words.gettext(message))  # noqa: S704 - from our own catalogues
        return text % values if values or "%" in text else text

    return say


def asset_url(custom_dir: Path, name: str) -> str:
    """Return the address of one of our own files, with a mark that changes with its content."""
    digest = hashlib.sha256((custom_dir / "assets" / name).read_bytes()).hexdigest()[:10]
    return f"/assets/{name}?v={digest}"
