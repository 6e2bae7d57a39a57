"""Single pages, drawn by MkDocs itself, without the run over the whole site around them.

The same events, the same functions of MkDocs, the same template: only the list of files holds no more than the
pages to draw and what they link to. A test draws every kind of page both ways and compares the bytes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.commands.build import _build_page, _populate_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from editorial.checks.texts import LINK
from editorial.content import Content
from editorial.languages import Language, default_language


def linked(content: Content, key: str, language: Language) -> set[str]:
    """Return what a page's text links to: keys of pages, and paths of pictures with their ending."""
    base = posixpath.dirname(key)
    found = set()
    for _image, _label, target in LINK.findall(content.pages[key].text(language).body):
        path = target.partition("#")[0]
        if path and "://" not in path and not path.startswith("/"):
            found.add(posixpath.normpath(posixpath.join(base, path)).removesuffix(".md"))
    return found


def files_for(config: MkDocsConfig, content: Content, keys: Iterable[str], language: Language) -> Files:
    """Return pages and everything they link to, as MkDocs would have found them in the folder."""
    wanted = {name for key in keys for name in (key, *linked(content, key, language))}
    docs = Path(config.docs_dir)
    found = []
    for code in dict.fromkeys((default_language().code, language.code)):
        for name in sorted(wanted):
            source = f"{code}/{name}.md" if name in content.pages else f"{code}/{name}"
            if (docs / source).is_file():
                found.append(File(source, config.docs_dir, config.site_dir, config.use_directory_urls, inclusion=InclusionLevel.INCLUDED))  # fmt: skip
    return Files(found)


def draw(config: MkDocsConfig, content: Content, keys: Iterable[str], language: Language) -> list[Path]:
    """Draw some pages of one language into the configuration's folder; return the files written."""
    i18n: Any = config.plugins["i18n"]
    i18n.current_language, i18n.building = language.code, True
    config = config.plugins.on_config(config)
    chosen = set(keys)
    files = config.plugins.on_files(files_for(config, content, chosen, language), config=config)
    nav = Navigation([], [])
    env = config.plugins.on_env(config.theme.get_env(), config=config, files=files)
    pages = [Page(None, file, config) for file in files.documentation_pages()
             if file.src_uri.partition("/")[2].removesuffix(".md") in chosen]  # fmt: skip
    for page in pages:
        _populate_page(page, config, files)
    for page in pages:
        _build_page(page, config, files.documentation_pages(), nav, env)
    return [Path(page.file.abs_dest_path) for page in pages]
