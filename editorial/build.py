"""Building the site: strictly, into a new folder, then search index, then into place in one step."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mkdocs.exceptions import Abort, MkDocsException

from editorial import plugin, words
from editorial.booklets import FOLDER, PrintError, find_engine, link, make_booklets
from editorial.compressed import compress, compress_file, texts_below
from editorial.content import read_content
from editorial.context import House
from editorial.facts import load_facts
from editorial.feed import atom, changes
from editorial.files import drop, keeping, move, put, remove, replace_folder, staging, undoable
from editorial.inputs import Inputs, beside, is_current, path_of, read_inputs
from editorial.languages import ROOT, load_languages, load_site
from editorial.manifest import Manifest, changed_pages, manifest_for, read_manifest, write_manifest
from editorial.offline import write_lists
from editorial.outputs import suggestions
from editorial.parallel import Task, build_languages, prepare
from editorial.search import SearchError, index_language, search_texts, write_entry


class BuildError(Exception):
    """The site was not built and the old one stays in place; the message says why."""


def build_site(
    site_dir: Path = ROOT / "site",
    site_url: str | None = None,
    docs_dir: Path = ROOT / "docs",
    pdf: bool = False,
    cache: bool = True,
    inputs: Inputs | None = None,
) -> str | None:
    """Build the site into ``site_dir``; return why there are no PDF booklets, if they were wanted.

    The old site stays until the new one is complete, so a fault never leaves half a site behind. Of two builds
    of the same site at once, the second waits.

    :param cache: draw only what changed since the site in place was built; the result is the same to the byte.
    :param inputs: what the site is made of, if it was read a moment ago.
    :raises BuildError: with what MkDocs, the checks or the disk said.
    """
    site_dir = site_dir.resolve()
    with in_a_sentence(site_dir), alone(site_dir), staging(beside(site_dir, "staging")):
        inputs = inputs or read_inputs(docs_dir, site_url)
        if cache and is_current(site_dir, inputs, pdf):
            return None
        before = read_manifest(site_dir) if cache else None
        fresh = beside(site_dir, "new")
        plugin.SHARED.clear()
        load_facts.cache_clear()
        try:
            for name in ("new", "part", "undo"):  # left over, if a build was killed
                remove(beside(site_dir, name))
            house = prepare(docs_dir, site_url)
            work = Work(site_dir, fresh, site_url, docs_dir, house, inputs, pdf, cache)
            changed = changed_pages(before, work.now) if before else None
            missing = build_whole(work) if before is None or changed is None else build_part(work, before, changed)
            # Without its engine a build makes no booklets; the next one, with an engine, must not believe they are there.
            write_manifest(site_dir, replace(work.now, pdf=pdf and missing is None))
            return missing
        finally:
            plugin.SHARED.clear()
            for name in ("new", "part"):
                remove(beside(site_dir, name))


@dataclass(frozen=True)
class Work:
    """One build: where to, from where, and what it is made of.

    :ivar fresh: the folder that becomes the new site; it does not exist yet.
    """

    site_dir: Path
    fresh: Path
    site_url: str | None
    docs_dir: Path
    house: House
    inputs: Inputs
    pdf: bool
    cache: bool

    @functools.cached_property
    def now(self) -> Manifest:
        """Return what the site will be built from."""
        house = self.house
        return manifest_for(self.inputs, house.content, house.languages, house.states, self.pdf)

    @property
    def templates(self) -> Path | None:
        """Return where compiled templates are kept for the next build; they belong to one frame only."""
        return beside(self.site_dir, "templates") / self.now.frame[:16] if self.cache else None


def build_whole(work: Work) -> str | None:
    """Draw every page into a new folder; return why there are no booklets, if they were wanted."""
    fresh, house = work.fresh, work.house

    def meanwhile() -> None:
        put(fresh / plugin.SUGGESTIONS, suggestions(house.languages).encode())
        write_feeds(fresh, house, work.docs_dir)
        work.now  # noqa: B018 - it takes as long as some pages

    remove(beside(work.site_dir, "templates"))
    tasks = [Task(row.code, work.docs_dir, fresh, work.site_url, templates=work.templates) for row in house.languages]
    with keeping(fresh, work.site_dir):
        drawn = build_languages(tasks, work.docs_dir, meanwhile=meanwhile)
        write_entry(fresh, [one.part for one in drawn.values()])
        missing, texts = None, {code: one.texts for code, one in drawn.items()}
        if work.pdf:
            missing, texts = print_booklets(fresh, work.site_url, work.docs_dir, work.site_dir / FOLDER), {}
        compress(fresh)
        write_lists(fresh, house.content, house.languages, texts)
    replace_folder(fresh, work.site_dir)
    return missing


def build_part(work: Work, before: Manifest, changed: Mapping[str, set[str]]) -> str | None:
    """Draw some pages and put them into the site in place; return why there are no booklets, if they were wanted.

    Nothing is touched until all of them are drawn. After a fault everything is as it was; a build that is killed
    in the middle leaves whole files and no manifest, so that the next one draws everything.

    :param changed: the keys of the pages by language.
    """
    site, part, house = work.site_dir, beside(work.site_dir, "part"), work.house
    tasks = [
        Task(code, work.docs_dir, part, work.site_url, frozenset(keys), templates=work.templates)
        for code, keys in changed.items()
    ]
    build_languages(tasks, work.docs_dir, {key for keys in changed.values() for key in keys})
    missing = None
    path_of(site).unlink()
    try:
        with undoable(site):
            written = put_over(part, site)
            if before.head != work.now.head:
                written += write_feeds(site, house, work.docs_dir)
            languages = [row for row in house.languages if row.code in changed]
            write_entry(site, [index_language(site, house.content, language) for language in languages])
            written += search_texts(site)
            if work.pdf and changed:
                missing = print_booklets(site, work.site_url, work.docs_dir)
                written = list(texts_below(site))
            for path in written:
                compress_file(path)
            write_lists(site, house.content, languages)
    except BaseException:
        write_manifest(site, before)
        raise
    return missing


@contextlib.contextmanager
def in_a_sentence(site_dir: Path) -> Iterator[None]:
    """Turn what may go wrong into one error, whose message is for people."""
    try:
        yield
    except (Abort, MkDocsException, SearchError) as error:
        raise BuildError(str(error)) from error
    except OSError as error:  # a full disk, no right to write
        place = f" ({error.filename})" if error.filename else ""
        raise BuildError(
            f"{site_dir}: Die Seite konnte nicht geschrieben werden{place}: {error.strerror or error}. "
            "Die bisherige Seite ist unverändert. Platz schaffen oder Rechte prüfen, dann noch einmal bauen."
        ) from error


@contextlib.contextmanager
def alone(site_dir: Path) -> Iterator[None]:
    """Let one build of a site run at a time; a second one says that it waits."""
    site_dir.parent.mkdir(parents=True, exist_ok=True)
    with beside(site_dir, "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Ein anderer Bau dieser Seite läuft noch. Ich warte, bis er fertig ist.\n")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def put_over(part: Path, target: Path) -> list[Path]:
    """Move freshly drawn files over those of a site; return their places."""
    places = []
    for path in sorted(part.rglob("*")) if part.exists() else []:
        if path.is_file():
            places.append(target / path.relative_to(part))
            move(path, places[-1])
    return places


def feeds(house: House, docs_dir: Path) -> dict[str, bytes]:
    """Return the feed of changed pages of each language, by its path in the site."""
    known = changes(docs_dir)
    found = {}
    for language in house.languages:
        with words.use_language(language.code):
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
        for path in (site_dir / FOLDER).iterdir():
            drop(path)
        (site_dir / FOLDER).rmdir()
        link(site_dir, read_content(docs_dir, languages), languages)
        return f"Ohne PDF: {error}"
    return None


def build_if_changed(site_dir: Path, site_url: str | None = None) -> bool:
    """Build unless the site in place was built from the same files; return whether it was built.

    A new day alone is no reason: the site may be served as it is.
    """
    site_dir = site_dir.resolve()
    inputs, known = read_inputs(ROOT / "docs", site_url), read_manifest(site_dir)
    if known is not None and known.sources == inputs.sources:
        return False
    build_site(site_dir, site_url, inputs=inputs)
    return True
