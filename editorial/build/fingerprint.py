"""What a site is made of, read once, and whether there is anything to do at all: the cheapest look there is.

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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.project import CODE, ROOT
from editorial.content.published_files import is_hidden

SOURCES = (
    "overrides",
    "core",
    "editorial",
    "form_handler/forms",
    "form_handler/toolkit",
    "mkdocs.yml",
    "requirements.txt",
)
CODE_FOLDERS = ("core", "editorial", "form_handler")
DEMO = ("KIM_DEMO_SURVEY",)


@dataclass(frozen=True)
class Inputs:
    """Everything that a site is made of, as it was when it was read.

    :ivar files: the mark of each file, by its path from the project; pages and facts as ``docs/…``, wherever they lie.
    :ivar head: the newest commit; the feeds tell from the version history when a page was changed.
    """

    files: Mapping[str, str]
    site_url: str | None
    today: datetime.date
    head: str

    @functools.cached_property
    def sources(self) -> str:
        """Return the mark of all files, the address and the settings, but not of day and version history."""
        return mark_of([self.setting, *(f"{path}\0{mark}" for path, mark in self.files.items())])

    @functools.cached_property
    def whole(self) -> str:
        """Return the mark of everything: if it is the same, there is nothing to do."""
        return mark_of([self.sources, str(self.today), self.head])

    @property
    def setting(self) -> str:
        """Return what is set from outside."""
        return f"{self.site_url}|{sorted(os.environ.get(name, '') for name in DEMO)}"


def mark_of(parts: Iterable[str]) -> str:
    """Return one mark for several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def read_inputs(docs: Path, site_url: str | None, root: Path = ROOT, today: datetime.date | None = None) -> Inputs:
    """Read every file that a site is made of, once.

    :raises OSError: if one cannot be read.
    """
    files: dict[str, str] = {}
    with _newest_commit(docs) as head:
        for base, names, shown in (*_source_folders(root), (docs, (".",), "docs/")):
            for path in files_below(base, names):
                if shown and is_hidden(path):
                    continue
                with open(f"{base}/{path}", "rb", buffering=0) as file:  # noqa: PTH123 - hundreds of files
                    files[shown + path] = hashlib.sha256(file.read()).hexdigest()
        return Inputs(files, site_url, today or datetime.date.today(), head())


def _source_folders(root: Path) -> Iterator[tuple[Path, list[str], str]]:
    """Yield the folders of a project's sources with names in them; the packages of an installed ``kim`` lie elsewhere."""
    code = root if (root / "core").is_dir() else CODE
    for name in SOURCES:
        if name == "requirements.txt" and not (root / name).exists():
            continue  # a project without the packages has none
        yield (code if name.startswith(CODE_FOLDERS) else root), [name], ""


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


def files_below(base: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield the paths of files and of the files in folders below ``base``, without what Python makes for itself."""
    for name in names:
        if not (base / name).is_dir():
            yield name
            continue
        yield from _files_in(f"{base}/{name}", "" if name == "." else f"{name}/")


def _files_in(folder: str, shown: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    folders = [entry for entry in entries if entry.is_dir()]
    yield from (shown + entry.name for entry in entries if entry not in folders)
    for entry in folders:
        if entry.name != "__pycache__" and not entry.is_symlink():
            yield from _files_in(entry.path, f"{shown}{entry.name}/")


def beside(site_dir: Path, name: str) -> Path:
    """Return the place of what belongs to a built site but not into it: a hidden name beside its folder."""
    return site_dir.with_name(f".{site_dir.name}.{name}")


def path_of(site_dir: Path) -> Path:
    """Return where the manifest of a site lies."""
    return beside(site_dir, "manifest.json")


def previews(site_dir: Path) -> Path:
    """Return the folder of notes on pages that the preview has put into the site; see :mod:`editorial.build.previewed`."""
    return beside(site_dir, "previewed")


def stamp_of(site_dir: Path) -> str:
    """Return what tells whether a site is still as it was put in place; empty if there is none."""
    try:
        home, entry = (site_dir / "index.html").stat(), (site_dir / "pagefind" / "pagefind-entry.json").stat()
    except OSError:
        return ""
    folder = site_dir.stat()  # its time tells of what was removed at its top
    return f"{home.st_mtime_ns}-{home.st_size}-{home.st_ino}-{entry.st_mtime_ns}-{folder.st_ino}-{folder.st_mtime_ns}"


def is_current(site_dir: Path, inputs: Inputs, pdf: bool) -> bool:
    """Tell whether the site in place was built from exactly these files, today."""
    if previews(site_dir).is_dir() and any(previews(site_dir).iterdir()):
        return False
    try:
        known = json.loads(path_of(site_dir).read_text("utf-8"))
        return bool(
            known["stamp"]
            and (known["stamp"], known["inputs"], known["pdf"]) == (stamp_of(site_dir), inputs.whole, pdf)
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False
