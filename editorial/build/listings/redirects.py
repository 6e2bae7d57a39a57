"""The old addresses of pages that have moved (``redirect_from:`` in their header), so that no link from outside breaks."""

from __future__ import annotations

from pathlib import Path

import jinja2

from core import gettext
from core.files import write_atomically
from core.languages import Language
from core.project import ROOT
from editorial.build.compress import compress_file
from editorial.content.pages import Content


def write_redirects(site_dir: Path, content: Content, language: Language, site_url: str) -> None:
    """Write a page at each old address of a language that leads to the new one.

    It redirects at once (WCAG 2.2, technique H76), names the new address as canonical (RFC 6596) and stays out of search
    engines. Any web server serves it without configuration.

    :param site_url: the public address of the site.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "overrides"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    env.install_gettext_callables(gettext.gettext, gettext.ngettext, newstyle=True)  # type: ignore[attr-defined]
    template = env.get_template("redirect.html")
    for page in content.pages.values():
        if not page.exists_in(language):
            continue
        for old in page.front_matter.redirect_from:
            url = page.url(language)
            with gettext.use_language(language.code):
                html = template.render(
                    language=language,
                    title=page.text(language).front_matter.title,
                    url=url,
                    canonical=site_url.rstrip("/") + url,
                )
            path = site_dir / language.root.strip("/") / old / "index.html"
            write_atomically(path, html.encode())
            compress_file(path)
