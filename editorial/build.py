"""Building the site: strictly, into a new folder, then search index, then into place in one step."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from mkdocs.exceptions import Abort, MkDocsException

from editorial import plugin, words
from editorial.booklets import FOLDER, PrintError, find_engine, link, make_booklets
from editorial.compressed import compress
from editorial.content import Content, read_content
from editorial.context import House
from editorial.facts import load_facts
from editorial.feed import atom, changes
from editorial.inputs import inputs_mark, is_current
from editorial.languages import ROOT, load_languages, load_site
from editorial.manifest import (
    Manifest,
    changed_pages,
    frame_mark,
    page_marks,
    read_manifest,
    write_manifest,
)
from editorial.offline import write_lists
from editorial.outputs import put
from editorial.parallel import Task, build_languages, list_theme, prepare
from editorial.search import SearchError, gather, index_language

SOURCES = ("docs", "overrides", "editorial", "form_handler/forms", "mkdocs.yml", "requirements.txt")


class BuildError(Exception):
    """The site was not built and the old one stays in place; the message says why."""


def build_site(
    site_dir: Path = ROOT / "site",
    site_url: str | None = None,
    docs_dir: Path = ROOT / "docs",
    pdf: bool = False,
    cache: bool = True,
) -> str | None:
    """Build the site into ``site_dir``; return why there are no PDF booklets, if they were wanted.

    The old site stays until the new one is complete, so a fault never leaves half a site behind. Of two builds
    of the same site at once, the second waits.

    :param cache: draw only what changed since the site in place was built; the result is the same to the byte.
    :raises BuildError: with what MkDocs or the checks said.
    """
    site_dir = site_dir.resolve()
    with alone(site_dir):
        if cache and is_current(site_dir, site_url, docs_dir, pdf):
            return None
        inputs = inputs_mark(docs_dir, site_url, datetime.date.today())
        before = read_manifest(site_dir) if cache else None
        fresh = site_dir.with_name(f"{site_dir.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        plugin.SHARED.clear()
        load_facts.cache_clear()
        try:
            house = prepare(docs_dir, fresh, site_url)
            now = Manifest(
                frame_mark(docs_dir, site_url, house.content, datetime.date.today()),
                inputs,
                page_marks(house.content, house.languages, house.states),
                pdf,
            )
            return _build(house, site_dir, fresh, site_url, docs_dir, now, before)
        except (Abort, MkDocsException, SearchError) as error:
            raise BuildError(str(error)) from error
        finally:
            plugin.SHARED.clear()
            for place in (fresh, beside(fresh, "part"), beside(fresh, "search")):
                shutil.rmtree(place, ignore_errors=True)


def beside(folder: Path, name: str) -> Path:
    """Return the place of a folder that a build needs for a while."""
    return folder.with_name(f"{folder.name}.{name}")


def _build(
    house: House,
    site_dir: Path,
    fresh: Path,
    site_url: str | None,
    docs_dir: Path,
    now: Manifest,
    before: Manifest | None,
) -> str | None:
    changed = changed_pages(before, now) if before else None
    whole = changed is None
    part, parts = beside(fresh, "part"), beside(fresh, "search")
    for place in (part, parts):  # left over, if a build was killed
        shutil.rmtree(place, ignore_errors=True)
    if whole:
        list_theme(docs_dir, fresh)
        tasks = [Task(row.code, docs_dir, fresh, site_url, index=parts / row.code) for row in house.languages]
    else:
        link_tree(site_dir, fresh)
        tasks = [Task(code, docs_dir, part, site_url, frozenset(keys)) for code, keys in (changed or {}).items()]
    keys = None if changed is None else {key for rows in changed.values() for key in rows}
    said = build_languages(tasks, docs_dir, keys)
    if said:
        raise BuildError("\n".join(said))
    codes = None if whole else set(changed or {})
    if not whole:
        put_over(part, fresh)
    write_feeds(fresh, house, docs_dir)
    for language in house.languages:
        if codes is not None and language.code in codes:
            index_language(fresh, house.content, language, parts / language.code)
    gather(fresh, {path.name: path for path in sorted(parts.iterdir())} if parts.exists() else {})
    missing = print_booklets(fresh, site_url, docs_dir, site_dir / FOLDER) if now.pdf and (whole or changed) else None
    finish(fresh, docs_dir, codes, house.content)
    replace_folder(fresh, site_dir)
    # Without its engine a build makes no booklets; the next one, with an engine, must not believe they are there.
    write_manifest(site_dir, replace(now, pdf=now.pdf and missing is None))
    return missing


@contextlib.contextmanager
def alone(site_dir: Path) -> Iterator[None]:
    """Let one build of a site run at a time; a second one says that it waits."""
    site_dir.parent.mkdir(parents=True, exist_ok=True)
    with site_dir.with_name(f".{site_dir.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Ein anderer Bau dieser Seite läuft noch. Ich warte, bis er fertig ist.\n")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def link_tree(source: Path, target: Path) -> None:
    """Make a second tree of the same files; whoever changes one of them there has to write it as a new file."""
    shutil.copytree(source, target, copy_function=os.link)


def put_over(part: Path, target: Path) -> None:
    """Move freshly drawn files over those of a tree, and take the copies away that are now too old."""
    for path in sorted(part.rglob("*")) if part.exists() else []:
        if path.is_file():
            place = target / path.relative_to(part)
            place.with_name(place.name + ".gz").unlink(missing_ok=True)
            path.replace(place)
    shutil.rmtree(part, ignore_errors=True)


def feeds(house: House, docs_dir: Path) -> dict[str, bytes]:
    """Return the feed of changed pages of each language, by its path in the site."""
    known = changes(docs_dir)
    found = {}
    for language in house.languages:
        with words.use_language(language.code):
            text = atom(house.content, language, known, house.site["name"], house.site["url"])
        found[f"{language.root}feed.xml".lstrip("/")] = text.encode()
    return found


def write_feeds(site_dir: Path, house: House, docs_dir: Path) -> None:
    """Write the feeds; they follow the version history and not only the files."""
    for name, data in feeds(house, docs_dir).items():
        path = site_dir / name
        if not path.exists() or path.read_bytes() != data:
            path.with_name(path.name + ".gz").unlink(missing_ok=True)
            put(path, data)


def finish(
    site_dir: Path,
    docs_dir: Path = ROOT / "docs",
    codes: Collection[str] | None = None,
    content: Content | None = None,
) -> None:
    """Do what comes last, once no page changes any more: compressed copies, and the lists for reading offline.

    :param codes: the languages of which something changed; default: all.
    """
    compress(site_dir)
    languages = tuple(row for row in load_languages() if codes is None or row.code in codes)
    write_lists(site_dir, content or read_content(docs_dir, load_languages()), languages)
    compress(site_dir)


def print_booklets(
    site_dir: Path, site_url: str | None = None, docs_dir: Path = ROOT / "docs", earlier: Path | None = None
) -> str | None:
    """Print the PDF booklets of a built site and link to them; return why there are none, as a German sentence."""
    engine = find_engine()
    if engine is None:
        return "Ohne PDF: Es ist kein Chromium da (sudo apt-get install chromium, oder KIM_CHROMIUM nennt es)."
    languages = load_languages()
    site = load_site()
    try:
        make_booklets(
            site_dir,
            read_content(docs_dir, languages),
            languages,
            {**site, "url": site_url or site["url"]},
            engine,
            earlier,
        )
    except PrintError as error:
        shutil.rmtree(site_dir / FOLDER, ignore_errors=True)
        link(site_dir, read_content(docs_dir, languages), languages)
        return f"Ohne PDF: {error}"
    return None


def replace_folder(fresh: Path, target: Path) -> None:
    """Put a new folder in the place of an old one."""
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def fingerprint(root: Path = ROOT, sources: Iterable[str] = SOURCES) -> str:
    """Return a mark that changes whenever a file that the site is built from changes."""
    digest = hashlib.sha256()
    for name in sources:
        path = root / name
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def build_if_changed(site_dir: Path, site_url: str | None = None) -> bool:
    """Build unless the site in place was built from the same files; return whether it was built."""
    mark = mark_of(site_dir)
    now = fingerprint() + (site_url or "")
    if (site_dir / "index.html").exists() and mark.exists() and mark.read_text() == now:
        return False
    build_site(site_dir, site_url)
    mark.write_text(now)
    return True


def mark_of(site_dir: Path) -> Path:
    """Return the file that says from what a site was built."""
    return site_dir.with_name(f".{site_dir.name}.built")
