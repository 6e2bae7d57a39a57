"""The sources of a site by their digests, the manifest of a built site, and whether it is current.

Nothing heavy is imported here, so that a build with nothing to do ends at once.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.files import write_atomically
from core.project import CODE, ROOT, load_site_settings, require_root_url
from editorial.content.published_files import is_hidden

SOURCE_PATHS = (
    "city",
    "overrides",
    "core",
    "editorial",
    "form_handler/forms",
    "form_handler/toolkit",
    "mkdocs.yml",
    "requirements.txt",
)
OPTIONAL_PATHS = ("city", "requirements.txt")  # a project without the packages has no lock file
CODE_FOLDERS = ("core", "editorial", "form_handler")
TOOLS = (
    "mkdocs",
    "mkdocs-static-i18n",
    "markdown",
    "jinja2",
    "babel",
    "pagefind-bin",
    "deflate",
    "brotli",
    "rcssmin",
    "rjsmin",
)


@dataclass(frozen=True)
class Inputs:
    """Everything that a site is made of, as it was when it was read.

    :ivar files: the digest of each file, by its path from the project; pages and facts as ``docs/…``, wherever they are.
    :ivar environment: digest of address, demonstration data and versions of the tools.
    :ivar commit: the newest commit; the feeds take from the version history when a page was changed.
    """

    files: Mapping[str, str]
    environment: str
    today: datetime.date
    commit: str

    @functools.cached_property
    def sources_digest(self) -> str:
        """Return the digest of all files and of the environment, but not of day and version history."""
        return digest([self.environment, *(f"{path}\0{one}" for path, one in self.files.items())])

    @functools.cached_property
    def code_digest(self) -> str:
        """Return the digest of code, templates and environment, but not of pages, facts and what a municipality has."""
        files = (f"{path}\0{one}" for path, one in self.files.items() if not path.startswith(("docs/", "city/")))
        return digest([self.environment, *files])

    @functools.cached_property
    def digest(self) -> str:
        """Return the digest of everything: if it is the same, there is nothing to do."""
        return digest([self.sources_digest, str(self.today), self.commit])


@dataclass(frozen=True)
class Manifest:
    """The sources of one built site.

    :ivar inputs: :attr:`Inputs.digest`.
    :ivar sources: :attr:`Inputs.sources_digest`.
    :ivar shared: digest of everything that all pages share.
    :ivar pages: digest of the sources of each page, by language and key: ``"ar/kontakt"``.
    :ivar pdf: whether the booklets were printed.
    :ivar stamp: :func:`site_stamp`; another one means that somebody else has changed the site.
    :ivar site_url: the public address that the build was given, if it is not that of ``mkdocs.yml``.
    """

    inputs: str
    sources: str
    shared: str
    pages: dict[str, str] = field(default_factory=dict)
    pdf: bool = False
    stamp: str = ""
    site_url: str | None = None

    def is_of(self, inputs: Inputs, pdf: bool) -> bool:
        """Return whether the site was built from exactly these files, on the day that they name."""
        return (self.inputs, self.pdf) == (inputs.digest, pdf)

    def language(self, code: str) -> dict[str, str]:
        """Return the digests of the pages of one language, by their key."""
        start = f"{code}/"
        return {name.removeprefix(start): one for name, one in self.pages.items() if name.startswith(start)}


def digest(parts: Iterable[str]) -> str:
    """Return one digest (SHA-256) of several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def read_inputs(
    docs: Path,
    site_url: str | None,
    root: Path = ROOT,
    today: datetime.date | None = None,
    demo_survey: Path | None = None,
) -> Inputs:
    """Read every file that a site is made of, once.

    :param demo_survey: the results of a demonstration, in the place of the published ones.
    :raises OSError: if a file cannot be read.
    """
    files: dict[str, str] = {}
    with _newest_commit(docs) as commit:
        for base, names, shown in (*_source_folders(root), *_folders_beside(docs, root), (docs, (".",), "docs/")):
            for path in iter_files(base, names):
                if shown and is_hidden(path):
                    continue
                with open(f"{base}/{path}", "rb", buffering=0) as file:  # noqa: PTH123 - hundreds of files
                    files[shown + path] = hashlib.sha256(file.read()).hexdigest()
        demo = hashlib.sha256(demo_survey.read_bytes()).hexdigest() if demo_survey else ""
        environment = digest([str(site_url), demo, sys.version, *map(_version, TOOLS)])
        return Inputs(files, environment, today or datetime.date.today(), commit())


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def _source_folders(root: Path) -> Iterator[tuple[Path, list[str], str]]:
    """Yield the folders of a project's sources with names in them; the packages of an installed ``kim`` lie elsewhere."""
    code = root if (root / "core").is_dir() else CODE
    for name in SOURCE_PATHS:
        if name in OPTIONAL_PATHS and not (root / name).exists():
            continue
        yield (code if name.startswith(CODE_FOLDERS) else root), [name], ""


def _folders_beside(docs: Path, root: Path) -> Iterator[tuple[Path, list[str], str]]:
    """Yield what is beside a folder of pages that is not the project's own: the municipality's, and catalogs."""
    for name in ("city", "core/locale"):
        if docs.parent.resolve() != root.resolve() and (docs.parent / name).is_dir():
            yield docs.parent, [name], ""


@contextlib.contextmanager
def _newest_commit(docs: Path) -> Iterator[Callable[[], str]]:
    """Ask for the newest commit, and whether older ones are missing; what is given waits for the answer, which is empty where there is no git."""
    try:
        git = subprocess.Popen(
            ["git", "rev-parse", "HEAD", "--is-shallow-repository"],
            cwd=docs,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except FileNotFoundError as error:
        if error.filename != "git":  # but the folder of the pages
            raise
        yield str
        return
    with git:
        yield lambda: git.communicate()[0].strip()


def iter_files(base: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield the paths of files and of the files in folders below ``base``, without what Python makes for itself."""
    for name in names:
        if not (base / name).is_dir():
            yield name
            continue
        yield from _iter_folder(f"{base}/{name}", "" if name == "." else f"{name}/")


def _iter_folder(folder: str, shown: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    folders = [entry for entry in entries if entry.is_dir()]
    yield from (shown + entry.name for entry in entries if entry not in folders)
    for entry in folders:
        if entry.name != "__pycache__" and not entry.is_symlink():
            yield from _iter_folder(entry.path, f"{shown}{entry.name}/")


def state_path(site_dir: Path, name: str) -> Path:
    """Return the place of what belongs to a built site but not into it: a hidden name beside its folder."""
    return site_dir.with_name(f".{site_dir.name}.{name}")


def manifest_path(site_dir: Path) -> Path:
    """Return where the manifest of a site is stored."""
    return state_path(site_dir, "manifest.json")


def site_stamp(site_dir: Path) -> str:
    """Return a digest of names, sizes and times of all files of a site; empty if there is none."""
    rows: list[str] = []
    try:
        _list_folder(str(site_dir), "", rows)
    except OSError:
        return ""
    return digest(rows) if rows else ""


def _list_folder(folder: str, shown: str, rows: list[str]) -> None:
    """Add the files below a folder, by their paths from the site: a site that was moved as a whole stays the same."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                _list_folder(entry.path, f"{shown}{entry.name}/", rows)
            else:
                found = entry.stat(follow_symlinks=False)
                rows.append(f"{shown}{entry.name}\0{found.st_size}\0{found.st_mtime_ns}")


def read_manifest(site_dir: Path) -> Manifest | None:
    """Return the manifest of the site in place; None if there is none, or if the site was changed since."""
    manifest = _load_manifest(site_dir)
    return manifest if manifest and manifest.stamp and manifest.stamp == site_stamp(site_dir) else None


def _load_manifest(site_dir: Path) -> Manifest | None:
    try:
        return Manifest(**json.loads(manifest_path(site_dir).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def choose_site_url(site_dir: Path, given: str | None) -> str | None:
    """Return the public address for a build, None for that of ``mkdocs.yml``.

    Without a given one the address of the last build of this site counts, so that a later build does not lead readers
    elsewhere. Giving the address of ``mkdocs.yml`` ends that.
    """
    if given is None:
        last = _load_manifest(site_dir)
        return last.site_url if last else None
    url = require_root_url("--site-url", given)
    return None if url == load_site_settings()["url"] else url


def write_manifest(site_dir: Path, manifest: Manifest) -> None:
    """Write the manifest of the site in place."""
    data = asdict(manifest) | {"stamp": site_stamp(site_dir)}
    write_atomically(manifest_path(site_dir), json.dumps(data, sort_keys=True).encode())


def is_current(site_dir: Path, inputs: Inputs, pdf: bool) -> bool:
    """Return whether the site in place was built from exactly these files, today."""
    manifest = read_manifest(site_dir)
    return manifest is not None and manifest.is_of(inputs, pdf)
