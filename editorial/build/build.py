"""Building the site: into a new folder, in several processes, which then takes the place of the old one in one step."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sys
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.files import link_file, remove, replace_if_same
from core.findings import ContentError, RenderError
from core.gettext import use_catalogs
from core.project import ROOT, ConfigError
from editorial.build.fingerprint import (
    SOURCE_PATHS,
    Inputs,
    Manifest,
    choose_site_url,
    iter_files,
    manifest_path,
    read_inputs,
    read_manifest,
    state_path,
    write_manifest,
)
from editorial.build.pagefind import SearchError

Report = Callable[[str], None]


def no_report(_phase: str) -> None:
    """Show nothing of a build's phases."""


class BuildError(Exception):
    """The site was not built and the old one stays in place; the message names the cause."""


def build_site(
    site_dir: Path = ROOT / "site",
    site_url: str | None = None,
    docs_dir: Path = ROOT / "docs",
    pdf: bool = False,
    cache: bool = True,
    inputs: Inputs | None = None,
    demo_survey: Path | None = None,
    report: Report = no_report,
) -> str | None:
    """Build the site into ``site_dir``; return why there are no PDF booklets, if they were wanted.

    The old site stays until the new one is complete, so a fault never leaves half a site behind. Of two builds
    of the same site at once, the second waits.

    :param site_url: the public address; None: that of the last build of this site, else that of ``mkdocs.yml``.
    :param cache: take from earlier builds what has not changed; the result is the same to the byte.
    :param inputs: the digests of the site's sources, if they were read a moment ago.
    :param demo_survey: survey results of a demonstration, in the place of the published ones.
    :param report: called at the beginning of each phase, with a German description of it.
    :raises BuildError: with the output of MkDocs, the findings of the checks or the error of the disk.
    """
    site_dir, docs_dir = site_dir.resolve(), docs_dir.resolve()
    validate_output_dir(site_dir, docs_dir)
    use_catalogs(docs_dir)
    with build_errors(site_dir), build_lock(site_dir):
        site_url = choose_site_url(site_dir, site_url)
        inputs = inputs or read_inputs(docs_dir, site_url, demo_survey=demo_survey)
        before = read_manifest(site_dir) if cache else None
        if before is not None and before.is_of(inputs, pdf):
            return None
        fresh, fresh_cache = state_path(site_dir, "new"), state_path(site_dir, "new-cache")
        try:
            for folder in (fresh, fresh_cache):  # left over from a build that was killed
                remove(folder)
            return _build(site_dir, site_url, docs_dir, pdf, cache, inputs, demo_survey, before, report)
        finally:
            for folder in (fresh, fresh_cache):
                remove(folder)


def _build(
    site_dir: Path,
    site_url: str | None,
    docs_dir: Path,
    pdf: bool,
    cache: bool,
    inputs: Inputs,
    demo_survey: Path | None,
    before: Manifest | None,
    report: Report,
) -> str | None:
    from editorial.build.mkdocs_runner import build_languages, load_mkdocs  # late: with it comes all of MkDocs
    from editorial.build.outputs import finish_site, refresh_derived_files
    from editorial.build.page_cache import TEMPLATES, cache_file
    from editorial.build.search import read_entry
    from editorial.build.source import load_source

    fresh, fresh_cache = state_path(site_dir, "new"), state_path(site_dir, "new-cache")
    cache_dir = state_path(site_dir, "cache")
    report("Seiten und Daten lesen")
    source = load_source(docs_dir, site_url, demo_survey, inputs)
    languages = source.site.languages
    if before is not None and (before.shared != source.shared or (before.pdf and not pdf)):
        before = None
    changed = [row for row in languages if before is None or source.page_digests(row.code) != before.language(row.code)]
    cached = (*(row.code for row in languages), TEMPLATES)
    caches = {name: cache_file(cache_dir, name) for name in cached} if cache else {}
    fresh.mkdir(parents=True)
    entries, adopted = [], set[str]()
    if changed:
        report(f"Seiten prüfen und schreiben: {', '.join(row.name for row in changed)}")
        run = load_mkdocs(docs_dir, site_url)
        run.plugin.old_site = site_dir if before is not None else None
        entries = build_languages(run, source, changed, fresh, caches, fresh_cache)
    if before is not None:
        entries.append(read_entry(site_dir))
        adopted = adopt_unchanged(fresh, site_dir, {row.code for row in changed})
    report("Suche, Feeds und Listen schreiben")
    finish_site(fresh, source, reversed(entries))
    missing = None
    if pdf:
        from editorial.build.pdf import build_pdfs

        missing = build_pdfs(fresh, source.site.content, languages, source.site.settings, site_dir, report)
    report("Dateien komprimieren")
    if before is None:
        refresh_derived_files(fresh, source, languages)
    else:
        refresh_derived_files(fresh, source, changed, site_dir)
    link_unchanged(fresh, site_dir, adopted)
    replace_folder(fresh, site_dir)
    _store_caches(fresh_cache, cache_dir, cached)
    # Without Chromium a build makes no booklets; the manifest must not list them, or the next build, with Chromium, would skip them.
    write_manifest(site_dir, source.manifest(pdf and missing is None, site_url))
    return missing


def validate_output_dir(site_dir: Path, docs_dir: Path) -> None:
    """Refuse to build where something else would be lost: the site takes the place of a whole folder.

    :raises BuildError: if there is something that no build has made, or if the site would be its own source.
    """
    remedy = "Die Seite ersetzt den ganzen Ordner. Nehmen Sie einen neuen oder leeren Ordner."
    if site_dir.exists() and not site_dir.is_dir():
        raise BuildError(f"{site_dir}: Hier liegt eine Datei. {remedy}")
    if any(one.is_relative_to(site_dir) for one in (ROOT, docs_dir)):
        raise BuildError(f"{site_dir}: In diesem Ordner liegt das Projekt selbst. {remedy}")
    if any(site_dir.is_relative_to(one) for one in (docs_dir, *(ROOT / name for name in SOURCE_PATHS))):
        raise BuildError(f"{site_dir}: Aus diesem Ordner wird die Seite gebaut. {remedy}")
    if site_dir.is_dir() and not (manifest_path(site_dir).exists() or (site_dir / "index.html").exists()):
        other = next(site_dir.iterdir(), None)
        if other is not None:
            raise BuildError(f"{site_dir}: Hier liegt etwas anderes als eine Seite ({other.name}). {remedy}")


@contextlib.contextmanager
def build_errors(site_dir: Path) -> Iterator[None]:
    """Turn the errors that a build may end with into one, whose message is for people.

    :raises BuildError: for each error that a build expects.
    """
    try:
        yield
    except ContentError as error:
        raise BuildError(f"\n{error}") from error
    except (ConfigError, RenderError, SearchError, ChildProcessError) as error:
        raise BuildError(str(error)) from error
    except OSError as error:  # a full disk, no right to write
        place = f" ({error.filename})" if error.filename else ""
        raise BuildError(
            f"{site_dir}: Die Seite konnte nicht geschrieben werden{place}: {error.strerror or error}. "
            "Die bisherige Seite ist unverändert. Platz schaffen oder Rechte prüfen, dann noch einmal bauen."
        ) from error


@contextlib.contextmanager
def build_lock(site_dir: Path) -> Iterator[None]:
    """Let one build of a site run at a time; a second one says that it waits."""
    site_dir.parent.mkdir(parents=True, exist_ok=True)
    with state_path(site_dir, "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Ein anderer Bau dieser Seite läuft noch. Ich warte, bis er fertig ist.\n")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build_if_changed(
    site_dir: Path, site_url: str | None = None, report: Report = no_report, docs_dir: Path = ROOT / "docs"
) -> bool:
    """Build unless the site in place was built from the same files; return whether it was built.

    A new day alone is no reason: the site may be served as it is. A site with booklets keeps them.
    """
    site_dir = site_dir.resolve()
    with build_errors(site_dir):
        inputs, known = read_inputs(docs_dir, choose_site_url(site_dir, site_url)), read_manifest(site_dir)
    if known is not None and known.sources == inputs.sources_digest:
        return False
    build_site(site_dir, site_url, docs_dir, pdf=known is not None and known.pdf, inputs=inputs, report=report)
    return True


def adopt_unchanged(fresh: Path, site_dir: Path, changed: Collection[str]) -> set[str]:
    """Link the files of the languages that did not change into the new folder; return their paths in it.

    The two folders share them (hard links).

    The sources that all pages share did not change, so the set of pages is the same. A file that was written anew stays.

    :param changed: the codes of the languages that were rebuilt.
    """
    from editorial.build.compress import COPY_SUFFIXES
    from editorial.build.search import is_part_of

    written, adopted = set(iter_files(fresh, ["."])), set[str]()
    for name in iter_files(site_dir, ["."]):
        is_old_copy = name.endswith(COPY_SUFFIXES) and name.rpartition(".")[0] in written
        if not (name in written or is_old_copy or is_part_of(name, changed)):
            link_file(f"{site_dir}/{name}", f"{fresh}/{name}")
            adopted.add(name)
    return adopted


def link_unchanged(fresh: Path, site_dir: Path, adopted: Collection[str] = ()) -> None:
    """Put the old file in the place of each new one with the same content, so that times and copies stay valid.

    :param adopted: the files that need no look: what :func:`adopt_unchanged` returned.
    """
    for name in (name for name in iter_files(fresh, ["."]) if name not in adopted):
        replace_if_same(fresh / name, site_dir / name)


def replace_folder(fresh: Path, target: Path) -> None:
    """Put a new folder into the place of an old one, which is then removed.

    An old one that cannot be removed, because files in it belong to somebody else, is left with a sentence.
    """
    names = (fresh.with_name(f"{fresh.name}.old{number or ''}") for number in itertools.count())
    old = next(name for name in names if _clear(name))
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    try:
        if old.is_dir():  # the kernel may wait some milliseconds for each folder, but not for those of other folders
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(remove, old.iterdir()))
        remove(old)
    except OSError as error:
        sys.stderr.write(
            f"{old}: Die alte Seite ließ sich nicht löschen ({error.strerror}). Die neue ist an ihrem Platz. "
            "Löschen Sie den Ordner mit den Rechten dessen, dem er gehört, etwa mit sudo.\n"
        )


def _store_caches(fresh: Path, target: Path, names: Collection[str]) -> None:
    """Put the new caches into the place of the old ones, and remove those of languages that are gone.

    The site is in its place by then: a cache that cannot be stored makes the next build slower, and nothing else.
    """
    with contextlib.suppress(OSError):
        target.mkdir(exist_ok=True)
        for path in fresh.glob("*.pages"):
            place = target / path.name
            if place.is_dir():
                remove(place)
            path.replace(place)
        for path in target.iterdir():
            if path.stem not in names:
                remove(path)


def _clear(path: Path) -> bool:
    """Remove what an earlier build may have left; return whether nothing is there any more."""
    with contextlib.suppress(PermissionError):
        remove(path)
    return not os.path.lexists(path)
