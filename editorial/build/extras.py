"""What is made from pages, beside them: the feeds of what changed, and the booklets for print."""

from __future__ import annotations

from pathlib import Path

from core import gettext
from core.languages import load_languages
from core.project import ROOT, load_site_settings
from editorial.build.compress import compress
from editorial.build.feeds import atom
from editorial.build.offline import write_lists
from editorial.build.pdf import FOLDER, PrintError, find_engine, link, make_booklets
from editorial.build.writer import drop, put
from editorial.content.history import read_last_changes
from editorial.content.pages import read_content
from editorial.render.site import House


def feeds(house: House, docs_dir: Path) -> dict[str, bytes]:
    """Return the feed of changed pages of each language, by its path in the site."""
    known = read_last_changes(docs_dir)
    found = {}
    for language in house.languages:
        with gettext.use_language(language.code):
            text = atom(house.content, language, known, house.site["name"], house.site["url"])
        found[f"{language.root}feed.xml".lstrip("/")] = text.encode()
    return found


def write_feeds(site_dir: Path, house: House, docs_dir: Path) -> list[Path]:
    """Write the feeds, which follow the version history and not only the files; return those that are new."""
    written = []
    for name, data in feeds(house, docs_dir).items():
        path = site_dir / name
        if not path.exists() or path.read_bytes() != data:
            put(path, data)
            written.append(path)
    return written


def finish(site_dir: Path) -> None:
    """Do again what comes last, once pages of a site in place have changed: compressed copies, and the lists for reading offline."""
    compress(site_dir)
    write_lists(site_dir, read_content(ROOT / "docs", load_languages()), load_languages())


def print_booklets(
    site_dir: Path, site_url: str | None = None, docs_dir: Path = ROOT / "docs", earlier: Path | None = None
) -> str | None:
    """Print the PDF booklets of a built site and link to them; return why there are none, as a German sentence.

    :param earlier: another site whose booklets are taken over where their text is the same.
    """
    engine = find_engine()
    if engine is None:
        return "Ohne PDF: Es ist kein Chromium da (sudo apt-get install chromium, oder KIM_CHROMIUM nennt es)."
    languages = load_languages()
    site, content = load_site_settings(), read_content(docs_dir, languages)
    site = {**site, "url": site_url or site["url"]}
    try:
        make_booklets(site_dir, content, languages, site, engine, earlier and earlier / FOLDER)
    except PrintError as error:
        for path in (site_dir / FOLDER).iterdir():
            drop(path)
        (site_dir / FOLDER).rmdir()
        link(site_dir, content, languages)
        return f"Ohne PDF: {error}"
    return None
