"""One process per processor, one language after the other in each: what makes a full build fast.

mkdocs-static-i18n builds all languages in one process, each as a whole run of MkDocs. The runs do not need
each other: here every run is a task of its own. What all of them read – pages, facts, forms – is read once,
before the processes part, and never written again.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import markdown
import mkdocs.commands.build
import mkdocs.structure.pages
from mkdocs import utils
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, MkDocsException
from mkdocs.structure.files import File, Files, get_files
from msgspec import Struct
from msgspec.structs import replace

from core.findings import ContentError, Finding, RenderError
from core.processes import block_sigint
from core.project import CONFIG
from editorial.build.compress import compress_file, compress_pages
from editorial.build.indexing import index_language
from editorial.build.offline import Texts, read_search, read_texts
from editorial.build.search import FOLDER, Part, titles_name
from editorial.build.settings import Levels, Settings
from editorial.build.single import Said
from editorial.build.writer import put
from editorial.render.compiled import Compiled
from editorial.render.sayings import sayings_of
from editorial.render.site import SHARED, House, check_house, share_house


class Task(Struct, frozen=True):
    """One language of one build.

    :ivar templates: where compiled templates are kept for the next build; None to keep them in memory only.
    """

    code: str
    docs_dir: Path
    site_dir: Path
    site_url: str | None
    templates: Path | None = None


class Whole(Struct, frozen=True):
    """What is to be gathered of a language whose pages were all drawn.

    :ivar part: its part of the search index.
    :ivar texts: its pages, as a device keeps them.
    """

    part: Part
    texts: Texts


@dataclass
class Prepared:
    """What MkDocs was told, for all runs of a build.

    :ivar languages: all languages, as mkdocs-static-i18n has read them.
    :ivar templates: where compiled templates are kept; None to keep them in memory only.
    :ivar found: all files below ``docs/``, once somebody has looked.
    """

    config: MkDocsConfig
    languages: tuple[Any, ...]
    templates: Path | None = None
    found: list[File] | None = None

    def files(self, config: MkDocsConfig) -> Files:
        """Return the files of the language that is built, and of German; the folder is looked through once a process."""
        if self.found is None:
            self.found = list(get_files(config))
        i18n: Any = config.plugins["i18n"]
        others = {row.locale for row in self.languages} - {row.locale for row in i18n.config["languages"]}
        return Files([file for file in self.found if file.src_uri.partition("/")[0] not in others])

    def turn_to(self, task: Task) -> MkDocsConfig:
        """Return the configuration for one language; mkdocs-static-i18n, too, builds all languages with one."""
        i18n: Any = self.config.plugins["i18n"]
        i18n.config["languages"] = [row for row in self.languages if row.default or row.locale == task.code]
        i18n.i18n_files_per_language.clear()
        i18n.current_language, i18n.building = task.code, True
        self.config.site_dir = str(task.site_dir)
        self.templates = task.templates
        return self.config


@dataclass
class Ready:
    """What MkDocs asks for a Markdown converter for each page: here, always the same one, as Python-Markdown allows.

    To make one takes as long as a tenth of a page.
    """

    made: markdown.Markdown | None = None

    def Markdown(self, **told: Any) -> markdown.Markdown:
        """Return the converter, as if it were new."""
        if self.made is None:
            self.made = markdown.Markdown(**told)
        return self.made.reset()


PREPARED: dict[Path, Prepared] = {}
READY = Ready()


def load(docs_dir: Path, site_url: str | None) -> Prepared:
    """Read MkDocs' configuration; it looks for files to copy among our own only.

    Material brings twelve thousand icons; looking through them for each language is a tenth of a build, and none of
    them would stay (:meth:`editorial.build.plugin.EditorialPlugin.on_files`).

    :raises RenderError: with what MkDocs says of the configuration.
    """
    overrides = {"site_url": site_url} if site_url else {}
    try:
        config = load_config(str(CONFIG), docs_dir=str(docs_dir), strict=True, **overrides)
        config.plugins.on_startup(command="build", dirty=False)
    except (Abort, MkDocsException) as error:
        raise RenderError(str(error)) from error
    i18n: Any = config.plugins["i18n"]
    prepared = Prepared(config, tuple(i18n.config["languages"]))
    fresh: Callable[[], jinja2.Environment] = config.theme.get_env
    own = jinja2.Environment(loader=jinja2.FileSystemLoader(config.theme.custom_dir or []), autoescape=True)

    def environment() -> jinja2.Environment:
        env = fresh()
        env.bytecode_cache = Compiled(prepared.templates)
        env.list_templates = own.list_templates  # type: ignore[method-assign]
        return env

    config.theme.get_env = environment  # type: ignore[method-assign]
    return prepared


def build_language(task: Task) -> list[str]:
    """Run MkDocs for one language; return what it said, which is nothing if all went well."""
    said = Said()
    logger = logging.getLogger("mkdocs")
    logger.setLevel(logging.WARNING)
    logger.addHandler(said)
    try:
        prepared = PREPARED[task.docs_dir]
        config = prepared.turn_to(task)
        mkdocs.structure.pages.markdown = READY  # type: ignore[attr-defined, assignment]  # by these names a run asks for them
        mkdocs.commands.build.get_files = prepared.files  # type: ignore[attr-defined]
        build(config)
        sayings_of(task.templates, task.code).keep()
        return said.lines
    except (Abort, MkDocsException) as error:
        return said.lines or [str(error)]
    finally:
        mkdocs.structure.pages.markdown = markdown  # type: ignore[attr-defined]
        mkdocs.commands.build.get_files = get_files  # type: ignore[attr-defined]
        logger.removeHandler(said)
        collect()


def finish_language(task: Task) -> Whole:
    """Index, compress and measure a language's pages, once they are drawn.

    :raises SearchError: if Pagefind fails.
    """
    house = shared(task.docs_dir)
    language = next(row for row in house.languages if row.code == task.code)
    part = index_language(task.site_dir, house.content, language)
    compress_pages(task.site_dir, house.content, language)
    compress_file(task.site_dir / FOLDER / titles_name(task.code))
    search = read_search(task.site_dir, language, part.entry["languages"])
    return Whole(part, replace(read_texts(task.site_dir, house.content, language), search=search))


def shared(docs_dir: Path) -> House:
    """Return what was read for all languages."""
    return SHARED[docs_dir.absolute()]


def check(docs_dir: Path) -> list[Finding]:
    """Return what is wrong with what is to be built; see :func:`editorial.render.site.check_house`."""
    try:
        check_house(shared(docs_dir), docs_dir)
    except ContentError as error:
        return error.findings
    return []


def stop(found: list[Finding]) -> None:
    """Stop the build, if the check has found anything."""
    if found:
        raise ContentError(found)


def settings_of(docs_dir: Path) -> Settings:
    """Return what drawing a single page takes from MkDocs' configuration, once that was read (:func:`prepare`)."""
    config = PREPARED[docs_dir].config
    told, find = config.mdx_configs, markdown.Markdown().build_extension
    named = [name for name in config.markdown_extensions if isinstance(name, str)]
    makers = [type(find(name, told.get(name, {}))) for name in named]
    extensions = tuple(
        (f"{maker.__module__}:{maker.__qualname__}", dict(told.get(name, {})))
        for name, maker in zip(named, makers, strict=True)
    )
    levels = config.validation.links
    links = Levels(levels.not_found, levels.absolute_links, levels.unrecognized_links)
    return Settings(Path(config.theme.custom_dir or "."), extensions, links)


def quiet_collector() -> None:
    """Let Python look for cyclic garbage between languages only, and only where there may be much.

    What was read before the processes parted never becomes any.
    """
    gc.freeze()
    gc.disable()


def collect() -> None:
    """Look for cyclic garbage, if this process has made many objects that are still there: some 500 a page, and 100 kB."""
    if gc.get_count()[0] > 500_000:
        gc.collect()


def build_languages(
    tasks: Iterable[Task],
    docs_dir: Path,
    processes: int | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> dict[str, Whole]:
    """Check the pages and build all tasks, side by side where the machine has the processors.

    :param processes: default: one for each processor, at most one for each task.
    :param meanwhile: what this process does while the others draw.
    :return: what is to be gathered of each language that was drawn as a whole, by its code.
    :raises ContentError: with every finding, if the check finds an error; that is then all there is to say.
    :raises RenderError: with what MkDocs said, each line once.
    :raises SearchError: if Pagefind fails.
    """
    work = list(tasks)
    count = min(len(work), processes or os.cpu_count() or 1)
    # The runs share one folder, which is new and empty; none may clean it while another writes.
    clean, utils.clean_directory = utils.clean_directory, lambda directory: None
    write, utils.write_file = utils.write_file, lambda content, output_path: put(Path(output_path), content)
    try:
        if count <= 1:
            stop(check(docs_dir))
            say([build_language(task) for task in work])
            meanwhile()
            return {task.code: finish_language(task) for task in work}
        with block_sigint():
            pool = multiprocessing.get_context("fork").Pool(count, quiet_collector)
        with pool:
            checked = pool.apply_async(check, (docs_dir,))
            drawing = [pool.apply_async(build_language, (task,)) for task in work]
            meanwhile()
            stop(checked.get())  # first: a page with a fault may also make its language fail
            # In small pieces at the end, so that no process is without work while another still has much of it.
            said, finishing = [], []
            for task, drawn in zip(work, drawing, strict=True):
                said.append(drawn.get())
                finishing.append(pool.apply_async(finish_language, (task,)))
            say(said)
            return {task.code: finished.get() for task, finished in zip(work, finishing, strict=True)}
    finally:
        utils.clean_directory, utils.write_file = clean, write


def say(said: Iterable[list[str]]) -> None:
    """Stop the build, if MkDocs has said anything: each line once."""
    if lines := dict.fromkeys(line for one in said for line in one):
        raise RenderError("\n".join(lines))


def prepare(docs_dir: Path, site_url: str | None) -> House:
    """Read everything that all languages share, and return it; they then find it read.

    :raises ContentError: with every finding, if it cannot be read.
    """
    PREPARED.clear()
    READY.made = None
    PREPARED[docs_dir] = load(docs_dir, site_url)
    return share_house(docs_dir, site_url)
