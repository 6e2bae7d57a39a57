"""Runs of MkDocs: one language each, side by side where the machine has the processors.

mkdocs-static-i18n runs MkDocs once for each language, one after the other in one process. The runs do not need each
other: here every run is a task of its own. Everything they share is read before the processes are forked.

This module alone uses names of MkDocs and mkdocs-static-i18n that are not public: ``utils.clean_directory``, which
mkdocs-static-i18n replaces as well, and the state of its plugin. A test names the versions they were read in.
"""

from __future__ import annotations

import functools
import logging
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs import utils
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, MkDocsException

from core.findings import RenderError
from core.languages import Language
from core.processes import run_forked
from core.project import CONFIG
from editorial.build.page_cache import TEMPLATES, cache_file, restore_templates, store_templates
from editorial.build.plugin import EditorialPlugin, apply_city_languages
from editorial.build.search import Entry
from editorial.build.source import Source
from editorial.render.site import validate_site


@dataclass
class MkDocsRun:
    """MkDocs with its configuration and our plugin, ready to build one language after the other.

    :ivar languages: all languages, as mkdocs-static-i18n has read them.
    """

    config: MkDocsConfig
    plugin: EditorialPlugin
    languages: tuple[Any, ...]

    def build(self, language: Language, site_dir: Path) -> list[str]:
        """Build one language; return what MkDocs warned of, which is nothing if all went well.

        :raises SearchError: if Pagefind fails.
        """
        i18n: Any = self.config.plugins["i18n"]
        i18n.config["languages"] = [row for row in self.languages if row.default or row.locale == language.code]
        i18n.i18n_files_per_language.clear()
        i18n.current_language, i18n.building = language.code, True
        self.config.site_dir = str(site_dir)
        warnings, logger = LogCollector(), logging.getLogger("mkdocs")
        logger.setLevel(logging.WARNING)
        logger.addHandler(warnings)
        try:
            with _no_cleaning():
                build(self.config)
        except (Abort, MkDocsException) as error:
            return warnings.lines or [str(error)]
        finally:
            logger.removeHandler(warnings)
        return warnings.lines

    def render(
        self, source: Source, language: Language, keys: Collection[str], templates_dir: Path | None = None
    ) -> dict[str, bytes]:
        """Return some pages of one language as a build writes them, by their path in the site.

        :param templates_dir: where compiled templates are stored for the next call.
        :raises RenderError: with MkDocs' messages, each line once.
        """
        self.plugin.use(source, {}, None)
        self.plugin.only, self.plugin.templates_dir = keys, templates_dir
        pages = [source.site.content.pages[key].file(language) for key in keys]
        try:
            with tempfile.TemporaryDirectory(prefix="kim-preview-") as folder:
                raise_if_logged([self.build(language, Path(folder))])
                return {name: (Path(folder) / name).read_bytes() for name in pages}
        finally:
            self.plugin.only = None


class LogCollector(logging.Handler):
    """Collect what MkDocs warns of, for the person who has to mend it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Collect one message."""
        self.lines.append(record.getMessage().strip())


def load_mkdocs(docs_dir: Path, site_url: str | None = None) -> MkDocsRun:
    """Read MkDocs' configuration.

    :raises RenderError: with MkDocs' message on the configuration.
    """
    overrides = {"site_url": site_url} if site_url else {}
    try:
        config = load_config(str(CONFIG), docs_dir=str(docs_dir), strict=True, **overrides)
        config.plugins.on_startup(command="build", dirty=False)
        apply_city_languages(config)
    except (Abort, MkDocsException) as error:
        raise RenderError(str(error)) from error
    plugin: Any = config.plugins["kim-editorial"]
    i18n: Any = config.plugins["i18n"]
    return MkDocsRun(config, plugin, tuple(i18n.config["languages"]))


def build_languages(
    run: MkDocsRun,
    source: Source,
    languages: Iterable[Language],
    site_dir: Path,
    caches: dict[str, Path],
    cache_dir: Path,
    processes: int | None = None,
) -> list[Entry]:
    """Check the pages and build some languages into one folder; return their parts of the search index.

    :param caches: the files to read cached pages from, by language, and compiled templates.
    :param cache_dir: where to write them.
    :param processes: default: one for each processor.
    :raises ContentError: with every finding, if the check finds an error; it is then the only error that is raised.
    :raises RenderError: with the output of MkDocs, each line once.
    :raises SearchError: if Pagefind fails.
    """
    rows = list(languages)
    run.plugin.use(source, caches, cache_dir)
    templates_dir = run.plugin.templates_dir = cache_dir / "bytecode"
    templates_dir.mkdir(parents=True)
    restore_templates(caches.get(TEMPLATES), source.inputs.code_digest, templates_dir)
    tasks: list[Callable[[], Any]] = [lambda: _check(run)]
    tasks += [functools.partial(_build_language, run, row, site_dir) for row in rows]
    # The check is first, so its error is the one that is raised: a page with a fault may also make its language fail.
    _checked, *results = run_forked(tasks, processes or os.cpu_count() or 1)
    raise_if_logged(warnings for warnings, _entry in results)
    store_templates(templates_dir, source.inputs.code_digest, cache_file(cache_dir, TEMPLATES))
    return [entry for _warnings, entry in results if entry]


def raise_if_logged(warnings: Iterable[list[str]]) -> None:
    """Stop the build if MkDocs has warned of anything: each line once.

    :raises RenderError: if MkDocs logged a warning or an error.
    """
    if lines := dict.fromkeys(line for one in warnings for line in one):
        raise RenderError("\n".join(lines))


def _build_language(run: MkDocsRun, language: Language, site_dir: Path) -> tuple[list[str], Entry | None]:
    warnings = run.build(language, site_dir)
    return warnings, run.plugin.entries.get(language.code)


def _check(run: MkDocsRun) -> None:
    source = run.plugin.source
    assert source
    validate_site(source.site, source.docs_dir, run.plugin.unknown_pages())


@contextmanager
def _no_cleaning() -> Iterator[None]:
    """Prevent MkDocs from emptying the site's folder, which the runs share and which is new."""
    clean, utils.clean_directory = utils.clean_directory, lambda directory: None
    try:
        yield
    finally:
        utils.clean_directory = clean
