"""Built pages as layouts: the service replaces the regions that the build has marked by comments."""

import html
import re
from pathlib import Path

from core.languages import Language, load_languages
from form_handler.forms import offered_forms

TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


class LayoutError(Exception):
    """A built page is missing or has no marked region; the message names the remedy."""


class PageLayouts:
    """The built pages of one site, read again whenever a file changes."""

    def __init__(self, site_dir: Path) -> None:
        self.site_dir = site_dir
        self._cache: dict[Path, tuple[int, str]] = {}

    def form_page(self, language: Language, slug: str) -> str:
        """Return the built page of a form."""
        return self._read(self.site_dir / language.root.strip("/") / slug / "index.html")

    def error_page(self, language: Language) -> str:
        """Return the built error page, the layout for any text."""
        return self._read(self.site_dir / language.root.strip("/") / "404.html")

    def _read(self, path: Path) -> str:
        try:
            changed = path.stat().st_mtime_ns
            known = self._cache.get(path)
            if known is None or known[0] != changed:
                known = (changed, path.read_text("utf-8"))
                self._cache[path] = known
        except OSError as error:
            raise LayoutError(f"{path} is missing. Build the site first: make build") from error
        return known[1]


def missing_pages(site_dir: Path) -> list[str]:
    """Return the paths of built pages that forms and error pages need as a layout and that are missing in the site."""
    wanted = [
        f"{language.root.strip('/')}/{name}".lstrip("/")
        for language in load_languages()
        for name in ("404.html", *(f"{definition.slug}index.html" for definition in offered_forms()))
    ]
    return [name for name in wanted if not (site_dir / name).is_file()]


def replace_region(page: str, region: str, fragment: str) -> str:
    """Replace the text between ``<!-- kim:region -->`` and ``<!-- /kim:region -->``.

    :raises LayoutError: if the page has no such region.
    """
    opening, closing = f"<!-- kim:{region} -->", f"<!-- /kim:{region} -->"
    start, end = page.find(opening), page.rfind(closing)
    if start < 0 or end < start:
        raise LayoutError(f"The built page has no region kim:{region}. Build the site again: make build")
    return page[: start + len(opening)] + fragment + page[end:]


def set_title(page: str, prefix: str = "", title: str | None = None) -> str:
    """Prefix the title of a page, or replace its first part."""

    def change(match: re.Match[str]) -> str:
        words = match[1].strip()
        if title is not None:
            _old, dash, site = words.rpartition(" – ")
            words = f"{html.escape(title)} – {site}" if dash else html.escape(title)
        return f"<title>{html.escape(prefix)}{words}</title>"

    return TITLE.sub(change, page, count=1)
