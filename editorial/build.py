"""Building the site: strictly, into a new folder, then search index, then into place in one step."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mkdocs.exceptions import Abort, MkDocsException

from editorial import plugin
from editorial.booklets import FOLDER, PrintError, find_engine, link, make_booklets
from editorial.content import read_content
from editorial.languages import ROOT, load_languages, load_site
from editorial.offline import LIST as OFFLINE_LIST
from editorial.offline import write_lists
from editorial.parallel import Task, build_languages, prepare

SOURCES = ("docs", "overrides", "editorial", "form_handler/forms", "mkdocs.yml", "requirements.txt")


class BuildError(Exception):
    """The site was not built and the old one stays in place; the message says why."""


def build_site(
    site_dir: Path = ROOT / "site", site_url: str | None = None, docs_dir: Path = ROOT / "docs", pdf: bool = False
) -> str | None:
    """Build the whole site into ``site_dir``; return why there are no PDF booklets, if they were wanted.

    The old site stays until the new one is complete, so a fault never leaves half a site behind.

    :raises BuildError: with what MkDocs or the checks said.
    """
    site_dir = site_dir.resolve()
    fresh = site_dir.with_name(f"{site_dir.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    languages = load_languages()
    plugin.SHARED.clear()
    try:
        prepare(docs_dir, fresh, site_url)
        said = build_languages([Task(row.code, docs_dir, fresh, site_url) for row in languages])
    except (Abort, MkDocsException) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise BuildError(str(error)) from error
    finally:
        plugin.SHARED.clear()
    if said:
        shutil.rmtree(fresh, ignore_errors=True)
        raise BuildError("\n".join(said))
    index_search(fresh)
    missing = print_booklets(fresh, site_url, docs_dir, site_dir / FOLDER) if pdf else None
    finish(fresh, docs_dir)
    replace_folder(fresh, site_dir)
    return missing


def finish(site_dir: Path, docs_dir: Path = ROOT / "docs") -> None:
    """Do what comes last, once no page changes any more: compressed copies, and the lists for reading offline."""
    compress(site_dir)
    languages = load_languages()
    write_lists(site_dir, read_content(docs_dir, languages), languages)
    compress(site_dir, OFFLINE_LIST)


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


def index_search(site_dir: Path) -> None:
    """Build Pagefind's index, one part per language, from the pages that are real translations.

    :raises BuildError: if Pagefind fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pagefind", "--site", str(site_dir), "--quiet"], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise BuildError(f"The search index could not be built: {done.stderr or done.stdout}")
    # Pagefind's ready-made interface is not used; ours is smaller.
    for spare in (site_dir / "pagefind").glob("pagefind-*ui*"):
        spare.unlink()


def compress(site_dir: Path, pattern: str = "*") -> None:
    """Lay a gzip copy beside each text file, which server and reverse proxy hand out as it is."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # zlib lets other threads run
        list(pool.map(compress_file, (path for path in site_dir.rglob(pattern) if path.suffix in TEXTS)))


TEXTS = frozenset({".html", ".css", ".js", ".svg", ".xml", ".txt", ".json"})


def compress_file(path: Path) -> None:
    """Lay a gzip copy beside one file, unless it is too small to gain by it."""
    data = path.read_bytes()
    if len(data) > 400:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, compresslevel=9, mtime=0))


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
