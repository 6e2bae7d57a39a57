"""Building the site: strictly, into a new folder, then search index, then into place in one step."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import jinja2
from mkdocs.exceptions import Abort, MkDocsException

from editorial import words
from editorial.compiled import compiling
from editorial.compressed import compress_file
from editorial.drawing import furnish
from editorial.files import drop, keeping, move, put, remove, replace_folder, staging, undoable
from editorial.findings import ContentError
from editorial.house import SHARED, House, check_house
from editorial.inputs import Inputs, beside, is_current, mark_of, path_of, read_inputs
from editorial.kept import Kept, keep, take_up
from editorial.languages import ROOT, default_language, load_languages, load_site
from editorial.manifest import Manifest, changed_pages, frame_mark, page_marks, read_manifest, write_manifest
from editorial.offline import write_lists
from editorial.outputs import SUGGESTIONS, suggestions
from editorial.search import SearchError, found_anew, index_languages, search_texts, write_entry
from editorial.single import DrawError, Settings, draw, environment

OVERRIDES = ROOT / "overrides"


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
        try:
            for name in ("new", "part", "undo"):  # left over, if a build was killed
                remove(beside(site_dir, name))
            kept = take_up(site_dir, docs_dir, inputs, before.frame) if before and before.pdf == pdf else None
            with contextlib.nullcontext() if kept else compiling(templates_of(site_dir, inputs), furnished):
                work = read_work(site_dir, site_url, docs_dir, inputs, pdf, before, kept)
                changed = changed_pages(before, work.now) if before else None
                missing = build_whole(work) if before is None or changed is None else build_part(work, before, changed)
            # Without its engine a build makes no booklets; the next one, with an engine, must not believe they are there.
            write_manifest(site_dir, replace(work.now, pdf=pdf and missing is None))
            return missing
        finally:
            SHARED.clear()
            for name in ("new", "part", "kept-new"):
                remove(beside(site_dir, name))


@dataclass(frozen=True)
class Work:
    """One build: where to, from where, and what it is made of.

    :ivar now: what the site will be built from.
    """

    site_dir: Path
    site_url: str | None
    docs_dir: Path
    house: House
    settings: Settings
    inputs: Inputs
    now: Manifest

    @property
    def fresh(self) -> Path:
        """Return the folder that becomes the new site; it does not exist yet."""
        return beside(self.site_dir, "new")

    @functools.cached_property
    def templates(self) -> Path:
        """Return where compiled templates are kept for the next build."""
        return templates_of(self.site_dir, self.inputs)


def templates_of(site_dir: Path, inputs: Inputs) -> Path:
    """Return where compiled templates are kept; Jinja compares each with its source.

    How it compiles them depends on our code and on its own version.
    """
    code = mark_of(mark for path, mark in inputs.files.items() if path.startswith(("editorial/", "requirements")))
    return beside(site_dir, "templates") / code[:16]


def furnished(templates: Path) -> jinja2.Environment:
    """Return what templates are compiled in, as pages are drawn with it."""
    return furnish(environment(OVERRIDES, templates), default_language(), OVERRIDES)


def read_work(
    site_dir: Path,
    site_url: str | None,
    docs_dir: Path,
    inputs: Inputs,
    pdf: bool,
    before: Manifest | None,
    kept: Kept | None,
) -> Work:
    """Read what the site will be built from: only what changed, where the last build kept the rest.

    :raises ContentError: with every finding, if it cannot be read.
    """
    if before is not None and kept is not None:
        house, settings, marks, frame = kept.house, kept.settings, kept.marks, before.frame
    else:
        from editorial import parallel  # late: with it comes all of MkDocs

        house = parallel.prepare(docs_dir, site_url)
        settings = parallel.settings_of(docs_dir)
        frame = frame_mark(inputs, house.content)
        marks = page_marks(house.content, house.languages, house.states)
    now = Manifest(frame, inputs.whole, inputs.sources, inputs.head, marks, pdf)
    return Work(site_dir, site_url, docs_dir, house, settings, inputs, now)


def build_whole(work: Work) -> str | None:
    """Draw every page into a new folder; return why there are no booklets, if they were wanted."""
    from editorial.compressed import compress
    from editorial.parallel import Task, build_languages

    site, fresh, house = work.site_dir, work.fresh, work.house

    def meanwhile() -> None:
        put(fresh / SUGGESTIONS, suggestions(house.languages).encode())
        write_feeds(fresh, house, work.docs_dir)
        keep(site, work.inputs, work.now.frame, Kept(house, work.settings, work.now.pages))

    for other in beside(site, "templates").glob("*"):
        if other != work.templates:
            remove(other)
    tasks = [Task(row.code, work.docs_dir, fresh, work.site_url, work.templates) for row in house.languages]
    with keeping(fresh, site):
        drawn = build_languages(tasks, work.docs_dir, meanwhile=meanwhile)
        write_entry(fresh, [one.part for one in drawn.values()])
        missing, texts = None, {code: one.texts for code, one in drawn.items()}
        if work.now.pdf:
            missing, texts = print_booklets(fresh, work.site_url, work.docs_dir, site), {}
        compress(fresh)
        write_lists(fresh, house.content, house.languages, texts)
    replace_folder(fresh, site)
    return missing


def build_part(work: Work, before: Manifest, changed: Mapping[str, set[str]]) -> str | None:
    """Draw some pages and put them into the site in place; return why there are no booklets, if they were wanted.

    Nothing is touched until all of them are drawn. After a fault everything is as it was; a build that is killed
    in the middle leaves whole files and no manifest, so that the next one draws everything.

    :param changed: the keys of the pages by language.
    """
    site, part, house = work.site_dir, beside(work.site_dir, "part"), work.house
    check_house(house, work.docs_dir, {key for keys in changed.values() for key in keys})
    draw(work.settings, house, work.docs_dir, changed, part, work.templates)
    languages = [row for row in house.languages if row.code in changed]
    found = found_anew(part, site, house.content, languages, changed)
    missing = None
    path_of(site).unlink()
    try:
        with undoable(site):
            written = put_over(part, site)
            if before.head != work.now.head:
                written += write_feeds(site, house, work.docs_dir)
            if found:
                write_entry(site, index_languages(site, house.content, found))
                written += search_texts(site)
            if work.now.pdf and changed:
                from editorial.compressed import texts_below

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
    except ContentError as error:
        raise BuildError(f"\n{error}") from error
    except (Abort, MkDocsException, DrawError, SearchError) as error:
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
    from editorial.feed import atom, changes

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
    from editorial.compressed import compress
    from editorial.content import read_content

    compress(site_dir)
    write_lists(site_dir, read_content(ROOT / "docs", load_languages()), load_languages())


def print_booklets(
    site_dir: Path, site_url: str | None = None, docs_dir: Path = ROOT / "docs", earlier: Path | None = None
) -> str | None:
    """Print the PDF booklets of a built site and link to them; return why there are none, as a German sentence.

    :param earlier: another site whose booklets are taken over where their text is the same.
    """
    from editorial.booklets import FOLDER, PrintError, find_engine, link, make_booklets
    from editorial.content import read_content

    engine = find_engine()
    if engine is None:
        return "Ohne PDF: Es ist kein Chromium da (sudo apt-get install chromium, oder KIM_CHROMIUM nennt es)."
    languages = load_languages()
    site, content = load_site(), read_content(docs_dir, languages)
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
