"""Building the site: strictly, into a new folder, then search index, then into place in one step."""

from __future__ import annotations

import contextlib
import fcntl
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from core.findings import ContentError, RenderError
from core.project import ROOT
from editorial.build.ahead import compiling
from editorial.build.fingerprint import SOURCES, Inputs, beside, is_current, path_of, read_inputs
from editorial.build.indexing import Indexes
from editorial.build.kept import take_up
from editorial.build.manifest import Manifest, changed_pages, read_manifest, write_manifest
from editorial.build.pagefind import OtherVersion, SearchError
from editorial.build.previewed import forget, noted, pages_of
from editorial.build.work import Work, templates_of
from editorial.build.writer import remove, staging
from editorial.render.site import SHARED


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
    check_place(site_dir, docs_dir.resolve())
    with in_a_sentence(site_dir), alone(site_dir), staging(beside(site_dir, "staging")):
        inputs = inputs or read_inputs(docs_dir, site_url)
        if cache and is_current(site_dir, inputs, pdf):
            return None
        before = read_manifest(site_dir) if cache else None
        notes = noted(site_dir)
        previewed = pages_of(notes)
        try:
            for name in ("new", "part", "undo"):  # left over, if a build was killed
                remove(beside(site_dir, name))
            kept = take_up(site_dir, docs_dir, inputs, before.frame) if before and before.pdf == pdf else None
            try:
                if before and kept:
                    known = before.frame, kept.marks
                    work = Work(site_dir, site_url, docs_dir, kept.house, kept.settings, inputs, pdf, *known)
                    missing = build_changed(work, before, changed_pages(before, work.now) or {}, previewed, kept.fresh)
                else:
                    work, missing = build_anew(site_dir, site_url, docs_dir, inputs, pdf, before, previewed)
            except (OtherVersion, FileNotFoundError):  # or something has vanished from the site in place
                work, missing = build_anew(site_dir, site_url, docs_dir, inputs, pdf, None, {})
            forget(notes)
            # Without its engine a build makes no booklets; the next one, with an engine, must not believe they are there.
            write_manifest(site_dir, replace(work.now, pdf=pdf and missing is None))
            return missing
        finally:
            SHARED.clear()
            for name in ("new", "part", "kept-new"):
                remove(beside(site_dir, name))


def check_place(site_dir: Path, docs_dir: Path) -> None:
    """Refuse to build where something else would be lost: the site takes the place of a whole folder.

    :raises BuildError: if there is something that no build has made, or if the site would be its own source.
    """
    remedy = "Die Seite ersetzt den ganzen Ordner. Nehmen Sie einen neuen oder leeren Ordner."
    if site_dir.exists() and not site_dir.is_dir():
        raise BuildError(f"{site_dir}: Hier liegt eine Datei. {remedy}")
    if any(one.is_relative_to(site_dir) for one in (ROOT, docs_dir)):
        raise BuildError(f"{site_dir}: In diesem Ordner liegt das Projekt selbst. {remedy}")
    if any(site_dir.is_relative_to(one) for one in (docs_dir, *(ROOT / name for name in SOURCES))):
        raise BuildError(f"{site_dir}: Aus diesem Ordner wird die Seite gebaut. {remedy}")
    if site_dir.is_dir() and not (path_of(site_dir).exists() or (site_dir / "index.html").exists()):
        other = next(site_dir.iterdir(), None)
        if other is not None:
            raise BuildError(f"{site_dir}: Hier liegt etwas anderes als eine Seite ({other.name}). {remedy}")


def build_changed(
    work: Work,
    before: Manifest,
    changed: Mapping[str, set[str]],
    previewed: Mapping[str, set[str]],
    fresh: Collection[str] = (),
) -> str | None:
    """Draw some pages and put them into the site in place; return why there are no booklets, if they were wanted.

    :param changed: the keys of the pages by language.
    :param previewed: so for those that the preview has put there already.
    :param fresh: the codes of languages whose own texts changed: their search will have to be renewed.
    """
    previewed = {code: {key for key in keys if f"{code}/{key}" in before.pages} for code, keys in previewed.items()}
    changed = {
        code: changed.get(code, set()) | previewed.get(code, set()) for code in changed.keys() | previewed.keys()
    }
    with Indexes(work.site_dir, work.house.content) as search:
        search.begin([row for row in work.house.languages if row.code in {*fresh, *previewed}])
        from editorial.build.part import build_part  # late: while it is loaded, Pagefind reads

        return build_part(work, before, changed, search, previewed)


def build_anew(
    site_dir: Path,
    site_url: str | None,
    docs_dir: Path,
    inputs: Inputs,
    pdf: bool,
    before: Manifest | None,
    previewed: Mapping[str, set[str]],
) -> tuple[Work, str | None]:
    """Read everything, and draw what changed, or all; return what was built, and why there are no booklets.

    :raises ContentError: with every finding, if something cannot be read.
    """
    with compiling(templates_of(site_dir, inputs)):
        from editorial.build.whole import build_whole, read_work  # late: with it comes all of MkDocs

        work = read_work(site_dir, site_url, docs_dir, inputs, pdf)
        changed = changed_pages(before, work.now) if before else None
        if before is None or changed is None:
            return work, build_whole(work)
        return work, build_changed(work, before, changed, previewed)


@contextlib.contextmanager
def in_a_sentence(site_dir: Path) -> Iterator[None]:
    """Turn what may go wrong into one error, whose message is for people."""
    try:
        yield
    except ContentError as error:
        raise BuildError(f"\n{error}") from error
    except (RenderError, SearchError) as error:
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
